//! The workload `custom`: phases that the scenario describes.

mod input;

use dlpc_engine::machine::{CollectiveOverrides, Kernel};
use dlpc_engine::program::Program;
use dlpc_engine::program::phase::Phase;
use dlpc_engine::random::Streams;

use super::effort::{OPS_MAX, rough};
use super::{Excess, Facts, KernelFacts, RawWorkload, Size};
use crate::cause::Cause;

pub(super) use self::input::{RawCustom, read};

pub(super) const CUSTOM: KernelFacts =
    KernelFacts { scenario_key: Some("workload.custom.phases.compute.work"), cause: Cause::Compute, in_words: None };

impl Facts for Vec<Phase> {
    fn program(&self, n_ranks: u32, overrides: CollectiveOverrides, _: Streams) -> Program {
        Program::of_phases(self, n_ranks, overrides)
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Custom]
    }

    fn scale_kernel(&mut self, kernel: Kernel, factor: f64) {
        if kernel == Kernel::Custom {
            scale(self, factor);
        }
    }

    fn excess(&self, raw: &RawWorkload, size: &Size<'_>) -> Option<Excess> {
        let (n_ranks, n_ops) = (size.n_ranks, size.n_ops(self));
        let phases = raw.custom.as_ref().and_then(|raw| raw.value.phases.as_ref());
        (n_ops > OPS_MAX).then(|| Excess {
            code: "too_many_phases",
            at: phases.map(|phases| phases.span),
            message: format!(
                "with all repeats, {n_ranks} ranks have {} steps to do, more than {OPS_MAX:e}",
                rough(n_ops)
            ),
            help: "repeat less often, put the work of several phases into one, or use fewer ranks".to_owned(),
        })
    }
}

fn scale(phases: &mut [Phase], factor: f64) {
    for phase in phases {
        match phase {
            Phase::Compute { work, .. } => *work = work.scaled_by(factor),
            Phase::Repeat { phases, .. } => scale(phases, factor),
            _ => {}
        }
    }
}
