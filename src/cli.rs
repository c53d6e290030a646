//! The command line: what the user can write.

pub(crate) mod calibrate;
#[cfg(feature = "explore")]
pub(crate) mod explore;
pub(crate) mod export_goal;
pub(crate) mod kernel;
mod number;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod sweep;

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use self::calibrate::CalibrateArgs;

#[cfg(feature = "explore")]
use self::explore::ExploreArgs;
use self::export_goal::ExportGoalArgs;
use self::replay::ReplayArgs;
use self::run::RunProgramArgs;
use self::sweep::SweepArgs;

/// Predicts the speedup curve of an MPI program on a small cluster, before the cluster is bought, built or booked.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 80, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 internal error, 2 wrong command line, 3 invalid input file, \
4 simulation error (deadlock), 5 MPI or measurement error, 6 output could not be written, 7 prediction worse than --fail-above, \
134 (SIGABRT) out of memory.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Predict the speedup curve of a scenario: table, CSV, JSON and plots
    Predict(PredictArgs),
    /// Run an unmodified MPI program on virtual ranks of a cluster that you do not have, and predict its speedup curve
    Run(Box<RunProgramArgs>),
    /// Compare the prediction with measured runs: errors, outliers, band, noise floor
    Compare(CompareArgs),
    /// Explain a prediction: where the time goes, what would help, how many ranks to use
    Explain(ExplainArgs),
    /// Predict many what-ifs: every combination of the values of some keys, or a sample; over cores, or ranks of mpirun
    Sweep(Box<SweepArgs>),
    /// Turn knobs on a page in the browser: ranks, cores, speed, network, and see the curve follow
    #[cfg(feature = "explore")]
    Explore(ExploreArgs),
    #[command(
        about = "Replay a schedule in the GOAL format of LogGOPSim, or a trace of SimGrid, with LogGOPS parameters"
    )]
    Replay(Box<ReplayArgs>),
    /// Write what the ranks of a scenario do as a schedule in the GOAL format, for other tools to simulate
    ExportGoal(ExportGoalArgs),
    /// Run calibration experiments on real hardware and fit a machine model, with an interval for every number
    Calibrate(Box<CalibrateArgs>),
    /// Run the workload of a scenario on real hardware and write the measured curve
    Measure(MeasureArgs),
    /// Tell whether this machine, or a whole cluster, is fit for measurements, and what to do if not
    Doctor(LauncherArgs),
    /// Report every problem of scenarios, machine models and measurement files
    Check {
        /// Files to check (*.toml, *.csv)
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Print the JSON Schema of a file, for editors and scripts
    Schema {
        /// Which file
        file: SchemaFile,
    },
    /// What a launcher starts on the ranks of a cluster; calibrate and measure do that
    #[command(subcommand, hide = true)]
    Kernel(kernel::Kernel),
    /// Print the completion script of a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// Which file a schema describes.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaFile {
    /// scenarios/*.toml
    Scenario,
    /// models/*.toml
    Machine,
    /// prediction.json
    Prediction,
    /// comparison.json
    Comparison,
    /// explain.json
    Explain,
    /// fit.json
    Fit,
    /// What replay --format json prints
    Replay,
}

/// What goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    Table,
    /// The JSON document and nothing else
    Json,
}

/// Which points the summary of a comparison is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Points {
    /// Those that the machine model was not fitted to
    HeldOut,
    /// All
    All,
}

/// Arguments that predict and compare share.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArgs {
    /// Scenario file
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: PathBuf,
    /// Folder for the results [default: output/<scenario>]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Measured runs, instead of those that the scenario names; compare takes several
    #[arg(long, value_name = "FILE")]
    pub(crate) measured: Vec<PathBuf>,
    /// A key of the scenario, or after `machine.` of its machine model, and another value for it, as in sweep; measured
    /// runs that the scenario names are left out then: workload.custom.parameters.n=4096
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// Replications per rank count, instead of the scenario's
    #[arg(long, value_name = "N", value_parser = number::replications, allow_negative_numbers = true)]
    pub(crate) replications: Option<NonZeroU32>,
    /// Seed of the random streams, instead of the scenario's
    #[arg(long, value_name = "N", value_parser = number::seed, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
    /// Threads to simulate on [default: one per core]; the result does not depend on it
    #[arg(long, value_name = "N", value_parser = number::threads, allow_negative_numbers = true)]
    pub(crate) threads: Option<NonZeroU32>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Write the plots as PNG, too
    #[arg(long)]
    pub(crate) png: bool,
}

/// Arguments of predict.
#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) timeline: TimelineArgs,
}

/// Which time line is written.
#[derive(Debug, Args)]
pub(crate) struct TimelineArgs {
    /// Write the time line of a run on this many ranks: timeline.json (Perfetto) and, up to 64 ranks, timeline.svg
    #[arg(long, value_name = "RANKS", value_parser = number::count, allow_negative_numbers = true)]
    pub(crate) timeline: Option<NonZeroU32>,
    /// Write it in the Paje format, too: timeline.paje
    #[arg(long, requires = "timeline")]
    pub(crate) paje: bool,
}

/// Arguments of compare.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// More scenarios, for one plot: before and after a change, two clusters
    #[arg(value_name = "SCENARIO")]
    pub(crate) others: Vec<PathBuf>,
    /// Which points the summary is about
    #[arg(long, value_enum, default_value_t = Points::HeldOut)]
    pub(crate) points: Points,
    /// End with exit code 7 if the mean absolute error is above this, for scripts: 10%
    #[arg(long, value_name = "PERCENT", value_parser = ratio)]
    pub(crate) fail_above: Option<f64>,
}

/// Reads a percentage: `10%` is 0.1.
fn ratio(text: &str) -> Result<f64, String> {
    let percent = text.trim().strip_suffix('%').and_then(|number| number.trim().parse().ok());
    let percent = percent.filter(|percent: &f64| percent.is_finite() && *percent >= 0.0);
    percent.map(|percent| percent / 100.0).ok_or_else(|| "write a percentage with its sign: 10%".to_owned())
}

/// Arguments of explain.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Explain this rank count only [default: all of the scenario]
    #[arg(long, value_name = "N", value_parser = number::count, allow_negative_numbers = true)]
    pub(crate) ranks: Option<NonZeroU32>,
    /// Recommend a rank count that is at most this much slower than the best one
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = share)]
    pub(crate) within: f64,
    /// Recommend a rank count of at least this parallel efficiency
    #[arg(long, value_name = "PERCENT", default_value = "25%", value_parser = share)]
    pub(crate) efficiency: f64,
    #[command(flatten)]
    pub(crate) timeline: TimelineArgs,
}

/// Reads a percentage up to 100.
fn share(text: &str) -> Result<f64, String> {
    let share = ratio(text)?;
    if share <= 1.0 { Ok(share) } else { Err("write a percentage from 0% to 100%".to_owned()) }
}

/// Arguments of measure.
#[derive(Debug, Args)]
pub(crate) struct MeasureArgs {
    /// Scenario file
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: PathBuf,
    /// Measurement file; runs that it holds already are not repeated [default: output/<scenario>/measured.csv]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Runs at each rank count
    #[arg(long, value_name = "N", default_value = "3", value_parser = number::count, allow_negative_numbers = true)]
    pub(crate) repeats: NonZeroU32,
    /// Program to measure instead of the workload's own kernels; {darts} stands for the scenario's number of darts
    #[arg(long, value_name = "COMMAND", conflicts_with = "analysis_by_computing")]
    pub(crate) command: Option<String>,
    /// Where the run time stands in the program's output: its first group, in seconds
    #[arg(long, value_name = "REGEX", requires = "command", default_value = dlpc_predict::measurement::output_files::DLPC_TIME_PATTERN)]
    pub(crate) time_regex: String,
    /// Analyse log files by computing at the machine model's cost of a dart, instead of sleeping
    #[arg(long)]
    pub(crate) analysis_by_computing: bool,
    /// Seed of the order of the runs
    #[arg(long, value_name = "N", default_value = "1", value_parser = number::seed, allow_negative_numbers = true)]
    pub(crate) order_seed: u64,
    #[command(flatten)]
    pub(crate) cluster: LauncherArgs,
}

/// How programs are started on the hosts of a cluster.
#[derive(Debug, Args)]
pub(crate) struct LauncherArgs {
    /// Hosts of the cluster, one `name`, `name slots=N` or `name:N` a line; the launcher gets them in its own syntax
    /// [default: this host, or with --launcher srun those of the allocation; calibrate needs two hosts]
    #[arg(long, value_name = "FILE")]
    pub(crate) hostfile: Option<PathBuf>,
    /// Program that starts the ranks: mpirun, mpiexec.hydra or srun
    #[arg(long, value_name = "PROGRAM", default_value = "mpirun")]
    pub(crate) launcher: PathBuf,
    /// More arguments for the launcher, quoted as for a shell: '--bind-to none'
    #[arg(long = "launcher-args", value_name = "ARGS", default_value = "", allow_hyphen_values = true)]
    pub(crate) extra_args: String,
    /// This program on the hosts [default: the path of the running one]
    #[arg(long, value_name = "PATH")]
    pub(crate) binary: Option<PathBuf>,
    /// Seconds without an answer after which a run is ended, with all that it started on this host
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = number::count, allow_negative_numbers = true)]
    pub(crate) time_limit: NonZeroU32,
}
