//! Where the time goes: the chain of activities and transfers that ends last, every picosecond of it with one cause.

use super::Cause;
use crate::machine::Kernel;
use crate::program::SleepReason;
use crate::trace::{ActivityKind, Enabler, Trace};
use crate::units::{SimDuration, SimTime};

/// Returns how much of the makespan goes to each cause, in the order of [`Cause::ALL`]; the parts add up to the makespan.
///
/// Walks back from the last rank to finish: from each activity to what enabled it, that is, to the rank's previous
/// activity or, over a transfer, to the activity of the sender that started it (docs/model.md, critical path).
///
/// # Panics
/// If the run was not recorded.
#[must_use]
pub fn breakdown(trace: &Trace) -> Vec<(Cause, SimDuration)> {
    let record = trace.record.as_ref().expect("bug: the run was not recorded");
    let mut parts = [SimDuration::ZERO; Cause::ALL.len()];
    let last_rank = (0..trace.finished_at.len()).rev().max_by_key(|rank| trace.finished_at[*rank]);
    let Some(mut rank) = last_rank else { return Vec::new() };
    let mut i = record.activities[rank].len() - 1;
    loop {
        let activity = record.activities[rank][i];
        parts[cause_of(activity.kind) as usize] += activity.end - activity.start;
        (rank, i) = match activity.enabled_by {
            Enabler::Previous if i == 0 => break,
            Enabler::Previous => (rank, i - 1),
            Enabler::Arrival(id) | Enabler::Departure(id) => {
                let transfer = record.transfers[id.0];
                parts[Cause::Bandwidth as usize] += transfer.left - transfer.start;
                if matches!(activity.enabled_by, Enabler::Arrival(_)) {
                    parts[Cause::Latency as usize] += transfer.arrived - transfer.left;
                }
                (transfer.from.0 as usize, transfer.cause)
            }
        };
    }
    let total: SimDuration = parts.iter().copied().sum();
    assert_eq!(total, trace.makespan - SimTime::ZERO, "bug: the parts of the critical path have a gap");
    Cause::ALL.into_iter().zip(parts).collect()
}

/// Returns the cause with the largest share; the first of equals.
#[must_use]
pub fn limiting(breakdown: &[(Cause, SimDuration)]) -> Cause {
    let largest = breakdown.iter().rev().max_by_key(|(_, part)| *part);
    largest.map_or(Cause::Compute, |(cause, _)| *cause)
}

fn cause_of(kind: ActivityKind) -> Cause {
    match kind {
        ActivityKind::Compute(kernel) => match kernel {
            Kernel::ThrowDart | Kernel::StoreRecord | Kernel::Analyse | Kernel::Custom => Cause::Compute,
            Kernel::Setup => Cause::Setup,
            Kernel::PackRecord => Cause::Pack,
            Kernel::UnpackRecord | Kernel::CollectRecord => Cause::SerialTail,
        },
        ActivityKind::Overhead => Cause::Overhead,
        ActivityKind::Sleep(SleepReason::Poll) => Cause::Producer,
        ActivityKind::Sleep(SleepReason::Program) => Cause::Sleep,
        // Takes no time, so any cause will do.
        ActivityKind::Finish => Cause::Compute,
    }
}
