//! Experiments of a plan.

use std::collections::BTreeSet;

use dlpc_predict::calibration::experiment::{Experiment, PairClass, PlanLine, WorkKernel};
use dlpc_predict::calibration::sample::{KernelLine, Sample, Skipped};

use crate::support::{failure, run, run_on_hosts};

fn plan(experiments: &[Experiment]) -> String {
    let line = |(id, experiment): (u64, &Experiment)| {
        let line = PlanLine { id, experiment: experiment.clone(), repeats: 3 };
        serde_json::to_string(&line).expect("a line") + "\n"
    };
    (0..).zip(experiments).map(line).collect()
}

fn parse(lines: &[String]) -> (Vec<Sample>, Vec<Skipped>) {
    let (mut samples, mut skipped) = (Vec::new(), Vec::new());
    for line in lines {
        match serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")) {
            KernelLine::Sample(sample) => samples.push(sample),
            KernelLine::Skipped(reason) => skipped.push(reason),
        }
    }
    (samples, skipped)
}

fn ping_pong(class: PairClass, bytes: u64) -> Experiment {
    Experiment::PingPong { class, bytes }
}

/// One of each experiment between two ranks, eager and rendezvous.
fn between_two(class: PairClass) -> Vec<Experiment> {
    let of_size = |bytes| {
        [
            ping_pong(class, bytes),
            Experiment::Send { class, bytes, recv_delay_s: 0.002 },
            Experiment::Train { class, bytes, n: 4, delay_s: 1e-4 },
            Experiment::Exchange { class, bytes },
        ]
    };
    let mut all: Vec<Experiment> = [0, 1000, 1_000_000].into_iter().flat_map(of_size).collect();
    all.extend([0, 1000].map(|bytes| Experiment::Recv { class, bytes }));
    all
}

#[test]
fn every_experiment_of_a_plan_gives_a_sample_in_its_order() {
    let experiments = [0, 1000, 1_000_000].map(|bytes| ping_pong(PairClass::Local, bytes));
    let lines = run(2, &["calibration", "--expect-ranks", "2", "--launch", "4"], &plan(&experiments));
    let (samples, skipped) = parse(&lines.expect("samples"));
    assert_eq!(samples.iter().map(|sample| sample.experiment.clone()).collect::<Vec<_>>(), experiments);
    assert_eq!(skipped, []);
    for sample in &samples {
        assert!(sample.seconds > 0.0 && sample.clock_resolution_s > 0.0, "{sample:?}");
        assert_eq!((sample.launch, sample.ranks, sample.repeats), (4, 2, 3));
        assert_eq!(sample.peers, std::slice::from_ref(&sample.host));
        assert!(!sample.mpi.is_empty() && !sample.host.is_empty());
    }
}

#[test]
fn experiments_on_one_host_run_with_more_ranks_than_they_need() {
    let mut experiments = between_two(PairClass::Local);
    experiments.extend(WorkKernel::ALL.map(|kernel| Experiment::Compute { kernel, busy: 3, units: 1000 }));
    experiments.push(Experiment::FixedWork { darts: 1000, n: 10 });
    let lines = run(4, &["calibration", "--expect-ranks", "4", "--launch", "0"], &plan(&experiments));
    let (samples, skipped) = parse(&lines.expect("samples"));
    assert_eq!((samples.len(), skipped), (experiments.len(), Vec::new()));
    let last = samples.last().expect("a sample");
    assert_eq!((last.each_s.len(), last.repeats), (10, 10));
    // A thousand units take microseconds, and a repetition many times as long: it comprises whole passes.
    for sample in &samples {
        if let Experiment::Compute { units, .. } = sample.experiment {
            assert!(units > 1000 && units.is_multiple_of(1000), "{sample:?}");
        }
    }
}

#[test]
fn experiments_between_hosts_use_different_hosts_and_those_on_hosts_use_each() {
    let hosts = ["a", "b", "c", "d"];
    let mut experiments = between_two(PairClass::Remote);
    let n_between_two = experiments.len();
    experiments.extend([10, 100_000].map(|bytes| Experiment::FanIn { senders: 3, bytes }));
    experiments.extend([10, 100_000].map(|bytes| Experiment::Pairs { pairs: 2, bytes }));
    let n_one_sample = experiments.len();
    experiments.push(Experiment::Compute { kernel: WorkKernel::ThrowDart, busy: 2, units: 1000 });
    experiments.push(Experiment::FixedWork { darts: 100, n: 3 });
    let args = ["calibration", "--expect-ranks", "8", "--launch", "0"];
    let (samples, skipped) = parse(&run_on_hosts(&hosts, &args, &plan(&experiments)).expect("samples"));
    assert_eq!(skipped, []);
    assert_eq!(samples.len(), n_one_sample + 2 * hosts.len());
    for (i, sample) in samples[..n_one_sample].iter().enumerate() {
        let n_peers = if i < n_between_two { 1 } else { 3 };
        assert_eq!(sample.peers.len(), n_peers, "{sample:?}");
        assert!(!sample.peers.contains(&sample.host), "{sample:?}");
    }
    let used: BTreeSet<&str> = samples[..n_between_two].iter().map(|sample| sample.host.as_str()).collect();
    assert_eq!(used.len(), hosts.len(), "every host has its turn");
    for on_each_host in samples[n_one_sample..].chunks(hosts.len()) {
        assert_eq!(on_each_host.iter().map(|sample| sample.host.as_str()).collect::<Vec<_>>(), hosts);
    }
}

#[test]
fn a_send_whose_receive_is_late_waits_for_it_unless_it_is_eager() {
    // Long beside anything that a busy machine does to an eager send.
    let send = |bytes| Experiment::Send { class: PairClass::Local, bytes, recv_delay_s: 0.2 };
    let lines = run(2, &["calibration", "--expect-ranks", "2", "--launch", "0"], &plan(&[send(8), send(4_000_000)]));
    let (samples, _) = parse(&lines.expect("samples"));
    assert!(samples[0].seconds < 0.5 * samples[1].seconds, "{} {}", samples[0].seconds, samples[1].seconds);
}

#[test]
fn what_cannot_be_run_is_skipped_with_its_reason() {
    let experiments = [
        ping_pong(PairClass::Remote, 1),
        Experiment::FanIn { senders: 2, bytes: 1 },
        ping_pong(PairClass::Local, 1 << 40),
        ping_pong(PairClass::Local, 1),
        Experiment::Compute { kernel: WorkKernel::ThrowDart, busy: 9, units: 1 },
    ];
    let lines = run(2, &["calibration", "--expect-ranks", "2", "--launch", "0"], &plan(&experiments));
    let (samples, skipped) = parse(&lines.expect("lines"));
    assert_eq!(samples.iter().map(|sample| sample.id).collect::<Vec<_>>(), [3]);
    let reasons: Vec<(u64, &str)> = skipped.iter().map(|skipped| (skipped.id, skipped.reason.as_str())).collect();
    assert_eq!(
        reasons,
        [
            (0, "all ranks are on one host"),
            (1, "it needs 3 hosts, and there are 1"),
            (2, "a message of 1099511627776 bytes is too large for MPI: at most 2147483647"),
            (4, "it needs 9 ranks on one host, and no host has more than 2"),
        ]
    );
}

#[test]
fn another_number_of_ranks_than_expected_is_an_error() {
    let (code, stderr) = failure(run(3, &["calibration", "--expect-ranks", "2", "--launch", "0"], ""));
    assert_eq!(code, Some(5));
    assert!(stderr.contains("2 ranks should have been started"), "{stderr}");
}

#[test]
fn a_plan_that_cannot_be_read_ends_the_whole_job() {
    let text = plan(&[ping_pong(PairClass::Local, 1)]) + "{}\n";
    let (code, stderr) = failure(run(2, &["calibration", "--expect-ranks", "2", "--launch", "0"], &text));
    assert_eq!(code, Some(5));
    assert!(stderr.contains("line 2 of standard input: missing field"), "{stderr}");
}
