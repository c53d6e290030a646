//! Pure functions over predictions and measurements; the result types that reports show.

pub mod accuracy;
pub mod advice;
pub mod amdahl;
pub mod bounds;
pub mod change;
pub mod critical_path;
pub mod finding;
pub mod knee;
pub mod queueing;
pub mod replay;
pub mod scaling;
pub mod sensitivity;
pub mod timeline;

use dlpc_engine::units::SimDuration;

pub use crate::cause::Cause;

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
    /// Median makespan on 1 rank over `makespan_s`; no number (NaN) if it takes no time, as are those that follow.
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
    /// Number of the replication that was traced.
    pub traced: u32,
}

impl CurvePoint {
    /// Returns the seconds of the critical path that go to a cause.
    #[must_use]
    pub fn seconds(&self, cause: Cause) -> f64 {
        self.breakdown.iter().filter(|(of, _)| *of == cause).map(|(_, part)| part.as_seconds()).sum()
    }

    /// Returns the share of the critical path that goes to a cause; zero of nothing.
    #[must_use]
    pub fn share(&self, cause: Cause) -> f64 {
        let total: f64 = self.breakdown.iter().map(|(_, part)| part.as_seconds()).sum();
        if total > 0.0 { self.seconds(cause) / total } else { 0.0 }
    }
}
