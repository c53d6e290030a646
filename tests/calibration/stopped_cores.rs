//! Hosts whose cores get a quota: they run for a while, then stop for a while, whatever they compute.

use dlpc_engine::machine::Kernel;
use dlpc_engine::maths;
use dlpc_engine::platform::{HostId, NetworkKind};
use dlpc_engine::random::{Purpose, Streams};
use dlpc_engine::stats;
use dlpc_predict::calibration::experiment::{Experiment, WorkKernel};
use dlpc_predict::calibration::plan::HostInfo;
use dlpc_predict::calibration::sample::{FORMAT, Sample};
use dlpc_predict::calibration::simulated::Bench;
use dlpc_predict::fit::{Fit, FitOptions, fit};
use rand::RngExt as _;

use crate::clusters::cluster;

/// Time for which a core runs.
const RUN_S: f64 = 4e-3;
/// Time for which it stops then: it gets a fifth.
const STOP_S: f64 = 16e-3;
/// Time per dart while it runs.
const DART_S: f64 = 20e-9;

/// A core that may run for `left_s` before it stops.
struct Core {
    left_s: f64,
}

impl Core {
    /// Returns how long the work takes, stops included.
    fn work(&mut self, mut seconds: f64) -> f64 {
        let mut elapsed = 0.0;
        while seconds >= self.left_s {
            seconds -= self.left_s;
            elapsed += self.left_s + STOP_S;
            self.left_s = RUN_S;
        }
        self.left_s -= seconds;
        elapsed + seconds
    }

    fn repeated(&mut self, seconds: f64, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.work(seconds)).collect()
    }
}

fn sample(id: u64, launch: u32, experiment: Experiment, each_s: Vec<f64>) -> Sample {
    Sample {
        format: FORMAT,
        id,
        launch,
        experiment,
        seconds: stats::median(&each_s),
        repeats: u32::try_from(each_s.len()).unwrap(),
        each_s,
        host: "pi0".to_owned(),
        peers: Vec::new(),
        ranks: 1,
        clock_resolution_s: 1e-9,
        mpi: "emulated".to_owned(),
        tool_version: "0".to_owned(),
    }
}

/// Five launches: runs of `darts` darts, and 400 quanta of `quantum` darts.
fn samples(darts: u32, quantum: u32) -> Vec<Sample> {
    let mut samples = Vec::new();
    for launch in 0..5 {
        let mut rng = Streams::new(11, launch).stream(Purpose::Measurement, 0);
        let mut core = Core { left_s: RUN_S * rng.random::<f64>() };
        let compute = Experiment::Compute { kernel: WorkKernel::ThrowDart, busy: 1, units: darts.into() };
        for id in 0..4 {
            samples.push(sample(id, launch, compute.clone(), core.repeated(f64::from(darts) * DART_S, 5)));
        }
        let fixed = Experiment::FixedWork { darts: quantum.into(), n: 400 };
        samples.push(sample(9, launch, fixed, core.repeated(f64::from(quantum) * DART_S, 400)));
    }
    samples
}

fn fitted(samples: &[Sample]) -> Fit {
    let prior = cluster(0, 1);
    let options = FitOptions {
        name: "stopped".to_owned(),
        title: "A host with a quota".to_owned(),
        prior: Some(&prior),
        hosts: vec![HostInfo { name: "pi0".to_owned(), cores: 1 }],
        seed: 1,
        bootstrap: 100,
    };
    fit(samples, &options).unwrap()
}

/// Returns mean and standard deviation of the time that the fitted model takes for `darts` darts.
fn predicted(fit: &Fit, darts: u32) -> (f64, f64) {
    let bench = Bench::new(&fit.machine, NetworkKind::Flow);
    let experiment = Experiment::Compute { kernel: WorkKernel::ThrowDart, busy: 1, units: darts.into() };
    let run = |i| bench.observe(&experiment, &[HostId(0)], Streams::new(3, i)).unwrap().seconds;
    let times: Vec<f64> = (0..400).map(run).collect();
    let mean = stats::mean(&times);
    let squares: Vec<f64> = times.iter().map(|time| (time - mean).powi(2)).collect();
    (mean, stats::mean(&squares).sqrt())
}

#[test]
fn long_work_on_stopped_cores_takes_what_it_takes_whatever_the_length_of_the_quanta() {
    // 10 million darts: 0.2 s of work, 50 runs and 50 stops, 1 s.
    let darts = 10_000_000;
    let expected = Core { left_s: RUN_S / 2.0 }.work(f64::from(darts) * DART_S);
    assert!((expected - 1.0).abs() < 1e-9, "{expected}");
    // Quanta of 20 us, 0.2 ms, 1 ms, 2.5 ms and 6 ms: some, a quarter, more than half of them or all are stopped.
    for quantum in [1000, 10_000, 50_000, 125_000, 300_000] {
        let fit = fitted(&samples(5_000_000, quantum));
        let (mean, deviation) = predicted(&fit, darts);
        assert!((mean / expected - 1.0).abs() < 0.02, "quanta of {quantum} darts: {mean} s");
        // Runs of 100 ms of work end up to 16 ms apart, those of 200 ms too: 1.6 %; at random the 50 stops of 16 ms would
        // scatter by sqrt(50) * 16 ms = 113 ms.
        assert!(deviation / expected < 0.04, "quanta of {quantum} darts: {deviation} s");
        assert_eq!(fit.machine.noise.interruptions, None, "quanta of {quantum} darts");
    }
}

#[test]
fn even_short_runs_on_stopped_cores_tell_the_mean() {
    // Runs of 3 ms of work, five of them a sample: mean over 15 ms of work, 4 or 3 stops.
    let fit = fitted(&samples(150_000, 1000));
    let (mean, _) = predicted(&fit, 10_000_000);
    assert!((mean - 1.0).abs() < 0.06, "{mean} s");
}

#[test]
fn stopped_cores_are_named() {
    let warnings = fitted(&samples(5_000_000, 10_000)).warnings.join("\n");
    assert!(warnings.contains("stops the cores"), "{warnings}");
    assert!(!warnings.contains("poor fit"), "{warnings}");
}

#[test]
fn interruptions_at_random_are_noise_and_count_once() {
    // One interruption of 2 ms after 20 ms of work in the mean: work takes 10 % longer.
    let mut samples = samples(5_000_000, 50_000);
    for sample in &mut samples {
        let (work_s, stream) = match sample.experiment {
            Experiment::FixedWork { .. } => (1e-3, 1),
            _ => (0.1, 2 + u32::try_from(sample.id).unwrap()),
        };
        let mut rng = Streams::new(12, sample.launch).stream(Purpose::Measurement, stream);
        let mut next_s = -20e-3 * maths::ln(1.0 - rng.random::<f64>());
        for seconds in &mut sample.each_s {
            *seconds = work_s;
            next_s -= work_s;
            while next_s < 0.0 {
                *seconds += 2e-3;
                next_s -= 20e-3 * maths::ln(1.0 - rng.random::<f64>());
            }
        }
        sample.seconds = stats::median(&sample.each_s);
    }
    let fit = fitted(&samples);
    let found = fit.machine.noise.interruptions.unwrap();
    // About 100 interruptions in 2000 quanta: sqrt(100) / 100 = 10 %
    assert!((found.interval.as_seconds() / 20e-3 - 1.0).abs() < 0.3, "{found:?}");
    assert!((found.duration.as_seconds() / 2e-3 - 1.0).abs() < 0.1, "{found:?}");
    // 0.2 s of work, 0.22 s with interruptions; 20 samples of 0.5 s hold 500 interruptions: 4.5 % of 10 %.
    let (mean, _) = predicted(&fit, 10_000_000);
    assert!((mean / 0.22 - 1.0).abs() < 0.02, "{mean} s");
    assert!(fit.machine.noise.sigma(Kernel::ThrowDart) < 0.015, "{:?}", fit.machine.noise);
}
