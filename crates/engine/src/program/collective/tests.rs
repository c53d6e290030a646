//! Messages and bytes of every algorithm at 1 to 17 ranks, as its formula says, and the choice among them.

mod chosen;
mod spread;

use super::*;
use crate::program::Source;

/// Divisible by all powers of two up to 32 and by 17, 15, 13, 11, 9 and 7, so that parts of all numbers of ranks are alike.
const ELEMENTS: u64 = 32 * 17 * 15 * 13 * 11 * 9 * 7;
/// Bytes of the vector, or of a block.
const B: u64 = 8 * ELEMENTS;

fn with(algorithm: Algorithm) -> Collective {
    Collective { algorithm, arguments: Arguments::of(ELEMENTS, 8) }
}

/// All algorithms, of all collectives, that go with so many ranks.
fn all(p: u32) -> Vec<Algorithm> {
    use ReduceScatterWay::{Butterfly, ButterflyInOrder, Pairwise, RecursiveDoubling, RecursiveHalving, Ring};
    let mut all =
        vec![Algorithm::Scatterv, Algorithm::Gatherv, Algorithm::AllreduceByDoubling, Algorithm::AllreduceByRing];
    all.extend([
        Algorithm::ScattervAtOnce,
        Algorithm::GathervAtOnce,
        Algorithm::AllreduceInBlocks,
        Algorithm::ScanByDoubling,
    ]);
    all.extend([Algorithm::AllreduceByHalving, Algorithm::Scan, Algorithm::Ring, Algorithm::Halo]);
    all.extend(BarrierAlgorithm::ALL.map(Algorithm::Barrier));
    all.extend(BcastAlgorithm::ALL.map(Algorithm::Bcast));
    all.extend(BcastAlgorithm::ALL.map(|second| Algorithm::ReduceBcast(ReduceAlgorithm::Binary, second)));
    all.extend(BcastAlgorithm::ALL.map(Algorithm::GathervBcast).into_iter().take(2));
    all.extend(ScatterAlgorithm::ALL.map(Algorithm::Scatter));
    all.extend(GatherAlgorithm::ALL.map(Algorithm::Gather));
    all.extend(ReduceAlgorithm::ALL.map(Algorithm::Reduce));
    all.extend(ReduceAlgorithm::ALL.map(Algorithm::ReduceScatterv));
    all.extend(ScatterAlgorithm::ALL.map(|second| Algorithm::ReduceThenScatter(ReduceAlgorithm::Chain, second)));
    let goes = |way: &AlltoallAlgorithm| *way != AlltoallAlgorithm::PairwiseSwap || p.is_power_of_two();
    all.extend(AlltoallAlgorithm::ALL.into_iter().filter(goes).map(Algorithm::Alltoall));
    all.extend([AllgatherAlgorithm::Ring, AllgatherAlgorithm::Bruck].map(Algorithm::Allgather));
    all.extend([Ring, RecursiveHalving, Butterfly, RecursiveDoubling, Pairwise].map(Algorithm::ReduceScatter));
    if p.is_power_of_two() {
        all.push(Algorithm::Allgather(AllgatherAlgorithm::RecursiveDoubling));
        all.push(Algorithm::ReduceScatter(ButterflyInOrder));
    }
    if p.is_multiple_of(2) {
        all.push(Algorithm::Allgather(AllgatherAlgorithm::Neighbor));
    }
    all
}

fn ops(collective: Collective, rank: u32, p: u32) -> impl Iterator<Item = Op> {
    (0..).map_while(move |step| collective.op(rank, p, step))
}

/// All messages of a collective: (from, to, bytes), in the order of the senders' ops.
fn messages(collective: Collective, p: u32) -> Vec<(u32, u32, u64)> {
    let sent = |rank, op| match op {
        Op::Send(envelope) | Op::Isend(envelope) => Some((rank, envelope.to.0, envelope.bytes.0)),
        _ => None,
    };
    (0..p).flat_map(|rank| ops(collective, rank, p).filter_map(move |op| sent(rank, op))).collect()
}

/// Checks the messages and bytes of an algorithm for 1 to 17 ranks.
fn check(algorithm: Algorithm, formula: impl Fn(u64) -> (u64, u64)) {
    check_where(algorithm, |_| true, formula);
}

fn check_where(algorithm: Algorithm, is_for: impl Fn(u32) -> bool, formula: impl Fn(u64) -> (u64, u64)) {
    for p in (1..=17).filter(|p| is_for(*p)) {
        let sent = messages(with(algorithm), p);
        let bytes: u64 = sent.iter().map(|message| message.2).sum();
        assert_eq!((sent.len() as u64, bytes), formula(p.into()), "messages and bytes of {algorithm:?} at {p} ranks");
    }
}

/// The largest power of two that is not above p, its logarithm, and what p has more.
fn power(p: u64) -> (u64, u64, u64) {
    let log = u64::from(p.ilog2());
    (1 << log, log, p - (1 << log))
}

/// Rounds until 2^rounds is at least p.
fn rounds(p: u64) -> u64 {
    p.next_power_of_two().ilog2().into()
}

/// Sum over the ranks 1..p of the number of ranks in their subtree of the binomial tree in order: what a gather moves.
/// The subtree of r has min(lowest bit of r, p - r) ranks.
fn subtrees(p: u64) -> u64 {
    (1..p).map(|r| (r & r.wrapping_neg()).min(p - r)).sum()
}

#[test]
fn a_barrier_moves_no_bytes() {
    check(Algorithm::Barrier(BarrierAlgorithm::Linear), |p| (2 * (p - 1), 0));
    check(Algorithm::Barrier(BarrierAlgorithm::Tree), |p| (2 * (p - 1), 0));
    check(Algorithm::Barrier(BarrierAlgorithm::DoubleRing), |p| (if p == 1 { 0 } else { 2 * p }, 0));
    check(Algorithm::Barrier(BarrierAlgorithm::RecursiveDoubling), |p| {
        let (q, log, more) = power(p);
        (q * log + 2 * more, 0)
    });
    check(Algorithm::Barrier(BarrierAlgorithm::Dissemination), |p| (p * rounds(p), 0));
}

#[test]
fn a_bcast_and_a_reduce_along_a_tree_send_the_vector_once_to_or_from_each_rank() {
    use BcastAlgorithm::{Binary, Binomial, BinomialInTurn, Chain, Knomial, Linear};
    for algorithm in [Linear, Chain, Binary, Binomial, BinomialInTurn, Knomial] {
        check(Algorithm::Bcast(algorithm), |p| (p - 1, (p - 1) * B));
    }
    for algorithm in [
        ReduceAlgorithm::Linear,
        ReduceAlgorithm::Chain,
        ReduceAlgorithm::Binary,
        ReduceAlgorithm::Binomial,
        ReduceAlgorithm::BinomialInTurn,
    ] {
        check(Algorithm::Reduce(algorithm), |p| (p - 1, (p - 1) * B));
    }
    // The last rank sends the result to rank 0.
    check(Algorithm::Reduce(ReduceAlgorithm::InOrderBinary), |p| if p == 1 { (0, 0) } else { (p, p * B) });
}

#[test]
fn a_bcast_by_halves_or_blocks_still_brings_the_vector_once_to_each_rank() {
    // Each rank but the root gets one half from above and one from its neighbour.
    check(Algorithm::Bcast(BcastAlgorithm::SplitBinary), |p| (2 * (p - 1), (p - 1) * B));
    // A scatter, then an allgather in which each rank gets all blocks but its own.
    let is_divisible = |p: u32| ELEMENTS.is_multiple_of(p.into());
    let bytes = |p: u64| B / p * (subtrees(p) + p * (p - 1));
    let around = |p: u64| ((p - 1) + p * (p - 1), bytes(p));
    check_where(Algorithm::Bcast(BcastAlgorithm::ScatterAllgatherRing), is_divisible, around);
    // In each round a rank gets the other half of its subtree, if it has a rank: the upper half always gets the lower one.
    let received = |p: u64| -> u64 {
        let in_round =
            |half: u64| (0..p).filter(|place| place & half > 0 || (place & !(half - 1)) + half < p).count() as u64;
        (0..rounds(p)).map(|round| in_round(1 << round)).sum()
    };
    let by_doubling = |p| (p - 1 + received(p), bytes(p));
    check_where(Algorithm::Bcast(BcastAlgorithm::ScatterAllgather), is_divisible, by_doubling);
    // p = 8: 7 + 3 * 8 messages.
    assert_eq!(received(8), 24);
}

#[test]
fn linear_scatter_and_gather_move_each_block_once() {
    use ScatterAlgorithm::{Linear, LinearNonblocking};
    for algorithm in [Algorithm::Scatter(Linear), Algorithm::Scatter(LinearNonblocking), Algorithm::Scatterv] {
        check(algorithm, |p| (p - 1, (p - 1) * B));
    }
    check(Algorithm::Gather(GatherAlgorithm::Linear), |p| (p - 1, (p - 1) * B));
    check(Algorithm::Gatherv, |p| (p - 1, (p - 1) * B));
    // A go, the block and an empty second part.
    check(Algorithm::Gather(GatherAlgorithm::LinearSync), |p| (3 * (p - 1), (p - 1) * B));
}

#[test]
fn binomial_scatter_and_gather_move_each_block_once_per_level() {
    check(Algorithm::Scatter(ScatterAlgorithm::Binomial), |p| (p - 1, subtrees(p) * B));
    check(Algorithm::Gather(GatherAlgorithm::Binomial), |p| (p - 1, subtrees(p) * B));
    // p = 8: four ranks send 1 block, two send 2, one sends 4: 4 + 4 + 4 = 12 = p/2 log2 p
    assert_eq!(subtrees(8), 12);
}

/// Pairs of whom one is left out: both halves are exchanged, and one is handed back. Then each of q gives (1 - 1/q).
fn halved((q, log, more): (u64, u64, u64)) -> (u64, u64) {
    (3 * more + q * log, more * 3 * B / 2 + (q - 1) * B)
}

#[test]
fn a_reduce_by_halving_gathers_what_each_rank_has_reduced() {
    check(Algorithm::Reduce(ReduceAlgorithm::Rabenseifner), |p| {
        let (q, log, more) = power(p);
        let (messages, bytes) = halved((q, log, more));
        // A binomial gather of q blocks of B/q: q/2 log2 q of them are sent.
        (messages + q - 1, bytes + log * B / 2)
    });
}

#[test]
fn allreduce_gives_every_rank_the_result() {
    let linear = Algorithm::ReduceBcast(ReduceAlgorithm::Linear, BcastAlgorithm::Linear);
    check(linear, |p| (2 * (p - 1), 2 * (p - 1) * B));
    check(Algorithm::AllreduceByDoubling, |p| {
        let (q, log, more) = power(p);
        let n = q * log + 2 * more;
        (n, n * B)
    });
    check(Algorithm::AllreduceByRing, |p| (2 * p * (p - 1), 2 * (p - 1) * B));
    check(Algorithm::AllreduceByHalving, |p| {
        let (q, log, more) = power(p);
        let (messages, bytes) = halved((q, log, more));
        (messages + q * log + more, bytes + (q - 1) * B + more * B)
    });
}

#[test]
fn a_reduce_scatter_sends_what_others_need() {
    use ReduceScatterWay::{Butterfly, ButterflyInOrder, Pairwise, RecursiveDoubling, RecursiveHalving, Ring};
    let is_divisible = |p: u32| ELEMENTS.is_multiple_of(p.into());
    check(Algorithm::ReduceScatter(Ring), |p| (p * (p - 1), (p - 1) * B));
    check(Algorithm::ReduceScatter(Pairwise), |p| (p * (p - 1), (p - 1) * B));
    // One of each pair hands over its vector and gets its part.
    check_where(Algorithm::ReduceScatter(RecursiveHalving), is_divisible, |p| {
        let (q, log, more) = power(p);
        (2 * more + q * log, more * (B + B / p) + (q - 1) * B)
    });
    check_where(Algorithm::ReduceScatter(Butterfly), is_divisible, |p| {
        let (q, log, more) = power(p);
        let mirrored = |place: u64| (0..log).fold(0, |mirrored, bit| mirrored << 1 | (place >> bit & 1));
        let n_swapped = (0..q).filter(|place| mirrored(*place) != *place).count() as u64;
        (2 * more + q * log + n_swapped, more * (B + B / p) + (q - 1) * B + n_swapped * B / p)
    });
    check_where(Algorithm::ReduceScatter(ButterflyInOrder), u32::is_power_of_two, |p| {
        (p * u64::from(p.ilog2()), (p - 1) * B)
    });
    // In round k all but 2^k parts: for powers of two log2 p - (p - 1) / p vectors from each rank.
    check_where(Algorithm::ReduceScatter(RecursiveDoubling), u32::is_power_of_two, |p| {
        let log = u64::from(p.ilog2());
        (p * log, (p * log - (p - 1)) * B)
    });
}

#[test]
fn parts_that_are_empty_are_not_sent() {
    // Two elements on four ranks: rank 0 has one of the two, rank 1 the other.
    let collective = |algorithm| Collective { algorithm, arguments: Arguments::of(2, 8) };
    let uneven = collective(Algorithm::ReduceScatter(ReduceScatterWay::RecursiveHalving));
    // Ranks 2 and 3 give ranks 0 and 1 all that they have and get nothing; ranks 0 and 1 exchange an element each.
    assert_eq!(messages(uneven, 4), [(0, 1, 8), (1, 0, 8), (2, 0, 16), (3, 1, 16)]);
    let then_scattered = collective(Algorithm::ReduceScatterv(ReduceAlgorithm::Linear));
    assert_eq!(messages(then_scattered, 4), [(0, 1, 8), (1, 0, 16), (2, 0, 16), (3, 0, 16)]);
}

#[test]
fn ranks_may_have_parts_of_their_own() {
    let parts = &Uneven::new([1, 0, 5]);
    let sent = |algorithm| {
        let collective = Collective { algorithm, arguments: Arguments::of(parts.all(), 10) };
        let ops = |rank| (0..).map_while(move |step| collective.op_of_uneven(rank, 3, parts, step));
        let bytes = |op| match op {
            Op::Send(envelope) | Op::Isend(envelope) => Some(envelope.bytes.0),
            _ => None,
        };
        [0, 1, 2].map(|rank| ops(rank).filter_map(bytes).collect::<Vec<_>>())
    };
    // Around the ring each rank sends its own part, then the one before.
    assert_eq!(sent(Algorithm::Allgather(AllgatherAlgorithm::Ring)), [[10, 50], [0, 10], [50, 0]]);
    // Its own part, then that and the next one's, as far as ranks are left: one of 3 - 2.
    assert_eq!(sent(Algorithm::Allgather(AllgatherAlgorithm::Bruck)), [[10, 10], [0, 0], [50, 50]]);
    let nothing: [u64; 0] = [];
    assert_eq!(sent(Algorithm::Gatherv), [&nothing[..], &nothing, &[50]]);
    assert_eq!(sent(Algorithm::GathervBcast(BcastAlgorithm::Linear)), [&[60, 60][..], &nothing, &[50]]);
}

#[test]
fn a_ring_in_pieces_sends_and_receives_side_by_side() {
    let algorithm = Algorithm::Allgather(AllgatherAlgorithm::RingInPieces);
    // 5000 doubles are a piece of 4096 and one of 904; each goes from each of three ranks to the next one, twice.
    let equal = Collective { algorithm, arguments: Arguments::of(5000, 8) };
    let sent = messages(equal, 3);
    assert_eq!(sent[..4], [(0, 1, 32_768), (0, 1, 7232), (0, 1, 32_768), (0, 1, 7232)]);
    assert_eq!(sent.len(), 12);
    // The next rank does not get its own part.
    let parts = &Uneven::new([5000, 0, 1]);
    let uneven = Collective { algorithm, arguments: Arguments::of(parts.all(), 8) };
    let ops = |rank| (0..).map_while(move |step| uneven.op_of_uneven(rank, 3, parts, step));
    let bytes = |op| match op {
        Op::Send(envelope) | Op::Isend(envelope) => Some(envelope.bytes.0),
        _ => None,
    };
    let sent = [0, 1, 2].map(|rank| ops(rank).filter_map(bytes).collect::<Vec<_>>());
    assert_eq!(sent, [&[32_768, 7232, 8][..], &[32_768, 7232], &[8]]);
}

#[test]
fn alltoall_moves_each_block_once_or_once_per_bit_of_its_distance() {
    for algorithm in [AlltoallAlgorithm::Linear, AlltoallAlgorithm::Pairwise, AlltoallAlgorithm::Scattered] {
        check(Algorithm::Alltoall(algorithm), |p| (p * (p - 1), p * (p - 1) * B));
    }
    let swap = Algorithm::Alltoall(AlltoallAlgorithm::PairwiseSwap);
    check_where(swap, u32::is_power_of_two, |p| (p * (p - 1), p * (p - 1) * B));
    // Bruck: the block that goes distance d is passed on once for each bit of d, by each of the p ranks.
    check(Algorithm::Alltoall(AlltoallAlgorithm::Bruck), |p| {
        let passes: u64 = (1..p).map(|d| u64::from(d.count_ones())).sum();
        (p * rounds(p), p * passes * B)
    });
}

#[test]
fn allgather_brings_each_rank_the_blocks_of_all_others() {
    let all_others = |p: u64| p * (p - 1) * B;
    check(Algorithm::Allgather(AllgatherAlgorithm::Ring), |p| (p * (p - 1), all_others(p)));
    check(Algorithm::Allgather(AllgatherAlgorithm::Bruck), |p| (p * rounds(p), all_others(p)));
    let by_doubling = Algorithm::Allgather(AllgatherAlgorithm::RecursiveDoubling);
    check_where(by_doubling, u32::is_power_of_two, |p| (p * rounds(p), all_others(p)));
    let is_even = |p: u32| p.is_multiple_of(2);
    check_where(Algorithm::Allgather(AllgatherAlgorithm::Neighbor), is_even, |p| (p * p / 2, all_others(p)));
    // To rank 0, then all to each rank.
    let all_at_once = Algorithm::GathervBcast(BcastAlgorithm::Linear);
    check(all_at_once, |p| (2 * (p - 1), (p - 1) * B + (p - 1) * p * B));
}

#[test]
fn a_scan_a_shift_and_a_halo_send_to_neighbours() {
    check(Algorithm::Scan, |p| (p - 1, (p - 1) * B));
    // Each rank with each of those that differ in one bit, so far as they exist.
    check(Algorithm::ScanByDoubling, |p| {
        let pairs = (0..p).map(|rank| (0..rounds(p)).filter(|bit| rank ^ (1 << bit) < p).count() as u64).sum();
        (pairs, pairs * B)
    });
    check(Algorithm::Ring, |p| if p == 1 { (0, 0) } else { (p, p * B) });
    check(Algorithm::Halo, |p| (2 * (p - 1), 2 * (p - 1) * B));
    let pairs: Vec<(u32, u32)> = messages(with(Algorithm::Halo), 4).iter().map(|(from, to, _)| (*from, *to)).collect();
    assert_eq!(pairs, [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2)]);
}

#[test]
fn the_ops_with_few_elements_are_as_many() {
    for p in [1, 2, 3, 7, 8, 13, 17] {
        for algorithm in all(p) {
            for elements in [1, 2, 5, 16, 17, 300, 100_000] {
                let collective = Collective { algorithm, arguments: Arguments::of(elements, 8) };
                let n: u64 = (0..p).map(|rank| ops(collective, rank, p).count() as u64).sum();
                assert_eq!(collective.with_few_elements(p).n_ops(p), n, "{collective:?} at {p} ranks");
            }
        }
    }
}
