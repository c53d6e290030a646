//! What predict and compare have in common: reading a scenario and simulating it.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use dlpc_sim::input::{self, Experiment, MeasuredCurve, RUNS_MAX};
use dlpc_sim::prediction::{self, Prediction};
use rayon::ThreadPoolBuilder;

use crate::cli::RunArgs;
use crate::failure::Failure;
use crate::files;
use crate::progress::Progress;

/// Reads the scenario and all that it names; arguments win over the file.
pub(super) fn load(args: &RunArgs) -> Result<Experiment, Failure> {
    let mut experiment = input::load_experiment(&args.scenario, &files::read)?;
    if let Some(path) = &args.measured {
        let measurement = input::load_measurement(path, &files::read)?;
        experiment.measured = Some(MeasuredCurve { path: path.clone(), measurement });
    }
    if let Some(replications) = args.replications {
        check_runs(experiment.scenario.run.ranks.len() as u64, replications)?;
        experiment.scenario.run.replications = replications;
        experiment.effective_scenario["run"]["replications"] = replications.get().into();
    }
    if let Some(seed) = args.seed {
        experiment.scenario.run.seed = seed;
        experiment.effective_scenario["run"]["seed"] = seed.into();
    }
    if !experiment.warnings.is_empty() {
        anstream::eprintln!("{}", files::render(&experiment.warnings).trim_end());
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

/// Simulates the experiment on the threads that the user allows, and prints its warnings.
pub(super) fn predict(experiment: &Experiment, args: &RunArgs) -> Result<Prediction, Failure> {
    let n_threads = args.threads.map_or(0, |threads| threads.get() as usize);
    let pool = ThreadPoolBuilder::new().num_threads(n_threads).build().map_err(|error| Failure::Usage {
        message: format!("cannot start the threads: {error}"),
        help: "write a smaller number after --threads".to_owned(),
    })?;
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

/// Returns the folder for the results.
pub(super) fn output_folder(args: &RunArgs) -> PathBuf {
    let stem = args.scenario.file_stem().unwrap_or_default();
    args.out.clone().unwrap_or_else(|| Path::new("output").join(stem))
}
