//! `measure`: the workload of a scenario, really run at its rank counts.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use dlpc_hardware::launcher::{Job, MapBy};
use dlpc_hardware::workload::{AnalysisWork, RealWorkload, WorkloadResult};
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::measurement::schedule::{self, Run};
use dlpc_predict::measurement::{MeasuredRun, output_files};
use dlpc_predict::scenario::Order;
use dlpc_predict::workload::Workload;
use dlpc_report::csv;
use regex_lite::Regex;
use sha2::{Digest, Sha256};

use super::launch::Cluster;
use super::roll_call;
use crate::cli::MeasureArgs;
use crate::failure::Failure;
use crate::files;
use crate::progress::Progress;

pub(crate) fn run(args: &MeasureArgs) -> Result<(), Failure> {
    let experiment = input::load_experiment(&args.scenario, &files::read)?;
    let program = Program::of(&experiment, args)?;
    let stem = args.scenario.file_stem().unwrap_or_default();
    let path = args.out.clone().unwrap_or_else(|| Path::new("output").join(stem).join("measured.csv"));
    files::check_regular(&path)?;
    check_build(args)?;
    let cluster = Cluster::find(&args.cluster)?.with_slots()?;
    let mut record = Record::open(&path, args, &experiment)?;
    let ranks: Vec<u32> = experiment.scenario.run.ranks.iter().map(|ranks| ranks.get()).collect();
    let all = schedule::shuffled(&ranks, args.repeats.get(), args.order_seed);
    let open: Vec<Run> = all.into_iter().filter(|run| !record.done.contains(run)).collect();
    let progress = Progress::new(open.len() as u64);
    let n_open = open.len();
    let mut failures = Failures::default();
    for run in open {
        if failures.is_hopeless(run) {
            continue;
        }
        match measure_once(&cluster, &program, run, map_by(&experiment)) {
            Ok(seconds) => {
                record.keep(run, seconds)?;
                failures.n_good += 1;
            }
            Err(message) => {
                progress.say(&format!("warning: {} ranks, repeat {}: {message}", run.ranks, run.repeat));
                failures.note(run, &message);
            }
        }
        progress.advance();
        if cluster.was_told_to_end() {
            break;
        }
    }
    progress.finish();
    files::say(&format!("{} runs are in {}", record.rows.len(), path.display()))?;
    let help = "`dlpc-sim doctor` looks at the cluster; the same command again measures what is missing".to_owned();
    match failures.message(n_open) {
        None => Ok(()),
        Some(message) => Err(Failure::Measurement { message: roll_call::blame(&cluster, &message), help }),
    }
}

/// Says at once what the kernels would say on every rank.
fn check_build(args: &MeasureArgs) -> Result<(), Failure> {
    if cfg!(feature = "mpi") || args.command.is_some() || args.cluster.binary.is_some() {
        return Ok(());
    }
    Err(Failure::Measurement {
        message: "this dlpc-sim was built without MPI".to_owned(),
        help: "build it with `cargo build --release --features mpi`; --command measures any program without".to_owned(),
    })
}

/// Runs that failed, and whether it makes sense to go on.
#[derive(Default)]
struct Failures {
    n_good: usize,
    n_failed: usize,
    /// Rank counts at which a run failed.
    ranks: BTreeSet<u32>,
    /// What went wrong, without its numbers.
    kinds: BTreeSet<String>,
    /// Whether all else would fail in the same way.
    is_over: bool,
}

impl Failures {
    /// Counts a failure. The first one of all ends the measurement, and so does one of a kind that was seen at another
    /// rank count.
    fn note(&mut self, run: Run, message: &str) {
        let kind = message.chars().filter(|c| !c.is_ascii_digit()).collect();
        let is_new = self.kinds.insert(kind);
        self.n_failed += 1;
        self.ranks.insert(run.ranks);
        self.is_over = self.n_good == 0 || !is_new;
    }

    /// Returns whether `run` would only fail again.
    fn is_hopeless(&self, run: Run) -> bool {
        self.is_over || self.ranks.contains(&run.ranks)
    }

    /// Returns what to say of `n_open` runs that were to be measured, if some are missing.
    fn message(&self, n_open: usize) -> Option<String> {
        let n_left = n_open - self.n_good - self.n_failed;
        let failed = match self.n_failed {
            0 => String::new(),
            1 => "1 run failed".to_owned(),
            n => format!("{n} runs failed"),
        };
        match (self.n_failed, n_left) {
            (0, 0) => None,
            (_, 0) => Some(failed),
            (0, left) => Some(format!("told to end: {left} of {n_open} runs are not measured")),
            (_, left) => Some(format!("{failed}, and {left} more were not tried, as they would fail in the same way")),
        }
    }
}

/// What is run, and how its time is found.
enum Program {
    /// The workload's own kernels.
    Kernel(RealWorkload),
    /// Any program that prints its run time.
    Command { words: Vec<String>, time: Regex },
}

impl Program {
    fn of(experiment: &Experiment, args: &MeasureArgs) -> Result<Self, Failure> {
        let workload = &experiment.scenario.workload;
        let Some(command) = &args.command else {
            let work = if args.analysis_by_computing { by_computing(experiment)? } else { AnalysisWork::Sleep };
            let real = RealWorkload::of(workload, experiment.scenario.run.seed, work);
            return real.map(Self::Kernel).ok_or_else(|| Failure::Usage {
                message: "this workload exists in the simulator only".to_owned(),
                help: "measure your own program: --command 'PROGRAM ARGS' --time-regex 'PATTERN'".to_owned(),
            });
        };
        let usage = |message: String, help: &str| Failure::Usage { message, help: help.to_owned() };
        let words = shell_words::split(command)
            .map_err(|error| usage(format!("--command: {error}"), "quote it as for a shell"))?;
        let words = words.iter().map(|word| fill_in(word, workload)).collect::<Result<Vec<String>, Failure>>()?;
        if words.is_empty() {
            return Err(usage("--command is empty".to_owned(), "write a program and its arguments"));
        }
        let time = Regex::new(&args.time_regex).map_err(|error| usage(format!("--time-regex: {error}"), "see docs"))?;
        if time.captures_len() < 2 {
            let help = r"put the part that is the time in parentheses: 'Runtime is\s+(\S+)'";
            return Err(usage("--time-regex has no group".to_owned(), help));
        }
        Ok(Self::Command { words, time })
    }
}

/// Returns how log files are analysed by computing.
///
/// # Errors
/// If the workload analyses none, or the machine model does not say what a dart costs.
fn by_computing(experiment: &Experiment) -> Result<AnalysisWork, Failure> {
    let usage = |message: &str, help: &str| Failure::Usage { message: message.to_owned(), help: help.to_owned() };
    if experiment.scenario.workload.as_log_stream().is_none() {
        let message = "--analysis-by-computing: this workload has no log files to analyse";
        return Err(usage(message, "leave it out: it is for the workload `log_stream`"));
    }
    let cost = experiment.machine.kernels.throw_dart.ok_or_else(|| {
        let message = "--analysis-by-computing: the machine model does not say what a dart costs";
        usage(message, "add `kernels.throw_dart` to it, or leave the option out: then ranks sleep instead")
    })?;
    Ok(AnalysisWork::Compute { seconds_per_dart: cost.as_seconds() })
}

/// Stands for the number of ranks in a command.
const RANKS: &str = "{ranks}";

/// Replaces placeholders such as `{darts}` by the values of the scenario.
fn fill_in(word: &str, workload: &Workload) -> Result<String, Failure> {
    let values = workload.placeholders();
    let filled = values.iter().fold(word.to_owned(), |word, (name, value)| word.replace(name, value));
    let placeholder = Regex::new(r"\{[a-z_]+\}").expect("invariant: the pattern is valid");
    if placeholder.find_iter(&filled).any(|found| found.as_str() != RANKS) {
        let known: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        return Err(Failure::Usage {
            message: format!("--command: nothing to put for `{filled}`"),
            help: format!("this workload has {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") }),
        });
    }
    Ok(filled)
}

/// Returns the run time of one run, or what went wrong.
fn measure_once(cluster: &Cluster, program: &Program, run: Run, map_by: MapBy) -> Result<f64, String> {
    let mut output = String::new();
    let mut keep = |line: &str| {
        output.push_str(line);
        output.push('\n');
    };
    match program {
        Program::Kernel(workload) => {
            let expect = run.ranks.to_string();
            let args = ["kernel", "workload", "--expect-ranks", &expect].map(OsString::from);
            let stdin = serde_json::to_vec(workload).expect("invariant: a workload is JSON");
            let job = cluster.job(run.ranks, map_by, &args, stdin);
            cluster.run(&cluster.launcher, &job, &mut keep).map_err(|error| error.to_string())?;
            let mut results = output.lines().filter_map(|line| serde_json::from_str::<WorkloadResult>(line).ok());
            results.next().map(|result| result.seconds).ok_or_else(|| "the kernel printed no result".to_owned())
        }
        Program::Command { words, time } => {
            let command = words.iter().map(|word| word.replace(RANKS, &run.ranks.to_string()).into()).collect();
            let job = Job { command, ..cluster.job(run.ranks, map_by, &[], Vec::new()) };
            cluster.run(&cluster.launcher, &job, &mut keep).map_err(|error| error.to_string())?;
            output_files::run_time("the output", &output, time).map_err(|error| error.to_string())
        }
    }
}

fn map_by(experiment: &Experiment) -> MapBy {
    if experiment.scenario.run.order == Some(Order::ByNode) { MapBy::Node } else { MapBy::Slot }
}

/// The measurement file, written anew after each run, so that nothing is lost.
struct Record {
    path: PathBuf,
    header: String,
    rows: Vec<(Run, f64)>,
    done: BTreeSet<Run>,
}

impl Record {
    /// Opens the file; if it holds runs of the same scenario, they are kept and not repeated.
    fn open(path: &Path, args: &MeasureArgs, experiment: &Experiment) -> Result<Self, Failure> {
        let fingerprint = fingerprint(experiment, args);
        let header = format!(
            "# measured by dlpc-sim {}\n# scenario: {}\n# fingerprint: {fingerprint}\n",
            env!("CARGO_PKG_VERSION"),
            args.scenario.display()
        );
        let mut record = Self { path: path.to_owned(), header, rows: Vec::new(), done: BTreeSet::new() };
        let Ok(text) = files::read(path) else { return Ok(record) };
        if !String::from_utf8_lossy(&text).contains(&format!("# fingerprint: {fingerprint}\n")) {
            return Err(Failure::Usage {
                message: format!("{} holds other measurements", path.display()),
                help: "write another file after --out, or take that one away".to_owned(),
            });
        }
        let earlier = input::load_measurement(path, &files::read)?;
        for MeasuredRun { ranks, seconds, .. } in earlier.rows {
            let repeat = u32::try_from(record.rows.iter().filter(|(run, _)| run.ranks == ranks).count()).unwrap_or(0);
            record.done.insert(Run { ranks, repeat });
            record.rows.push((Run { ranks, repeat }, seconds));
        }
        Ok(record)
    }

    fn keep(&mut self, run: Run, seconds: f64) -> Result<(), Failure> {
        self.rows.push((run, seconds));
        let text = format!("{}{}", self.header, csv::measured_runs(&self.rows));
        files::write(&self.path, text.as_bytes())
    }
}

/// Returns what tells the measurements of one scenario and program from those of another.
fn fingerprint(experiment: &Experiment, args: &MeasureArgs) -> String {
    let workload = &experiment.effective_scenario["workload"];
    let command = args.command.as_deref().unwrap_or("kernel");
    let hash = Sha256::digest(format!("{workload}\n{command}\n{:?}", args.analysis_by_computing));
    hash.iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(ranks: u32) -> Run {
        Run { ranks, repeat: 0 }
    }

    #[test]
    fn the_first_failure_of_all_ends_the_measurement() {
        let mut failures = Failures::default();
        failures.note(run(1), "no MPI");
        assert!(failures.is_hopeless(run(2)));
        let message = "1 run failed, and 95 more were not tried, as they would fail in the same way";
        assert_eq!(failures.message(96).as_deref(), Some(message));
    }

    #[test]
    fn a_rank_count_that_fails_is_left_out_and_a_kind_seen_again_ends_the_measurement() {
        let mut failures = Failures { n_good: 3, ..Failures::default() };
        failures.note(run(33), "no 33 slots");
        assert!(failures.is_hopeless(run(33)) && !failures.is_hopeless(run(4)));
        failures.note(run(5), "the program crashed");
        assert!(!failures.is_hopeless(run(4)), "another kind");
        failures.note(run(34), "no 34 slots");
        assert!(failures.is_hopeless(run(4)));
    }

    #[test]
    fn nothing_is_said_if_all_runs_are_measured() {
        assert_eq!(Failures { n_good: 3, ..Failures::default() }.message(3), None);
    }
}
