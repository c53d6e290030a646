//! Experiments that compute.

use mpi::point_to_point::{Destination, Source};

use super::session::Session;
use super::stopwatch::seconds_of;
use super::work::{self, Workbench};
use crate::measurement::experiment::WorkKernel;

const STARTED: i32 = 1;
const STOP: i32 = 2;

/// Runs the kernel on all ranks of the team; returns the times of the first, and nothing on the others.
///
/// The others start before the first takes its first time and work until after its last, so that it is never alone.
pub(super) fn run(session: &Session, team: &[u32], kernel: WorkKernel, n_units: usize, repeats: u32) -> Vec<f64> {
    let mut bench = Workbench::new(kernel, n_units, session.rank);
    bench.run();
    if session.rank != team[0] {
        let first = session.process(team[0]);
        first.send_with_tag(&[0_u8; 0], STARTED);
        while first.immediate_probe_with_tag(STOP).is_none() {
            bench.run();
        }
        first.receive_into_with_tag(&mut [0_u8; 0], STOP);
        return Vec::new();
    }
    for &rank in &team[1..] {
        session.process(rank).receive_into_with_tag(&mut [0_u8; 0], STARTED);
    }
    bench.run();
    let times = (0..repeats)
        .map(|_| {
            bench.prepare();
            seconds_of(|| bench.run()).0
        })
        .collect();
    for &rank in &team[1..] {
        session.process(rank).send_with_tag(&[0_u8; 0], STOP);
    }
    times
}

/// Throws `n_darts` again and again; returns each time.
pub(super) fn fixed_work(session: &Session, n_darts: u64, n: u32) -> Vec<f64> {
    let mut rng = work::stream(0, session.rank);
    work::throw_and_count(&mut rng, n_darts);
    (0..n).map(|_| seconds_of(|| work::throw_and_count(&mut rng, n_darts)).0).collect()
}
