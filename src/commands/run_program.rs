//! `run`: an unmodified MPI program on virtual ranks. It is recorded at each rank count, and the recording is predicted.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dlpc_hardware::virtual_ranks::{self, Play, PlayError};
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::plain_text;
use dlpc_predict::prediction;
use dlpc_predict::workload::recorded::{Recording, write_recording};

use super::predict;
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
    let scale = args.scale.ok_or_else(|| Failure::Usage {
        message: "nothing says how long the CPU times of this computer are on the cluster".to_owned(),
        help: "write --scale X: time a short run of the program on one rank there and here, and divide; \
               with --scale 1, the cores of the machine model are as fast as this computer"
            .to_owned(),
    })?;
    let folder = args.out.clone().unwrap_or_else(|| Path::new("output").join(name_of(&args.command)));
    let scenario = folder.join(SCENARIO);
    let experiment = planned(args, &scenario)?;
    let recording = record(args, &experiment, scale)?;
    files::write(&folder.join(RECORDING), &write_recording(&recording))?;
    files::write(&scenario, text(args, &recorded(scale)).as_bytes())?;
    predict::run(&PredictArgs {
        run: RunArgs {
            scenario,
            out: Some(folder),
            measured: args.measured.iter().cloned().collect(),
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

fn recorded(scale: f64) -> String {
    format!("[workload.recorded]\nfile = {}\nscale = {scale:?}\n", quoted(RECORDING))
}

/// Reads machine, rank counts and placement, as the scenario will have them: its workload is not known yet.
fn planned(args: &RunProgramArgs, scenario: &Path) -> Result<Experiment, Failure> {
    let text = text(args, "[[workload.custom.phases]]\nbarrier = {}\n");
    let read = |path: &Path| if path == scenario { Ok(text.clone().into_bytes()) } else { files::read(path) };
    Ok(input::load_experiment(scenario, &read)?)
}

/// Runs the program at each rank count.
fn record(args: &RunProgramArgs, experiment: &Experiment, scale: f64) -> Result<Recording, Failure> {
    let signals = Signals::listen();
    let stop: Arc<dyn Fn() -> bool + Send + Sync> = Arc::new(move || signals.was_told_to_end());
    let Experiment { scenario, machine, .. } = experiment;
    let names = machine.host_names();
    let counts: BTreeSet<u32> = std::iter::once(1).chain(scenario.run.ranks.iter().map(|ranks| ranks.get())).collect();
    let mut runs = Vec::new();
    for n_ranks in counts {
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
        let (run, _) =
            virtual_ranks::run(&play, Arc::clone(&stop), &mut simulate).map_err(|error| failure(&error, n_ranks))?;
        runs.push(run);
    }
    let command = args.command.iter().map(|word| plain_text::lines(&word.to_string_lossy())).collect();
    Ok(Recording { command, runs, ..Recording::default() })
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
