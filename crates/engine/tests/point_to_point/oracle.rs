//! A slow, obvious executor of programs whose ranks share one host with a core for each: what docs/model.md says, without
//! queue, lists of ranks or memory of its own. At each instant it looks at everything until nothing changes any more.

mod rank;

use dlpc_engine::program::{
    Context, Enough, Envelope, Op, Outcome, Pattern, RankId, Reactive, Request, SendMode, Source, Status, Tag,
};
use dlpc_engine::units::Bytes;

use self::rank::{Call, Caller, Chore, Rank, Work};

/// What messages cost, in picoseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Costs {
    pub(super) send: u64,
    pub(super) recv: u64,
    pub(super) latency: u64,
    /// Of each byte, under way.
    pub(super) byte_gap: u64,
    pub(super) eager_limit: u64,
}

/// How a run ended: when each rank finished, or which could not, at which op.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Finished(Vec<u64>),
    Stuck(Vec<(u32, u64)>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Unsent,
    /// The envelope comes then, but is not seen before those sent earlier.
    Coming(u64),
    /// The receiver can see it, or has taken it.
    There,
}

#[derive(Debug, Clone)]
struct Message {
    from: usize,
    to: usize,
    context: Context,
    tag: Tag,
    bytes: Bytes,
    is_rendezvous: bool,
    is_synchronous: bool,
    sender: Caller,
    receiver: Caller,
    place: Place,
}

/// What happens to a message that is met.
#[derive(Debug, Clone, Copy)]
struct Flying {
    at: u64,
    message: usize,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    AnswerComes,
    DataLeaves,
    DataComes,
}

pub(super) struct Oracle<'p> {
    costs: Costs,
    program: &'p mut dyn Reactive,
    now: u64,
    ranks: Vec<Rank>,
    messages: Vec<Message>,
    flying: Vec<Flying>,
}

/// Runs a program, and returns how it ended and how each op of each rank did.
pub(super) fn run(program: &mut dyn Reactive, n_ranks: usize, costs: Costs) -> (Ending, Vec<Vec<Outcome>>) {
    let ranks = vec![Rank::NEW; n_ranks];
    let mut oracle = Oracle { costs, program, now: 0, ranks, messages: Vec::new(), flying: Vec::new() };
    let mut outcomes = vec![Vec::new(); n_ranks];
    loop {
        while oracle.changes(&mut outcomes) {}
        let Some(next) = oracle.next_instant() else { break };
        oracle.now = next;
    }
    let stuck: Vec<_> = (0..).zip(&oracle.ranks).filter(|(_, rank)| rank.finished.is_none()).collect();
    if stuck.is_empty() {
        return (Ending::Finished(oracle.ranks.iter().filter_map(|rank| rank.finished).collect()), outcomes);
    }
    (Ending::Stuck(stuck.into_iter().map(|(id, rank)| (id, rank.n_ops - 1)).collect()), outcomes)
}

impl Oracle<'_> {
    fn next_instant(&self) -> Option<u64> {
        let works = self.ranks.iter().filter_map(|rank| rank.work.map(|(until, _)| until));
        let envelopes = self.messages.iter().filter_map(|message| match message.place {
            Place::Coming(at) => Some(at),
            Place::Unsent | Place::There => None,
        });
        let rest = self.flying.iter().map(|flying| flying.at);
        works.chain(envelopes).chain(rest).filter(|at| *at > self.now).min()
    }

    /// Does one thing that can be done now.
    fn changes(&mut self, outcomes: &mut [Vec<Outcome>]) -> bool {
        self.arrives() || (0..self.ranks.len()).any(|id| self.ends_work(id) || self.goes_on(id, outcomes))
    }

    fn arrives(&mut self) -> bool {
        if let Some(i) = self.flying.iter().position(|flying| flying.at <= self.now) {
            let Flying { message: id, what, .. } = self.flying.remove(i);
            let Message { from, to, is_rendezvous, sender, .. } = self.messages[id];
            match what {
                What::DataComes => self.ranks[to].chores.push(Chore::Receive(id)),
                What::DataLeaves => self.ranks[from].finish(sender, Outcome::Done),
                What::AnswerComes if is_rendezvous => self.ranks[from].chores.push(Chore::SendData(id)),
                What::AnswerComes => self.ranks[from].chores.push(Chore::TakeAnswer(id)),
            }
            return true;
        }
        let comes = |place: Place| matches!(place, Place::Coming(at) if at <= self.now);
        let is_first = |id: usize| {
            let Message { from, to, .. } = self.messages[id];
            let mut earlier = self.messages[..id].iter();
            !earlier.any(|other| other.from == from && other.to == to && matches!(other.place, Place::Coming(_)))
        };
        let Some(id) = (0..self.messages.len()).find(|id| comes(self.messages[*id].place) && is_first(*id)) else {
            return false;
        };
        self.messages[id].place = Place::There;
        let to = self.messages[id].to;
        self.ranks[to].here.push(id);
        if let Some(i) = (0..self.ranks[to].posted.len()).find(|i| self.takes(self.ranks[to].posted[*i].0, id)) {
            let (_, caller) = self.ranks[to].posted.remove(i);
            self.meet(id, caller);
        }
        true
    }

    fn takes(&self, pattern: Pattern, id: usize) -> bool {
        let Message { from, context, tag, .. } = self.messages[id];
        let is_from = pattern.from == Source::Any || pattern.from == Source::Rank(rank_id(from));
        is_from && pattern.context == context && pattern.tag.is_none_or(|wanted| wanted == tag)
    }

    fn meet(&mut self, id: usize, receiver: Caller) {
        self.messages[id].receiver = receiver;
        let Message { to, is_rendezvous, .. } = self.messages[id];
        let chore = if is_rendezvous { Chore::Answer(id) } else { Chore::Receive(id) };
        self.ranks[to].here.retain(|here| *here != id);
        self.ranks[to].chores.push(chore);
    }

    fn ends_work(&mut self, id: usize) -> bool {
        let Some((until, work)) = self.ranks[id].work else { return false };
        if until > self.now {
            return false;
        }
        self.ranks[id].work = None;
        let (now, Costs { latency, byte_gap, .. }) = (self.now, self.costs);
        match work {
            Work::Compute => self.ranks[id].outcome = Some(Outcome::Done),
            Work::Send(message) => {
                let bytes = if self.messages[message].is_rendezvous { 0 } else { self.messages[message].bytes.0 };
                self.messages[message].place = Place::Coming(now + bytes * byte_gap + latency);
                let Message { is_rendezvous, is_synchronous, sender, .. } = self.messages[message];
                let is_done = !is_rendezvous && !is_synchronous;
                match sender {
                    Caller::Blocking if !is_done => self.ranks[id].call = Some((Call::Blocking, true)),
                    Caller::Unnamed if !is_done => self.ranks[id].n_unnamed += 1,
                    Caller::Named(request) if is_done => self.ranks[id].done.push((request, Status::NONE)),
                    Caller::Named(request) => self.ranks[id].open.push(request),
                    Caller::Blocking | Caller::Unnamed => {}
                }
                if self.ranks[id].call.is_none() {
                    self.ranks[id].outcome = Some(Outcome::Done);
                }
            }
            Work::Chore(Chore::Answer(message)) => {
                self.flying.push(Flying { at: now + latency, message, what: What::AnswerComes });
            }
            Work::Chore(Chore::SendData(message)) => {
                let left = now + self.messages[message].bytes.0 * byte_gap;
                self.flying.push(Flying { at: left, message, what: What::DataLeaves });
                self.flying.push(Flying { at: left + latency, message, what: What::DataComes });
            }
            Work::Chore(Chore::Receive(message)) => {
                let Message { is_rendezvous, is_synchronous, receiver, .. } = self.messages[message];
                if is_synchronous && !is_rendezvous {
                    self.flying.push(Flying { at: now + latency, message, what: What::AnswerComes });
                }
                let status = self.status(message);
                self.ranks[id].finish(receiver, Outcome::Received(status));
            }
            Work::Chore(Chore::TakeAnswer(message)) => {
                let sender = self.messages[message].sender;
                self.ranks[id].finish(sender, Outcome::Done);
            }
        }
        true
    }

    fn status(&self, id: usize) -> Status {
        let Message { from, tag, bytes, .. } = self.messages[id];
        Status { from: rank_id(from), tag, bytes }
    }

    fn goes_on(&mut self, id: usize, outcomes: &mut [Vec<Outcome>]) -> bool {
        if self.ranks[id].work.is_some() || self.ranks[id].finished.is_some() {
            return false;
        }
        if let Some((call, is_waiting)) = self.ranks[id].call {
            let mut answer = self.answer(id, call);
            if answer.is_none() && self.ranks[id].chores.is_empty() {
                answer = (!is_waiting).then_some(Outcome::Pending);
            }
            if answer.is_some() {
                (self.ranks[id].call, self.ranks[id].outcome) = (None, answer);
                return true;
            }
            return self.does_chore(id);
        }
        let outcome = self.ranks[id].outcome.take().expect("a rank that can go on");
        if self.ranks[id].n_ops > 0 {
            outcomes[id].push(outcome);
        }
        match self.program.next(rank_id(id), outcome) {
            None => self.ranks[id].finished = Some(self.now),
            Some(op) => {
                self.ranks[id].n_ops += 1;
                self.begin(id, op);
            }
        }
        true
    }

    fn does_chore(&mut self, id: usize) -> bool {
        if self.ranks[id].chores.is_empty() {
            return false;
        }
        let chore = self.ranks[id].chores.remove(0);
        let Costs { send, recv, .. } = self.costs;
        let work = match chore {
            Chore::Answer(_) | Chore::SendData(_) => recv + send,
            Chore::Receive(message) => {
                let Message { is_rendezvous, is_synchronous, .. } = self.messages[message];
                recv + if is_synchronous && !is_rendezvous { send } else { 0 }
            }
            Chore::TakeAnswer(_) => recv,
        };
        self.ranks[id].work = Some((self.now + work, Work::Chore(chore)));
        true
    }

    fn answer(&mut self, id: usize, call: Call) -> Option<Outcome> {
        let rank = &mut self.ranks[id];
        match call {
            Call::Blocking => rank.ended.take(),
            Call::All => (rank.n_unnamed == 0).then_some(Outcome::Done),
            Call::Request(request) => (!rank.open.contains(&request)).then(|| rank.take_done(request)),
            Call::Watched(Enough::All) => {
                rank.watched.iter().all(|request| !rank.open.contains(request)).then_some(Outcome::Done)
            }
            Call::Watched(Enough::One) => {
                let is_unused = rank.watched.iter().all(|request| rank.is_unused(*request));
                rank.next_watched = 0;
                if is_unused { Some(Outcome::Done) } else { rank.next_done() }
            }
            Call::Probe(pattern, holder) => {
                let message = self.first_here(id, pattern)?;
                if let Some(request) = holder {
                    self.ranks[id].here.retain(|here| *here != message);
                    self.ranks[id].held.push((request, message));
                }
                Some(Outcome::Found(self.status(message)))
            }
        }
    }

    fn first_here(&self, id: usize, pattern: Pattern) -> Option<usize> {
        self.ranks[id].here.iter().copied().find(|message| self.takes(pattern, *message))
    }

    fn begin(&mut self, id: usize, op: Op) {
        let rank = &mut self.ranks[id];
        let (now, mut ask) = (self.now, None);
        rank.outcome = Some(Outcome::Done);
        match op {
            Op::Compute { work, .. } => {
                (rank.outcome, rank.work) = (None, Some((now + work.as_picos(), Work::Compute)));
            }
            Op::Send(envelope) => self.send(id, envelope, Caller::Blocking),
            Op::Isend(envelope) => self.send(id, envelope, Caller::Unnamed),
            Op::StartSend(request, envelope) => self.send(id, envelope, Caller::Named(request)),
            Op::Recv(pattern) => {
                self.post(id, pattern, Caller::Blocking);
                ask = Some((Call::Blocking, true));
            }
            Op::Irecv(pattern) => {
                rank.n_unnamed += 1;
                self.post(id, pattern, Caller::Unnamed);
            }
            Op::StartRecv(request, pattern) => {
                rank.open.push(request);
                self.post(id, pattern, Caller::Named(request));
            }
            Op::StartMatched(request) => {
                let i = rank.held.iter().position(|(held, _)| *held == request).expect("a message that is held");
                let (_, message) = rank.held.remove(i);
                rank.open.push(request);
                self.meet(message, Caller::Named(request));
            }
            Op::WaitAll => ask = Some((Call::All, true)),
            Op::Wait(request) => ask = Some((Call::Request(request), true)),
            Op::Test(request) => ask = Some((Call::Request(request), false)),
            Op::WaitWatched(enough) => ask = Some((Call::Watched(enough), true)),
            Op::TestWatched(enough) => ask = Some((Call::Watched(enough), false)),
            Op::Probe(pattern) => ask = Some((Call::Probe(pattern, None), true)),
            Op::Iprobe(pattern) => ask = Some((Call::Probe(pattern, None), false)),
            Op::Mprobe(request, pattern) => ask = Some((Call::Probe(pattern, Some(request)), true)),
            Op::Improbe(request, pattern) => ask = Some((Call::Probe(pattern, Some(request)), false)),
            Op::Watch(request) => {
                if std::mem::take(&mut rank.is_list_over) {
                    rank.watched.clear();
                }
                rank.watched.push(request);
            }
            Op::NextDone => rank.outcome = Some(rank.next_done().unwrap_or(Outcome::Pending)),
            Op::Cancel(request) => {
                let i = rank.posted.iter().position(|(_, caller)| *caller == Caller::Named(request));
                if let Some(i) = i {
                    rank.posted.remove(i);
                    rank.open.retain(|open| *open != request);
                } else {
                    rank.outcome = Some(Outcome::Pending);
                }
            }
            Op::Free(request) => self.free(id, request),
            Op::Sleep { .. } | Op::RecvWithin { .. } | Op::Look | Op::Time => panic!("not in these programs"),
        }
        if ask.is_some() {
            let rank = &mut self.ranks[id];
            (rank.call, rank.outcome) = (ask, None);
            if matches!(ask, Some((Call::Watched(_), _))) {
                (rank.is_list_over, rank.next_watched) = (true, 0);
            }
        }
    }

    fn send(&mut self, id: usize, envelope: Envelope, caller: Caller) {
        let Envelope { to, tag, bytes, context, mode } = envelope;
        let mut sender = caller;
        if mode == SendMode::Buffered {
            if let Caller::Named(request) = caller {
                self.ranks[id].done.push((request, Status::NONE));
            }
            sender = Caller::Unnamed;
        }
        self.messages.push(Message {
            from: id,
            to: usize::try_from(to.0).expect("few ranks"),
            context,
            tag,
            bytes,
            is_rendezvous: bytes.0 > self.costs.eager_limit,
            is_synchronous: mode == SendMode::Synchronous,
            sender,
            receiver: Caller::Blocking,
            place: Place::Unsent,
        });
        let rank = &mut self.ranks[id];
        let work = Work::Send(self.messages.len() - 1);
        (rank.outcome, rank.work) = (None, Some((self.now + self.costs.send, work)));
    }

    fn post(&mut self, id: usize, pattern: Pattern, caller: Caller) {
        match self.first_here(id, pattern) {
            Some(message) => self.meet(message, caller),
            None => self.ranks[id].posted.push((pattern, caller)),
        }
    }

    /// What has the number goes on without one.
    fn free(&mut self, id: usize, request: Request) {
        let (rank, named) = (&mut self.ranks[id], Caller::Named(request));
        rank.done.retain(|(done, _)| *done != request);
        if !rank.open.contains(&request) {
            return;
        }
        rank.open.retain(|open| *open != request);
        rank.n_unnamed += 1;
        for (_, caller) in &mut rank.posted {
            *caller = if *caller == named { Caller::Unnamed } else { *caller };
        }
        for message in &mut self.messages {
            if message.from == id && message.sender == named {
                message.sender = Caller::Unnamed;
            }
            if message.to == id && message.receiver == named {
                message.receiver = Caller::Unnamed;
            }
        }
    }
}

fn rank_id(rank: usize) -> RankId {
    RankId(u32::try_from(rank).expect("few ranks"))
}
