//! What a sweep says of points that are there already, that are lost, or that cannot be computed.

use dlpc_predict::sweep::tasks::Task;

use super::job::{Failed, Job};
use super::orders;
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

/// Says what the ranks of an earlier job were working on when it was ended.
pub(super) fn say_what_was_lost(job: &Job<'_>, open: &[Task]) {
    for line in orders::lost(job, open).iter().map(working_on) {
        anstream::eprintln!("when the last sweep was ended, {line}");
    }
}

fn working_on((rank, tasks): &(u32, Vec<Task>)) -> String {
    let points: Vec<u32> = tasks.iter().map(|task| task.point).collect();
    format!("rank {rank} was working on {}", list(&points))
}

/// Returns the failure of a sweep that was told to end, or one of whose ranks has died.
pub(super) fn ended(store: &Store, n_open: usize, lost: &[(u32, Vec<Task>)]) -> Failure {
    let head = format!("the sweep was ended with {n_open} results to go");
    let message = std::iter::once(head).chain(lost.iter().map(working_on)).collect::<Vec<_>>().join("\n  ");
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

/// Lists points, those that follow each other as a range.
fn list(points: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    let mut points = points.to_vec();
    points.sort_unstable();
    points.dedup();
    for point in &points {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *point => *last = *point,
            _ => ranges.push((*point, *point)),
        }
    }
    let range = |(first, last): &(u32, u32)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    };
    let shown: Vec<String> = ranges.iter().take(LISTED_MAX).map(range).collect();
    let n_more: u32 = ranges.iter().skip(LISTED_MAX).map(|(first, last)| last - first + 1).sum();
    let more = if n_more > 0 { format!(" and {n_more} more") } else { String::new() };
    let word = if points.len() == 1 { "point" } else { "points" };
    format!("{word} {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_that_follow_each_other_are_a_range() {
        assert_eq!(list(&[3]), "point 3");
        assert_eq!(list(&[9, 4, 3, 7, 8, 3, 1]), "points 1, 3, 4, 7 to 9");
        let odd: Vec<u32> = (0..50).map(|i| 2 * i).collect();
        assert!(list(&odd).ends_with("36, 38 and 30 more"), "{}", list(&odd));
    }
}
