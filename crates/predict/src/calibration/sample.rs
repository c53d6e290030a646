//! Samples: one line of JSON for each experiment of each launch, with all that is needed to use the number later.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::experiment::Experiment;

/// Version of the sample format.
pub const FORMAT: u32 = 1;

/// Times that a sample or a measured run can have, in seconds: a picosecond, below which the simulator knows no time, to 31
/// years.
pub const SECONDS: RangeInclusive<f64> = 1e-12..=1e9;

/// The result of one experiment in one launch (one start of `mpirun`): one line of `samples.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// [`FORMAT`].
    pub format: u32,
    /// Number of the experiment in the plan.
    pub id: u64,
    /// Launch in which it ran; samples of one launch share whatever that launch was dealt.
    pub launch: u32,
    /// What was run.
    pub experiment: Experiment,
    /// The experiment's time: of messages the median of the repetitions, of work their mean.
    pub seconds: f64,
    /// Repetitions.
    pub repeats: u32,
    /// Every single time of work; else empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub each_s: Vec<f64>,
    /// Host of the rank that took the time.
    pub host: String,
    /// Hosts of the other ranks that took part, in rank order, without repeats.
    pub peers: Vec<String>,
    /// Ranks of the launch.
    pub ranks: u32,
    /// Smallest difference that the clock can show.
    pub clock_resolution_s: f64,
    /// MPI library and version.
    pub mpi: String,
    /// Version of this tool.
    pub tool_version: String,
}

/// One line that the kernels print: `{"sample": {...}}` or `{"skipped": {...}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum KernelLine {
    /// An experiment was run; `compute` and `fixed_work` give one sample for each host.
    Sample(Sample),
    /// An experiment cannot be run with these ranks on these hosts.
    Skipped(Skipped),
}

/// Why an experiment was not run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// [`FORMAT`].
    pub format: u32,
    /// Number of the experiment in the plan.
    pub id: u64,
    /// Why.
    pub reason: String,
}
