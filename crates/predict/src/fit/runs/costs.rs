//! The costs of all kernels as numbers.

use dlpc_engine::machine::{COSTED, Kernels};
use dlpc_engine::units::SimDuration;

use crate::fit::values::{duration, rounded};

/// Cost of each kernel in seconds, in the order of [`COSTED`]; zero for those that the machine does not have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct KernelCosts {
    pub(super) seconds: [f64; COSTED.len()],
    /// The kernels that they stand for.
    template: Kernels,
}

impl KernelCosts {
    /// Returns the costs of a machine.
    pub(super) fn of(kernels: Kernels) -> Self {
        let seconds = |kernel| kernels.cost(kernel).map_or(0.0, SimDuration::as_seconds);
        Self { seconds: COSTED.map(|costed| seconds(costed.kernel)), template: kernels }
    }

    /// Returns the costs as kernels of the same machine, rounded to 1 ps.
    pub(super) fn kernels(&self) -> Kernels {
        let mut kernels = self.template;
        for (costed, seconds) in COSTED.into_iter().zip(self.seconds) {
            if let Some(cost) = kernels.cost_mut(costed.kernel) {
                *cost = duration(seconds);
            }
        }
        kernels
    }

    /// Returns the costs with the few digits that a fitted model has.
    pub(super) fn rounded(mut self) -> Self {
        self.seconds = self.seconds.map(|seconds| rounded(seconds).as_seconds());
        self
    }

    /// Returns the costs at a share of the way to others.
    pub(super) fn towards(&self, other: &Self, share: f64) -> Self {
        let mut costs = *self;
        for (cost, other) in costs.seconds.iter_mut().zip(other.seconds) {
            *cost += share * (other - *cost);
        }
        costs
    }
}
