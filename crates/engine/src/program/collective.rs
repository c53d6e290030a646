//! Collectives as point-to-point ops, one op at a time, so that a rank keeps nothing but the number of its next op.
//!
//! Each algorithm is a function from (rank, ranks, step) to an op. Rooted collectives have rank 0 as their root.

mod allgather;
mod allreduce;
mod alltoall;
mod barrier;
mod bcast;
mod gather;
mod halo;
mod reduce;
mod ring;
mod scatter;
pub mod selection;

use super::{Envelope, Op, Pattern, RankId, Source, Tag};
use crate::machine::{AllgatherAlgorithm, AllreduceAlgorithm, AlltoallAlgorithm, BarrierAlgorithm, TreeAlgorithm};
use crate::units::Bytes;

/// A collective with its algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collective {
    /// Nobody leaves before all have entered.
    Barrier(BarrierAlgorithm),
    /// The root's bytes go to every rank.
    Bcast(TreeAlgorithm, Bytes),
    /// Each rank gets its own bytes (this many) from the root.
    Scatter(TreeAlgorithm, Bytes),
    /// The same with sizes of its own for each rank (here all alike): always linear.
    Scatterv(Bytes),
    /// The root gets this many bytes from each rank.
    Gather(TreeAlgorithm, Bytes),
    /// The same with sizes of its own for each rank (here all alike): always linear.
    Gatherv(Bytes),
    /// A vector of this many bytes is reduced to the root.
    Reduce(TreeAlgorithm, Bytes),
    /// A vector of this many bytes is reduced and every rank gets the result.
    Allreduce(AllreduceAlgorithm, Bytes),
    /// Every rank gets the block of this many bytes of every rank.
    Allgather(AllgatherAlgorithm, Bytes),
    /// Each rank has a block of this many bytes for every other rank.
    Alltoall(AlltoallAlgorithm, Bytes),
    /// Each rank sends to the next one and receives from the previous one.
    Ring(Bytes),
    /// Each rank swaps this many bytes with the previous rank and the next one.
    Halo(Bytes),
}

impl Collective {
    /// Returns op number `step` of `rank`; none after the last.
    #[must_use]
    pub fn op(self, rank: u32, n_ranks: u32, step: u32) -> Option<Op> {
        match self {
            Self::Barrier(BarrierAlgorithm::Linear) => barrier::linear(rank, n_ranks, step),
            Self::Barrier(BarrierAlgorithm::RecursiveDoubling) => barrier::recursive_doubling(rank, n_ranks, step),
            Self::Bcast(TreeAlgorithm::Linear, bytes) => bcast::linear(rank, n_ranks, bytes, step),
            Self::Bcast(TreeAlgorithm::Binomial, bytes) => bcast::binomial(rank, n_ranks, bytes, step),
            Self::Scatter(TreeAlgorithm::Linear, bytes) => scatter::linear(rank, n_ranks, |_| bytes, step),
            Self::Scatter(TreeAlgorithm::Binomial, bytes) => scatter::binomial(rank, n_ranks, bytes, step),
            Self::Scatterv(bytes) => scatter::linear(rank, n_ranks, |_| bytes, step),
            Self::Gather(TreeAlgorithm::Linear, bytes) => gather::linear(rank, n_ranks, |_| bytes, step),
            Self::Gather(TreeAlgorithm::Binomial, bytes) => gather::binomial(rank, n_ranks, bytes, step),
            Self::Gatherv(bytes) => gather::linear(rank, n_ranks, |_| bytes, step),
            Self::Reduce(TreeAlgorithm::Linear, bytes) => reduce::linear(rank, n_ranks, bytes, step),
            Self::Reduce(TreeAlgorithm::Binomial, bytes) => reduce::binomial(rank, n_ranks, bytes, step),
            Self::Allreduce(AllreduceAlgorithm::Linear, bytes) => allreduce::linear(rank, n_ranks, bytes, step),
            Self::Allreduce(AllreduceAlgorithm::RecursiveDoubling, bytes) => {
                allreduce::recursive_doubling(rank, n_ranks, bytes, step)
            }
            Self::Alltoall(AlltoallAlgorithm::Linear, bytes) => alltoall::linear(rank, n_ranks, bytes, step),
            Self::Halo(bytes) => halo::swap(rank, n_ranks, bytes, step),
            Self::Barrier(BarrierAlgorithm::Dissemination)
            | Self::Allgather(..)
            | Self::Alltoall(AlltoallAlgorithm::Pairwise | AlltoallAlgorithm::Bruck, _)
            | Self::Ring(_) => {
                self.exchange(rank, n_ranks, step / EXCHANGE_OPS).map(|exchange| exchange.op(step % EXCHANGE_OPS))
            }
        }
    }

    /// Returns how many ops all ranks have together.
    #[must_use]
    pub fn n_ops(self, n_ranks: u32) -> u64 {
        (0..n_ranks).map(|rank| u64::from(self.n_ops_of(rank, n_ranks))).sum()
    }

    /// Returns how many ops a rank has: doubles a number of steps until there are fewer, then halves the range.
    fn n_ops_of(self, rank: u32, n_ranks: u32) -> u32 {
        let has = |step: u32| self.op(rank, n_ranks, step).is_some();
        let (mut low, mut high) = (0, 1);
        while has(high - 1) {
            (low, high) = (high, 2 * high);
        }
        // Step low - 1 is there, step high - 1 is not.
        while low + 1 < high {
            let middle = low.midpoint(high);
            if has(middle - 1) {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Returns the same algorithm for blocks of one byte: the number of ops does not depend on the size.
    pub(super) fn of_one_byte(self) -> Self {
        const ONE: Bytes = Bytes(1);
        match self {
            Self::Barrier(_) => self,
            Self::Bcast(algorithm, _) => Self::Bcast(algorithm, ONE),
            Self::Scatter(algorithm, _) => Self::Scatter(algorithm, ONE),
            Self::Scatterv(_) => Self::Scatterv(ONE),
            Self::Gather(algorithm, _) => Self::Gather(algorithm, ONE),
            Self::Gatherv(_) => Self::Gatherv(ONE),
            Self::Reduce(algorithm, _) => Self::Reduce(algorithm, ONE),
            Self::Allreduce(algorithm, _) => Self::Allreduce(algorithm, ONE),
            Self::Allgather(algorithm, _) => Self::Allgather(algorithm, ONE),
            Self::Alltoall(algorithm, _) => Self::Alltoall(algorithm, ONE),
            Self::Ring(_) => Self::Ring(ONE),
            Self::Halo(_) => Self::Halo(ONE),
        }
    }

    /// Returns whether the algorithm consists of exchanges only.
    #[inline]
    pub(super) fn is_exchanges(self) -> bool {
        match self {
            Self::Barrier(algorithm) => algorithm == BarrierAlgorithm::Dissemination,
            Self::Alltoall(algorithm, _) => algorithm != AlltoallAlgorithm::Linear,
            Self::Allgather(..) | Self::Ring(_) => true,
            Self::Bcast(..)
            | Self::Scatter(..)
            | Self::Scatterv(_)
            | Self::Gather(..)
            | Self::Gatherv(_)
            | Self::Reduce(..)
            | Self::Allreduce(..)
            | Self::Halo(_) => false,
        }
    }

    /// Returns what `rank` exchanges in a round of an algorithm that consists of exchanges only; none after the last, and
    /// none in other algorithms.
    #[inline]
    pub(super) fn exchange(self, rank: u32, n_ranks: u32, round: u32) -> Option<Exchange> {
        match self {
            Self::Barrier(BarrierAlgorithm::Dissemination) => barrier::dissemination(rank, n_ranks, round),
            Self::Allgather(AllgatherAlgorithm::Ring, bytes) => allgather::ring(rank, n_ranks, bytes, round),
            Self::Allgather(AllgatherAlgorithm::RecursiveDoubling, bytes) => {
                allgather::recursive_doubling(rank, n_ranks, bytes, round)
            }
            Self::Allgather(AllgatherAlgorithm::Bruck, bytes) => allgather::bruck(rank, n_ranks, bytes, round),
            Self::Allgather(AllgatherAlgorithm::Neighbor, bytes) => allgather::neighbor(rank, n_ranks, bytes, round),
            Self::Alltoall(AlltoallAlgorithm::Pairwise, bytes) => alltoall::pairwise(rank, n_ranks, bytes, round),
            Self::Alltoall(AlltoallAlgorithm::Bruck, bytes) => alltoall::bruck(rank, n_ranks, bytes, round),
            Self::Ring(bytes) => ring::shift(rank, n_ranks, bytes, round),
            Self::Barrier(BarrierAlgorithm::Linear | BarrierAlgorithm::RecursiveDoubling)
            | Self::Bcast(..)
            | Self::Scatter(..)
            | Self::Scatterv(_)
            | Self::Gather(..)
            | Self::Gatherv(_)
            | Self::Reduce(..)
            | Self::Allreduce(..)
            | Self::Alltoall(AlltoallAlgorithm::Linear, _)
            | Self::Halo(_) => None,
        }
    }
}

/// Tag of all collective messages. MPI runs collectives in a context of their own; messages of one pair never overtake
/// each other and every rank enters the collectives in the same order, so one tag is enough.
const TAG: Tag = Tag(u32::MAX);

/// Returns the rank `distance` places after `rank`, around the ranks once at most.
fn after(rank: u32, distance: u32, n_ranks: u32) -> u32 {
    let places = rank + distance;
    if places < n_ranks { places } else { places - n_ranks }
}

/// Returns the rank `distance` places before `rank`, around the ranks once at most.
fn before(rank: u32, distance: u32, n_ranks: u32) -> u32 {
    if distance <= rank { rank - distance } else { rank + n_ranks - distance }
}

fn envelope(to: u32, bytes: Bytes) -> Envelope {
    Envelope::new(RankId(to), TAG, bytes)
}

fn pattern(from: u32) -> Pattern {
    Pattern::new(Source::Rank(RankId(from)), Some(TAG))
}

/// Sends, and waits until the buffer is free.
fn send(to: u32, bytes: Bytes) -> Op {
    Op::Send(envelope(to, bytes))
}

/// Receives.
fn recv(from: u32) -> Op {
    Op::Recv(pattern(from))
}

/// Sending to one rank while receiving from another (`MPI_Sendrecv`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exchange {
    to: u32,
    from: u32,
    bytes: Bytes,
}

/// Number of ops of an [`Exchange`].
pub(super) const EXCHANGE_OPS: u32 = 3;

impl Exchange {
    fn new(to: u32, from: u32, bytes: Bytes) -> Self {
        Self { to, from, bytes }
    }

    /// Returns op `step`: the receive and the send are started, then waited for.
    fn op(self, step: u32) -> Op {
        match step {
            0 => Op::Irecv(self.received()),
            1 => Op::Isend(self.sent()),
            _ => Op::WaitAll,
        }
    }

    /// Returns which message it receives.
    pub(crate) fn received(self) -> Pattern {
        pattern(self.from)
    }

    /// Returns what it sends.
    pub(crate) fn sent(self) -> Envelope {
        envelope(self.to, self.bytes)
    }
}

/// Binomial trees in which the subtree of a rank is a contiguous range: the parent of `r` clears its lowest bit.
/// Scatter, gather and reduce use them.
mod in_order_tree {
    /// Returns how many children `rank` has.
    pub(super) fn n_children(rank: u32, n_ranks: u32) -> u32 {
        let bits = if rank == 0 { u32::BITS } else { rank.trailing_zeros() };
        // The child rank + 2^i exists while it is below n_ranks.
        let room = n_ranks - 1 - rank;
        bits.min(u32::BITS - room.leading_zeros())
    }

    /// Returns child number `i`, from the smallest subtree to the largest.
    pub(super) fn child(rank: u32, i: u32) -> u32 {
        rank + (1 << i)
    }

    /// Returns the parent of a rank other than 0.
    pub(super) fn parent(rank: u32) -> u32 {
        rank & (rank - 1)
    }

    /// Returns how many ranks the subtree of `rank` has.
    pub(super) fn subtree(rank: u32, n_ranks: u32) -> u32 {
        if rank == 0 { n_ranks } else { (1 << rank.trailing_zeros()).min(n_ranks - rank) }
    }
}

#[cfg(test)]
mod tests;
