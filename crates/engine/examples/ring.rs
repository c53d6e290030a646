//! How a ring grows with its messages: latency at first, bandwidth in the end.
//!
//! Run with `cargo run --release -p dlpc-engine --example ring`.

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::num::NonZeroU32;

use dlpc_engine::engine::{Setup, simulate};
use dlpc_engine::machine::Star;
use dlpc_engine::platform::{HostId, Platform};
use dlpc_engine::program::Program;
use dlpc_engine::program::phase::Phase;
use dlpc_engine::units::{Bytes, BytesPerSecond, SimDuration, SimTime};

const RANKS: u32 = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let hosts = NonZeroU32::new(RANKS).ok_or("a ring needs ranks")?;
    let machine = Star::new(hosts, NonZeroU32::MIN, BytesPerSecond::from_mbit(94.0))
        .latency(SimDuration::from_micros(30))
        .build();
    let platform = Platform::new(&machine);
    let hosts: Vec<HostId> = (0..RANKS).map(HostId).collect();
    let setup = Setup::new(&machine, &platform, &hosts);

    for exponent in (0..=24).step_by(4) {
        let bytes = Bytes(1 << exponent);
        let ring = [Phase::Ring(bytes)];
        let mut program = Program::of_phases(&ring, RANKS, machine.collectives);
        let trace = simulate(&setup, &mut program)?;
        println!("{:>10} B  {}", bytes.0, trace.makespan - SimTime::ZERO);
    }
    Ok(())
}
