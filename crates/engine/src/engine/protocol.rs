//! The message protocol: eager and rendezvous, from the send call to the end of the receive.
//!
//! A message that arrives before its receive and one that arrives after it run the same code: [`Engine::meet`].

use super::costs::{RouteCost, SizeCosts, TableCosts};
use super::event::Event;
use super::matching::PostedRecv;
use super::message::{Caller, Message, MessageId, NewMessage, Protocol, Stage};
use super::network::{Transfer, TransferEnd, TransferTimes};
use super::recorder::{Injected, Way};
use super::{Ended, Engine, Network, State, Wait, WorkPurpose};
use crate::machine::Segment;
use crate::platform::{HostId, Limit};
use crate::program::{Envelope, Outcome, RankId, Request, SendMode, Status};
use crate::trace::{Enabler, Part};
use crate::units::{Bytes, SimDuration};

const NO_BYTES: Bytes = Bytes(0);

/// Work of the message protocol on the core of a rank, done while the rank is inside an MPI call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// The receiver answers the request of a rendezvous.
    Answer(MessageId),
    /// The sender, having the answer, sends the data.
    SendData(MessageId),
    /// The receiver takes the data, and answers if the message is synchronous.
    Receive(MessageId),
    /// The sender of a synchronous message takes the answer.
    TakeAnswer(MessageId),
}

impl<'a> Engine<'a> {
    /// Starts a send: the core is busy with the message (eager) or with its request (rendezvous).
    pub(super) fn start_send(&mut self, id: RankId, envelope: &Envelope, caller: Caller) {
        let hosts = (self.host(id), self.host(envelope.to));
        let costs = self.costs(hosts);
        let (mut protocol, sent_bytes) = if envelope.bytes <= costs.eager_limit() {
            (Protocol::Eager, envelope.bytes)
        } else {
            (Protocol::Rendezvous, NO_BYTES)
        };
        let work = costs.of(sent_bytes).send_busy;
        self.count_message(hosts, envelope.bytes);
        let mut sender = caller;
        if envelope.mode != SendMode::Standard {
            (protocol, sender) = self.in_mode(envelope.mode, protocol, id, caller);
        }
        let label = self.matching.labels.of(envelope.context, envelope.tag);
        let new = NewMessage { from: id, to: envelope.to, label, bytes: envelope.bytes, protocol, sender };
        let message = self.messages.insert(new);
        self.ranks[id.0 as usize].state = State::Computing;
        self.start_work(id, work, WorkPurpose::Send(message));
    }

    /// Returns how a message of another than the standard mode travels, and who is told when its send is done.
    #[cold]
    fn in_mode(&mut self, mode: SendMode, protocol: Protocol, id: RankId, caller: Caller) -> (Protocol, Caller) {
        match mode {
            SendMode::Synchronous if protocol == Protocol::Eager => (Protocol::Synchronous, caller),
            SendMode::Standard | SendMode::Ready | SendMode::Synchronous => (protocol, caller),
            SendMode::Buffered => {
                // It is done for its caller: what is left of it goes on as a send without a number.
                if let Caller::Named(request) = caller {
                    self.requests.open(id, request, None);
                    self.requests.finish(id, request, Status::NONE);
                }
                (protocol, Caller::Nonblocking)
            }
        }
    }

    fn count_message(&mut self, hosts: (HostId, HostId), bytes: Bytes) {
        self.n_messages += 1;
        let largest = if hosts.0 == hosts.1 { &mut self.largest_local } else { &mut self.largest_remote };
        *largest = (*largest).max(bytes);
    }

    /// The envelope enters the network. An eager send is done; a rendezvous waits for the answer.
    pub(super) fn end_send(&mut self, id: RankId, message_id: MessageId) {
        self.inject(message_id, Part::Envelope);
        if self.messages.get(message_id).protocol == Protocol::Eager && !self.messages.is_sender_named(message_id) {
            return self.step(id, Outcome::Done);
        }
        self.end_other_send(id, message_id);
    }

    fn end_other_send(&mut self, id: RankId, message_id: MessageId) {
        let is_done = self.messages.get(message_id).protocol == Protocol::Eager;
        match self.messages.sender(message_id) {
            Caller::Blocking => return self.wait(id, Wait::Send(message_id)),
            Caller::Nonblocking => self.ranks[id.0 as usize].outstanding += 1,
            Caller::Named(request) => {
                self.requests.open(id, request, Some(message_id));
                if is_done {
                    self.requests.finish(id, request, Status::NONE);
                }
            }
        }
        self.step(id, Outcome::Done);
    }

    /// Posts a receive.
    pub(super) fn post(&mut self, id: RankId, recv: PostedRecv) {
        let rank = &mut self.ranks[id.0 as usize];
        rank.outstanding += u32::from(recv.caller == Caller::Nonblocking);
        if let Some(message) = self.matching.post(id, &mut rank.mailbox, recv, &mut self.messages) {
            self.meet(message, recv.caller);
        }
    }

    /// An envelope can be seen by its receiver.
    fn deliver(&mut self, message_id: MessageId) {
        let to = self.messages.get(message_id).to;
        let mailbox = &mut self.ranks[to.0 as usize].mailbox;
        if let Some(recv) = self.matching.arrive(mailbox, message_id, &mut self.messages) {
            self.meet(message_id, recv.caller);
            self.progress(to);
        } else if self.is_probing(to) {
            self.progress(to);
        }
    }

    /// A message and its receive have met.
    pub(super) fn meet(&mut self, message_id: MessageId, caller: Caller) {
        self.messages.set_receiver(message_id, caller);
        let message = self.messages.get(message_id);
        let to = message.to;
        let task = match message.protocol {
            Protocol::Eager | Protocol::Synchronous => Task::Receive(message_id),
            Protocol::Rendezvous => Task::Answer(message_id),
        };
        self.add_task(to, task);
        if caller == Caller::Blocking {
            // A receive with a time limit has its message: the timer must not ring.
            let rank = &mut self.ranks[to.0 as usize];
            rank.timer_generation = rank.timer_generation.wrapping_add(1);
        } else if let Caller::Named(request) = caller {
            self.requests.meet(to, request, message_id);
            let status = self.status(message_id);
            self.program.meet(to, request, status);
        }
    }

    fn add_task(&mut self, id: RankId, task: Task) {
        let (message_id, stage) = match task {
            Task::Answer(message) => (message, Stage::Answer),
            Task::SendData(message) => (message, Stage::SendData),
            Task::Receive(message) => (message, Stage::Receive),
            Task::TakeAnswer(message) => (message, Stage::TakeAnswer),
        };
        self.messages.get_mut(message_id).stage = stage;
        self.ranks[id.0 as usize].tasks.push(&mut self.messages, message_id.0);
    }

    pub(super) fn take_task(&mut self, id: RankId) -> Option<Task> {
        let message = MessageId(self.ranks[id.0 as usize].tasks.pop(&mut self.messages)?);
        match self.messages.get(message).stage {
            Stage::Answer => Some(Task::Answer(message)),
            Stage::SendData => Some(Task::SendData(message)),
            Stage::Receive => Some(Task::Receive(message)),
            Stage::TakeAnswer => Some(Task::TakeAnswer(message)),
            Stage::InOrder | Stage::First | Stage::Behind | Stage::Held | Stage::Delivered => None,
        }
    }

    /// Returns how long a task keeps the core busy (docs/model.md eq. 5 and 6).
    pub(super) fn task_work(&mut self, task: Task) -> SimDuration {
        let (Task::Answer(id) | Task::SendData(id) | Task::Receive(id) | Task::TakeAnswer(id)) = task;
        let &Message { from, to, bytes, protocol, .. } = self.messages.get(id);
        let costs = self.costs((self.host(from), self.host(to)));
        match task {
            Task::Answer(_) => costs.of(NO_BYTES).recv_busy + costs.of(NO_BYTES).send_busy,
            Task::SendData(_) => costs.of(NO_BYTES).recv_busy + costs.of(bytes).send_busy,
            Task::Receive(_) if protocol == Protocol::Synchronous => {
                costs.of(bytes).recv_busy + costs.of(NO_BYTES).send_busy
            }
            Task::Receive(_) => costs.of(bytes).recv_busy,
            Task::TakeAnswer(_) => costs.of(NO_BYTES).recv_busy,
        }
    }

    /// A task is done.
    pub(super) fn end_task(&mut self, task: Task) {
        match task {
            Task::Answer(message) => self.inject(message, Part::Answer),
            Task::SendData(message) => self.inject(message, Part::Data),
            Task::Receive(message) => self.end_receive(message),
            Task::TakeAnswer(message) => self.end_synchronous(message),
        }
    }

    #[cold]
    fn end_synchronous(&mut self, message: MessageId) {
        let (from, sender) = (self.messages.get(message).from, self.messages.sender(message));
        self.messages.remove(message);
        self.complete_send(from, sender);
    }

    fn end_receive(&mut self, message: MessageId) {
        if self.messages.get(message).protocol == Protocol::Synchronous {
            self.inject(message, Part::Answer);
        }
        let to = self.messages.get(message).to;
        match self.messages.receiver(message) {
            Caller::Blocking => self.ranks[to.0 as usize].ended = Some(Ended::Received(message)),
            Caller::Nonblocking => {
                self.forget(message);
                self.ranks[to.0 as usize].outstanding -= 1;
            }
            Caller::Named(request) => self.end_named_receive(message, to, request),
        }
    }

    #[cold]
    fn end_named_receive(&mut self, message: MessageId, to: RankId, request: Request) {
        let status = self.take_received(message);
        self.requests.finish(to, request, status);
    }

    /// Returns what was received, with which the receiver has done all it has to.
    pub(super) fn take_received(&mut self, message: MessageId) -> Status {
        let status = self.status(message);
        self.forget(message);
        status
    }

    /// A message has been received; the sender of a synchronous one is still to take the answer.
    fn forget(&mut self, message: MessageId) {
        if self.messages.get(message).protocol != Protocol::Synchronous {
            self.messages.remove(message);
        }
    }

    /// A send of a rank is done.
    fn complete_send(&mut self, id: RankId, caller: Caller) {
        let rank = &mut self.ranks[id.0 as usize];
        match caller {
            Caller::Blocking => rank.ended = Some(Ended::Sent),
            Caller::Nonblocking => rank.outstanding -= 1,
            Caller::Named(request) => self.requests.finish(id, request, Status::NONE),
        }
    }

    /// Puts a part of a message into the network (between hosts: docs/model.md eq. 15 and 16; within a host: eq. 17).
    fn inject(&mut self, message_id: MessageId, part: Part) {
        let message = *self.messages.get(message_id);
        let (from, to) = match part {
            Part::Envelope | Part::Data => (message.from, message.to),
            Part::Answer => (message.to, message.from),
        };
        let bytes = match (part, message.protocol) {
            (Part::Envelope, Protocol::Eager | Protocol::Synchronous) | (Part::Data, _) => message.bytes,
            (Part::Envelope, Protocol::Rendezvous) | (Part::Answer, _) => NO_BYTES,
        };
        let hosts = (self.host(from), self.host(to));
        if part == Part::Envelope && !self.keeps_order(hosts) {
            self.queue_behind_pair(message_id, &message);
        }
        let injected = Injected { from, to, part, bytes, message_bytes: message.bytes };
        let id = self.recorder.transfer(injected, self.now);
        self.messages.get_mut(message_id).set_transfer(id);
        let transfer = Transfer { message: message_id, part, latency: SimDuration::ZERO, id };
        let SizeCosts { segment, wire, .. } = *self.costs(hosts).of(bytes);
        if hosts.0 == hosts.1 {
            let left_at = self.now + wire;
            self.recorder.way(id, Way::within_host(segment.latency));
            self.schedule(transfer, TransferEnd { left_at, arrives_at: left_at + segment.latency });
        } else {
            self.cross_switch(transfer, from, hosts, bytes, &segment);
        }
    }

    fn cross_switch(
        &mut self,
        mut transfer: Transfer,
        from: RankId,
        hosts: (HostId, HostId),
        bytes: Bytes,
        segment: &Segment,
    ) {
        let RouteCost { latency: undisturbed, stored, wire } = self.routes.of(hosts, bytes, segment);
        let drawn = self.noise.jitter(from, undisturbed);
        let latency = drawn + stored;
        if self.recorder.is_on() {
            let route = self.platform.route(hosts.0, hosts.1);
            let limit = match &self.network {
                Network::Flow(_) => Limit::EndPoints,
                Network::Loggops(_) => self.platform.narrowest(&route, segment.byte_gap),
            };
            let (latency, jitter) = (drawn.min(undisturbed), drawn.saturating_sub(undisturbed));
            self.recorder.way(transfer.id, Way { route: Some(route), latency, stored, jitter, limit });
        }
        let end = match &mut self.network {
            Network::Flow(flows) if bytes > NO_BYTES => {
                transfer.latency = latency;
                let route = self.platform.route(hosts.0, hosts.1);
                return flows.start(transfer, &route, bytes, 1.0 / segment.byte_gap.as_f64());
            }
            Network::Flow(_) => TransferEnd { left_at: self.now, arrives_at: self.now + latency },
            Network::Loggops(network) => {
                network.pass(self.now, hosts, TransferTimes { wire, message_gap: segment.message_gap, latency })
            }
        };
        self.schedule(transfer, end);
    }

    fn schedule(&mut self, transfer: Transfer, end: TransferEnd) {
        let Transfer { message, part, .. } = transfer;
        if part == Part::Data || self.recorder.is_on() {
            self.push(end.left_at, Event::Left { message, part });
        }
        self.push(end.arrives_at, Event::Arrived { message, part });
    }

    /// The last byte of a transfer has left: the send of a rendezvous is done.
    pub(super) fn leave(&mut self, message_id: MessageId, part: Part) {
        let message = self.messages.get(message_id);
        let (id, from) = (message.transfer(), message.from);
        self.recorder.left(id, self.now);
        if let Some((limit, n_sharing)) = self.limits.as_mut().and_then(|limits| limits.finish(self.now, id)) {
            self.recorder.limited(id, limit, n_sharing);
        }
        if part == Part::Data {
            self.complete_send(from, self.messages.sender(message_id));
            self.cause = Enabler::Departure(id);
            self.progress(from);
        }
    }

    /// The last byte of a transfer is there.
    pub(super) fn arrive(&mut self, message_id: MessageId, part: Part) {
        let message = self.messages.get_mut(message_id);
        let (from, to, id, protocol) = (message.from, message.to, message.transfer(), message.protocol);
        self.recorder.arrived(id, self.now);
        self.cause = Enabler::Arrival(id);
        match part {
            Part::Envelope => match message.stage {
                Stage::InOrder => self.deliver(message_id),
                Stage::Behind => message.stage = Stage::Held,
                _ => self.deliver_in_order(message_id),
            },
            Part::Answer => {
                let is_synchronous = protocol == Protocol::Synchronous;
                let task = if is_synchronous { Task::TakeAnswer } else { Task::SendData };
                self.add_task(from, task(message_id));
                self.progress(from);
            }
            Part::Data => {
                self.add_task(to, Task::Receive(message_id));
                self.progress(to);
            }
        }
    }

    /// Returns whether messages between these hosts arrive in the order in which they are sent: the receiver's interface
    /// of the `loggops` network takes one after the other.
    fn keeps_order(&self, hosts: (HostId, HostId)) -> bool {
        hosts.0 != hosts.1 && matches!(self.network, Network::Loggops(_))
    }

    fn queue_behind_pair(&mut self, message_id: MessageId, message: &Message) {
        let mut stage = Stage::First;
        if let Some(previous) = self.pairs.append(message.from, message.to, message_id) {
            self.messages.get_mut(previous).set_next_of_pair(message_id);
            stage = Stage::Behind;
        }
        self.messages.get_mut(message_id).stage = stage;
    }

    /// Delivers an envelope, then those of the same pair that have come before their turn.
    fn deliver_in_order(&mut self, message_id: MessageId) {
        let mut turn = Some(message_id);
        while let Some(id) = turn.take() {
            let message = *self.messages.get(id);
            match message.next_of_pair() {
                None => self.pairs.remove(message.from, message.to),
                Some(next) => {
                    let next_message = self.messages.get_mut(next);
                    turn = (next_message.stage == Stage::Held).then_some(next);
                    if turn.is_none() {
                        next_message.stage = Stage::First;
                    }
                }
            }
            self.messages.get_mut(id).stage = Stage::Delivered;
            self.deliver(id);
        }
    }

    pub(super) fn host(&self, rank: RankId) -> HostId {
        self.hosts_of_ranks[rank.0 as usize]
    }

    fn costs<'s>(&'s mut self, hosts: (HostId, HostId)) -> &'s mut TableCosts<'a> {
        if hosts.0 == hosts.1 { &mut self.local } else { &mut self.remote }
    }
}
