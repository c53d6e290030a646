//! One estimate of all parameters from a set of samples, given what kind of machine it is.

use dlpc_engine::machine::MachineModel;

use crate::calibration::experiment::PairClass;
use crate::calibration::sample::Sample;
use crate::fit::FitOptions;
use crate::fit::samples::assemble;
use crate::fit::samples::cores::compute;
use crate::fit::samples::cores::mean_cost;
use crate::fit::samples::cores::noise;
use crate::fit::samples::cores::{ComputeCosts, ComputeNoise};
use crate::fit::samples::messages::pairs::PairSamples;
use crate::fit::samples::messages::{self, Wire};
use crate::fit::samples::network;
use crate::fit::samples::parameters::{Estimate, Shape};

/// Estimates all parameters from `samples`; none if they are too few for the shape, as a resample may be.
pub(in crate::fit) fn estimate(
    samples: &[&Sample],
    shape: &Shape,
    options: &FitOptions<'_>,
) -> Option<(MachineModel, Estimate)> {
    let (costs, noise) = compute_part(samples, shape.has_interruptions);
    let local = shape.local.as_ref().map(|table| {
        let pairs = PairSamples::of(samples, PairClass::Local, &costs, table.copying);
        messages::estimate(&pairs, table, &vec![Wire::Free; table.uptos.len()])
    });
    let mut estimate = Estimate { costs, noise, local, remote: None };
    if let Some(remote) = &shape.remote {
        estimate.remote = Some(network::estimate(samples, remote, &estimate, shape, options).ok()?);
    }
    let machine = assemble::assemble(&estimate, shape, options).ok()?;
    Some((machine, estimate))
}

/// Estimates kernels, speeds and noise.
pub(in crate::fit) fn compute_part(samples: &[&Sample], has_interruptions: bool) -> (ComputeCosts, ComputeNoise) {
    let costs = compute::fit(samples);
    let mut noise = noise::fit(samples, &costs);
    if !has_interruptions {
        noise.interruptions = None;
    }
    (mean_cost::without_noise(costs, &noise, samples), noise)
}
