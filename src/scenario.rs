//! The scenario: what to run, at which rank counts, placed how.
//!
//! A [`Scenario`] that exists is valid, also against its machine model; only [`crate::input`] makes one from a file.

use std::num::NonZeroU32;

use crate::machine::{Kernels, RecordCosts};
use crate::platform::HostId;
use crate::platform::core_set::CoreSet;
use crate::units::{Bytes, SimDuration};

/// What to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Title of tables and plots.
    pub title: String,
    /// How to run it.
    pub run: Run,
    /// The program.
    pub workload: Workload,
}

/// At which rank counts, where and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Rank counts, ascending, without duplicates, at least one.
    pub ranks: Vec<NonZeroU32>,
    /// Host of each slot in the order in which ranks fill them; rank `r` takes slot `r`, modulo their number if
    /// oversubscribed. At least one.
    pub slots: Vec<HostId>,
    /// Cores that the rank of each slot is bound to, if a rankfile says so; empty if none is bound.
    pub bound: Vec<CoreSet>,
    /// Replications per rank count.
    pub replications: NonZeroU32,
    /// Seed of all random streams.
    pub seed: u64,
    /// Network model.
    pub network: NetworkKind,
}

/// How the network is modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkKind {
    /// Concurrent transfers share links max-min fairly.
    Flow,
    /// No sharing inside the network; gaps between messages at each host.
    Loggops,
}

/// The program that all ranks run.
#[derive(Debug, Clone, PartialEq)]
pub enum Workload {
    /// Estimating pi by throwing darts.
    Pi(Pi),
    /// Analysing log files that a sequential producer writes.
    LogStream(LogStream),
    /// Phases described in the scenario.
    Custom(Vec<Phase>),
}

impl Workload {
    /// Returns the same workload at other costs of its kernels; costs that `kernels` lacks stay as they are.
    #[must_use]
    pub fn with_kernels(&self, kernels: &Kernels) -> Self {
        let Self::Pi(pi) = self else { return self.clone() };
        let returns = match (pi.returns, kernels.records) {
            (Returns::Coordinates(_), Some(records)) => Returns::Coordinates(records),
            (returns, _) => returns,
        };
        let throw_dart = kernels.throw_dart.unwrap_or(pi.throw_dart);
        Self::Pi(Pi { setup: kernels.setup, throw_dart, returns, ..*pi })
    }
}

/// Estimating pi by throwing darts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pi {
    /// Darts of all ranks together; each throws `ceil(darts / ranks)`.
    pub darts: u64,
    /// Fixed work of each rank.
    pub setup: SimDuration,
    /// Time to throw one dart.
    pub throw_dart: SimDuration,
    /// What is sent to rank 0.
    pub returns: Returns,
}

/// What the ranks of `pi` send to rank 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returns {
    /// One integer.
    Count,
    /// A record per dart.
    Coordinates(RecordCosts),
}

/// Analysing log files that a sequential producer writes.
#[derive(Debug, Clone, PartialEq)]
pub struct LogStream {
    /// Log files in all.
    pub items: u32,
    /// Time between two log files.
    pub interval: SimDuration,
    /// When the first log file is complete.
    pub first: SimDuration,
    /// Random addition to each interval, exponentially distributed with this mean.
    pub jitter: SimDuration,
    /// Service time of one log file on a core of speed 1.
    pub analysis: Distribution,
    /// How often rank 0 looks for new log files; above zero.
    pub poll: SimDuration,
    /// Size of the message that names a log file.
    pub item_bytes: Bytes,
    /// Size of the message with the result of one analysis.
    pub result_bytes: Bytes,
    /// Who takes the next log file.
    pub dispatch: Dispatch,
}

/// Who takes the next log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dispatch {
    /// Rank 0 scatters what is there, all analyse, rank 0 gathers; then the next round.
    Rounds,
    /// Rank 0 hands the next log file to the first idle worker.
    FirstFree,
}

/// Distribution of a duration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Constant(SimDuration),
    /// Uniform between two durations.
    Uniform {
        /// Shortest.
        low: SimDuration,
        /// Longest, not below `low`.
        high: SimDuration,
    },
    /// Exponential.
    Exponential {
        /// Mean.
        mean: SimDuration,
    },
    /// Lognormal.
    Lognormal {
        /// Median.
        median: SimDuration,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
}

/// One phase of a custom workload. Rank 0 is the root of rooted collectives.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Work on a core of speed 1.
    Compute {
        /// Work, of every rank or of all together.
        work: SimDuration,
        /// Who does it.
        share: Share,
    },
    /// The core is idle.
    Sleep(SimDuration),
    /// Barrier.
    Barrier,
    /// Bcast of this many bytes from rank 0.
    Bcast(Bytes),
    /// Scatter of this many bytes to each rank.
    Scatter(Bytes),
    /// Gather of this many bytes from each rank, all ranks the same and known to the root.
    Gather(Bytes),
    /// Gather of sizes, then gatherv of this many bytes from each rank.
    Gatherv(Bytes),
    /// Scatterv of this many bytes to each rank.
    Scatterv(Bytes),
    /// Reduce of a vector of this many bytes to rank 0.
    Reduce(Bytes),
    /// Allreduce of a vector of this many bytes.
    Allreduce(Bytes),
    /// Allgather of a block of this many bytes of each rank.
    Allgather(Bytes),
    /// Alltoall of a block of this many bytes from each rank to each other one.
    Alltoall(Bytes),
    /// Each rank sends this many bytes to the next one and receives from the previous one, at once.
    Ring(Bytes),
    /// Phases that are repeated.
    Repeat {
        /// How often.
        times: u32,
        /// What.
        phases: Vec<Phase>,
    },
}

/// Who does the work of a compute phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Each rank does all of it.
    EachRank,
    /// The ranks divide it evenly.
    Divided,
    /// Rank 0 does it, the others go on.
    RankZero,
}
