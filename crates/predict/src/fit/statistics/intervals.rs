//! 95 % intervals: launches are resampled, because a launch is one sample.
//!
//! With three to five launches the percentile bootstrap is far too narrow: it cannot reach beyond the launches that it
//! has, and its standard error is too small by `sqrt((n - 1) / n)`. So the bootstrap gives the standard error, corrected
//! by that factor, and Student's t with n - 1 degrees of freedom the width: for a mean over launches this is the usual
//! t interval, exactly. Efron and Tibshirani, An Introduction to the Bootstrap (1993), sections 12.2 and 12.3; Hesterberg,
//! "What Teachers Should Know About the Bootstrap" (2015), section 5. docs/model.md, "Intervals of fitted values", holds the
//! coverage that was found.

use std::collections::BTreeMap;

use dlpc_engine::random::{Purpose, Streams};
use rand::RngExt as _;
use rayon::prelude::*;

/// 97.5 % quantile of the normal distribution.
pub(in crate::fit) const Z_975: f64 = 1.959_964;

/// How often each launch is in a resample, and the probability of the resample.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::fit) struct Resample {
    pub(in crate::fit) times: Vec<u32>,
    pub(in crate::fit) weight: f64,
}

/// Estimates all values from a resample: how often each launch is in it.
pub(in crate::fit) type Estimator<'e> = dyn Fn(&[u32]) -> Option<BTreeMap<String, f64>> + Sync + 'e;

/// Returns the 95 % interval of each value of `found` that at least half of the resamples have.
///
/// `estimate` is called with how often each of the `n_launches` launches is in a resample. No intervals from one launch.
pub(in crate::fit) fn intervals(
    found: &BTreeMap<String, f64>,
    n_launches: usize,
    (n_resamples, seed): (u32, u64),
    estimate: &Estimator<'_>,
) -> BTreeMap<String, (f64, f64)> {
    if n_launches < 2 {
        return BTreeMap::new();
    }
    let estimates: Vec<(f64, BTreeMap<String, f64>)> = resamples(n_launches, n_resamples, seed)
        .par_iter()
        .filter_map(|resample| Some((resample.weight, estimate(&resample.times)?)))
        .collect();
    let of_value = |(key, value): (&String, &f64)| {
        let draws: Vec<(f64, f64)> =
            estimates.iter().filter_map(|(weight, values)| Some((*weight, *values.get(key)?))).collect();
        let half_width = t_975(n_launches - 1) * standard_error(&draws, n_launches)?;
        Some((key.clone(), ((value - half_width).max(0.0), value + half_width)))
    };
    found.iter().filter_map(of_value).collect()
}

/// Returns the standard error estimated by these weighted bootstrap draws; none if fewer than half of all draws succeeded.
pub(in crate::fit) fn standard_error(draws: &[(f64, f64)], n_launches: usize) -> Option<f64> {
    let total: f64 = draws.iter().map(|(weight, _)| weight).sum();
    if total < 0.5 {
        return None;
    }
    let mean = draws.iter().map(|(weight, value)| weight * value).sum::<f64>() / total;
    let variance = draws.iter().map(|(weight, value)| weight * (value - mean).powi(2)).sum::<f64>() / total;
    #[expect(clippy::cast_precision_loss, reason = "a few launches")]
    let n = n_launches as f64;
    Some((variance * n / (n - 1.0)).sqrt())
}

/// Returns all resamples with their probabilities if they are at most `n_max`, else `n_max` random ones.
pub(in crate::fit) fn resamples(n_launches: usize, n_max: u32, seed: u64) -> Vec<Resample> {
    let mut all = Vec::new();
    if count_of_all(n_launches) <= f64::from(n_max) {
        enumerate(n_launches, &mut Vec::new(), &mut all);
        return all;
    }
    (0..n_max)
        .map(|i| {
            let mut rng = Streams::new(seed, i).stream(Purpose::Plan, 1);
            let mut times = vec![0; n_launches];
            for _ in 0..n_launches {
                times[rng.random_range(0..n_launches)] += 1;
            }
            Resample { times, weight: 1.0 / f64::from(n_max) }
        })
        .collect()
}

/// Returns the number of multisets of n out of n: `binomial(2 n - 1, n)`.
fn count_of_all(n: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few launches")]
    let factor = |i: usize| (n - 1 + i) as f64 / i as f64;
    (1..=n).map(factor).product()
}

fn enumerate(n: usize, times: &mut Vec<u32>, all: &mut Vec<Resample>) {
    let drawn: u32 = times.iter().sum();
    let left = u32::try_from(n).expect("invariant: a few launches") - drawn;
    if times.len() == n - 1 {
        times.push(left);
        all.push(Resample { times: times.clone(), weight: probability(times) });
        times.pop();
        return;
    }
    for count in 0..=left {
        times.push(count);
        enumerate(n, times, all);
        times.pop();
    }
}

/// Multinomial: `n! / (n^n prod m_i!)`.
fn probability(times: &[u32]) -> f64 {
    let factorial = |m: u32| (1..=m).map(f64::from).product::<f64>();
    let n: u32 = times.iter().sum();
    let multinomial = factorial(n) / times.iter().map(|m| factorial(*m)).product::<f64>();
    multinomial / f64::from(n).powi(i32::try_from(n).unwrap_or(i32::MAX))
}

/// Returns the 97.5 % quantile of Student's t.
///
/// By table up to 10 degrees of freedom, above by the expansion of Abramowitz and Stegun (1964), 26.7.5.
pub(in crate::fit) fn t_975(degrees_of_freedom: usize) -> f64 {
    const TABLE: [f64; 10] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    student(degrees_of_freedom, TABLE, Z_975)
}

/// Returns what Student's t exceeds as rarely as a normal number exceeds 3.5 (one of 4299), like [`t_975`].
pub(in crate::fit) fn t_outlier(degrees_of_freedom: usize) -> f64 {
    const TABLE: [f64; 10] = [1368.315, 46.345, 16.727, 10.499, 8.099, 6.879, 6.155, 5.680, 5.345, 5.098];
    student(degrees_of_freedom, TABLE, 3.5)
}

/// Returns a quantile of Student's t from its values up to 10 degrees of freedom and that of the normal distribution.
fn student(degrees_of_freedom: usize, table: [f64; 10], z: f64) -> f64 {
    if let Some(quantile) = degrees_of_freedom.checked_sub(1).and_then(|i| table.get(i)) {
        return *quantile;
    }
    #[expect(clippy::cast_precision_loss, reason = "a few launches")]
    let nu = degrees_of_freedom as f64;
    z + (z.powi(3) + z) / (4.0 * nu) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * nu.powi(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_launches_have_ten_resamples_whose_probabilities_add_up_to_one() {
        let all = resamples(3, 100, 1);
        assert_eq!(all.len(), 10);
        assert!((all.iter().map(|resample| resample.weight).sum::<f64>() - 1.0).abs() < 1e-12);
        // 1, 1, 1: 3! / 3^3 = 6/27
        let each_once = all.iter().find(|resample| resample.times == [1, 1, 1]);
        assert!(each_once.is_some_and(|resample| (resample.weight - 6.0 / 27.0).abs() < 1e-12));
    }

    #[test]
    fn many_launches_are_drawn_at_random() {
        let all = resamples(20, 50, 1);
        assert_eq!(all.len(), 50);
        assert!(all.iter().all(|resample| resample.times.iter().sum::<u32>() == 20));
        assert_ne!(all, resamples(20, 50, 2));
    }

    #[test]
    fn a_mean_over_launches_gets_the_t_interval() {
        let launches = [10.0, 12.0, 17.0];
        let mean = |times: &[u32]| times.iter().zip(launches).map(|(m, x)| f64::from(*m) * x).sum::<f64>() / 3.0;
        let estimate = |times: &[u32]| Some(BTreeMap::from([("x".to_owned(), mean(times))]));
        let found = intervals(&BTreeMap::from([("x".to_owned(), 13.0)]), 3, (100, 1), &estimate);
        // mean 13, squares 9 + 1 + 16 = 26, variance 13, standard error sqrt(13/3) = 2.0817; times 4.303: 8.9575
        let (low, high) = found["x"];
        assert!((low - 4.0425).abs() < 1e-3 && (high - 21.9575).abs() < 1e-3, "{low} to {high}");
    }

    #[test]
    fn quantiles_of_t_agree_with_tables() {
        // R: qt(0.975, c(2, 15, 30, 120))
        for (degrees, expected) in [(2, 4.3027), (15, 2.1314), (30, 2.0423), (120, 1.9799)] {
            assert!((t_975(degrees) - expected).abs() < 1e-3, "{degrees}: {}", t_975(degrees));
        }
        // R: qt(pnorm(3.5), c(2, 15, 30, 120)); the expansion is 0.6 % off at 15.
        for (degrees, expected) in [(2, 46.345), (15, 4.4526), (30, 3.9280), (120, 3.5991)] {
            assert!((t_outlier(degrees) / expected - 1.0).abs() < 6e-3, "{degrees}: {}", t_outlier(degrees));
        }
    }
}
