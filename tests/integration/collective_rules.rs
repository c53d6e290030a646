//! The selection of collective algorithms against the fixed rules of Open MPI 4.1.4, rule by rule.
//!
//! The table beside this file has them as facts from `coll_tuned_decision_fixed.c` (see `README.md` there): a row for each range
//! of ranks and bytes. Every corner of every range is asked for, so that each changed threshold fails.

use dlpc_engine::machine::{
    AllgatherAlgorithm, AlltoallAlgorithm, BarrierAlgorithm, BcastAlgorithm, CollectiveOverrides, GatherAlgorithm,
    ReduceAlgorithm, ScatterAlgorithm,
};
use dlpc_engine::program::collective::{Algorithm, Arguments, ReduceScatterWay, selection};

const TABLE: &str = include_str!("open-mpi-4.1.4-fixed-rules.csv");

/// A row of the table; ranges are half open.
#[derive(Debug)]
struct Rule {
    collective: &'static str,
    commutes: bool,
    ranks: (u32, Option<u32>),
    bytes: (u64, Option<u64>),
    algorithm: &'static str,
}

fn rules() -> Vec<Rule> {
    let rule = |line: &'static str| {
        let fields: Vec<&'static str> = line.split(',').collect();
        let [collective, commutes, from, below, bytes_from, bytes_below, _, algorithm] = fields[..] else {
            panic!("{line}")
        };
        Rule {
            collective,
            commutes: commutes != "no",
            ranks: (from.parse().unwrap(), below.parse().ok()),
            bytes: (bytes_from.parse().unwrap_or(0), bytes_below.parse().ok()),
            algorithm,
        }
    };
    TABLE.lines().skip(1).map(rule).collect()
}

/// What is selected for blocks, or for vectors, of so many bytes.
fn selected(collective: &str, p: u32, bytes: Arguments) -> Algorithm {
    let rules = CollectiveOverrides::default();
    let selected = match collective {
        "barrier" => selection::barrier(p, rules),
        "bcast" => selection::bcast(p, bytes, rules),
        "scatter" => selection::scatter(p, bytes, rules),
        "gather" => selection::gather(p, bytes, rules),
        "reduce" => selection::reduce(p, bytes, rules),
        "allreduce" => selection::allreduce(p, bytes, rules),
        "allgather" => selection::allgather(p, bytes, rules),
        "allgatherv" => selection::allgatherv(p, bytes, rules),
        "alltoall" => selection::alltoall(p, bytes, rules),
        "reduce_scatter" => selection::reduce_scatter(p, bytes, rules),
        "reduce_scatter_block" => selection::reduce_scatter_block(p, bytes, rules),
        other => panic!("{other} is not selected"),
    };
    selected.algorithm
}

/// The algorithm of the table as it is simulated, with what Open MPI itself falls back to.
fn expected(rule: &Rule, p: u32, vector: Arguments) -> Algorithm {
    let q = 1 << p.ilog2();
    match (rule.collective, rule.algorithm) {
        ("barrier", "linear") => Algorithm::Barrier(BarrierAlgorithm::Linear),
        ("barrier", "recursive_doubling") => Algorithm::Barrier(BarrierAlgorithm::RecursiveDoubling),
        ("barrier", "bruck") => Algorithm::Barrier(BarrierAlgorithm::Dissemination),
        ("barrier", "tree") => Algorithm::Barrier(BarrierAlgorithm::Tree),
        ("bcast", algorithm) => Algorithm::Bcast(bcast(algorithm, p, vector)),
        ("scatter", algorithm) => Algorithm::Scatter(scatter(algorithm)),
        ("gather", "basic_linear") => Algorithm::Gather(GatherAlgorithm::Linear),
        ("gather", "binomial") => Algorithm::Gather(GatherAlgorithm::Binomial),
        ("gather", "linear_sync") => Algorithm::Gather(GatherAlgorithm::LinearSync),
        ("reduce", algorithm) => Algorithm::Reduce(reduce(algorithm, p, vector)),
        ("allreduce", "basic_linear") => Algorithm::ReduceBcast(ReduceAlgorithm::Linear, BcastAlgorithm::Linear),
        ("allreduce", "nonoverlapping") => nonoverlapping(p, vector),
        ("allreduce", "recursive_doubling") => Algorithm::AllreduceByDoubling,
        // Without segments both are a ring, which needs an element for each rank.
        ("allreduce", "ring" | "segmented_ring") if vector.elements < p.into() => Algorithm::AllreduceByDoubling,
        ("allreduce", "ring" | "segmented_ring") => Algorithm::AllreduceByRing,
        ("allreduce", "rabenseifner") if vector.elements < q => {
            Algorithm::ReduceBcast(ReduceAlgorithm::Linear, BcastAlgorithm::Linear)
        }
        ("allreduce", "rabenseifner") => Algorithm::AllreduceByHalving,
        ("allgatherv", "default") => {
            let all = Arguments::of(1, vector.bytes().0 * u64::from(p));
            let Algorithm::Bcast(second) = selected("bcast", p, all) else { panic!("a bcast") };
            Algorithm::GathervBcast(second)
        }
        ("allgather" | "allgatherv", algorithm) => Algorithm::Allgather(allgather(algorithm, p)),
        ("alltoall", algorithm) => Algorithm::Alltoall(alltoall(algorithm, p)),
        ("reduce_scatter", "non-overlapping") => {
            let Algorithm::Reduce(first) = selected("reduce", p, vector) else { panic!("a reduce") };
            Algorithm::ReduceScatterv(first)
        }
        ("reduce_scatter_block", "basic_linear") => {
            let all = Arguments { elements: vector.elements * u64::from(p), ..vector };
            match (selected("reduce", p, all), selected("scatter", p, vector)) {
                (Algorithm::Reduce(first), Algorithm::Scatter(second)) => Algorithm::ReduceThenScatter(first, second),
                other => panic!("{other:?}"),
            }
        }
        ("reduce_scatter_block", "butterfly") if p.is_power_of_two() => {
            Algorithm::ReduceScatter(ReduceScatterWay::ButterflyInOrder)
        }
        ("reduce_scatter" | "reduce_scatter_block", algorithm) => Algorithm::ReduceScatter(match algorithm {
            "ring" => ReduceScatterWay::Ring,
            "recursive_halving" => ReduceScatterWay::RecursiveHalving,
            "recursive_doubling" => ReduceScatterWay::RecursiveDoubling,
            "butterfly" => ReduceScatterWay::Butterfly,
            other => panic!("nothing is said of {other}"),
        }),
        _ => panic!("nothing is said of {} of {}", rule.algorithm, rule.collective),
    }
}

fn bcast(algorithm: &str, p: u32, vector: Arguments) -> BcastAlgorithm {
    match algorithm {
        "basic_linear" => BcastAlgorithm::Linear,
        // One chain, without segments.
        "chain" | "pipeline" => BcastAlgorithm::Chain,
        "split_binary_tree" => BcastAlgorithm::SplitBinary,
        "binary_tree" => BcastAlgorithm::Binary,
        "binomial" => BcastAlgorithm::Binomial,
        "knomial" => BcastAlgorithm::Knomial,
        "scatter_allgather" if vector.elements < p.into() => BcastAlgorithm::Linear,
        "scatter_allgather" => BcastAlgorithm::ScatterAllgather,
        other => panic!("nothing is said of {other}"),
    }
}

fn reduce(algorithm: &str, p: u32, vector: Arguments) -> ReduceAlgorithm {
    match algorithm {
        "linear" => ReduceAlgorithm::Linear,
        "chain" | "pipeline" => ReduceAlgorithm::Chain,
        "binary" => ReduceAlgorithm::Binary,
        "binomial" => ReduceAlgorithm::Binomial,
        "in-order_binary" => ReduceAlgorithm::InOrderBinary,
        "rabenseifner" if vector.elements < 1 << p.ilog2() => ReduceAlgorithm::Linear,
        "rabenseifner" => ReduceAlgorithm::Rabenseifner,
        other => panic!("nothing is said of {other}"),
    }
}

fn scatter(algorithm: &str) -> ScatterAlgorithm {
    match algorithm {
        "basic_linear" => ScatterAlgorithm::Linear,
        "linear_nb" => ScatterAlgorithm::LinearNonblocking,
        "binomial" => ScatterAlgorithm::Binomial,
        other => panic!("nothing is said of {other}"),
    }
}

fn nonoverlapping(p: u32, vector: Arguments) -> Algorithm {
    match (selected("reduce", p, vector), selected("bcast", p, vector)) {
        (Algorithm::Reduce(first), Algorithm::Bcast(second)) => Algorithm::ReduceBcast(first, second),
        other => panic!("{other:?}"),
    }
}

fn allgather(algorithm: &str, p: u32) -> AllgatherAlgorithm {
    match algorithm {
        "recursive_doubling" if !p.is_power_of_two() => AllgatherAlgorithm::Bruck,
        "recursive_doubling" => AllgatherAlgorithm::RecursiveDoubling,
        "neighbor" if !p.is_multiple_of(2) => AllgatherAlgorithm::Ring,
        "neighbor" => AllgatherAlgorithm::Neighbor,
        "bruck" => AllgatherAlgorithm::Bruck,
        "ring" => AllgatherAlgorithm::Ring,
        other => panic!("nothing is said of {other}"),
    }
}

fn alltoall(algorithm: &str, p: u32) -> AlltoallAlgorithm {
    match algorithm {
        // Two ranks exchange one block in all of them.
        _ if p == 2 => AlltoallAlgorithm::Pairwise,
        // The limit of requests of the second one is off by default.
        "linear" | "linear_sync" => AlltoallAlgorithm::Linear,
        "pairwise" => AlltoallAlgorithm::Pairwise,
        "modified_bruck" => AlltoallAlgorithm::Bruck,
        other => panic!("nothing is said of {other}"),
    }
}

/// First, last and middle value of a half-open range.
fn corners(from: u64, below: Option<u64>) -> Vec<u64> {
    let last = below.map_or(4 * from + 1_000_000, |below| below - 1);
    let mut corners = vec![from, from.midpoint(last), last];
    corners.dedup();
    corners
}

/// Two ranks exchange what they have, whatever way the rule has.
const TWO_PROC: &str = "two_proc";

#[test]
fn every_corner_of_every_rule_has_its_algorithm() {
    let (mut wrong, mut n) = (Vec::new(), 0);
    for rule in rules().into_iter().filter(|rule| rule.algorithm != TWO_PROC && rule.collective != "alltoallv") {
        for p in corners(rule.ranks.0.into(), rule.ranks.1.map(u64::from)) {
            let p = u32::try_from(p).unwrap();
            // Nothing is sent of nothing, apart from barriers.
            for bytes in corners(rule.bytes.0.max(1), rule.bytes.1) {
                let vector = Arguments { commutes: rule.commutes, ..Arguments::of(bytes, 1) };
                let (expected, found) = (expected(&rule, p, vector), selected(rule.collective, p, vector));
                n += 1;
                if found != expected {
                    wrong.push(format!("{rule:?} at {p} ranks, {bytes} B: {found:?} instead of {expected:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {n} corners are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(n > 2000, "{n} corners");
}

#[test]
fn two_ranks_exchange_what_they_have() {
    for rule in rules().into_iter().filter(|rule| rule.algorithm == TWO_PROC) {
        assert_eq!(rule.ranks, (2, Some(3)), "{rule:?}");
        let (from, below) = rule.bytes;
        for bytes in corners(from.max(1), below) {
            let collective = match rule.collective {
                "allgather" => selection::allgather(2, Arguments::of(bytes, 1), CollectiveOverrides::default()),
                "allgatherv" => selection::allgatherv(2, Arguments::of(bytes, 1), CollectiveOverrides::default()),
                "alltoall" => selection::alltoall(2, Arguments::of(bytes, 1), CollectiveOverrides::default()),
                other => panic!("nothing is said of {other}"),
            };
            // A receive, a send, and the wait for both.
            assert_eq!(collective.n_ops(2), 6, "{rule:?}");
        }
    }
}

#[test]
fn an_alltoallv_follows_its_rule() {
    for rule in rules().into_iter().filter(|rule| rule.collective == "alltoallv") {
        for p in corners(rule.ranks.0.into(), rule.ranks.1.map(u64::from)) {
            let alltoallv = selection::alltoallv(u32::try_from(p).unwrap(), CollectiveOverrides::default());
            assert_eq!(alltoallv == AlltoallAlgorithm::Pairwise, rule.algorithm == "pairwise", "{rule:?} at {p} ranks");
        }
    }
}
