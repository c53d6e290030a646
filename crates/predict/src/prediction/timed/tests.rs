//! Runs whose time is that of the program's own clock.

use std::path::Path;

use dlpc_engine::program::SendMode;
use dlpc_engine::trace::Recording;
use dlpc_engine::units::{SimDuration, SimTime};

use crate::analysis::critical_path;
use crate::input;
use crate::prediction::simulate_once;
use crate::workload::recorded::{self, Call, Posted, Run, Sent, Step, write_recording};

/// Rank 0 computes 1 s, looks at the clock, computes 2 s, gets 125,000 B from rank 1, which has computed 5 s, looks again and
/// computes 8 s more, which rank 1 waits for: the clock says what it is that the message is there, less 1 s.
fn run() -> Run {
    let second = |seconds: u64| Step::Compute(seconds * 1_000_000_000);
    let message = |from: u32, tag: u32| Posted { from: Some(from), tag: Some(tag), context: 0, was_any: false };
    let sent = |to: u32, tag: u32, bytes: u64| Sent { to, tag, bytes, context: 0, mode: SendMode::Standard };
    let rank_0 = vec![
        second(1),
        Step::Clock,
        second(2),
        Step::Call(Call::Recv(message(1, 1))),
        Step::Clock,
        second(8),
        Step::Call(Call::Send(sent(1, 2, 8))),
    ];
    let rank_1 = vec![second(5), Step::Call(Call::Send(sent(0, 1, 125_000))), Step::Call(Call::Recv(message(0, 2)))];
    Run { ranks: vec![rank_0, rank_1], ..Run::new(2) }
}

/// At 100 Mbit/s the message takes 10 ms, after 5 s: at 5.01 s, 4.01 s after the first look. The critical path is that of rank 1 up to then.
#[test]
fn the_time_is_that_between_two_looks_at_the_clock() {
    let mut alone = Run::new(1);
    for _ in 0..2 {
        alone.clock(0);
        alone.add(0, Step::Compute(1));
    }
    let recording = recorded::Recording { runs: vec![alone, run()], ..recorded::Recording::default() };
    let scenario = "format = 1\ntitle = \"Timed\"\nmachine = \"star.toml\"\n[run]\nranks = \"1,2\"\n[workload.recorded]\n\
                    file = \"recording.jsonl.gz\"\nscale = 1.0\ntimed = \"program\"\n";
    let read = |path: &Path| match path.to_str() {
        Some("scenario.toml") => Ok(scenario.as_bytes().to_vec()),
        Some("recording.jsonl.gz") => Ok(write_recording(&recording)),
        _ => Ok(include_bytes!("../../../../../tests/run/star.toml").to_vec()),
    };
    let experiment = input::load_experiment(Path::new("scenario.toml"), &read).expect("a valid scenario");
    let trace = simulate_once(&experiment.scenario, &experiment.machine, 2, 0, Recording::On).expect("a run");
    assert_eq!(trace.makespan - SimTime::ZERO, SimDuration::from_millis(4010));
    let parts = critical_path::breakdown(&trace);
    let computing = parts[0].1;
    assert_eq!(computing, SimDuration::from_millis(4000), "{parts:?}");
}
