//! Collectives as point-to-point ops, one op at a time, so that a rank keeps nothing but the number of its next op.
//!
//! Each algorithm is written down from its first op to its last, or as a function from rank and round to an exchange
//! where it consists of nothing else; the number of the op says where to stop. [`selection`] chooses the algorithm.

mod allgather;
mod allreduce;
mod alltoall;
mod arguments;
mod barrier;
mod bcast;
mod blocks;
pub mod called;
mod exchange;
mod gather;
mod halo;
mod halving;
mod member;
mod parts;
mod reduce;
mod reduce_scatter;
mod ring;
mod scan;
mod scatter;
pub mod selection;
mod steps;
mod tree;

pub use self::arguments::Arguments;
pub use self::parts::Uneven;

pub(super) use self::exchange::EXCHANGE_OPS;
pub(crate) use self::exchange::Exchange;

use self::member::Member;
use self::parts::{Equal, Even, Parts};
use self::steps::{Found, Steps};
use self::tree::Tree;
use super::Op;
use crate::machine::{
    AllgatherAlgorithm, AlltoallAlgorithm, BarrierAlgorithm, BcastAlgorithm, GatherAlgorithm, ReduceAlgorithm,
    ScatterAlgorithm,
};
use crate::units::Bytes;

/// A collective with its algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collective {
    /// How it is done.
    pub algorithm: Algorithm,
    /// How much, and from or to whom.
    pub arguments: Arguments,
}

/// How a collective is done. What a library does as several collectives is one algorithm here, with those of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// There is nothing to send.
    Nothing,
    /// Nobody leaves before all have entered.
    Barrier(BarrierAlgorithm),
    /// The root's vector goes to every rank.
    Bcast(BcastAlgorithm),
    /// Each rank gets its own block from the root.
    Scatter(ScatterAlgorithm),
    /// The same with sizes of its own for each rank.
    Scatterv,
    /// The same; the root sends to all at once.
    ScattervAtOnce,
    /// The root gets a block from each rank.
    Gather(GatherAlgorithm),
    /// The same with sizes of its own for each rank.
    Gatherv,
    /// The same; the root receives from all at once.
    GathervAtOnce,
    /// A vector is reduced to the root.
    Reduce(ReduceAlgorithm),
    /// An allreduce as a reduce to rank 0 and a bcast.
    ReduceBcast(ReduceAlgorithm, BcastAlgorithm),
    /// An allreduce in which ranks exchange the whole vector.
    AllreduceByDoubling,
    /// An allreduce in which parts of the vector go around.
    AllreduceByRing,
    /// An allreduce as a reduce-scatter and an allgather.
    AllreduceByHalving,
    /// The same; ranks beyond a power of two hand over their whole vector before.
    AllreduceInBlocks,
    /// Every rank gets the block of every rank, also with sizes of its own for each rank.
    Allgather(AllgatherAlgorithm),
    /// An allgather as a gatherv to rank 0 and a bcast.
    GathervBcast(BcastAlgorithm),
    /// Each rank has a block for every other rank.
    Alltoall(AlltoallAlgorithm),
    /// A vector is reduced, and each rank gets its part.
    ReduceScatter(ReduceScatterWay),
    /// The same as a reduce to rank 0 and a scatterv.
    ReduceScatterv(ReduceAlgorithm),
    /// The same for parts that are all alike, as a reduce to rank 0 and a scatter.
    ReduceThenScatter(ReduceAlgorithm, ScatterAlgorithm),
    /// Each rank gets the reduction of the vectors up to its own, or up to the one before.
    Scan,
    /// The same; ranks exchange whole vectors.
    ScanByDoubling,
    /// Each rank sends a block to the next one and receives from the previous one.
    Ring,
    /// Each rank swaps a block with the previous rank and the next one.
    Halo,
}

/// Algorithms of a reduce-scatter that are not made of other collectives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReduceScatterWay {
    /// Parts go around.
    Ring,
    /// Pairwise exchange of half of what is left, the farthest rank first.
    RecursiveHalving,
    /// The same, the nearest rank first, then parts are put in order.
    Butterfly,
    /// The same for powers of two and parts that are all alike, which are put in order first.
    ButterflyInOrder,
    /// Pairwise exchange of all that the other one still needs.
    RecursiveDoubling,
    /// Each rank gets its part from one rank after the other.
    Pairwise,
}

impl Collective {
    /// Returns op number `step` of `rank`; none after the last.
    #[must_use]
    pub fn op(&self, rank: u32, n_ranks: u32, step: u32) -> Option<Op> {
        if n_ranks == 1 {
            return None;
        }
        if self.is_exchanges() {
            return self.exchange(rank, n_ranks, step / EXCHANGE_OPS).map(|exchange| exchange.op(step % EXCHANGE_OPS));
        }
        let me = Member { rank, n_ranks, root: self.arguments.root };
        let mut steps = Steps::until(step);
        let found = if self.divides_vector() {
            self.run(me, &Even::of(self.arguments.elements, n_ranks), &mut steps)
        } else {
            self.run(me, &Equal(self.arguments.elements), &mut steps)
        };
        found.break_value()
    }

    /// Returns op number `step` of `rank`, where each rank has a number of elements of its own; none after the last.
    #[must_use]
    pub fn op_of_uneven(&self, rank: u32, n_ranks: u32, parts: &Uneven, step: u32) -> Option<Op> {
        if n_ranks == 1 {
            return None;
        }
        let me = Member { rank, n_ranks, root: self.arguments.root };
        if self.is_exchanges() && self.algorithm != Algorithm::Allgather(AllgatherAlgorithm::RingInPieces) {
            let round = step / EXCHANGE_OPS;
            let exchange = match self.algorithm {
                Algorithm::Allgather(_) | Algorithm::ReduceScatter(_) => self.exchange_of_parts(me, parts, round),
                _ => self.exchange(rank, n_ranks, round),
            };
            return exchange.map(|exchange| exchange.op(step % EXCHANGE_OPS));
        }
        self.run(me, parts, &mut Steps::until(step)).break_value()
    }

    /// Passes the ops of an algorithm that does not consist of exchanges only.
    fn run(&self, me: Member, parts: &impl Parts, steps: &mut Steps) -> Found {
        let arguments = self.arguments;
        let bytes = arguments.bytes();
        match self.algorithm {
            Algorithm::Barrier(BarrierAlgorithm::Linear) => barrier::linear(me, steps),
            Algorithm::Barrier(BarrierAlgorithm::DoubleRing) => barrier::double_ring(me, steps),
            Algorithm::Barrier(BarrierAlgorithm::RecursiveDoubling) => barrier::recursive_doubling(me, steps),
            Algorithm::Barrier(BarrierAlgorithm::Tree) => barrier::tree(me, steps),
            Algorithm::Bcast(algorithm) => bcast(algorithm, me, arguments, steps),
            Algorithm::Scatter(algorithm) => scatter(algorithm, me, arguments, steps),
            Algorithm::Scatterv => scatter::scatterv(me, arguments, parts, steps),
            Algorithm::ScattervAtOnce => scatter::scatterv_at_once(me, arguments, parts, steps),
            Algorithm::Gather(GatherAlgorithm::Linear) => gather::linear(me, bytes, steps),
            Algorithm::Gather(GatherAlgorithm::LinearSync) => gather::linear_sync(me, bytes, steps),
            Algorithm::Gather(GatherAlgorithm::Binomial) => gather::binomial(me, arguments, steps),
            Algorithm::Gatherv => gather::gatherv(me, arguments, parts, steps),
            Algorithm::GathervAtOnce => gather::gatherv_at_once(me, arguments, parts, steps),
            Algorithm::Reduce(algorithm) => reduce(algorithm, me, arguments, steps),
            Algorithm::ReduceBcast(first, second) => {
                reduce(first, me.under(0), arguments, steps)?;
                bcast(second, me.under(0), arguments, steps)
            }
            Algorithm::AllreduceByDoubling => allreduce::recursive_doubling(me, bytes, steps),
            Algorithm::AllreduceByHalving => allreduce::rabenseifner(me, arguments, steps),
            Algorithm::AllreduceInBlocks => allreduce::in_blocks(me, arguments, steps),
            Algorithm::GathervBcast(second) => {
                gather::gatherv(me.under(0), arguments, parts, steps)?;
                bcast(second, me.under(0), selection::as_one_element(arguments, parts.before(me.n_ranks)), steps)
            }
            Algorithm::Allgather(AllgatherAlgorithm::RingInPieces) => {
                allgather::uneven_ring_in_pieces(me, arguments, parts, steps)
            }
            Algorithm::Alltoall(AlltoallAlgorithm::Linear) => alltoall::linear(me, bytes, steps),
            Algorithm::Alltoall(AlltoallAlgorithm::Scattered) => alltoall::scattered(me, bytes, steps),
            Algorithm::ReduceScatter(ReduceScatterWay::RecursiveHalving) => {
                reduce_scatter::recursive_halving(me, arguments, parts, steps)
            }
            Algorithm::ReduceScatter(ReduceScatterWay::Butterfly) => {
                reduce_scatter::butterfly(me, arguments, parts, steps)
            }
            Algorithm::ReduceScatter(ReduceScatterWay::RecursiveDoubling) => {
                reduce_scatter::recursive_doubling(me, arguments, parts, steps)
            }
            Algorithm::ReduceScatterv(first) => {
                reduce(first, me.under(0), arguments, steps)?;
                scatter::scatterv(me.under(0), arguments, parts, steps)
            }
            Algorithm::ReduceThenScatter(first, second) => {
                reduce(first, me.under(0), arguments, steps)?;
                let block = Arguments { elements: arguments.elements / u64::from(me.n_ranks), ..arguments };
                scatter(second, me.under(0), block, steps)
            }
            Algorithm::Scan => scan::linear(me, bytes, steps),
            Algorithm::ScanByDoubling => scan::recursive_doubling(me, bytes, steps),
            Algorithm::Halo => halo::swap(me, bytes, steps),
            Algorithm::Nothing
            | Algorithm::Barrier(BarrierAlgorithm::Dissemination)
            | Algorithm::AllreduceByRing
            | Algorithm::Allgather(
                AllgatherAlgorithm::Ring
                | AllgatherAlgorithm::RecursiveDoubling
                | AllgatherAlgorithm::Bruck
                | AllgatherAlgorithm::Neighbor,
            )
            | Algorithm::Alltoall(
                AlltoallAlgorithm::Pairwise | AlltoallAlgorithm::PairwiseSwap | AlltoallAlgorithm::Bruck,
            )
            | Algorithm::ReduceScatter(
                ReduceScatterWay::Ring | ReduceScatterWay::ButterflyInOrder | ReduceScatterWay::Pairwise,
            )
            | Algorithm::Ring => Found::Continue(()),
        }
    }

    /// Returns whether the elements are those of a vector that the ranks divide, and not of one rank's block.
    fn divides_vector(&self) -> bool {
        matches!(
            self.algorithm,
            Algorithm::AllreduceByRing
                | Algorithm::ReduceScatter(_)
                | Algorithm::ReduceScatterv(_)
                | Algorithm::ReduceThenScatter(..)
        )
    }

    /// Returns whether the algorithm consists of exchanges only.
    #[inline]
    pub(super) fn is_exchanges(&self) -> bool {
        match self.algorithm {
            Algorithm::Barrier(algorithm) => algorithm == BarrierAlgorithm::Dissemination,
            Algorithm::Alltoall(algorithm) => {
                !matches!(algorithm, AlltoallAlgorithm::Linear | AlltoallAlgorithm::Scattered)
            }
            Algorithm::ReduceScatter(way) => {
                matches!(way, ReduceScatterWay::Ring | ReduceScatterWay::ButterflyInOrder | ReduceScatterWay::Pairwise)
            }
            Algorithm::Allgather(_) | Algorithm::AllreduceByRing | Algorithm::Ring => true,
            _ => false,
        }
    }

    /// Returns what `rank` exchanges in a round of an algorithm that consists of exchanges only; none after the last, and
    /// none in other algorithms.
    #[inline]
    pub(super) fn exchange(&self, rank: u32, n_ranks: u32, round: u32) -> Option<Exchange> {
        let me = Member { rank, n_ranks, root: 0 };
        match self.algorithm {
            Algorithm::Barrier(BarrierAlgorithm::Dissemination) => barrier::dissemination(me, round),
            Algorithm::Ring => ring::shift(me, self.arguments.bytes(), round),
            Algorithm::Alltoall(AlltoallAlgorithm::Pairwise) => alltoall::pairwise(me, self.arguments.bytes(), round),
            Algorithm::Alltoall(AlltoallAlgorithm::PairwiseSwap) => alltoall::swap(me, self.arguments.bytes(), round),
            Algorithm::Alltoall(AlltoallAlgorithm::Bruck) => alltoall::bruck(me, self.arguments.bytes(), round),
            Algorithm::Allgather(AllgatherAlgorithm::RingInPieces) => {
                allgather::ring_in_pieces(me, self.arguments, self.arguments.elements, round)
            }
            Algorithm::Allgather(_) => self.exchange_of_parts(me, &Equal(self.arguments.elements), round),
            Algorithm::AllreduceByRing | Algorithm::ReduceScatter(_) => {
                self.exchange_of_parts(me, &Even::of(self.arguments.elements, n_ranks), round)
            }
            _ => None,
        }
    }

    /// Returns the exchange of an algorithm that sends the parts of ranks.
    fn exchange_of_parts(&self, me: Member, parts: &impl Parts, round: u32) -> Option<Exchange> {
        let arguments = self.arguments;
        match self.algorithm {
            Algorithm::Allgather(AllgatherAlgorithm::Ring) => allgather::ring(me, arguments, parts, round),
            Algorithm::Allgather(AllgatherAlgorithm::RecursiveDoubling) => {
                allgather::recursive_doubling(me, arguments, parts, round)
            }
            Algorithm::Allgather(AllgatherAlgorithm::Bruck) => allgather::bruck(me, arguments, parts, round),
            Algorithm::Allgather(AllgatherAlgorithm::Neighbor) => allgather::neighbor(me, arguments, parts, round),
            Algorithm::AllreduceByRing => allreduce::ring(me, arguments, parts, round),
            Algorithm::ReduceScatter(ReduceScatterWay::Ring) => reduce_scatter::ring(me, arguments, parts, round),
            Algorithm::ReduceScatter(ReduceScatterWay::Pairwise) => {
                reduce_scatter::pairwise(me, arguments, parts, round)
            }
            Algorithm::ReduceScatter(ReduceScatterWay::ButterflyInOrder) => {
                reduce_scatter::butterfly_in_order(me, arguments, round)
            }
            _ => None,
        }
    }

    /// Returns how many ops all ranks have together.
    #[must_use]
    pub fn n_ops(&self, n_ranks: u32) -> u64 {
        (0..n_ranks).map(|rank| u64::from(self.n_ops_of(rank, n_ranks))).sum()
    }

    /// Returns how many ops a rank has: doubles a number of steps until there are fewer, then halves the range.
    fn n_ops_of(&self, rank: u32, n_ranks: u32) -> u32 {
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

    /// Returns the same algorithm with as many ops and few elements: from a number on, no part of a vector is empty.
    pub(super) fn with_few_elements(self, n_ranks: u32) -> Self {
        if self.algorithm == Algorithm::Allgather(AllgatherAlgorithm::RingInPieces) {
            return self;
        }
        let enough = u64::from(n_ranks) * u64::from(n_ranks);
        let is_divided =
            self.divides_vector() || matches!(self.algorithm, Algorithm::Bcast(_) | Algorithm::ReduceBcast(..));
        let elements = self.arguments.elements.min(if is_divided { enough } else { 1 });
        Self { arguments: Arguments::of(elements, 1), ..self }
    }
}

fn bcast(algorithm: BcastAlgorithm, me: Member, arguments: Arguments, steps: &mut Steps) -> Found {
    let along = |tree, steps: &mut Steps| bcast::along(tree, me, arguments.bytes(), steps);
    match algorithm {
        BcastAlgorithm::Linear => bcast::linear(me, arguments.bytes(), steps),
        BcastAlgorithm::Chain => along(Tree::Chain, steps),
        BcastAlgorithm::Binary => along(Tree::Binary, steps),
        BcastAlgorithm::SplitBinary => bcast::split_binary(me, arguments, steps),
        BcastAlgorithm::Binomial => along(Tree::Binomial, steps),
        BcastAlgorithm::BinomialInTurn => bcast::binomial_in_turn(me, arguments.bytes(), steps),
        BcastAlgorithm::Knomial => along(Tree::Knomial, steps),
        BcastAlgorithm::ScatterAllgather => bcast::scatter_allgather(me, arguments, steps),
        BcastAlgorithm::ScatterAllgatherRing => bcast::scatter_allgather_ring(me, arguments, steps),
    }
}

fn scatter(algorithm: ScatterAlgorithm, me: Member, arguments: Arguments, steps: &mut Steps) -> Found {
    match algorithm {
        ScatterAlgorithm::Linear => scatter::linear(me, arguments.bytes(), steps),
        ScatterAlgorithm::LinearNonblocking => scatter::linear_nonblocking(me, arguments.bytes(), steps),
        ScatterAlgorithm::Binomial => scatter::binomial(me, arguments, steps),
    }
}

fn reduce(algorithm: ReduceAlgorithm, me: Member, arguments: Arguments, steps: &mut Steps) -> Found {
    let bytes: Bytes = arguments.bytes();
    match algorithm {
        ReduceAlgorithm::Linear => reduce::linear(me, bytes, steps),
        ReduceAlgorithm::Chain => reduce::along(Tree::Chain, me, bytes, steps),
        ReduceAlgorithm::Binary => reduce::along(Tree::Binary, me, bytes, steps),
        ReduceAlgorithm::InOrderBinary => reduce::in_order_binary(me, bytes, steps),
        ReduceAlgorithm::Binomial => reduce::along(Tree::InOrderBinomial, me, bytes, steps),
        ReduceAlgorithm::BinomialInTurn => reduce::binomial_in_turn(me, arguments, steps),
        ReduceAlgorithm::ReduceScatterGather => reduce::in_blocks(me, arguments, steps),
        ReduceAlgorithm::Rabenseifner => reduce::rabenseifner(me, arguments, steps),
    }
}

#[cfg(test)]
mod tests;
