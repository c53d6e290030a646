//! Halo: each rank swaps bytes with the previous rank and the next one.

use super::{Op, envelope, pattern};
use crate::units::Bytes;

/// Receives from both neighbours, sends to both, and waits: 2 (p - 1) messages. The first and the last rank have one
/// neighbour, a rank alone has none.
pub(super) fn swap(rank: u32, n_ranks: u32, bytes: Bytes, step: u32) -> Option<Op> {
    let previous = rank.checked_sub(1);
    let next = Some(rank + 1).filter(|next| *next < n_ranks);
    let neighbours = [previous.or(next)?, next.or(previous)?];
    let n = if previous.is_some() && next.is_some() { 2 } else { 1 };
    match step {
        _ if step < n => Some(Op::Irecv(pattern(neighbours[step as usize]))),
        _ if step < 2 * n => Some(Op::Isend(envelope(neighbours[(step - n) as usize], bytes))),
        _ => (step == 2 * n).then_some(Op::WaitAll),
    }
}
