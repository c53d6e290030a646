//! Timers of ranks: how long one sleeps, and when it gives up a receive.

use super::Engine;
use super::event::Event;
use super::message::Caller;
use super::rank::{Ended, State, Wait};
use crate::program::{Outcome, RankId, SleepReason};
use crate::trace::{Activity, ActivityKind, Losses};
use crate::units::SimDuration;

impl Engine<'_> {
    pub(super) fn set_timer(&mut self, id: RankId, duration: SimDuration) {
        let rank = &mut self.ranks[id.0 as usize];
        rank.timer_generation = rank.timer_generation.wrapping_add(1);
        let generation = rank.timer_generation;
        self.push(self.now + duration, Event::Timer { rank: id, generation });
    }

    /// The timer of a rank rings: it has slept long enough, or gives up its receive.
    pub(super) fn ring(&mut self, id: RankId, generation: u32) {
        let rank = &mut self.ranks[id.0 as usize];
        if generation != rank.timer_generation {
            return;
        }
        let reason = match rank.state {
            State::Sleeping(reason) => reason,
            State::Waiting(Wait::RecvWithin) => {
                self.matching.withdraw(id, &mut rank.mailbox, Caller::Blocking);
                rank.ended = Some(Ended::TimedOut);
                SleepReason::Poll
            }
            State::Waiting(_) | State::Computing | State::Finished => return,
        };
        if rank.work.is_some() {
            return;
        }
        let is_asleep = matches!(rank.state, State::Sleeping(_));
        if let Some(work) = self.works.get_mut(id.0 as usize) {
            let (kind, lost) = (ActivityKind::Sleep(reason), Losses::default());
            let activity = Activity { kind, start: work.ready_at, end: self.now, enabled_by: work.ready_by, lost };
            work.end(self.now);
            self.recorder.activity(id, activity);
        }
        if is_asleep {
            self.step(id, Outcome::Done);
        } else {
            self.progress(id);
        }
    }
}
