//! Where the time goes: the chain of activities and transfers that ends last, every picosecond of it with one cause.

mod bottleneck;
mod waits;

use dlpc_engine::program::{RankId, SleepReason};
use dlpc_engine::trace::{Activity, ActivityKind, Enabler, Losses, Record, Trace, TransferId, TransferRecord};
use dlpc_engine::units::{SimDuration, SimTime};

use self::waits::Waits;
use super::Cause;

pub use self::bottleneck::{LinkShare, link_shares};

/// A piece of the critical path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// From.
    pub start: SimTime,
    /// To; the next piece begins there.
    pub end: SimTime,
    /// What it is spent on.
    pub cause: Cause,
    /// What happens meanwhile.
    pub origin: Origin,
}

/// What happens during a piece of the critical path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A rank does this.
    Activity(RankId, ActivityKind),
    /// A transfer is on its way, its last byte still at the sender.
    Leaving(TransferId),
    /// The last byte of a transfer has left.
    Arriving(TransferId),
}

/// Returns the critical path in the order of time: pieces without gaps from 0 to the makespan.
///
/// Walks back from the last rank to finish: from each activity to what enabled it, that is, to the rank's previous
/// activity or, over a transfer, to the activity of the sender that started it (docs/model.md, critical path). Within an
/// activity, what it lost to other ranks and to noise comes last.
///
/// # Panics
/// If the run was not recorded.
#[must_use]
pub fn path(trace: &Trace) -> Vec<Piece> {
    let record = trace.record.as_ref().expect("bug: the run was not recorded");
    let waits = Waits::of(record);
    let mut pieces = Vec::new();
    let last_rank = (0..trace.finished_at.len()).rev().max_by_key(|rank| trace.finished_at[*rank]);
    let Some(mut rank) = last_rank else { return pieces };
    let mut i = record.activities[rank].len() - 1;
    loop {
        let activity = record.activities[rank][i];
        push_activity(&mut pieces, &waits, rank, activity);
        (rank, i) = match activity.enabled_by {
            Enabler::Previous if i == 0 => break,
            Enabler::Previous => (rank, i - 1),
            Enabler::Arrival(id) => {
                push_arriving(&mut pieces, record, id);
                push_leaving(&mut pieces, record, id)
            }
            Enabler::Departure(id) => push_leaving(&mut pieces, record, id),
        };
    }
    pieces.reverse();
    let total: SimDuration = pieces.iter().map(|piece| piece.end - piece.start).sum();
    assert_eq!(total, trace.makespan - SimTime::ZERO, "bug: the parts of the critical path have a gap");
    pieces
}

/// Returns how much of the makespan goes to each cause, in the order of [`Cause::ALL`]; the parts add up to the makespan.
///
/// # Panics
/// If the run was not recorded.
#[must_use]
pub fn breakdown(trace: &Trace) -> Vec<(Cause, SimDuration)> {
    by_cause(&path(trace))
}

/// Adds up the pieces of a critical path by cause, in the order of [`Cause::ALL`].
#[must_use]
pub fn by_cause(path: &[Piece]) -> Vec<(Cause, SimDuration)> {
    let mut parts = [SimDuration::ZERO; Cause::ALL.len()];
    for piece in path {
        parts[piece.cause as usize] += piece.end - piece.start;
    }
    Cause::ALL.into_iter().zip(parts).collect()
}

/// Returns the breakdown of a run that was not traced.
#[must_use]
pub fn untraced(makespan: SimDuration) -> Vec<(Cause, SimDuration)> {
    let part = |cause| if cause == Cause::Untraced { makespan } else { SimDuration::ZERO };
    Cause::ALL.into_iter().map(|cause| (cause, part(cause))).collect()
}

/// Returns the cause with the largest share; the first of equals.
#[must_use]
pub fn limiting(breakdown: &[(Cause, SimDuration)]) -> Cause {
    let largest = breakdown.iter().rev().max_by_key(|(_, part)| *part);
    largest.map_or(Cause::Compute, |(cause, _)| *cause)
}

/// Pushes `parts` of what ends at `end`, the last one first; parts of no length are left out.
fn push_parts(pieces: &mut Vec<Piece>, mut end: SimTime, origin: Origin, parts: &[(Cause, SimDuration)]) {
    for (cause, duration) in parts.iter().rev().filter(|(_, duration)| *duration != SimDuration::ZERO) {
        let start = SimTime::from_picos(end.as_picos() - duration.as_picos());
        pieces.push(Piece { start, end, cause: *cause, origin });
        end = start;
    }
}

fn push_activity(pieces: &mut Vec<Piece>, waits: &Waits<'_>, rank: usize, activity: Activity) {
    let rank = RankId(u32::try_from(rank).expect("invariant: fewer than 2^32 ranks"));
    let origin = Origin::Activity(rank, activity.kind);
    let Activity { start, end, lost, .. } = activity;
    let cause = cause_of(activity.kind);
    if let Some(at) = waits.turns_at(&activity) {
        // Waiting for a file and then for the next look; or analysing, and then keeping free ranks waiting.
        let then = if cause == Cause::Producer { Cause::Sleep } else { Cause::Round };
        return push_parts(pieces, end, origin, &[(cause, at - start), (then, end - at)]);
    }
    let Losses { noise, contention, oversubscription } = lost;
    let alone = (end - start).saturating_sub(noise + contention + oversubscription);
    let parts = [
        (cause, alone),
        (Cause::Contention, contention),
        (Cause::Oversubscription, oversubscription),
        (Cause::Noise, noise),
    ];
    push_parts(pieces, end, origin, &parts);
}

fn push_arriving(pieces: &mut Vec<Piece>, record: &Record, id: TransferId) {
    let transfer = &record.transfers[id.0];
    let TransferRecord { left, arrived, latency, stored, jitter, .. } = *transfer;
    let on_the_way = arrived - left;
    let jitter = jitter.min(on_the_way);
    let way = (latency + stored).min(on_the_way.saturating_sub(jitter));
    let queued = on_the_way.saturating_sub(way + jitter);
    let (of_latency, of_queue) = if transfer.is_handshake() {
        (Cause::Rendezvous, Cause::Rendezvous)
    } else {
        (Cause::Latency, Cause::Bandwidth)
    };
    let parts = [(of_latency, way), (Cause::Noise, jitter), (of_queue, queued)];
    push_parts(pieces, arrived, Origin::Arriving(id), &parts);
}

/// Returns the activity that put the transfer into the network.
fn push_leaving(pieces: &mut Vec<Piece>, record: &Record, id: TransferId) -> (usize, usize) {
    let transfer = &record.transfers[id.0];
    let cause = if transfer.is_handshake() { Cause::Rendezvous } else { Cause::Bandwidth };
    push_parts(pieces, transfer.left, Origin::Leaving(id), &[(cause, transfer.left - transfer.start)]);
    (transfer.from.0 as usize, transfer.cause)
}

fn cause_of(kind: ActivityKind) -> Cause {
    match kind {
        ActivityKind::Compute(kernel) => Cause::of_kernel(kernel),
        ActivityKind::Overhead { .. } => Cause::Overhead,
        ActivityKind::Sleep(SleepReason::Poll) => Cause::Producer,
        ActivityKind::Sleep(SleepReason::Program) => Cause::Sleep,
        // Takes no time, so any cause will do.
        ActivityKind::Finish => Cause::Compute,
    }
}
