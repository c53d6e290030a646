//! Which rank of an MPI job works on what: a launcher that ends a job because one of its ranks has died leaves rank 0 no
//! time to say it, so the next sweep does.

use std::fs;
use std::path::PathBuf;

use dlpc_predict::sweep::tasks::Task;
use serde::{Deserialize, Serialize};

use super::job::Job;

/// What the file begins with: points of another sweep have other values.
#[derive(PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    sets: Vec<String>,
    samples: Option<u32>,
    seed: u64,
}

/// Tasks that a rank got: point and rank count of each.
#[derive(Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) rank: u32,
    pub(super) tasks: Vec<(u32, u32)>,
}

impl Head {
    pub(super) fn of(job: &Job<'_>) -> Self {
        let args = job.args;
        Self { sets: args.sets.clone(), samples: args.samples.map(std::num::NonZeroU32::get), seed: args.seed }
    }
}

/// Returns what each rank of an earlier job of the same sweep had got of `open`, by rank.
pub(super) fn lost(job: &Job<'_>, open: &[Task]) -> Vec<(u32, Vec<Task>)> {
    let text = fs::read_to_string(path(job)).unwrap_or_default();
    let mut lines = text.lines();
    let head: Option<Head> = lines.next().and_then(|line| serde_json::from_str(line).ok());
    if head != Some(Head::of(job)) {
        return Vec::new();
    }
    let mut lost: Vec<(u32, Vec<Task>)> = Vec::new();
    for Order { rank, tasks } in lines.filter_map(|line| serde_json::from_str(line).ok()) {
        let tasks = tasks.into_iter().map(|(point, ranks)| Task { point, ranks });
        let tasks = tasks.filter(|task| open.binary_search(task).is_ok());
        match lost.iter_mut().find(|(other, _)| *other == rank) {
            Some((_, of_rank)) => of_rank.extend(tasks),
            None => lost.push((rank, tasks.collect())),
        }
    }
    lost.retain(|(_, tasks)| !tasks.is_empty());
    lost.sort();
    lost
}

/// Returns the file of a sweep that is on its way.
pub(super) fn path(job: &Job<'_>) -> PathBuf {
    job.folder().join("sweep-orders.jsonl")
}

/// Takes the file away: nothing is lost any more.
pub(super) fn forget(job: &Job<'_>) {
    // If it stays, the next sweep finds nothing lost in it.
    let _ = fs::remove_file(path(job));
}
