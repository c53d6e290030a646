//! A gather of one megabyte from each rank: what one rank per host and several ranks per host cost.
//!
//! Run with `cargo run --release -p dlpc-engine --example fan_in`.

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::num::NonZeroU32;

use dlpc_engine::engine::{Setup, simulate};
use dlpc_engine::machine::{MessageTable, Segment, Star};
use dlpc_engine::platform::{HostId, Platform};
use dlpc_engine::program::Program;
use dlpc_engine::program::phase::Phase;
use dlpc_engine::units::{Bytes, BytesPerSecond, SimDuration, SimTime};

fn main() -> Result<(), Box<dyn Error>> {
    let n_hosts = NonZeroU32::new(8).ok_or("a cluster needs hosts")?;
    let cores = NonZeroU32::new(4).ok_or("a host needs cores")?;
    let overhead = SimDuration::from_micros(20);
    let costs = Segment { send_overhead: overhead, recv_overhead: overhead, ..Segment::FREE };
    let machine = Star::new(n_hosts, cores, BytesPerSecond::from_mbit(94.0))
        .remote(MessageTable::uniform(costs, Bytes(65_536)))
        .build();
    let platform = Platform::new(&machine);
    let gather = [Phase::Gather(Bytes(1_000_000))];

    for ranks_per_host in 1..=cores.get() {
        let hosts: Vec<HostId> =
            (0..n_hosts.get() * ranks_per_host).map(|rank| HostId(rank / ranks_per_host)).collect();
        let n_ranks = u32::try_from(hosts.len())?;
        let setup = Setup::new(&machine, &platform, &hosts);
        let mut program = Program::of_phases(&gather, n_ranks, machine.collectives);
        let trace = simulate(&setup, &mut program)?;
        println!("{ranks_per_host} ranks per host, {n_ranks} in all: {}", trace.makespan - SimTime::ZERO);
    }
    Ok(())
}
