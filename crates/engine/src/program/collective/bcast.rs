//! Bcast: the root's bytes go to every rank.

use super::{Op, envelope, recv, send};
use crate::units::Bytes;

/// The root sends to each rank, all at once: p - 1 messages.
pub(super) fn linear(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let others = n_ranks - 1;
    match (rank, step) {
        (0, step) if step < others => Some(Op::Isend(envelope(step + 1, bytes))),
        (0, step) => (others > 0 && step == others).then_some(Op::WaitAll),
        (_, step) => (step == 0).then(|| recv(0)),
    }
}

/// Along the binomial tree in which the parent of a rank clears its highest bit: p - 1 messages in ceil(log2 p) levels.
pub(super) fn binomial(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let n_bits = u32::BITS - rank.leading_zeros();
    if rank > 0 && step == 0 {
        return Some(recv(rank ^ (1 << (n_bits - 1))));
    }
    let i = n_bits + step - u32::from(rank > 0);
    let child = u64::from(rank) + 1_u64.checked_shl(i)?;
    (child < u64::from(n_ranks)).then(|| send(rank + (1 << i), bytes))
}
