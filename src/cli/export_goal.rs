//! Arguments of export-goal.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use super::number;

/// Arguments of export-goal.
#[derive(Debug, Args)]
pub(crate) struct ExportGoalArgs {
    /// Scenario file
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: PathBuf,
    /// Number of ranks
    #[arg(long, value_name = "N", value_parser = number::count, allow_negative_numbers = true)]
    pub(crate) ranks: NonZeroU32,
    /// File for the schedule [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}
