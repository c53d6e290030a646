//! How much a workload makes a simulation do: what would take days, or more memory than computers have, is refused.

use dlpc_engine::machine::MachineModel;
use dlpc_engine::random::Streams;

use super::Facts;
use crate::diagnostic::Span;

/// Most ops of all ranks in one run: recorded, they take about 5 GB, and a minute or two.
pub(super) const OPS_MAX: u64 = 100_000_000;

/// What is too much, and what would be less.
pub(crate) struct Excess {
    pub(crate) code: &'static str,
    pub(crate) at: Option<Span>,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// On what a workload is to be simulated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size<'m> {
    /// Most ranks.
    pub(crate) n_ranks: u32,
    pub(crate) machine: &'m MachineModel,
    /// Whether there are so many ranks that even counting ops takes long; that is refused anyway.
    pub(crate) is_crowded: bool,
}

impl Size<'_> {
    /// Asks the program how many ops all ranks have; service times do not matter.
    pub(crate) fn n_ops(&self, workload: &dyn Facts) -> u64 {
        if self.is_crowded {
            return 0;
        }
        workload.program(self.n_ranks, self.machine.collectives, Streams::new(0, 0)).n_ops_at_most()
    }
}

/// Returns a large count for messages, for instance `3.2e9`.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
pub(super) fn rough(n: u64) -> String {
    format!("{:.1e}", n as f64)
}
