//! Gather: the root gets the bytes of each rank.

use super::{Op, in_order_tree, recv, send};
use crate::units::Bytes;

/// The root receives from one rank after the other: p - 1 messages. Also gatherv, whose sizes differ by rank.
pub(super) fn linear(rank: u32, n_ranks: u32, bytes_of: impl Fn(u32) -> Bytes, step: u32) -> Option<Op> {
    match rank {
        0 => (step < n_ranks - 1).then(|| recv(step + 1)),
        _ => (step == 0).then(|| send(0, bytes_of(rank))),
    }
}

/// Each rank collects the bytes of its children's subtrees, the smallest first, and passes them on: p - 1 messages.
pub(super) fn binomial(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let n_children = in_order_tree::n_children(rank, n_ranks);
    if step < n_children {
        return Some(recv(in_order_tree::child(rank, step)));
    }
    let subtree = in_order_tree::subtree(rank, n_ranks);
    (rank > 0 && step == n_children).then(|| send(in_order_tree::parent(rank), bytes.saturating_mul(subtree.into())))
}
