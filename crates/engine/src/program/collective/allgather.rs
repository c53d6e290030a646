//! Allgather: every rank gets the block of every rank.

use super::arguments::Arguments;
use super::exchange::Exchange;
use super::member::Member;
use super::parts::Parts;

/// The blocks go around: p (p - 1) messages of one block.
#[inline]
pub(super) fn ring(me: Member, arguments: Arguments, parts: &impl Parts, round: u32) -> Option<Exchange> {
    let exchange = || {
        let bytes = arguments.sized(parts.of(me.before(round)));
        Exchange::new(me.after(1), me.before(1), bytes)
    };
    (round < me.n_others()).then(exchange)
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
