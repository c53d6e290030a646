//! Calibration samples and measured runs, damaged: reported, refused, or fitted to a machine model that is accepted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dlpc_predict::fit::evidence::{self, Series};
use dlpc_predict::fit::runs::{MeasuredProgram, RunsOptions, fit_runs};
use dlpc_predict::fit::{self, FileProvenance, Fit, FitOptions, FittedTo, origin, to_toml};
use dlpc_predict::input;
use dlpc_report::fit::{FitDocument, Method};
use dlpc_report::plot::fit::figures;
use dlpc_report::{html, json, table};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::corpus;
use crate::experiments::{is_a_report, is_json, is_svg};
use crate::hunt::{Files, Hunt};
use crate::mutator::damage;

const SAMPLES: &str = "samples.jsonl";
const SHIPPED: &str = "tests/samples/testbed-slow-host.jsonl";
const RUNS: &str = "runs.csv";
const SCENARIO: &str = "scenarios/dlpc-pi-count.toml";
/// Most ranks that are simulated for a fit.
const RANKS_MAX: u32 = 64;
const PRIOR: &str = "models/dlpc-2020.toml";

#[test]
fn damaged_samples_are_reported_or_read() {
    let test = "fits::damaged_samples_are_reported_or_read";
    let make = |rng: &mut ChaCha8Rng| samples(rng, 40);
    Hunt { test, n_short: 100, one_in: 1, make, check: |files| drop(campaign(files)) }.run();
}

#[test]
fn damaged_samples_are_refused_or_fitted() {
    let test = "fits::damaged_samples_are_refused_or_fitted";
    Hunt { test, n_short: 3, one_in: 50, make: |rng| samples(rng, 100_000), check: fitted_to_samples }.run();
}

#[test]
fn damaged_runs_are_refused_or_fitted() {
    let test = "fits::damaged_runs_are_refused_or_fitted";
    Hunt { test, n_short: 3, one_in: 50, make: damaged_runs, check: fitted_to_runs }.run();
}

/// Returns the first lines of a campaign, some of them damaged.
fn samples(rng: &mut ChaCha8Rng, n_max: usize) -> Files {
    let text = String::from_utf8_lossy(corpus::shipped(SHIPPED)).into_owned();
    let mut lines: Vec<Vec<u8>> = text.lines().take(n_max).map(|line| line.as_bytes().to_vec()).collect();
    for _ in 0..rng.random_range(1..4) {
        let at = rng.random_range(0..lines.len());
        damage(&mut lines[at], rng);
    }
    if rng.random_bool(0.1) {
        lines.truncate(rng.random_range(0..lines.len()));
    }
    let bytes = lines.iter().flat_map(|line| line.iter().copied().chain([b'\n'])).collect();
    [(PathBuf::from(SAMPLES), bytes)].into()
}

fn campaign(files: &Files) -> Option<dlpc_predict::calibration::campaign::Campaign> {
    let read = input::load_campaign(Path::new(SAMPLES), &|path| corpus::reading(files, path));
    read.inspect_err(is_a_report).ok()
}

fn fitted_to_samples(files: &Files) {
    let Some(campaign) = campaign(files) else { return };
    let options = FitOptions {
        name: "fuzzed".to_owned(),
        title: "Fuzzed".to_owned(),
        prior: None,
        hosts: campaign.head.cluster(),
        seed: 1,
        bootstrap: 2,
    };
    match fit::fit(&campaign.samples, &options) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(fit) => shown(&fit, &evidence::of_samples(&fit.machine, &campaign.samples), Method::Samples),
    }
}

fn damaged_runs(rng: &mut ChaCha8Rng) -> Files {
    let mut bytes = b"ranks,seconds\n1,2.79\n2,1.43\n3,0.96\n4,0.73\n6,0.51\n8,0.40\n".to_vec();
    damage(&mut bytes, rng);
    [(PathBuf::from(RUNS), bytes)].into()
}

fn fitted_to_runs(files: &Files) {
    let read = |path: &Path| corpus::reading(files, path);
    let Ok(measurement) = input::load_measurement(Path::new(RUNS), &read) else { return };
    if measurement.rows.iter().any(|run| RANKS_MAX < run.ranks) {
        return;
    }
    let experiment = input::load_experiment_on(Path::new(SCENARIO), Path::new(PRIOR), &read).expect("a scenario");
    let prior = experiment.machine.clone();
    let (scenario, machine) = (experiment.scenario, experiment.machine);
    let program = MeasuredProgram { scenario, machine, file: RUNS.to_owned(), measurement };
    let options =
        RunsOptions { name: "fuzzed".to_owned(), title: "Fuzzed".to_owned(), prior: &prior, ranks: BTreeSet::new() };
    match fit_runs(&[program], &options) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(found) => shown(&found.fit, &evidence::of_runs(&found), Method::Runs),
    }
}

/// Shows a fit; the machine model that it makes is accepted.
fn shown(fit: &Fit, series: &[Series], method: Method) {
    let parameters = origin::parameters(fit);
    let document = FitDocument { fit, parameters: &parameters, series, method, source: SAMPLES, command: "calibrate" };
    is_json(&json::fit::fit(&document));
    let figures = figures(&fit.title, &fit.machine, series);
    for figure in &figures {
        is_svg(&figure.svg());
    }
    assert!(!html::fit::fit(&document, &figures).is_empty() && !table::fit::page(&document).is_empty());
    let runs = FittedTo { ranks: vec![1, 2], measurements: vec![RUNS.to_owned()] };
    let provenance = FileProvenance { runs: (method == Method::Runs).then_some(runs), ..FileProvenance::default() };
    let model: Files = [(PathBuf::from("fuzzed.toml"), to_toml(fit, &provenance).into_bytes())].into();
    let again = input::load_machine(Path::new("fuzzed.toml"), &|path| corpus::reading(&model, path));
    if let Err(report) = again {
        panic!("the fitted machine model is refused: {report}");
    }
}
