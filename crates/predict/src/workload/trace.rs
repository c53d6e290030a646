//! The workload `trace`: what the ranks of an MPI program called, as traces of real runs say, one for each rank count.

mod input;

use std::sync::Arc;

use dlpc_engine::calls::Calls;
use dlpc_engine::machine::{CollectiveOverrides, Kernel};
use dlpc_engine::program::script::{Script, Step};
use dlpc_engine::program::{Program, traced};
use dlpc_engine::random::Streams;
use dlpc_engine::units::FlopsPerSecond;

use super::effort::{OPS_MAX, rough};
use super::{Excess, Facts, KernelFacts, KnownRuns, RawWorkload, Size};
use crate::cause::Cause;

pub(super) use self::input::{RawTrace, read};

pub(super) const TRACED: KernelFacts =
    KernelFacts { scenario_key: Some("workload.trace.core_speed"), cause: Cause::Compute, in_words: None };

/// A program that was traced at some rank counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Operations that a core of speed 1 does each second.
    pub core_speed: FlopsPerSecond,
    /// Factor on all computing.
    pub work_factor: f64,
    /// The traces, by rank count; at least one.
    pub runs: Vec<TracedRun>,
}

/// The trace of one rank count.
#[derive(Debug, Clone, PartialEq)]
pub struct TracedRun {
    /// What the ranks called.
    pub calls: Arc<Calls>,
    /// Hash of the files.
    pub fingerprint: String,
}

impl TracedRun {
    fn n_ranks(&self) -> u32 {
        u32::try_from(self.calls.ranks.len()).expect("invariant: traces have few ranks")
    }
}

impl Trace {
    fn run(&self, n_ranks: u32) -> Option<&TracedRun> {
        self.runs.iter().find(|run| run.n_ranks() == n_ranks)
    }

    /// Returns how many of the trace's operations a core of speed 1 does each second.
    fn speed(&self) -> FlopsPerSecond {
        FlopsPerSecond::new(self.core_speed.as_f64() / self.work_factor).unwrap_or(self.core_speed)
    }

    /// Returns what one rank would do that had no other: all computing of the smallest trace, and nothing else.
    fn serial(&self) -> Program {
        let work = self.speed().time_for(self.runs[0].calls.flops());
        Program::Script(Script::new(vec![Step::Compute(Kernel::Traced, work)], 1))
    }
}

impl Facts for Trace {
    fn program(&self, n_ranks: u32, overrides: CollectiveOverrides, _: Streams) -> Program {
        match self.run(n_ranks) {
            Some(run) => traced::program(Arc::clone(&run.calls), self.speed(), overrides),
            None if n_ranks == 1 => self.serial(),
            None => panic!("bug: there is no trace of {n_ranks} ranks"),
        }
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Traced]
    }

    fn scale_kernel(&mut self, kernel: Kernel, factor: f64) {
        if kernel == Kernel::Traced {
            self.work_factor *= factor;
        }
    }

    fn known_runs(&self) -> Option<KnownRuns> {
        let counts = self.runs.iter().map(TracedRun::n_ranks).collect();
        Some(KnownRuns { counts, needs_one: false, of: "trace", how: "trace the program on" })
    }

    fn fingerprint(&self, n_ranks: u32) -> Option<&str> {
        let run = self.run(n_ranks).or(self.runs.first());
        run.map(|run| run.fingerprint.as_str())
    }

    fn excess(&self, raw: &RawWorkload, size: &Size<'_>) -> Option<Excess> {
        let n_ops = if self.run(size.n_ranks).is_some() { size.n_ops(self) } else { 0 };
        (n_ops > OPS_MAX).then(|| Excess {
            code: "too_many_calls",
            at: raw.trace.as_ref().map(|raw| raw.span),
            message: format!(
                "the trace of {} ranks is {} steps, with the messages of its collectives: more than {OPS_MAX:e}",
                size.n_ranks,
                rough(n_ops)
            ),
            help: "trace fewer steps of the program: the rest of a loop takes as long as what was traced".to_owned(),
        })
    }
}
