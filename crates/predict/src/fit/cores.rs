//! What samples tell of cores: costs of kernels, speeds, slowdown and noise.

use std::collections::BTreeMap;

use crate::measurement::experiment::WorkKernel;

/// What the compute kernels cost, and where.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct ComputeCosts {
    /// Seconds per unit on a core of speed 1, one busy core.
    pub(super) kernels: BTreeMap<WorkKernel, f64>,
    /// Speed of each measured host over that of the median host.
    pub(super) speeds: BTreeMap<String, f64>,
    /// Factor by which work takes longer, by busy cores; 1 for the fewest, not decreasing.
    pub(super) slowdown: BTreeMap<u32, f64>,
}

impl ComputeCosts {
    /// Returns the speed of a host; 1 if it was not measured.
    pub(super) fn speed(&self, host: &str) -> f64 {
        self.speeds.get(host).copied().unwrap_or(1.0)
    }
}

/// Noise of the cores.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct ComputeNoise {
    /// Sigma of work in general: that of throwing darts, which does nothing but compute, and for as long as a phase of a
    /// program; the median of the other kernels without it, and of fixed work if no kernel tells.
    pub(super) sigma: Option<f64>,
    /// Sigma of single kernels.
    pub(super) kernels: BTreeMap<WorkKernel, f64>,
    /// Sigma of whole launches: the scatter of the same work on the same host from launch to launch, beyond that within.
    pub(super) run_sigma: Option<f64>,
    /// Interruptions, if fixed work shows them and they come at random.
    pub(super) interruptions: Option<InterruptionTimes>,
    /// By how much short work takes longer in the mean than at its fastest, if interruptions at random do not explain it:
    /// cores are stopped.
    pub(super) stops: Option<f64>,
}

/// Mean time between interruptions and their length, in seconds of work at speed 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct InterruptionTimes {
    pub(super) interval_s: f64,
    pub(super) duration_s: f64,
}

impl InterruptionTimes {
    /// Returns the time that interruptions take over that of the work itself.
    pub(super) fn loss(&self) -> f64 {
        self.duration_s / self.interval_s
    }
}
