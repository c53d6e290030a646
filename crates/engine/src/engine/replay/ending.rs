//! The end of a replay: what is reported, or what has no other half.

use super::{Executor, Half, ReplayError, Unmatched};
use crate::schedule::{Action, OpId};
use crate::trace::Recording;
use crate::trace::replay::{ReplayRecord, ReplayTrace};
use crate::units::SimTime;

impl Executor<'_> {
    pub(super) fn finish(self) -> Result<ReplayTrace, ReplayError> {
        let n_left = self.schedule.n_ops() as u64 - self.n_done;
        let n_unmatched = self.matching.left().count() as u64;
        if n_left > 0 || n_unmatched > 0 {
            return Err(ReplayError::Unfinished { n_left, n_unmatched, unmatched: self.unmatched() });
        }
        let makespan = self.finished_at.iter().copied().max().unwrap_or(SimTime::ZERO);
        if makespan == SimTime::from_picos(u64::MAX) {
            return Err(ReplayError::TimeOverflow);
        }
        Ok(ReplayTrace {
            makespan,
            finished_at: self.finished_at,
            last_ops: self.last_ops,
            busy: self.busy,
            n_messages: self.messages.len() as u64,
            n_events: self.n_events,
            n_other_sizes: self.n_other_sizes,
            record: (self.recording == Recording::On).then_some(ReplayRecord {
                ops: self.ops,
                causes: self.causes,
                messages: self.messages,
            }),
        })
    }

    /// Returns the first few sends and receives without their other half, by rank and line.
    fn unmatched(&self) -> Vec<Unmatched> {
        const SHOWN: usize = 8;
        let mut shown = Vec::new();
        for op in self.matching.left() {
            shown.push(self.describe(op));
            if shown.len() >= 4096 {
                shown.sort();
                shown.truncate(SHOWN);
            }
        }
        shown.sort();
        shown.truncate(SHOWN);
        shown
    }

    fn describe(&self, op: OpId) -> Unmatched {
        let half = match self.schedule.action(op) {
            Action::Send(channel, bytes) => {
                let channel = self.schedule.channel(channel);
                Half::Send { to: channel.to, tag: channel.tag, bytes: bytes.0 }
            }
            Action::Recv(channel, _) => {
                let channel = self.schedule.channel(channel);
                Half::Recv { from: Some(channel.from), tag: Some(channel.tag) }
            }
            Action::RecvAny(wildcard, _) => Half::Recv { from: wildcard.from, tag: wildcard.tag },
            Action::Calc(_) => unreachable!("bug: a calculation has no other half"),
        };
        Unmatched { rank: self.schedule.rank_of(op), line: self.schedule.line(op), half }
    }
}
