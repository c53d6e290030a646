//! The costs of all kernels as numbers.

use dlpc_engine::machine::{Kernel, Kernels, RecordCosts};

use crate::fit::model::{duration, rounded};

/// Kernels whose costs can be fitted, and their key paths.
pub(super) const FITTED: [(Kernel, &str); 6] = [
    (Kernel::Setup, "kernels.setup"),
    (Kernel::ThrowDart, "kernels.throw_dart"),
    (Kernel::StoreRecord, "kernels.records.store"),
    (Kernel::PackRecord, "kernels.records.pack"),
    (Kernel::UnpackRecord, "kernels.records.unpack"),
    (Kernel::CollectRecord, "kernels.records.collect"),
];

/// Cost of each kernel in seconds, in the order of [`FITTED`]; zero for those that the machine does not have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Costs {
    pub(super) seconds: [f64; FITTED.len()],
    /// The kernels that they stand for.
    template: Option<RecordCosts>,
    has_darts: bool,
}

impl Costs {
    /// Returns the costs of a machine.
    pub(super) fn of(kernels: &Kernels) -> Self {
        let seconds = |cost: fn(&RecordCosts) -> dlpc_engine::units::SimDuration| {
            kernels.records.as_ref().map_or(0.0, |records| cost(records).as_seconds())
        };
        let seconds = [
            kernels.setup.as_seconds(),
            kernels.throw_dart.map_or(0.0, dlpc_engine::units::SimDuration::as_seconds),
            seconds(|records| records.store),
            seconds(|records| records.pack),
            seconds(|records| records.unpack),
            seconds(|records| records.collect),
        ];
        Self { seconds, template: kernels.records, has_darts: kernels.throw_dart.is_some() }
    }

    /// Returns the costs as kernels of the same machine, rounded to 1 ps.
    pub(super) fn kernels(&self) -> Kernels {
        let [setup, throw_dart, store, pack, unpack, collect] = self.seconds.map(duration);
        Kernels {
            setup,
            throw_dart: self.has_darts.then_some(throw_dart),
            records: self.template.map(|records| RecordCosts { store, pack, unpack, collect, ..records }),
        }
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
