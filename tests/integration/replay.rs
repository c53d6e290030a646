//! Replayed schedules: each expected time is derived in a comment, or comes from a slow oracle.

mod broken;
mod by_hand;
mod large;
mod machine;
mod oracle;
mod random;

use std::io::Cursor;
use std::path::Path;

use dlpc_engine::engine::replay::{ReplayError, replay};
use dlpc_engine::schedule::Schedule;
use dlpc_engine::schedule::cost::{Loggops, ScheduleCosts};
use dlpc_engine::trace::Recording;
use dlpc_engine::units::{Bytes, SecondsPerByte, SimDuration};
use dlpc_predict::analysis::{self, Cause};
use dlpc_predict::diagnostic::Diagnostics;
use dlpc_predict::input::load_goal;

/// L = 2500, o = 1500, g = 1000 ns, G = 6 ns/B, O = 0, S = 65535 B: the defaults of `LogGOPSim`.
fn usual() -> Loggops {
    Loggops::usual()
}

fn ns(nanos: u64) -> SimDuration {
    SimDuration::from_picos(1000 * nanos)
}

/// Parameters in ns, ns per byte and bytes.
#[expect(non_snake_case, reason = "the names of LogGOPS")]
fn loggops(L: u64, o: u64, g: u64, G: u32, O: u32, S: u64) -> Loggops {
    Loggops {
        latency: ns(L),
        overhead: ns(o),
        message_gap: ns(g),
        byte_gap: SecondsPerByte::new(f64::from(G) * 1e-9).unwrap(),
        byte_overhead: SecondsPerByte::new(f64::from(O) * 1e-9).unwrap(),
        eager_limit: Bytes(S),
    }
}

fn load(text: &str) -> Result<Schedule, Diagnostics> {
    load_goal(Path::new("a.goal"), &|_| Ok(Box::new(Cursor::new(text.as_bytes().to_vec()))))
}

/// Replays a schedule and returns when each host finishes, in ns. The critical path is checked to have no gap.
fn try_finish(text: &str, parameters: Loggops) -> Result<Vec<u64>, ReplayError> {
    let schedule = load(text).unwrap_or_else(|error| panic!("{error}"));
    let costs = ScheduleCosts::Loggops(parameters);
    let trace = replay(&schedule, &costs, Recording::On)?;
    let parts = analysis::replay::breakdown(&schedule, &costs, &trace);
    let total: SimDuration = parts.iter().map(|(_, part)| *part).sum();
    assert_eq!(total.as_picos(), trace.makespan.as_picos());
    let unrecorded = replay(&schedule, &costs, Recording::Off)?;
    assert_eq!(unrecorded.finished_at, trace.finished_at);
    Ok(trace.finished_at.iter().map(|at| at.as_picos() / 1000).collect())
}

fn finish(text: &str, parameters: Loggops) -> Vec<u64> {
    try_finish(text, parameters).unwrap_or_else(|error| panic!("{error}"))
}

/// Returns the critical path in ns: compute, overhead, latency, bandwidth.
fn path(text: &str, parameters: Loggops) -> [u64; 4] {
    let schedule = load(text).unwrap_or_else(|error| panic!("{error}"));
    let costs = ScheduleCosts::Loggops(parameters);
    let trace = replay(&schedule, &costs, Recording::On).unwrap();
    let parts = analysis::replay::breakdown(&schedule, &costs, &trace);
    let part = |cause| parts.iter().find(|(found, _)| *found == cause).unwrap().1.as_picos() / 1000;
    [Cause::Compute, Cause::Overhead, Cause::Latency, Cause::Bandwidth].map(part)
}
