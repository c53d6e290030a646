//! One factor on all costs of the prior: the simplest fit, and the one that no other fit may be worse than.
//!
//! Worse is meant as `compare` has it: the mean over the rank counts of how far the fitted time is off the median of the
//! runs, in either direction (docs/model.md eq. 19 and 52).

use std::collections::BTreeMap;

use dlpc_engine::machine::Noise;
use dlpc_engine::stats::median;

use super::costs::KernelCosts;
use super::{RunsError, Task, simulated};

/// Rounds of simulating around the best factor: makespans are nearly linear in it.
const ROUNDS_MAX: usize = 5;
/// Halvings of an interval in which a share lies.
const HALVINGS: usize = 40;
/// Least gain of the mean error by which a round goes on.
const GAIN_MIN: f64 = 1e-9;

/// The prior's costs times one factor.
pub(super) struct Factor {
    pub(super) value: f64,
    pub(super) costs: KernelCosts,
    /// Median of each run with noise, in seconds.
    pub(super) times_s: Vec<f64>,
    /// Mean absolute relative error.
    pub(super) error: f64,
}

impl Factor {
    /// Returns the factor whose mean error is least. One is among those that are tried.
    pub(super) fn best(task: &Task<'_>, noise: &Noise) -> Result<Self, RunsError> {
        let mut value = 1.0;
        let mut best = Self::at(task, noise, value)?;
        for _ in 0..ROUNDS_MAX {
            let beside = Self::at(task, noise, value + simulated::STEP)?;
            value = best.least(task, &beside, value);
            let next = Self::at(task, noise, value)?;
            let gain = best.error - next.error;
            if gain > 0.0 {
                best = next;
            }
            if gain < GAIN_MIN {
                break;
            }
        }
        Ok(best)
    }

    fn at(task: &Task<'_>, noise: &Noise, factor: f64) -> Result<Self, RunsError> {
        let mut costs = *task.prior;
        for (kernel, _) in task.parameters.iter().flat_map(|parameter| &parameter.kernels) {
            costs.seconds[*kernel] *= factor;
        }
        let costs = costs.rounded();
        let quiet_s = simulated::makespans_s(task.programs, task.points, &costs)?;
        let stretch = simulated::stretches(task.programs, task.points, &costs, noise, &quiet_s)?;
        let times_s: Vec<f64> = quiet_s.iter().zip(stretch).map(|(quiet, stretch)| quiet * stretch).collect();
        Ok(Self { value: factor, error: mean_error(task, &times_s), costs, times_s })
    }

    /// Returns the factor with the least mean error if times are linear in it: that of a run, such that those above it
    /// and below it weigh the same (a weighted median).
    fn least(&self, task: &Task<'_>, beside: &Self, value: f64) -> f64 {
        let spots = spots(task);
        let mut exact: Vec<(f64, f64)> = Vec::new();
        for (i, measured_s) in spots {
            let slope = (beside.times_s[i] - self.times_s[i]) / simulated::STEP;
            if slope > 0.0 {
                exact.push(((value + (measured_s - self.times_s[i]) / slope).max(0.0), slope / measured_s));
            }
        }
        exact.sort_by(|a, b| a.0.total_cmp(&b.0));
        let half: f64 = exact.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
        let mut below = 0.0;
        let middle = exact.iter().find(|(_, weight)| {
            below += weight;
            half <= below
        });
        middle.map_or(value, |(factor, _)| *factor)
    }
}

/// Returns the mean absolute relative error of times, one for each point, against the medians of the runs.
pub(super) fn mean_error(task: &Task<'_>, times_s: &[f64]) -> f64 {
    let errors: Vec<f64> =
        spots(task).into_iter().map(|(i, measured_s)| (times_s[i] / measured_s - 1.0).abs()).collect();
    dlpc_engine::stats::mean(&errors)
}

/// Returns the least share of the way from some times to others at which the mean error is at most `limit`, if that is
/// what the others have: along the way it has one minimum.
pub(super) fn share(task: &Task<'_>, from_s: &[f64], to_s: &[f64], limit: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        let times_s: Vec<f64> = from_s.iter().zip(to_s).map(|(from, to)| from + middle * (to - from)).collect();
        if mean_error(task, &times_s) <= limit {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// Returns for each program and rank count a run, and the median of all its runs in seconds.
fn spots(task: &Task<'_>) -> Vec<(usize, f64)> {
    let mut runs: BTreeMap<(usize, u32), Vec<usize>> = BTreeMap::new();
    for (i, point) in task.points.iter().enumerate() {
        runs.entry((point.program, point.ranks)).or_default().push(i);
    }
    let measured_s = |runs: &[usize]| median(&runs.iter().map(|i| task.points[*i].measured_s).collect::<Vec<_>>());
    runs.into_values().map(|runs| (runs[0], measured_s(&runs))).collect()
}
