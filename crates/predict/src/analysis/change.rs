//! How much two sets of runs differ at the rank counts that both have: before and after a change, two clusters.

use dlpc_engine::stats;

use super::accuracy::Comparison;

/// Median relative change of the times, over rank counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Rank counts that both have, outliers left out.
    pub n_points: usize,
    /// Of the measured times: -0.1 is 10 % shorter.
    pub measured: f64,
    /// Of the predicted times.
    pub predicted: f64,
}

/// Returns how much longer the runs of `after` take than those of `before`; none without a common rank count.
#[must_use]
pub fn change(before: &Comparison, after: &Comparison) -> Option<Change> {
    let common: Vec<(f64, f64)> = after
        .points
        .iter()
        .filter_map(|point| {
            let earlier = before.points.iter().find(|earlier| earlier.ranks == point.ranks)?;
            let is_kept = !point.is_outlier && !earlier.is_outlier;
            let ratios = (point.measured_s / earlier.measured_s, point.predicted_s / earlier.predicted_s);
            is_kept.then_some((ratios.0 - 1.0, ratios.1 - 1.0))
        })
        .collect();
    let (measured, predicted): (Vec<f64>, Vec<f64>) = common.into_iter().unzip();
    (!measured.is_empty()).then(|| Change {
        n_points: measured.len(),
        measured: stats::median(&measured),
        predicted: stats::median(&predicted),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::accuracy::{Scope, compare};
    use crate::analysis::amdahl;

    fn compared(factor: f64, ranks: &[u32]) -> Comparison {
        let runs: Vec<(u32, f64)> =
            ranks.iter().map(|ranks| (*ranks, factor * (8.0 / f64::from(*ranks) + 2.0))).collect();
        let curve = amdahl::curve(8.0, 2.0, 1..=8);
        compare(&curve, &amdahl::measured(&runs), &|_| false, Scope::All)
    }

    #[test]
    fn a_change_is_taken_over_common_rank_counts() {
        let change = change(&compared(1.0, &[1, 2, 4]), &compared(0.9, &[2, 4, 8])).expect("two in common");
        assert!(change.n_points == 2 && (change.measured + 0.1).abs() < 1e-9 && change.predicted.abs() < 1e-9);
        assert_eq!(super::change(&compared(1.0, &[1]), &compared(1.0, &[2])), None);
    }
}
