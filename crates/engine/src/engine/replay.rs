//! Replays a schedule: operations start when what they wait for has happened and their resources are free.
//!
//! The rules are those of `LogGOPSim` (Hoefler, Schneider and Lumsdaine 2010); docs/goal.md. They differ from those of
//! MPI programs, where a rank does one thing after the other, so this is an executor of its own.

mod agenda;
mod ending;
mod error;
mod item;
mod matching;
mod order;
mod resources;

pub use self::error::{Half, Later, ReplayError, Unmatched, Waits};

use self::agenda::Agenda;
use self::item::{Age, Item, ResourceId};
use self::matching::Matching;
use self::order::Order;
use self::resources::{Resources, User};
use super::flow::FlowNetwork;
use super::message::MessageId;
use super::network::Transfer;
use crate::platform::NetworkKind;
use crate::schedule::cost::{Medium, MessageCost, ScheduleCosts};
use crate::schedule::{Action, Channel, Milestone, OpId, Place, Schedule};
use crate::trace::replay::{Busy, Cause, MessageStep, OpStep, ReplayTrace};
use crate::trace::{Part, Recording, TransferId};
use crate::units::{Bytes, SimDuration, SimTime};

const NONE: u32 = u32::MAX;

/// Replays `schedule` with these costs.
///
/// # Errors
/// [`ReplayError::Unfinished`] if a send or a receive has no other half or ranks wait for each other,
/// [`ReplayError::TimeOverflow`] after 213 days.
pub fn replay(schedule: &Schedule, costs: &ScheduleCosts, recording: Recording) -> Result<ReplayTrace, ReplayError> {
    let mut executor = Executor::new(schedule, costs, recording);
    executor.run()?;
    executor.finish()
}

struct Executor<'a> {
    schedule: &'a Schedule,
    costs: &'a ScheduleCosts,
    now: SimTime,
    agenda: Agenda,
    resources: Resources,
    matching: Matching,
    ops: Vec<OpStep>,
    /// For a machine model: messages of a pair stay in order.
    order: Option<Order>,
    /// For a machine model whose messages share links.
    flows: Option<FlowNetwork>,
    /// What the item that is being handled has waited for.
    awaited: Option<ResourceId>,
    recording: Recording,
    /// Empty unless recorded.
    causes: Vec<Cause>,
    messages: Vec<MessageStep>,
    /// Operations that have become ready in this event.
    freed: Vec<OpId>,
    finished_at: Vec<SimTime>,
    last_ops: Vec<Option<OpId>>,
    busy: Vec<Busy>,
    n_done: u64,
    n_events: u64,
    n_other_sizes: u64,
}

impl<'a> Executor<'a> {
    fn new(schedule: &'a Schedule, costs: &'a ScheduleCosts, recording: Recording) -> Self {
        let n_ranks = u32::try_from(schedule.n_ranks()).expect("invariant: ranks are a u32");
        let resources = Resources::new(schedule, |rank| costs.host(rank));
        let ids = (0..).map(OpId).take(schedule.n_ops());
        Self {
            schedule,
            costs,
            now: SimTime::ZERO,
            agenda: Agenda::default(),
            matching: Matching::new(schedule),
            ops: ids
                .map(|op| OpStep { start: SimTime::ZERO, n_left: schedule.n_requirements(op), message: NONE })
                .collect(),
            order: matches!(costs, ScheduleCosts::Machine(_)).then(|| Order::new(schedule)),
            flows: match costs {
                ScheduleCosts::Machine(machine) if machine.network == NetworkKind::Flow => {
                    Some(FlowNetwork::new(&machine.platform))
                }
                ScheduleCosts::Machine(_) | ScheduleCosts::Loggops(_) => None,
            },
            awaited: None,
            recording,
            causes: match recording {
                Recording::On => vec![Cause::Beginning; schedule.n_ops()],
                Recording::Off => Vec::new(),
            },
            messages: Vec::new(),
            freed: Vec::new(),
            finished_at: vec![SimTime::ZERO; n_ranks as usize],
            last_ops: vec![None; n_ranks as usize],
            busy: (0..n_ranks).map(|rank| Busy { n_cpus: resources.n_cpus(rank), ..Busy::default() }).collect(),
            resources,
            n_done: 0,
            n_events: 0,
            n_other_sizes: 0,
        }
    }

    fn run(&mut self) -> Result<(), ReplayError> {
        for rank in 0..u32::try_from(self.schedule.n_ranks()).expect("invariant: ranks are a u32") {
            let ops = self.schedule.ops_of(rank);
            self.freed.extend(ops.filter(|op| self.schedule.n_requirements(*op) == 0));
            self.start_freed();
        }
        while let Some((at, age, item)) = self.agenda.pop() {
            assert!(at >= self.now, "bug: simulated time goes back");
            if at == SimTime::from_picos(u64::MAX) {
                return Err(ReplayError::TimeOverflow);
            }
            self.now = at;
            self.handle(age, item);
            self.start_freed();
            if self.agenda.next_at() != Some(at) {
                self.settle();
            }
        }
        Ok(())
    }

    fn handle(&mut self, age: Age, item: Item) {
        match item {
            Item::Op(op) => match self.schedule.action(op) {
                Action::Calc(work) => self.calc(age, op, work),
                Action::Send(..) => self.send(age, op),
                Action::Recv(..) | Action::RecvAny(..) => self.post(op),
            },
            Item::Departure(message) => self.depart(message),
            Item::Network(generation) => self.end_flows(generation),
            Item::Arrival(message) => self.arrive_in_order(age, message),
            Item::Turn(message) => self.arrive(age, message),
            Item::Message(message, place) => self.receive(age, message, place),
            Item::Wake(resource) => self.wake(age, resource),
        }
    }

    fn calc(&mut self, age: Age, op: OpId, work: SimDuration) {
        let rank = self.schedule.rank_of(op);
        let cpu = self.resources.cpu(rank, self.schedule.place(op).cpu);
        if !self.can_start(age, Item::Op(op), cpu, None) {
            return;
        }
        let work = self.costs.calc(rank, work);
        self.start_op(op, cpu, None);
        self.resources.occupy(cpu, self.now + work, User::Op(op));
        self.busy[rank as usize].compute += work;
        self.complete(op, self.now + work);
    }

    fn send(&mut self, age: Age, op: OpId) {
        let rank = self.schedule.rank_of(op);
        let Place { cpu, nic } = self.schedule.place(op);
        let cost = self.cost_of(op);
        let cpu = self.resources.cpu(rank, cpu);
        let nic = (cost.medium == Medium::Interfaces).then(|| self.resources.sender(rank, nic));
        if !self.can_start(age, Item::Op(op), cpu, nic) {
            return;
        }
        let message = u32::try_from(self.messages.len()).expect("invariant: fewer messages than operations");
        self.ops[op.0 as usize].message = message;
        // The message is older than what the send sets free.
        let arrival = self.now + cost.first_byte;
        self.messages.push(MessageStep { send: op, recv: OpId(NONE), taken: arrival, cause: Cause::Arrival });
        if let (Some(order), Action::Send(channel, _)) = (&mut self.order, self.schedule.action(op)) {
            order.send(channel);
        }
        match cost.medium {
            Medium::Interfaces | Medium::Memory => self.agenda.push(arrival, Item::Arrival(message)),
            Medium::Links => self.agenda.push(self.now + cost.send_cpu, Item::Departure(message)),
        }
        self.start_op(op, cpu, nic);
        self.resources.occupy(cpu, self.now + cost.send_cpu, User::Op(op));
        if let Some(nic) = nic {
            self.resources.occupy(nic, self.now + cost.send_nic, User::Sending(message));
        }
        self.busy[rank as usize].send += cost.send_cpu;
        if cost.is_eager {
            self.complete(op, self.now + cost.send_cpu);
        }
    }

    /// Posts a receive; a message that has come before has already cost its time.
    fn post(&mut self, recv: OpId) {
        self.n_events += 1;
        self.ops[recv.0 as usize].start = self.now;
        self.release(recv, Milestone::Started, self.now);
        let rank = self.schedule.rank_of(recv);
        if let Some(send) = self.matching.post(self.schedule, rank, recv) {
            let message = self.ops[send.0 as usize].message;
            let received = self.messages[message as usize].taken + self.cost_of(send).recv_cpu;
            self.meet(message, recv, received.max(self.now));
        }
    }

    /// A message enters the links between two hosts.
    fn depart(&mut self, message: u32) {
        let send = self.messages[message as usize].send;
        let cost = self.cost_of(send);
        let channel = self.channel_of(send);
        let bytes = self.bytes_of(send);
        let latency = cost.first_byte.saturating_sub(cost.send_cpu);
        if let (Some(flows), ScheduleCosts::Machine(machine)) = (&mut self.flows, self.costs) {
            let (route, most) = machine.route(channel.from, channel.to, bytes);
            let id = TransferId(message as usize);
            flows.start(
                Transfer { message: MessageId(message), part: Part::Envelope, latency, id },
                &route,
                bytes,
                most,
            );
        }
    }

    /// Ends an instant: links are shared anew among the flows that are there now.
    fn settle(&mut self) {
        if let Some((at, generation)) = self.flows.as_mut().and_then(|flows| flows.settle(self.now)) {
            self.agenda.push(at, Item::Network(generation));
        }
    }

    fn end_flows(&mut self, generation: u64) {
        let mut ended = Vec::new();
        if let Some(flows) = &mut self.flows {
            flows.collect_ended(self.now, generation, &mut ended);
        }
        for transfer in ended {
            self.agenda.push(self.now + transfer.latency, Item::Arrival(transfer.message.0));
        }
    }

    /// A message is there; those of its pair that have come before their turn follow it.
    fn arrive_in_order(&mut self, age: Age, message: u32) {
        let Some(order) = &mut self.order else { return self.arrive(age, message) };
        let Action::Send(channel, _) = self.schedule.action(self.messages[message as usize].send) else { return };
        for next in order.arrive(message, channel) {
            self.messages[next as usize].taken = self.now;
            self.agenda.push(self.now, Item::Turn(next));
        }
    }

    /// Decides where a message is received: where its receive says, as far as that is known now.
    fn arrive(&mut self, age: Age, message: u32) {
        let send = self.messages[message as usize].send;
        let channel = self.channel_of(send);
        let place = match self.matching.receive_for(self.schedule, channel.to, send) {
            Some(recv) => self.schedule.place(recv),
            None => channel.first_recv.unwrap_or_else(|| self.schedule.place(send)),
        };
        self.receive(age, message, place);
    }

    /// Receives a message, whether or not its receive has been posted.
    fn receive(&mut self, age: Age, message: u32, place: Place) {
        let send = self.messages[message as usize].send;
        let to = self.channel_of(send).to;
        let cost = self.cost_of(send);
        let cpu = self.resources.cpu(to, place.cpu);
        let nic = (cost.medium == Medium::Interfaces).then(|| self.resources.receiver(to, place.nic));
        if !self.can_start(age, Item::Message(message, place), cpu, nic) {
            return;
        }
        self.n_events += 1;
        if self.messages[message as usize].taken != self.now {
            self.messages[message as usize].cause = self.blocker(cpu, nic);
        }
        self.messages[message as usize].taken = self.now;
        self.resources.occupy(cpu, self.now + cost.recv_cpu, User::Receiving(message));
        if let Some(nic) = nic {
            self.resources.occupy(nic, self.now + cost.recv_nic, User::Receiving(message));
        }
        self.busy[to as usize].recv += cost.recv_cpu;
        if let Some(recv) = self.matching.arrive(self.schedule, to, send) {
            self.meet(message, recv, self.now + cost.recv_cpu);
        }
    }

    /// A message and its receive have met: the receive is done at `received`, a send that is not eager now.
    fn meet(&mut self, message: u32, recv: OpId, received: SimTime) {
        let send = self.messages[message as usize].send;
        self.messages[message as usize].recv = recv;
        self.ops[recv.0 as usize].message = message;
        self.n_other_sizes += u64::from(self.bytes_of(send) != self.bytes_of(recv));
        let cost = self.cost_of(send);
        if !cost.is_eager {
            let cpu_free = self.ops[send.0 as usize].start + cost.send_cpu;
            self.complete(send, cpu_free.max(self.now));
        }
        self.complete(recv, received);
    }

    /// Returns whether the resources are free; otherwise the item waits for the one that is busy longer.
    fn can_start(&mut self, age: Age, item: Item, cpu: ResourceId, nic: Option<ResourceId>) -> bool {
        let cpu_free = self.resources.free_at(cpu);
        let nic_free = nic.map_or(SimTime::ZERO, |nic| self.resources.free_at(nic));
        if cpu_free.max(nic_free) <= self.now {
            return true;
        }
        let busy = nic.filter(|_| nic_free > cpu_free).unwrap_or(cpu);
        if self.resources.wait(busy, age, item) {
            self.wake_later(busy);
        }
        false
    }

    /// Lets the oldest item that waits for a resource try again when it is free.
    fn wake_later(&mut self, resource: ResourceId) {
        if let Some((at, age)) = self.resources.schedule_wake(resource, self.now) {
            self.agenda.push_again(at, age, Item::Wake(resource));
        }
    }

    fn wake(&mut self, age: Age, resource: ResourceId) {
        if !self.resources.is_scheduled(resource, self.now, age) {
            return;
        }
        if self.resources.free_at(resource) <= self.now
            && let Some(item) = self.resources.take_oldest(resource)
        {
            self.awaited = Some(resource);
            self.handle(age, item);
            self.awaited = None;
        }
        self.wake_later(resource);
    }

    /// Notes the start of an operation that has its resources, and why it did not start before.
    fn start_op(&mut self, op: OpId, cpu: ResourceId, nic: Option<ResourceId>) {
        self.n_events += 1;
        if self.ops[op.0 as usize].start != self.now {
            let cause = self.blocker(cpu, nic);
            self.note(op, cause);
        }
        self.ops[op.0 as usize].start = self.now;
        self.release(op, Milestone::Started, self.now);
    }

    /// Returns which of the resources has become free just now.
    fn blocker(&self, cpu: ResourceId, nic: Option<ResourceId>) -> Cause {
        let candidates = [self.awaited, Some(cpu), nic].into_iter().flatten();
        let just_free = candidates.into_iter().find(|resource| self.resources.free_at(*resource) == self.now);
        self.resources.cause(just_free.unwrap_or(cpu))
    }

    fn note(&mut self, op: OpId, cause: Cause) {
        if let Some(noted) = self.causes.get_mut(op.0 as usize) {
            *noted = cause;
        }
    }

    fn complete(&mut self, op: OpId, at: SimTime) {
        let rank = self.schedule.rank_of(op) as usize;
        self.n_done += 1;
        if at >= self.finished_at[rank] {
            self.finished_at[rank] = at;
            self.last_ops[rank] = Some(op);
        }
        self.release(op, Milestone::Done, at);
    }

    /// Tells the operations that wait for a milestone of `op` when it is reached.
    fn release(&mut self, op: OpId, milestone: Milestone, at: SimTime) {
        let schedule = self.schedule;
        for waiting in schedule.waiting_for(op, milestone) {
            let step = &mut self.ops[waiting.0 as usize];
            step.n_left -= 1;
            if step.n_left == 0 {
                self.freed.push(waiting);
            }
            if at >= step.start {
                step.start = at;
                self.note(
                    waiting,
                    match milestone {
                        Milestone::Started => Cause::Started(op),
                        Milestone::Done => Cause::Done(op),
                    },
                );
            }
        }
    }

    /// Puts the operations that have become ready on the agenda: by rank, sends first, then receives, then calculations.
    fn start_freed(&mut self) {
        let mut freed = std::mem::take(&mut self.freed);
        if freed.len() > 1 {
            freed.sort_by_key(|op| (self.schedule.rank_of(*op), self.schedule.precedence(*op)));
        }
        for op in freed.drain(..) {
            let rank = self.schedule.rank_of(op);
            let cpu = self.resources.cpu(rank, self.schedule.place(op).cpu);
            let ready = self.ops[op.0 as usize].start;
            let at = ready.max(self.resources.free_at(cpu));
            if at > ready {
                // A send or a calculation may find another reason when it starts.
                let cause = self.resources.cause(cpu);
                self.note(op, cause);
            }
            self.agenda.push(at, Item::Op(op));
        }
        self.freed = freed;
    }

    fn channel_of(&self, send: OpId) -> Channel {
        let Action::Send(channel, _) = self.schedule.action(send) else {
            unreachable!("bug: messages come from sends")
        };
        *self.schedule.channel(channel)
    }

    fn cost_of(&self, send: OpId) -> MessageCost {
        self.costs.of_send(self.schedule, send)
    }

    fn bytes_of(&self, op: OpId) -> Bytes {
        match self.schedule.action(op) {
            Action::Send(_, bytes) | Action::Recv(_, bytes) | Action::RecvAny(_, bytes) => bytes,
            Action::Calc(_) => Bytes(0),
        }
    }
}
