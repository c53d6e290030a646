//! The result of a sweep: one row per point, in the order of the plan, whatever the order of computing.

use super::Level;
use super::record::Record;
use crate::analysis::scaling;

/// The result at one point.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<'a> {
    /// Number of the point, from 0.
    pub point: usize,
    /// Value of each key.
    pub levels: Vec<&'a Level>,
    /// What was predicted there.
    pub record: &'a Record,
    /// Median makespan on 1 rank over the makespan; no number (NaN) if it takes no time, as are those that follow.
    pub speedup: f64,
    /// The same over the 95 % quantile of the makespan.
    pub speedup_p05: f64,
    /// The same over the 5 % quantile of the makespan.
    pub speedup_p95: f64,
    /// `speedup / ranks`.
    pub parallel_efficiency: f64,
    /// Experimentally determined serial fraction; none on 1 rank.
    pub karp_flatt: Option<f64>,
}

impl<'a> Row<'a> {
    /// Returns the row of a point (docs/model.md eq. 13); `baseline` is the record of the same values on one rank.
    #[must_use]
    pub fn new(point: usize, levels: Vec<&'a Level>, record: &'a Record, baseline: &Record) -> Self {
        let speedup = scaling::speedup(baseline.makespan_s, record.makespan_s);
        Self {
            point,
            levels,
            record,
            speedup,
            speedup_p05: scaling::speedup(baseline.makespan_s, record.makespan_p95_s),
            speedup_p95: scaling::speedup(baseline.makespan_s, record.makespan_p05_s),
            parallel_efficiency: speedup / f64::from(record.ranks),
            karp_flatt: scaling::karp_flatt(speedup, record.ranks),
        }
    }
}
