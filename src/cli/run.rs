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
    /// Seconds on a core of speed 1 of the machine model for each CPU second of this computer: a number, or an interval
    /// (8..=12) that goes into the band
    #[arg(long, value_name = "X", value_parser = scale, allow_negative_numbers = true, conflicts_with = "runs")]
    pub(crate) scale: Option<Scale>,
    /// Run times of this program on the cluster (ranks,seconds), to which the factor is fitted instead, and a set-up per run
    #[arg(long, value_name = "FILE")]
    pub(crate) runs: Option<PathBuf>,
    /// Rank counts of --runs to fit; all others are held out [default: all that are recorded]
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', requires = "runs", value_parser = number::count, allow_negative_numbers = true)]
    pub(crate) fit_ranks: Vec<NonZeroU32>,
    /// Which part of a run its time is, also in --runs: "run", all of it, or "program", from the first to the last look at a
    /// clock (`MPI_Wtime` and the like) that rank 0 takes
    #[arg(long, value_name = "PART", default_value = "run", value_parser = ["run", "program"])]
    pub(crate) timed: String,
    /// How often each rank count is recorded; each step counts as long as it took least
    #[arg(long, value_name = "N", default_value = "1", value_parser = number::count, allow_negative_numbers = true)]
    pub(crate) repeat: NonZeroU32,
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

/// A factor, or the bounds of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Widest interval of a factor, as a ratio of its bounds.
const RATIO_MAX: f64 = 1e3;

/// Reads a factor, or an interval: `8.5`, or `8..=12`.
fn scale(text: &str) -> Result<Scale, String> {
    let number = |text: &str| text.trim().parse().ok().filter(|factor| (1e-6..=1e6).contains(factor));
    let bounds = match text.split_once("..=") {
        Some((low, high)) => number(low).zip(number(high)),
        None => number(text).map(|factor: f64| (factor, factor)),
    };
    let is_interval = |(low, high): &(f64, f64)| low <= high && *high <= RATIO_MAX * low;
    let (low, high) = bounds.filter(is_interval).ok_or_else(|| {
        format!(
            "write a number from 0.000001 to 1000000, or two with `..=` between them, such as 8..=12, the second one at \
             most {RATIO_MAX} times the first"
        )
    })?;
    Ok(Scale { low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_a_number_or_an_interval() {
        assert_eq!(scale("8.5"), Ok(Scale { low: 8.5, high: 8.5 }));
        assert_eq!(scale("8..=12"), Ok(Scale { low: 8.0, high: 12.0 }));
        for wrong in ["", "0", "-1", "nan", "inf", "12..=8", "8..12", "8..=", "1..=1001"] {
            assert!(scale(wrong).is_err(), "{wrong}");
        }
    }
}
