//! Scenarios as schedules: replayed with the same parameters they take as long as the prediction says.

use std::io::Cursor;
use std::num::NonZeroU32;
use std::path::Path;

use dlpc_engine::engine::replay::replay;
use dlpc_engine::machine::{BarrierAlgorithm, GatherAlgorithm, MachineModel, Segment};
use dlpc_engine::platform::{HostId, NetworkKind};
use dlpc_engine::program::phase::{Phase, Share};
use dlpc_engine::random::Distribution;
use dlpc_engine::schedule::Schedule;
use dlpc_engine::schedule::cost::{Loggops, ScheduleCosts};
use dlpc_engine::trace::Recording;
use dlpc_engine::units::{Bytes, BytesPerSecond, SecondsPerByte, SimDuration, SimTime};
use dlpc_predict::input::load_goal;
use dlpc_predict::prediction::export::{self, Origin};
use dlpc_predict::prediction::simulate_once;
use dlpc_predict::scenario::{Run, Scenario};
use dlpc_predict::workload::{Dispatch, LogStream, Pi, Returns, Workload};
use dlpc_report::goal;

use crate::support::{cluster, table, us};

const RANKS: u32 = 8;

/// One rank per host; o = 3, L = 50 us, G = 2 ns/B, no gap between messages, which both count differently.
fn machine() -> MachineModel {
    let mut machine = cluster(RANKS as usize, 1);
    machine.host_groups[0].nic.bandwidth = BytesPerSecond::from_mbit(1e9);
    let segment = Segment {
        send_overhead: us(3),
        recv_overhead: us(3),
        latency: us(50),
        byte_gap: SecondsPerByte::new(2e-9).unwrap(),
        ..Segment::FREE
    };
    machine.remote = table(segment, Bytes(u64::MAX));
    machine.collectives.barrier = Some(BarrierAlgorithm::Dissemination);
    machine.collectives.gather = Some(GatherAlgorithm::Linear);
    machine
}

fn parameters() -> ScheduleCosts {
    ScheduleCosts::Loggops(Loggops {
        latency: us(50),
        overhead: us(3),
        message_gap: SimDuration::ZERO,
        byte_gap: SecondsPerByte::new(2e-9).unwrap(),
        byte_overhead: SecondsPerByte::ZERO,
        eager_limit: Bytes(u64::MAX),
    })
}

fn scenario(workload: Workload) -> Scenario {
    Scenario {
        title: "test".to_owned(),
        run: Run {
            ranks: vec![NonZeroU32::new(RANKS).unwrap()],
            slots: (0..RANKS).map(HostId).collect(),
            bound: Vec::new(),
            replications: NonZeroU32::MIN,
            seed: 1,
            network: NetworkKind::Loggops,
            order: None,
            may_oversubscribe: false,
        },
        workload,
    }
}

/// Writes the schedule, reads it again and replays it.
fn replayed(scenario: &Scenario) -> (Schedule, Origin, Vec<SimTime>) {
    let (schedule, origin) = export::schedule(scenario, &machine(), RANKS).unwrap();
    let text = goal::text(&schedule, &["a remark".to_owned()]);
    let open = |_: &Path| -> std::io::Result<Box<dyn std::io::BufRead>> { Ok(Box::new(Cursor::new(text.clone()))) };
    let read = load_goal(Path::new("a.goal"), &open).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(goal::text(&read, &["a remark".to_owned()]), text);
    let trace = replay(&read, &parameters(), Recording::Off).unwrap_or_else(|error| panic!("{error}"));
    (schedule, origin, trace.finished_at)
}

fn predicted(scenario: &Scenario) -> Vec<SimTime> {
    simulate_once(scenario, &machine(), RANKS, 0, Recording::Off).unwrap().finished_at
}

/// In these phases no message comes before its receive is posted while the receiver is idle, and a port receives one
/// byte or one message at a time: then both executors count the same.
#[test]
fn a_custom_scenario_takes_as_long_as_predicted() {
    let compute = |share| Phase::Compute { work: us(40), share };
    let workload = Workload::Custom(
        vec![
            compute(Share::EachRank),
            Phase::Barrier,
            Phase::Repeat { times: 3, phases: vec![Phase::Ring(Bytes(1000)), compute(Share::Divided)] },
            Phase::Allreduce(Bytes(800)),
            Phase::Gather(Bytes(1)),
            compute(Share::RankZero),
        ]
        .into(),
    );
    let scenario = scenario(workload);
    let (_, origin, times) = replayed(&scenario);
    assert_eq!(origin, Origin::Program);
    assert_eq!(times, predicted(&scenario));
}

#[test]
fn throwing_darts_takes_as_long_as_predicted() {
    let pi = Pi { darts: 8000, setup: us(5), throw_dart: us(1), returns: Returns::Count };
    let mut scenario = scenario(Workload::Pi(pi));
    scenario.run.network = NetworkKind::Flow;
    let (schedule, _, times) = replayed(&scenario);
    // Every rank: setup and 1000 darts; 7 sends to rank 0.
    assert_eq!(schedule.n_ops(), 2 * 8 + 2 * 7);
    // 5 + 1000 + o; rank 0: 1005 + o + L + 7 (o + 7 G) = 1005 + 3 + 50 + 7 * (3 + 0.014) us
    assert_eq!(times[1] - SimTime::ZERO, us(1008));
    assert_eq!(times[0] - SimTime::ZERO, SimDuration::from_picos(1_079_098_000));
}

#[test]
fn log_files_become_the_schedule_of_one_run() {
    for dispatch in [Dispatch::Rounds, Dispatch::FirstFree] {
        let stream = LogStream {
            items: 12,
            interval: us(500),
            first: SimDuration::ZERO,
            jitter: SimDuration::ZERO,
            analysis: Distribution::Constant(us(3000)),
            poll: us(100),
            item_bytes: Bytes(1),
            result_bytes: Bytes(1),
            dispatch,
        };
        let scenario = scenario(Workload::LogStream(stream));
        let (schedule, origin, times) = replayed(&scenario);
        assert_eq!(origin, Origin::Run);
        assert!(schedule.n_ops() > 24);
        // What rank 0 decided when is in its calculations; overheads of early messages are hidden in a replay.
        let (last, expected) = (times.iter().max().unwrap(), *predicted(&scenario).iter().max().unwrap());
        let error = (last.as_seconds() - expected.as_seconds()) / expected.as_seconds();
        assert!(error.abs() < 0.02, "{dispatch:?}: {error}");
    }
}
