//! Speedup, parallel efficiency and serial fraction.

use super::{Cause, CurvePoint};
use crate::stats;
use crate::units::SimDuration;

/// Makespans of the replications at one rank count.
#[derive(Debug, Clone, PartialEq)]
pub struct Replications {
    /// Rank count.
    pub ranks: u32,
    /// Makespans, at least one, in the order of the replications.
    pub makespans: Vec<SimDuration>,
}

impl Replications {
    /// Returns the median, the 5 % and the 95 % quantile, in seconds.
    #[must_use]
    pub fn band(&self) -> (f64, f64, f64) {
        let seconds: Vec<f64> = self.makespans.iter().map(|makespan| makespan.as_seconds()).collect();
        (stats::median(&seconds), stats::quantile(&seconds, 0.05), stats::quantile(&seconds, 0.95))
    }

    /// Returns the number of the replication whose makespan is nearest to the median; the first of equals.
    #[must_use]
    pub fn typical(&self) -> usize {
        let (median, ..) = self.band();
        let distance = |i: &usize| (self.makespans[*i].as_seconds() - median).abs();
        (0..self.makespans.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0)
    }
}

/// Returns the point of the curve (docs/model.md eq. 13); `baseline_s` is the median makespan on one rank.
///
/// # Panics
/// If there are more than 2^32 replications.
#[must_use]
pub fn point(replications: &Replications, baseline_s: f64, breakdown: Vec<(Cause, SimDuration)>) -> CurvePoint {
    let (makespan_s, makespan_p05_s, makespan_p95_s) = replications.band();
    let speedup = speedup(baseline_s, makespan_s);
    CurvePoint {
        ranks: replications.ranks,
        makespan_s,
        makespan_p05_s,
        makespan_p95_s,
        speedup,
        speedup_p05: self::speedup(baseline_s, makespan_p95_s),
        speedup_p95: self::speedup(baseline_s, makespan_p05_s),
        parallel_efficiency: speedup / f64::from(replications.ranks),
        karp_flatt: karp_flatt(speedup, replications.ranks),
        limited_by: super::critical_path::limiting(&breakdown),
        traced: u32::try_from(replications.typical()).expect("invariant: replications are a u32"),
        breakdown,
    }
}

/// Returns the time on one rank over a time (docs/model.md eq. 13); no number (NaN) of a program that takes no time.
#[must_use]
pub fn speedup(baseline_s: f64, makespan_s: f64) -> f64 {
    if 0.0 < makespan_s { baseline_s / makespan_s } else { f64::NAN }
}

/// Returns the experimentally determined serial fraction `(1/S - 1/p) / (1 - 1/p)`; none on one rank
/// or without a speedup (docs/model.md eq. 14; Karp and Flatt, 1990).
///
/// ```
/// // S = 4 on 8 ranks: (1/4 - 1/8) / (1 - 1/8) = (1/8) / (7/8) = 1/7
/// assert_eq!(dlpc_sim::analysis::scaling::karp_flatt(4.0, 8), Some(1.0 / 7.0));
/// ```
#[must_use]
pub fn karp_flatt(speedup: f64, ranks: u32) -> Option<f64> {
    let share = 1.0 / f64::from(ranks);
    (ranks > 1).then(|| (1.0 / speedup - share) / (1.0 - share)).filter(|fraction| fraction.is_finite())
}
