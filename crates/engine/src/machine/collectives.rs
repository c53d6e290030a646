//! Algorithms of the collectives, and those that a machine model names.

use crate::named;

/// Collective algorithms named by the model instead of the selection rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CollectiveOverrides {
    /// Algorithm of barrier.
    pub barrier: Option<BarrierAlgorithm>,
    /// Algorithm of bcast.
    pub bcast: Option<TreeAlgorithm>,
    /// Algorithm of scatter (scatterv is always linear).
    pub scatter: Option<TreeAlgorithm>,
    /// Algorithm of gather (gatherv is always linear).
    pub gather: Option<TreeAlgorithm>,
    /// Algorithm of reduce.
    pub reduce: Option<TreeAlgorithm>,
    /// Algorithm of allreduce.
    pub allreduce: Option<AllreduceAlgorithm>,
    /// Algorithm of allgather.
    pub allgather: Option<AllgatherAlgorithm>,
    /// Algorithm of alltoall.
    pub alltoall: Option<AlltoallAlgorithm>,
}

named! {
    /// Algorithms of barrier.
    pub enum BarrierAlgorithm as "BarrierAlgorithm" {
        /// All ranks report to rank 0, which releases them.
        Linear = "linear",
        /// Pairwise exchange along the bits of the rank number, with a fix-up for other than powers of two.
        RecursiveDoubling = "recursive-doubling",
        /// `ceil(log2 p)` rounds of passing on to rank + 2^k.
        Dissemination = "dissemination",
    }
}

named! {
    /// Algorithms of the rooted collectives.
    pub enum TreeAlgorithm as "TreeAlgorithm" {
        /// The root exchanges one message with each other rank.
        Linear = "linear",
        /// Along a binomial tree.
        Binomial = "binomial",
    }
}

named! {
    /// Algorithms of allreduce.
    pub enum AllreduceAlgorithm as "AllreduceAlgorithm" {
        /// Reduce to rank 0, then bcast, both linear.
        Linear = "linear",
        /// Pairwise exchange along the bits of the rank number.
        RecursiveDoubling = "recursive-doubling",
    }
}

named! {
    /// Algorithms of allgather.
    pub enum AllgatherAlgorithm as "AllgatherAlgorithm" {
        /// Blocks go around, from each rank to the next one.
        Ring = "ring",
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
        /// `ceil(log2 p)` rounds in which blocks are passed on.
        Bruck = "bruck",
    }
}
