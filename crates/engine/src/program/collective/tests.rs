//! Bytes and messages of every collective at 1 to 17 ranks, as the formula of its algorithm says.

use std::collections::BTreeMap;

use super::*;

/// All messages of a collective: (from, to, bytes), in the order of the senders' ops.
fn messages(collective: Collective, n_ranks: u32) -> Vec<(u32, u32, u64)> {
    let mut sent = Vec::new();
    for rank in 0..n_ranks {
        for op in (0..).map_while(|step| collective.op(rank, n_ranks, step)) {
            if let Op::Send(envelope) | Op::Isend(envelope) = op {
                sent.push((rank, envelope.to.0, envelope.bytes.0));
            }
        }
    }
    sent
}

/// Panics unless each rank posts exactly as many receives for each other rank as that one sends.
fn assert_sends_meet_receives(collective: Collective, n_ranks: u32) {
    let mut balance: BTreeMap<(u32, u32), i64> = BTreeMap::new();
    for (from, to, _) in messages(collective, n_ranks) {
        assert!(to < n_ranks && to != from, "{collective:?} p={n_ranks}: {from} sends to {to}");
        *balance.entry((from, to)).or_default() += 1;
    }
    for rank in 0..n_ranks {
        for op in (0..).map_while(|step| collective.op(rank, n_ranks, step)) {
            if let Op::Recv(pattern) | Op::Irecv(pattern) = op {
                let Source::Rank(from) = pattern.from else { panic!("a collective receives from any") };
                *balance.entry((from.0, rank)).or_default() -= 1;
            }
        }
    }
    assert!(balance.values().all(|n| *n == 0), "{collective:?} p={n_ranks}: {balance:?}");
}

const B: Bytes = Bytes(1000);

fn check(collective: Collective, formula: impl Fn(u64) -> (u64, u64)) {
    for p in 1..=17_u32 {
        assert_sends_meet_receives(collective, p);
        let sent = messages(collective, p);
        let (n_messages, bytes) = formula(u64::from(p));
        assert_eq!(sent.len() as u64, n_messages, "messages of {collective:?} at p={p}");
        assert_eq!(sent.iter().map(|m| m.2).sum::<u64>(), bytes, "bytes of {collective:?} at p={p}");
    }
}

/// Largest power of two that is not above p, and its logarithm.
fn q(p: u64) -> (u64, u64) {
    (1 << p.ilog2(), p.ilog2().into())
}

/// Sum over the ranks 1..p of the number of ranks in their in-order binomial subtree: what a binomial gather moves.
/// The subtree of r has min(lowest bit of r, p - r) ranks.
fn subtrees(p: u64) -> u64 {
    (1..p).map(|r| (r & r.wrapping_neg()).min(p - r)).sum()
}

#[test]
fn a_barrier_moves_no_bytes() {
    check(Collective::Barrier(BarrierAlgorithm::Linear), |p| (2 * (p - 1), 0));
    check(Collective::Barrier(BarrierAlgorithm::RecursiveDoubling), |p| {
        let (q, log) = q(p);
        (q * log + 2 * (p - q), 0)
    });
    check(Collective::Barrier(BarrierAlgorithm::Dissemination), |p| (p * u64::from(p.next_power_of_two().ilog2()), 0));
}

#[test]
fn a_bcast_and_a_reduce_send_the_vector_once_to_or_from_each_rank() {
    for algorithm in [TreeAlgorithm::Linear, TreeAlgorithm::Binomial] {
        check(Collective::Bcast(algorithm, B), |p| (p - 1, (p - 1) * B.0));
        check(Collective::Reduce(algorithm, B), |p| (p - 1, (p - 1) * B.0));
    }
}

#[test]
fn linear_scatter_and_gather_move_each_block_once() {
    for collective in [
        Collective::Scatter(TreeAlgorithm::Linear, B),
        Collective::Scatterv(B),
        Collective::Gather(TreeAlgorithm::Linear, B),
        Collective::Gatherv(B),
    ] {
        check(collective, |p| (p - 1, (p - 1) * B.0));
    }
}

#[test]
fn binomial_scatter_and_gather_move_each_block_once_per_level() {
    check(Collective::Scatter(TreeAlgorithm::Binomial, B), |p| (p - 1, subtrees(p) * B.0));
    check(Collective::Gather(TreeAlgorithm::Binomial, B), |p| (p - 1, subtrees(p) * B.0));
    // p = 8: four ranks send 1 block, two send 2, one sends 4: 4 + 4 + 4 = 12 = p/2 log2 p
    assert_eq!(subtrees(8), 12);
}

#[test]
fn allreduce_gives_every_rank_the_result() {
    check(Collective::Allreduce(AllreduceAlgorithm::Linear, B), |p| (2 * (p - 1), 2 * (p - 1) * B.0));
    check(Collective::Allreduce(AllreduceAlgorithm::RecursiveDoubling, B), |p| {
        let (q, log) = q(p);
        let n = q * log + 2 * (p - q);
        (n, n * B.0)
    });
}

#[test]
fn alltoall_moves_each_block_once_or_once_per_bit_of_its_distance() {
    for algorithm in [AlltoallAlgorithm::Linear, AlltoallAlgorithm::Pairwise] {
        check(Collective::Alltoall(algorithm, B), |p| (p * (p - 1), p * (p - 1) * B.0));
    }
    // Bruck: the block that goes distance d is passed on once for each bit of d, by each of the p ranks.
    check(Collective::Alltoall(AlltoallAlgorithm::Bruck, B), |p| {
        let passes: u64 = (1..p).map(|d| u64::from(d.count_ones())).sum();
        (p * u64::from(p.next_power_of_two().ilog2()), p * passes * B.0)
    });
}

#[test]
fn allgather_brings_each_rank_the_blocks_of_all_others() {
    let none = crate::machine::CollectiveOverrides::default();
    let rounds = |p: u64| u64::from(p.next_power_of_two().ilog2());
    for algorithm in [
        AllgatherAlgorithm::Ring,
        AllgatherAlgorithm::Bruck,
        AllgatherAlgorithm::RecursiveDoubling,
        AllgatherAlgorithm::Neighbor,
    ] {
        let overrides = crate::machine::CollectiveOverrides { allgather: Some(algorithm), ..none };
        for p in 1..=17_u32 {
            let collective = selection::allgather(p, B, overrides);
            assert_sends_meet_receives(collective, p);
            let sent = messages(collective, p);
            // Each of p ranks receives p - 1 blocks, whatever the way.
            let p = u64::from(p);
            assert_eq!(sent.iter().map(|m| m.2).sum::<u64>(), p * (p - 1) * B.0, "bytes of {collective:?} at p={p}");
            let n_messages = match algorithm {
                AllgatherAlgorithm::Ring => p * (p - 1),
                // Odd numbers fall back to the ring.
                AllgatherAlgorithm::Neighbor => {
                    if p.is_multiple_of(2) {
                        p * p / 2
                    } else {
                        p * (p - 1)
                    }
                }
                // Other than powers of two fall back to Bruck's, with as many rounds.
                AllgatherAlgorithm::Bruck | AllgatherAlgorithm::RecursiveDoubling => p * rounds(p),
            };
            assert_eq!(sent.len() as u64, n_messages, "messages of {collective:?} at p={p}");
        }
    }
}

#[test]
fn allgather_and_alltoall_follow_open_mpi() {
    let none = crate::machine::CollectiveOverrides::default();
    let allgather = |p, bytes| selection::allgather(p, Bytes(bytes), none);
    let alltoall = |p, bytes| selection::alltoall(p, Bytes(bytes), none);
    // coll_tuned_decision_fixed.c of Open MPI 4.1: (ranks, bytes) and what is picked.
    for (p, bytes, algorithm) in [
        (2, 8, AllgatherAlgorithm::RecursiveDoubling),
        (24, 1 << 20, AllgatherAlgorithm::Bruck),
        (32, 1023, AllgatherAlgorithm::RecursiveDoubling),
        (32, 1024, AllgatherAlgorithm::Neighbor),
        (33, 1024, AllgatherAlgorithm::Ring),
        (64, 65_536, AllgatherAlgorithm::Ring),
        (128, 1 << 19, AllgatherAlgorithm::Neighbor),
        (256, 64, AllgatherAlgorithm::Bruck),
        (1024, 16, AllgatherAlgorithm::Bruck),
        (1024, 4096, AllgatherAlgorithm::Neighbor),
    ] {
        assert_eq!(allgather(p, bytes), Collective::Allgather(algorithm, Bytes(bytes)), "{bytes} B at {p} ranks");
    }
    for (p, bytes, algorithm) in [
        (2, 100, AlltoallAlgorithm::Pairwise),
        (4, 100, AlltoallAlgorithm::Linear),
        (4, 1 << 19, AlltoallAlgorithm::Pairwise),
        (16, 4, AlltoallAlgorithm::Bruck),
        (64, 1023, AlltoallAlgorithm::Bruck),
        (64, 1 << 18, AlltoallAlgorithm::Pairwise),
        (256, 1 << 15, AlltoallAlgorithm::Pairwise),
        (1024, 512, AlltoallAlgorithm::Linear),
        (4096, 2047, AlltoallAlgorithm::Bruck),
    ] {
        assert_eq!(alltoall(p, bytes), Collective::Alltoall(algorithm, Bytes(bytes)), "{bytes} B at {p} ranks");
    }
}

#[test]
fn a_ring_shift_sends_one_block_per_rank() {
    check(Collective::Ring(B), |p| if p == 1 { (0, 0) } else { (p, p * B.0) });
}

#[test]
fn a_halo_is_swapped_with_each_neighbour_but_not_across_the_ends() {
    check(Collective::Halo(B), |p| (2 * (p - 1), 2 * (p - 1) * B.0));
    let sent = messages(Collective::Halo(B), 4);
    let pairs: Vec<(u32, u32)> = sent.iter().map(|(from, to, _)| (*from, *to)).collect();
    assert_eq!(pairs, [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2)]);
}

#[test]
fn scatterv_and_gatherv_take_the_size_of_each_rank() {
    let bytes_of = |rank: u32| Bytes(u64::from(rank) * 10);
    for p in 1..=17_u32 {
        let scattered: Vec<Op> = (0..).map_while(|step| scatter::linear(0, p, bytes_of, step)).collect();
        let expected: Vec<Op> = (1..p).map(|rank| send(rank, bytes_of(rank))).collect();
        assert_eq!(scattered, expected);
        let gathered: Vec<Option<Op>> = (1..p).map(|rank| gather::linear(rank, p, bytes_of, 0)).collect();
        assert_eq!(gathered, (1..p).map(|rank| Some(send(0, bytes_of(rank)))).collect::<Vec<_>>());
    }
}

/// Every block reaches its rank in a scatter, and the root in a gather: a rank passes on at most what it has.
#[test]
fn a_binomial_scatter_hands_each_rank_its_own_subtree() {
    for p in 1..=17_u32 {
        let sent = messages(Collective::Scatter(TreeAlgorithm::Binomial, Bytes(1)), p);
        for rank in 1..p {
            let received: u64 = sent.iter().filter(|m| m.1 == rank).map(|m| m.2).sum();
            let passed_on: u64 = sent.iter().filter(|m| m.0 == rank).map(|m| m.2).sum();
            assert_eq!(received, passed_on + 1, "rank {rank} of {p} keeps one block");
        }
    }
}

#[test]
fn the_selection_follows_open_mpi_for_the_sizes_of_the_workloads() {
    use super::selection::{barrier, gather, scatter};
    let none = crate::machine::CollectiveOverrides::default();
    // coll_tuned_decision_fixed.c of Open MPI 4.1: gather of 8 B is binomial at every size of communicator from 2 on
    for p in [2, 4, 7, 8, 32, 64, 256] {
        assert_eq!(gather(p, Bytes(8), none), Collective::Gather(TreeAlgorithm::Binomial, Bytes(8)));
    }
    assert_eq!(gather(2, Bytes(40_000), none), Collective::Gather(TreeAlgorithm::Linear, Bytes(40_000)));
    assert_eq!(scatter(2, Bytes(64), none), Collective::Scatter(TreeAlgorithm::Linear, Bytes(64)));
    assert_eq!(scatter(8, Bytes(64), none), Collective::Scatter(TreeAlgorithm::Binomial, Bytes(64)));
    assert_eq!(barrier(4, none), Collective::Barrier(BarrierAlgorithm::Linear));
    assert_eq!(barrier(32, none), Collective::Barrier(BarrierAlgorithm::RecursiveDoubling));
}
