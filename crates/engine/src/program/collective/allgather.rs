//! Allgather: every rank gets the block of every rank.

use super::arguments::Arguments;
use super::exchange::Exchange;
use super::member::Member;
use super::parts::Parts;
use super::steps::{Found, Steps};
use crate::units::Bytes;

/// The blocks go around: p (p - 1) messages of one block.
#[inline]
pub(super) fn ring(me: Member, arguments: Arguments, parts: &impl Parts, round: u32) -> Option<Exchange> {
    let exchange = || {
        let bytes = arguments.sized(parts.of(me.before(round)));
        Exchange::new(me.after(1), me.before(1), bytes)
    };
    (round < me.n_others()).then(exchange)
}

/// Bytes of a piece (MPICH's default).
const PIECE: u64 = 32 << 10;

/// The same in pieces of so many bytes at most; each rank has as many elements.
pub(super) fn ring_in_pieces(me: Member, arguments: Arguments, elements: u64, round: u32) -> Option<Exchange> {
    let piece = elements_of_piece(arguments);
    let n_pieces = u32::try_from(elements.div_ceil(piece)).unwrap_or(u32::MAX).max(1);
    let done = piece.saturating_mul((round % n_pieces).into());
    let bytes = arguments.sized(piece.min(elements - done));
    (round / n_pieces < me.n_others()).then(|| Exchange::new(me.after(1), me.before(1), bytes))
}

/// The same where ranks have their own numbers of elements: pieces are sent and received side by side, as long as there are
/// any; what is empty is passed over.
pub(super) fn uneven_ring_in_pieces(me: Member, arguments: Arguments, parts: &impl Parts, steps: &mut Steps) -> Found {
    let piece = elements_of_piece(arguments);
    let mut given = Pieces { part: me.rank, done: 0, left: parts.before(me.n_ranks) - parts.of(me.after(1)) };
    let mut got = Pieces { part: me.before(1), done: 0, left: parts.before(me.n_ranks) - parts.of(me.rank) };
    while given.left > 0 || got.left > 0 {
        let given = arguments.sized(given.next(me, parts, piece));
        match (given, got.next(me, parts, piece)) {
            (Bytes(0), 0) => {}
            (Bytes(0), _) => steps.recv(me.before(1))?,
            (_, 0) => steps.send(me.after(1), given)?,
            _ => steps.exchanges(1, |_| Exchange::new(me.after(1), me.before(1), given))?,
        }
    }
    Found::Continue(())
}

fn elements_of_piece(arguments: Arguments) -> u64 {
    (PIECE / arguments.element_bytes.max(1)).max(1)
}

/// How far a rank is with the parts that it sends, or receives.
struct Pieces {
    part: u32,
    /// Elements of the part.
    done: u64,
    /// Elements of all parts.
    left: u64,
}

impl Pieces {
    /// Returns the elements of the next piece.
    fn next(&mut self, me: Member, parts: &impl Parts, piece: u64) -> u64 {
        let elements = if self.left == 0 { 0 } else { piece.min(parts.of(self.part) - self.done) };
        (self.done, self.left) = (self.done + elements, self.left - elements);
        if self.done == parts.of(self.part) {
            (self.part, self.done) = (Member { rank: self.part, ..me }.before(1), 0);
        }
        elements
    }
}

/// Pairwise exchange along the bits of the rank number, of twice as many blocks each time: p log2 p messages. For powers
/// of two only.
#[inline]
pub(super) fn recursive_doubling(me: Member, arguments: Arguments, parts: &impl Parts, round: u32) -> Option<Exchange> {
    let distance = 1_u32.checked_shl(round)?;
    let exchange = || {
        let (peer, first) = (me.rank ^ distance, me.rank & !(distance - 1));
        Exchange::new(peer, peer, arguments.sized(parts.between(first, first + distance)))
    };
    (round < me.n_ranks.ilog2()).then(exchange)
}

/// In round k each rank sends what it has to rank - 2^k and receives from rank + 2^k: p ceil(log2 p) messages.
///
/// Bruck, Ho, Kipnis, Upfal and Weathersby (1997), section 4.
#[inline]
pub(super) fn bruck(me: Member, arguments: Arguments, parts: &impl Parts, round: u32) -> Option<Exchange> {
    if round >= me.n_ranks.next_power_of_two().ilog2() {
        return None;
    }
    let distance = 1 << round;
    let n_blocks = distance.min(me.n_ranks - distance);
    let bytes = arguments.sized(parts.around(me.rank, n_blocks, me.n_ranks));
    Some(Exchange::new(me.before(distance), me.after(distance), bytes))
}

/// Neighbours exchange in turn to the one side and to the other, first one block, then the two that came last: p * p/2
/// messages. For even numbers of ranks only.
///
/// Chen, Zhang, Liu and Wu, Performance evaluation of allgather algorithms on terascale Linux cluster (2005).
#[inline]
pub(super) fn neighbor(me: Member, arguments: Arguments, parts: &impl Parts, round: u32) -> Option<Exchange> {
    if round >= me.n_ranks / 2 {
        return None;
    }
    let is_even = me.rank.is_multiple_of(2);
    let peer = if is_even == round.is_multiple_of(2) { me.after(1) } else { me.before(1) };
    // Blocks come in pairs of an even rank and the next one, from farther and farther away, in turn from both sides.
    let pair = Member { rank: me.rank & !1, ..me };
    let elements = match round {
        0 => parts.of(me.rank),
        1 => parts.around(pair.rank, 2, me.n_ranks),
        _ => {
            let is_from_below = is_even == round.is_multiple_of(2);
            let distance = 2 * (round / 2);
            let first = if is_from_below { pair.before(distance) } else { pair.after(distance) };
            parts.around(first, 2, me.n_ranks)
        }
    };
    Some(Exchange::new(peer, peer, arguments.sized(elements)))
}
