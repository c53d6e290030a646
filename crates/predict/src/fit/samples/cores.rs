//! Parameters of cores: costs of kernels, speeds, slowdown and noise.

pub(in crate::fit) mod compute;
pub(in crate::fit) mod mean_cost;
pub(in crate::fit) mod noise;

use std::collections::BTreeMap;

use crate::calibration::experiment::WorkKernel;

/// What the compute kernels cost, and where.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::fit) struct ComputeCosts {
    /// Seconds per unit on a core of speed 1, one busy core.
    pub(in crate::fit) kernels: BTreeMap<WorkKernel, f64>,
    /// Speed of each measured host over that of the median host.
    pub(in crate::fit) speeds: BTreeMap<String, f64>,
    /// Factor by which work takes longer, by busy cores; 1 for the fewest, not decreasing.
    pub(in crate::fit) slowdown: BTreeMap<u32, f64>,
}

impl ComputeCosts {
    /// Returns the speed of a host; 1 if it was not measured.
    pub(in crate::fit) fn speed(&self, host: &str) -> f64 {
        self.speeds.get(host).copied().unwrap_or(1.0)
    }
}

/// Noise of the cores.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::fit) struct ComputeNoise {
    /// Sigma of work in general: that of throwing darts, which does nothing but compute, and for as long as a phase of a
    /// program; the median of the other kernels without it, and of fixed work if there is no such kernel.
    pub(in crate::fit) sigma: Option<f64>,
    /// Sigma of single kernels.
    pub(in crate::fit) kernels: BTreeMap<WorkKernel, f64>,
    /// Sigma of whole launches: the scatter of the same work on the same host from launch to launch, beyond that within.
    pub(in crate::fit) run_sigma: Option<f64>,
    /// Interruptions, if fixed work shows them and they come at random.
    pub(in crate::fit) interruptions: Option<InterruptionTimes>,
    /// By how much short work takes longer in the mean than at its fastest, if interruptions at random do not explain it:
    /// cores are stopped.
    pub(in crate::fit) stops: Option<f64>,
}

/// Mean time between interruptions and their length, in seconds of work at speed 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::fit) struct InterruptionTimes {
    pub(in crate::fit) interval_s: f64,
    pub(in crate::fit) duration_s: f64,
}

impl InterruptionTimes {
    /// Returns the time that interruptions take over that of the work itself.
    pub(in crate::fit) fn loss(&self) -> f64 {
        self.duration_s / self.interval_s
    }
}
