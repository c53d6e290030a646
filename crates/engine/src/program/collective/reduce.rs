//! Reduce: a vector of each rank is reduced to one on the root. The arithmetic itself is not charged.

use super::{Op, in_order_tree, recv, send};
use crate::units::Bytes;

/// The root receives from one rank after the other, the last rank first: p - 1 messages.
pub(super) fn linear(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    match rank {
        0 => (step < n_ranks - 1).then(|| recv(n_ranks - 1 - step)),
        _ => (step == 0).then(|| send(0, bytes)),
    }
}

/// Each rank reduces its children's vectors and passes one on: p - 1 messages in ceil(log2 p) levels.
pub(super) fn binomial(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let n_children = in_order_tree::n_children(rank, n_ranks);
    if step < n_children {
        return Some(recv(in_order_tree::child(rank, step)));
    }
    (rank > 0 && step == n_children).then(|| send(in_order_tree::parent(rank), bytes))
}
