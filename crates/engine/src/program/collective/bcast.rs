//! Bcast: the root's vector goes to every rank.

use super::arguments::Arguments;
use super::exchange::Exchange;
use super::member::Member;
use super::steps::{Found, Steps};
use super::tree::Tree;
use crate::units::Bytes;

/// The root sends to each rank, all at once: p - 1 messages.
pub(super) fn linear(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    if me.is_root() {
        return steps.send_to_all(me.n_others(), |i| me.other(i), bytes);
    }
    steps.recv(me.root)
}

/// Along a tree; each rank sends to all its children at once: p - 1 messages.
pub(super) fn along(tree: Tree, me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    let (place, n) = (me.place(), me.n_ranks);
    if let Some(parent) = tree.parent(place, n) {
        steps.recv(me.at(parent))?;
    }
    steps.send_to_all(tree.n_children(place, n), |i| me.at(tree.child(place, n, i)), bytes)
}

/// Along the binomial tree in which a subtree is a range; each rank sends to one child after the other, that with the largest
/// subtree first: p - 1 messages.
pub(super) fn binomial_in_turn(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    const TREE: Tree = Tree::InOrderBinomial;
    let (place, n) = (me.place(), me.n_ranks);
    if let Some(parent) = TREE.parent(place, n) {
        steps.recv(me.at(parent))?;
    }
    let n_children = TREE.n_children(place, n);
    steps.send_to_each(n_children, |i| me.at(TREE.child(place, n, n_children - 1 - i)), |_| bytes)
}

/// The first half of the elements goes down the side of the binary tree with odd places, the second half down the other
/// side; then neighbouring places exchange their halves. Where there is no neighbour, the root sends the second half.
pub(super) fn split_binary(me: Member, arguments: Arguments, steps: &mut Steps) -> Found {
    let halves = [arguments.elements.div_ceil(2), arguments.elements / 2].map(|half| arguments.sized(half));
    let (place, n) = (me.place(), me.n_ranks);
    let side = usize::from(place.is_multiple_of(2));
    if let Some(parent) = Tree::Binary.parent(place, n) {
        steps.recv(me.at(parent))?;
    }
    for i in 0..Tree::Binary.n_children(place, n) {
        let half = if place == 0 { i as usize } else { side };
        steps.send(me.at(Tree::Binary.child(place, n, i)), halves[half])?;
    }
    let is_even = n.is_multiple_of(2);
    match place {
        0 if is_even => steps.send(me.at(n - 1), halves[1]),
        0 => Found::Continue(()),
        _ if is_even && place == n - 1 => steps.recv(me.root),
        _ if side == 0 => steps.exchange(me.at(place + 1), halves[0]),
        _ => steps.exchange(me.at(place - 1), halves[1]),
    }
}

/// Blocks of `ceil(n / p)` elements, the last of which may be shorter or empty.
struct Blocks {
    arguments: Arguments,
    each: u64,
}

impl Blocks {
    fn of(arguments: Arguments, n_ranks: u32) -> Self {
        Self { arguments, each: arguments.elements.div_ceil(n_ranks.into()) }
    }

    /// Returns the elements of blocks `first` to one below `end`.
    fn between(&self, first: u32, end: u32) -> u64 {
        let before = |block: u32| self.each.saturating_mul(block.into()).min(self.arguments.elements);
        before(end) - before(first)
    }

    fn bytes(&self, first: u32, end: u32) -> Bytes {
        self.arguments.sized(self.between(first, end))
    }
}

/// The blocks of the vector are scattered along the binomial tree in which a subtree is a range, the largest subtree
/// first; what is empty is not sent.
fn scatter(me: Member, blocks: &Blocks, steps: &mut Steps) -> Found {
    let (place, n) = (me.place(), me.n_ranks);
    if place > 0 && blocks.between(place, n) > 0 {
        steps.recv(me.at(place & (place - 1)))?;
    }
    for i in (0..Tree::InOrderBinomial.n_children(place, n)).rev() {
        let (child, width) = (Tree::InOrderBinomial.child(place, n, i), 1 << i);
        let end = child.saturating_add(width).min(n);
        if blocks.between(child, end) > 0 {
            steps.send(me.at(child), blocks.bytes(child, end))?;
        }
    }
    Found::Continue(())
}

/// A scatter, then an allgather by recursive doubling. In a round a place exchanges all that its half of a subtree has with
/// the same place of the other half; places of a lower half without such a partner get it from those that have it, along the
/// bits of the place from the highest on. Thakur, Rabenseifner and Gropp (2005), section 4.2.
pub(super) fn scatter_allgather(me: Member, arguments: Arguments, steps: &mut Steps) -> Found {
    let blocks = Blocks::of(arguments, me.n_ranks);
    scatter(me, &blocks, steps)?;
    let (place, n) = (me.place(), me.n_ranks);
    for round in 0..n.next_power_of_two().ilog2() {
        let half = 1_u32 << round;
        let own = place & !(half - 1);
        let peer = place ^ half;
        if peer < n {
            steps.exchange(me.at(peer), blocks.bytes(own, (own + half).min(n)))?;
        }
        let n_with_partner = n.saturating_sub(own + half);
        if own & half == 0 && n_with_partner < half {
            let missing = blocks.bytes((own + half).min(n), (own + 2 * half).min(n));
            hand_on(me, round, n_with_partner, missing, steps)?;
        }
    }
    Found::Continue(())
}

/// Of the half of a subtree with 2^`round` places the first ones have `bytes`, and hand them on to the others.
pub(super) fn hand_on(me: Member, round: u32, n_with: u32, bytes: Bytes, steps: &mut Steps) -> Found {
    let place = me.place();
    for bit in (0..round).map(|i| 1_u32 << i).rev() {
        let peer = place ^ bit;
        let first_without = (place & !(2 * bit - 1)) + n_with;
        if place < peer && place < first_without && first_without <= peer {
            steps.send(me.at(peer), bytes)?;
        } else if peer < place && peer < first_without && first_without <= place {
            steps.recv(me.at(peer))?;
        }
    }
    Found::Continue(())
}

/// A scatter, then an allgather around the ring.
pub(super) fn scatter_allgather_ring(me: Member, arguments: Arguments, steps: &mut Steps) -> Found {
    let blocks = Blocks::of(arguments, me.n_ranks);
    scatter(me, &blocks, steps)?;
    let exchange = |round| {
        let block = Member { rank: me.place(), ..me }.before(round);
        Exchange::new(me.after(1), me.before(1), blocks.bytes(block, block + 1))
    };
    steps.exchanges(me.n_others(), exchange)
}
