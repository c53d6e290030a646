//! The command line of `kernel`: for launchers rather than for people.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::number;

/// What a launcher starts.
#[derive(Debug, Subcommand)]
pub(crate) enum Kernel {
    /// Print what this host says of itself, as one line of JSON
    Host,
    /// Run the experiments that rank 0 reads from standard input, one line of JSON each, and print the samples
    Calibration(CalibrationArgs),
    /// Run the workload that rank 0 reads from standard input, as one line of JSON, and print its time
    Workload(WorkloadArgs),
    /// Write log files one after the other, as the workload `log_stream` analyses them
    Producer(ProducerArgs),
}

/// What every MPI kernel is told.
#[derive(Debug, Args)]
pub(crate) struct RanksArgs {
    /// Ranks that the launcher starts
    #[arg(long, value_name = "N", value_parser = number::count, allow_negative_numbers = true)]
    pub(crate) expect_ranks: NonZeroU32,
    /// Name of this host, instead of the one that it gives itself
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
}

/// Arguments of the calibration kernels.
#[derive(Debug, Args)]
pub(crate) struct CalibrationArgs {
    #[command(flatten)]
    pub(crate) ranks: RanksArgs,
    /// Number of this launch, for the samples
    #[arg(long, value_name = "K", value_parser = number::number, allow_negative_numbers = true)]
    pub(crate) launch: u32,
}

/// Arguments of the real workloads.
#[derive(Debug, Args)]
pub(crate) struct WorkloadArgs {
    #[command(flatten)]
    pub(crate) ranks: RanksArgs,
    /// Draw the darts on their board into this PNG file; rank 0 must get their coordinates
    #[arg(long, value_name = "FILE")]
    pub(crate) picture: Option<PathBuf>,
    /// Write the coordinates of the darts into this CSV file; rank 0 must get them
    #[arg(long, value_name = "FILE")]
    pub(crate) points: Option<PathBuf>,
}

/// Arguments of the producer of log files.
#[derive(Debug, Args)]
pub(crate) struct ProducerArgs {
    /// Where the log files go
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Log files in all
    #[arg(long, value_name = "N", value_parser = number::number, allow_negative_numbers = true)]
    pub(crate) items: u32,
    /// Time between two log files
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) interval: f64,
    /// When the first log file is complete
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "0")]
    pub(crate) first: f64,
    /// Start when a line comes from standard input, and stop when that ends
    #[arg(long)]
    pub(crate) on_cue: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    let found = text.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0);
    found.ok_or_else(|| "not a number of seconds".to_owned())
}
