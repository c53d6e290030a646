//! Barrier: nobody leaves before all have entered.

use super::exchange::Exchange;
use super::member::Member;
use super::steps::{Found, Steps};
use crate::units::Bytes;

const NO_BYTES: Bytes = Bytes(0);

/// All ranks report to rank 0, which then releases them: 2 (p - 1) messages.
pub(super) fn linear(me: Member, steps: &mut Steps) -> Found {
    if me.rank == 0 {
        steps.recv_from_each(me.n_others(), |i| me.other(i))?;
        return steps.send_to_all(me.n_others(), |i| me.other(i), NO_BYTES);
    }
    steps.send(0, NO_BYTES)?;
    steps.recv(0)
}

/// Twice around the ranks: 2 p messages.
pub(super) fn double_ring(me: Member, steps: &mut Steps) -> Found {
    for _ in 0..2 {
        if me.rank > 0 {
            steps.recv(me.before(1))?;
        }
        steps.send(me.after(1), NO_BYTES)?;
        if me.rank == 0 {
            steps.recv(me.before(1))?;
        }
    }
    Found::Continue(())
}

/// Pairwise exchange along the bits of the rank number. Ranks beyond the largest power of two q report to a partner
/// before and are released by it after: q log2 q + 2 (p - q) messages.
pub(super) fn recursive_doubling(me: Member, steps: &mut Steps) -> Found {
    let n_rounds = me.n_ranks.ilog2();
    let q = 1 << n_rounds;
    if me.rank >= q {
        return steps.exchange(me.rank - q, NO_BYTES);
    }
    let has_partner = me.rank + q < me.n_ranks;
    if has_partner {
        steps.recv(me.rank + q)?;
    }
    let exchange = |round| {
        let peer = me.rank ^ (1_u32 << round);
        Exchange::new(peer, peer, NO_BYTES)
    };
    steps.exchanges(n_rounds, exchange)?;
    if has_partner { steps.send(me.rank + q, NO_BYTES) } else { Found::Continue(()) }
}

/// In round k each rank sends to rank + 2^k and receives from rank - 2^k: p ceil(log2 p) messages. Hensgen, Finkel and
/// Manber (1988); Open MPI calls it bruck.
#[inline]
pub(super) fn dissemination(me: Member, round: u32) -> Option<Exchange> {
    if round >= me.n_ranks.next_power_of_two().ilog2() {
        return None;
    }
    let distance = 1 << round;
    Some(Exchange::new(me.after(distance), me.before(distance), NO_BYTES))
}

/// Ranks report to the rank without their lowest bit, up to rank 0, and are released in reverse: 2 (p - 1) messages.
pub(super) fn tree(me: Member, steps: &mut Steps) -> Found {
    let n_rounds = me.n_ranks.next_power_of_two().ilog2();
    // The rank whose bit of its parent's number is set has that many zeros below it.
    let n_children_rounds = if me.rank == 0 { n_rounds } else { me.rank.trailing_zeros() };
    let child = |round| Some(me.rank + (1_u32 << round)).filter(|child| *child < me.n_ranks);
    for from in (0..n_children_rounds).filter_map(child) {
        steps.recv(from)?;
    }
    if me.rank > 0 {
        let parent = me.rank & (me.rank - 1);
        steps.send(parent, NO_BYTES)?;
        steps.recv(parent)?;
    }
    for to in (0..n_children_rounds).rev().filter_map(child) {
        steps.send(to, NO_BYTES)?;
    }
    Found::Continue(())
}
