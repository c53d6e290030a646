//! One estimate of all parameters from a set of samples, given what kind of machine it is.

use super::compute::{self, ComputeCosts};
use super::mean_cost;
use super::messages::{self, Wire};
use super::network::{self, NetworkShape};
use super::noise::{self, ComputeNoise};
use super::pairs::{PairSamples, SegmentCosts};
use super::segments::TableShape;
use super::{FitOptions, model};
use crate::machine::MachineModel;
use crate::measurement::experiment::PairClass;
use crate::measurement::sample::Sample;

/// What kind of machine it is: found once from all samples, the same for every resample.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Shape {
    pub(super) local: Option<TableShape>,
    pub(super) remote: Option<RemoteShape>,
    pub(super) has_interruptions: bool,
}

/// Kind of the network between hosts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RemoteShape {
    pub(super) table: TableShape,
    pub(super) network: NetworkShape,
}

/// All parameters, in seconds and bytes, of cores of speed 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Estimate {
    pub(super) costs: ComputeCosts,
    pub(super) noise: ComputeNoise,
    pub(super) local: Option<Vec<SegmentCosts>>,
    pub(super) remote: Option<RemoteEstimate>,
}

/// Parameters of messages between hosts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RemoteEstimate {
    pub(super) table: Vec<SegmentCosts>,
    /// Seconds per byte of a port.
    pub(super) port: f64,
    /// Seconds per byte of the switch.
    pub(super) backplane: Option<f64>,
    /// Seconds between two messages.
    pub(super) message_gap: f64,
}

/// Estimates all parameters from `samples`; none if they are too few for the shape, as a resample may be.
pub(super) fn estimate(samples: &[&Sample], shape: &Shape, options: &FitOptions<'_>) -> Option<MachineModel> {
    let (costs, noise) = compute_part(samples, shape.has_interruptions);
    let local = shape.local.as_ref().map(|table| {
        let pairs = PairSamples::of(samples, PairClass::Local, &costs, table.copying);
        messages::estimate(&pairs, table, &vec![Wire::Free; table.uptos.len()])
    });
    let mut estimate = Estimate { costs, noise, local, remote: None };
    if let Some(remote) = &shape.remote {
        estimate.remote = Some(network::estimate(samples, remote, &estimate, shape, options)?);
    }
    model::assemble(&estimate, shape, options).ok()
}

/// Estimates kernels, speeds and noise.
pub(super) fn compute_part(samples: &[&Sample], has_interruptions: bool) -> (ComputeCosts, ComputeNoise) {
    let costs = compute::fit(samples);
    let mut noise = noise::fit(samples, &costs);
    if !has_interruptions {
        noise.interruptions = None;
    }
    (mean_cost::without_noise(costs, &noise, samples), noise)
}
