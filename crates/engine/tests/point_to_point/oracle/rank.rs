//! What the executor keeps of a rank, in plain lists.

use dlpc_engine::program::{Enough, Outcome, Pattern, Request, Status};

/// Who is to be told that a send or receive is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Caller {
    Blocking,
    Unnamed,
    Named(Request),
}

/// What a core does for a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Chore {
    Answer(usize),
    SendData(usize),
    Receive(usize),
    TakeAnswer(usize),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Work {
    Compute,
    Send(usize),
    Chore(Chore),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Call {
    Blocking,
    All,
    Request(Request),
    Watched(Enough),
    Probe(Pattern, Option<Request>),
}

#[derive(Debug, Clone)]
pub(super) struct Rank {
    /// What the core does, and until when.
    pub(super) work: Option<(u64, Work)>,
    /// The call that it is in; whether it waits there.
    pub(super) call: Option<(Call, bool)>,
    pub(super) finished: Option<u64>,
    pub(super) n_ops: u64,
    /// How the next op is to be asked for.
    pub(super) outcome: Option<Outcome>,
    /// How the blocking call ended.
    pub(super) ended: Option<Outcome>,
    pub(super) chores: Vec<Chore>,
    pub(super) posted: Vec<(Pattern, Caller)>,
    /// Messages that it can see, and no receive has taken.
    pub(super) here: Vec<usize>,
    pub(super) n_unnamed: u32,
    pub(super) open: Vec<Request>,
    pub(super) held: Vec<(Request, usize)>,
    pub(super) done: Vec<(Request, Status)>,
    pub(super) watched: Vec<Request>,
    pub(super) next_watched: usize,
    pub(super) is_list_over: bool,
}

impl Rank {
    pub(super) const NEW: Self = Self {
        work: None,
        call: None,
        finished: None,
        n_ops: 0,
        outcome: Some(Outcome::Started),
        ended: None,
        chores: Vec::new(),
        posted: Vec::new(),
        here: Vec::new(),
        n_unnamed: 0,
        open: Vec::new(),
        held: Vec::new(),
        done: Vec::new(),
        watched: Vec::new(),
        next_watched: 0,
        is_list_over: false,
    };

    pub(super) fn finish(&mut self, caller: Caller, outcome: Outcome) {
        match caller {
            Caller::Blocking => self.ended = Some(outcome),
            Caller::Unnamed => self.n_unnamed -= 1,
            Caller::Named(request) => {
                self.open.retain(|open| *open != request);
                let status = if let Outcome::Received(status) = outcome { status } else { Status::NONE };
                self.done.push((request, status));
            }
        }
    }

    pub(super) fn is_done(&self, request: Request) -> bool {
        self.done.iter().any(|(done, _)| *done == request)
    }

    pub(super) fn is_unused(&self, request: Request) -> bool {
        !self.open.contains(&request) && !self.is_done(request)
    }

    pub(super) fn take_done(&mut self, request: Request) -> Outcome {
        let found = self.done.iter().position(|(done, _)| *done == request);
        Outcome::Completed(request, found.map_or(Status::NONE, |i| self.done.remove(i).1))
    }

    pub(super) fn next_done(&mut self) -> Option<Outcome> {
        let rest = self.next_watched..self.watched.len();
        let i = rest.into_iter().find(|i| self.is_done(self.watched[*i]))?;
        self.next_watched = i + 1;
        Some(self.take_done(self.watched[i]))
    }
}
