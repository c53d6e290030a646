//! Closing the loop: the experiments themselves, simulated with the fitted model.

use std::collections::BTreeMap;

use dlpc_engine::machine::MachineModel;
use dlpc_engine::platform::NetworkKind;
use dlpc_engine::stats;
use rayon::prelude::*;

use crate::calibration::experiment::{Experiment, PairClass};
use crate::calibration::sample::Sample;
use crate::calibration::simulated::Bench;
use crate::fit::samples::cores::mean_cost;
use crate::fit::samples::network::simulated_s;

/// How far off the median, in robust standard deviations, a sample counts as an outlier.
const OUTLIER_SCORE: f64 = 5.0;

/// (simulated - measured) / measured over the samples of one kind of experiment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Residual {
    /// Samples.
    pub n_samples: usize,
    /// Mean of the absolute value, as `compare` has it.
    pub mean_absolute: f64,
    /// Median of the absolute value, as `compare` has it.
    pub median_absolute: f64,
    /// Median, signed: what the model gets wrong in all of them.
    pub median: f64,
    /// Robust standard deviation: the scatter of the samples.
    pub scatter: f64,
    /// 90 % quantile of the absolute value.
    pub p90: f64,
    /// Samples more than 5 standard deviations off the median.
    pub n_outliers: usize,
}

/// Returns the relative error of each sample that the machine can run, simulated on the same hosts: mean times of computing,
/// which adds up, and times without noise of messages, whose samples are medians.
#[must_use]
pub fn relative_errors(machine: &MachineModel, samples: &[Sample]) -> Vec<Option<f64>> {
    let bench = Bench::new(machine, NetworkKind::Flow).quiet();
    let error = |sample: &Sample| {
        let expected_s = simulated_s(&bench, sample)? * mean_cost::sample_factor(machine, sample);
        Some(expected_s / mean_cost::run_s(sample) - 1.0)
    };
    samples.par_iter().map(error).collect()
}

/// Returns what the errors of the samples are, by kind of experiment, for instance `ping_pong remote`.
pub(in crate::fit) fn by_kind(samples: &[Sample], errors: &[Option<f64>]) -> BTreeMap<String, Residual> {
    let mut groups: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (sample, error) in samples.iter().zip(errors) {
        if let Some(error) = error {
            groups.entry(kind(&sample.experiment)).or_default().push(*error);
        }
    }
    groups.into_iter().map(|(kind, errors)| (kind, residual(&errors))).collect()
}

pub(in crate::fit) fn residual(errors: &[f64]) -> Residual {
    let (median, scatter) = (stats::median(errors), stats::mad(errors));
    let absolute: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
    let (mean_absolute, median_absolute) = (stats::mean(&absolute), stats::median(&absolute));
    let p90 = stats::quantile(&absolute, 0.9);
    let all = Residual { n_samples: errors.len(), mean_absolute, median_absolute, median, scatter, p90, n_outliers: 0 };
    Residual { n_outliers: errors.iter().filter(|error| all.is_outlier(**error)).count(), ..all }
}

impl Residual {
    /// Returns the same with mean and quantiles of other absolute errors.
    pub(in crate::fit) fn with_absolute(self, errors: &[f64]) -> Self {
        let (mean_absolute, median_absolute) = (stats::mean(errors), stats::median(errors));
        Self { mean_absolute, median_absolute, p90: stats::quantile(errors, 0.9), ..self }
    }

    /// Returns whether a sample with this relative error is an outlier among those of its kind.
    pub(in crate::fit) fn is_outlier(&self, error: f64) -> bool {
        (error - self.median).abs() > OUTLIER_SCORE * self.scatter.max(1e-4)
    }
}

/// Returns the kind of an experiment, and which pairs it is about.
#[must_use]
pub fn kind(experiment: &Experiment) -> String {
    let class = match experiment {
        Experiment::PingPong { class, .. }
        | Experiment::Send { class, .. }
        | Experiment::Recv { class, .. }
        | Experiment::Train { class, .. }
        | Experiment::Exchange { class, .. } => match class {
            PairClass::Local => " local",
            PairClass::Remote => " remote",
        },
        Experiment::FanIn { .. }
        | Experiment::Pairs { .. }
        | Experiment::Compute { .. }
        | Experiment::FixedWork { .. } => "",
    };
    format!("{}{class}", experiment.name())
}
