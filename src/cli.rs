//! The command line: what the user can write.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Predicts the speedup curve of an MPI program on a small cluster, before the cluster is bought, built or booked.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 internal error, 2 wrong command line, 3 invalid input file, \
4 simulation error (deadlock), 5 MPI or measurement error, 6 output could not be written.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Predict the speedup curve of a scenario: table, CSV, JSON and plots
    Predict(PredictArgs),
    /// Compare the prediction with measured runs: errors, outliers, band, noise floor
    Compare(CompareArgs),
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
    Kernel(Kernel),
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
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Scenario file
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: PathBuf,
    /// Folder for the results [default: output/<scenario>]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Measured runs, instead of those that the scenario names
    #[arg(long, value_name = "FILE")]
    pub(crate) measured: Option<PathBuf>,
    /// Replications per rank count, instead of the scenario's
    #[arg(long, value_name = "N")]
    pub(crate) replications: Option<NonZeroU32>,
    /// Seed of the random streams, instead of the scenario's
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Threads to simulate on [default: one per core]; the result does not depend on it
    #[arg(long, value_name = "N")]
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
}

/// Arguments of compare.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Which points the summary is about
    #[arg(long, value_enum, default_value_t = Points::HeldOut)]
    pub(crate) points: Points,
}

/// What a launcher starts.
#[derive(Debug, Subcommand)]
pub(crate) enum Kernel {
    /// Run the experiments that rank 0 reads from standard input, one line of JSON each, and print the samples
    Calibration(CalibrationKernelArgs),
}

/// What every MPI kernel is told.
#[derive(Debug, Args)]
pub(crate) struct KernelRanks {
    /// Ranks that the launcher starts
    #[arg(long, value_name = "N")]
    pub(crate) expect_ranks: NonZeroU32,
    /// Name of this host, instead of the one that it gives itself
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
}

/// Arguments of the calibration kernels.
#[derive(Debug, Args)]
pub(crate) struct CalibrationKernelArgs {
    #[command(flatten)]
    pub(crate) ranks: KernelRanks,
    /// Number of this launch, for the samples
    #[arg(long, value_name = "K")]
    pub(crate) launch: u32,
}
