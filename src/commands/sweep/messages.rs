//! What a sweep says of points that are there already, that are lost, or that cannot be computed.

use dlpc_sim::sweep::tasks::Task;

use super::job::{Failed, Job};
use super::store::Store;
use crate::failure::Failure;

/// Points that a message lists; more are only counted.
const LISTED_MAX: usize = 20;

/// Says what an earlier sweep has left to do, if there was one.
pub(super) fn say_what_is_open(n_needed: usize, open: &[Task], store: &Store) {
    let n_there = n_needed - open.len();
    if n_there == 0 {
        return;
    }
    let points: Vec<u32> = open.iter().map(|task| task.point).collect();
    let to_go = if points.is_empty() { String::new() } else { format!("; to go: {}", list(&points)) };
    anstream::eprintln!("{n_there} of {n_needed} results are in {} already{to_go}", store.path().display());
}

/// Returns the failure of a sweep that was told to end, or one of whose ranks has died.
pub(super) fn ended(store: &Store, n_open: usize, lost: &[(u32, Vec<Task>)]) -> Failure {
    let line = |(rank, tasks): &(u32, Vec<Task>)| {
        let points: Vec<u32> = tasks.iter().map(|task| task.point).collect();
        format!("rank {rank} was working on {}", list(&points))
    };
    let head = format!("the sweep was ended with {n_open} results to go");
    let message = std::iter::once(head).chain(lost.iter().map(line)).collect::<Vec<_>>().join("\n  ");
    let help = format!("what is done is kept in {}: the same command goes on from there", store.path().display());
    Failure::Measurement { message, help }
}

/// Returns the failure of points that cannot be simulated, if there are any.
pub(super) fn cannot_compute(job: &Job<'_>, mut failed: Vec<Failed>) -> Result<(), Failure> {
    failed.sort_by_key(|failed| failed.task);
    if failed.is_empty() {
        return Ok(());
    }
    let line = |Failed { task, reason }: &Failed| {
        let Task { point, ranks } = *task;
        format!("\n  point {point} ({}) on {ranks} ranks: {reason}", job.describe(point as usize))
    };
    let lines: String = failed.iter().take(LISTED_MAX).map(line).collect();
    let more = failed.len().saturating_sub(LISTED_MAX);
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    Err(Failure::Points { message: format!("{} results cannot be computed{lines}{more}", failed.len()) })
}

fn list(points: &[u32]) -> String {
    let mut points = points.to_vec();
    points.sort_unstable();
    points.dedup();
    let shown: Vec<String> = points.iter().take(LISTED_MAX).map(ToString::to_string).collect();
    let more = points.len().saturating_sub(LISTED_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let word = if points.len() == 1 { "point" } else { "points" };
    format!("{word} {}{more}", shown.join(", "))
}
