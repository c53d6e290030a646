//! Algorithms of the collectives, those that a machine model names, and the libraries whose rules choose among them.

use crate::named;

/// How collectives are done: by the rules of a library, but for algorithms that the model names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CollectiveOverrides {
    /// The library whose rules choose; none stands for Open MPI 4.1.
    pub library: Option<CollectiveLibrary>,
    /// Algorithm of barrier.
    pub barrier: Option<BarrierAlgorithm>,
    /// Algorithm of bcast.
    pub bcast: Option<BcastAlgorithm>,
    /// Algorithm of scatter (scatterv is linear).
    pub scatter: Option<ScatterAlgorithm>,
    /// Algorithm of gather (gatherv is linear).
    pub gather: Option<GatherAlgorithm>,
    /// Algorithm of reduce.
    pub reduce: Option<ReduceAlgorithm>,
    /// Algorithm of allreduce.
    pub allreduce: Option<AllreduceAlgorithm>,
    /// Algorithm of allgather.
    pub allgather: Option<AllgatherAlgorithm>,
    /// Algorithm of allgatherv.
    pub allgatherv: Option<AllgathervAlgorithm>,
    /// Algorithm of alltoall.
    pub alltoall: Option<AlltoallAlgorithm>,
    /// Algorithm of `reduce_scatter`.
    pub reduce_scatter: Option<ReduceScatterAlgorithm>,
    /// Algorithm of `reduce_scatter_block`.
    pub reduce_scatter_block: Option<ReduceScatterBlockAlgorithm>,
}

named! {
    /// MPI libraries whose rules choose algorithms.
    pub enum CollectiveLibrary as "CollectiveLibrary" {
        /// Open MPI 4.1: `coll/tuned` and `coll/basic`.
        OpenMpi41 = "open-mpi-4.1",
        /// Open MPI 5.0, as far as it is `coll/tuned`: its rules are those of 4.1. `coll/han` is not simulated.
        OpenMpi50 = "open-mpi-5.0",
        /// MPICH 4, its device ch4, with one rank on each host. Its compositions by host are not simulated.
        Mpich4 = "mpich-4",
    }
}

named! {
    /// Algorithms of barrier.
    pub enum BarrierAlgorithm as "BarrierAlgorithm" {
        /// All ranks report to rank 0, which releases them.
        Linear = "linear",
        /// Twice around the ranks.
        DoubleRing = "double-ring",
        /// Pairwise exchange along the bits of the rank number, with a fix-up for other than powers of two.
        RecursiveDoubling = "recursive-doubling",
        /// `ceil(log2 p)` rounds of passing on to rank + 2^k.
        Dissemination = "dissemination",
        /// Up a binomial tree and down again.
        Tree = "tree",
    }
}

named! {
    /// Algorithms of bcast.
    pub enum BcastAlgorithm as "BcastAlgorithm" {
        /// The root sends to each other rank.
        Linear = "linear",
        /// From each rank to the next one.
        Chain = "chain",
        /// Along a binary tree.
        Binary = "binary",
        /// Half of the vector down each side of a binary tree, then ranks exchange their halves.
        SplitBinary = "split-binary",
        /// Along a binomial tree.
        Binomial = "binomial",
        /// Along a binomial tree; each rank sends to one child after the other, that with the largest subtree first.
        BinomialInTurn = "binomial-in-turn",
        /// Along a tree like a binomial one, with three children of each size.
        Knomial = "k-nomial",
        /// A scatter of the vector, then an allgather by recursive doubling.
        ScatterAllgather = "scatter-allgather",
        /// A scatter of the vector, then an allgather around a ring.
        ScatterAllgatherRing = "scatter-allgather-ring",
    }
}

named! {
    /// Algorithms of scatter.
    pub enum ScatterAlgorithm as "ScatterAlgorithm" {
        /// The root sends to one rank after the other.
        Linear = "linear",
        /// The root sends to all ranks at once.
        LinearNonblocking = "linear-nonblocking",
        /// Along a binomial tree.
        Binomial = "binomial",
    }
}

named! {
    /// Algorithms of gather.
    pub enum GatherAlgorithm as "GatherAlgorithm" {
        /// The root receives from one rank after the other.
        Linear = "linear",
        /// The same; the root tells each rank when to send.
        LinearSync = "linear-sync",
        /// Along a binomial tree.
        Binomial = "binomial",
    }
}

named! {
    /// Algorithms of reduce.
    pub enum ReduceAlgorithm as "ReduceAlgorithm" {
        /// The root receives from one rank after the other.
        Linear = "linear",
        /// From each rank to the previous one.
        Chain = "chain",
        /// Along a binary tree.
        Binary = "binary",
        /// Along a binary tree that keeps the order of the ranks.
        InOrderBinary = "in-order-binary",
        /// Along a binomial tree.
        Binomial = "binomial",
        /// The same; each rank receives from one child after the other.
        BinomialInTurn = "binomial-in-turn",
        /// A reduce-scatter by halving, then a gather.
        Rabenseifner = "rabenseifner",
        /// The same; ranks beyond a power of two hand over their whole vector before.
        ReduceScatterGather = "reduce-scatter-gather",
    }
}

named! {
    /// Algorithms of allreduce.
    pub enum AllreduceAlgorithm as "AllreduceAlgorithm" {
        /// Reduce to rank 0, then bcast, both linear.
        Linear = "linear",
        /// Reduce to rank 0, then bcast, each by its own rule.
        Nonoverlapping = "nonoverlapping",
        /// Pairwise exchange along the bits of the rank number.
        RecursiveDoubling = "recursive-doubling",
        /// Parts of the vector go around twice.
        Ring = "ring",
        /// A reduce-scatter by halving, then an allgather.
        Rabenseifner = "rabenseifner",
        /// The same; ranks beyond a power of two hand over their whole vector before.
        ReduceScatterAllgather = "reduce-scatter-allgather",
    }
}

named! {
    /// Algorithms of allgather.
    pub enum AllgatherAlgorithm as "AllgatherAlgorithm" {
        /// Blocks go around, from each rank to the next one.
        Ring = "ring",
        /// The same in pieces of 32 KiB.
        RingInPieces = "ring-in-pieces",
        /// Pairwise exchange along the bits of the rank number; Bruck's algorithm for other than powers of two.
        RecursiveDoubling = "recursive-doubling",
        /// `ceil(log2 p)` rounds of passing on to rank - 2^k.
        Bruck = "bruck",
        /// Exchange with both neighbours in turn; a ring for odd numbers of ranks.
        Neighbor = "neighbor",
    }
}

named! {
    /// Algorithms of allgatherv.
    pub enum AllgathervAlgorithm as "AllgathervAlgorithm" {
        /// Gatherv to rank 0, then bcast by its own rule.
        GathervBcast = "gatherv-bcast",
        /// Blocks go around, from each rank to the next one.
        Ring = "ring",
        /// The same in pieces of 32 KiB.
        RingInPieces = "ring-in-pieces",
        /// Pairwise exchange along the bits of the rank number; Bruck's algorithm for other than powers of two.
        RecursiveDoubling = "recursive-doubling",
        /// `ceil(log2 p)` rounds of passing on to rank - 2^k.
        Bruck = "bruck",
        /// Exchange with both neighbours in turn; a ring for odd numbers of ranks.
        Neighbor = "neighbor",
    }
}

named! {
    /// Algorithms of alltoall.
    pub enum AlltoallAlgorithm as "AlltoallAlgorithm" {
        /// All sends and receives at once.
        Linear = "linear",
        /// One after the other to rank + 1, + 2, ...
        Pairwise = "pairwise",
        /// The same; if the ranks are a power of two, pairs of ranks swap their blocks.
        PairwiseSwap = "pairwise-swap",
        /// Sends and receives of 32 ranks at once.
        Scattered = "scattered",
        /// `ceil(log2 p)` rounds in which blocks are passed on.
        Bruck = "bruck",
    }
}

named! {
    /// Algorithms of `reduce_scatter`.
    pub enum ReduceScatterAlgorithm as "ReduceScatterAlgorithm" {
        /// Reduce to rank 0 by its own rule, then scatterv.
        Nonoverlapping = "nonoverlapping",
        /// Pairwise exchange of half of what is left.
        RecursiveHalving = "recursive-halving",
        /// Parts of the vector go around once.
        Ring = "ring",
        /// As recursive halving with the nearest rank first, then parts are put in order.
        Butterfly = "butterfly",
        /// The same with the parts in order before, for powers of two and parts that are all alike; else a butterfly.
        ButterflyInOrder = "butterfly-in-order",
        /// Pairwise exchange of all that the other one still needs.
        RecursiveDoubling = "recursive-doubling",
        /// One after the other to rank + 1, + 2, ...
        Pairwise = "pairwise",
    }
}

named! {
    /// Algorithms of `reduce_scatter_block`.
    pub enum ReduceScatterBlockAlgorithm as "ReduceScatterBlockAlgorithm" {
        /// Reduce to rank 0, then scatter, each by its own rule.
        Linear = "linear",
        /// Pairwise exchange of all that the other one still needs.
        RecursiveDoubling = "recursive-doubling",
        /// Pairwise exchange of half of what is left.
        RecursiveHalving = "recursive-halving",
        /// As recursive halving with the nearest rank first.
        Butterfly = "butterfly",
        /// One after the other to rank + 1, + 2, ...
        Pairwise = "pairwise",
    }
}
