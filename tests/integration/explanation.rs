//! Explanations: sensitivities against the critical path, advice against brute force, bounds, and what they say of the DLPC.

use std::num::NonZeroU32;
use std::path::Path;

use dlpc_engine::machine::{Duplex, Kernel, MachineModel, Noise, RecordCosts, Segment, Topology, Uncertainty};
use dlpc_engine::platform::{HostId, NetworkKind};
use dlpc_engine::program::phase::{Phase, Share};
use dlpc_engine::random::{Distribution, Purpose, Streams};
use dlpc_engine::trace::Recording;
use dlpc_engine::units::{Bytes, BytesPerSecond, SecondsPerByte, SimDuration, SimTime};
use dlpc_predict::analysis::Cause;
use dlpc_predict::analysis::advice::{Rule, recommend};
use dlpc_predict::analysis::bounds::bounds;
use dlpc_predict::analysis::sensitivity::Parameter;
use dlpc_predict::explanation::{self, Explanation, Options};
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::prediction::{self, Prediction};
use dlpc_predict::scenario::Scenario;
use dlpc_predict::workload::{Dispatch, LogStream, Pi, Returns, Workload};
use dlpc_report::sentence;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::support::{self, cluster, seconds, table, us};

fn predict(scenario: &Scenario, machine: &MachineModel) -> Prediction {
    prediction::predict(scenario, machine, &|| ()).unwrap()
}

/// A random scenario on a random machine; every number comes from the stream.
fn random_case(rng: &mut ChaCha8Rng, rank_counts: &[u32]) -> (Scenario, MachineModel) {
    let mut machine = cluster(4, 2);
    machine.host_groups[0].slowdown = vec![1.0, rng.random_range(1.0..1.5)];
    machine.host_groups[0].nic.bandwidth = BytesPerSecond::from_mbit(rng.random_range(20.0..2000.0));
    machine.switch.latency = us(rng.random_range(0..50));
    let segment = Segment {
        send_overhead: us(rng.random_range(1..60)),
        recv_overhead: us(rng.random_range(1..60)),
        latency: us(rng.random_range(1..300)),
        byte_gap: SecondsPerByte::new(rng.random_range(0.0..20e-9)).unwrap(),
        ..Segment::FREE
    };
    let eager_limit = Bytes([0, 4096, 65_536][rng.random_range(0..3)]);
    (machine.local, machine.remote) = (table(segment, eager_limit), table(segment, eager_limit));
    if rng.random_bool(0.3) {
        machine.noise = Noise { compute_sigma: [0.01; Kernel::ALL.len()], ..Noise::NONE };
    }
    let workload = random_workload(rng);
    if matches!(workload, Workload::LogStream(_)) {
        // Looks quantise time: with noise the median of a few runs jumps from one look to the next.
        machine.noise = Noise::NONE;
    }
    let mut scenario = support::scenario(workload, 1);
    scenario.run.slots = (0..8).map(|slot| HostId(slot / 2)).collect();
    scenario.run.ranks = rank_counts.iter().map(|ranks| NonZeroU32::new(*ranks).unwrap()).collect();
    scenario.run.replications = NonZeroU32::new(24).unwrap();
    (scenario, machine)
}

/// Another network and switch, half duplex, and bandwidths and speeds that are not known well.
fn vary_network(rng: &mut ChaCha8Rng, scenario: &mut Scenario, machine: &mut MachineModel) {
    scenario.run.network = if rng.random_bool(0.6) { NetworkKind::Loggops } else { NetworkKind::Flow };
    let bandwidth = |rng: &mut ChaCha8Rng| BytesPerSecond::from_mbit(rng.random_range(20.0..500.0));
    if rng.random_bool(0.5) {
        machine.switch.backplane_bandwidth = Some(bandwidth(rng));
    }
    if rng.random_bool(0.5) {
        machine.switch.topology = Topology::Tree {
            hosts_per_leaf: NonZeroU32::new(rng.random_range(1..=3)).unwrap(),
            uplink_bandwidth: bandwidth(rng),
            uplink_latency: us(rng.random_range(0..20)),
        };
    }
    if rng.random_bool(0.3) {
        machine.host_groups[0].nic.duplex = Duplex::Half;
    }
    if rng.random_bool(0.3) {
        machine.uncertainty = Uncertainty { bandwidth: 0.1, speeds: vec![0.1; 4], ..Uncertainty::default() };
    }
    if rng.random_bool(0.5) {
        (machine.local, machine.remote) = (table(Segment::FREE, Bytes(0)), table(Segment::FREE, Bytes(u64::MAX)));
    }
}

fn random_workload(rng: &mut ChaCha8Rng) -> Workload {
    let nanos = |n: u64| SimDuration::from_picos(1000 * n);
    match rng.random_range(0..4) {
        0 => Workload::LogStream(LogStream {
            items: rng.random_range(1..30),
            interval: seconds(rng.random_range(1..8)),
            first: seconds(rng.random_range(0..8)),
            jitter: SimDuration::ZERO,
            analysis: Distribution::Constant(seconds(rng.random_range(1..60))),
            poll: seconds(1),
            item_bytes: Bytes(100),
            result_bytes: Bytes(1000),
            dispatch: if rng.random_bool(0.5) { Dispatch::Rounds } else { Dispatch::FirstFree },
        }),
        1 => Workload::Custom(
            vec![Phase::Repeat {
                times: rng.random_range(1..20),
                phases: vec![
                    Phase::Compute { work: us(rng.random_range(100..100_000)), share: Share::Divided },
                    Phase::Ring(Bytes(rng.random_range(0..100_000))),
                    Phase::Allreduce(Bytes(rng.random_range(0..10_000))),
                    Phase::Compute { work: us(rng.random_range(0..5_000)), share: Share::RankZero },
                ],
            }]
            .into(),
        ),
        kind => Workload::Pi(Pi {
            darts: rng.random_range(1_000..200_000),
            setup: us(rng.random_range(0..20_000)),
            throw_dart: nanos(rng.random_range(500..5_000)),
            returns: if kind == 2 {
                Returns::Count
            } else {
                Returns::Coordinates(RecordCosts {
                    store: nanos(rng.random_range(100..3_000)),
                    pack: nanos(rng.random_range(100..3_000)),
                    unpack: nanos(rng.random_range(100..8_000)),
                    collect: nanos(rng.random_range(100..5_000)),
                    bytes: Bytes(rng.random_range(1..60)),
                })
            },
        }),
    }
}

/// Within 5 % of each other, or both under 0.1 %.
fn agree(predicted: f64, real: f64) -> bool {
    (predicted - real).abs() <= 0.05 * real.abs() || (predicted.abs() < 1e-3 && real.abs() < 1e-3)
}

fn explain(scenario: &Scenario, machine: &MachineModel, prediction: &Prediction) -> Explanation {
    explanation::explain(scenario, machine, prediction, &Options { rule: Rule::default(), ranks: None }).unwrap()
}

/// Programs without a producer follow their path smoothly: its share alone predicts a small change.
#[test]
fn the_critical_path_alone_predicts_what_costs_on_cores_change() {
    let mut failures = Vec::new();
    for i in 0..50 {
        let mut rng = Streams::new(6, i).stream(Purpose::Plan, 0);
        let n_ranks = rng.random_range(1..=8);
        let (scenario, mut machine) = random_case(&mut rng, &[n_ranks]);
        // Contention depends on who else computes: a change shifts that, too.
        machine.host_groups[0].slowdown = vec![1.0, 1.0];
        machine.noise = Noise::NONE;
        if matches!(scenario.workload, Workload::LogStream(_)) {
            continue;
        }
        let prediction = predict(&scenario, &machine);
        let explanation = explain(&scenario, &machine, &prediction);
        for sensitivity in &explanation.details[0].sensitivities {
            let is_on_core = matches!(sensitivity.parameter, Parameter::CoreSpeed | Parameter::Kernel(_));
            let Some(share) = sensitivity.path_share.filter(|_| is_on_core) else { continue };
            if !agree(share / 100.0, sensitivity.elasticity / 100.0) {
                failures.push(format!("{i}: {sensitivity:?}"));
            }
        }
    }
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn the_recommended_rank_count_follows_the_rule_when_all_are_simulated() {
    let rule = Rule { within: 0.05, efficiency: 0.3 };
    for i in 0..200 {
        let mut rng = Streams::new(7, i).stream(Purpose::Plan, 0);
        let (mut scenario, machine) = random_case(&mut rng, &[1, 2, 3, 4, 5, 6, 7, 8]);
        scenario.run.replications = NonZeroU32::new(4).unwrap();
        let advice = recommend(&predict(&scenario, &machine).curve, rule);
        // Every rank count by itself, and the rule read word by word
        let runs: Vec<(u32, f64, f64)> = (1..=8)
            .map(|ranks| {
                let alone = Scenario {
                    run: dlpc_predict::scenario::Run {
                        ranks: vec![NonZeroU32::new(ranks).unwrap()],
                        ..scenario.run.clone()
                    },
                    ..scenario.clone()
                };
                let point = predict(&alone, &machine).curve.points[0].clone();
                (ranks, point.makespan_s, point.makespan_p95_s)
            })
            .collect();
        let best = runs.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        let is_fast_enough = |run: &&(u32, f64, f64)| run.1 <= 1.05 * best.1 && run.2 <= 1.05 * best.2;
        let fewest = runs.iter().find(is_fast_enough).unwrap().0;
        let is_efficient = |run: &&(u32, f64, f64)| runs[0].1 / run.1 / f64::from(run.0) >= 0.3;
        let expected = runs.iter().filter(|run| run.0 <= fewest).rfind(is_efficient).unwrap().0;
        assert_eq!((advice.ranks, advice.fast_enough_ranks, advice.best_ranks), (expected, fewest, best.0), "case {i}");
    }
}

#[test]
fn no_run_beats_its_lower_bound() {
    for i in 0..400 {
        let mut rng = Streams::new(8, i).stream(Purpose::Plan, 0);
        let n_ranks = rng.random_range(1..=8);
        let (mut scenario, mut machine) = random_case(&mut rng, &[n_ranks]);
        vary_network(&mut rng, &mut scenario, &mut machine);
        let replication = i % 3;
        let trace = prediction::simulate_once(&scenario, &machine, n_ranks, replication, Recording::On).unwrap();
        let platform = prediction::platform_of(&scenario, &machine, replication);
        let hosts = prediction::hosts_of_ranks(&scenario, n_ranks);
        let bounds = bounds(&trace, &platform, scenario.run.network, &hosts);
        let makespan_s = trace.makespan.as_seconds();
        assert!(bounds.largest_s() <= makespan_s * (1.0 + 1e-9), "case {i}: {bounds:?}, {makespan_s}");
    }
}

#[test]
fn the_bound_of_the_interfaces_of_loggops_is_derived() {
    // Ranks 1 to 3 send 1,000,001 B each to rank 0, of which the first byte takes no time. Its interface receives them one after
    // the other at 12.5e6 B/s: 3 * 0.08 s. The backplane of 1 Mbit/s limits single messages, but is not shared.
    let mut machine = cluster(4, 1);
    machine.switch.backplane_bandwidth = Some(BytesPerSecond::from_mbit(1.0));
    let mut scenario = support::scenario(Workload::Custom(vec![Phase::Gatherv(Bytes(1_000_001))].into()), 4);
    scenario.run.network = NetworkKind::Loggops;
    let detail = &explain(&scenario, &machine, &predict(&scenario, &machine)).details[0];
    assert!((detail.bounds.unwrap().port_s - 0.24).abs() < 1e-9, "{:?}", detail.bounds);
}

#[test]
fn bounds_of_a_pure_computation_are_derived() {
    // Work 1 s in all on 4 ranks of 2 hosts, then 0.5 s on rank 0. Work: 1.5 s / 4 cores = 0.375 s. Span: 0.25 + 0.5.
    let phases = vec![
        Phase::Compute { work: seconds(1), share: Share::Divided },
        Phase::Compute { work: SimDuration::from_millis(500), share: Share::RankZero },
    ];
    let machine = cluster(4, 1);
    let scenario = support::scenario(Workload::Custom(phases.into()), 4);
    let detail = &explain(&scenario, &machine, &predict(&scenario, &machine)).details[0];
    let bounds = detail.bounds.unwrap();
    assert!((bounds.work_s - 0.375).abs() < 1e-9 && (bounds.span_s - 0.75).abs() < 1e-9, "{bounds:?}");
    assert_eq!((bounds.port_s.to_bits(), bounds.busiest_link), (0.0_f64.to_bits(), None));
    // Rank 0 computes 0.75 s, the others 0.25 s: mean 0.375 / 0.75
    assert!((detail.load_balance.unwrap() - 0.5).abs() < 1e-9);
}

fn shipped(name: &str) -> Experiment {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name).with_extension("toml");
    let mut experiment = input::load_experiment(&path, &|path| std::fs::read(path)).unwrap();
    experiment.scenario.run.replications = NonZeroU32::new(16).unwrap();
    experiment
}

#[test]
fn the_breakdown_of_every_shipped_scenario_adds_up_at_every_rank_count() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
        let mut experiment = input::load_experiment(&path, &|path| std::fs::read(path)).unwrap();
        experiment.scenario.run.replications = NonZeroU32::new(2).unwrap();
        let Experiment { scenario, machine, .. } = experiment;
        for point in predict(&scenario, &machine).curve.points {
            let trace =
                prediction::simulate_once(&scenario, &machine, point.ranks, point.traced, Recording::Off).unwrap();
            let total: SimDuration = point.breakdown.iter().map(|(_, part)| *part).sum();
            assert_eq!(total, trace.makespan - SimTime::ZERO, "{}, {} ranks", path.display(), point.ranks);
        }
    }
}

#[test]
fn the_plateau_of_the_coordinates_is_rank_zero_unpacking_and_the_count_would_end_it() {
    let Experiment { scenario, machine, .. } = shipped("dlpc-pi-coordinates");
    let prediction = predict(&scenario, &machine);
    for point in prediction.curve.points.iter().filter(|point| 4 <= point.ranks) {
        assert_eq!(point.limited_by, Cause::SerialTail, "{} ranks", point.ranks);
    }
    let explanation = explain(&scenario, &machine, &prediction);
    for detail in &explanation.details {
        let gain = detail.what_ifs.iter().find(|gain| gain.what_if.key() == "return_count").unwrap();
        // Measured on one rank: 2.79 s. The model of pi-count is a/P + c with a = 2.770 s and c = 34.1 ms, known to 1 %.
        let expected_s = 2.770 / f64::from(detail.ranks) + 0.0341;
        assert!((gain.makespan_s / expected_s - 1.0).abs() < 0.05, "{} ranks: {gain:?}, {expected_s}", detail.ranks);
    }
    let summary = sentence::summary(&prediction.curve, &explanation).join("\n");
    assert!(summary.contains("unpacking and reducing records"), "{summary}");
    assert!(summary.contains("returning only the count would save 14"), "{summary}");
    assert!(summary.contains("Use 4 ranks"), "{summary}");
}

#[test]
fn ten_ranks_are_enough_for_rounds_of_a_minute_and_first_free_is_shorter() {
    let Experiment { scenario, machine, .. } = shipped("dlpc-log-60s");
    let prediction = predict(&scenario, &machine);
    let advice = explain(&scenario, &machine, &prediction).advice;
    assert_eq!(advice.recommendation.ranks, 10);
    let first_free = advice.alternatives.iter().find(|of| of.what_if.key() == "first_free").unwrap();
    // The last log file is complete at 100 s and takes 60 s, if a worker is free.
    assert!((159.0..163.0).contains(&first_free.recommendation.best_s), "{first_free:?}");
    // In the long run 12 files come while a round lasts; with 0.5 % of noise the slowest of 12 takes a little more than
    // 60 s, so that 13 ranks are needed.
    assert_eq!(advice.stream.unwrap().rounds.theory, Some(13));
}

#[test]
fn no_rank_count_helps_where_the_producer_is_slower_than_one_rank() {
    let Experiment { scenario, machine, .. } = shipped("dlpc-log-1s");
    let prediction = predict(&scenario, &machine);
    let explanation = explain(&scenario, &machine, &prediction);
    assert!(!explanation.advice.recommendation.pays);
    assert_eq!(explanation.advice.recommendation.ranks, 1);
    let summary = sentence::summary(&prediction.curve, &explanation).join("\n");
    assert!(summary.contains("No rank count helps") && summary.contains("producer"), "{summary}");
}
