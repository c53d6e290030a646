//! Collectives of traces: the same messages as in predictions, with any root; those with sizes of their own by hand.

use std::fmt::Write as _;

use dlpc_engine::program::phase::Phase;
use dlpc_engine::schedule::{Action, Schedule};
use dlpc_engine::units::Bytes;
use dlpc_predict::prediction::export;
use dlpc_predict::workload::Workload;

use super::{finish, finish_of, load, schedule};
use crate::support::{cluster, scenario};

/// Returns a trace in which each of `p` ranks does what `fields` say of it.
fn trace(p: u32, fields: impl Fn(u32) -> String) -> String {
    (0..p).fold(String::new(), |mut text, rank| {
        writeln!(text, "{rank} {}", fields(rank)).unwrap();
        text
    })
}

fn of(text: &str) -> Schedule {
    schedule(&load(text).unwrap_or_else(|error| panic!("{error}")))
}

/// Returns sender, receiver and size of each message, sorted.
fn messages(schedule: &Schedule) -> Vec<(u32, u32, u64)> {
    let ranks = 0..u32::try_from(schedule.n_ranks()).unwrap();
    let sends = ranks.flat_map(|rank| schedule.ops_of(rank)).filter_map(|op| match schedule.action(op) {
        Action::Send(channel, bytes) => Some((schedule.channel(channel).from, schedule.channel(channel).to, bytes.0)),
        _ => None,
    });
    let mut messages: Vec<_> = sends.collect();
    messages.sort_unstable();
    messages
}

#[test]
fn collectives_are_those_of_predictions() {
    for p in [1, 2, 3, 4, 5, 7, 8, 16, 64] {
        let n = Bytes(3000);
        for (fields, phase) in [
            ("barrier", Phase::Barrier),
            ("bcast 3000 0 6", Phase::Bcast(n)),
            ("reduce 3000 0 0 6", Phase::Reduce(n)),
            ("allreduce 375 0 0", Phase::Allreduce(n)),
            ("gather 750 750 0 1 1", Phase::Gather(n)),
            ("scatter 3000 3000 0 6 6", Phase::Scatter(n)),
            ("allgather 3000 3000 6 6", Phase::Allgather(n)),
            ("alltoall 3000 3000 6 6", Phase::Alltoall(n)),
        ] {
            let scenario = scenario(Workload::Custom(vec![phase].into()), p);
            let (expected, _) = export::schedule(&scenario, &cluster(p as usize, 1), p).unwrap();
            let traced = of(&trace(p, |_| fields.to_owned()));
            assert_eq!(messages(&traced), messages(&expected), "{fields} on {p} ranks");
            assert_eq!(finish_of(&traced), finish_of(&expected), "{fields} on {p} ranks");
        }
    }
}

#[test]
fn another_root_turns_the_ranks() {
    for fields in ["bcast 8 ROOT 6", "reduce 8 0 ROOT 6", "gather 8 8 ROOT 6 6", "scatter 8 8 ROOT 6 6"] {
        let finish = |root: u32| finish(&trace(5, |_| fields.replace("ROOT", &root.to_string())));
        let mut turned = finish(0);
        turned.rotate_right(3);
        assert_eq!(finish(3), turned, "{fields}");
    }
}

#[test]
fn a_bcast_from_rank_2_of_3_takes_its_two_messages() {
    // A chain: rank 2 to rank 0, rank 0 to rank 1. Each hop takes o + L + o + 7 G = 5542; a sender is busy for 1500.
    assert_eq!(finish(&trace(3, |_| "bcast 8 2 6".to_owned())), [5542 + 1500, 2 * 5542, 1500]);
}

#[test]
fn a_reduction_computes_after_its_messages() {
    let without = finish(&trace(4, |_| "allreduce 8 0 6".to_owned()));
    let with = finish(&trace(4, |_| "allreduce 8 2000 6".to_owned()));
    assert_eq!(with, without.iter().map(|end| end + 2000).collect::<Vec<_>>());
}

#[test]
fn gather_and_scatter_take_the_size_of_whom_it_counts_for() {
    // What the tracer writes: a receive count of 0 is left out, that of ranks other than the root says nothing, and a root
    // that leaves its own part where it is sends nothing.
    let gather = trace(3, |rank| if rank == 1 { "gather 0 5 1 0 0" } else { "gather 5 1 0 0" }.to_owned());
    assert_eq!(messages(&of(&gather)), [(0, 1, 40), (2, 1, 40)]);
    let scatter = trace(3, |rank| if rank == 1 { "scatter 5 1 0 0" } else { "scatter 0 5 1 0 0" }.to_owned());
    assert_eq!(messages(&of(&scatter)), [(1, 0, 40), (1, 2, 40)]);
}

#[test]
fn parts_of_their_own_size_are_sent_unless_they_are_empty() {
    let gatherv = ["gatherv 1 0 0 0 1 0 0", "gatherv 2 1 2 0 1 0 0", "gatherv 0 0 0 0 1 0 0"];
    assert_eq!(messages(&of(&trace(3, |rank| gatherv[rank as usize].to_owned()))), [(0, 1, 8)]);
    let scatterv = ["scatterv 0 0 0 1 1 6 6", "scatterv 1 2 0 2 1 6 6", "scatterv 0 0 0 0 1 6 6"];
    assert_eq!(messages(&of(&trace(3, |rank| scatterv[rank as usize].to_owned()))), [(1, 0, 1)]);
    // Rank r sends r + 1 integers to rank 0, nothing to rank 1, and one to rank 2.
    let alltoallv = ["alltoallv 9 1 0 1 9 1 2 3 1 1", "alltoallv 9 2 0 1 9 0 0 0 1 1", "alltoallv 9 3 0 1 9 1 1 1 1 1"];
    let sent = [(0, 1, 0), (0, 2, 4), (1, 0, 8), (1, 2, 4), (2, 0, 12), (2, 1, 0)];
    assert_eq!(messages(&of(&trace(3, |rank| alltoallv[rank as usize].to_owned()))), sent, "in pairs, also nothing");
    // Four ranks do it all at once: nothing is not sent. Rank 0 sends an integer to rank 3, which sends two to rank 1.
    let alltoallv =
        ["9 0 0 0 1 9 0 0 0 0 1 1", "9 0 0 0 0 9 0 0 0 2 1 1", "9 0 0 0 0 9 0 0 0 0 1 1", "9 0 2 0 0 9 1 0 0 0 1 1"];
    let sent = [(0, 3, 4), (3, 1, 8)];
    assert_eq!(messages(&of(&trace(4, |rank| format!("alltoallv {}", alltoallv[rank as usize])))), sent);
    // Blocks of 1, 2 and 3 bytes: a gatherv to rank 0, then a bcast of all 6, from each rank to the next one.
    let allgatherv = trace(3, |rank| format!("allgatherv {} 1 2 3 6 6", rank + 1));
    let sent = [(0, 1, 6), (1, 0, 2), (1, 2, 6), (2, 0, 3)];
    assert_eq!(messages(&of(&allgatherv)), sent);
}

#[test]
fn a_reduce_scatter_follows_its_rule() {
    // Three ranks: parts of 1, 2 and 3 bytes go around, each ends at its rank: rank r begins with the part of rank r - 1.
    let text = trace(3, |_| "reducescatter 1 2 3 0 6".to_owned());
    assert_eq!(messages(&of(&text)), [(0, 1, 2), (0, 1, 3), (1, 2, 1), (1, 2, 3), (2, 0, 1), (2, 0, 2)]);
    finish(&text);
    // Five ranks, 6 bytes: reduced to rank 0 along a binary tree (1 and 2 below 0, 3 and 4 below 1 and 2), then a scatterv.
    let text = trace(5, |_| "reducescatter 1 2 3 0 0 0 6".to_owned());
    let reduced = [(1, 0, 6), (2, 0, 6), (3, 1, 6), (4, 2, 6)];
    assert_eq!(messages(&of(&text)), [&[(0, 1, 2), (0, 2, 3)], &reduced[..]].concat());
    finish(&text);
}

#[test]
fn a_reduce_scatter_of_blocks_has_a_zero_for_each_element() {
    // SMPI's trace of 2 doubles for each rank, by recursive halving: rank 0 hands its 48 bytes to rank 1, which swaps 16 (of
    // rank 2) for 32 (of ranks 0 and 1) with rank 2, then gives rank 0 its 16.
    let text = trace(3, |_| "reducescatter 0 0 0 ".to_owned());
    assert_eq!(messages(&of(&text)), [(0, 1, 48), (1, 0, 16), (1, 2, 16), (2, 1, 32)]);
}

#[test]
fn a_scan_goes_from_rank_to_rank() {
    // Each hop: o + L + o + 7 G = 5542; a rank between has sent 1500 after it has received.
    assert_eq!(finish(&trace(3, |_| "scan 1 0 0".to_owned())), [1500, 5542 + 1500, 2 * 5542]);
}
