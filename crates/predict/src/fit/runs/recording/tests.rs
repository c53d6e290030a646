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
    program_of(runs, [1, 2, 4].map(run).to_vec())
}

/// Eight CPU seconds from line 1 to 2, divided among 1, 2, 3 and 4 ranks, and one from line 2 to 3 on rank 0.
fn of_two_phases(runs: &[(u32, f64)]) -> MeasuredProgram {
    let run = |n_ranks: u32| {
        let mut run = Run::new(n_ranks);
        for rank in 0..n_ranks {
            run.at(rank, "x.py:1");
            run.add(rank, Step::Compute(8_000_000_000 / u64::from(n_ranks)));
            run.at(rank, "x.py:2");
        }
        run.add(0, Step::Compute(1_000_000_000));
        run.at(0, "x.py:3");
        run
    };
    program_of(runs, [1, 2, 3, 4].map(run).to_vec())
}

fn program_of(runs: &[(u32, f64)], recorded: Vec<Run>) -> MeasuredProgram {
    let recording = Recorded { runs: recorded, ..Recorded::default() };
    let ranks: Vec<String> = recording.rank_counts().map(|ranks| ranks.to_string()).collect();
    let scenario = format!(
        "format = 1\ntitle = \"Work\"\nmachine = \"star.toml\"\n[run]\nranks = \"{}\"\n[workload.recorded]\n\
         file = \"recording.jsonl.gz\"\nscale = 3.0\n",
        ranks.join(",")
    );
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
    let phase = Phase { after: Some("x.py:1".to_owned()), upto: None };
    let phases = vec![PhaseScale { phase, scale: 3.0, interval: Some((2.0, 4.0)) }];
    let by_phase = written_into(&written, &Factor { phases, ..factor.clone() }).expect("a scenario");
    let expected = "[[workload.recorded.phases]]\nafter = \"x.py:1\"\nscale = 3.0\nscale_interval = [2.0, 4.0]\n";
    assert!(by_phase.contains(expected), "{by_phase}");
    assert_eq!(written_into(&by_phase, &factor).expect("a scenario"), written);
}

/// 16 times the seconds of the first phase and 4 times that of the second: 128 / ranks + 4. One factor, or one with a set-up on each
/// rank, cannot be both: on one rank, a set-up of 4 s adds as much, but here the phases say it.
#[test]
fn phases_that_the_runs_tell_apart_have_factors_of_their_own() {
    let runs = [(1, 132.0), (2, 68.0), (3, 128.0 / 3.0 + 4.0), (4, 36.0)];
    let found = fit_factor(&of_two_phases(&runs), &BTreeSet::new()).expect("a fit");
    let [of] = found.factor.phases.as_slice() else { panic!("{found:?}") };
    let (first, second) = if of.phase.to_string() == "x.py:1 to x.py:2" {
        (of.scale, found.factor.scale)
    } else {
        assert_eq!(of.phase.to_string(), "x.py:2 to x.py:3");
        (found.factor.scale, of.scale)
    };
    assert!((first - 16.0).abs() < 0.02 && (second - 4.0).abs() < 0.02, "{found:?}");
    assert!(of.interval.is_some_and(|(low, high)| low <= of.scale && of.scale <= high), "{found:?}");
    assert!(found.error < 1e-3 && found.factor.source.is_some_and(|source| source.contains("left out")));
}

/// 16 times both phases: 128 / ranks + 16.
#[test]
fn phases_that_are_alike_have_one_factor() {
    let runs = [(1, 144.0), (2, 80.0), (3, 128.0 / 3.0 + 16.0), (4, 48.0)];
    let found = fit_factor(&of_two_phases(&runs), &BTreeSet::new()).expect("a fit");
    assert!(found.factor.phases.is_empty() && (found.factor.scale - 16.0).abs() < 0.01, "{found:?}");
}

/// Half of the time is a set-up, as where a phase has another factor that is not known.
#[test]
fn a_set_up_that_is_much_of_the_shortest_run_is_doubted() {
    let found = fit(&[(1, 100.0), (2, 60.0), (4, 40.0)], &[]).expect("a fit");
    assert!((found.factor.setup.as_seconds() - 20.0).abs() < 0.01, "{found:?}");
    assert!(found.factor.source.is_some_and(|source| source.contains("the set-up is 50 % of the shortest run")));
}
