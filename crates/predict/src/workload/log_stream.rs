//! The workload `log_stream`: analysing log files that a sequential producer writes.

mod effort;
mod input;
mod knobs;
mod program;

use dlpc_engine::engine::Production;
use dlpc_engine::machine::{CollectiveOverrides, Kernel};
use dlpc_engine::named;
use dlpc_engine::program::Program;
use dlpc_engine::random::{Distribution, Streams};
use dlpc_engine::units::{Bytes, SimDuration};

use super::{Edit, Excess, Facts, KernelFacts, RawWorkload, Scope, Size};
use crate::cause::Cause;
use crate::knob::{Knob, Position, Turned};

pub(super) use self::input::{RawLogStream, read};
use self::program::{FirstFree, Rounds};

/// Analysing log files that a sequential producer writes.
#[derive(Debug, Clone, PartialEq)]
pub struct LogStream {
    /// Log files in all.
    pub items: u32,
    /// Time between two log files.
    pub interval: SimDuration,
    /// When the first log file is complete.
    pub first: SimDuration,
    /// Random addition to each interval, exponentially distributed with this mean.
    pub jitter: SimDuration,
    /// Service time of one log file on a core of speed 1.
    pub analysis: Distribution,
    /// How often rank 0 looks for new log files; above zero.
    pub poll: SimDuration,
    /// Size of the message that names a log file.
    pub item_bytes: Bytes,
    /// Size of the message with the result of one analysis.
    pub result_bytes: Bytes,
    /// Who takes the next log file.
    pub dispatch: Dispatch,
}

named! {
    /// Who takes the next log file.
    pub enum Dispatch as "Dispatch" {
        Rounds = "rounds" => "Rank 0 scatters what is there, all analyse, rank 0 gathers; then the next round.",
        FirstFree = "first-free" => "Rank 0 hands the next log file to the first idle worker.",
    }
}

pub(super) const ANALYSE: KernelFacts = KernelFacts {
    scenario_key: Some("workload.log_stream.analysis"),
    cause: Cause::Compute,
    in_words: Some((Cause::Sleep, "a complete log file waiting for the next look")),
};

const FIRST_FREE: Edit = Edit { key: "first_free", name: "first-free instead of rounds", scope: Scope::Dispatch };
const ROUNDS: Edit = Edit { key: "rounds", name: "rounds instead of first-free", scope: Scope::Dispatch };
const PRODUCER_TWICE_AS_FAST: Edit =
    Edit { key: "producer_twice_as_fast", name: "a producer twice as fast", scope: Scope::Setting };
const POLL_OVER_TEN: Edit = Edit { key: "poll_over_ten", name: "looking ten times as often", scope: Scope::Setting };

impl Facts for LogStream {
    fn program(&self, n_ranks: u32, overrides: CollectiveOverrides, streams: Streams) -> Program {
        Program::Reactive(match self.dispatch {
            Dispatch::Rounds => Box::new(Rounds::new(self, n_ranks, overrides, streams)),
            Dispatch::FirstFree => Box::new(FirstFree::new(self, n_ranks, streams)),
        })
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Analyse]
    }

    fn scale_kernel(&mut self, kernel: Kernel, factor: f64) {
        if kernel == Kernel::Analyse {
            scale(&mut self.analysis, factor);
        }
    }

    fn excess(&self, raw: &RawWorkload, size: &Size<'_>) -> Option<Excess> {
        let raw = raw.log_stream.as_ref().map(|raw| &raw.value);
        effort::items(raw, self, size).or_else(|| effort::looks(raw, self, size.machine))
    }

    fn is_random(&self) -> bool {
        !self.analysis.is_constant() || self.jitter != SimDuration::ZERO
    }

    fn production(&self) -> Option<Production> {
        let Self { items, first, interval, jitter, .. } = *self;
        Some(Production { items, first, interval, jitter })
    }

    fn n_looks(&self) -> u64 {
        effort::n_looks(self)
    }

    fn times(&mut self) -> Vec<(&'static str, &mut SimDuration)> {
        vec![
            ("workload.log_stream.interval", &mut self.interval),
            ("workload.log_stream.first", &mut self.first),
            ("workload.log_stream.poll", &mut self.poll),
        ]
    }

    fn edits(&self) -> &'static [Edit] {
        &[FIRST_FREE, ROUNDS, PRODUCER_TWICE_AS_FAST, POLL_OVER_TEN]
    }

    fn edit(&mut self, edit: Edit) {
        match edit {
            FIRST_FREE => self.dispatch = Dispatch::FirstFree,
            ROUNDS => self.dispatch = Dispatch::Rounds,
            PRODUCER_TWICE_AS_FAST => {
                for time in [&mut self.first, &mut self.interval, &mut self.jitter] {
                    *time = time.scaled_by(0.5);
                }
            }
            _ => self.poll = self.poll.scaled_by(0.1),
        }
    }

    fn knobs(&self) -> Vec<Knob> {
        knobs::all(self)
    }

    fn turned(&self, knob: &str, to: Position) -> Option<Turned> {
        knobs::turned(self, knob, to)
    }

    fn placeholders(&self) -> Vec<(&'static str, String)> {
        vec![("{items}", self.items.to_string()), ("{interval}", self.interval.as_seconds().to_string())]
    }
}

fn scale(distribution: &mut Distribution, factor: f64) {
    let scale = |time: &mut SimDuration| *time = time.scaled_by(factor);
    match distribution {
        Distribution::Constant(time) | Distribution::Exponential { mean: time } => scale(time),
        Distribution::Lognormal { median, .. } => scale(median),
        Distribution::Uniform { low, high } => {
            scale(low);
            scale(high);
        }
    }
}
