//! The command line of `run`.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use super::{Format, number};

/// Arguments of run.
#[derive(Debug, Args)]
pub(crate) struct RunProgramArgs {
    /// Machine model: the cluster that the program is to run on
    #[arg(long, value_name = "FILE")]
    pub(crate) machine: PathBuf,
    /// Rank counts, as in a scenario: "1..=32", 8 or "1,2,4..=8"; one rank is always run, too, for the speedup
    #[arg(long, value_name = "COUNTS")]
    pub(crate) ranks: String,
    /// Seconds on a core of speed 1 of the machine model for each CPU second of this computer
    #[arg(long, value_name = "X", value_parser = scale, allow_negative_numbers = true)]
    pub(crate) scale: Option<f64>,
    /// Rule by which ranks fill the hosts: by-slot or by-node
    #[arg(long, value_name = "RULE", default_value = "by-slot", value_parser = ["by-slot", "by-node"])]
    pub(crate) placement: String,
    /// Let ranks share cores if there are more of them than cores
    #[arg(long)]
    pub(crate) oversubscribe: bool,
    /// Folder for the recording and the results [default: output/<program>]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Measured runs, to be shown beside the prediction
    #[arg(long, value_name = "FILE")]
    pub(crate) measured: Option<PathBuf>,
    /// Replications per rank count of the prediction [default: 200]
    #[arg(long, value_name = "N", value_parser = number::replications, allow_negative_numbers = true)]
    pub(crate) replications: Option<NonZeroU32>,
    /// Seed of the random streams of the prediction [default: 1]
    #[arg(long, value_name = "N", value_parser = number::seed, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
    /// Seconds after which a rank that makes no call of MPI is ended, with all others
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = number::count, allow_negative_numbers = true)]
    pub(crate) time_limit: NonZeroU32,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Write the plots as PNG, too
    #[arg(long)]
    pub(crate) png: bool,
    /// The MPI program and its arguments, after `--`
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    pub(crate) command: Vec<OsString>,
}

/// Reads a factor.
fn scale(text: &str) -> Result<f64, String> {
    let factor = text.trim().parse().ok().filter(|factor| (1e-6..=1e6).contains(factor));
    factor.ok_or_else(|| "write a number from 0.000001 to 1000000".to_owned())
}
