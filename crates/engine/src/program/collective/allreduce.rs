//! Allreduce: a vector of each rank is reduced and every rank gets the result. The arithmetic itself is not charged.

use super::arguments::Arguments;
use super::blocks::{Blocks, Stays};
use super::exchange::Exchange;
use super::halving::Halving;
use super::member::Member;
use super::parts::Parts;
use super::steps::{Found, Steps};
use crate::units::Bytes;

/// Pairwise exchange along the bits of the rank number: q log2 q + 2 (p - q) messages with q the largest power of two.
///
/// Of the first 2 (p - q) ranks the even ones hand their vector to their odd neighbour and get the result from it; the
/// others exchange (Thakur, Rabenseifner and Gropp, 2005, section 4.5).
pub(super) fn recursive_doubling(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    let n_rounds = me.n_ranks.ilog2();
    let n_extra = me.n_ranks - (1 << n_rounds);
    let is_paired = me.rank < 2 * n_extra;
    if is_paired && me.rank.is_multiple_of(2) {
        steps.send(me.rank + 1, bytes)?;
        return steps.recv(me.rank + 1);
    }
    if is_paired {
        steps.recv(me.rank - 1)?;
    }
    let place = if is_paired { me.rank / 2 } else { me.rank - n_extra };
    let exchange = |round| {
        let peer_place = place ^ (1_u32 << round);
        let peer = if peer_place < n_extra { 2 * peer_place + 1 } else { peer_place + n_extra };
        Exchange::new(peer, peer, bytes)
    };
    steps.exchanges(n_rounds, exchange)?;
    if is_paired { steps.send(me.rank - 1, bytes) } else { Found::Continue(()) }
}

/// Parts of the vector go around twice, from each rank to the next one: first they are reduced, then spread.
/// 2 p (p - 1) messages.
pub(super) fn ring(me: Member, arguments: Arguments, parts: &impl Parts, round: u32) -> Option<Exchange> {
    let n_others = me.n_others();
    let part = match round.checked_sub(n_others) {
        None => me.before(round),
        Some(round) if round >= n_others => return None,
        Some(0) => me.after(1),
        Some(round) => me.before(round - 1),
    };
    Some(Exchange::new(me.after(1), me.before(1), arguments.sized(parts.of(part))))
}

/// Rabenseifner's algorithm: a reduce-scatter by halving, then the exchanges in reverse. (Thakur, Rabenseifner and Gropp,
/// 2005, section 4.5.)
pub(super) fn rabenseifner(me: Member, arguments: Arguments, steps: &mut Steps) -> Found {
    let halving = Halving::of(arguments, me.n_ranks);
    halving.reduce_scatter(me, steps)?;
    halving.allgather(me, steps)
}

/// The same of blocks; ranks that are left out hand over their whole vector and get the whole result.
pub(super) fn in_blocks(me: Member, arguments: Arguments, steps: &mut Steps) -> Found {
    let blocks = Blocks::of(arguments, me.n_ranks, Stays::Odd);
    let Some(place) = blocks.reduce_scatter(me, steps)? else { return steps.recv(me.rank + 1) };
    for round in (0..blocks.n_rounds).rev() {
        steps.exchange(blocks.rank(place ^ (1 << round)), blocks.own(place, round))?;
    }
    if blocks.is_paired(me.rank) { steps.send(me.rank - 1, arguments.bytes()) } else { Found::Continue(()) }
}
