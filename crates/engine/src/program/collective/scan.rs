//! Scan: each rank gets the reduction of the vectors up to its own, or up to the one before (exscan). The arithmetic itself
//! is not charged.

use super::member::Member;
use super::steps::{Found, Steps};
use crate::units::Bytes;

/// From each rank to the next one: p - 1 messages.
pub(super) fn linear(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    if me.rank > 0 {
        steps.recv(me.rank - 1)?;
    }
    if me.rank + 1 < me.n_ranks { steps.send(me.rank + 1, bytes) } else { Found::Continue(()) }
}

/// In round k ranks that differ in bit k exchange the reduction of what they have heard of, whole vectors.
pub(super) fn recursive_doubling(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    let peers = (0..me.n_ranks.next_power_of_two().ilog2()).map(|round| me.rank ^ (1 << round));
    peers.filter(|peer| *peer < me.n_ranks).try_for_each(|peer| steps.exchange(peer, bytes))
}
