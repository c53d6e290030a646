//! Which links the critical path waits for, and how many transfers shared them.

use std::collections::BTreeMap;

use dlpc_engine::platform::Limit;
use dlpc_engine::trace::Record;
use dlpc_engine::units::SimDuration;

use super::{Origin, Piece};
use crate::analysis::Cause;

/// Time of the critical path that goes to bytes held up at one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkShare {
    /// Where; none for messages within a host.
    pub limit: Option<Limit>,
    /// How long.
    pub duration: SimDuration,
    /// How many transfers shared it, as the mean over that time.
    pub n_sharing: f64,
}

/// Divides the pieces of cause [`Cause::Bandwidth`] among the links that limited them, the longest first.
#[must_use]
pub fn link_shares(path: &[Piece], record: &Record) -> Vec<LinkShare> {
    let mut sums = BTreeMap::<Option<Limit>, (SimDuration, f64)>::new();
    for piece in path.iter().filter(|piece| piece.cause == Cause::Bandwidth) {
        let (Origin::Leaving(id) | Origin::Arriving(id)) = piece.origin else { continue };
        let transfer = &record.transfers[id.0];
        let duration = piece.end - piece.start;
        let sum = sums.entry(transfer.route.map(|_| transfer.limit)).or_default();
        sum.0 += duration;
        sum.1 += duration.as_seconds() * f64::from(transfer.n_sharing);
    }
    let share = |(limit, (duration, weighted)): (Option<Limit>, (SimDuration, f64))| LinkShare {
        limit,
        duration,
        n_sharing: weighted / duration.as_seconds(),
    };
    let mut shares: Vec<LinkShare> = sums.into_iter().map(share).collect();
    shares.sort_by_key(|share| std::cmp::Reverse(share.duration));
    shares
}
