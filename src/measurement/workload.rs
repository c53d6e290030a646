//! Workloads as the real MPI kernels run them: what goes to rank 0 on standard input, and what comes back.

use serde::{Deserialize, Serialize};

use crate::scenario::{Dispatch, Distribution, Pi, Returns, Workload};

/// A workload as one line of JSON on standard input of rank 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RealWorkload {
    /// Estimating pi by throwing darts.
    Pi {
        /// Darts of all ranks together.
        darts: u64,
        /// Whether every dart's record goes to rank 0, or only the count.
        returns_coordinates: bool,
        /// Seed of the darts.
        seed: u64,
    },
    /// Analysing log files that a sequential producer writes.
    LogStream {
        /// Log files in all.
        items: u32,
        /// Seconds between two log files.
        interval_s: f64,
        /// Seconds until the first log file is complete.
        first_s: f64,
        /// Seconds of analysis of one log file.
        analysis_s: f64,
        /// Seconds between two looks of rank 0.
        poll_s: f64,
        /// Whether the first free worker takes the next log file; else all go in rounds.
        is_first_free: bool,
        /// How a rank spends the analysis time.
        work: AnalysisWork,
    },
}

/// How a rank spends the analysis time of a log file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AnalysisWork {
    /// It sleeps: the service time is exact, and no core is busy.
    Sleep,
    /// It throws as many darts as fill the time at this cost per dart.
    Compute {
        /// Seconds per dart on a core of speed 1.
        seconds_per_dart: f64,
    },
}

/// The result of a workload: one line of JSON on standard output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkloadResult {
    /// The program's own time on rank 0, in seconds.
    pub seconds: f64,
    /// Ranks that took part.
    pub ranks: u32,
    /// Hosts that took part, without repeats.
    pub hosts: Vec<String>,
    /// MPI library and version.
    pub mpi: String,
    /// What the program found, for checks.
    pub result: serde_json::Value,
}

impl RealWorkload {
    /// Returns the real form of a scenario's workload; none for workloads that exist in the simulator only (custom
    /// phases, random service times).
    #[must_use]
    pub fn of(workload: &Workload, seed: u64, work: AnalysisWork) -> Option<Self> {
        match workload {
            Workload::Pi(Pi { darts, returns, .. }) => {
                Some(Self::Pi { darts: *darts, returns_coordinates: matches!(returns, Returns::Coordinates(_)), seed })
            }
            Workload::LogStream(stream) => {
                let Distribution::Constant(analysis) = stream.analysis else { return None };
                Some(Self::LogStream {
                    items: stream.items,
                    interval_s: stream.interval.as_seconds(),
                    first_s: stream.first.as_seconds(),
                    analysis_s: analysis.as_seconds(),
                    poll_s: stream.poll.as_seconds(),
                    is_first_free: stream.dispatch == Dispatch::FirstFree,
                    work,
                })
            }
            Workload::Custom(_) => None,
        }
    }
}
