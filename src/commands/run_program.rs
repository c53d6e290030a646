//! `run`: an unmodified MPI program on virtual ranks. It is recorded at each rank count, and the recording is predicted.

mod factor;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dlpc_engine::trace::Trace;
use dlpc_hardware::virtual_ranks::{self, Play, PlayError};
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::plain_text;
use dlpc_predict::prediction;
use dlpc_predict::workload::recorded::{Factor, Recording, Run, write_recording};

use super::{experiment, predict};
use crate::cli::run::RunProgramArgs;
use crate::cli::{Format, PredictArgs, RunArgs, TimelineArgs};
use crate::failure::Failure;
use crate::files;
use crate::signals::Signals;

/// Names of the files beside the results.
const RECORDING: &str = "recording.jsonl.gz";
const SCENARIO: &str = "scenario.toml";
/// Programs that run another one, which gives the results their name.
const INTERPRETERS: [&str; 6] = ["python", "bash", "sh", "env", "nice", "mpirun"];

pub(crate) fn run(args: &RunProgramArgs) -> Result<(), Failure> {
    let folder = args.out.clone().unwrap_or_else(|| Path::new("output").join(name_of(&args.command)));
    let scenario = folder.join(SCENARIO);
    let experiment = planned(args, &scenario)?;
    let (recording, factor) = recorded(args, &experiment)?;
    files::write(&folder.join(RECORDING), &write_recording(&recording))?;
    files::write(&scenario, text(args, &factor::section(&factor, factor::timed(args))).as_bytes())?;
    predict::run(&PredictArgs {
        run: RunArgs {
            scenario,
            out: Some(folder),
            measured: factor::shown(args),
            sets: Vec::new(),
            replications: None,
            seed: None,
            threads: None,
            format: args.format,
            png: args.png,
        },
        timeline: TimelineArgs { timeline: None, paje: false },
    })
}

/// Returns the name of the program that the user has written.
fn name_of(command: &[OsString]) -> String {
    let stem = |word: &OsString| Path::new(word).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let is_own = |word: &&OsString| {
        let stem = stem(word);
        !stem.starts_with('-')
            && !INTERPRETERS
                .iter()
                .any(|other| stem.trim_end_matches(['.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) == *other)
    };
    command.iter().find(is_own).or(command.first()).map_or_else(|| "program".to_owned(), stem)
}

/// Returns the scenario file: the machine is named by its whole path, so that the folder can be anywhere.
fn text(args: &RunProgramArgs, workload: &str) -> String {
    let machine = std::path::absolute(&args.machine).unwrap_or_else(|_| args.machine.clone());
    let words: Vec<String> = args.command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let run = [
        format!("ranks = {}", quoted(&args.ranks)),
        format!("placement = {}", quoted(&args.placement)),
        format!("oversubscribe = {}", args.oversubscribe),
        format!("replications = {}", args.replications.map_or(200, NonZeroU32::get)),
        format!("seed = {}", args.seed.unwrap_or(1)),
    ];
    format!(
        "# What `dlpc-sim run` has recorded; `dlpc-sim predict` and its relatives take it as it is.\nformat = 1\n\
         title = {}\nmachine = {}\n\n[run]\n{}\n\n{workload}",
        quoted(&shell_words::join(words)),
        quoted(&machine.display().to_string()),
        run.join("\n"),
    )
}

/// Returns a text as TOML writes it on one line.
fn quoted(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether the user has told the program to end.
type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

/// Records the program, and finds the factor on its CPU times.
fn recorded(args: &RunProgramArgs, experiment: &Experiment) -> Result<(Recording, Factor), Failure> {
    let signals = Signals::listen();
    let stop: Stop = Arc::new(move || signals.was_told_to_end());
    let runs = args.runs.as_deref().map(experiment::measured).transpose()?;
    let guess = match (args.scale, &runs) {
        (Some(scale), _) => factor::written(scale),
        (None, Some(runs)) => factor::guessed(args, experiment, runs, &stop)?,
        (None, None) => return Err(factor::none()),
    };
    let recording = record(args, experiment, guess.scale, &stop)?;
    factor::check_clock(args, &recording)?;
    let factor = match &runs {
        Some(runs) => factor::fitted(args, experiment, &recording, &guess, runs)?,
        None => guess,
    };
    Ok((recording, factor))
}

/// Reads machine, rank counts and placement, as the scenario will have them: its workload is not known yet.
fn planned(args: &RunProgramArgs, scenario: &Path) -> Result<Experiment, Failure> {
    let text = text(args, "[[workload.custom.phases]]\nbarrier = {}\n");
    let read = |path: &Path| if path == scenario { Ok(text.clone().into_bytes()) } else { files::read(path) };
    Ok(input::load_experiment(scenario, &read)?)
}

/// Returns the rank counts to record: speedups are against one rank.
fn counts(experiment: &Experiment) -> BTreeSet<u32> {
    std::iter::once(1).chain(experiment.scenario.run.ranks.iter().map(|ranks| ranks.get())).collect()
}

/// Runs the program at each rank count, as often as is asked for: all of them, and all again, because what else this computer does
/// lasts longer than one run.
fn record(args: &RunProgramArgs, experiment: &Experiment, scale: f64, stop: &Stop) -> Result<Recording, Failure> {
    let run = |n_ranks| play(args, experiment, scale, n_ranks, stop).map(|(run, _)| run);
    let round = || counts(experiment).into_iter().map(run).collect::<Result<Vec<Run>, Failure>>();
    let mut runs = round()?;
    for _ in 1..args.repeat.get() {
        runs = runs.into_iter().zip(round()?).map(|(least, other)| least.least(other)).collect();
    }
    let command = args.command.iter().map(|word| plain_text::lines(&word.to_string_lossy())).collect();
    Ok(Recording { command, runs, ..Recording::default() })
}

/// Runs the program once.
fn play(
    args: &RunProgramArgs,
    experiment: &Experiment,
    scale: f64,
    n_ranks: u32,
    stop: &Stop,
) -> Result<(Run, Trace), Failure> {
    let Experiment { scenario, machine, .. } = experiment;
    let names = machine.host_names();
    let hosts = prediction::hosts_of_ranks(scenario, n_ranks);
    let play = Play {
        command: args.command.clone(),
        hosts: hosts.iter().map(|host| names[host.0 as usize].clone()).collect(),
        scale,
        overrides: machine.collectives,
        time_limit: Duration::from_secs(args.time_limit.get().into()),
        prints_to_stderr: args.format == Format::Json,
    };
    let mut simulate = |program: &mut _| prediction::rehearse(scenario, machine, program, n_ranks);
    virtual_ranks::run(&play, Arc::clone(stop), &mut simulate).map_err(|error| failure(&error, n_ranks))
}

fn failure(error: &PlayError, n_ranks: u32) -> Failure {
    let ranks = if n_ranks == 1 { "1 rank".to_owned() } else { format!("{n_ranks} ranks") };
    let message = format!("on {ranks}: {error}");
    let help = match error {
        PlayError::Simulation { .. } => return Failure::Points { message },
        PlayError::NotHere => "record on a computer with Linux, and predict from the recording anywhere",
        PlayError::System { .. } | PlayError::Stopped => "nothing was written",
        PlayError::Start { .. } => {
            "write the program and its arguments after `--`, as a shell would start it without mpirun"
        }
        PlayError::NoMpi { .. } => {
            "the program must call MPI through libmpi.so.12 (MPICH's mpicc, or mpi4py from PyPI); see docs/run.md"
        }
        PlayError::Ended { .. } | PlayError::Failed { .. } | PlayError::Aborted { .. } => {
            "what the program has printed says more"
        }
        PlayError::Refused { .. } => "docs/run.md lists what virtual ranks can do",
        PlayError::Silent { .. } => "if it computes for so long, write a larger --time-limit",
        PlayError::Mismatch { .. } => "all ranks of a communicator call the same collectives in the same order",
    };
    Failure::Measurement { message, help: help.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_named_for_the_program_of_the_user() {
        let name = |words: &[&str]| name_of(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(name(&["python3", "-u", "scripts/calculate_pi.py", "1000"]), "calculate_pi");
        assert_eq!(name(&["/usr/bin/python3.11", "x.py"]), "x");
        assert_eq!(name(&["./jacobi", "100"]), "jacobi");
        assert_eq!(name(&["python3"]), "python3");
    }

    #[test]
    fn texts_are_written_as_toml_takes_them() {
        assert_eq!(quoted("a \"b\" \\c\n"), r#""a \"b\" \\c ""#);
    }
}
