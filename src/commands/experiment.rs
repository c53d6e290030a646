//! What predict and compare have in common: reading a scenario and simulating it.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use dlpc_predict::analysis::accuracy::{self, Comparison, Scope};
use dlpc_predict::input::{self, Experiment, MeasuredCurve, RUNS_MAX};
use dlpc_predict::measurement::Measurement;
use dlpc_predict::measurement::output_files::{self, DLPC_TIME_PATTERN};
use dlpc_predict::prediction::{self, Prediction};
use rayon::{ThreadPool, ThreadPoolBuilder};
use regex_lite::Regex;

use super::effort;
use crate::cli::RunArgs;
use crate::failure::{self, Failure};
use crate::files;
use crate::progress::Progress;

/// Reads the scenario and all that it names; arguments win over the file.
pub(super) fn load(args: &RunArgs) -> Result<Experiment, Failure> {
    let mut experiment = if args.sets.is_empty() {
        input::load_experiment(&args.scenario, &files::read)?
    } else {
        input::load_set(&args.scenario, &args.sets, &files::read)?
    };
    match args.measured.as_slice() {
        [] => {}
        [path] => experiment.measured = Some(measured(path)?),
        [_, _, ..] => {
            return Err(Failure::Usage {
                message: "one prediction has one measured curve beside it".to_owned(),
                help: "name one --measured FILE, or compare with several: dlpc-sim compare".to_owned(),
            });
        }
    }
    if let Some(replications) = args.replications {
        check_runs(experiment.scenario.run.ranks.len() as u64, replications)?;
        experiment.set_replications(replications);
    }
    if let Some(seed) = args.seed {
        experiment.set_seed(seed);
    }
    if !experiment.warnings.is_empty() {
        anstream::eprintln!("{}", failure::render(&experiment.warnings).trim_end());
    }
    Ok(experiment)
}

/// Refuses more runs than a scenario may ask for.
fn check_runs(n_rank_counts: u64, replications: NonZeroU32) -> Result<(), Failure> {
    let n_runs = n_rank_counts * u64::from(replications.get());
    if n_runs <= RUNS_MAX {
        return Ok(());
    }
    Err(Failure::Usage {
        message: format!("{replications} replications at {n_rank_counts} rank counts are more than {RUNS_MAX} runs"),
        help: "write a smaller number after --replications (200 give a steady band)".to_owned(),
    })
}

/// Reads measured runs: a measurement file, or result files of other programs by a pattern such as `runs/r*p1000.out`.
pub(super) fn measured(path: &Path) -> Result<MeasuredCurve, Failure> {
    let is_series = path.extension().is_some_and(|extension| extension == "out");
    let measurement = if is_series { series(path)? } else { input::load_measurement(path, &files::read)? };
    Ok(MeasuredCurve { path: path.to_owned(), measurement })
}

fn series(pattern: &Path) -> Result<Measurement, Failure> {
    let help = "name them as the DLPC did, r8p1000000.out for 8 ranks, with a line `Runtime is  1.234`";
    let usage = |message: String| Failure::Usage { message, help: help.to_owned() };
    let paths = glob::glob(&pattern.to_string_lossy()).map_err(|error| usage(format!("--measured: {error}")))?;
    let paths: Vec<PathBuf> = paths.flatten().collect();
    if paths.is_empty() {
        return Err(usage(format!("no file matches {}", pattern.display())));
    }
    let mut texts = Vec::new();
    for path in &paths {
        let bytes = files::read(path).map_err(|error| usage(format!("cannot read {}: {error}", path.display())))?;
        texts.push((path.as_path(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    let time = Regex::new(DLPC_TIME_PATTERN).expect("invariant: the pattern is valid");
    output_files::measurement(&texts, &time).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        usage(lines.join("\n  "))
    })
}

/// Returns the threads that the user allows.
pub(super) fn pool(args: &RunArgs) -> Result<ThreadPool, Failure> {
    let n_threads = args.threads.map_or(0, |threads| threads.get() as usize);
    ThreadPoolBuilder::new().num_threads(n_threads).build().map_err(|error| Failure::Usage {
        message: format!("cannot start the threads: {error}"),
        help: "write a smaller number after --threads".to_owned(),
    })
}

/// Simulates the experiment on the threads that the user allows, and prints its warnings.
pub(super) fn predict(experiment: &Experiment, args: &RunArgs) -> Result<Prediction, Failure> {
    let pool = pool(args)?;
    let n_steps = effort::steps_of(&experiment.scenario, &experiment.machine);
    pool.install(|| effort::announce(n_steps, "fewer `--replications` take less"));
    let progress = Progress::new(prediction::n_runs(&experiment.scenario, &experiment.machine));
    let predict = || prediction::predict(&experiment.scenario, &experiment.machine, &|| progress.advance());
    let prediction = pool.install(predict);
    progress.finish();
    let prediction = prediction?;
    for warning in &prediction.warnings {
        files::warn(warning);
    }
    Ok(prediction)
}

/// Compares the prediction with the measured runs that the scenario names, if it does; the summary is over the points that
/// were not used for the fit, as that of `compare` is.
pub(super) fn compared(experiment: &Experiment, prediction: &Prediction) -> Option<Comparison> {
    let measured = experiment.measured.as_ref()?;
    let was_fitted = |ranks| experiment.provenance.was_fitted_on(&measured.path, ranks);
    Some(accuracy::compare(&prediction.curve, &measured.measurement, &was_fitted, Scope::HeldOut))
}

/// Returns the folder for the results.
pub(super) fn output_folder(args: &RunArgs) -> PathBuf {
    let stem = args.scenario.file_stem().unwrap_or_default();
    args.out.clone().unwrap_or_else(|| Path::new("output").join(stem))
}
