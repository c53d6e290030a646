//! Pure functions over predictions and measurements; the result types that reports show.

pub mod accuracy;
pub mod critical_path;
pub mod scaling;

use crate::units::SimDuration;

/// Predicted speedup curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// One point per rank count, ascending.
    pub points: Vec<CurvePoint>,
}

/// Prediction at one rank count.
#[derive(Debug, Clone, PartialEq)]
pub struct CurvePoint {
    /// Rank count.
    pub ranks: u32,
    /// Median makespan of the replications, in seconds.
    pub makespan_s: f64,
    /// 5 % quantile of the makespan.
    pub makespan_p05_s: f64,
    /// 95 % quantile of the makespan.
    pub makespan_p95_s: f64,
    /// Median makespan on 1 rank over `makespan_s`.
    pub speedup: f64,
    /// The same over `makespan_p95_s`.
    pub speedup_p05: f64,
    /// The same over `makespan_p05_s`.
    pub speedup_p95: f64,
    /// `speedup / ranks`.
    pub parallel_efficiency: f64,
    /// Experimentally determined serial fraction; none on 1 rank.
    pub karp_flatt: Option<f64>,
    /// Where the time of the critical path goes, in the order of [`Cause::ALL`]; the durations add up to the makespan
    /// of the run that was traced (the replication whose makespan is nearest to the median).
    pub breakdown: Vec<(Cause, SimDuration)>,
    /// The cause with the largest share.
    pub limited_by: Cause,
}

/// What a piece of the critical path is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Computing that the ranks share.
    Compute,
    /// Fixed work of each rank, the same at any rank count.
    Setup,
    /// Packing records for sending.
    Pack,
    /// Work that only rank 0 does: unpacking and reducing.
    SerialTail,
    /// Cores busy with sending and receiving messages.
    Overhead,
    /// Latency of cables, switches and software stack.
    Latency,
    /// Bytes on the way, at the bandwidth that the transfer got.
    Bandwidth,
    /// Waiting for the producer of log files.
    Producer,
    /// Sleeping between two looks, or because the program says so.
    Sleep,
}

impl Cause {
    /// All causes, in the order of tables and stacked plots.
    pub const ALL: [Self; 9] = [
        Self::Compute,
        Self::Setup,
        Self::Pack,
        Self::SerialTail,
        Self::Overhead,
        Self::Latency,
        Self::Bandwidth,
        Self::Producer,
        Self::Sleep,
    ];

    /// Returns the key in CSV and JSON.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Setup => "setup",
            Self::Pack => "pack",
            Self::SerialTail => "serial_tail",
            Self::Overhead => "overhead",
            Self::Latency => "latency",
            Self::Bandwidth => "bandwidth",
            Self::Producer => "producer",
            Self::Sleep => "sleep",
        }
    }

    /// Returns the name in tables and plots.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Setup => "setup",
            Self::Pack => "pack",
            Self::SerialTail => "serial tail on rank 0",
            Self::Overhead => "message overhead",
            Self::Latency => "latency",
            Self::Bandwidth => "bandwidth",
            Self::Producer => "producer",
            Self::Sleep => "sleep",
        }
    }
}
