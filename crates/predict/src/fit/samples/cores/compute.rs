//! Kernel costs, speeds of hosts and slowdown by busy cores: an additive model of the logarithm.

use std::collections::BTreeMap;

use dlpc_engine::maths;
use dlpc_engine::stats;

use crate::calibration::experiment::{Experiment, WorkKernel};
use crate::calibration::sample::Sample;
use crate::fit::samples::cores::ComputeCosts;
use crate::fit::samples::cores::mean_cost;
use crate::fit::statistics::least_squares::robust_mean;

/// Rounds of the alternating fit; a balanced plan needs one or two.
const ROUNDS: usize = 100;
/// Change of a logarithm below which the fit has settled.
const SETTLED: f64 = 1e-10;

/// Fewest differences between samples of a kernel that determine its precision.
const DIFFERENCES_MIN: usize = 4;
/// Least sigma of a kernel: samples without noise are not infinitely precise.
const SIGMA_MIN: f64 = 1e-3;

/// Logarithm of the seconds per unit of one sample.
struct Observation<'a> {
    kernel: WorkKernel,
    host: &'a str,
    busy: u32,
    log_cost: f64,
}

/// Fits `ln(seconds / units) = cost(kernel) - speed(host) + slowdown(busy)` by alternating robust means, each kernel with
/// the weight of its precision: one that scatters says less of a host.
///
/// The alternation descends to the minimum of a sum over all samples, as each group's mean does for its part
/// (backfitting: Buja, Hastie and Tibshirani, 1989).
pub(in crate::fit) fn fit(samples: &[&Sample]) -> ComputeCosts {
    let observations: Vec<Observation<'_>> = samples.iter().filter_map(|sample| observation(sample)).collect();
    let precisions = precisions(&observations);
    let mut kernels: BTreeMap<WorkKernel, f64> = BTreeMap::new();
    let mut slowness: BTreeMap<&str, f64> = BTreeMap::new();
    let mut slowdown: BTreeMap<u32, f64> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let before = kernels.clone();
        kernels = means(
            &observations,
            &precisions,
            |o| o.kernel,
            |o| o.log_cost - at(&slowness, &o.host) - at(&slowdown, &o.busy),
        );
        slowness = means(
            &observations,
            &precisions,
            |o| o.host,
            |o| o.log_cost - at(&kernels, &o.kernel) - at(&slowdown, &o.busy),
        );
        let middle = if slowness.is_empty() { 0.0 } else { stats::median(&values(&slowness)) };
        for log in slowness.values_mut() {
            *log -= middle;
        }
        slowdown = means(
            &observations,
            &precisions,
            |o| o.busy,
            |o| o.log_cost - at(&kernels, &o.kernel) - at(&slowness, &o.host),
        );
        let least_busy = slowdown.values().next().copied().unwrap_or(0.0);
        for log in slowdown.values_mut() {
            *log -= least_busy;
        }
        if before.len() == kernels.len() && before.iter().all(|(kernel, log)| (log - kernels[kernel]).abs() < SETTLED) {
            break;
        }
    }
    ComputeCosts {
        kernels: kernels.into_iter().map(|(kernel, log)| (kernel, maths::exp(log))).collect(),
        speeds: slowness.into_iter().map(|(host, log)| (host.to_owned(), maths::exp(-log))).collect(),
        slowdown: not_decreasing(slowdown),
    }
}

fn observation(sample: &Sample) -> Option<Observation<'_>> {
    let Experiment::Compute { kernel, busy, units } = sample.experiment else { return None };
    #[expect(clippy::cast_precision_loss, reason = "units need no more than 53 bits")]
    let log_cost = maths::ln(mean_cost::run_s(sample) / units as f64);
    Some(Observation { kernel, host: &sample.host, busy, log_cost })
}

/// Returns one over the variance of each kernel, by the differences of successive samples on the same host.
fn precisions(observations: &[Observation<'_>]) -> BTreeMap<WorkKernel, f64> {
    let mut cells: BTreeMap<(WorkKernel, &str, u32), Vec<f64>> = BTreeMap::new();
    for o in observations {
        cells.entry((o.kernel, o.host, o.busy)).or_default().push(o.log_cost);
    }
    let mut differences: BTreeMap<WorkKernel, Vec<f64>> = BTreeMap::new();
    for ((kernel, ..), logs) in cells {
        // A resample holds the same sample several times.
        let of_cell = logs.windows(2).map(|pair| (pair[1] - pair[0]).abs()).filter(|difference| *difference > 0.0);
        differences.entry(kernel).or_default().extend(of_cell);
    }
    let precision = |differences: Vec<f64>| {
        let sigma = stats::MAD_TO_SIGMA * stats::median(&differences) / std::f64::consts::SQRT_2;
        sigma.max(SIGMA_MIN).powi(-2)
    };
    let is_known = differences.values().all(|differences| differences.len() >= DIFFERENCES_MIN);
    let known = differences.into_iter().filter(|_| is_known);
    known.map(|(kernel, differences)| (kernel, precision(differences))).collect()
}

/// Returns the mean of `value` in each group: robust within a kernel, weighted over kernels.
fn means<'a, K: Ord + Copy>(
    observations: &[Observation<'a>],
    precisions: &BTreeMap<WorkKernel, f64>,
    key: impl Fn(&Observation<'a>) -> K,
    value: impl Fn(&Observation<'a>) -> f64,
) -> BTreeMap<K, f64> {
    let mut groups: BTreeMap<K, BTreeMap<WorkKernel, Vec<f64>>> = BTreeMap::new();
    for observation in observations {
        groups.entry(key(observation)).or_default().entry(observation.kernel).or_default().push(value(observation));
    }
    let mean = |kernels: BTreeMap<WorkKernel, Vec<f64>>| {
        let (mut sum, mut total) = (0.0, 0.0);
        for (kernel, values) in kernels {
            #[expect(clippy::cast_precision_loss, reason = "a few thousand samples")]
            let weight = precisions.get(&kernel).copied().unwrap_or(1.0) * values.len() as f64;
            sum += weight * robust_mean(&values);
            total += weight;
        }
        sum / total
    };
    groups.into_iter().map(|(key, kernels)| (key, mean(kernels))).collect()
}

fn at<K: Ord>(effects: &BTreeMap<K, f64>, key: &K) -> f64 {
    effects.get(key).copied().unwrap_or(0.0)
}

fn values<K>(effects: &BTreeMap<K, f64>) -> Vec<f64> {
    effects.values().copied().collect()
}

fn not_decreasing(logs: BTreeMap<u32, f64>) -> BTreeMap<u32, f64> {
    let mut most = 0.0_f64;
    logs.into_iter()
        .map(|(busy, log)| {
            most = most.max(log);
            (busy, maths::exp(most))
        })
        .collect()
}

/// Returns the slowdown for 1 to `cores` busy cores; numbers that were not measured lie on a line between those that were.
pub(in crate::fit) fn slowdown_table(slowdown: &BTreeMap<u32, f64>, cores: u32) -> Vec<f64> {
    let at = |busy: u32| {
        let below = slowdown.range(..=busy).next_back();
        let above = slowdown.range(busy..).next();
        match (below, above) {
            (Some((low, from)), Some((high, to))) if low < high => {
                from + (to - from) * f64::from(busy - low) / f64::from(high - low)
            }
            (Some((_, factor)), _) => *factor,
            (None, _) => 1.0,
        }
    };
    (1..=cores).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slowdown_between_measured_numbers_of_cores_lies_on_a_line() {
        let measured = BTreeMap::from([(1, 1.0), (2, 1.1), (4, 1.3)]);
        let table = slowdown_table(&measured, 6);
        for (found, expected) in table.iter().zip([1.0, 1.1, 1.2, 1.3, 1.3, 1.3]) {
            assert!((found - expected).abs() < 1e-12, "{table:?}");
        }
        assert_eq!(slowdown_table(&BTreeMap::new(), 2), [1.0, 1.0]);
    }
}
