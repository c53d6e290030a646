//! Fits to the times of whole programs: known costs come back, and held-out runs are never looked at.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dlpc_engine::machine::{Kernel, Kernels, MachineModel, RecordCosts};
use dlpc_engine::random::{Purpose, Streams, lognormal_factor};
use dlpc_engine::stats;
use dlpc_engine::trace::Recording;
use dlpc_engine::units::{SimDuration, SimTime};
use dlpc_predict::fit::Fit;
use dlpc_predict::fit::runs::{MeasuredProgram, RunsError, RunsFit, RunsOptions, fit_runs};
use dlpc_predict::input;
use dlpc_predict::measurement::{MeasuredRun, Measurement};
use dlpc_predict::prediction;
use dlpc_predict::scenario::Scenario;

const RANKS: [u32; 6] = [1, 2, 4, 8, 12, 16];

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn prior() -> MachineModel {
    let read = |path: &Path| std::fs::read(path);
    input::load_machine(&root("models/priors/dlpc-2020-hardware.toml"), &read).expect("the prior").model
}

fn nanos(nanos: u64) -> SimDuration {
    SimDuration::from_picos(nanos * 1000)
}

/// Costs that are not the prior's, but store : pack and unpack : collect are.
fn truth() -> Kernels {
    let records = prior().kernels.records.expect("records");
    let scaled = |duration: SimDuration, factor: f64| duration.scaled_by(factor);
    let RecordCosts { store, pack, unpack, collect, bytes } = records;
    Kernels {
        setup: nanos(50_000_000),
        throw_dart: Some(nanos(2_000)),
        records: Some(RecordCosts {
            store: scaled(store, 1.5),
            pack: scaled(pack, 1.5),
            unpack: scaled(unpack, 0.7),
            collect: scaled(collect, 0.7),
            bytes,
        }),
    }
}

/// Returns the program of a shipped scenario with simulated times of the true costs, each times `factor(ranks)`.
fn measured(name: &str, mut factor: impl FnMut(u32) -> f64) -> MeasuredProgram {
    let read = |path: &Path| std::fs::read(path);
    let prior_path = root("models/priors/dlpc-2020-hardware.toml");
    let experiment = input::load_experiment_on(&root(&format!("scenarios/{name}.toml")), &prior_path, &read);
    let mut experiment = experiment.unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let original = experiment.scenario.clone();
    experiment.scenario.workload = experiment.scenario.workload.with_kernels(&truth());
    let mut quiet = prior();
    quiet.noise = dlpc_engine::machine::Noise::NONE;
    let rows = RANKS.map(|ranks| {
        let trace = prediction::simulate_once(&experiment.scenario, &quiet, ranks, 0, Recording::Off).expect("a run");
        let seconds = (trace.makespan - SimTime::ZERO).as_seconds() * factor(ranks);
        MeasuredRun { ranks, seconds, reading_error_s: 0.0, host: None }
    });
    let measurement = Measurement { rows: rows.to_vec(), hosts: Vec::new() };
    MeasuredProgram { scenario: original, machine: prior(), file: format!("{name}.csv"), measurement }
}

fn fit(programs: &[MeasuredProgram], ranks: &[u32]) -> Result<RunsFit, RunsError> {
    fit_on(&prior(), programs, ranks)
}

fn fit_on(prior: &MachineModel, programs: &[MeasuredProgram], ranks: &[u32]) -> Result<RunsFit, RunsError> {
    let options = RunsOptions {
        name: "mine".to_owned(),
        title: "mine".to_owned(),
        prior,
        ranks: ranks.iter().copied().collect::<BTreeSet<u32>>(),
    };
    fit_runs(programs, &options)
}

fn both(mut factor: impl FnMut(u32) -> f64) -> [MeasuredProgram; 2] {
    [measured("dlpc-pi-count", &mut factor), measured("dlpc-pi-coordinates", &mut factor)]
}

fn assert_near(found: SimDuration, expected: SimDuration, tolerance: f64) {
    assert!((found.as_seconds() / expected.as_seconds() - 1.0).abs() < tolerance, "{found}, expected {expected}");
}

#[test]
fn exact_times_give_the_costs_back() {
    // Noise of ranks that the prior has and the runs have not would be taken off as the wait for the slowest rank.
    let mut quiet = prior();
    quiet.noise = dlpc_engine::machine::Noise::NONE;
    let found = fit_on(&quiet, &both(|_| 1.0), &[]).expect("a fit").fit.machine.kernels;
    let expected = truth();
    assert_near(found.setup, expected.setup, 1e-4);
    assert_near(found.throw_dart.unwrap(), expected.throw_dart.unwrap(), 1e-4);
    let (found, expected) = (found.records.unwrap(), expected.records.unwrap());
    for (found, expected) in [
        (found.store, expected.store),
        (found.pack, expected.pack),
        (found.unpack, expected.unpack),
        (found.collect, expected.collect),
    ] {
        assert_near(found, expected, 1e-4);
    }
}

#[test]
fn held_out_runs_are_never_looked_at() {
    let programs = both(|ranks| 1.0 + 0.001 * f64::from(ranks % 3));
    let expected = fit(&programs, &[1, 2, 4, 8]).expect("a fit");
    let mut spoilt = programs;
    for row in spoilt.iter_mut().flat_map(|program| &mut program.measurement.rows) {
        if row.ranks > 8 {
            row.seconds *= 100.0;
        }
    }
    assert_eq!(fit(&spoilt, &[1, 2, 4, 8]).expect("a fit"), expected);
    assert_eq!(expected.ranks, [1, 2, 4, 8]);
}

#[test]
fn costs_that_runs_cannot_tell_apart_keep_the_ratio_of_the_prior() {
    // Of the coordinates alone, only two sums show: what the ranks share, and what rank 0 does or every rank does anyway.
    let found = fit(&[measured("dlpc-pi-coordinates", |_| 1.0)], &[]).expect("a fit");
    let (found, prior) = (found.fit.machine.kernels, prior().kernels);
    let (records, before) = (found.records.unwrap(), prior.records.unwrap());
    let ratio = |a: SimDuration, b: SimDuration| a.as_seconds() / b.as_seconds();
    let shared = ratio(records.store, before.store);
    let own = ratio(records.collect, before.collect);
    assert!((ratio(found.throw_dart.unwrap(), prior.throw_dart.unwrap()) / shared - 1.0).abs() < 1e-4);
    assert!((ratio(records.pack, before.pack) / shared - 1.0).abs() < 1e-4);
    assert!((ratio(found.setup, prior.setup) / own - 1.0).abs() < 1e-4);
    assert!((ratio(records.unpack, before.unpack) / own - 1.0).abs() < 1e-4);
}

/// Returns the middle and the half-width of what is known of a sum of costs: they are drawn independently.
fn known(fit: &Fit, keys: &[&str]) -> (f64, f64) {
    let bounds = keys.iter().map(|key| fit.intervals[*key]);
    let (middle, square) = bounds.fold((0.0, 0.0), |(middle, square), (low, high)| {
        (middle + f64::midpoint(low, high), square + (0.5 * (high - low)).powi(2))
    });
    (middle, f64::sqrt(square))
}

/// 400 intervals of 95 %, four of each draw: were they independent, their share would scatter by 1.1 %.
#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    const DRAWS: u32 = 100;
    const SUMS: [&[&str]; 4] = [
        &["kernels.setup"],
        &["kernels.throw_dart"],
        &["kernels.records.store", "kernels.records.pack"],
        &["kernels.records.unpack", "kernels.records.collect"],
    ];
    let kernels = truth();
    let records = kernels.records.unwrap();
    let expected_s =
        [kernels.setup, kernels.throw_dart.unwrap(), records.store + records.pack, records.unpack + records.collect]
            .map(SimDuration::as_seconds);
    let mut n_inside = 0;
    let exact = both(|_| 1.0);
    for draw in 0..DRAWS {
        let mut programs = exact.clone();
        let mut rng = Streams::new(7, draw).stream(Purpose::Plan, 3);
        for row in programs.iter_mut().flat_map(|program| &mut program.measurement.rows) {
            row.seconds *= lognormal_factor(&mut rng, 0.02);
        }
        let found = fit(&programs, &[]).expect("a fit").fit;
        for (keys, expected_s) in SUMS.into_iter().zip(expected_s) {
            let (middle, half_width) = known(&found, keys);
            n_inside += u32::from((expected_s - middle).abs() <= half_width);
        }
    }
    let coverage = f64::from(n_inside) / f64::from(4 * DRAWS);
    assert!((0.90..=0.99).contains(&coverage), "{coverage}");
}

#[test]
fn scatter_that_is_alike_at_all_rank_counts_is_a_factor_of_the_run() {
    let mut rng = Streams::new(11, 0).stream(Purpose::Plan, 3);
    let mut programs = both(|_| 1.0);
    for program in &mut programs {
        let rows = std::mem::take(&mut program.measurement.rows);
        let repeated = rows.into_iter().flat_map(|row| std::iter::repeat_n(row, 20));
        program.measurement.rows = repeated.collect();
    }
    for row in programs.iter_mut().flat_map(|program| &mut program.measurement.rows) {
        row.seconds *= lognormal_factor(&mut rng, 0.03);
    }
    let found = fit(&programs, &[]).expect("a fit");
    for scatter in found.scatter.values() {
        // 120 runs tell a standard deviation to 1 / sqrt(2 * 120) = 6.5 %.
        assert!((scatter / 0.03 - 1.0).abs() < 0.2, "{scatter}");
    }
    // All of it is the run's, but for the prior's 0.5 % of the ranks, which is kept.
    let noise = &found.fit.machine.noise;
    assert!((noise.run_sigma / 0.03 - 1.0).abs() < 0.15, "{}", noise.run_sigma);
    assert_eq!(noise.compute_sigma.map(f64::to_bits), prior().noise.compute_sigma.map(f64::to_bits));
}

/// Returns the makespans of so many replications of a scenario on one machine.
fn makespans_s(scenario: &Scenario, machine: &MachineModel, ranks: u32, n_replications: u32) -> Vec<f64> {
    let makespan_s = |replication: u32| {
        let trace = prediction::simulate_once(scenario, machine, ranks, replication, Recording::Off).expect("a run");
        (trace.makespan - SimTime::ZERO).as_seconds()
    };
    (0..n_replications).map(makespan_s).collect()
}

/// The slowest of 16 ranks, each 10 % off in either direction, takes exp(0.1 * 1.72) = 1.19 times as long as the usual one
/// (1.72: median of the largest of 16 normal values). A fit that takes the runs as they are finds that in `setup`:
/// 0.19 * (2 s / 16 + 50 ms) = 33 ms too much.
#[test]
fn what_the_slowest_rank_adds_is_not_taken_for_work() {
    const REPEATS: u32 = 40;
    let mut program = measured("dlpc-pi-count", |_| 1.0);
    let mut truth_scenario = program.scenario.clone();
    truth_scenario.workload = truth_scenario.workload.with_kernels(&truth());
    // Not the seed that the fit simulates with.
    truth_scenario.run.seed = 4321;
    let mut truth_machine = MachineModel { kernels: truth(), ..prior() };
    truth_machine.noise.compute_sigma[Kernel::ThrowDart as usize] = 0.1;
    truth_machine.noise.compute_sigma[Kernel::Setup as usize] = 0.1;
    let runs = |ranks: u32| {
        let all_s = makespans_s(&truth_scenario, &truth_machine, ranks, REPEATS);
        all_s.into_iter().map(move |seconds| MeasuredRun { ranks, seconds, reading_error_s: 0.0, host: None })
    };
    program.measurement.rows = RANKS.into_iter().flat_map(runs).collect();
    let found = fit(&[program], &[]).expect("a fit").fit.machine;
    // 40 medians of 0.175 s at 16 ranks, where `setup` shows most, tell it to 1.25 * 0.055 * 0.2 s / sqrt(40) = 2.2 ms.
    let setup_s = found.kernels.setup.as_seconds();
    assert!((setup_s - 0.050).abs() < 0.007, "{setup_s}");
    assert_near(found.kernels.throw_dart.unwrap(), truth().throw_dart.unwrap(), 0.03);
    let sigma = found.noise.sigma(Kernel::ThrowDart);
    assert!((sigma / 0.1 - 1.0).abs() < 0.15, "{sigma}");
    // What is left for whole runs is less than the scatter of the slowest of 16, 0.054.
    assert!(found.noise.run_sigma < 0.04, "{}", found.noise.run_sigma);
}

#[test]
fn predictions_repeat_the_runs_although_the_prior_does_not_know_its_hosts_well() {
    let mut prior = prior();
    prior.uncertainty.speeds = vec![0.05; prior.n_hosts()];
    let mut program = measured("dlpc-pi-count", |_| 1.0);
    program.machine = prior.clone();
    let found = fit_on(&prior, std::slice::from_ref(&program), &[]).expect("a fit").fit.machine;
    let mut scenario = program.scenario.clone();
    scenario.workload = scenario.workload.with_kernels(&found.kernels);
    for row in &program.measurement.rows {
        let predicted_s = stats::median(&makespans_s(&scenario, &found, row.ranks, 400));
        // Medians of 400 runs that scatter by 5 %: 1.25 * 0.05 / sqrt(400) = 0.3 %; the fit's own by 0.4 %.
        assert!((predicted_s / row.seconds - 1.0).abs() < 0.015, "{} ranks: {predicted_s}", row.ranks);
    }
}

#[test]
fn how_runs_differ_on_that_machine_is_not_taken_for_noise_of_the_program() {
    let mut prior = prior();
    prior.noise.run_sigma = 0.03;
    let mut rng = Streams::new(11, 0).stream(Purpose::Plan, 3);
    let mut program = measured("dlpc-pi-count", |_| 1.0);
    program.machine = prior.clone();
    let rows = std::mem::take(&mut program.measurement.rows);
    program.measurement.rows = rows.into_iter().flat_map(|row| std::iter::repeat_n(row, 20)).collect();
    for row in &mut program.measurement.rows {
        row.seconds *= lognormal_factor(&mut rng, 0.03);
    }
    let noise = fit_on(&prior, &[program], &[]).expect("a fit").fit.machine.noise;
    assert_eq!(noise.compute_sigma.map(f64::to_bits), prior.noise.compute_sigma.map(f64::to_bits));
    // 120 runs tell a standard deviation to 6.5 %; it is never below the prior's.
    assert!((0.03..=0.036).contains(&noise.run_sigma), "{}", noise.run_sigma);
}

#[test]
fn runs_that_do_not_tell_the_costs_are_refused() {
    let programs = both(|_| 1.0);
    assert!(matches!(fit(&programs, &[3]), Err(RunsError::NoRuns { .. })));
    assert!(matches!(fit(&programs[..1], &[1]), Err(RunsError::TooFew { found: 1, unknowns: 1 })));
    let mut overridden = programs.clone();
    overridden[0].machine.kernels.setup = nanos(1);
    assert!(matches!(fit(&overridden, &[]), Err(RunsError::Overridden { .. })));
    let mut other = programs;
    other[0].scenario.workload = dlpc_predict::workload::Workload::Custom(Vec::new().into());
    assert!(matches!(fit(&other, &[]), Err(RunsError::NoKernels { .. })));
}
