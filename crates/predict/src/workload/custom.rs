//! The workload `custom`: phases that the scenario describes.

mod by_rank;
mod described;
mod farm;
mod groups;
mod imbalance;
mod input;
mod knobs;
mod phase;
mod steps;
mod walk;

use dlpc_engine::machine::{CollectiveOverrides, Kernel};
use dlpc_engine::program::Program;
use dlpc_engine::random::Streams;

use super::effort::{OPS_MAX, rough};
use super::{Excess, Facts, KernelFacts, RawWorkload, Size};
use crate::cause::Cause;
use crate::diagnostic::Problem;
use crate::knob::{Knob, Position, Turned};
use crate::written::formula::Worthless;

use self::by_rank::ByRank;
pub use self::described::Custom;
pub(super) use self::input::{RawCustom, read};
use self::phase::Act;
use self::steps::Steps;

/// The name that expressions use for the rank that gets a part of an alltoallv.
const TO: &str = "to";
/// The name that expressions use for the dimension of a halo.
const ALONG: &str = "along";

pub(super) const CUSTOM: KernelFacts =
    KernelFacts { scenario_key: Some("workload.custom.phases.compute.work"), cause: Cause::Compute, in_words: None };

impl Facts for Custom {
    fn program(&self, n_ranks: u32, overrides: CollectiveOverrides, streams: Streams) -> Program {
        match self.phases_on(n_ranks) {
            Some(phases) => Program::of_phases(&phases, n_ranks, overrides),
            None => Program::Reactive(Box::new(ByRank::new(Steps::of(self, n_ranks), overrides, streams))),
        }
    }

    fn is_random(&self) -> bool {
        self.any(&|act| match act {
            Act::Compute { imbalance, .. } => imbalance.is_some(),
            Act::Farm { service, .. } => !service.is_constant(),
            _ => false,
        })
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Custom]
    }

    fn scale_kernel(&mut self, kernel: Kernel, factor: f64) {
        if kernel == Kernel::Custom {
            self.pace *= factor;
        }
    }

    fn problems_on(&self, n_ranks: u32) -> Vec<Problem> {
        let problem = |Worthless { span, message, help }| {
            let message = format!("on {n_ranks} ranks, {message}").replace("on 1 ranks", "on one rank");
            Problem::error("scenario::no_value", span, message).help(help)
        };
        walk::worthless(&Steps::of(self, n_ranks)).into_iter().map(problem).collect()
    }

    fn knobs(&self) -> Vec<Knob> {
        knobs::all(self)
    }

    fn turned(&self, knob: &str, to: Position) -> Option<Turned> {
        knobs::turned(self, knob, to)
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
