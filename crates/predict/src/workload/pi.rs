//! The workload `pi`: estimating pi by throwing darts.

mod input;
mod knobs;
mod program;

use dlpc_engine::machine::{CollectiveOverrides, Kernel, Kernels, RecordCosts};
use dlpc_engine::program::Program;
use dlpc_engine::random::Streams;
use dlpc_engine::units::SimDuration;

use super::{Edit, Excess, Facts, KernelFacts, RawWorkload, Scope, Size};
use crate::cause::Cause;
use crate::knob::{Knob, Position, Turned};

pub(super) use self::input::{RawPi, read};

/// Estimating pi by throwing darts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pi {
    /// Darts of all ranks together; each throws `ceil(darts / ranks)`.
    pub darts: u64,
    /// Fixed work of each rank.
    pub setup: SimDuration,
    /// Time to throw one dart.
    pub throw_dart: SimDuration,
    /// What is sent to rank 0.
    pub returns: Returns,
}

/// What the ranks of `pi` send to rank 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returns {
    /// One integer.
    Count,
    /// A record per dart.
    Coordinates(RecordCosts),
}

pub(super) const SETUP: KernelFacts = kernel(Cause::Setup);
pub(super) const THROW_DART: KernelFacts = kernel(Cause::Compute);
pub(super) const STORE_RECORD: KernelFacts = kernel(Cause::Compute);
pub(super) const PACK_RECORD: KernelFacts = kernel(Cause::Pack);
pub(super) const UNPACK_RECORD: KernelFacts = KernelFacts {
    in_words: Some((Cause::SerialTail, "the serial tail on rank 0, unpacking and reducing records")),
    ..kernel(Cause::SerialTail)
};
pub(super) const COLLECT_RECORD: KernelFacts = kernel(Cause::SerialTail);

const fn kernel(cause: Cause) -> KernelFacts {
    KernelFacts { scenario_key: None, cause, in_words: None }
}

impl Pi {
    fn all_costs(&self) -> Kernels {
        let records = match self.returns {
            Returns::Count => None,
            Returns::Coordinates(costs) => Some(costs),
        };
        Kernels { setup: self.setup, throw_dart: Some(self.throw_dart), records }
    }
}

const SERIAL_TAIL_HALVED: Edit =
    Edit { key: "serial_tail_halved", name: "unpacking and reducing on rank 0 twice as fast", scope: Scope::Program };
const RETURN_COUNT: Edit = Edit { key: "return_count", name: "returning only the count", scope: Scope::Program };

impl Facts for Pi {
    fn program(&self, n_ranks: u32, overrides: CollectiveOverrides, _: Streams) -> Program {
        Program::Script(program::script(self, n_ranks, overrides))
    }

    fn kernels(&self) -> &'static [Kernel] {
        match self.returns {
            Returns::Count => &[Kernel::Setup, Kernel::ThrowDart],
            Returns::Coordinates(_) => &[
                Kernel::Setup,
                Kernel::ThrowDart,
                Kernel::StoreRecord,
                Kernel::PackRecord,
                Kernel::UnpackRecord,
                Kernel::CollectRecord,
            ],
        }
    }

    fn scale_kernel(&mut self, kernel: Kernel, factor: f64) {
        let mut costs = self.all_costs();
        if let Some(cost) = costs.cost_mut(kernel) {
            *cost = cost.scaled_by(factor);
            self.set_costs(&costs);
        }
    }

    /// Few ops at any number of darts.
    fn excess(&self, _: &RawWorkload, _: &Size<'_>) -> Option<Excess> {
        None
    }

    fn costs(&self) -> Option<Kernels> {
        Some(self.all_costs())
    }

    fn set_costs(&mut self, costs: &Kernels) {
        self.setup = costs.setup;
        self.throw_dart = costs.throw_dart.unwrap_or(self.throw_dart);
        if let (Returns::Coordinates(of_record), Some(records)) = (&mut self.returns, costs.records) {
            *of_record = records;
        }
    }

    fn edits(&self) -> &'static [Edit] {
        &[SERIAL_TAIL_HALVED, RETURN_COUNT]
    }

    fn edit(&mut self, edit: Edit) {
        if edit == RETURN_COUNT {
            self.returns = Returns::Count;
        } else if let Returns::Coordinates(costs) = &mut self.returns {
            costs.unpack = costs.unpack.scaled_by(0.5);
            costs.collect = costs.collect.scaled_by(0.5);
        }
    }

    fn knobs(&self) -> Vec<Knob> {
        knobs::all(self)
    }

    fn turned(&self, knob: &str, to: Position) -> Option<Turned> {
        knobs::turned(knob, to)
    }

    fn placeholders(&self) -> Vec<(&'static str, String)> {
        vec![("{darts}", self.darts.to_string())]
    }
}
