//! Scatter: each rank gets its own bytes from the root.

use super::{Op, in_order_tree, recv, send};
use crate::units::Bytes;

/// The root sends to one rank after the other: p - 1 messages. Also scatterv, whose sizes differ by rank.
pub(super) fn linear(rank: u32, n_ranks: u32, bytes_of: impl Fn(u32) -> Bytes, step: u32) -> Option<Op> {
    match rank {
        0 => (step < n_ranks - 1).then(|| send(step + 1, bytes_of(step + 1))),
        _ => (step == 0).then(|| recv(0)),
    }
}

/// Each rank passes on the bytes of its children's subtrees, the largest first: p - 1 messages.
pub(super) fn binomial(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    if rank > 0 && step == 0 {
        return Some(recv(in_order_tree::parent(rank)));
    }
    let sent = step - u32::from(rank > 0);
    let i = in_order_tree::n_children(rank, n_ranks).checked_sub(sent + 1)?;
    let child = in_order_tree::child(rank, i);
    Some(send(child, bytes.saturating_mul(in_order_tree::subtree(child, n_ranks).into())))
}
