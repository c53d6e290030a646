//! The fixed rules of `coll/tuned` in Open MPI 4.1 and 5.0: which algorithm for how many ranks and bytes.
//!
//! Facts from `coll_tuned_decision_fixed.c`, which is the same file in 4.1.4 to 5.0.8 (`tests/integration` compares them with a
//! list of all rules). Algorithms that send the same messages are one here: a pipeline and a chain without segments are a chain, a
//! segmented ring without segments is a ring, and two ranks exchange what they have in whatever way.

use crate::machine::{
    AllgatherAlgorithm, AllgathervAlgorithm, AllreduceAlgorithm, AlltoallAlgorithm, BarrierAlgorithm, BcastAlgorithm,
    GatherAlgorithm, ReduceAlgorithm, ReduceScatterAlgorithm, ReduceScatterBlockAlgorithm, ScatterAlgorithm,
};

/// Rules by ranks, then by bytes: each holds below its number, where the one before does not.
pub(super) type Rules<A> = &'static [(u32, &'static [(u64, A)])];

const KI: u64 = 1 << 10;
const MI: u64 = 1 << 20;

/// Returns the algorithm for so many ranks and bytes.
pub(super) fn rule<A: Copy>(rules: Rules<A>, n_ranks: u32, bytes: u64) -> A {
    let (_, of_ranks) = rules[rules.partition_point(|(below, _)| *below <= n_ranks).min(rules.len() - 1)];
    let (_, algorithm) = of_ranks[of_ranks.partition_point(|(below, _)| *below <= bytes).min(of_ranks.len() - 1)];
    algorithm
}

/// Barrier.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static BARRIER: Rules<BarrierAlgorithm> = {
    use BarrierAlgorithm::{Dissemination, Linear, RecursiveDoubling, Tree};
    &[
        (4, &[(u64::MAX, RecursiveDoubling)]),
        (8, &[(u64::MAX, Linear)]),
        (64, &[(u64::MAX, RecursiveDoubling)]),
        (256, &[(u64::MAX, Dissemination)]),
        (512, &[(u64::MAX, Tree)]),
        (1024, &[(u64::MAX, Dissemination)]),
        (4096, &[(u64::MAX, Tree)]),
        (u32::MAX, &[(u64::MAX, Dissemination)]),
    ]
};

/// Bcast.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static BCAST: Rules<BcastAlgorithm> = {
    use BcastAlgorithm::{Binary, Binomial, Chain, Knomial, Linear, ScatterAllgather, SplitBinary};
    &[
        (4, &[(32, Chain), (256, Binary), (512, Chain), (KI, Knomial), (32 * KI, Linear), (128 * KI, Binary),
            (256 * KI, Chain), (512 * KI, Linear), (MI, Binomial), (u64::MAX, Binary)]),
        (8, &[(64, Binary), (128, Binomial), (2 * KI, Binary), (8 * KI, Binomial), (MI, Linear), (u64::MAX, Chain)]),
        (16, &[(8, Knomial), (64, Binary), (4 * KI, Knomial), (16 * KI, Binary), (32 * KI, Binomial),
            (u64::MAX, Linear)]),
        (32, &[(4 * KI, Knomial), (MI, Binomial), (u64::MAX, ScatterAllgather)]),
        (64, &[(2 * KI, Binomial), (u64::MAX, Knomial)]),
        (128, &[(u64::MAX, Knomial)]),
        (256, &[(2, Binomial), (16 * KI, Binary), (32 * KI, Linear), (64 * KI, Binary), (u64::MAX, Knomial)]),
        (1024, &[(16 * KI, Knomial), (32 * KI, SplitBinary), (u64::MAX, Knomial)]),
        (2048, &[(512 * KI, Knomial), (u64::MAX, ScatterAllgather)]),
        (4096, &[(256 * KI, Knomial), (u64::MAX, ScatterAllgather)]),
        (u32::MAX, &[(8 * KI, Knomial), (16 * KI, Binary), (256 * KI, Knomial), (u64::MAX, ScatterAllgather)]),
    ]
};

/// Scatter.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static SCATTER: Rules<ScatterAlgorithm> = {
    use ScatterAlgorithm::{Binomial, Linear, LinearNonblocking};
    &[
        (4, &[(2, LinearNonblocking), (128 * KI, Linear), (256 * KI, LinearNonblocking), (u64::MAX, Linear)]),
        (8, &[(2 * KI, Binomial), (4 * KI, Linear), (8 * KI, Binomial), (32 * KI, Linear), (MI, LinearNonblocking),
            (u64::MAX, Linear)]),
        (16, &[(16 * KI, Binomial), (MI, LinearNonblocking), (u64::MAX, Linear)]),
        (32, &[(16 * KI, Binomial), (32 * KI, Linear), (u64::MAX, LinearNonblocking)]),
        (64, &[(512, Binomial), (8 * KI, LinearNonblocking), (16 * KI, Binomial), (u64::MAX, LinearNonblocking)]),
        (u32::MAX, &[(512, Binomial), (u64::MAX, LinearNonblocking)]),
    ]
};

/// Gather.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static GATHER: Rules<GatherAlgorithm> = {
    use GatherAlgorithm::{Binomial, Linear, LinearSync};
    &[
        (4, &[(2, LinearSync), (4, Linear), (32 * KI, Binomial), (64 * KI, Linear), (128 * KI, Binomial),
            (u64::MAX, LinearSync)]),
        (8, &[(KI, Binomial), (8 * KI, Linear), (32 * KI, Binomial), (256 * KI, Linear), (u64::MAX, LinearSync)]),
        (256, &[(u64::MAX, Binomial)]),
        (512, &[(2 * KI, Binomial), (8 * KI, Linear), (u64::MAX, Binomial)]),
        (u32::MAX, &[(u64::MAX, Binomial)]),
    ]
};

/// Reduce, operations that commute.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static REDUCE: Rules<ReduceAlgorithm> = {
    use ReduceAlgorithm::{Binary, Binomial, Chain, InOrderBinary, Linear, Rabenseifner};
    &[
        (4, &[(8, Rabenseifner), (16, Binary), (32, Chain), (256 * KI, Linear), (u64::MAX, Chain)]),
        (8, &[(4 * KI, Binary), (64 * KI, Chain), (256 * KI, Binomial), (512 * KI, Linear), (MI, Binomial),
            (u64::MAX, Linear)]),
        (16, &[(8 * KI, Binary), (u64::MAX, Binomial)]),
        (32, &[(4 * KI, Binary), (u64::MAX, Binomial)]),
        (256, &[(u64::MAX, Binomial)]),
        (512, &[(8 * KI, Binomial), (16 * KI, InOrderBinary), (u64::MAX, Binomial)]),
        (2048, &[(u64::MAX, Binomial)]),
        (4096, &[(512, Binomial), (KI, InOrderBinary), (8 * KI, Binomial), (16 * KI, InOrderBinary),
            (u64::MAX, Binomial)]),
        (u32::MAX, &[(16, Binomial), (32, InOrderBinary), (KI, Binomial), (2 * KI, InOrderBinary), (8 * KI, Binomial),
            (16 * KI, InOrderBinary), (u64::MAX, Binomial)]),
    ]
};

/// Reduce, operations that do not commute.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static REDUCE_IN_ORDER: Rules<ReduceAlgorithm> = {
    use ReduceAlgorithm::{InOrderBinary, Linear};
    &[
        (4, &[(8, InOrderBinary), (u64::MAX, Linear)]),
        (8, &[(u64::MAX, Linear)]),
        (16, &[(KI, InOrderBinary), (8 * KI, Linear), (16 * KI, InOrderBinary), (256 * KI, Linear),
            (u64::MAX, InOrderBinary)]),
        (128, &[(u64::MAX, InOrderBinary)]),
        (256, &[(512, InOrderBinary), (KI, Linear), (u64::MAX, InOrderBinary)]),
        (u32::MAX, &[(u64::MAX, InOrderBinary)]),
    ]
};

/// Allreduce, operations that commute.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static ALLREDUCE: Rules<AllreduceAlgorithm> = {
    use AllreduceAlgorithm::{Nonoverlapping, Rabenseifner, RecursiveDoubling, Ring};
    &[
        (4, &[(8, Ring), (4 * KI, RecursiveDoubling), (8 * KI, Ring), (16 * KI, RecursiveDoubling), (256 * KI, Ring),
            (u64::MAX, Rabenseifner)]),
        (8, &[(16, Ring), (8 * KI, RecursiveDoubling), (u64::MAX, Rabenseifner)]),
        (16, &[(8 * KI, RecursiveDoubling), (u64::MAX, Rabenseifner)]),
        (32, &[(64, Ring), (4 * KI, RecursiveDoubling), (u64::MAX, Rabenseifner)]),
        (64, &[(128, Ring), (u64::MAX, Rabenseifner)]),
        (128, &[(256 * KI, RecursiveDoubling), (u64::MAX, Rabenseifner)]),
        (256, &[(128 * KI, Nonoverlapping), (256 * KI, RecursiveDoubling), (u64::MAX, Rabenseifner)]),
        (512, &[(4 * KI, Nonoverlapping), (u64::MAX, Rabenseifner)]),
        (2048, &[(2 * KI, Nonoverlapping), (16 * KI, RecursiveDoubling), (u64::MAX, Rabenseifner)]),
        (4096, &[(2 * KI, Nonoverlapping), (4 * KI, Ring), (16 * KI, RecursiveDoubling), (u64::MAX, Rabenseifner)]),
        (u32::MAX, &[(2 * KI, Nonoverlapping), (16 * KI, Ring), (32 * KI, RecursiveDoubling),
            (u64::MAX, Rabenseifner)]),
    ]
};

/// Allreduce, operations that do not commute.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static ALLREDUCE_IN_ORDER: Rules<AllreduceAlgorithm> = {
    use AllreduceAlgorithm::{Linear, Nonoverlapping, RecursiveDoubling};
    &[
        (4, &[(128 * KI, RecursiveDoubling), (u64::MAX, Linear)]),
        (8, &[(u64::MAX, RecursiveDoubling)]),
        (16, &[(MI, RecursiveDoubling), (u64::MAX, Nonoverlapping)]),
        (128, &[(u64::MAX, RecursiveDoubling)]),
        (256, &[(128 * KI, Nonoverlapping), (512 * KI, RecursiveDoubling), (u64::MAX, Nonoverlapping)]),
        (512, &[(4 * KI, Nonoverlapping), (512 * KI, RecursiveDoubling), (u64::MAX, Nonoverlapping)]),
        (u32::MAX, &[(2 * KI, Nonoverlapping), (u64::MAX, RecursiveDoubling)]),
    ]
};

/// Allgather.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static ALLGATHER: Rules<AllgatherAlgorithm> = {
    use AllgatherAlgorithm::{Bruck, Neighbor, RecursiveDoubling, Ring};
    &[
        (32, &[(u64::MAX, RecursiveDoubling)]),
        (64, &[(KI, RecursiveDoubling), (64 * KI, Neighbor), (u64::MAX, Ring)]),
        (128, &[(512, RecursiveDoubling), (64 * KI, Neighbor), (u64::MAX, Ring)]),
        (256, &[(512, RecursiveDoubling), (128 * KI, Neighbor), (512 * KI, Ring), (MI, Neighbor), (u64::MAX, Ring)]),
        (512, &[(32, RecursiveDoubling), (128, Bruck), (KI, RecursiveDoubling), (128 * KI, Neighbor),
            (512 * KI, Ring), (MI, Neighbor), (u64::MAX, Ring)]),
        (1024, &[(64, RecursiveDoubling), (256, Bruck), (2 * KI, RecursiveDoubling), (u64::MAX, Neighbor)]),
        (2048, &[(4, RecursiveDoubling), (8, Bruck), (16, RecursiveDoubling), (32, Bruck), (256, RecursiveDoubling),
            (512, Bruck), (4 * KI, RecursiveDoubling), (u64::MAX, Neighbor)]),
        (4096, &[(32, Bruck), (128, RecursiveDoubling), (512, Bruck), (4 * KI, RecursiveDoubling),
            (u64::MAX, Neighbor)]),
        (u32::MAX, &[(2, RecursiveDoubling), (8, Bruck), (16, RecursiveDoubling), (512, Bruck),
            (4 * KI, RecursiveDoubling), (u64::MAX, Neighbor)]),
    ]
};

/// Allgatherv.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static ALLGATHERV: Rules<AllgathervAlgorithm> = {
    use AllgathervAlgorithm::{Bruck, GathervBcast, Neighbor, Ring};
    &[
        (3, &[(u64::MAX, Ring)]),
        (8, &[(256, GathervBcast), (4 * KI, Neighbor), (8 * KI, Ring), (16 * KI, Neighbor), (256 * KI, Bruck),
            (u64::MAX, Neighbor)]),
        (16, &[(KI, GathervBcast), (u64::MAX, Bruck)]),
        (32, &[(128, GathervBcast), (256 * KI, Bruck), (u64::MAX, Ring)]),
        (64, &[(256, GathervBcast), (8 * KI, Bruck), (u64::MAX, Ring)]),
        (128, &[(256, GathervBcast), (4 * KI, Bruck), (u64::MAX, Ring)]),
        (256, &[(KI, Bruck), (64 * KI, Neighbor), (u64::MAX, Ring)]),
        (512, &[(KI, Bruck), (u64::MAX, Ring)]),
        (1024, &[(512, Bruck), (KI, GathervBcast), (4 * KI, Bruck), (MI, Neighbor), (u64::MAX, Ring)]),
        (u32::MAX, &[(4 * KI, Bruck), (u64::MAX, Neighbor)]),
    ]
};

/// Alltoall.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static ALLTOALL: Rules<AlltoallAlgorithm> = {
    use AlltoallAlgorithm::{Bruck, Linear, Pairwise};
    &[
        (3, &[(u64::MAX, Pairwise)]),
        (8, &[(512 * KI, Linear), (MI, Pairwise), (u64::MAX, Linear)]),
        (16, &[(u64::MAX, Linear)]),
        (32, &[(4, Linear), (512, Bruck), (u64::MAX, Linear)]),
        (64, &[(512, Bruck), (u64::MAX, Linear)]),
        (256, &[(KI, Bruck), (256 * KI, Linear), (u64::MAX, Pairwise)]),
        (512, &[(KI, Bruck), (32 * KI, Linear), (u64::MAX, Pairwise)]),
        (1024, &[(512, Bruck), (256 * KI, Linear), (u64::MAX, Pairwise)]),
        (2048, &[(512, Bruck), (u64::MAX, Linear)]),
        (4096, &[(KI, Bruck), (u64::MAX, Linear)]),
        (u32::MAX, &[(2 * KI, Bruck), (u64::MAX, Linear)]),
    ]
};

/// Alltoallv.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static ALLTOALLV: Rules<AlltoallAlgorithm> = {
    use AlltoallAlgorithm::{Linear, Pairwise};
    &[
        (4, &[(u64::MAX, Pairwise)]),
        (64, &[(u64::MAX, Linear)]),
        (128, &[(u64::MAX, Pairwise)]),
        (256, &[(u64::MAX, Linear)]),
        (1024, &[(u64::MAX, Pairwise)]),
        (u32::MAX, &[(u64::MAX, Linear)]),
    ]
};

/// `reduce_scatter`, operations that commute.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static REDUCE_SCATTER: Rules<ReduceScatterAlgorithm> = {
    use ReduceScatterAlgorithm::{Butterfly, Nonoverlapping, RecursiveHalving, Ring};
    &[
        (4, &[(64 * KI, Ring), (128 * KI, Butterfly), (u64::MAX, Ring)]),
        (8, &[(8, Nonoverlapping), (256 * KI, RecursiveHalving), (u64::MAX, Ring)]),
        (32, &[(256 * KI, RecursiveHalving), (u64::MAX, Ring)]),
        (64, &[(64, Nonoverlapping), (2 * KI, RecursiveHalving), (512 * KI, Butterfly), (u64::MAX, Ring)]),
        (128, &[(256, Nonoverlapping), (512, RecursiveHalving), (2 * KI, Butterfly), (4 * KI, RecursiveHalving),
            (u64::MAX, Butterfly)]),
        (256, &[(256, Nonoverlapping), (512, RecursiveHalving), (u64::MAX, Butterfly)]),
        (512, &[(256, Nonoverlapping), (KI, RecursiveHalving), (u64::MAX, Butterfly)]),
        (1024, &[(512, Nonoverlapping), (2 * KI, RecursiveHalving), (8 * KI, Butterfly), (16 * KI, RecursiveHalving),
            (u64::MAX, Butterfly)]),
        (2048, &[(512, Nonoverlapping), (4 * KI, RecursiveHalving), (16 * KI, Butterfly), (32 * KI, RecursiveHalving),
            (u64::MAX, Butterfly)]),
        (4096, &[(512, Nonoverlapping), (4 * KI, RecursiveHalving), (u64::MAX, Butterfly)]),
        (u32::MAX, &[(KI, Nonoverlapping), (8 * KI, RecursiveHalving), (u64::MAX, Butterfly)]),
    ]
};

/// `reduce_scatter`, operations that do not commute.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static REDUCE_SCATTER_IN_ORDER: Rules<ReduceScatterAlgorithm> = {
    use ReduceScatterAlgorithm::{Nonoverlapping};
    &[
        (u32::MAX, &[(u64::MAX, Nonoverlapping)]),
    ]
};

/// `reduce_scatter_block`, operations that commute.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static REDUCE_SCATTER_BLOCK: Rules<ReduceScatterBlockAlgorithm> = {
    use ReduceScatterBlockAlgorithm::{Butterfly, Linear, RecursiveDoubling, RecursiveHalving};
    &[
        (4, &[(4, RecursiveDoubling), (8, Butterfly), (16, RecursiveHalving), (128, Butterfly),
            (256, RecursiveHalving), (4 * KI, Butterfly), (8 * KI, RecursiveHalving), (128 * KI, Butterfly),
            (u64::MAX, Linear)]),
        (8, &[(8, RecursiveHalving), (32, RecursiveDoubling), (256, Butterfly), (8 * KI, RecursiveHalving),
            (16 * KI, Butterfly), (MI, RecursiveHalving), (u64::MAX, Linear)]),
        (16, &[(4, Linear), (32, RecursiveHalving), (128, Butterfly), (512 * KI, RecursiveHalving), (4 * MI, Linear),
            (u64::MAX, Butterfly)]),
        (32, &[(32, Linear), (512 * KI, RecursiveHalving), (2 * MI, Linear), (4 * MI, RecursiveHalving),
            (u64::MAX, Butterfly)]),
        (u32::MAX, &[(4, RecursiveHalving), (16, Linear), (64 * KI, Butterfly), (256 * KI, Linear),
            (u64::MAX, Butterfly)]),
    ]
};

/// `reduce_scatter_block`, operations that do not commute.
#[rustfmt::skip] // a line for each range of ranks
pub(super) static REDUCE_SCATTER_BLOCK_IN_ORDER: Rules<ReduceScatterBlockAlgorithm> = {
    use ReduceScatterBlockAlgorithm::{Linear};
    &[
        (u32::MAX, &[(u64::MAX, Linear)]),
    ]
};
