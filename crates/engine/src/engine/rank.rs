//! What the engine keeps of each rank.

use super::matching::Mailbox;
use super::message::MessageId;
use super::protocol::Task;
use super::ring::Ring;
use crate::machine::Kernel;
use crate::program::SleepReason;
use crate::trace::{Enabler, Losses};
use crate::units::{SimDuration, SimTime};

/// One rank in one cache line: with a million of them, memory decides how long an event takes.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Rank {
    pub(super) state: State,
    /// What the work on the rank's core is for, if there is any.
    pub(super) work: Option<WorkPurpose>,
    /// Work of the message protocol that waits for the core.
    pub(super) tasks: Ring,
    pub(super) mailbox: Mailbox,
    /// Started sends and receives that are not done.
    pub(super) outstanding: u32,
    /// How the blocking op ended, once it has.
    pub(super) ended: Option<Ended>,
    pub(super) timer_generation: u32,
    /// Ops begun; stops counting at 2^32.
    pub(super) n_ops: u32,
}

const _: () = assert!(size_of::<Rank>() == 64, "a rank fits in one cache line");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Its own op is on the core.
    Computing,
    Sleeping(SleepReason),
    /// Inside an MPI call, which also does the work of the message protocol.
    Waiting(Wait),
    Finished,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    Send(MessageId),
    Recv,
    RecvWithin,
    All,
    /// For the answer to what it has asked.
    Answer,
    /// It has tested again and again, without any time in between, and would do so for ever.
    Nothing,
}

/// How a blocking op ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Sent,
    Received(MessageId),
    TimedOut,
}

/// What is kept of a rank and its work only if the run is recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    /// Since when the rank can act, and what it had waited for.
    pub(super) ready_at: SimTime,
    pub(super) ready_by: Enabler,
    pub(super) start: SimTime,
    pub(super) enabled_by: Enabler,
    /// How long it takes on a core of speed 1.
    pub(super) length: SimDuration,
    /// How much of that is noise.
    pub(super) noise: SimDuration,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum WorkPurpose {
    Compute(Kernel),
    Send(MessageId),
    Task(Task),
}

impl Work {
    pub(super) const NONE: Self = Self {
        ready_at: SimTime::ZERO,
        ready_by: Enabler::Previous,
        start: SimTime::ZERO,
        enabled_by: Enabler::Previous,
        length: SimDuration::ZERO,
        noise: SimDuration::ZERO,
    };

    /// Notes that the rank can act from `now` on because of `cause`, unless it already could.
    pub(super) fn become_ready(&mut self, now: SimTime, cause: Enabler) {
        if self.ready_at < now {
            (self.ready_at, self.ready_by) = (now, cause);
        }
    }

    /// Notes that work of this length starts.
    pub(super) fn begin(&mut self, now: SimTime, cause: Enabler, length: SimDuration) {
        self.enabled_by = if self.ready_at == now { self.ready_by } else { cause };
        (self.start, self.length, self.noise) = (now, length, SimDuration::ZERO);
    }

    /// Notes that the rank has done something until `now`.
    pub(super) fn end(&mut self, now: SimTime) {
        (self.ready_at, self.ready_by) = (now, Enabler::Previous);
    }

    /// Returns by how much work that ends now has been longer than on an undisturbed core of `speed` of its own.
    pub(super) fn losses(&self, now: SimTime, speed: f64, oversubscribed_s: f64) -> Losses {
        let on_core = |work: SimDuration| SimDuration::from_seconds_ceil(work.as_seconds() / speed);
        let duration = now - self.start;
        let alone = on_core(self.length).min(duration);
        let stretched = duration.saturating_sub(alone);
        let oversubscription = SimDuration::from_seconds_ceil(oversubscribed_s).min(stretched);
        Losses {
            noise: on_core(self.noise).min(alone),
            contention: stretched.saturating_sub(oversubscription),
            oversubscription,
        }
    }
}

impl Rank {
    pub(super) const NEW: Self = Self {
        state: State::Computing,
        work: None,
        tasks: Ring::EMPTY,
        mailbox: Mailbox::EMPTY,
        outstanding: 0,
        ended: None,
        timer_generation: 0,
        n_ops: 0,
    };
}
