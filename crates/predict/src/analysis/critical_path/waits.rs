//! When waiting for the producer becomes waiting for the next look, and when analysing becomes keeping others waiting.

use dlpc_engine::machine::Kernel;
use dlpc_engine::program::SleepReason;
use dlpc_engine::trace::{Activity, ActivityKind, Record};
use dlpc_engine::units::SimTime;

/// What the ranks of a log stream wait for.
#[derive(Debug)]
pub(super) struct Waits<'a> {
    completions: &'a [SimTime],
    /// By ascending start; none if files are not taken in rounds.
    rounds: Vec<Round>,
}

/// A round that analyses at least one file.
#[derive(Debug)]
struct Round {
    /// When rank 0 looked and found files.
    start: SimTime,
    /// Files taken in this round and before.
    n_taken: usize,
    /// From when on a rank is free: the start if there are fewer files than ranks, else the end of the first analysis.
    has_free_rank_from: SimTime,
}

impl<'a> Waits<'a> {
    pub(super) fn of(record: &'a Record) -> Self {
        let rounds = if record.is_in_rounds { rounds(record) } else { Vec::new() };
        Self { completions: &record.completions, rounds }
    }

    /// Returns when an activity turns from waiting for the producer to waiting for the next look, or from computing to
    /// keeping free ranks from files that are there; none if it does not.
    pub(super) fn turns_at(&self, activity: &Activity) -> Option<SimTime> {
        let at = match activity.kind {
            ActivityKind::Sleep(SleepReason::Poll) => self.next_completion(activity.start),
            ActivityKind::Compute(Kernel::Analyse) => self.blocks_from(activity.start),
            ActivityKind::Compute(_)
            | ActivityKind::Overhead { .. }
            | ActivityKind::Sleep(SleepReason::Program)
            | ActivityKind::Finish => None,
        };
        at.map(|at| at.max(activity.start)).filter(|at| *at < activity.end)
    }

    /// The rank has taken, or given to others, all that was complete when it began to wait.
    fn next_completion(&self, start: SimTime) -> Option<SimTime> {
        let n_complete = self.completions.partition_point(|at| *at <= start);
        self.completions.get(n_complete).copied()
    }

    fn blocks_from(&self, start: SimTime) -> Option<SimTime> {
        let n_begun = self.rounds.partition_point(|round| round.start <= start);
        let round = &self.rounds[n_begun.checked_sub(1)?];
        let next_file_at = self.completions.get(round.n_taken)?;
        Some(round.has_free_rank_from.max(*next_file_at))
    }
}

fn rounds(record: &Record) -> Vec<Round> {
    let is_analysis = |activity: &&Activity| activity.kind == ActivityKind::Compute(Kernel::Analyse);
    let of_all_ranks = record.activities.iter().flatten();
    let mut analyses: Vec<(SimTime, SimTime)> = of_all_ranks.filter(is_analysis).map(|a| (a.start, a.end)).collect();
    analyses.sort_unstable();
    let mut rounds = Vec::new();
    let mut n_taken = 0;
    for (i, look) in record.looks.iter().enumerate() {
        let n_begun = match record.looks.get(i + 1) {
            Some(next) => analyses.partition_point(|(start, _)| *start < next.at),
            None => analyses.len(),
        };
        let of_round = &analyses[n_taken..n_begun.max(n_taken)];
        let Some(first_end) = of_round.iter().map(|(_, end)| *end).min() else { continue };
        n_taken = n_begun;
        let is_full = of_round.len() == record.activities.len();
        rounds.push(Round { start: look.at, n_taken, has_free_rank_from: if is_full { first_end } else { look.at } });
    }
    rounds
}
