//! Why the ranks of a run that is stuck cannot go on.

use super::error::{BlockedIn, BlockedRank, Need, Reason};
use super::message::{Caller, MessageId, Protocol, Stage};
use super::rank::{Rank, State, Wait};
use super::requests::{Question, Slot};
use super::{Engine, SimError};
use crate::program::{Pattern, RankId, Request, Source};

impl Engine<'_> {
    /// Returns an error that names all ranks that have not finished, if there are any.
    pub(super) fn check_finished(&self) -> Result<(), SimError> {
        let unfinished = (0..).map(RankId).zip(&self.ranks).filter(|(_, rank)| rank.state != State::Finished);
        let blocked: Vec<BlockedRank> = unfinished.map(|(id, rank)| self.blocked(id, rank)).collect();
        if blocked.is_empty() { Ok(()) } else { Err(SimError::Deadlock { blocked }) }
    }

    fn blocked(&self, id: RankId, rank: &Rank) -> BlockedRank {
        let (call, needs) = match rank.state {
            State::Waiting(Wait::Send(message)) => (BlockedIn::Send, self.need_of_send(message).into_iter().collect()),
            State::Waiting(Wait::Recv | Wait::RecvWithin) => (BlockedIn::Recv, self.needs_of(id, Caller::Blocking)),
            State::Waiting(Wait::All) => (BlockedIn::WaitAll, self.needs_of(id, Caller::Nonblocking)),
            State::Waiting(Wait::Answer) => self.needs_of_question(id),
            State::Waiting(Wait::Nothing) | State::Computing | State::Sleeping(_) | State::Finished => {
                (BlockedIn::Tests, Vec::new())
            }
        };
        BlockedRank { rank: id, op: u64::from(rank.n_ops) - 1, line: self.program.line(id), call, needs }
    }

    fn needs_of_question(&self, id: RankId) -> (BlockedIn, Vec<Need>) {
        let question = self.requests.asked(id).expect("invariant: it waits for the answer").question;
        match question {
            Question::Request(request) => (BlockedIn::Wait, self.needs_of(id, Caller::Named(request))),
            Question::Watched(enough) => {
                let is_open = |request: &&Request| matches!(self.requests.slot(id, **request), Slot::Open(_));
                let open = self.requests.watched(id).iter().filter(is_open);
                let needs = open.flat_map(|request| self.needs_of(id, Caller::Named(*request))).collect();
                (BlockedIn::WaitWatched(enough), needs)
            }
            Question::Message(wanted) | Question::Matched(_, wanted) => {
                (BlockedIn::Probe, vec![self.need_of_message(id, self.matching.pattern(wanted))])
            }
        }
    }

    /// Returns what the sends and receives that a rank has called in this way wait for.
    fn needs_of(&self, id: RankId, caller: Caller) -> Vec<Need> {
        let mailbox = &self.ranks[id.0 as usize].mailbox;
        let posted = self.matching.posted(id, mailbox).into_iter().filter(|recv| recv.caller == caller);
        let posted = posted.map(|recv| self.need_of_message(id, self.matching.pattern(recv.wanted)));
        let messages = self.messages.under_way().flat_map(|message| {
            let (from, to) = (self.messages.get(message).from, self.messages.get(message).to);
            let is_sent = from == id && self.messages.sender(message) == caller;
            let is_received = to == id && self.is_matched(message) && self.messages.receiver(message) == caller;
            let of_send = is_sent.then(|| self.need_of_send(message)).flatten();
            [of_send, is_received.then_some(Need::Data { from })].into_iter().flatten()
        });
        posted.chain(messages).collect()
    }

    fn is_matched(&self, message: MessageId) -> bool {
        match self.messages.get(message).stage {
            Stage::Answer | Stage::SendData | Stage::Receive | Stage::TakeAnswer => true,
            Stage::InOrder | Stage::First | Stage::Behind | Stage::Held | Stage::Delivered => false,
        }
    }

    fn need_of_message(&self, id: RankId, pattern: Pattern) -> Need {
        let is_over = |rank: usize| self.ranks[rank].state == State::Finished;
        let is_over = match pattern.from {
            Source::Rank(rank) => is_over(rank.0 as usize),
            Source::Any => (0..self.ranks.len()).all(|rank| rank == id.0 as usize || is_over(rank)),
        };
        Need::Message { pattern, is_over }
    }

    /// Returns what a send waits for; none if it is done.
    fn need_of_send(&self, id: MessageId) -> Option<Need> {
        let message = self.messages.get(id);
        let is_in_hand = match message.stage {
            Stage::Answer => true,
            Stage::Receive if message.protocol == Protocol::Synchronous => true,
            Stage::Receive | Stage::SendData | Stage::TakeAnswer => return None,
            Stage::InOrder | Stage::First | Stage::Behind | Stage::Held | Stage::Delivered => false,
        };
        if is_in_hand {
            return Some(Need::Answer { by: message.to });
        }
        let costs = if self.host(message.from) == self.host(message.to) { &self.local } else { &self.remote };
        let reason = match message.protocol {
            Protocol::Eager => return None,
            Protocol::Rendezvous => Reason::Large { eager_limit: costs.eager_limit() },
            Protocol::Synchronous => Reason::Synchronous,
        };
        let labels = &self.matching.labels;
        Some(Need::Receive {
            by: message.to,
            tag: labels.tag(message.label),
            context: labels.context(message.label),
            bytes: message.bytes,
            reason,
            is_over: self.ranks[message.to.0 as usize].state == State::Finished,
        })
    }
}
