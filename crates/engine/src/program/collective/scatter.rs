//! Scatter: each rank gets its own block from the root.

use super::arguments::Arguments;
use super::member::Member;
use super::parts::Parts;
use super::steps::{Found, Steps};
use super::tree::{Tree, in_order_subtree};
use crate::units::Bytes;

/// The root sends to one rank after the other: p - 1 messages.
pub(super) fn linear(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    if me.is_root() {
        return steps.send_to_each(me.n_others(), |i| me.other(i), |_| bytes);
    }
    steps.recv(me.root)
}

/// The root sends to all ranks at once: p - 1 messages.
pub(super) fn linear_nonblocking(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    if me.is_root() {
        return steps.send_to_all(me.n_others(), |i| me.other(i), bytes);
    }
    steps.recv(me.root)
}

/// Each rank passes on the blocks of its children's subtrees, the largest first: p - 1 messages.
pub(super) fn binomial(me: Member, arguments: Arguments, steps: &mut Steps) -> Found {
    const TREE: Tree = Tree::InOrderBinomial;
    let (place, n) = (me.place(), me.n_ranks);
    if let Some(parent) = TREE.parent(place, n) {
        steps.recv(me.at(parent))?;
    }
    let n_children = TREE.n_children(place, n);
    let child = |i| TREE.child(place, n, n_children - 1 - i);
    let sized = |i| arguments.sized(arguments.elements.saturating_mul(in_order_subtree(child(i), n).into()));
    steps.send_to_each(n_children, |i| me.at(child(i)), sized)
}

/// The root sends the part of one rank after the other; empty parts are not sent: p - 1 messages at most.
pub(super) fn scatterv(me: Member, arguments: Arguments, parts: &impl Parts, steps: &mut Steps) -> Found {
    if !me.is_root() {
        return if parts.of(me.rank) > 0 { steps.recv(me.root) } else { Found::Continue(()) };
    }
    let sized = |rank| arguments.sized(parts.of(rank));
    if parts.are_all_there() {
        return steps.send_to_each(me.n_others(), |i| me.other(i), |i| sized(me.other(i)));
    }
    let mut others = (0..me.n_others()).map(|i| me.other(i)).filter(|rank| parts.of(*rank) > 0);
    others.try_for_each(|rank| steps.send(rank, sized(rank)))
}

/// The same; the root starts all sends, then waits.
pub(super) fn scatterv_at_once(me: Member, arguments: Arguments, parts: &impl Parts, steps: &mut Steps) -> Found {
    if !me.is_root() {
        return if parts.of(me.rank) > 0 { steps.recv(me.root) } else { Found::Continue(()) };
    }
    let mut others = (0..me.n_others()).map(|i| me.other(i)).filter(|rank| parts.of(*rank) > 0);
    others.try_for_each(|rank| steps.start_send(rank, arguments.sized(parts.of(rank))))?;
    steps.wait_all()
}
