//! Ring: each rank sends to the next one and receives from the previous one.

use super::{EXCHANGE_OPS, Op, after, before, exchange};
use crate::units::Bytes;

/// One shift by one rank: p messages; none for a rank alone.
pub(super) fn shift(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let exchange = || exchange(after(rank, 1, n_ranks), before(rank, 1, n_ranks), bytes, step);
    (n_ranks > 1 && step < EXCHANGE_OPS).then(exchange)
}
