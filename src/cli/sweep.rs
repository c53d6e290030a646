//! The command line of `sweep`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use super::{Format, number};

/// Arguments of sweep.
#[derive(Debug, Args)]
pub(crate) struct SweepArgs {
    /// Scenario file
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: PathBuf,
    /// A key of the scenario, or after `machine.` of its machine model, and its values: run.ranks="1..=32",
    /// machine.hosts.pi.nic.bandwidth="100 Mbit/s, 1 Gbit/s", machine.switch.latency="1 us..=1 ms log 10"
    #[arg(long = "set", value_name = "KEY=VALUES", required_unless_present = "keys")]
    pub(crate) sets: Vec<String>,
    /// List the keys that can vary, with their values, and do nothing else
    #[arg(long, conflicts_with_all = ["sets", "samples", "seed", "out", "threads", "format", "png"])]
    pub(crate) keys: bool,
    /// Take a Latin hypercube sample of so many points, instead of every combination
    #[arg(long, value_name = "N", value_parser = number::count, allow_negative_numbers = true)]
    pub(crate) samples: Option<NonZeroU32>,
    /// Seed of the sample; that of the simulations is the key run.seed
    #[arg(long, value_name = "N", default_value = "1", requires = "samples", value_parser = number::seed, allow_negative_numbers = true)]
    pub(crate) seed: u64,
    /// Folder for the results [default: output/<scenario>]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Threads to simulate on [default: one per core; under mpirun one per rank]; the result does not depend on it
    #[arg(long, value_name = "N", value_parser = number::threads, allow_negative_numbers = true)]
    pub(crate) threads: Option<NonZeroU32>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Write the plot as PNG, too
    #[arg(long)]
    pub(crate) png: bool,
}
