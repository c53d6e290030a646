//! Calls about sends and receives that have a number, and probes: they wait for an answer, or ask for it.

use super::Engine;
use super::matching::PostedRecv;
use super::message::{Caller, MessageId};
use super::rank::{State, Wait};
use super::requests::{Asked, Question, Slot};
use crate::program::{Op, Outcome, Pattern, RankId, Request, Status};

impl Engine<'_> {
    /// Does an op that is about requests or probes, and returns how it ends if that is at once.
    #[cold]
    pub(super) fn call(&mut self, id: RankId, op: Op) -> Option<Outcome> {
        match op {
            Op::StartRecv(request, pattern) => {
                self.start_recv(id, request, pattern);
                Some(Outcome::Done)
            }
            Op::StartMatched(request) => {
                self.start_matched(id, request);
                Some(Outcome::Done)
            }
            Op::Watch(request) => {
                self.requests.watch(id, request);
                Some(Outcome::Done)
            }
            Op::NextDone => Some(self.requests.next_done(id).unwrap_or(Outcome::Pending)),
            Op::Free(request) => {
                self.free(id, request);
                Some(Outcome::Done)
            }
            Op::Cancel(request) => Some(self.cancel(id, request)),
            Op::Wait(request) => self.ask(id, Question::Request(request), true),
            Op::Test(request) => self.ask(id, Question::Request(request), false),
            Op::WaitWatched(enough) => self.ask(id, Question::Watched(enough), true),
            Op::TestWatched(enough) => self.ask(id, Question::Watched(enough), false),
            Op::Probe(pattern) => self.probe(id, pattern, None, true),
            Op::Iprobe(pattern) => self.probe(id, pattern, None, false),
            Op::Mprobe(request, pattern) => self.probe(id, pattern, Some(request), true),
            Op::Improbe(request, pattern) => self.probe(id, pattern, Some(request), false),
            Op::Compute { .. }
            | Op::Sleep { .. }
            | Op::Send(_)
            | Op::Isend(_)
            | Op::StartSend(..)
            | Op::Recv(_)
            | Op::Irecv(_)
            | Op::RecvWithin { .. }
            | Op::WaitAll
            | Op::Look
            | Op::Time => unreachable!("bug: ops of other kinds"),
        }
    }

    fn start_recv(&mut self, id: RankId, request: Request, pattern: Pattern) {
        self.requests.open(id, request, None);
        if pattern.is_from_nobody() {
            return self.requests.finish(id, request, Status::NONE);
        }
        let wanted = self.matching.wanted(pattern);
        self.post(id, PostedRecv { wanted, caller: Caller::Named(request) });
    }

    fn start_matched(&mut self, id: RankId, request: Request) {
        match self.requests.take_held(id, request) {
            Some(message) => self.meet(message, Caller::Named(request)),
            None => self.requests.finish(id, request, Status::NONE),
        }
    }

    /// What is left of it goes on as a send or receive without a number.
    fn free(&mut self, id: RankId, request: Request) {
        let (rank, named) = (&mut self.ranks[id.0 as usize], Caller::Named(request));
        match self.requests.slot(id, request) {
            Slot::Free | Slot::Done(_) => {}
            Slot::Held(_) => panic!("bug: rank {} frees request {}, a message of a probe", id.0, request.0),
            Slot::Open(None) => {
                rank.outstanding += 1;
                self.matching.rename(id, &mut rank.mailbox, named, Caller::Nonblocking);
            }
            Slot::Open(Some(message)) => {
                rank.outstanding += 1;
                if self.messages.get(message).to == id && self.messages.receiver(message) == named {
                    self.messages.set_receiver(message, Caller::Nonblocking);
                } else {
                    self.messages.set_sender(message, Caller::Nonblocking);
                }
            }
        }
        self.requests.free(id, request);
    }

    fn cancel(&mut self, id: RankId, request: Request) -> Outcome {
        let mailbox = &mut self.ranks[id.0 as usize].mailbox;
        if self.matching.withdraw(id, mailbox, Caller::Named(request)).is_none() {
            return Outcome::Pending;
        }
        self.requests.free(id, request);
        Outcome::Done
    }

    fn probe(&mut self, id: RankId, pattern: Pattern, holder: Option<Request>, is_waiting: bool) -> Option<Outcome> {
        if pattern.is_from_nobody() {
            return Some(Outcome::Found(Status::NONE));
        }
        let wanted = self.matching.wanted(pattern);
        let question = match holder {
            Some(request) => Question::Matched(request, wanted),
            None => Question::Message(wanted),
        };
        self.ask(id, question, is_waiting)
    }

    /// Asks; returns the answer if it is there at once.
    fn ask(&mut self, id: RankId, question: Question, is_waiting: bool) -> Option<Outcome> {
        self.requests.ask(id, Asked { question, is_waiting });
        if let Some(outcome) = self.answer(id) {
            return Some(outcome);
        }
        let rank = &mut self.ranks[id.0 as usize];
        if is_waiting || !rank.tasks.is_empty() {
            self.wait(id, Wait::Answer);
            return None;
        }
        self.answer_nothing(id)
    }

    /// As [`Engine::progress`], of a rank that waits for the answer to what it has asked.
    #[cold]
    pub(super) fn progress_to_answer(&mut self, id: RankId) {
        if let Some(outcome) = self.answer(id) {
            self.step(id, outcome);
        } else if !self.do_task(id)
            && let Some(outcome) = self.answer_nothing(id)
        {
            self.step(id, outcome);
        }
    }

    /// Returns the answer to what a rank has asked, once there is one.
    fn answer(&mut self, id: RankId) -> Option<Outcome> {
        let mailbox = &mut self.ranks[id.0 as usize].mailbox;
        match self.requests.asked(id).expect("invariant: asked").question {
            Question::Request(request) => self.requests.take(id, request),
            Question::Watched(enough) => self.requests.take_watched(id, enough),
            Question::Message(wanted) => {
                let message = self.matching.find_message(id, mailbox, wanted, &self.messages)?;
                Some(Outcome::Found(self.status(message)))
            }
            Question::Matched(request, wanted) => {
                let message = self.matching.find_message(id, mailbox, wanted, &self.messages)?;
                self.matching.take_found(id, mailbox, message, &mut self.messages);
                self.requests.hold(id, request, message);
                Some(Outcome::Found(self.status(message)))
            }
        }
    }

    /// Ends a test to which the answer is no; does nothing where a rank waits for the answer. A rank that tests for ever,
    /// without any time in between, is left where it is.
    fn answer_nothing(&mut self, id: RankId) -> Option<Outcome> {
        if self.requests.asked(id).expect("invariant: asked").is_waiting {
            return None;
        }
        if self.requests.find_nothing(id, self.now) {
            self.ranks[id.0 as usize].state = State::Waiting(Wait::Nothing);
            return None;
        }
        Some(Outcome::Pending)
    }

    /// Returns what a receive of a message got.
    pub(super) fn status(&self, message: MessageId) -> Status {
        let message = self.messages.get(message);
        Status { from: message.from, tag: self.matching.labels.tag(message.label), bytes: message.bytes }
    }

    /// Returns whether a rank waits for a message that it does not receive.
    pub(super) fn is_probing(&self, id: RankId) -> bool {
        self.ranks[id.0 as usize].state == State::Waiting(Wait::Answer)
            && self
                .requests
                .asked(id)
                .is_some_and(|asked| matches!(asked.question, Question::Message(_) | Question::Matched(..)))
    }
}
