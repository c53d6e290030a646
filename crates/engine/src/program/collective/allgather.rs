//! Allgather: every rank gets the block of every rank.

use super::{Exchange, after, before};
use crate::units::Bytes;

/// The blocks go around: p (p - 1) messages of one block.
pub(super) fn ring(rank: u32, n_ranks: u32, bytes: Bytes, round: u32) -> Option<Exchange> {
    let (next, previous) = (after(rank, 1, n_ranks), before(rank, 1, n_ranks));
    (round + 1 < n_ranks).then(|| Exchange::new(next, previous, bytes))
}

/// Pairwise exchange along the bits of the rank number, of twice as many blocks each time: p log2 p messages. For powers
/// of two only.
pub(super) fn recursive_doubling(rank: u32, n_ranks: u32, bytes: Bytes, round: u32) -> Option<Exchange> {
    let peer = rank ^ (1_u32.checked_shl(round)?);
    let blocks = || bytes.saturating_mul(1 << round);
    (round < n_ranks.ilog2()).then(|| Exchange::new(peer, peer, blocks()))
}

/// In round k each rank sends what it has to rank - 2^k and receives from rank + 2^k: p ceil(log2 p) messages.
///
/// Bruck, Ho, Kipnis, Upfal and Weathersby (1997), section 4.
pub(super) fn bruck(rank: u32, n_ranks: u32, bytes: Bytes, round: u32) -> Option<Exchange> {
    if round >= n_ranks.next_power_of_two().ilog2() {
        return None;
    }
    let distance = 1 << round;
    let (to, from) = (before(rank, distance, n_ranks), after(rank, distance, n_ranks));
    let n_blocks = distance.min(n_ranks - distance);
    Some(Exchange::new(to, from, bytes.saturating_mul(n_blocks.into())))
}

/// Neighbours exchange in turn to the one side and to the other, first one block, then two: p * p/2 messages. For even
/// numbers of ranks only.
///
/// Chen, Zhang, Liu and Wu, Performance evaluation of allgather algorithms on terascale Linux cluster (2005).
pub(super) fn neighbor(rank: u32, n_ranks: u32, bytes: Bytes, round: u32) -> Option<Exchange> {
    let is_upwards = rank.is_multiple_of(2) == round.is_multiple_of(2);
    let peer = if is_upwards { after(rank, 1, n_ranks) } else { before(rank, 1, n_ranks) };
    let n_blocks = if round == 0 { 1 } else { 2 };
    (round < n_ranks / 2).then(|| Exchange::new(peer, peer, bytes.saturating_mul(n_blocks)))
}
