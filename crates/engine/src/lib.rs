//! Discrete-event engine: how long an MPI program takes on a small cluster.
//!
//! A simulation needs three things: a machine, where the ranks are, and what they do. Time is an integer number of
//! picoseconds, and the same inputs give the same result on every machine and at any number of threads.
//!
//! # A first simulation: a ring
//!
//! Four hosts with one core and a port of 100 Mbit/s each. Every rank sends 125,000 B (one million bits) to the next
//! one and receives as much from the previous one. All ports are full duplex and each carries one message in each
//! direction, so the ring takes as long as one message: 10^6 bit / 10^8 bit/s = 10 ms.
//!
//! ```
//! use std::num::NonZeroU32;
//!
//! use dlpc_engine::engine::{Setup, simulate};
//! use dlpc_engine::machine::Star;
//! use dlpc_engine::platform::{HostId, Platform};
//! use dlpc_engine::program::Program;
//! use dlpc_engine::program::phase::Phase;
//! use dlpc_engine::units::{Bytes, BytesPerSecond, SimDuration, SimTime};
//!
//! let four = NonZeroU32::new(4).unwrap();
//! let machine = Star::new(four, NonZeroU32::MIN, BytesPerSecond::from_mbit(100.0)).build();
//! let platform = Platform::new(&machine);
//! let hosts = [0, 1, 2, 3].map(HostId);
//! let setup = Setup::new(&machine, &platform, &hosts);
//!
//! let mut program = Program::of_phases(&[Phase::Ring(Bytes(125_000))], 4, machine.collectives);
//! let trace = simulate(&setup, &mut program).unwrap();
//! assert_eq!(trace.makespan - SimTime::ZERO, SimDuration::from_millis(10));
//! ```
//!
//! # A question about the network: who shares a port
//!
//! Programs can also be given op by op. Three ranks send 125,000 B each to rank 0, whose port carries them one after
//! the other or, which takes as long, side by side: 3 x 10 ms. A second core does not help. Two ports of half the
//! traffic would.
//!
//! ```
//! # use std::num::NonZeroU32;
//! use std::collections::VecDeque;
//!
//! # use dlpc_engine::engine::{Setup, simulate};
//! # use dlpc_engine::machine::Star;
//! # use dlpc_engine::platform::{HostId, Platform};
//! use dlpc_engine::program::{Envelope, Op, Pattern, Program, RankId, Source, Tag};
//! # use dlpc_engine::units::{Bytes, BytesPerSecond, SimDuration, SimTime};
//!
//! # let four = NonZeroU32::new(4).unwrap();
//! # let machine = Star::new(four, NonZeroU32::MIN, BytesPerSecond::from_mbit(100.0)).build();
//! # let platform = Platform::new(&machine);
//! # let hosts = [0, 1, 2, 3].map(HostId);
//! # let setup = Setup::new(&machine, &platform, &hosts);
//! let to_rank_0 = Op::Send(Envelope::new(RankId(0), Tag(0), Bytes(125_000)));
//! let from_any = Op::Recv(Pattern::new(Source::Any, None));
//! let ops = vec![vec![from_any; 3], vec![to_rank_0], vec![to_rank_0], vec![to_rank_0]];
//! let mut program = Program::Fixed(ops.into_iter().map(VecDeque::from).collect());
//! let trace = simulate(&setup, &mut program).unwrap();
//! assert_eq!(trace.makespan - SimTime::ZERO, SimDuration::from_millis(30));
//! ```
//!
//! # Where to go on
//!
//! * [`machine`]: what a message costs, by size; noise; slower hosts. [`machine::Star`] is the short way.
//! * [`platform`]: hosts, links and routes; [`platform::NetworkKind`] chooses between max-min fair sharing of links and
//!   `LogGOPS`.
//! * [`program`]: what ranks do, as [`program::phase`]s, op by op, or as a [`program::Reactive`] of your own; collectives
//!   become messages by the algorithm that MPI would choose.
//! * [`trace`]: with [`trace::Recording::On`] every step of every rank, for critical paths and time lines.
//! * [`schedule`] and [`engine::replay`]: programs as graphs of operations, as traces of real runs have them.
//!
//! Two longer examples are in `examples/`: `ring` and `fan_in`.

pub mod calls;
pub mod engine;
pub mod machine;
pub mod maths;
pub mod named;
pub mod platform;
pub mod program;
pub mod random;
pub mod schedule;
pub mod stats;
pub mod trace;
pub mod units;
