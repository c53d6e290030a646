//! Programs: what each rank does, generated lazily, op by op.

pub mod as_schedule;
pub mod collective;
pub mod history;
mod op;
pub mod phase;
pub mod script;
pub mod traced;

use std::collections::VecDeque;
use std::fmt::Debug;

pub use self::op::{
    Context, Enough, Envelope, Op, Outcome, Pattern, RankId, Request, SleepReason, Source, Status, Tag,
};
pub use crate::calls::SendMode;

use self::collective::Exchange;
use self::phase::Phase;
use crate::machine::CollectiveOverrides;
use crate::units::SimTime;

/// What all ranks do in one run. Ranks share it, so that one rank can find what another has decided; a rank looks only
/// after it has received the message that carries the decision.
#[derive(Debug, Clone)]
pub enum Program {
    /// The ops of each rank, one by one.
    Fixed(Vec<VecDeque<Op>>),
    /// A fixed list of steps.
    Script(script::Script),
    /// What a rank does next depends on how its ops end, and on what other ranks have decided.
    Reactive(Box<dyn Reactive>),
    /// Another program, whose ops are remembered.
    Remembered(history::History),
}

/// A program in which what a rank does next depends on how its ops end, and on what other ranks have decided.
pub trait Reactive: Debug + Send + Sync {
    /// Returns the next op of `rank`, whose previous one ended with `outcome`; none if the rank is finished.
    fn next(&mut self, rank: RankId, outcome: Outcome) -> Option<Op>;

    /// As [`Program::n_ops_at_most`].
    fn n_ops_at_most(&self) -> u64;

    /// Hears what time it is, as an [`Op::Time`] has asked.
    fn tell(&mut self, _now: SimTime) {}

    /// Hears which message a receive with a number gets, as soon as the two have met.
    fn meet(&mut self, _receiver: RankId, _request: Request, _message: Status) {}

    /// Returns the line of a file that the latest op of `rank` stands in, if there is a file.
    fn line(&self, _rank: RankId) -> Option<u32> {
        None
    }

    /// Returns whether ranks that have finished a log file wait until all have, although more files are complete.
    fn is_in_rounds(&self) -> bool {
        false
    }

    /// Returns the program as it stands, for a second run from here.
    fn boxed(&self) -> Box<dyn Reactive>;
}

impl Clone for Box<dyn Reactive> {
    fn clone(&self) -> Self {
        self.as_ref().boxed()
    }
}

impl Program {
    /// Returns the program of `n_ranks` ranks that go through these phases.
    ///
    /// # Panics
    /// If `n_ranks` is zero.
    #[must_use]
    pub fn of_phases(phases: &[Phase], n_ranks: u32, overrides: CollectiveOverrides) -> Self {
        assert!(n_ranks > 0, "bug: a program needs a rank");
        Self::Script(phase::compile(phases, n_ranks, overrides))
    }

    /// Returns whether the ops of each rank are the same however they end, and whatever other ranks do.
    #[must_use]
    pub const fn is_static(&self) -> bool {
        matches!(self, Self::Script(_) | Self::Fixed(_))
    }

    /// As [`Reactive::line`].
    pub(crate) fn line(&self, rank: RankId) -> Option<u32> {
        if let Self::Reactive(program) = self { program.line(rank) } else { None }
    }

    /// As [`Reactive::is_in_rounds`].
    pub(crate) fn is_in_rounds(&self) -> bool {
        matches!(self, Self::Reactive(program) if program.is_in_rounds())
    }

    /// Returns the most ops that all ranks can have together, apart from looks for what a producer has completed and sleeps
    /// until the next look; at most `u64::MAX`.
    #[must_use]
    pub fn n_ops_at_most(&self) -> u64 {
        match self {
            Self::Fixed(ops) => ops.iter().map(|ops| ops.len() as u64).sum(),
            Self::Script(script) => script.n_ops(),
            Self::Reactive(program) => program.n_ops_at_most(),
            Self::Remembered(history) => history.n_ops_at_most(),
        }
    }

    /// Returns the next op of `rank`, whose previous one ended with `outcome`; none if the rank is finished.
    pub fn next(&mut self, rank: RankId, outcome: Outcome) -> Option<Op> {
        match self {
            Self::Fixed(ops) => ops[rank.0 as usize].pop_front(),
            Self::Script(script) => script.next(rank),
            Self::Reactive(program) => program.next(rank, outcome),
            Self::Remembered(history) => history.next(rank, outcome),
        }
    }

    /// Tells it what time it is, as an [`Op::Time`] has asked.
    pub(crate) fn tell(&mut self, now: SimTime) {
        match self {
            Self::Reactive(program) => program.tell(now),
            Self::Remembered(history) => history.inner().tell(now),
            Self::Fixed(_) | Self::Script(_) => {}
        }
    }

    /// Tells it which message a receive with a number gets.
    pub(crate) fn meet(&mut self, receiver: RankId, request: Request, message: Status) {
        match self {
            Self::Reactive(program) => program.meet(receiver, request, message),
            Self::Remembered(history) => history.inner().meet(receiver, request, message),
            Self::Fixed(_) | Self::Script(_) => {}
        }
    }

    /// Returns the exchange that is next, and takes its three ops, which [`Program::next`] would give: a receive and a send
    /// that are started, and a wait for both. None if something else is next.
    #[inline]
    pub(crate) fn next_exchange(&mut self, rank: RankId) -> Option<Exchange> {
        match self {
            Self::Script(script) => script.next_exchange(rank),
            Self::Fixed(_) | Self::Reactive(_) | Self::Remembered(_) => None,
        }
    }
}
