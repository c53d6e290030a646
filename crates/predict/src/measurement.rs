//! Measured run times: the curve, the order in which runs are measured, and where their output says how long they took.

pub mod output_files;
pub mod schedule;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use dlpc_engine::stats;

/// Run times that simulated time can hold, in seconds: from 1 ps to 213 days. Ratios and squares of them are far from the
/// ends of `f64`.
pub const RUN_TIMES_S: RangeInclusive<f64> = 1e-12..=18_446_744.0;

/// A measured curve: one row per run.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// Rows by ascending rank count, then in file order; at least one.
    pub rows: Vec<MeasuredRun>,
    /// Names of the hosts that rows name.
    pub hosts: Vec<String>,
}

impl Measurement {
    /// Returns the runs by rank count.
    #[must_use]
    pub fn by_ranks(&self) -> BTreeMap<u32, Vec<MeasuredRun>> {
        let mut runs: BTreeMap<u32, Vec<MeasuredRun>> = BTreeMap::new();
        for run in &self.rows {
            runs.entry(run.ranks).or_default().push(*run);
        }
        runs
    }

    /// Returns the median time of the runs on `ranks` ranks, in seconds; none if there are none.
    #[must_use]
    pub fn median_s(&self, ranks: u32) -> Option<f64> {
        let runs: Vec<f64> = self.rows.iter().filter(|run| run.ranks == ranks).map(|run| run.seconds).collect();
        (!runs.is_empty()).then(|| stats::median(&runs))
    }
}

/// Index of a name in [`Measurement::hosts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostName(pub usize);

/// One measured run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasuredRun {
    /// Rank count, at least 1.
    pub ranks: u32,
    /// Run time, within [`RUN_TIMES_S`].
    pub seconds: f64,
    /// Half-width of the interval in which the true run time lies; zero if not stated.
    pub reading_error_s: f64,
    /// Host that it ran on, if the file says so.
    pub host: Option<HostName>,
}
