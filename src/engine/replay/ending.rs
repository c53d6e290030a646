//! The end of a replay: what is reported, or what has no other half.

use super::matching::takes;
use super::{Executor, Half, Later, ReplayError, Unmatched, Waits};
use crate::schedule::{Action, OpId, Schedule};
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
            shown.push((self.schedule.rank_of(op), self.schedule.line(op), op));
            if shown.len() >= 4096 {
                shown.sort();
                shown.truncate(SHOWN);
            }
        }
        shown.sort();
        shown.truncate(SHOWN);
        let mut promised = Vec::new();
        shown.into_iter().map(|(_, _, op)| self.describe(op, &mut promised)).collect()
    }

    /// Returns the other half of `op` to which its rank has not come, unless another one is to have it.
    fn later(&self, op: OpId, promised: &mut Vec<OpId>) -> Option<OpId> {
        let schedule = self.schedule;
        let ranks = match schedule.action(op) {
            Action::Send(channel, _) => schedule.channel(channel).to..schedule.channel(channel).to + 1,
            Action::Recv(channel, _) => schedule.channel(channel).from..schedule.channel(channel).from + 1,
            Action::RecvAny(..) => 0..u32::try_from(schedule.n_ranks()).expect("invariant: ranks are a u32"),
            Action::Calc(_) => 0..0,
        };
        let mut ops = ranks.flat_map(|rank| schedule.ops_of(rank));
        let found = ops.find(|other| {
            let has_not_come = self.ops[other.0 as usize].n_left > 0;
            has_not_come && !promised.contains(other) && (meets(schedule, *other, op) || meets(schedule, op, *other))
        });
        promised.extend(found);
        found
    }

    fn describe(&self, op: OpId, promised: &mut Vec<OpId>) -> Unmatched {
        let later = self.later(op, promised);
        let half = match self.schedule.action(op) {
            Action::Send(channel, bytes) => {
                let channel = self.schedule.channel(channel);
                let is_waiting = !self.cost_of(op).is_eager;
                let waits = is_waiting
                    .then(|| if self.schedule.is_synchronous(op) { Waits::Synchronous } else { Waits::Large });
                Half::Send { to: channel.to, tag: channel.tag, bytes: bytes.0, waits }
            }
            Action::Recv(channel, _) => {
                let channel = self.schedule.channel(channel);
                Half::Recv { from: Some(channel.from), tag: Some(channel.tag) }
            }
            Action::RecvAny(wildcard, _) => Half::Recv { from: wildcard.from, tag: wildcard.tag },
            Action::Calc(_) => unreachable!("bug: a calculation has no other half"),
        };
        let later = later.map(|op| Later { rank: self.schedule.rank_of(op), line: self.schedule.line(op) });
        Unmatched { rank: self.schedule.rank_of(op), line: self.schedule.line(op), half, later }
    }
}

/// Returns whether these are a receive and a send to its rank that it takes.
fn meets(schedule: &Schedule, recv: OpId, send: OpId) -> bool {
    let Action::Send(channel, _) = schedule.action(send) else { return false };
    schedule.rank_of(recv) == schedule.channel(channel).to && takes(schedule, recv, send)
}
