//! Log files from a sequential producer, against few-line oracles.

use std::num::NonZeroU32;

use dlpc_engine::machine::MachineModel;
use dlpc_engine::platform::{HostId, NetworkKind};
use dlpc_engine::random::{Distribution, Streams};
use dlpc_engine::schedule::Action;
use dlpc_engine::trace::Recording;
use dlpc_engine::units::{Bytes, SimDuration, SimTime};
use dlpc_predict::prediction;
use dlpc_predict::scenario::{Run, Scenario};
use dlpc_predict::workload::{Dispatch, LogStream, Workload};
use proptest::prelude::*;

use crate::support::{cluster, seconds};

/// A machine on which nothing but the analysis takes time.
fn free_machine() -> MachineModel {
    cluster(8, 4)
}

fn stream(items: u32, interval: u64, analysis: u64, dispatch: Dispatch) -> LogStream {
    LogStream {
        items,
        interval: seconds(interval),
        first: SimDuration::ZERO,
        jitter: SimDuration::ZERO,
        analysis: Distribution::Constant(seconds(analysis)),
        poll: seconds(1),
        item_bytes: Bytes(0),
        result_bytes: Bytes(0),
        dispatch,
    }
}

fn scenario(stream: LogStream, n_ranks: u32) -> Scenario {
    Scenario {
        title: String::new(),
        run: Run {
            ranks: vec![NonZeroU32::new(n_ranks).unwrap()],
            slots: (0..32).map(|slot| HostId(slot / 4)).collect(),
            bound: Vec::new(),
            replications: NonZeroU32::MIN,
            seed: 1,
            network: NetworkKind::Flow,
            order: None,
            may_oversubscribe: false,
        },
        workload: Workload::LogStream(stream),
    }
}

fn makespan(stream: LogStream, n_ranks: u32) -> u64 {
    let scenario = scenario(stream, n_ranks);
    let trace = prediction::simulate_once(&scenario, &free_machine(), n_ranks, 0, Recording::Off).unwrap();
    let picos = (trace.makespan - SimTime::ZERO).as_picos();
    assert_eq!(picos % 1_000_000_000_000, 0, "whole seconds only");
    picos / 1_000_000_000_000
}

/// Sends and receives of all ranks in a run, and the most ops that the program says it has.
fn messages_and_most(stream: &LogStream, n_ranks: u32) -> (u64, u64) {
    // Of 64 B, so that messages are sent and received one by one: where they are only started, a wait is an op, too.
    let stream = LogStream { item_bytes: Bytes(64), result_bytes: Bytes(64), ..stream.clone() };
    let (scenario, machine) = (scenario(stream, n_ranks), free_machine());
    let (schedule, _) = prediction::export::schedule(&scenario, &machine, n_ranks).unwrap();
    let ops = (0..n_ranks).flat_map(|rank| schedule.ops_of(rank));
    let n_messages = ops.filter(|op| !matches!(schedule.action(*op), Action::Calc(_))).count() as u64;
    let program = scenario.workload.program(n_ranks, machine.collectives, Streams::new(1, 0));
    (n_messages, program.n_ops_at_most())
}

#[test]
fn a_program_knows_how_many_ops_it_has_at_most() {
    for n_ranks in 1..=9 {
        // A file each 5 s, analysed within 1 s: each file has a round of its own, in which rank 0 looks and one rank analyses.
        let (n_messages, most) = messages_and_most(&stream(20, 5, 1, Dispatch::Rounds), n_ranks);
        assert_eq!(n_messages + 2 * 20, most, "{n_ranks} ranks");
        // All are there at once: fewer rounds.
        let (n_messages, most) = messages_and_most(&stream(20, 0, 1, Dispatch::Rounds), n_ranks);
        assert!(n_messages + 2 * 20 <= most, "{n_ranks} ranks: {n_messages} messages, {most} ops");
        // A file is sent and received, so is its result, and a message stops each worker.
        let (n_messages, most) = messages_and_most(&stream(20, 5, 1, Dispatch::FirstFree), n_ranks);
        let expected = if n_ranks == 1 { 0 } else { 4 * 20 + 2 * u64::from(n_ranks - 1) };
        assert_eq!(n_messages, expected);
        assert!(n_messages + 20 <= most && most <= 2 * n_messages + 42, "{n_ranks} ranks: {n_messages}, {most}");
    }
}

#[test]
fn rounds_give_the_staircase_of_the_dlpc() {
    // ceil(19 / P) + 1 rounds of 60 s while a round takes longer than P intervals of 5 s (P <= 9); from P = 10 on the
    // second round takes at most 12 of the 12 logs that have come in 60 s, the third the rest: 180 s.
    let expected: Vec<u64> = (1..=32)
        .map(|p| match p {
            1..=9 => 60 * (19_u64.div_ceil(p) + 1),
            _ => 180,
        })
        .collect();
    assert_eq!(expected[..11], [1200, 660, 480, 360, 300, 300, 240, 240, 240, 180, 180]);
    let predicted: Vec<u64> = (1..=32).map(|p| makespan(stream(20, 5, 60, Dispatch::Rounds), p)).collect();
    assert_eq!(predicted, expected);
}

#[test]
fn nobody_can_be_faster_than_the_producer() {
    // 20 logs of 1 s every 5 s, the first at once: the last comes at 95 s and is done at 96 s.
    for dispatch in [Dispatch::Rounds, Dispatch::FirstFree] {
        for ranks in [1, 2, 8, 32] {
            assert_eq!(makespan(stream(20, 5, 1, dispatch), ranks), 96);
        }
    }
}

/// Rounds: take what is there, at most one per rank; all wait for the round to end.
fn rounds_oracle(items: u64, interval: u64, analysis: u64, ranks: u64) -> u64 {
    let (mut now, mut taken) = (0_u64, 0);
    while taken < items {
        let arrived = now.checked_div(interval).map_or(items, |n| (n + 1).min(items));
        if arrived == taken {
            now += 1;
        } else {
            taken += (arrived - taken).min(ranks);
            now += analysis;
        }
    }
    now
}

/// List scheduling: each log, in order, goes to the worker that is free first.
fn list_schedule_oracle(items: u64, interval: u64, analysis: u64, ranks: u64) -> u64 {
    let mut free_at = vec![0; usize::try_from((ranks - 1).max(1)).unwrap()];
    for item in 0..items {
        let worker = (0..free_at.len()).min_by_key(|i| free_at[*i]).unwrap();
        free_at[worker] = free_at[worker].max(item * interval) + analysis;
    }
    free_at.into_iter().max().unwrap()
}

proptest! {
    #[test]
    fn rounds_agree_with_the_oracle(items in 1..40_u32, interval in 0..20_u64, analysis in 0..90_u64, ranks in 1..33_u32) {
        let expected = rounds_oracle(items.into(), interval, analysis, ranks.into());
        prop_assert_eq!(makespan(stream(items, interval, analysis, Dispatch::Rounds), ranks), expected);
    }

    #[test]
    fn first_free_is_list_scheduling_over_the_workers(
        items in 1..40_u32, interval in 0..20_u64, analysis in 0..90_u64, ranks in 1..33_u32,
    ) {
        let expected = list_schedule_oracle(items.into(), interval, analysis, ranks.into());
        prop_assert_eq!(makespan(stream(items, interval, analysis, Dispatch::FirstFree), ranks), expected);
    }
}
