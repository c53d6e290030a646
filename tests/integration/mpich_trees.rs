//! The selection of collective algorithms for MPICH against its own selection trees, branch by branch.
//!
//! The trees beside this file are those of MPICH 4.0.2 (see `README.md` there). For each leaf that a call of ranks on hosts of their
//! own can reach, ranks and bytes at the corners of its conditions are asked for.

use dlpc_engine::machine::{
    AllgatherAlgorithm, AlltoallAlgorithm, BarrierAlgorithm, BcastAlgorithm, CollectiveLibrary, CollectiveOverrides,
    GatherAlgorithm, ReduceAlgorithm, ScatterAlgorithm,
};
use dlpc_engine::program::collective::{Algorithm, Arguments, ReduceScatterWay, selection};
use serde_json::Value;

const MPIR: &str = include_str!("mpich-4.0.2-mpir.json");
const CH4: &str = include_str!("mpich-4.0.2-ch4.json");

/// A call, as the trees ask about it.
#[derive(Debug, Clone, Copy)]
struct Call {
    collective: &'static str,
    p: u32,
    /// A block, or the vector.
    arguments: Arguments,
}

impl Call {
    /// Bytes that the trees mean by the size of a message, and by the size of all.
    fn bytes(self) -> (u64, u64) {
        let bytes = self.arguments.bytes().0;
        match self.collective {
            "allgather" | "allgatherv" | "reduce_scatter_block" => (bytes, bytes * u64::from(self.p)),
            _ => (bytes, bytes),
        }
    }

    /// Returns whether a condition of a tree holds. Each rank has a host of its own, so that no communicator has a hierarchy,
    /// and none is that of one host; operations that commute are those of MPI.
    fn has(self, condition: &str) -> bool {
        let (bytes, all) = self.bytes();
        let q = 1 << self.p.ilog2();
        let number = |prefix: &str| condition.strip_prefix(prefix).map(|number| number.parse::<u64>().unwrap());
        if let Some(limit) = number("comm_size<") {
            // What is asked at each call is "at most" in MPICH's `csel.c`, against its own notation.
            return u64::from(self.p) < limit + u64::from(self.collective == "alltoall");
        }
        if let Some(limit) = number("avg_msg_size<=") {
            return bytes <= limit;
        }
        if let Some(limit) = number("avg_msg_size<") {
            return bytes < limit;
        }
        if let Some(limit) = number("total_msg_size<") {
            return all < limit;
        }
        match condition {
            "comm_type=intra"
            | "comm_hierarchy=any"
            | "comm_size=any"
            | "avg_msg_size=any"
            | "total_msg_size=any"
            | "count=any"
            | "is_sendbuf_inplace=no"
            | "is_node_consecutive=yes" => true,
            "comm_type=inter" | "comm_hierarchy=parent" | "comm_size=node_comm_size" | "is_sendbuf_inplace=yes" => {
                false
            }
            "comm_size=pow2" => self.p.is_power_of_two(),
            "count<pow2" => self.arguments.elements < q,
            "is_commutative=yes" | "is_op_built_in=yes" => self.arguments.commutes,
            "is_commutative=no" | "is_op_built_in=no" => !self.arguments.commutes,
            "is_block_regular=yes" => self.arguments.elements.is_multiple_of(self.p.into()),
            "is_block_regular=no" => !self.arguments.elements.is_multiple_of(self.p.into()),
            other => panic!("nothing is said of {other}"),
        }
    }

    /// Returns the leaf that a tree has for it.
    fn leaf(self, tree: &Value) -> String {
        let mut node = &tree[format!("collective={}", self.collective)];
        loop {
            let branches = node.as_object().unwrap();
            let name =
                branches.keys().find_map(|key| key.strip_prefix("algorithm=").or(key.strip_prefix("composition=")));
            if let Some(name) = name {
                return name.to_owned();
            }
            let taken = branches.iter().find(|(condition, _)| self.has(condition));
            node = taken.unwrap_or_else(|| panic!("{self:?} has no branch")).1;
        }
    }

    fn selected(self) -> Algorithm {
        let rules = CollectiveOverrides { library: Some(CollectiveLibrary::Mpich4), ..CollectiveOverrides::default() };
        let Self { p, arguments, .. } = self;
        let selected = match self.collective {
            "barrier" => selection::barrier(p, rules),
            "bcast" => selection::bcast(p, arguments, rules),
            "scatter" => selection::scatter(p, arguments, rules),
            "scatterv" => selection::scatterv(arguments, rules),
            "gather" => selection::gather(p, arguments, rules),
            "gatherv" => selection::gatherv(arguments, rules),
            "reduce" => selection::reduce(p, arguments, rules),
            "allreduce" => selection::allreduce(p, arguments, rules),
            "allgather" => selection::allgather(p, arguments, rules),
            "allgatherv" => selection::allgatherv(p, arguments, rules),
            "alltoall" => selection::alltoall(p, arguments, rules),
            "reduce_scatter" => selection::reduce_scatter(p, arguments, rules),
            "reduce_scatter_block" => selection::reduce_scatter_block(p, arguments, rules),
            "exscan" => selection::scan(arguments, rules),
            other => panic!("{other} is not selected"),
        };
        selected.algorithm
    }
}

/// The algorithm of a leaf of the trees of mpir.
fn algorithm(name: &str, p: u32) -> Algorithm {
    use ReduceScatterWay::{ButterflyInOrder, Pairwise, RecursiveDoubling, RecursiveHalving};
    match name.strip_prefix("MPIR_").unwrap() {
        "Barrier_intra_dissemination" => Algorithm::Barrier(BarrierAlgorithm::Dissemination),
        "Bcast_intra_binomial" => Algorithm::Bcast(BcastAlgorithm::BinomialInTurn),
        "Bcast_intra_scatter_recursive_doubling_allgather" => Algorithm::Bcast(BcastAlgorithm::ScatterAllgather),
        "Bcast_intra_scatter_ring_allgather" => Algorithm::Bcast(BcastAlgorithm::ScatterAllgatherRing),
        "Scatter_intra_binomial" => Algorithm::Scatter(ScatterAlgorithm::Binomial),
        "Scatterv_allcomm_linear" => Algorithm::ScattervAtOnce,
        "Gather_intra_binomial" => Algorithm::Gather(GatherAlgorithm::Binomial),
        "Gatherv_allcomm_linear" => Algorithm::GathervAtOnce,
        "Reduce_intra_binomial" => Algorithm::Reduce(ReduceAlgorithm::BinomialInTurn),
        "Reduce_intra_reduce_scatter_gather" => Algorithm::Reduce(ReduceAlgorithm::ReduceScatterGather),
        // Of compositions by host, which a communicator without a hierarchy does not have.
        "Allreduce_intra_smp" | "Allreduce_intra_recursive_doubling" => Algorithm::AllreduceByDoubling,
        "Allreduce_intra_reduce_scatter_allgather" => Algorithm::AllreduceInBlocks,
        "Allgather_intra_recursive_doubling" | "Allgatherv_intra_recursive_doubling" => {
            Algorithm::Allgather(AllgatherAlgorithm::RecursiveDoubling)
        }
        "Allgather_intra_brucks" | "Allgatherv_intra_brucks" => Algorithm::Allgather(AllgatherAlgorithm::Bruck),
        "Allgather_intra_ring" => Algorithm::Allgather(AllgatherAlgorithm::Ring),
        "Allgatherv_intra_ring" => Algorithm::Allgather(AllgatherAlgorithm::RingInPieces),
        "Alltoall_intra_brucks" => Algorithm::Alltoall(AlltoallAlgorithm::Bruck),
        "Alltoall_intra_scattered" => Algorithm::Alltoall(AlltoallAlgorithm::Scattered),
        "Alltoall_intra_pairwise" if p.is_power_of_two() => Algorithm::Alltoall(AlltoallAlgorithm::PairwiseSwap),
        "Alltoall_intra_pairwise" => Algorithm::Alltoall(AlltoallAlgorithm::Pairwise),
        "Reduce_scatter_intra_recursive_halving" | "Reduce_scatter_block_intra_recursive_halving" => {
            Algorithm::ReduceScatter(RecursiveHalving)
        }
        "Reduce_scatter_intra_pairwise" | "Reduce_scatter_block_intra_pairwise" => Algorithm::ReduceScatter(Pairwise),
        "Reduce_scatter_intra_noncommutative" | "Reduce_scatter_block_intra_noncommutative" => {
            Algorithm::ReduceScatter(ButterflyInOrder)
        }
        "Reduce_scatter_intra_recursive_doubling" | "Reduce_scatter_block_intra_recursive_doubling" => {
            Algorithm::ReduceScatter(RecursiveDoubling)
        }
        "Exscan_intra_recursive_doubling" => Algorithm::ScanByDoubling,
        other => panic!("nothing is said of {other}"),
    }
}

const COLLECTIVES: [&str; 14] = [
    "barrier",
    "bcast",
    "scatter",
    "scatterv",
    "gather",
    "gatherv",
    "reduce",
    "allreduce",
    "allgather",
    "allgatherv",
    "alltoall",
    "reduce_scatter",
    "reduce_scatter_block",
    "exscan",
];

/// Ranks and bytes at all thresholds of the trees and beside them, with bytes and with doubles as elements.
fn calls() -> Vec<Call> {
    const RANKS: [u32; 14] = [2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 33, 64, 1000];
    const LIMITS: [u64; 6] = [8, 256, 2048, 12_288, 32_768, 524_288];
    let mut calls = Vec::new();
    for (collective, p) in COLLECTIVES.into_iter().flat_map(|collective| RANKS.map(|p| (collective, p))) {
        let near = |limit: u64| [limit - 1, limit, limit + 1, limit + 8];
        let of_all = [81_920, 524_288].map(|all: u64| all / u64::from(p)).into_iter().filter(|bytes| *bytes > 1);
        for bytes in LIMITS.into_iter().chain(of_all).flat_map(near).chain([1, 1 << 22]) {
            for element_bytes in [1, 8].into_iter().filter(|size| bytes / size > 0) {
                let arguments = Arguments::of(bytes / element_bytes, element_bytes);
                calls.extend([arguments, arguments.in_order()].map(|arguments| Call { collective, p, arguments }));
            }
        }
    }
    calls
}

#[test]
fn every_branch_of_the_trees_has_its_algorithm() {
    let tree: Value = serde_json::from_str(MPIR).unwrap();
    let calls = calls();
    for call in &calls {
        let leaf = call.leaf(&tree);
        assert_eq!(call.selected(), algorithm(&leaf, call.p), "{call:?} has {leaf}");
    }
    assert!(calls.len() > 10_000, "{}", calls.len());
}

/// The compositions of the device that hand a call over to the network as it is.
#[test]
fn the_device_hands_over_to_the_trees_where_each_rank_has_a_host() {
    let tree: Value = serde_json::from_str(CH4).unwrap();
    for call in calls() {
        let leaf = call.leaf(&tree);
        let composition = leaf.rsplit('_').next().unwrap();
        let expected = match call.collective {
            "bcast" | "reduce" => "gamma",
            "allreduce" | "barrier" => "beta",
            _ => "alpha",
        };
        assert_eq!(composition, expected, "{call:?}");
    }
}
