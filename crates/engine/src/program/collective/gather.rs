//! Gather: the root gets the block of each rank.

use super::arguments::Arguments;
use super::member::Member;
use super::parts::Parts;
use super::steps::{Found, Steps};
use super::tree::{Tree, in_order_subtree};
use crate::units::Bytes;

/// The root receives from one rank after the other: p - 1 messages.
pub(super) fn linear(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    if me.is_root() {
        return steps.recv_from_each(me.n_others(), |i| me.other(i));
    }
    steps.send(me.root, bytes)
}

/// The root tells one rank after the other to send, with a message of no bytes, and receives from it. Each rank ends with
/// another message of no bytes, what would be left after a first segment: 3 (p - 1) messages.
pub(super) fn linear_sync(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    const NO_BYTES: Bytes = Bytes(0);
    if !me.is_root() {
        steps.recv(me.root)?;
        steps.send(me.root, bytes)?;
        return steps.send(me.root, NO_BYTES);
    }
    steps.invite_each(me.n_others(), |i| me.other(i), NO_BYTES)?;
    steps.wait_all()
}

/// Each rank collects the blocks of its children's subtrees, the smallest first, and passes them on: p - 1 messages.
pub(super) fn binomial(me: Member, arguments: Arguments, steps: &mut Steps) -> Found {
    const TREE: Tree = Tree::InOrderBinomial;
    let (place, n) = (me.place(), me.n_ranks);
    steps.recv_from_each(TREE.n_children(place, n), |i| me.at(TREE.child(place, n, i)))?;
    let Some(parent) = TREE.parent(place, n) else { return Found::Continue(()) };
    let n_blocks = u64::from(in_order_subtree(place, n));
    steps.send(me.at(parent), arguments.sized(arguments.elements.saturating_mul(n_blocks)))
}

/// The root receives the part of one rank after the other; empty parts are not sent: p - 1 messages at most.
pub(super) fn gatherv(me: Member, arguments: Arguments, parts: &impl Parts, steps: &mut Steps) -> Found {
    if !me.is_root() {
        let part = parts.of(me.rank);
        return if part > 0 { steps.send(me.root, arguments.sized(part)) } else { Found::Continue(()) };
    }
    if parts.are_all_there() {
        return steps.recv_from_each(me.n_others(), |i| me.other(i));
    }
    (0..me.n_others()).map(|i| me.other(i)).filter(|rank| parts.of(*rank) > 0).try_for_each(|rank| steps.recv(rank))
}

/// So many ranks or more send synchronously, so that the root is not flooded (MPICH's default).
const SYNCHRONOUS_FROM: u32 = 32;

/// The same; the root starts all receives, then waits.
pub(super) fn gatherv_at_once(me: Member, arguments: Arguments, parts: &impl Parts, steps: &mut Steps) -> Found {
    if me.is_root() {
        let mut others = (0..me.n_others()).map(|i| me.other(i)).filter(|rank| parts.of(*rank) > 0);
        others.try_for_each(|rank| steps.start_recv(rank))?;
        return steps.wait_all();
    }
    match arguments.sized(parts.of(me.rank)) {
        Bytes(0) => Found::Continue(()),
        part if me.n_ranks >= SYNCHRONOUS_FROM => steps.send_synchronous(me.root, part),
        part => steps.send(me.root, part),
    }
}
