//! Allreduce: a vector of each rank is reduced and every rank gets the result. The arithmetic itself is not charged.

use super::{EXCHANGE_OPS, Exchange, Op, bcast, recv, reduce, send};
use crate::units::Bytes;

/// Reduce to rank 0, then bcast, both linear: 2 (p - 1) messages.
pub(super) fn linear(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let n_reduce_ops = if rank == 0 { n_ranks - 1 } else { 1 };
    match step.checked_sub(n_reduce_ops) {
        None => reduce::linear(rank, n_ranks, bytes, step),
        Some(step) => bcast::linear(rank, n_ranks, bytes, step),
    }
}

/// Pairwise exchange along the bits of the rank number: q log2 q + 2 (p - q) messages with q the largest power of two.
///
/// Of the first 2 (p - q) ranks the even ones hand their vector to their odd neighbour and get the result from it; the
/// others exchange (Thakur, Rabenseifner and Gropp, 2005, section 4.5).
pub(super) fn recursive_doubling(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let n_rounds = n_ranks.ilog2();
    let extra = n_ranks - (1 << n_rounds);
    let is_paired = rank < 2 * extra;
    if is_paired && rank.is_multiple_of(2) {
        return match step {
            0 => Some(send(rank + 1, bytes)),
            1 => Some(recv(rank + 1)),
            _ => None,
        };
    }
    if is_paired && step == 0 {
        return Some(recv(rank - 1));
    }
    let step = step - u32::from(is_paired);
    let round = step / EXCHANGE_OPS;
    if round < n_rounds {
        let place = if is_paired { rank / 2 } else { rank - extra };
        let peer_place = place ^ (1 << round);
        let peer = if peer_place < extra { 2 * peer_place + 1 } else { peer_place + extra };
        return Some(Exchange::new(peer, peer, bytes).op(step % EXCHANGE_OPS));
    }
    (is_paired && step == EXCHANGE_OPS * n_rounds).then(|| send(rank - 1, bytes))
}
