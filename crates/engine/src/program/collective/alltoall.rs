//! Alltoall: each rank has a block of its own for every other rank.

use super::exchange::{Exchange, envelope, pattern};
use super::member::Member;
use super::steps::{Found, Steps};
use crate::program::Op;
use crate::units::Bytes;

/// All receives and sends are started, then waited for: p (p - 1) messages.
///
/// Receives begin with the next rank and go up, sends begin with the previous one and go down, as in Open MPI.
pub(super) fn linear(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    steps.ops(me.n_others(), |i| Op::Irecv(pattern(me.after(1 + i))))?;
    steps.ops(me.n_others(), |i| Op::Isend(envelope(me.before(1 + i), bytes)))?;
    steps.wait_all()
}

/// Ranks whose messages a scattered alltoall has under way at once, the rank itself among the first (MPICH's default).
pub(super) const AT_ONCE: u32 = 32;

/// As [`linear`], but a group of ranks after the other.
pub(super) fn scattered(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    for first in (0..me.n_ranks).step_by(AT_ONCE as usize) {
        let (from, end) = (first.max(1), (first + AT_ONCE).min(me.n_ranks));
        steps.ops(end - from, |i| Op::Irecv(pattern(me.after(from + i))))?;
        steps.ops(end - from, |i| Op::Isend(envelope(me.before(from + i), bytes)))?;
        steps.wait_all()?;
    }
    Found::Continue(())
}

/// In round k (from 1) the ranks that differ in the bits of k swap blocks: p (p - 1) messages. For powers of two only.
#[inline]
pub(super) fn swap(me: Member, bytes: Bytes, round: u32) -> Option<Exchange> {
    let peer = me.rank ^ (1 + round);
    (1 + round < me.n_ranks).then(|| Exchange::new(peer, peer, bytes))
}

/// In round k (from 1) each rank sends to rank + k and receives from rank - k: p (p - 1) messages.
#[inline]
pub(super) fn pairwise(me: Member, bytes: Bytes, round: u32) -> Option<Exchange> {
    let distance = 1 + round;
    (distance < me.n_ranks).then(|| Exchange::new(me.after(distance), me.before(distance), bytes))
}

/// In round k each rank passes on to rank + 2^k all blocks that have to go a distance with bit k: p ceil(log2 p) messages.
///
/// Bruck, Ho, Kipnis, Upfal and Weathersby (1997), section 3.
#[inline]
pub(super) fn bruck(me: Member, bytes: Bytes, round: u32) -> Option<Exchange> {
    if round >= me.n_ranks.next_power_of_two().ilog2() {
        return None;
    }
    let distance = 1 << round;
    let n_blocks = n_with_bit(me.n_ranks, round);
    Some(Exchange::new(me.after(distance), me.before(distance), bytes.saturating_mul(n_blocks)))
}

/// Returns how many of the numbers 0..n have this bit.
fn n_with_bit(n: u32, bit: u32) -> u64 {
    let (n, half) = (u64::from(n), 1_u64 << bit);
    n / (2 * half) * half + (n % (2 * half)).saturating_sub(half)
}
