//! Noise of the cores: scatter of repeated work, and interruptions by the operating system.

use std::collections::BTreeMap;

use super::compute::ComputeCosts;
use crate::measurement::experiment::{Experiment, WorkKernel};
use crate::measurement::sample::Sample;
use crate::stats;

/// How far above the rest, in standard deviations, a quantum of fixed work counts as interrupted.
const INTERRUPTED_SCORE: f64 = 5.0;
/// Shares of interrupted quanta between which they tell an interval: fewer are accidents, more hide the base.
const INTERRUPTED_SHARES: std::ops::RangeInclusive<f64> = 0.003..=0.4;
/// Fewest interrupted quanta that tell an interval.
const INTERRUPTED_MIN: usize = 10;
/// Fewest differences between repetitions that tell a standard deviation.
const DIFFERENCES_MIN: usize = 8;

/// Noise of the cores.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct ComputeNoise {
    /// Sigma of work in general, from fixed work.
    pub(super) sigma: Option<f64>,
    /// Sigma of single kernels.
    pub(super) kernels: BTreeMap<WorkKernel, f64>,
    /// Interruptions, if fixed work shows them.
    pub(super) interruptions: Option<InterruptionTimes>,
}

/// Mean time between interruptions and their length, in seconds of work at speed 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct InterruptionTimes {
    pub(super) interval_s: f64,
    pub(super) duration_s: f64,
}

/// One sample of fixed work: base and scatter of quanta that were not interrupted, and how much longer the others took.
struct Quanta {
    base_s: f64,
    speed: f64,
    sigma: f64,
    n: usize,
    n_interrupted: usize,
    /// Sum of what interrupted quanta took beyond the base, over the base.
    excess: f64,
}

/// Finds the noise.
pub(super) fn fit(samples: &[&Sample], costs: &ComputeCosts) -> ComputeNoise {
    let quanta: Vec<Quanta> = samples
        .iter()
        .filter(|sample| matches!(sample.experiment, Experiment::FixedWork { .. }) && sample.each_s.len() >= 8)
        .map(|sample| quanta(sample, costs.speed(&sample.host)))
        .collect();
    let sigmas: Vec<f64> = quanta.iter().map(|quanta| quanta.sigma).collect();
    ComputeNoise {
        sigma: (!sigmas.is_empty()).then(|| stats::median(&sigmas)),
        kernels: WorkKernel::ALL.into_iter().filter_map(|kernel| Some((kernel, sigma_of(samples, kernel)?))).collect(),
        interruptions: interruptions(&quanta),
    }
}

/// Returns the sigma of a kernel by the differences of successive repetitions, which are `sqrt 2` times as wide.
fn sigma_of(samples: &[&Sample], kernel: WorkKernel) -> Option<f64> {
    let is_alone =
        |sample: &&&Sample| matches!(sample.experiment, Experiment::Compute { kernel: k, busy: 1, .. } if k == kernel);
    let differences: Vec<f64> = samples
        .iter()
        .filter(is_alone)
        .flat_map(|sample| sample.each_s.windows(2).map(|pair| (pair[1] / pair[0]).ln().abs()))
        .collect();
    (differences.len() >= DIFFERENCES_MIN)
        .then(|| stats::MAD_TO_SIGMA * stats::median(&differences) / std::f64::consts::SQRT_2)
}

fn quanta(sample: &Sample, speed: f64) -> Quanta {
    let mut regular: Vec<f64> = sample.each_s.clone();
    let (mut base_s, mut sigma) = base(&regular);
    for _ in 0..20 {
        let limit = base_s * (1.0 + INTERRUPTED_SCORE * sigma);
        let next: Vec<f64> = sample.each_s.iter().copied().filter(|seconds| *seconds <= limit).collect();
        if next.len() == regular.len() || next.is_empty() {
            break;
        }
        regular = next;
        (base_s, sigma) = base(&regular);
    }
    let limit = base_s * (1.0 + INTERRUPTED_SCORE * sigma);
    let interrupted = sample.each_s.iter().filter(|seconds| **seconds > limit);
    let (n_interrupted, excess) = interrupted.fold((0, 0.0), |(n, sum), s| (n + 1, sum + (s / base_s - 1.0)));
    Quanta { base_s, speed, sigma, n: sample.each_s.len(), n_interrupted, excess }
}

/// Returns median and relative scatter.
fn base(times: &[f64]) -> (f64, f64) {
    let median = stats::median(times);
    (median, (stats::mad(times) / median).max(1e-6))
}

/// Interruptions are Poisson: a share `p` of interrupted quanta means `-ln(1 - p)` interruptions per quantum.
fn interruptions(quanta: &[Quanta]) -> Option<InterruptionTimes> {
    let n: usize = quanta.iter().map(|quanta| quanta.n).sum();
    let n_interrupted: usize = quanta.iter().map(|quanta| quanta.n_interrupted).sum();
    if n_interrupted < INTERRUPTED_MIN {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 quanta")]
    let (share, n) = (n_interrupted as f64 / n as f64, n as f64);
    if !INTERRUPTED_SHARES.contains(&share) {
        return None;
    }
    let per_quantum = -(1.0 - share).ln();
    let excess: f64 = quanta.iter().map(|quanta| quanta.excess).sum();
    let works: Vec<f64> = quanta.iter().map(|quanta| quanta.base_s * quanta.speed).collect();
    let typical_s = stats::median(&works);
    Some(InterruptionTimes { interval_s: typical_s / per_quantum, duration_s: excess / n / per_quantum * typical_s })
}
