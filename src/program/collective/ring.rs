//! Ring: each rank sends to the next one and receives from the previous one.

use super::{EXCHANGE_OPS, Op, exchange};
use crate::units::Bytes;

/// One shift by one rank: p messages; none for a rank alone.
pub(super) fn shift(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let next = (rank + 1) % n_ranks;
    let previous = (rank + n_ranks - 1) % n_ranks;
    (n_ranks > 1 && step < EXCHANGE_OPS).then(|| exchange(next, previous, bytes, step))
}
