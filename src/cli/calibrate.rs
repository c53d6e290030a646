//! The command line of `calibrate`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use dlpc_engine::units::{Bytes, Quantity};

use super::{Format, LauncherArgs, number};

/// How thorough a calibration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SuiteName {
    /// Minutes
    Quick,
    /// As precise as useful
    Full,
}

/// Options that say how to measure: without measuring they have no effect.
const OF_MEASURING: [&str; 9] =
    ["suite", "launches", "largest_message", "samples", "hostfile", "launcher", "extra_args", "binary", "time_limit"];

/// Arguments of calibrate.
#[derive(Debug, Args)]
pub(crate) struct CalibrateArgs {
    /// Machine model to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// How thorough to be
    #[arg(long, value_enum, default_value_t = SuiteName::Quick)]
    pub(crate) suite: SuiteName,
    /// Starts of the launcher; each counts as one sample, so more of them make the intervals narrower
    #[arg(long, value_name = "N", default_value = "5", value_parser = number::count, allow_negative_numbers = true)]
    pub(crate) launches: NonZeroU32,
    /// Largest message to measure: that of your largest scenario
    #[arg(long, value_name = "SIZE", default_value = "4 MiB", value_parser = bytes)]
    pub(crate) largest_message: Bytes,
    /// Seed of the plan
    #[arg(long, value_name = "N", default_value = "1", value_parser = number::seed, allow_negative_numbers = true)]
    pub(crate) seed: u64,
    /// File to which samples are appended [default: samples.jsonl in the folder of the report]
    #[arg(long, value_name = "FILE")]
    pub(crate) samples: Option<PathBuf>,
    /// Fit these samples, without measuring
    #[arg(long, value_name = "FILE", conflicts_with_all = OF_MEASURING)]
    pub(crate) from_samples: Option<PathBuf>,
    /// Fit kernel costs to the times of whole programs, without measuring: SCENARIO names its `measured` runs, or
    /// write SCENARIO=RUNS, with a measurement file or a pattern such as 'runs/r*p1000000.out'; repeat for more programs
    #[arg(long, value_name = "SCENARIO[=RUNS]", conflicts_with_all = OF_MEASURING, conflicts_with_all = ["from_samples", "seed"])]
    pub(crate) from_runs: Vec<String>,
    /// Rank counts to fit with --from-runs; all others are held out [default: all]
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', requires = "from_runs", conflicts_with = "from_samples", value_parser = number::count, allow_negative_numbers = true)]
    pub(crate) ranks: Vec<NonZeroU32>,
    /// What the model says of when it was made [default: nothing, so that the same input gives the same file]
    #[arg(long, value_name = "DATE")]
    pub(crate) created: Option<String>,
    /// Machine model whose values are kept where the cluster cannot show them [with --from-runs: the scenario's]
    #[arg(long, value_name = "FILE")]
    pub(crate) prior: Option<PathBuf>,
    /// Folder for the report of the fit [default: output/<model>]
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
    /// Write plots as PNG, too
    #[arg(long)]
    pub(crate) png: bool,
    /// What to print to standard output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) cluster: LauncherArgs,
}

fn bytes(text: &str) -> Result<Bytes, String> {
    Bytes::parse(text).map_err(|error| format!("{error}: {}", error.help()))
}
