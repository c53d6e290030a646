//! The selection trees of MPICH 4 for one rank on each host: which algorithm for how many ranks and bytes.
//!
//! Facts from `src/mpi/coll/src/coll_selection/generic.json` (mpir) and `src/mpid/ch4/src/ch4_generic.json` of 4.0.2, which 4.2.1 shares
//! for all that is here (`tests/integration` compares them, branch by branch). There the compositions of ch4 hand over to the trees of
//! mpir at once. Operations that commute are taken for those of MPI itself, others for a program's own.

use super::{are_blocks_in_order, can_be_halved};
use crate::machine::{
    AllgatherAlgorithm, AllgathervAlgorithm, AllreduceAlgorithm, AlltoallAlgorithm, BarrierAlgorithm, BcastAlgorithm,
    GatherAlgorithm, ReduceAlgorithm, ReduceScatterAlgorithm, ReduceScatterBlockAlgorithm, ScatterAlgorithm,
};
use crate::program::collective::Arguments;

const KI: u64 = 1 << 10;

/// Barrier.
pub(super) const BARRIER: BarrierAlgorithm = BarrierAlgorithm::Dissemination;

/// Scatter.
pub(super) const SCATTER: ScatterAlgorithm = ScatterAlgorithm::Binomial;

/// Gather.
pub(super) const GATHER: GatherAlgorithm = GatherAlgorithm::Binomial;

/// Bcast.
pub(super) fn bcast(n_ranks: u32, vector: Arguments) -> BcastAlgorithm {
    let bytes = vector.bytes().0;
    if n_ranks < 8 || bytes <= 12 * KI {
        BcastAlgorithm::BinomialInTurn
    } else if n_ranks.is_power_of_two() && bytes <= 512 * KI {
        BcastAlgorithm::ScatterAllgather
    } else {
        BcastAlgorithm::ScatterAllgatherRing
    }
}

/// Reduce.
pub(super) fn reduce(n_ranks: u32, vector: Arguments) -> ReduceAlgorithm {
    if vector.bytes().0 > 2 * KI && can_be_halved(n_ranks, vector) {
        ReduceAlgorithm::ReduceScatterGather
    } else {
        ReduceAlgorithm::BinomialInTurn
    }
}

/// Allreduce.
pub(super) fn allreduce(n_ranks: u32, vector: Arguments) -> AllreduceAlgorithm {
    if vector.bytes().0 > 8 && can_be_halved(n_ranks, vector) {
        AllreduceAlgorithm::ReduceScatterAllgather
    } else {
        AllreduceAlgorithm::RecursiveDoubling
    }
}

/// Allgather.
pub(super) fn allgather(n_ranks: u32, block: Arguments) -> AllgatherAlgorithm {
    let all = block.bytes().0.saturating_mul(n_ranks.into());
    match n_ranks.is_power_of_two() {
        true if all < 512 * KI => AllgatherAlgorithm::RecursiveDoubling,
        false if all < 80 * KI => AllgatherAlgorithm::Bruck,
        _ => AllgatherAlgorithm::Ring,
    }
}

/// Allgatherv.
pub(super) fn allgatherv(n_ranks: u32, all: Arguments) -> AllgathervAlgorithm {
    match n_ranks.is_power_of_two() {
        true if all.bytes().0 < 512 * KI => AllgathervAlgorithm::RecursiveDoubling,
        false if all.bytes().0 < 80 * KI => AllgathervAlgorithm::Bruck,
        _ => AllgathervAlgorithm::RingInPieces,
    }
}

/// Alltoall. The tree says "fewer than 8", but what is asked at each call, and not once for a communicator, is taken for "at most" by
/// `csel.c`.
pub(super) fn alltoall(n_ranks: u32, block: Arguments) -> AlltoallAlgorithm {
    match block.bytes().0 {
        bytes if bytes <= 256 && n_ranks > 8 => AlltoallAlgorithm::Bruck,
        bytes if bytes <= 32 * KI => AlltoallAlgorithm::Scattered,
        _ => AlltoallAlgorithm::PairwiseSwap,
    }
}

/// `reduce_scatter`.
pub(super) fn reduce_scatter(n_ranks: u32, vector: Arguments) -> ReduceScatterAlgorithm {
    match vector.commutes {
        true if vector.bytes().0 < 512 * KI => ReduceScatterAlgorithm::RecursiveHalving,
        true => ReduceScatterAlgorithm::Pairwise,
        false if are_blocks_in_order(n_ranks, vector) => ReduceScatterAlgorithm::ButterflyInOrder,
        false => ReduceScatterAlgorithm::RecursiveDoubling,
    }
}

/// `reduce_scatter_block`, of the vector.
pub(super) fn reduce_scatter_block(n_ranks: u32, vector: Arguments) -> ReduceScatterBlockAlgorithm {
    match vector.commutes {
        true if vector.bytes().0 < 512 * KI => ReduceScatterBlockAlgorithm::RecursiveHalving,
        true => ReduceScatterBlockAlgorithm::Pairwise,
        false if n_ranks.is_power_of_two() => ReduceScatterBlockAlgorithm::Butterfly,
        false => ReduceScatterBlockAlgorithm::RecursiveDoubling,
    }
}
