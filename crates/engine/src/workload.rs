//! Workloads: which program the ranks run, with its sizes and the costs of its kernels.

use crate::machine::{Kernels, RecordCosts};
use crate::random::Distribution;
use crate::units::{Bytes, SimDuration};

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
    /// Returns the costs that the machine model gives; none where the workload says itself how long it computes.
    #[must_use]
    pub fn kernels(&self) -> Option<Kernels> {
        let Self::Pi(pi) = self else { return None };
        let records = match pi.returns {
            Returns::Count => None,
            Returns::Coordinates(costs) => Some(costs),
        };
        Some(Kernels { setup: pi.setup, throw_dart: Some(pi.throw_dart), records })
    }

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
    /// Gatherv of this many bytes from each rank.
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
    /// Each rank swaps this many bytes with the previous rank and the next one; the first and the last one have one
    /// neighbour.
    Halo(Bytes),
    /// A phase with bytes, which are those of all ranks together: each has an equal part.
    Divided(Box<Phase>),
    /// Phases that are repeated.
    Repeat {
        /// How often.
        times: u32,
        /// What.
        phases: Vec<Phase>,
    },
}

impl Phase {
    /// Returns the phase with one of `n_ranks` equal parts of its bytes, rounded up.
    #[must_use]
    pub fn part_of_each(&self, n_ranks: u32) -> Self {
        let part = |bytes: &Bytes| Bytes(bytes.0.div_ceil(n_ranks.into()));
        match self {
            Self::Bcast(bytes) => Self::Bcast(part(bytes)),
            Self::Scatter(bytes) => Self::Scatter(part(bytes)),
            Self::Gather(bytes) => Self::Gather(part(bytes)),
            Self::Gatherv(bytes) => Self::Gatherv(part(bytes)),
            Self::Scatterv(bytes) => Self::Scatterv(part(bytes)),
            Self::Reduce(bytes) => Self::Reduce(part(bytes)),
            Self::Allreduce(bytes) => Self::Allreduce(part(bytes)),
            Self::Allgather(bytes) => Self::Allgather(part(bytes)),
            Self::Alltoall(bytes) => Self::Alltoall(part(bytes)),
            Self::Ring(bytes) => Self::Ring(part(bytes)),
            Self::Halo(bytes) => Self::Halo(part(bytes)),
            Self::Compute { .. } | Self::Sleep(_) | Self::Barrier | Self::Divided(_) | Self::Repeat { .. } => {
                self.clone()
            }
        }
    }
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
