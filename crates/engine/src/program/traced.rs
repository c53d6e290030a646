//! The calls of a traced MPI program as a schedule: collectives become the messages of their algorithms.

use super::collective::{Arguments, Collective, Uneven, selection};
use super::{Op, Pattern, Source};
use crate::calls::{Call, Calls, CollectiveCall, CollectiveKind, Letter, RankCalls, SendMode};
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

    fn collective(&mut self, call: &CollectiveCall) {
        let (p, overrides) = (self.n_ranks, self.overrides);
        let block = Arguments::from(call.block).at_root(call.root);
        match call.kind {
            CollectiveKind::Barrier => self.expand(selection::barrier(p, overrides)),
            CollectiveKind::Bcast => self.expand(selection::bcast(p, block, overrides)),
            CollectiveKind::Reduce => self.expand(selection::reduce(p, block, overrides)),
            CollectiveKind::Allreduce => self.expand(selection::allreduce(p, block, overrides)),
            CollectiveKind::Gather => self.expand(selection::gather(p, block, overrides)),
            CollectiveKind::Scatter => self.expand(selection::scatter(p, block, overrides)),
            CollectiveKind::Allgather => self.expand(selection::allgather(p, block, overrides)),
            CollectiveKind::Alltoall => self.expand(selection::alltoall(p, block, overrides)),
            CollectiveKind::Gatherv => self.gatherv(call),
            CollectiveKind::Scatterv => self.scatterv(call),
            CollectiveKind::Allgatherv => {
                let parts = Uneven::new(call.recvs.iter().map(|part| part.0));
                self.expand_uneven(selection::allgatherv_of_uneven(p, &parts, 1, overrides), &parts);
            }
            CollectiveKind::Alltoallv => self.alltoallv(call),
            CollectiveKind::ReduceScatter => {
                let parts = Uneven::new(call.sends.iter().map(|part| part.0));
                let vector = Arguments::of(parts.all(), 1);
                self.expand_uneven(selection::reduce_scatter(p, vector, overrides), &parts);
            }
            CollectiveKind::Scan => self.expand(selection::scan(block)),
        }
        self.chain.calc(self.speed.time_for(call.flops));
    }

    fn expand(&mut self, collective: Collective) {
        let (rank, p) = (self.chain.rank, self.n_ranks);
        self.add_ops((0..).map_while(|step| collective.op(rank, p, step)));
    }

    fn expand_uneven(&mut self, collective: Collective, parts: &Uneven) {
        let (rank, p) = (self.chain.rank, self.n_ranks);
        self.add_ops((0..).map_while(|step| collective.op_of_uneven(rank, p, parts, step)));
    }

    fn add_ops(&mut self, ops: impl Iterator<Item = Op>) {
        let mut started = Vec::new();
        for op in ops {
            match op {
                Op::Send(to) => {
                    self.chain.send(letter(to.to.0, to.bytes), Milestone::Done);
                }
                Op::Isend(to) => started.push(self.chain.send(letter(to.to.0, to.bytes), Milestone::Started)),
                Op::Recv(from) => {
                    self.recv_from(sender(from), Milestone::Done);
                }
                Op::Irecv(from) => started.push(self.recv_from(sender(from), Milestone::Started)),
                Op::WaitAll => started.drain(..).for_each(|op| self.chain.wait(op)),
                Op::Compute { .. } | Op::Sleep { .. } | Op::RecvWithin { .. } | Op::Look => {
                    unreachable!("bug: collectives are messages")
                }
            }
        }
    }

    fn recv_from(&mut self, rank: u32, until: Milestone) -> OpId {
        let from = Wildcard { from: Some(rank), tag: Some(Schedule::COLLECTIVE_TAG) };
        self.chain.recv(from, Bytes(0), until)
    }

    /// The root receives from one rank after the other; empty parts are not sent.
    fn gatherv(&mut self, call: &CollectiveCall) {
        if self.chain.rank != call.root {
            return self.send_part(call.root, call.sends[0]);
        }
        for rank in self.others().filter(|rank| call.recvs[*rank as usize] > Bytes(0)) {
            self.recv_from(rank, Milestone::Done);
        }
    }

    /// The root sends to one rank after the other; empty parts are not sent.
    fn scatterv(&mut self, call: &CollectiveCall) {
        if self.chain.rank == call.root {
            return self.others().for_each(|rank| self.send_part(rank, call.sends[rank as usize]));
        }
        if call.recvs[0] > Bytes(0) {
            self.recv_from(call.root, Milestone::Done);
        }
    }

    fn send_part(&mut self, to: u32, bytes: Bytes) {
        if bytes > Bytes(0) {
            self.chain.send(letter(to, bytes), Milestone::Done);
        }
    }

    /// In pairs, or all receives and sends of parts that are not empty are started, then waited for.
    fn alltoallv(&mut self, call: &CollectiveCall) {
        let (p, rank) = (self.n_ranks, self.chain.rank);
        if selection::is_alltoallv_pairwise(p) {
            for (to, from) in (1..p).map(|step| ((rank + step) % p, (rank + p - step) % p)) {
                let recv = self.recv_from(from, Milestone::Started);
                let send = self.chain.send(letter(to, call.sends[to as usize]), Milestone::Started);
                self.chain.wait(recv);
                self.chain.wait(send);
            }
            return;
        }
        let mut started = Vec::new();
        for from in self.others().filter(|from| call.recvs[*from as usize] > Bytes(0)) {
            started.push(self.recv_from(from, Milestone::Started));
        }
        for to in self.others().filter(|to| call.sends[*to as usize] > Bytes(0)) {
            started.push(self.chain.send(letter(to, call.sends[to as usize]), Milestone::Started));
        }
        for op in started {
            self.chain.wait(op);
        }
    }

    fn others(&self) -> impl Iterator<Item = u32> + use<> {
        let rank = self.chain.rank;
        (0..self.n_ranks).filter(move |other| *other != rank)
    }
}

fn sender(pattern: Pattern) -> u32 {
    let Source::Rank(rank) = pattern.from else { unreachable!("bug: collectives know their senders") };
    rank.0
}

fn letter(to: u32, bytes: Bytes) -> Letter {
    Letter { to, tag: Schedule::COLLECTIVE_TAG, bytes, mode: SendMode::Standard }
}
