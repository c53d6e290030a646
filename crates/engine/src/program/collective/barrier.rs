//! Barrier: nobody leaves before all have entered.

use super::{EXCHANGE_OPS, Exchange, Op, after, before, envelope, recv, send};
use crate::units::Bytes;

const NO_BYTES: Bytes = Bytes(0);

/// All ranks report to rank 0, which then releases them: 2 (p - 1) messages.
pub(super) fn linear(rank: u32, n_ranks: u32, step: u32) -> Option<Op> {
    let others = n_ranks - 1;
    match (rank, step) {
        (0, step) if others == 0 || step > 2 * others => None,
        (0, step) if step < others => Some(recv(step + 1)),
        (0, step) if step < 2 * others => Some(Op::Isend(envelope(step - others + 1, NO_BYTES))),
        (0, _) => Some(Op::WaitAll),
        (_, 0) => Some(send(0, NO_BYTES)),
        (_, 1) => Some(recv(0)),
        (_, _) => None,
    }
}

/// Pairwise exchange along the bits of the rank number. Ranks beyond the largest power of two q report to a partner
/// before and are released by it after: q log2 q + 2 (p - q) messages.
pub(super) fn recursive_doubling(rank: u32, n_ranks: u32, step: u32) -> Option<Op> {
    let q = 1 << n_ranks.ilog2();
    if rank >= q {
        return match step {
            0 => Some(send(rank - q, NO_BYTES)),
            1 => Some(recv(rank - q)),
            _ => None,
        };
    }
    let has_partner = rank + q < n_ranks;
    if has_partner && step == 0 {
        return Some(recv(rank + q));
    }
    let step = step - u32::from(has_partner);
    let round = step / EXCHANGE_OPS;
    if round < n_ranks.ilog2() {
        let peer = rank ^ (1 << round);
        return Some(Exchange::new(peer, peer, NO_BYTES).op(step % EXCHANGE_OPS));
    }
    (has_partner && step == EXCHANGE_OPS * n_ranks.ilog2()).then(|| send(rank + q, NO_BYTES))
}

/// In round k each rank sends to rank + 2^k and receives from rank - 2^k: p ceil(log2 p) messages. Hensgen, Finkel and
/// Manber (1988); Open MPI calls it bruck.
pub(super) fn dissemination(rank: u32, n_ranks: u32, round: u32) -> Option<Exchange> {
    if round >= n_ranks.next_power_of_two().ilog2() {
        return None;
    }
    let distance = 1 << round;
    let (to, from) = (after(rank, distance, n_ranks), before(rank, distance, n_ranks));
    Some(Exchange::new(to, from, NO_BYTES))
}
