//! Schedules and traces, plain and compressed, damaged: reported, or replayed.

use std::io::Write;
use std::path::{Path, PathBuf};

use dlpc_engine::engine::replay::replay;
use dlpc_engine::machine::{CollectiveOverrides, MachineModel};
use dlpc_engine::platform::NetworkKind;
use dlpc_engine::program::traced;
use dlpc_engine::schedule::Schedule;
use dlpc_engine::schedule::cost::{Loggops, MachineCosts, ScheduleCosts};
use dlpc_engine::trace::Recording;
use dlpc_engine::units::FlopsPerSecond;
use dlpc_predict::analysis;
use dlpc_predict::input::{self, Recorded};
use dlpc_report::goal;
use dlpc_report::replay::{self as report, ReplayDocument};
use flate2::Compression;
use flate2::write::GzEncoder;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::corpus;
use crate::experiments::{is_a_report, is_json, is_without_nan};
use crate::hunt::{Files, Hunt};
use crate::mutator::{damage, one_of};

/// Largest schedule that is replayed: what is larger is only more of the same.
const OPS_MAX: usize = 20_000;
const RANKS_MAX: usize = 1000;
/// Calls of a trace, times its ranks: each may be a collective of all ranks.
const CALLS_TIMES_RANKS_MAX: usize = 20_000;

const SCHEDULE: &str = "schedule";
const GOALS: &[&str] = &[
    "num_ranks 2\nrank 0 {\nl1: send 10b to 1 tag 5\n}\nrank 1 {\nl1: recv 10b from 0 tag 5\nl2: calc 100\nl2 requires l1\n}\n",
    "/* two\nlines */ num_ranks 3\n// ranks\nrank 0 {\na: calc 100 cpu 1\nb: send 100000b to 1 tag 1 cpu 0 nic 0\nb irequires a\n}\n\
     rank 1 {\nb: recv 100000b from ANY_SOURCE tag ANY_TAG\n}\nrank 2 { a: calc 5 }\n",
    "num_ranks 1\nrank 0 {\n}\n",
];
const TRACES: &[&str] = &[
    "0 init\n1 init\n0 compute 1e9\n0 send 1 0 1000 6\n1 recv 0 0 1000 6\n0 allreduce 4 5e4 0\n1 allreduce 4 5e4 0\n0 finalize\n1 finalize\n",
    "0 init\n1 init\n2 init\n0 isend 1 0 1e6\n1 irecv 0 0 1e6\n1 wait 0 1 0\n0 waitall 1\n0 bcast 1e6 0\n1 bcast 1e6 0\n2 bcast 1e6 0\n\
     0 sleep 1.5\n1 barrier\n0 barrier\n2 barrier\n",
    "0 init 1\n1 init 1\n0 gatherv 5 5 10 0\n1 gatherv 10 5 10 0\n0 alltoallv 100 10 20 100 10 20\n1 alltoallv 100 20 10 100 20 10\n\
     0 sendRecv 10 1 20 1\n1 sendRecv 20 0 10 0\n0 reducescatter 5 5 0\n1 reducescatter 5 5 0\n0 test 0 1 0\n",
];
const LISTS: &[&str] = &["a.txt\nb.txt\n", "heat.txt_files/r0.txt\n", "./a.txt\n\nb.txt"];
const TRACE_OF_RANK: [(&str, &str); 2] =
    [("a.txt", "0 init\n0 send 1 0 10\n0 scan 5 6\n"), ("b.txt", "1 init\n1 recv 0 0 10\n1 scan 5 6\n")];

#[test]
fn a_damaged_schedule_or_trace_is_reported_or_replayed() {
    let test = "schedules::a_damaged_schedule_or_trace_is_reported_or_replayed";
    Hunt { test, n_short: 200, one_in: 1, make: damaged, check }.run();
}

fn damaged(rng: &mut ChaCha8Rng) -> Files {
    let mut files: Files = TRACE_OF_RANK.into_iter().map(|(name, text)| (name.into(), text.into())).collect();
    let mut bytes = match rng.random_range(0..12) {
        0 => corpus::shipped("scenarios/goal/ring.goal").to_vec(),
        1..=4 => one_of(GOALS, rng).as_bytes().to_vec(),
        5 | 6 => one_of(LISTS, rng).as_bytes().to_vec(),
        _ => one_of(TRACES, rng).as_bytes().to_vec(),
    };
    let is_compressed = rng.random_bool(0.2);
    if !is_compressed || rng.random_bool(0.5) {
        damage(&mut bytes, rng);
    }
    if is_compressed {
        bytes = compressed(&bytes);
        if rng.random_bool(0.5) {
            damage(&mut bytes, rng);
        }
    }
    damage(files.get_mut(Path::new("b.txt")).expect("a trace"), rng);
    files.insert(PathBuf::from(SCHEDULE), bytes);
    files
}

pub(crate) fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes all bytes");
    encoder.finish().expect("memory takes all bytes")
}

fn check(files: &Files) {
    let calls = match input::load_recorded(Path::new(SCHEDULE), &|path| corpus::opening(files, path)) {
        Err(report) => return is_a_report(&report),
        Ok(Recorded::Schedule(schedule)) => {
            is_read_again(&schedule);
            return replayed(&schedule);
        }
        Ok(Recorded::Calls(calls)) => calls,
    };
    let n_calls: usize = calls.ranks.iter().map(|rank| rank.calls.len()).sum();
    if n_calls.saturating_mul(calls.ranks.len()) <= CALLS_TIMES_RANKS_MAX {
        assert!(calls.flops() >= 0.0);
        let speed = FlopsPerSecond::new(1e9).expect("a speed");
        replayed(&traced::schedule(&calls, speed, CollectiveOverrides::default()));
    }
}

/// Replays a schedule, if that is little work.
fn replayed(schedule: &Schedule) {
    if schedule.n_ops() > OPS_MAX || schedule.n_ranks() > RANKS_MAX {
        return;
    }
    shown(schedule, &ScheduleCosts::Loggops(Loggops::usual()));
    if let Some(costs) = MachineCosts::by_slot(&machine(), NetworkKind::Flow, schedule.n_ranks()) {
        shown(schedule, &ScheduleCosts::Machine(Box::new(costs)));
    }
}

/// What is written of a schedule is read again.
fn is_read_again(schedule: &Schedule) {
    if schedule.n_ops() > OPS_MAX || schedule.n_ranks() > RANKS_MAX {
        return;
    }
    let text = goal::text(schedule, &["a remark".to_owned()]);
    let files: Files = [(PathBuf::from(SCHEDULE), text.into_bytes())].into();
    let again = input::load_goal(Path::new(SCHEDULE), &|path| corpus::opening(&files, path));
    let again = again.unwrap_or_else(|report| panic!("what export-goal writes is refused: {report}"));
    assert_eq!((again.n_ranks(), again.n_ops()), (schedule.n_ranks(), schedule.n_ops()));
}

fn machine() -> MachineModel {
    let read = |path: &Path| corpus::reading(&Files::new(), path);
    input::load_machine(Path::new("models/dlpc-2020.toml"), &read).expect("a machine model").model
}

fn shown(schedule: &Schedule, costs: &ScheduleCosts) {
    let Ok(trace) = replay(schedule, costs, Recording::On) else { return };
    let breakdown = analysis::replay::breakdown(schedule, costs, &trace);
    let document = ReplayDocument {
        schedule_name: SCHEDULE,
        schedule,
        parameters: &report::parameters(costs),
        trace: &trace,
        breakdown: Some(&breakdown),
        warnings: &[],
    };
    is_json(&report::to_json(&document));
    is_without_nan(&report::table(&document));
}
