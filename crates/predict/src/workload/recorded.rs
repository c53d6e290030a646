//! The workload `recorded`: what a program of the user did on virtual ranks, run by run, as `dlpc-sim run` has recorded it.

mod collective;
mod file;
mod input;
mod recording;

use std::sync::Arc;

use dlpc_engine::machine::{CollectiveOverrides, Kernel};
use dlpc_engine::program::Program;
use dlpc_engine::random::Streams;

use super::effort::{OPS_MAX, rough};
use super::{Excess, Facts, KernelFacts, KnownRuns, RawWorkload, Size};
use crate::cause::Cause;

pub(crate) use self::file::read as read_recording;
pub use self::file::{Unreadable, write as write_recording};
pub(super) use self::input::{RawRecorded, read};
pub use self::recording::{
    COLLECTIVES, CONTEXTS_MAX, Call, Communicator, EXCHANGE_REQUESTS, Posted, REQUESTS_MAX, Recording, Run, Sent, Step,
};

pub(super) const RECORDED: KernelFacts =
    KernelFacts { scenario_key: Some("workload.recorded.scale"), cause: Cause::Compute, in_words: None };

/// What a program did, and how long its CPU times are on the cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// What it did.
    pub recording: Arc<Recording>,
    /// Seconds on a core of speed 1 for each CPU second of the computer that recorded; above zero.
    pub scale: f64,
}

impl Facts for Recorded {
    fn program(&self, n_ranks: u32, overrides: CollectiveOverrides, _: Streams) -> Program {
        let run = self.recording.on(n_ranks).expect("invariant: rank counts of a scenario were recorded");
        Program::Fixed(run.ops(self.scale, overrides))
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Recorded]
    }

    fn scale_kernel(&mut self, kernel: Kernel, factor: f64) {
        if kernel == Kernel::Recorded {
            self.scale *= factor;
        }
    }

    fn excess(&self, raw: &RawWorkload, size: &Size<'_>) -> Option<Excess> {
        let most = self.recording.rank_counts().filter(|n_ranks| *n_ranks <= size.n_ranks).max();
        let n_ops = most.map_or(0, |n_ranks| Size { n_ranks, ..*size }.n_ops(self));
        (n_ops > OPS_MAX).then(|| Excess {
            code: "too_long_recording",
            at: raw.recorded.as_ref().map(|raw| raw.span),
            message: format!("the ranks have {} steps to do, more than {OPS_MAX:e}", rough(n_ops)),
            help: "record a shorter run, or fewer ranks".to_owned(),
        })
    }

    fn known_runs(&self) -> Option<KnownRuns> {
        let counts = self.recording.rank_counts().collect();
        Some(KnownRuns { counts, needs_one: true, of: "recording", how: "record with `dlpc-sim run --ranks` on" })
    }

    fn fingerprint(&self, _n_ranks: u32) -> Option<&str> {
        Some(&self.recording.fingerprint)
    }
}
