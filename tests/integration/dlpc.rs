//! The Delft Low Performance Cluster: its machine model is what its fitted points give, and its predictions hold on the
//! other points.

use std::path::{Path, PathBuf};

use dlpc_engine::machine::{Kernel, MessageTable, RecordCosts};
use dlpc_engine::maths;
use dlpc_engine::units::SimDuration;
use dlpc_predict::analysis::accuracy::{self, Comparison, Scope};
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::prediction;

const FITTED_RANKS: [u32; 5] = [1, 2, 4, 8, 16];

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name)
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

fn load(name: &str) -> Experiment {
    input::load_experiment(&scenario(name), &read).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

fn compare(name: &str) -> Comparison {
    let experiment = load(name);
    let measured = experiment.measured.as_ref().unwrap();
    let prediction = prediction::predict(&experiment.scenario, &experiment.machine, &|| ()).unwrap();
    let was_fitted = |ranks| experiment.provenance.was_fitted_on(&measured.path, ranks);
    accuracy::compare(&prediction.curve, &measured.measurement, &was_fitted, Scope::HeldOut)
}

fn outliers(comparison: &Comparison) -> Vec<u32> {
    comparison.points.iter().filter(|point| point.is_outlier).map(|point| point.ranks).collect()
}

/// The rule of its provenance: kernel costs, noise and what is not known of them are those of the DLPC.
#[test]
fn the_raspberry_pi_4_has_the_kernels_of_the_dlpc_on_cores_twice_as_fast() {
    let model = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name);
        input::load_machine(&path, &read).unwrap_or_else(|problems| panic!("{}", problems.render(false))).model
    };
    let (dlpc, pi4) = (model("dlpc-2020.toml"), model("pi4-8.toml"));
    let advice = "copy [kernels], [noise], [intervals] and [standard_errors] of models/dlpc-2020.toml";
    assert_eq!(pi4.kernels, dlpc.kernels, "{advice}");
    assert_eq!(pi4.noise, dlpc.noise, "{advice}");
    assert_eq!(pi4.host_groups[0].speeds, [2.0; 8]);
}

#[test]
fn pi_count_is_predicted_within_5_percent() {
    let comparison = compare("dlpc-pi-count.toml");
    assert!(comparison.accuracy.mape <= 0.05, "{:?}", comparison.accuracy);
    assert!(outliers(&comparison).contains(&20));
    assert!(outliers(&comparison).iter().all(|ranks| [20, 29].contains(ranks)));
}

#[test]
fn pi_coordinates_is_predicted_within_4_percent() {
    let comparison = compare("dlpc-pi-coordinates.toml");
    assert!(comparison.accuracy.mape <= 0.04, "{:?}", comparison.accuracy);
    assert!(outliers(&comparison).contains(&25));
    assert!(outliers(&comparison).iter().all(|ranks| [25, 18].contains(ranks)));
}

#[test]
fn log_60s_is_predicted_within_3_percent_without_outliers() {
    let comparison = compare("dlpc-log-60s.toml");
    assert!(comparison.accuracy.mape <= 0.03, "{:?}", comparison.accuracy);
    assert!(outliers(&comparison).is_empty());
}

#[test]
fn log_1s_is_predicted_within_4_percent() {
    let comparison = compare("dlpc-log-1s.toml");
    assert!(comparison.accuracy.mape <= 0.04, "{:?}", comparison.accuracy);
}

#[test]
fn the_band_covers_the_scatter_of_both_pi_curves() {
    let comparisons = ["dlpc-pi-count.toml", "dlpc-pi-coordinates.toml"].map(compare);
    let held_out = || comparisons.iter().flat_map(|comparison| &comparison.points).filter(|point| !point.used_for_fit);
    let regular = held_out().filter(|point| !point.is_outlier);
    let (n_inside, n) = regular.fold((0, 0), |(inside, n), point| (inside + u32::from(point.inside_band), n + 1));
    let coverage = f64::from(n_inside) / f64::from(n);
    assert!((0.80..=0.98).contains(&coverage), "{n_inside} of {n}");
}

#[test]
fn what_the_model_assumes_about_messages_hardly_matters() {
    for name in ["dlpc-pi-count.toml", "dlpc-pi-coordinates.toml", "dlpc-log-60s.toml", "dlpc-log-1s.toml"] {
        let experiment = load(name);
        let makespans = |machine| {
            let prediction = prediction::predict(&experiment.scenario, machine, &|| ()).unwrap();
            prediction.curve.points.into_iter().map(|point| point.makespan_s).collect::<Vec<_>>()
        };
        let mut doubled = experiment.machine.clone();
        double(&mut doubled.local);
        double(&mut doubled.remote);
        doubled.switch.latency = doubled.switch.latency.saturating_mul(2);
        for (before, after) in makespans(&experiment.machine).iter().zip(makespans(&doubled)) {
            assert!((after / before - 1.0).abs() < 0.01, "{name}: {before} s became {after} s");
        }
    }
}

fn double(table: &mut MessageTable) {
    for segment in &mut table.segments {
        segment.latency = segment.latency.saturating_mul(2);
        segment.send_overhead = segment.send_overhead.saturating_mul(2);
        segment.recv_overhead = segment.recv_overhead.saturating_mul(2);
    }
}

/// Five fitted points: seconds and reading error at each of the fitted rank counts.
fn fitted_points(file: &str) -> Vec<(f64, f64, f64)> {
    let path = scenario("measured/dlpc-2020").join(file);
    let measurement = input::load_measurement(&path, &read).unwrap();
    let rows = measurement.rows.iter().filter(|row| FITTED_RANKS.contains(&row.ranks));
    rows.map(|row| (f64::from(row.ranks), row.seconds, row.reading_error_s)).collect()
}

/// A line `y = slope x + offset` and the standard errors of both.
struct Line {
    slope: f64,
    offset: f64,
    slope_error: f64,
    offset_error: f64,
}

/// Weighted least squares with Huber's weights (k = 1.345), iterated.
fn fit_line(points: &[(f64, f64)], sigmas: &[f64]) -> Line {
    let mut weights: Vec<f64> = sigmas.iter().map(|sigma| sigma.powi(-2)).collect();
    let mut line = weighted_line(points, &weights);
    for _ in 0..200 {
        weights = points
            .iter()
            .zip(sigmas)
            .map(|((x, y), sigma)| {
                let score = ((y - line.slope * x - line.offset) / sigma).abs();
                (1.345 / score).min(1.0) / sigma.powi(2)
            })
            .collect();
        line = weighted_line(points, &weights);
    }
    line
}

fn weighted_line(points: &[(f64, f64)], weights: &[f64]) -> Line {
    let sum = |value: &dyn Fn(f64, f64) -> f64| -> f64 {
        points.iter().zip(weights).map(|((x, y), weight)| weight * value(*x, *y)).sum()
    };
    let total = sum(&|_, _| 1.0);
    let (mean_x, mean_y) = (sum(&|x, _| x) / total, sum(&|_, y| y) / total);
    let spread = sum(&|x, _| (x - mean_x).powi(2));
    let slope = sum(&|x, y| (x - mean_x) * (y - mean_y)) / spread;
    Line {
        slope,
        offset: mean_y - slope * mean_x,
        slope_error: spread.sqrt().recip(),
        offset_error: (1.0 / total + mean_x.powi(2) / spread).sqrt(),
    }
}

fn sigma(seconds: f64, reading_error_s: f64, scatter: f64) -> f64 {
    maths::hypot(reading_error_s / 3_f64.sqrt(), scatter * seconds)
}

/// Median of the largest of 1, 2, 4, 8 and 16 normal values: that of which the distribution function is 2^(-1 / ranks).
const LARGEST: [f64; 5] = [0.0, 0.545, 0.998, 1.385, 1.723];

/// docs/dlpc-2020.md, pi-count: seconds per million darts, and the constant part.
fn fit_count() -> Line {
    // A run ends with its slowest rank; single ranks scatter by the 0.5 % of the prior.
    let without_the_slowest = |((ranks, seconds, error), largest): ((f64, f64, f64), f64)| {
        let stretch = maths::exp(0.005 * largest);
        (ranks, seconds / stretch, error / stretch)
    };
    let points: Vec<_> = fitted_points("pi-count.csv").into_iter().zip(LARGEST).map(without_the_slowest).collect();
    let sigmas: Vec<f64> = points.iter().map(|(_, seconds, error)| sigma(*seconds, *error, 0.005)).collect();
    let line: Vec<(f64, f64)> = points.iter().map(|(ranks, seconds, _)| (1.0 / ranks, *seconds)).collect();
    fit_line(&line, &sigmas)
}

/// docs/dlpc-2020.md, pi-coordinates: the part that the ranks share, that of rank 0, and the relative scatter of the
/// residuals.
fn fit_coordinates(constant_s: f64) -> (Line, f64) {
    let points = fitted_points("pi-coordinates.csv");
    let wire_s = |ranks: f64| (ranks - 4.0).max(0.0) / ranks * 30e6 / 11.8e6;
    let line: Vec<(f64, f64)> =
        points.iter().map(|(ranks, seconds, _)| (1.0 / ranks, seconds - wire_s(*ranks) - constant_s)).collect();
    let mean = points.iter().map(|(_, seconds, _)| seconds).sum::<f64>() / 5.0;
    let mut scatter_s = 0.025 * mean;
    loop {
        let sigmas: Vec<f64> =
            points.iter().map(|(_, seconds, error)| sigma(*seconds, *error, scatter_s / mean)).collect();
        let fit = fit_line(&line, &sigmas);
        let squares: f64 = line.iter().map(|(x, y)| (y - fit.slope * x - fit.offset).powi(2)).sum();
        let next_s = (squares / 3.0 - points[0].2.powi(2) / 3.0).sqrt();
        if (next_s - scatter_s).abs() < 1e-9 {
            return (fit, scatter_s / mean);
        }
        scatter_s = next_s;
    }
}

fn assert_close(what: &str, model: f64, fit: f64, tolerance: f64) {
    assert!((model - fit).abs() < tolerance, "{what}: the model has {model}, the fit gives {fit}");
}

fn micros(duration: SimDuration) -> f64 {
    duration.as_seconds() * 1e6
}

/// A second fit, without the simulator: docs/dlpc-2020.md, "By hand". `calibrate --from-runs` makes the model, and
/// tests/e2e/calibrated.rs repeats that.
#[test]
fn the_kernel_costs_are_those_that_a_straight_line_gives() {
    let machine = load("dlpc-pi-count.toml").machine;
    let count = fit_count();
    let records = machine.kernels.records.unwrap();
    let RecordCosts { store, pack, unpack, collect, .. } = records;
    let throw_dart = machine.kernels.throw_dart.unwrap();
    assert_close("throw_dart", micros(throw_dart), count.slope, 0.5 * count.slope_error);
    assert_close("setup", machine.kernels.setup.as_seconds(), count.offset, 0.5 * count.offset_error);

    let (coordinates, scatter) = fit_coordinates(count.offset);
    let shared = micros(throw_dart) + micros(store) + micros(pack);
    let tail = micros(unpack) + micros(collect);
    assert_close("A", shared, coordinates.slope, 0.5 * coordinates.slope_error);
    assert_close("B", tail, coordinates.offset, 0.5 * coordinates.offset_error);
    // One factor of the run for both programs: 0.5 % with two degrees of freedom (five points, one of which does not count,
    // less two unknowns) and the other with three.
    let of_runs = ((2.0 * 0.005_f64.powi(2) + 3.0 * scatter.powi(2)) / 5.0).sqrt();
    assert_close("run_sigma", machine.noise.run_sigma, of_runs, 0.1 * of_runs);
    assert_eq!(machine.noise.sigma(Kernel::UnpackRecord).to_bits(), 0.005_f64.to_bits(), "that of the prior");

    let error = |kernel: Kernel, cost: SimDuration| machine.noise.cost_sigma[kernel as usize] * micros(cost);
    let error_of_tail = maths::hypot(error(Kernel::UnpackRecord, unpack), error(Kernel::CollectRecord, collect));
    assert_close("error of B", error_of_tail, coordinates.offset_error, 0.15 * coordinates.offset_error);
}
