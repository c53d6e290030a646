//! The selection of collective algorithms against the fixed rules of Open MPI 4.1.4, rule by rule.
//!
//! The table beside this file has them as facts from `coll_tuned_decision_fixed.c`: a row for each range of ranks and bytes.
//! Every corner of every range is asked for, so that each changed threshold fails.

use std::collections::BTreeMap;

use dlpc_engine::machine::{
    AllgatherAlgorithm, AllreduceAlgorithm, AlltoallAlgorithm, BarrierAlgorithm, CollectiveOverrides, TreeAlgorithm,
};
use dlpc_engine::program::collective::{Collective, selection};
use dlpc_engine::units::Bytes;

const TABLE: &str = include_str!("open-mpi-4.1.4-fixed-rules.csv");

/// Collectives of the table that always have the same algorithm here.
const NOT_SELECTED: [&str; 4] = ["allgatherv", "alltoallv", "reduce_scatter", "reduce_scatter_block"];

/// How a rule is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Simulated {
    /// By the algorithm that Open MPI takes.
    AsItIs,
    /// By another one, which stands in for it.
    StandIn,
}

/// A row of the table; ranges are half open.
#[derive(Debug)]
struct Rule {
    collective: &'static str,
    ranks: (u32, Option<u32>),
    bytes: (u64, Option<u64>),
    algorithm: &'static str,
}

/// The rules for operations that commute, of the collectives whose algorithm is selected.
fn rules() -> Vec<Rule> {
    let rules = TABLE.lines().skip(1).map(|line| {
        let fields: Vec<&'static str> = line.split(',').collect();
        let [collective, commutes, from, below, bytes_from, bytes_below, _, algorithm] = fields[..] else {
            panic!("{line}")
        };
        let rule = Rule {
            collective,
            ranks: (from.parse().unwrap(), below.parse().ok()),
            bytes: (bytes_from.parse().unwrap_or(0), bytes_below.parse().ok()),
            algorithm,
        };
        (commutes != "no").then_some(rule)
    });
    rules.flatten().filter(|rule| !NOT_SELECTED.contains(&rule.collective)).collect()
}

fn selected(collective: &str, p: u32, bytes: Bytes) -> Collective {
    let none = CollectiveOverrides::default();
    match collective {
        "barrier" => selection::barrier(p, none),
        "bcast" => selection::bcast(p, bytes, none),
        "scatter" => selection::scatter(p, bytes, none),
        "gather" => selection::gather(p, bytes, none),
        "reduce" => selection::reduce(p, bytes, none),
        "allreduce" => selection::allreduce(bytes, none),
        "allgather" => selection::allgather(p, bytes, none),
        "alltoall" => selection::alltoall(p, bytes, none),
        other => panic!("{other} is not selected"),
    }
}

/// What a rule is simulated by.
fn simulated(collective: &str, algorithm: &str, p: u32, bytes: Bytes) -> (Collective, Simulated) {
    use Simulated::{AsItIs, StandIn};
    match (collective, algorithm) {
        ("barrier", "linear") => (Collective::Barrier(BarrierAlgorithm::Linear), AsItIs),
        ("barrier", "recursive_doubling") => (Collective::Barrier(BarrierAlgorithm::RecursiveDoubling), AsItIs),
        ("barrier", "bruck") => (Collective::Barrier(BarrierAlgorithm::Dissemination), AsItIs),
        ("barrier", "tree") => (Collective::Barrier(BarrierAlgorithm::Dissemination), StandIn),
        ("bcast", "basic_linear") => (Collective::Bcast(TreeAlgorithm::Linear, bytes), AsItIs),
        ("bcast", "binomial") => (Collective::Bcast(TreeAlgorithm::Binomial, bytes), AsItIs),
        ("bcast", "chain" | "pipeline" | "split_binary_tree" | "binary_tree" | "knomial" | "scatter_allgather") => {
            (Collective::Bcast(TreeAlgorithm::Binomial, bytes), StandIn)
        }
        ("scatter", "basic_linear") => (Collective::Scatter(TreeAlgorithm::Linear, bytes), AsItIs),
        ("scatter", "binomial") => (Collective::Scatter(TreeAlgorithm::Binomial, bytes), AsItIs),
        ("scatter", "linear_nb") => (Collective::Scatter(TreeAlgorithm::Linear, bytes), StandIn),
        ("gather", "basic_linear") => (Collective::Gather(TreeAlgorithm::Linear, bytes), AsItIs),
        ("gather", "binomial") => (Collective::Gather(TreeAlgorithm::Binomial, bytes), AsItIs),
        ("gather", "linear_sync") => (Collective::Gather(TreeAlgorithm::Linear, bytes), StandIn),
        ("reduce", "linear") => (Collective::Reduce(TreeAlgorithm::Linear, bytes), AsItIs),
        ("reduce", "binomial") => (Collective::Reduce(TreeAlgorithm::Binomial, bytes), AsItIs),
        ("reduce", "chain" | "pipeline" | "binary" | "in-order_binary" | "rabenseifner") => {
            (Collective::Reduce(TreeAlgorithm::Binomial, bytes), StandIn)
        }
        ("allreduce", "recursive_doubling") => {
            (Collective::Allreduce(AllreduceAlgorithm::RecursiveDoubling, bytes), AsItIs)
        }
        ("allreduce", "nonoverlapping" | "ring" | "segmented_ring" | "rabenseifner") => {
            (Collective::Allreduce(AllreduceAlgorithm::RecursiveDoubling, bytes), StandIn)
        }
        ("allgather", algorithm) => allgather(algorithm, p, bytes),
        ("alltoall", algorithm) => alltoall(algorithm, p, bytes),
        _ => panic!("nothing is said of {algorithm} of {collective}"),
    }
}

/// Open MPI itself falls back where an algorithm does not go with the number of ranks.
fn allgather(algorithm: &str, p: u32, bytes: Bytes) -> (Collective, Simulated) {
    let by = |algorithm| Collective::Allgather(algorithm, bytes);
    match algorithm {
        "recursive_doubling" if !p.is_power_of_two() => (by(AllgatherAlgorithm::Bruck), Simulated::AsItIs),
        // Two ranks exchange their blocks either way.
        "recursive_doubling" | "two_proc" => (by(AllgatherAlgorithm::RecursiveDoubling), Simulated::AsItIs),
        "neighbor" if !p.is_multiple_of(2) => (by(AllgatherAlgorithm::Ring), Simulated::AsItIs),
        "neighbor" => (by(AllgatherAlgorithm::Neighbor), Simulated::AsItIs),
        "bruck" => (by(AllgatherAlgorithm::Bruck), Simulated::AsItIs),
        "ring" => (by(AllgatherAlgorithm::Ring), Simulated::AsItIs),
        other => panic!("nothing is said of {other}"),
    }
}

fn alltoall(algorithm: &str, p: u32, bytes: Bytes) -> (Collective, Simulated) {
    let by = |algorithm| Collective::Alltoall(algorithm, bytes);
    match algorithm {
        // Two ranks exchange one block in all of them.
        _ if p == 2 => (by(AlltoallAlgorithm::Pairwise), Simulated::AsItIs),
        // The limit of requests of the second one is off by default.
        "linear" | "linear_sync" => (by(AlltoallAlgorithm::Linear), Simulated::AsItIs),
        "pairwise" => (by(AlltoallAlgorithm::Pairwise), Simulated::AsItIs),
        "modified_bruck" => (by(AlltoallAlgorithm::Bruck), Simulated::AsItIs),
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

#[test]
fn every_corner_of_every_rule_has_its_algorithm() {
    let mut wrong = Vec::new();
    for rule in rules() {
        for p in corners(rule.ranks.0.into(), rule.ranks.1.map(u64::from)) {
            let p = u32::try_from(p).unwrap();
            for bytes in corners(rule.bytes.0, rule.bytes.1).into_iter().map(Bytes) {
                let (expected, _) = simulated(rule.collective, rule.algorithm, p, bytes);
                let found = selected(rule.collective, p, bytes);
                if found != expected {
                    wrong.push(format!("{rule:?} at {p} ranks: {found:?} instead of {expected:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} corners are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// How many rules of each collective are simulated as they are, and how many by a stand-in (docs/model.md).
#[test]
fn the_rules_that_have_a_stand_in_are_known() {
    let mut n: BTreeMap<(&str, Simulated), usize> = BTreeMap::new();
    for rule in rules() {
        let (_, how) = simulated(rule.collective, rule.algorithm, rule.ranks.0, Bytes(rule.bytes.0));
        *n.entry((rule.collective, how)).or_default() += 1;
    }
    let found: Vec<(&str, Simulated, usize)> =
        n.into_iter().map(|((collective, how), n)| (collective, how, n)).collect();
    let expected = [
        ("allgather", Simulated::AsItIs, 43),
        ("allreduce", Simulated::AsItIs, 10),
        ("allreduce", Simulated::StandIn, 25),
        ("alltoall", Simulated::AsItIs, 64),
        ("barrier", Simulated::AsItIs, 6),
        ("barrier", Simulated::StandIn, 2),
        ("bcast", Simulated::AsItIs, 12),
        ("bcast", Simulated::StandIn, 32),
        ("gather", Simulated::AsItIs, 13),
        ("gather", Simulated::StandIn, 3),
        ("reduce", Simulated::AsItIs, 18),
        ("reduce", Simulated::StandIn, 16),
        ("scatter", Simulated::AsItIs, 14),
        ("scatter", Simulated::StandIn, 8),
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_table_has_no_other_collective() {
    let of_table = TABLE.lines().skip(1).filter_map(|line| line.split(',').next());
    let known = ["barrier", "bcast", "scatter", "gather", "reduce", "allreduce", "allgather", "alltoall"];
    for collective in of_table {
        assert!(known.contains(&collective) || NOT_SELECTED.contains(&collective), "{collective}");
    }
}
