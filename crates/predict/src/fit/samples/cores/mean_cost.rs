//! What long work costs in the mean: the noise of a model adds to the cost of its kernels, so what the samples hold of it
//! is taken out, and counted once.
//!
//! Long work adds up, so its cost is a mean, not a median: a core that is stopped for 16 ms after every 4 ms of work takes
//! five times as long, although most short pieces of work run at full speed.

use std::collections::BTreeMap;

use dlpc_engine::machine::{Kernel, MachineModel, Noise};
use dlpc_engine::maths;
use dlpc_engine::stats;

use crate::calibration::experiment::{Experiment, WorkKernel};
use crate::calibration::sample::Sample;
use crate::calibration::simulated::machine_kernel;
use crate::fit::samples::cores::{ComputeCosts, ComputeNoise, InterruptionTimes};

/// Returns the mean time of a run, or the sample's time if there is no other.
pub(in crate::fit) fn run_s(sample: &Sample) -> f64 {
    if sample.each_s.is_empty() { sample.seconds } else { stats::mean(&sample.each_s) }
}

/// Returns the costs such that kernel costs and noise together give the measured means.
pub(in crate::fit) fn without_noise(
    mut costs: ComputeCosts,
    noise: &ComputeNoise,
    samples: &[&Sample],
) -> ComputeCosts {
    let units = units_of_sample(samples);
    for (kernel, cost) in &mut costs.kernels {
        let sigma = noise.kernels.get(kernel).copied().or(noise.sigma).unwrap_or(0.0);
        *cost /= lognormal_mean(sigma);
        if let (Some(interruptions), Some(units)) = (noise.interruptions, units.get(kernel)) {
            *cost = without_interruptions(*cost, *units, interruptions);
        }
    }
    costs
}

/// Returns the factor by which a kernel of the machine takes longer in the mean than its cost says.
pub(in crate::fit) fn mean_factor(noise: &Noise, kernel: Kernel) -> f64 {
    let loss = noise.interruptions.map_or(0.0, |times| times.duration.as_seconds() / times.interval.as_seconds());
    lognormal_mean(noise.sigma(kernel)) * (1.0 + loss)
}

/// Returns by how much the machine's mean time of a sample is longer than without noise: 1 unless it computes.
pub(in crate::fit) fn sample_factor(machine: &MachineModel, sample: &Sample) -> f64 {
    match sample.experiment {
        Experiment::Compute { kernel, .. } => mean_factor(&machine.noise, machine_kernel(kernel)),
        Experiment::FixedWork { .. } => mean_factor(&machine.noise, Kernel::ThrowDart),
        _ => 1.0,
    }
}

/// Mean of a lognormal factor of median 1.
fn lognormal_mean(sigma: f64) -> f64 {
    maths::exp(sigma.powi(2) / 2.0)
}

/// Returns how many units of a kernel a sample comprises, in the median: all repetitions if their mean is taken.
fn units_of_sample(samples: &[&Sample]) -> BTreeMap<WorkKernel, f64> {
    let mut all: BTreeMap<WorkKernel, Vec<f64>> = BTreeMap::new();
    for sample in samples {
        if let Experiment::Compute { kernel, units, .. } = sample.experiment {
            #[expect(clippy::cast_precision_loss, reason = "units need no more than 53 bits")]
            let total = units as f64 * sample.each_s.len().max(1) as f64;
            all.entry(kernel).or_default().push(total);
        }
    }
    all.into_iter().map(|(kernel, units)| (kernel, stats::median(&units))).collect()
}

/// Returns the cost without the interruptions that a typical sample of `units` units holds.
///
/// A typical sample has the median of a Poisson distribution of mean m, `floor(m + 1/3 - 0.02 / m)`: none if they are rare
/// beside its length (Choi, "On the Medians of Gamma Distributions and an Equation of Ramanujan", 1994).
fn without_interruptions(cost: f64, units: f64, interruptions: InterruptionTimes) -> f64 {
    let expected = cost * units / (1.0 + interruptions.loss()) / interruptions.interval_s;
    let typical = (expected + 1.0 / 3.0 - 0.02 / expected).floor().max(0.0);
    cost / (1.0 + interruptions.loss() * typical / expected)
}
