//! Where the time of a replayed schedule goes: the chain of operations and messages that ends last.

use dlpc_engine::schedule::cost::ScheduleCosts;
use dlpc_engine::schedule::{Action, OpId, Schedule};
use dlpc_engine::trace::replay::{self, ReplayRecord, ReplayTrace};
use dlpc_engine::units::{SimDuration, SimTime};

use super::Cause;

/// A point on the chain, which is walked backwards.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// An operation is done.
    Done(OpId),
    /// An operation starts.
    Started(OpId),
    /// The receiver begins to receive a message.
    Taken(u32),
}

/// A replay whose chain is walked.
struct Walk<'a> {
    schedule: &'a Schedule,
    costs: &'a ScheduleCosts,
    record: &'a ReplayRecord,
    parts: [SimDuration; Cause::ALL.len()],
}

/// Returns how much of the makespan goes to each cause, in the order of [`Cause::ALL`]; the parts add up to the makespan.
///
/// Walks back from the operation that is done last, from each to what it waited for: another operation, a message, or a
/// CPU or interface that was busy (docs/goal.md). A busy interface counts as bandwidth.
///
/// # Panics
/// If the replay was not recorded.
#[must_use]
pub fn breakdown(schedule: &Schedule, costs: &ScheduleCosts, trace: &ReplayTrace) -> Vec<(Cause, SimDuration)> {
    let record = trace.record.as_ref().expect("bug: the replay was not recorded");
    let mut walk = Walk { schedule, costs, record, parts: [SimDuration::ZERO; Cause::ALL.len()] };
    let last_rank = (0..trace.finished_at.len()).rev().max_by_key(|rank| trace.finished_at[*rank]);
    let last = last_rank.and_then(|rank| trace.last_ops[rank]);
    let mut point = last.map(Point::Done);
    let mut at = trace.makespan;
    while let Some(here) = point {
        (point, at) = match here {
            Point::Done(op) => walk.back_from_done(op, at),
            Point::Started(op) => walk.back_from(record.causes[op.0 as usize], at),
            Point::Taken(message) => walk.back_from_taken(message, at),
        };
    }
    let total: SimDuration = walk.parts.iter().copied().sum();
    assert_eq!(total, trace.makespan - SimTime::ZERO, "bug: the parts of the critical path have a gap");
    Cause::ALL.into_iter().zip(walk.parts).collect()
}

impl Walk<'_> {
    fn spend(&mut self, cause: Cause, duration: SimDuration) {
        self.parts[cause as usize] += duration;
    }

    fn start(&self, op: OpId) -> SimTime {
        self.record.ops[op.0 as usize].start
    }

    fn message_of(&self, op: OpId) -> u32 {
        self.record.ops[op.0 as usize].message
    }

    fn back_from_done(&mut self, op: OpId, at: SimTime) -> (Option<Point>, SimTime) {
        let start = self.start(op);
        match self.schedule.action(op) {
            Action::Calc(_) => {
                self.spend(Cause::Compute, at - start);
                (Some(Point::Started(op)), start)
            }
            Action::Send(..) => {
                let message = self.message_of(op);
                if at == start + self.cost(op).send_cpu {
                    self.spend(Cause::Overhead, at - start);
                    return (Some(Point::Started(op)), start);
                }
                // A rendezvous: its message was taken just then, or its receive was posted.
                let step = self.record.messages[message as usize];
                let is_taken = step.taken == at;
                (Some(if is_taken { Point::Taken(message) } else { Point::Started(step.recv) }), at)
            }
            Action::Recv(..) | Action::RecvAny(..) => {
                let message = self.message_of(op);
                let step = self.record.messages[message as usize];
                if at == step.taken + self.cost(step.send).recv_cpu {
                    return self.back_from_receiving(message);
                }
                (Some(Point::Started(op)), at)
            }
        }
    }

    /// From the end of the receiver's work on a message to its beginning.
    fn back_from_receiving(&mut self, message: u32) -> (Option<Point>, SimTime) {
        let step = self.record.messages[message as usize];
        let cost = self.cost(step.send);
        self.spend(Cause::Overhead, cost.recv_overhead);
        self.spend(Cause::Bandwidth, cost.recv_cpu.saturating_sub(cost.recv_overhead));
        (Some(Point::Taken(message)), step.taken)
    }

    fn back_from_taken(&mut self, message: u32, at: SimTime) -> (Option<Point>, SimTime) {
        let step = self.record.messages[message as usize];
        match step.cause {
            replay::Cause::Arrival => {
                let start = self.start(step.send);
                let cost = self.cost(step.send);
                let overhead = cost.send_cpu.min(at - start);
                let latency = cost.first_byte.saturating_sub(overhead);
                self.spend(Cause::Overhead, overhead);
                self.spend(Cause::Latency, latency);
                self.spend(Cause::Bandwidth, (at - start).saturating_sub(overhead + latency));
                (Some(Point::Started(step.send)), start)
            }
            cause => self.back_from(cause, at),
        }
    }

    fn back_from(&mut self, cause: replay::Cause, at: SimTime) -> (Option<Point>, SimTime) {
        match cause {
            replay::Cause::Beginning | replay::Cause::Arrival => (None, at),
            replay::Cause::Done(op) => (Some(Point::Done(op)), at),
            replay::Cause::Started(op) => (Some(Point::Started(op)), at),
            replay::Cause::CpuBusyWith(op) => {
                let start = self.start(op);
                let is_calc = matches!(self.schedule.action(op), Action::Calc(_));
                self.spend(if is_calc { Cause::Compute } else { Cause::Overhead }, at - start);
                (Some(Point::Started(op)), start)
            }
            replay::Cause::CpuReceiving(message) => self.back_from_receiving(message),
            replay::Cause::NicSending(message) => {
                let send = self.record.messages[message as usize].send;
                let start = self.start(send);
                self.spend(Cause::Bandwidth, at - start);
                (Some(Point::Started(send)), start)
            }
            replay::Cause::NicReceiving(message) => {
                let taken = self.record.messages[message as usize].taken;
                self.spend(Cause::Bandwidth, at - taken);
                (Some(Point::Taken(message)), taken)
            }
        }
    }

    fn cost(&self, send: OpId) -> dlpc_engine::schedule::cost::MessageCost {
        self.costs.of_send(self.schedule, send)
    }
}
