//! Fits of the factor to runs that were made from a known one.

use std::path::Path;

use crate::input;
use crate::measurement::{MeasuredRun, Measurement};
use crate::workload::recorded::{Recording as Recorded, Run, Step, write_recording};

use super::*;

/// Eight CPU seconds, divided among 1, 2, 4 ranks that do nothing else, and these runs of them, in seconds.
fn program(runs: &[(u32, f64)]) -> MeasuredProgram {
    let run = |n_ranks: u32| {
        let mut run = Run::new(n_ranks);
        for rank in 0..n_ranks {
            run.add(rank, Step::Compute(8_000_000_000 / u64::from(n_ranks)));
        }
        run
    };
    let recording = Recorded { runs: [1, 2, 4].map(run).to_vec(), ..Recorded::default() };
    let scenario = "format = 1\ntitle = \"Work\"\nmachine = \"star.toml\"\n[run]\nranks = \"1,2,4\"\n[workload.recorded]\n\
                    file = \"recording.jsonl.gz\"\nscale = 3.0\n";
    let read = |path: &Path| match path.to_str() {
        Some("scenario.toml") => Ok(scenario.as_bytes().to_vec()),
        Some("recording.jsonl.gz") => Ok(write_recording(&recording)),
        _ => Ok(include_bytes!("../../../../../../tests/run/star.toml").to_vec()),
    };
    let experiment = input::load_experiment(Path::new("scenario.toml"), &read).expect("a valid scenario");
    let row = |(ranks, seconds): &(u32, f64)| MeasuredRun {
        ranks: *ranks,
        seconds: *seconds,
        reading_error_s: 0.0,
        host: None,
    };
    MeasuredProgram {
        scenario: experiment.scenario,
        machine: experiment.machine,
        file: "runs.csv".to_owned(),
        measurement: Measurement { rows: runs.iter().map(row).collect(), hosts: Vec::new() },
    }
}

fn fit(runs: &[(u32, f64)], ranks: &[u32]) -> Result<FactorFit, RunsError> {
    fit_factor(&program(runs), &ranks.iter().copied().collect())
}

/// Ten times 8, 4 and 2 s, and a set-up of half a second.
const RUNS: [(u32, f64); 3] = [(1, 80.5), (2, 40.5), (4, 20.5)];

#[test]
fn factor_and_set_up_are_those_that_made_the_runs() {
    let found = fit(&RUNS, &[]).expect("a fit");
    assert!((found.factor.scale - 10.0).abs() < 1e-3, "{found:?}");
    assert!((found.factor.setup.as_seconds() - 0.5).abs() < 1e-3, "{found:?}");
    assert!(found.error < 1e-4 && 0.005 < found.error_without_setup, "{found:?}");
    let (low, high) = found.factor.interval.expect("an interval");
    assert!(low <= found.factor.scale && found.factor.scale <= high && high < 1.01 * low, "{found:?}");
}

/// One factor of 10 fits all of them but one, which is 1 % off: with two rank counts there is no set-up.
#[test]
fn two_rank_counts_do_not_tell_a_set_up() {
    let found = fit(&[(1, 80.0), (2, 40.4)], &[]).expect("a fit");
    assert_eq!(found.factor.setup, SimDuration::ZERO);
    assert!((10.0..=10.1).contains(&found.factor.scale), "{found:?}");
    // Student's t of one degree of freedom is 12.7: the interval is wide.
    let (low, high) = found.factor.interval.expect("an interval");
    assert!(1.05 * low < high, "{found:?}");
}

#[test]
fn it_is_never_worse_than_one_factor() {
    let runs = [(1, 80.0), (1, 88.0), (2, 40.0), (2, 47.0), (4, 20.0), (4, 20.4)];
    let found = fit(&runs, &[]).expect("a fit");
    assert!(found.error <= found.error_without_setup, "{found:?}");
}

#[test]
fn held_out_runs_are_never_looked_at() {
    let others = [RUNS[0], RUNS[1], (4, 999.0)];
    assert_eq!(fit(&RUNS, &[1, 2]).expect("a fit"), fit(&others, &[1, 2]).expect("a fit"));
}

#[test]
fn runs_that_tell_nothing_are_refused() {
    assert!(matches!(fit(&RUNS, &[1]), Err(RunsError::TooFew { found: 1, unknowns: 1 })));
    assert!(matches!(fit(&RUNS, &[3]), Err(RunsError::NoRuns { .. })));
}

#[test]
fn a_factor_is_written_into_the_text_of_the_user() {
    let text = "# mine\n[workload.recorded]\nfile = \"x.gz\"\nscale = 3.0 # a guess\nsetup = \"1 s\"\n";
    let factor = Factor { interval: Some((8.0, 12.5)), ..Factor::known(10.0) };
    let written = written_into(text, &factor).expect("a scenario");
    assert!(written.starts_with("# mine\n") && written.contains("scale = 10.0"), "{written}");
    assert!(written.contains("scale_interval = [8.0, 12.5]") && !written.contains("setup"), "{written}");
    assert!(written_into("[workload.pi]\n", &factor).is_err());
}
