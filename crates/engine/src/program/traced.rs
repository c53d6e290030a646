//! The calls of a traced MPI program as a schedule: collectives become the messages of their algorithms.

mod ops;

pub use self::ops::program;

use std::collections::BTreeMap;

use super::collective::called::Called;
use super::{Envelope, Op, Pattern, Source};
use crate::calls::{Call, Calls, CollectiveCall, Letter, RankCalls, SendMode};
use crate::machine::CollectiveOverrides;
use crate::schedule::{Milestone, OpId, Place, Schedule, ScheduleBuilder, Wildcard};
use crate::units::{Bytes, FlopsPerSecond, SimDuration};

/// Returns the schedule of a traced program. A core of speed 1 computes at `speed`; each call waits for the one before,
/// started sends and receives until they are waited for.
///
/// # Panics
/// With 2^31 operations or more.
#[must_use]
pub fn schedule(calls: &Calls, speed: FlopsPerSecond, overrides: CollectiveOverrides) -> Schedule {
    let n_ranks = u32::try_from(calls.ranks.len()).expect("invariant: ranks are a u32");
    let mut builder = ScheduleBuilder::new(n_ranks);
    for (rank, calls) in (0..).zip(&calls.ranks) {
        builder.begin(rank);
        let chain = Chain { rank, line: 0, after: Vec::new(), builder: &mut builder };
        Traced { chain, n_ranks, speed, overrides, requests: Vec::new(), open: Vec::new() }.add_all(calls);
        builder.end().expect("invariant: calls wait for earlier ones only");
    }
    builder.finish()
}

/// Operations of one rank, the latest of which the next one waits for.
struct Chain<'b> {
    rank: u32,
    /// Line of the call that is being added.
    line: u32,
    after: Vec<(OpId, Milestone)>,
    builder: &'b mut ScheduleBuilder,
}

impl Chain<'_> {
    fn calc(&mut self, work: SimDuration) {
        if work > SimDuration::ZERO {
            let op = self.builder.calc(work, Place::default(), self.line);
            self.link(op, Milestone::Done);
        }
    }

    fn send(&mut self, letter: Letter, until: Milestone) -> OpId {
        let op = self.builder.send(letter.to, letter.tag, letter.bytes, Place::default(), self.line);
        if letter.mode == SendMode::Synchronous {
            self.builder.synchronise(op);
        }
        self.link(op, until);
        op
    }

    fn recv(&mut self, from: Wildcard, bytes: Bytes, until: Milestone) -> OpId {
        let op = self.builder.recv(from, bytes, Place::default(), self.line);
        self.link(op, until);
        op
    }

    /// Lets an operation wait for the call before, and the next one for this.
    fn link(&mut self, op: OpId, until: Milestone) {
        for (other, milestone) in self.after.drain(..) {
            self.builder.require(op, other, milestone);
        }
        self.after.push((op, until));
    }

    /// Lets the next operation wait until this one is done.
    fn wait(&mut self, op: OpId) {
        self.after.retain(|(other, _)| *other != op);
        self.after.push((op, Milestone::Done));
    }
}

/// The calls of one rank on their way into the schedule.
struct Traced<'b> {
    chain: Chain<'b>,
    n_ranks: u32,
    speed: FlopsPerSecond,
    overrides: CollectiveOverrides,
    /// All requests so far, by number; none where nothing is to be waited for.
    requests: Vec<Option<OpId>>,
    /// Numbers of those that have not been waited for.
    open: Vec<u32>,
}

impl Traced<'_> {
    fn add_all(mut self, calls: &RankCalls) {
        for (call, line) in &calls.calls {
            self.chain.line = *line;
            match *call {
                Call::Compute(flops) => self.chain.calc(self.speed.time_for(flops)),
                Call::Sleep(duration) => self.chain.calc(duration),
                Call::Send(letter) => {
                    self.chain.send(letter, Milestone::Done);
                }
                Call::Recv(from, bytes) => {
                    self.chain.recv(from, bytes, Milestone::Done);
                }
                Call::Isend(letter) => {
                    let op = self.chain.send(letter, Milestone::Started);
                    self.open(Some(op));
                }
                Call::Irecv(from, bytes) => {
                    let op = self.chain.recv(from, bytes, Milestone::Started);
                    self.open(Some(op));
                }
                Call::IrecvNobody => self.open(None),
                Call::Sendrecv(letter, from, bytes) => self.exchange(letter, from, bytes),
                Call::Wait(request) => {
                    self.open.retain(|open| *open != request);
                    self.wait(request);
                }
                // A schedule cannot say "any": it waits for the one that was started first.
                Call::WaitAny => {
                    if !self.open.is_empty() {
                        let request = self.open.remove(0);
                        self.wait(request);
                    }
                }
                Call::WaitAll => {
                    for request in std::mem::take(&mut self.open) {
                        self.wait(request);
                    }
                }
                Call::Collective(number) => self.collective(&calls.collectives[number as usize]),
            }
        }
    }

    fn wait(&mut self, request: u32) {
        if let Some(op) = self.requests[request as usize] {
            self.chain.wait(op);
        }
    }

    fn open(&mut self, op: Option<OpId>) {
        self.open.push(u32::try_from(self.requests.len()).expect("invariant: fewer than operations"));
        self.requests.push(op);
    }

    fn exchange(&mut self, letter: Letter, from: Option<u32>, bytes: Bytes) {
        let from = Wildcard { from, tag: Some(letter.tag) };
        let recv = self.chain.recv(from, bytes, Milestone::Started);
        let send = self.chain.send(letter, Milestone::Started);
        self.chain.wait(recv);
        self.chain.wait(send);
    }

    /// Adds the messages of a collective, and the computing of its reduction.
    fn collective(&mut self, call: &CollectiveCall) {
        let (mut started, mut numbered) = (Vec::new(), BTreeMap::new());
        for op in Called::of(call, self.chain.rank, self.n_ranks, self.overrides) {
            match op {
                Op::Send(envelope) => {
                    self.chain.send(letter(envelope), Milestone::Done);
                }
                Op::Isend(envelope) => started.push(self.chain.send(letter(envelope), Milestone::Started)),
                Op::Recv(pattern) => {
                    self.chain.recv(wildcard(pattern), Bytes(0), Milestone::Done);
                }
                Op::Irecv(pattern) => {
                    started.push(self.chain.recv(wildcard(pattern), Bytes(0), Milestone::Started));
                }
                Op::StartRecv(request, pattern) => {
                    numbered.insert(request, self.chain.recv(wildcard(pattern), Bytes(0), Milestone::Started));
                }
                Op::Wait(request) => self.chain.wait(numbered[&request]),
                Op::WaitAll => started.drain(..).for_each(|op| self.chain.wait(op)),
                _ => unreachable!("bug: collectives are messages"),
            }
        }
        self.chain.calc(self.speed.time_for(call.flops));
    }
}

fn letter(envelope: Envelope) -> Letter {
    let Envelope { to, bytes, mode, .. } = envelope;
    Letter { to: to.0, tag: Schedule::COLLECTIVE_TAG, bytes, mode }
}

fn wildcard(pattern: Pattern) -> Wildcard {
    let Source::Rank(rank) = pattern.from else { unreachable!("bug: collectives know their senders") };
    Wildcard { from: Some(rank.0), tag: Some(Schedule::COLLECTIVE_TAG) }
}
