//! Ring: each rank sends to the next one and receives from the previous one.

use super::{Exchange, after, before};
use crate::units::Bytes;

/// One shift by one rank: p messages; none for a rank alone.
pub(super) fn shift(rank: u32, n_ranks: u32, bytes: Bytes, round: u32) -> Option<Exchange> {
    let exchange = || Exchange::new(after(rank, 1, n_ranks), before(rank, 1, n_ranks), bytes);
    (n_ranks > 1 && round == 0).then(exchange)
}
