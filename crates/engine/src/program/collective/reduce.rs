//! Reduce: a vector of each rank is reduced to one on the root. The arithmetic itself is not charged.

use super::arguments::Arguments;
use super::blocks::{Blocks, Stays};
use super::halving::Halving;
use super::member::Member;
use super::steps::{Found, Steps};
use super::tree::Tree;
use crate::units::Bytes;

/// The root receives from one rank after the other, the last rank first: p - 1 messages.
pub(super) fn linear(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    if me.is_root() {
        return steps.recv_from_each(me.n_others(), |i| me.other(me.n_others() - 1 - i));
    }
    steps.send(me.root, bytes)
}

/// Along a tree; each rank receives from one child after the other, one child ahead, and passes the result on: p - 1 messages.
pub(super) fn along(tree: Tree, me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    let (place, n) = (me.place(), me.n_ranks);
    let n_children = tree.n_children(place, n);
    steps.recv_ahead(n_children, |i| me.at(tree.child(place, n, i)))?;
    match tree.parent(place, n) {
        Some(parent) => steps.send(me.at(parent), bytes),
        None => Found::Continue(()),
    }
}

/// Along a binomial tree; each rank receives from one child after the other, then passes the result on: p - 1 messages. Of an
/// operation that does not commute rank 0 gets the result and sends it to the root.
pub(super) fn binomial_in_turn(me: Member, arguments: Arguments, steps: &mut Steps) -> Found {
    const TREE: Tree = Tree::InOrderBinomial;
    let bytes = arguments.bytes();
    let top = if arguments.commutes { me } else { me.under(0) };
    let (place, n) = (top.place(), top.n_ranks);
    steps.recv_from_each(TREE.n_children(place, n), |i| top.at(TREE.child(place, n, i)))?;
    if let Some(parent) = TREE.parent(place, n) {
        steps.send(top.at(parent), bytes)?;
    }
    match top.root {
        root if root == me.root => Found::Continue(()),
        root if root == me.rank => steps.send(me.root, bytes),
        root if me.is_root() => steps.recv(root),
        _ => Found::Continue(()),
    }
}

/// As [`rabenseifner`], of blocks. The gather is the same; a root that is left out takes the place of rank 0.
pub(super) fn in_blocks(me: Member, arguments: Arguments, steps: &mut Steps) -> Found {
    let blocks = Blocks::of(arguments, me.n_ranks, Stays::Even);
    let Some(place) = blocks.reduce_scatter(me, steps)?.or((me.is_root()).then_some(0)) else {
        return Found::Continue(());
    };
    let is_root_left_out = blocks.place(me.root).is_none();
    if is_root_left_out {
        if me.is_root() {
            steps.recv(0)?;
        } else if place == 0 {
            return steps.send(me.root, blocks.own(0, 0));
        }
    }
    let root_place = blocks.place(me.root).unwrap_or(0);
    for round in (0..blocks.n_rounds).rev() {
        let peer_place = place ^ (1 << round);
        let peer = if peer_place == 0 && is_root_left_out { me.root } else { blocks.rank(peer_place) };
        if peer_place >> round == root_place >> round {
            return steps.send(peer, blocks.own(place, round));
        }
        steps.recv(peer)?;
    }
    Found::Continue(())
}

/// Along the binary tree that keeps the order of the ranks, whose root is the last rank, which sends the result to the root.
pub(super) fn in_order_binary(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    along(Tree::InOrderBinary, me.under(0), bytes, steps)?;
    let last = me.n_ranks - 1;
    if me.root == last {
        Found::Continue(())
    } else if me.rank == last {
        steps.send(me.root, bytes)
    } else if me.is_root() {
        steps.recv(last)
    } else {
        Found::Continue(())
    }
}

/// Rabenseifner's algorithm: a reduce-scatter by halving, then a gather in the reverse order of the exchanges. A root that
/// is left out of the halving takes the place of rank 0 in the gather (Thakur, Rabenseifner and Gropp, 2005, section 4.4).
pub(super) fn rabenseifner(me: Member, arguments: Arguments, steps: &mut Steps) -> Found {
    let halving = Halving::of(arguments, me.n_ranks);
    halving.reduce_scatter(me, steps)?;
    let is_root_left_out = halving.place(me.root).is_none();
    let root_place = halving.place(me.root).unwrap_or(0);
    let mut place = halving.place(me.rank);
    if is_root_left_out {
        let last = halving.part(0, halving.n_rounds - 1).kept;
        if me.is_root() {
            steps.recv(0)?;
            place = Some(0);
        } else if me.rank == 0 {
            steps.send(me.root, arguments.sized(last))?;
            place = None;
        }
    }
    let Some(place) = place else { return Found::Continue(()) };
    for round in (0..halving.n_rounds).rev() {
        let peer_place = place ^ (1 << round);
        let peer = if peer_place == 0 && is_root_left_out { me.root } else { halving.rank(peer_place) };
        if peer_place >> round == root_place >> round {
            return steps.send(peer, arguments.sized(halving.part(place, round).kept));
        }
        steps.recv(peer)?;
    }
    Found::Continue(())
}
