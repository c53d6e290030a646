//! Ring: each rank sends to the next one and receives from the previous one.

use super::exchange::Exchange;
use super::member::Member;
use crate::units::Bytes;

/// One shift by one rank: p messages; none for a rank alone.
#[inline]
pub(super) fn shift(me: Member, bytes: Bytes, round: u32) -> Option<Exchange> {
    (me.n_ranks > 1 && round == 0).then(|| Exchange::new(me.after(1), me.before(1), bytes))
}
