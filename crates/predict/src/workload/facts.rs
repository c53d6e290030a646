//! What other modules ask a workload. Most answers have a default, so that a workload says what is special about it.

use dlpc_engine::engine::Production;
use dlpc_engine::machine::{CollectiveOverrides, Kernel, Kernels};
use dlpc_engine::program::Program;
use dlpc_engine::random::Streams;
use dlpc_engine::units::SimDuration;

use super::recorded::Phase;
use super::{Excess, RawWorkload, Size, TracedRun};
use crate::cause::Cause;
use crate::diagnostic::{Diagnostics, Problem, Span};
use crate::knob::{Knob, Position, Turned};

/// What other modules ask a workload.
pub(crate) trait Facts {
    /// Returns what `n_ranks` ranks do; there is at least one.
    fn program(&self, n_ranks: u32, overrides: CollectiveOverrides, streams: Streams) -> Program;

    /// Returns the kernels that its ranks run.
    fn kernels(&self) -> &'static [Kernel];

    /// Changes the cost of a kernel by a factor; does nothing with those that it does not run.
    fn scale_kernel(&mut self, kernel: Kernel, factor: f64);

    /// Returns what of it would be too much to simulate; `raw` is where it stands in the file.
    fn excess(&self, raw: &RawWorkload, size: &Size<'_>) -> Option<Excess>;

    /// Returns what is wrong with it on `n_ranks` ranks.
    fn problems_on(&self, _n_ranks: u32) -> Vec<Problem> {
        Vec::new()
    }

    /// Returns the runs of which it is known what they do; none if that is so at any rank count.
    fn known_runs(&self) -> Option<KnownRuns> {
        None
    }

    /// Returns a hash of what it does on `n_ranks` ranks, where the scenario file does not say all of that.
    fn fingerprint(&self, _n_ranks: u32) -> Option<&str> {
        None
    }

    /// Returns whether it differs from replication to replication even on a machine without noise.
    fn is_random(&self) -> bool {
        false
    }

    /// Returns whether the time of a run is that between the first and the last time that rank 0 asks for, by `Op::Time`.
    fn is_timed_by_itself(&self) -> bool {
        false
    }

    /// Returns for each of `n_ranks` ranks where in the user's program its computing steps are, one after the other; none where that
    /// is not known.
    fn phases(&self, _n_ranks: u32) -> Option<Vec<Vec<Phase>>> {
        None
    }

    /// Returns what a result has to say of how it was made, in sentences.
    fn cautions(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns what a producer makes while it runs.
    fn production(&self) -> Option<Production> {
        None
    }

    /// Returns about how often ranks look for what a producer has completed.
    fn n_looks(&self) -> u64 {
        0
    }

    /// Returns the costs that the machine model gives; none where the workload says itself how long it computes.
    fn costs(&self) -> Option<Kernels> {
        None
    }

    /// Puts other costs in the place of those of the machine model.
    fn set_costs(&mut self, _costs: &Kernels) {}

    /// Returns its times that are no costs of kernels, with their key paths, for sensitivities.
    fn times(&mut self) -> Vec<(&'static str, &mut SimDuration)> {
        Vec::new()
    }

    /// Returns the what-ifs of its own.
    fn edits(&self) -> &'static [Edit] {
        &[]
    }

    /// Makes a change that is one of [`Self::edits`].
    fn edit(&mut self, _edit: Edit) {}

    /// Returns the knobs of its own.
    fn knobs(&self) -> Vec<Knob> {
        Vec::new()
    }

    /// Returns what a scenario file says, and where, when one of [`Self::knobs`] is turned.
    fn turned(&self, _knob: &str, _to: Position) -> Option<Turned> {
        None
    }

    /// Returns what stands for its values in commands that measure it, with those values.
    fn placeholders(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Kernel costs of the machine model, and its file for messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KernelSource<'m> {
    pub(crate) kernels: &'m Kernels,
    pub(crate) path: &'m str,
}

/// Reads the trace that a scenario names at a place, seen from its folder; adds problems, if there are any.
pub(crate) type ReadTrace<'r> = &'r dyn Fn(&str, Span, &mut Diagnostics) -> Option<TracedRun>;

/// What a workload is read with.
#[derive(Clone, Copy)]
pub(crate) struct Source<'s> {
    /// None if there is no machine model.
    pub(crate) kernels: Option<KernelSource<'s>>,
    pub(crate) trace: ReadTrace<'s>,
}

/// What there is to say of a kernel.
#[derive(Debug, Clone, Copy)]
pub struct KernelFacts {
    /// Key path of its cost in the scenario; none if the machine model has it.
    pub scenario_key: Option<&'static str>,
    /// What its time on the critical path is spent on.
    pub cause: Cause,
    /// A cause that means something special where the kernel is on the critical path, in words.
    pub in_words: Option<(Cause, &'static str)>,
}

/// Runs of a workload that is known at some rank counts only.
#[derive(Debug, Clone)]
pub(crate) struct KnownRuns {
    /// Their rank counts, ascending.
    pub(crate) counts: Vec<u32>,
    /// Whether one rank has to be among them, for speedups.
    pub(crate) needs_one: bool,
    /// What each of them is, as a noun.
    pub(crate) of: &'static str,
    /// How to get another one, as words before "3 ranks".
    pub(crate) how: &'static str,
}

/// One change of a program, for what-ifs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// Key in JSON.
    pub key: &'static str,
    /// Name in sentences, as something one could do.
    pub name: &'static str,
    /// What it changes.
    pub scope: Scope,
}

/// What a change of a program changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What the ranks do.
    Program,
    /// Which rank does what, so that another number of ranks may be the best.
    Dispatch,
    /// What the program is given, such as a faster producer.
    Setting,
}
