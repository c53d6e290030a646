//! Where in the user's program the time of a recorded run goes: the critical path by phases and calls.

use std::collections::{BTreeMap, BTreeSet};

use dlpc_engine::trace::{Activity, ActivityKind, Record};
use dlpc_engine::units::{SimDuration, SimTime};

use crate::analysis::critical_path::{Origin, Piece};
use crate::workload::recorded::Phase;

/// Time of the critical path in one part of the user's program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InProgram {
    /// What ranks compute there, or the call that they are in.
    pub part: Part,
    /// The ranks that it is on the critical path of, ascending.
    pub ranks: Vec<u32>,
    /// How long.
    pub duration: SimDuration,
}

/// A part of the user's program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Computing between two calls.
    Computing(Phase),
    /// A call of MPI at this place, or a sleep: messages, and who waits for them. None where the place is not known.
    Call(Option<String>),
}

/// Adds up a critical path by parts of the program, the longest first. `phases` are those of the computing steps of each rank.
pub(super) fn parts(path: &[Piece], record: &Record, phases: &[Vec<Phase>]) -> Vec<InProgram> {
    let computing: Vec<Vec<usize>> = record.activities.iter().map(|all| n_computing(all)).collect();
    let at = |rank: usize, i: usize| {
        let n_before = computing[rank][i];
        if matches!(record.activities[rank][i].kind, ActivityKind::Compute(_)) {
            return phases[rank].get(n_before).cloned().map(Part::Computing);
        }
        let latest = n_before.checked_sub(1).and_then(|latest| phases[rank].get(latest));
        Some(Part::Call(latest.and_then(|phase| phase.upto.clone())))
    };
    let mut sums: BTreeMap<Part, (SimDuration, BTreeSet<u32>)> = BTreeMap::new();
    for piece in path {
        let (rank, i) = match piece.origin {
            Origin::Activity(rank, _) => {
                let rank = rank.0 as usize;
                (rank, activity_at(&record.activities[rank], piece.start))
            }
            Origin::Leaving(transfer) | Origin::Arriving(transfer) => {
                let transfer = &record.transfers[transfer.0];
                (transfer.from.0 as usize, transfer.cause.min(record.activities[transfer.from.0 as usize].len() - 1))
            }
        };
        let Some(part) = at(rank, i) else { continue };
        let (sum, ranks) = sums.entry(part).or_default();
        *sum += piece.end - piece.start;
        ranks.extend(u32::try_from(rank));
    }
    let part = |(part, (duration, ranks)): (Part, (SimDuration, BTreeSet<u32>))| InProgram {
        part,
        ranks: ranks.into_iter().collect(),
        duration,
    };
    let mut parts: Vec<InProgram> = sums.into_iter().map(part).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.duration));
    parts
}

/// Returns for each activity how many before it were computing.
fn n_computing(activities: &[Activity]) -> Vec<usize> {
    let mut n = 0;
    let count = |activity: &Activity| {
        let before = n;
        n += usize::from(matches!(activity.kind, ActivityKind::Compute(_)));
        before
    };
    activities.iter().map(count).collect()
}

/// Returns the activity that goes on from an instant on.
fn activity_at(activities: &[Activity], at: SimTime) -> usize {
    activities.partition_point(|activity| activity.start <= at).saturating_sub(1)
}
