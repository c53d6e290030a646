//! Allgather: every rank gets the block of every rank.

use super::{EXCHANGE_OPS, Op, after, before, exchange};
use crate::units::Bytes;

/// The blocks go around: p (p - 1) messages of one block.
pub(super) fn ring(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let (next, previous) = (after(rank, 1, n_ranks), before(rank, 1, n_ranks));
    (step / EXCHANGE_OPS + 1 < n_ranks).then(|| exchange(next, previous, bytes, step % EXCHANGE_OPS))
}

/// Pairwise exchange along the bits of the rank number, of twice as many blocks each time: p log2 p messages. For powers
/// of two only.
pub(super) fn recursive_doubling(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let round = step / EXCHANGE_OPS;
    let peer = rank ^ (1_u32.checked_shl(round)?);
    let blocks = || bytes.saturating_mul(1 << round);
    (round < n_ranks.ilog2()).then(|| exchange(peer, peer, blocks(), step % EXCHANGE_OPS))
}

/// In round k each rank sends what it has to rank - 2^k and receives from rank + 2^k: p ceil(log2 p) messages.
///
/// Bruck, Ho, Kipnis, Upfal and Weathersby (1997), section 4.
pub(super) fn bruck(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let round = step / EXCHANGE_OPS;
    if round >= n_ranks.next_power_of_two().ilog2() {
        return None;
    }
    let distance = 1 << round;
    let (to, from) = (before(rank, distance, n_ranks), after(rank, distance, n_ranks));
    let n_blocks = distance.min(n_ranks - distance);
    Some(exchange(to, from, bytes.saturating_mul(n_blocks.into()), step % EXCHANGE_OPS))
}

/// Neighbours exchange in turn to the one side and to the other, first one block, then two: p * p/2 messages. For even
/// numbers of ranks only.
///
/// Chen, Zhang, Liu and Wu, Performance evaluation of allgather algorithms on terascale Linux cluster (2005).
pub(super) fn neighbor(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let round = step / EXCHANGE_OPS;
    let is_upwards = rank.is_multiple_of(2) == round.is_multiple_of(2);
    let peer = if is_upwards { after(rank, 1, n_ranks) } else { before(rank, 1, n_ranks) };
    let n_blocks = if round == 0 { 1 } else { 2 };
    (round < n_ranks / 2).then(|| exchange(peer, peer, bytes.saturating_mul(n_blocks), step % EXCHANGE_OPS))
}
