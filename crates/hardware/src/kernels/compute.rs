//! Experiments that compute.

use dlpc_predict::calibration::experiment::WorkKernel;
use dlpc_predict::calibration::work::{self, Workbench};
use mpi::point_to_point::{Destination, Source};

use super::session::Session;
use super::stopwatch::seconds_of;

const STARTED: i32 = 1;
const STOP: i32 = 2;

/// Least time of one repetition: many times what the operating system gives a program, or takes from it, at once.
const REPETITION_S: f64 = 0.2;
/// Least time of one pass, the shortest of [`PASS_TRIES`]. Lists that a core is through with sooner may fit in its caches,
/// where records cost half of what they cost in the lists of a real run.
const PASS_S: f64 = 0.02;
const PASS_TRIES: usize = 3;
/// Most units of a pass that has been made longer: lists of 93 MB.
const PASS_UNITS_MAX: usize = 1 << 20;
/// Time of a quantum of fixed work: longer than the clock is coarse, shorter than most interruptions are apart.
const QUANTUM_S: f64 = 1e-3;

/// Repeated times of one experiment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Times {
    /// Units of work in each, where the kernel chose their number.
    pub(super) units: Option<f64>,
    /// Each single time.
    pub(super) each_s: Vec<f64>,
}

/// Runs the kernel on all ranks of the team, at least `n_units` in a pass; returns on the first rank how many units a repetition
/// comprises and the time of each, and nothing on the others.
///
/// A repetition is as many passes as take [`REPETITION_S`], and its time is their sum. The others start before the first
/// takes its first time and work until after its last, so that it is never alone.
pub(super) fn run(session: &Session, team: &[u32], kernel: WorkKernel, n_units: usize, repeats: u32) -> Times {
    let (mut bench, n_units) = long_enough(kernel, n_units, session.rank);
    if session.rank != team[0] {
        let first = session.process(team[0]);
        first.send_with_tag(&[0_u8; 0], STARTED);
        while first.immediate_probe_with_tag(STOP).is_none() {
            bench.run();
        }
        first.receive_into_with_tag(&mut [0_u8; 0], STOP);
        return Times { units: None, each_s: Vec::new() };
    }
    for &rank in &team[1..] {
        session.process(rank).receive_into_with_tag(&mut [0_u8; 0], STARTED);
    }
    // Fixed before the first time is taken: a stop that depends on the times would favour long ones.
    let mut passes = 0;
    let mut practice_s = 0.0;
    while practice_s < REPETITION_S {
        practice_s += pass_s(&mut bench);
        passes += 1;
    }
    let repetition = |_| (0..passes).map(|_| pass_s(&mut bench)).sum::<f64>();
    let each_s = (0..repeats).map(repetition).collect();
    for &rank in &team[1..] {
        session.process(rank).send_with_tag(&[0_u8; 0], STOP);
    }
    #[expect(clippy::cast_precision_loss, reason = "units of a fraction of a second need no more than 53 bits")]
    Times { units: Some(f64::from(passes) * n_units as f64), each_s }
}

/// Returns a bench whose passes are long enough, and their units.
fn long_enough(kernel: WorkKernel, n_units: usize, rank: u32) -> (Workbench, usize) {
    let mut n_units = n_units;
    loop {
        let mut bench = Workbench::new(kernel, n_units, rank);
        let shortest_s = (0..PASS_TRIES).map(|_| pass_s(&mut bench)).fold(f64::INFINITY, f64::min);
        if shortest_s >= PASS_S || 2 * n_units > PASS_UNITS_MAX {
            return (bench, n_units);
        }
        n_units *= 2;
    }
}

fn pass_s(bench: &mut Workbench) -> f64 {
    bench.prepare();
    seconds_of(|| bench.run()).0
}

/// Throws darts for [`QUANTUM_S`], always as many, again and again; returns their number, at least `n_darts`, and each
/// time.
pub(super) fn fixed_work(session: &Session, n_darts: u64, n: u32) -> Times {
    const TRIES: usize = 9;
    let mut rng = work::stream(0, session.rank);
    let mut throw_s = |n_darts| seconds_of(|| work::throw_and_count(&mut rng, n_darts)).0;
    let mut n_darts = n_darts.max(1);
    // The shortest of a few: none of them was interrupted.
    while (0..TRIES).map(|_| throw_s(n_darts)).fold(f64::INFINITY, f64::min) < QUANTUM_S / 2.0 {
        n_darts *= 2;
    }
    #[expect(clippy::cast_precision_loss, reason = "darts of a millisecond need no more than 53 bits")]
    Times { units: Some(n_darts as f64), each_s: (0..n).map(|_| throw_s(n_darts)).collect() }
}
