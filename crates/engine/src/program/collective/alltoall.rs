//! Alltoall: each rank has a block of its own for every other rank.

use super::{Exchange, Op, after, before, envelope, pattern};
use crate::units::Bytes;

/// All receives and sends are started, then waited for: p (p - 1) messages.
///
/// Receives begin with the next rank and go up, sends begin with the previous one and go down, as in Open MPI.
pub(super) fn linear(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let others = n_ranks - 1;
    if step < others {
        return Some(Op::Irecv(pattern(after(rank, 1 + step, n_ranks))));
    }
    let step = step - others;
    if step < others {
        return Some(Op::Isend(envelope(before(rank, 1 + step, n_ranks), bytes)));
    }
    (others > 0 && step == others).then_some(Op::WaitAll)
}

/// In round k (from 1) each rank sends to rank + k and receives from rank - k: p (p - 1) messages.
pub(super) fn pairwise(rank: u32, n_ranks: u32, bytes: Bytes, round: u32) -> Option<Exchange> {
    let distance = 1 + round;
    let exchange = || Exchange::new(after(rank, distance, n_ranks), before(rank, distance, n_ranks), bytes);
    (distance < n_ranks).then(exchange)
}

/// In round k each rank passes on to rank + 2^k all blocks that have to go a distance with bit k: p ceil(log2 p) messages.
///
/// Bruck, Ho, Kipnis, Upfal and Weathersby (1997), section 3.
pub(super) fn bruck(rank: u32, n_ranks: u32, bytes: Bytes, round: u32) -> Option<Exchange> {
    if round >= n_ranks.next_power_of_two().ilog2() {
        return None;
    }
    let distance = 1 << round;
    let (to, from) = (after(rank, distance, n_ranks), before(rank, distance, n_ranks));
    let n_blocks = n_with_bit(n_ranks, round);
    Some(Exchange::new(to, from, bytes.saturating_mul(n_blocks)))
}

/// Returns how many of the numbers 0..n have this bit.
fn n_with_bit(n: u32, bit: u32) -> u64 {
    let (n, half) = (u64::from(n), 1_u64 << bit);
    n / (2 * half) * half + (n % (2 * half)).saturating_sub(half)
}
