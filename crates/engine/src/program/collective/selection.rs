//! Which algorithm a collective uses: that of the library's rules, unless the machine model names one, and what the library
//! falls back to where an algorithm does not go with the ranks or the elements.

mod mpich;
mod open_mpi;

use self::open_mpi::rule;
use super::{Algorithm, Arguments, Collective, ReduceScatterWay, Uneven};
use crate::machine::{
    AllgatherAlgorithm, AllgathervAlgorithm, AllreduceAlgorithm, AlltoallAlgorithm, BcastAlgorithm, CollectiveLibrary,
    CollectiveOverrides, ReduceAlgorithm, ReduceScatterAlgorithm, ReduceScatterBlockAlgorithm, ScatterAlgorithm,
};

/// Returns whether the rules are those of MPICH, and not those of Open MPI.
const fn is_mpich(overrides: CollectiveOverrides) -> bool {
    matches!(overrides.library, Some(CollectiveLibrary::Mpich4))
}

/// Returns what the library takes that the model names.
fn by_library<A>(overrides: CollectiveOverrides, open_mpi: impl FnOnce() -> A, mpich: impl FnOnce() -> A) -> A {
    if is_mpich(overrides) { mpich() } else { open_mpi() }
}

/// Returns the barrier for `n_ranks`.
#[must_use]
pub fn barrier(n_ranks: u32, overrides: CollectiveOverrides) -> Collective {
    let by_rule = || by_library(overrides, || rule(open_mpi::BARRIER, n_ranks, 0), || mpich::BARRIER);
    let algorithm = overrides.barrier.unwrap_or_else(by_rule);
    Collective { algorithm: Algorithm::Barrier(algorithm), arguments: Arguments::of(0, 1) }
}

/// Returns the bcast of a vector to `n_ranks`.
#[must_use]
pub fn bcast(n_ranks: u32, vector: impl Into<Arguments>, overrides: CollectiveOverrides) -> Collective {
    let vector = vector.into();
    // MPICH divides it between bytes.
    let vector =
        if is_mpich(overrides) { Arguments { elements: vector.bytes().0, element_bytes: 1, ..vector } } else { vector };
    of(Algorithm::Bcast(bcast_algorithm(n_ranks, vector, overrides)), vector)
}

/// Returns the scatter of a block to each of `n_ranks`.
#[must_use]
pub fn scatter(n_ranks: u32, block: impl Into<Arguments>, overrides: CollectiveOverrides) -> Collective {
    let block = block.into();
    of(Algorithm::Scatter(scatter_algorithm(n_ranks, block, overrides)), block)
}

/// Returns the scatterv of a block to each rank.
#[must_use]
pub fn scatterv(block: impl Into<Arguments>, overrides: CollectiveOverrides) -> Collective {
    of(by_library(overrides, || Algorithm::Scatterv, || Algorithm::ScattervAtOnce), block.into())
}

/// Returns the gather of a block from each of `n_ranks`.
#[must_use]
pub fn gather(n_ranks: u32, block: impl Into<Arguments>, overrides: CollectiveOverrides) -> Collective {
    let block = block.into();
    let by_rule = || by_library(overrides, || rule(open_mpi::GATHER, n_ranks, block.bytes().0), || mpich::GATHER);
    of(Algorithm::Gather(overrides.gather.unwrap_or_else(by_rule)), block)
}

/// Returns the gatherv of a block from each rank.
#[must_use]
pub fn gatherv(block: impl Into<Arguments>, overrides: CollectiveOverrides) -> Collective {
    of(by_library(overrides, || Algorithm::Gatherv, || Algorithm::GathervAtOnce), block.into())
}

/// Returns the reduce of a vector over `n_ranks`.
#[must_use]
pub fn reduce(n_ranks: u32, vector: impl Into<Arguments>, overrides: CollectiveOverrides) -> Collective {
    let vector = vector.into();
    of(Algorithm::Reduce(reduce_algorithm(n_ranks, vector, overrides)), vector)
}

/// Returns the allreduce of a vector over `n_ranks`.
#[must_use]
pub fn allreduce(n_ranks: u32, vector: impl Into<Arguments>, overrides: CollectiveOverrides) -> Collective {
    let vector = vector.into();
    let rules = if vector.commutes { open_mpi::ALLREDUCE } else { open_mpi::ALLREDUCE_IN_ORDER };
    let open_mpi = || rule(rules, n_ranks, vector.bytes().0);
    let by_rule = || by_library(overrides, open_mpi, || mpich::allreduce(n_ranks, vector));
    let wanted = overrides.allreduce.unwrap_or_else(by_rule);
    let algorithm = match wanted {
        AllreduceAlgorithm::Ring if vector.elements < n_ranks.into() => Algorithm::AllreduceByDoubling,
        AllreduceAlgorithm::Ring => Algorithm::AllreduceByRing,
        AllreduceAlgorithm::Rabenseifner if can_be_halved(n_ranks, vector) => Algorithm::AllreduceByHalving,
        AllreduceAlgorithm::Rabenseifner | AllreduceAlgorithm::Linear => {
            Algorithm::ReduceBcast(ReduceAlgorithm::Linear, BcastAlgorithm::Linear)
        }
        AllreduceAlgorithm::Nonoverlapping => Algorithm::ReduceBcast(
            reduce_algorithm(n_ranks, vector, overrides),
            bcast_algorithm(n_ranks, vector, overrides),
        ),
        AllreduceAlgorithm::ReduceScatterAllgather if can_be_halved(n_ranks, vector) => Algorithm::AllreduceInBlocks,
        AllreduceAlgorithm::RecursiveDoubling | AllreduceAlgorithm::ReduceScatterAllgather => {
            Algorithm::AllreduceByDoubling
        }
    };
    of(algorithm, vector)
}

/// Returns the allgather of a block of each of `n_ranks`.
#[must_use]
pub fn allgather(n_ranks: u32, block: impl Into<Arguments>, overrides: CollectiveOverrides) -> Collective {
    let block = block.into();
    let open_mpi = || rule(open_mpi::ALLGATHER, n_ranks, block.bytes().0);
    let by_rule = || by_library(overrides, open_mpi, || mpich::allgather(n_ranks, block));
    let algorithm = match overrides.allgather.unwrap_or_else(by_rule) {
        AllgatherAlgorithm::RecursiveDoubling if !n_ranks.is_power_of_two() => AllgatherAlgorithm::Bruck,
        AllgatherAlgorithm::Neighbor if !n_ranks.is_multiple_of(2) => AllgatherAlgorithm::Ring,
        algorithm => algorithm,
    };
    of(Algorithm::Allgather(algorithm), block)
}

/// Returns the allgatherv of a block of each of `n_ranks`.
#[must_use]
pub fn allgatherv(n_ranks: u32, block: impl Into<Arguments>, overrides: CollectiveOverrides) -> Collective {
    let block = block.into();
    of(allgatherv_algorithm(n_ranks, block, block.elements.saturating_mul(n_ranks.into()), overrides), block)
}

/// Returns the allgatherv in which each of `n_ranks` has its part, in elements of so many bytes; its ops are those of
/// [`Collective::op_of_uneven`].
#[must_use]
pub fn allgatherv_of_uneven(
    n_ranks: u32,
    parts: &Uneven,
    element_bytes: u64,
    overrides: CollectiveOverrides,
) -> Collective {
    let all = Arguments::of(parts.all(), element_bytes);
    of(allgatherv_algorithm(n_ranks, all, parts.all(), overrides), all)
}

/// Returns the alltoall of a block between any two of `n_ranks`.
#[must_use]
pub fn alltoall(n_ranks: u32, block: impl Into<Arguments>, overrides: CollectiveOverrides) -> Collective {
    let block = block.into();
    let open_mpi = || rule(open_mpi::ALLTOALL, n_ranks, block.bytes().0);
    let by_rule = || by_library(overrides, open_mpi, || mpich::alltoall(n_ranks, block));
    let algorithm = match overrides.alltoall.unwrap_or_else(by_rule) {
        AlltoallAlgorithm::PairwiseSwap if !n_ranks.is_power_of_two() => AlltoallAlgorithm::Pairwise,
        algorithm => algorithm,
    };
    of(Algorithm::Alltoall(algorithm), block)
}

/// Returns how an alltoallv of `n_ranks` goes.
#[must_use]
pub fn alltoallv(n_ranks: u32, overrides: CollectiveOverrides) -> AlltoallAlgorithm {
    by_library(overrides, || rule(open_mpi::ALLTOALLV, n_ranks, 0), || AlltoallAlgorithm::Scattered)
}

/// Returns the reduce-scatter of a vector, of which each of `n_ranks` gets a part.
#[must_use]
pub fn reduce_scatter(n_ranks: u32, vector: impl Into<Arguments>, overrides: CollectiveOverrides) -> Collective {
    let vector = vector.into();
    let rules = if vector.commutes { open_mpi::REDUCE_SCATTER } else { open_mpi::REDUCE_SCATTER_IN_ORDER };
    let open_mpi = || rule(rules, n_ranks, vector.bytes().0);
    let by_rule = || by_library(overrides, open_mpi, || mpich::reduce_scatter(n_ranks, vector));
    let algorithm = match overrides.reduce_scatter.unwrap_or_else(by_rule) {
        ReduceScatterAlgorithm::Nonoverlapping => {
            Algorithm::ReduceScatterv(reduce_algorithm(n_ranks, vector, overrides))
        }
        ReduceScatterAlgorithm::RecursiveHalving => Algorithm::ReduceScatter(ReduceScatterWay::RecursiveHalving),
        ReduceScatterAlgorithm::Ring => Algorithm::ReduceScatter(ReduceScatterWay::Ring),
        ReduceScatterAlgorithm::ButterflyInOrder if are_blocks_in_order(n_ranks, vector) => {
            Algorithm::ReduceScatter(ReduceScatterWay::ButterflyInOrder)
        }
        ReduceScatterAlgorithm::Butterfly | ReduceScatterAlgorithm::ButterflyInOrder => {
            Algorithm::ReduceScatter(ReduceScatterWay::Butterfly)
        }
        ReduceScatterAlgorithm::RecursiveDoubling => Algorithm::ReduceScatter(ReduceScatterWay::RecursiveDoubling),
        ReduceScatterAlgorithm::Pairwise => Algorithm::ReduceScatter(ReduceScatterWay::Pairwise),
    };
    of(algorithm, vector)
}

/// Returns the reduce-scatter of a vector with a block for each of `n_ranks`.
#[must_use]
pub fn reduce_scatter_block(n_ranks: u32, block: impl Into<Arguments>, overrides: CollectiveOverrides) -> Collective {
    let block = block.into();
    let vector = Arguments { elements: block.elements.saturating_mul(n_ranks.into()), ..block };
    let rules = if block.commutes { open_mpi::REDUCE_SCATTER_BLOCK } else { open_mpi::REDUCE_SCATTER_BLOCK_IN_ORDER };
    let open_mpi = || rule(rules, n_ranks, block.bytes().0);
    let by_rule = || by_library(overrides, open_mpi, || mpich::reduce_scatter_block(n_ranks, vector));
    let wanted = overrides.reduce_scatter_block.unwrap_or_else(by_rule);
    let algorithm = match wanted {
        ReduceScatterBlockAlgorithm::RecursiveHalving if block.commutes => {
            Algorithm::ReduceScatter(ReduceScatterWay::RecursiveHalving)
        }
        ReduceScatterBlockAlgorithm::RecursiveHalving | ReduceScatterBlockAlgorithm::Linear => {
            Algorithm::ReduceThenScatter(
                reduce_algorithm(n_ranks, vector, overrides),
                scatter_algorithm(n_ranks, block, overrides),
            )
        }
        ReduceScatterBlockAlgorithm::RecursiveDoubling => Algorithm::ReduceScatter(ReduceScatterWay::RecursiveDoubling),
        ReduceScatterBlockAlgorithm::Butterfly if n_ranks.is_power_of_two() => {
            Algorithm::ReduceScatter(ReduceScatterWay::ButterflyInOrder)
        }
        ReduceScatterBlockAlgorithm::Butterfly => Algorithm::ReduceScatter(ReduceScatterWay::Butterfly),
        ReduceScatterBlockAlgorithm::Pairwise => Algorithm::ReduceScatter(ReduceScatterWay::Pairwise),
    };
    of(algorithm, vector)
}

/// Returns the scan, or the exscan, of a vector.
#[must_use]
pub fn scan(vector: impl Into<Arguments>, overrides: CollectiveOverrides) -> Collective {
    of(by_library(overrides, || Algorithm::Scan, || Algorithm::ScanByDoubling), vector.into())
}

/// Returns the shift of a block by one rank, around the ranks.
#[must_use]
pub fn ring(block: impl Into<Arguments>) -> Collective {
    Collective { algorithm: Algorithm::Ring, arguments: block.into() }
}

/// Returns the swap of a block with both neighbours.
#[must_use]
pub fn halo(block: impl Into<Arguments>) -> Collective {
    Collective { algorithm: Algorithm::Halo, arguments: block.into() }
}

/// Returns the collective; nothing is sent of nothing.
fn of(algorithm: Algorithm, arguments: Arguments) -> Collective {
    let algorithm = if arguments.elements == 0 { Algorithm::Nothing } else { algorithm };
    Collective { algorithm, arguments }
}

fn bcast_algorithm(n_ranks: u32, vector: Arguments, overrides: CollectiveOverrides) -> BcastAlgorithm {
    let open_mpi = || rule(open_mpi::BCAST, n_ranks, vector.bytes().0);
    let by_rule = || by_library(overrides, open_mpi, || mpich::bcast(n_ranks, vector));
    match overrides.bcast.unwrap_or_else(by_rule) {
        BcastAlgorithm::ScatterAllgather | BcastAlgorithm::ScatterAllgatherRing if vector.elements < n_ranks.into() => {
            BcastAlgorithm::Linear
        }
        BcastAlgorithm::SplitBinary if vector.elements < 2 => BcastAlgorithm::Chain,
        algorithm => algorithm,
    }
}

fn scatter_algorithm(n_ranks: u32, block: Arguments, overrides: CollectiveOverrides) -> ScatterAlgorithm {
    let by_rule = || by_library(overrides, || rule(open_mpi::SCATTER, n_ranks, block.bytes().0), || mpich::SCATTER);
    overrides.scatter.unwrap_or_else(by_rule)
}

fn reduce_algorithm(n_ranks: u32, vector: Arguments, overrides: CollectiveOverrides) -> ReduceAlgorithm {
    let rules = if vector.commutes { open_mpi::REDUCE } else { open_mpi::REDUCE_IN_ORDER };
    let open_mpi = || rule(rules, n_ranks, vector.bytes().0);
    let by_rule = || by_library(overrides, open_mpi, || mpich::reduce(n_ranks, vector));
    match overrides.reduce.unwrap_or_else(by_rule) {
        ReduceAlgorithm::Rabenseifner if !can_be_halved(n_ranks, vector) => ReduceAlgorithm::Linear,
        ReduceAlgorithm::ReduceScatterGather if !can_be_halved(n_ranks, vector) => ReduceAlgorithm::BinomialInTurn,
        algorithm => algorithm,
    }
}

/// Returns whether Rabenseifner's algorithms can do it: in any order, and with an element for each rank that takes part.
fn can_be_halved(n_ranks: u32, vector: Arguments) -> bool {
    vector.commutes && vector.elements >= 1 << n_ranks.ilog2()
}

/// Returns whether the ranks are a power of two and have parts that are all alike.
fn are_blocks_in_order(n_ranks: u32, vector: Arguments) -> bool {
    n_ranks.is_power_of_two() && vector.elements.is_multiple_of(n_ranks.into())
}

/// Returns the algorithm for ranks that have so many elements together; Open MPI's rule asks for the mean.
fn allgatherv_algorithm(n_ranks: u32, any: Arguments, elements: u64, overrides: CollectiveOverrides) -> Algorithm {
    let all = as_one_element(any, elements);
    let open_mpi = || rule(open_mpi::ALLGATHERV, n_ranks, all.bytes().0 / u64::from(n_ranks));
    let by_rule = || by_library(overrides, open_mpi, || mpich::allgatherv(n_ranks, all));
    match overrides.allgatherv.unwrap_or_else(by_rule) {
        AllgathervAlgorithm::GathervBcast => Algorithm::GathervBcast(bcast_algorithm(n_ranks, all, overrides)),
        AllgathervAlgorithm::Neighbor if n_ranks.is_multiple_of(2) => {
            Algorithm::Allgather(AllgatherAlgorithm::Neighbor)
        }
        AllgathervAlgorithm::Neighbor | AllgathervAlgorithm::Ring => Algorithm::Allgather(AllgatherAlgorithm::Ring),
        AllgathervAlgorithm::RingInPieces => Algorithm::Allgather(AllgatherAlgorithm::RingInPieces),
        AllgathervAlgorithm::RecursiveDoubling if n_ranks.is_power_of_two() => {
            Algorithm::Allgather(AllgatherAlgorithm::RecursiveDoubling)
        }
        AllgathervAlgorithm::Bruck | AllgathervAlgorithm::RecursiveDoubling => {
            Algorithm::Allgather(AllgatherAlgorithm::Bruck)
        }
    }
}

/// Returns so many elements as one large one: what ranks have is one datatype for the bcast of an allgatherv.
pub(super) fn as_one_element(arguments: Arguments, elements: u64) -> Arguments {
    Arguments { elements: 1, element_bytes: arguments.sized(elements).0, ..arguments }
}
