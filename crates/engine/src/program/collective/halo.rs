//! Halo: each rank swaps bytes with the previous rank and the next one.

use super::exchange::{envelope, pattern};
use super::member::Member;
use super::steps::{Found, Steps};
use crate::program::Op;
use crate::units::Bytes;

/// Receives from both neighbours, sends to both, and waits: 2 (p - 1) messages. The first and the last rank have one
/// neighbour.
pub(super) fn swap(me: Member, bytes: Bytes, steps: &mut Steps) -> Found {
    let (first, last) = (me.rank == 0, me.rank + 1 == me.n_ranks);
    let neighbour = |i| if i == 0 && !first { me.rank - 1 } else { me.rank + 1 };
    let n = 2 - u32::from(first) - u32::from(last);
    steps.ops(n, |i| Op::Irecv(pattern(neighbour(i))))?;
    steps.ops(n, |i| Op::Isend(envelope(neighbour(i), bytes)))?;
    steps.wait_all()
}
