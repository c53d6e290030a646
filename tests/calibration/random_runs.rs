//! Fits to run times that scatter: costs come back, what scatters whole runs bends no curve, and no fit is worse than one
//! factor on its prior.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dlpc_engine::machine::{Kernel, MachineModel, Noise};
use dlpc_engine::maths;
use dlpc_engine::random::{Purpose, Streams, lognormal_factor};
use dlpc_engine::stats;
use dlpc_engine::units::SimDuration;
use dlpc_predict::fit::runs::{MeasuredProgram, RunsFit, RunsOptions, fit_runs};
use dlpc_predict::fit::{FileProvenance, FittedTo, to_toml};
use dlpc_predict::input;
use dlpc_predict::measurement::{MeasuredRun, Measurement};
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;

/// 10^8 darts of 1 us each: 100 s of work, beside which messages do not count.
const DARTS: u64 = 100_000_000;
const WORK_S: f64 = 100.0;
/// What messages and a fixed millisecond add to the mean error, at most: 1 ms of 1.6 s on 64 ranks, less on fewer.
const BESIDE: f64 = 2e-4;

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// Returns 16 hosts of four cores without any noise.
fn prior(setup_s: f64, throw_dart_s: f64) -> MachineModel {
    let mut prior =
        input::load_machine(&root("models/priors/dlpc-2020-hardware.toml"), &read).expect("the prior").model;
    prior.host_groups[0].speeds = vec![1.0; 16];
    prior.noise = Noise::NONE;
    prior.kernels.setup = SimDuration::from_seconds_ceil(setup_s);
    prior.kernels.throw_dart = Some(SimDuration::from_seconds_ceil(throw_dart_s));
    prior
}

/// Scenario of up to 64 ranks, and a machine model with slots for them.
fn read_program(path: &Path, darts: u64) -> std::io::Result<Vec<u8>> {
    if path.ends_with("machine.toml") {
        let text = std::fs::read_to_string(root("models/priors/dlpc-2020-hardware.toml"))?;
        return Ok(text.replace("count = 8", "count = 16").into_bytes());
    }
    let text = format!(
        "format = 1\ntitle = \"darts\"\nmachine = \"machine.toml\"\n[run]\nranks = [1, 64]\n\
         [workload.pi]\ndarts = {darts}\nreturns = \"count\"\n"
    );
    Ok(text.into_bytes())
}

fn program(prior: &MachineModel, darts: u64, runs: &[(u32, f64)]) -> MeasuredProgram {
    let read = |path: &Path| read_program(path, darts);
    let experiment = input::load_experiment_on(Path::new("scenario.toml"), Path::new("machine.toml"), &read);
    let scenario = experiment.unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario;
    let row = |(ranks, seconds): &(u32, f64)| MeasuredRun {
        ranks: *ranks,
        seconds: *seconds,
        reading_error_s: 0.0,
        host: None,
    };
    let measurement = Measurement { rows: runs.iter().map(row).collect(), hosts: Vec::new() };
    MeasuredProgram { scenario, machine: prior.clone(), file: "runs.csv".to_owned(), measurement }
}

fn fit_of(prior: &MachineModel, darts: u64, runs: &[(u32, f64)]) -> RunsFit {
    let options = RunsOptions { name: "mine".to_owned(), title: "mine".to_owned(), prior, ranks: BTreeSet::new() };
    fit_runs(&[program(prior, darts, runs)], &options).expect("a fit")
}

fn throw_dart_us(found: &RunsFit) -> f64 {
    found.fit.machine.kernels.throw_dart.expect("a cost").as_seconds() * 1e6
}

fn mean_error(found: &RunsFit) -> f64 {
    found.fit.residuals["runs.csv"].mean_absolute
}

/// Returns the least mean error of a time per dart over all ranks, and of nothing else: one of those that are exact for one
/// rank count, as the error is a sum of absolute values.
fn error_of_one_factor(runs: &[(u32, f64)]) -> f64 {
    let mut medians = Vec::new();
    for ranks in runs.iter().map(|(ranks, _)| *ranks).collect::<BTreeSet<u32>>() {
        let own: Vec<f64> = runs.iter().filter(|(of, _)| *of == ranks).map(|(_, seconds)| *seconds).collect();
        medians.push((f64::from(ranks), stats::median(&own)));
    }
    let error = |work_s: f64| {
        stats::mean(&medians.iter().map(|(ranks, seconds)| (work_s / ranks / seconds - 1.0).abs()).collect::<Vec<_>>())
    };
    medians.iter().map(|(ranks, seconds)| error(ranks * seconds)).fold(f64::INFINITY, f64::min)
}

#[test]
fn one_per_cent_at_random_leaves_the_cost_of_a_dart_right() {
    let prior = prior(1e-3, 1.3e-6);
    for draw in 0..5 {
        let mut rng = Streams::new(5, draw).stream(Purpose::Plan, 4);
        let runs: Vec<(u32, f64)> =
            (4..=64).map(|ranks| (ranks, WORK_S / f64::from(ranks) * lognormal_factor(&mut rng, 0.01))).collect();
        let found = fit_of(&prior, DARTS, &runs);
        // With a constant part beside it, 61 runs of 1 % tell the cost to 0.28 %: 0.01 sqrt(1/61 + 34^2 / (61 * 310)).
        assert!((0.99..=1.01).contains(&throw_dart_us(&found)), "{} us", throw_dart_us(&found));
        assert!((found.fit.machine.noise.run_sigma / 0.01 - 1.0).abs() < 0.3, "{}", found.fit.machine.noise.run_sigma);
    }
}

#[test]
fn one_per_cent_up_and_down_is_a_factor_of_the_run() {
    let side = |ranks: u32| if ranks.is_multiple_of(2) { 1.01 } else { 0.99 };
    let runs: Vec<(u32, f64)> = (1..=16).map(|ranks| (ranks, WORK_S / f64::from(ranks) * side(ranks))).collect();
    let found = fit_of(&prior(1e-3, 1.3e-6), DARTS, &runs);
    assert!((0.99..=1.01).contains(&throw_dart_us(&found)), "{} us", throw_dart_us(&found));
    let noise = &found.fit.machine.noise;
    assert!((0.008..=0.012).contains(&noise.run_sigma), "{}", noise.run_sigma);
    assert!(noise.sigma(Kernel::ThrowDart) <= 0.0, "single runs tell no noise of ranks");
    assert!(mean_error(&found) <= 0.015, "{}", mean_error(&found));
}

#[test]
fn runs_of_which_every_other_is_long_give_a_cost_between_both() {
    let factor = |ranks: u32| if ranks.is_multiple_of(2) { 1.25 } else { 1.0 };
    let runs: Vec<(u32, f64)> = (1..=16).map(|ranks| (ranks, WORK_S / f64::from(ranks) * factor(ranks))).collect();
    let found = fit_of(&prior(1e-3, 1.3e-6), DARTS, &runs);
    assert!((0.98..=1.25).contains(&throw_dart_us(&found)), "{} us", throw_dart_us(&found));
    assert!(mean_error(&found) <= error_of_one_factor(&runs) + BESIDE, "{}", mean_error(&found));
    // The same with both kinds of runs at each rank count.
    let twice: Vec<(u32, f64)> =
        (1..=16).flat_map(|ranks| [1.0, 1.25].map(|factor| (ranks, WORK_S / f64::from(ranks) * factor))).collect();
    let found = fit_of(&prior(1e-3, 1.3e-6), DARTS, &twice);
    assert!((0.98..=1.25).contains(&throw_dart_us(&found)), "{} us", throw_dart_us(&found));
    assert!(mean_error(&found) <= error_of_one_factor(&twice) + BESIDE, "{}", mean_error(&found));
}

/// NPB 3.4.3, EP of class D, on 16 Raspberry Pi 4: seconds by ranks, one run for each layout. They differ by the heat of the
/// boards. JohnnyPol/Pi_Cluster-ECE_NTUA_2024-2025 (MIT).
const EP: [(u32, f64); 9] = [
    (4, 960.64),
    (8, 644.95),
    (8, 465.23),
    (16, 243.32),
    (16, 233.69),
    (16, 318.94),
    (32, 170.83),
    (32, 146.47),
    (64, 67.32),
];

#[test]
fn hot_boards_are_fitted_no_worse_than_by_one_constant() {
    // 2^36 pairs of numbers in 960.64 s on 4 ranks: 56 ns each.
    for prior in [prior(1e-3, 60e-9), prior(0.0, 500e-9)] {
        for runs in [&EP[..], &[EP[0], EP[1], EP[2], EP[3]]] {
            let found = fit_of(&prior, 1 << 36, runs);
            let limit = error_of_one_factor(runs);
            assert!(mean_error(&found) <= limit + BESIDE, "{} of {limit}", mean_error(&found));
            assert!((50e-3..=70e-3).contains(&throw_dart_us(&found)), "{}", throw_dart_us(&found));
        }
    }
}

#[test]
fn runs_that_scatter_alike_at_all_rank_counts_tell_no_noise_of_ranks() {
    let mut rng = Streams::new(6, 0).stream(Purpose::Plan, 4);
    let ranks = [1, 2, 4, 8, 16].into_iter().flat_map(|ranks| std::iter::repeat_n(ranks, 20));
    let runs: Vec<(u32, f64)> =
        ranks.map(|ranks| (ranks, WORK_S / f64::from(ranks) * lognormal_factor(&mut rng, 0.05))).collect();
    let noise = fit_of(&prior(1e-3, 1.3e-6), DARTS, &runs).fit.machine.noise;
    // 100 runs tell a standard deviation to 1 / sqrt(200) = 7 %.
    assert!((noise.run_sigma / 0.05 - 1.0).abs() < 0.2, "{}", noise.run_sigma);
    assert!(noise.sigma(Kernel::ThrowDart) <= 0.0, "{}", noise.sigma(Kernel::ThrowDart));
}

#[test]
fn run_times_of_any_size_are_fitted_to_a_model_that_is_read_again() {
    let prior = prior(1e-3, 1e-6);
    let fitted_to = FittedTo { ranks: vec![1, 2, 4, 8, 16], measurements: vec!["runs.csv".to_owned()] };
    for least_s in [1e-12, 1e-9, 1e-3, 1e3, 1e5] {
        for ratio in [1.0_f64, 2.0, 16.0] {
            let runs = [1, 2, 4, 8, 16]
                .map(|ranks: u32| (ranks, least_s * maths::powf(ratio, maths::log2(f64::from(ranks)) / -4.0) * 16.0));
            let found = fit_of(&prior, DARTS, &runs);
            let text =
                to_toml(&found.fit, &FileProvenance { runs: Some(fitted_to.clone()), ..FileProvenance::default() });
            let read = |_: &Path| Ok(text.clone().into_bytes());
            let read = input::load_machine(Path::new("mine.toml"), &read);
            let model = read.unwrap_or_else(|problems| panic!("{least_s}: {}\n{text}", problems.render(false))).model;
            // Text of more than 100 s is read back to within the last digit of an f64.
            let (setup_s, expected_s) =
                (model.kernels.setup.as_seconds(), found.fit.machine.kernels.setup.as_seconds());
            assert!((setup_s - expected_s).abs() <= 1e-12 + 1e-14 * expected_s, "{setup_s}, expected {expected_s}");
            assert_eq!(model.kernels.throw_dart, found.fit.machine.kernels.throw_dart);
        }
    }
}

/// A program of which a part takes as long on any number of ranks (Amdahl), measured with scatter.
struct Case {
    serial_s: f64,
    scatter: f64,
    ranks: Vec<u32>,
    repeats: u32,
    prior: MachineModel,
}

impl Case {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let counts: [&[u32]; 4] = [
            &[1, 2, 4, 8, 16],
            &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
            &[4, 8, 12, 16, 24, 32, 48, 64],
            &[1, 2, 3, 4, 6, 8, 12, 16, 24, 32],
        ];
        let serial_s = [0.0, 0.0, 1.0, 5.0, 20.0][rng.random_range(0..5)];
        // 0.5 % to 20 %, evenly over the logarithm.
        let scatter = 0.005 * maths::powf(40_f64, rng.random_range(0.0..1.0));
        let guess = rng.random_range(0.3..3.0);
        let prior = prior([0.0, 1e-3, 2.0][rng.random_range(0..3)], guess * 1e-6);
        let ranks = counts[rng.random_range(0..4)].to_vec();
        Self { serial_s, scatter, ranks, repeats: [1, 1, 3][rng.random_range(0..3)], prior }
    }

    fn runs(&self, rng: &mut ChaCha8Rng) -> Vec<(u32, f64)> {
        let all = self.ranks.iter().flat_map(|ranks| std::iter::repeat_n(*ranks, self.repeats as usize));
        all.map(|ranks| (ranks, self.seconds(ranks) * lognormal_factor(rng, self.scatter))).collect()
    }

    fn seconds(&self, ranks: u32) -> f64 {
        self.serial_s + WORK_S / f64::from(ranks)
    }

    /// Standard errors, in seconds, of the work of one rank and of the serial part, by least squares of relative errors:
    /// those of the scatter over sqrt n, if there is but one of both.
    fn standard_errors(&self) -> (f64, f64) {
        let (mut ww, mut ws, mut ss) = (0.0, 0.0, 0.0);
        for ranks in &self.ranks {
            let (work, serial) = (1.0 / f64::from(*ranks) / self.seconds(*ranks), 1.0 / self.seconds(*ranks));
            ww += work * work;
            ws += work * serial;
            ss += serial * serial;
        }
        let determinant = ww * ss - ws * ws;
        let scatter = self.scatter / f64::from(self.repeats).sqrt();
        (scatter * (ss / determinant).sqrt(), scatter * (ww / determinant).sqrt())
    }
}

/// `DLPC_SIM_FITS` says how many; `make fits` takes 300.
#[test]
fn no_fit_is_worse_than_one_factor_on_its_prior_and_costs_are_within_three_standard_errors() {
    let n_fits = std::env::var("DLPC_SIM_FITS").map_or(60, |text| text.parse().expect("a number of fits"));
    let mut far = Vec::new();
    for draw in 0..n_fits {
        let mut rng = Streams::new(2026, draw).stream(Purpose::Plan, 5);
        let case = Case::draw(&mut rng);
        let runs = case.runs(&mut rng);
        let found = fit_of(&case.prior, DARTS, &runs);
        if case.prior.kernels.setup <= SimDuration::from_seconds_ceil(1e-3) {
            // Else one factor on the prior has a serial part, too, and the one here is another.
            let limit = error_of_one_factor(&runs);
            assert!(mean_error(&found) <= limit + BESIDE, "fit {draw}: {} of {limit}", mean_error(&found));
        }
        let (of_work, of_serial) = case.standard_errors();
        let serial_s = found.fit.machine.kernels.setup.as_seconds();
        let off = ((throw_dart_us(&found) - 1.0) * WORK_S / of_work, (serial_s - case.serial_s) / of_serial);
        if off.0.abs().max(off.1.abs()) > 3.0 {
            far.push((draw, case.scatter, case.serial_s, case.ranks.len(), case.repeats, off));
        }
    }
    // Normal numbers are beyond 3 standard errors in 0.27 % of all cases; Huber's weights and medians cost a little.
    assert!(far.len() * 100 <= 2 * n_fits as usize, "{} of {n_fits}: {far:#?}", far.len());
}
