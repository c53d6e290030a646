//! Builds a schedule rank by rank.

use super::channel::ChannelTable;
use super::{Kind, Milestone, Op, OpId, Place, Schedule, Successor, Wildcard};
use crate::units::{Bytes, SimDuration};

/// A schedule in the making. Between [`Self::begin`] and [`Self::end`] operations of one rank are added.
#[derive(Debug, Clone, Default)]
pub struct ScheduleBuilder {
    ranks: Vec<std::ops::Range<u32>>,
    ops: Vec<Op>,
    first_successor: Vec<u32>,
    successors: Vec<Successor>,
    n_requirements: Vec<u32>,
    channels: ChannelTable,
    wildcards: Vec<(u32, Wildcard)>,
    takes_any: Vec<bool>,
    /// The rank whose operations are being added, and its first operation.
    rank: u32,
    first: u32,
    /// Dependencies of this rank: the operation that is waited for, and who waits.
    edges: Vec<(u32, Successor)>,
}

/// Operations of one rank that wait for each other, each for the next one, the last one for the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle(pub Vec<OpId>);

impl ScheduleBuilder {
    /// Returns an empty schedule of `n_ranks` ranks.
    #[must_use]
    pub fn new(n_ranks: u32) -> Self {
        let n = n_ranks as usize;
        Self { ranks: vec![0..0; n], takes_any: vec![false; n], ..Self::default() }
    }

    /// Returns the number of operations so far.
    #[must_use]
    pub fn n_ops(&self) -> usize {
        self.ops.len()
    }

    /// Returns the line of an operation.
    #[must_use]
    pub fn line(&self, op: OpId) -> u32 {
        self.ops[op.0 as usize].line
    }

    /// Begins with the operations of `rank`.
    pub fn begin(&mut self, rank: u32) {
        self.rank = rank;
        self.first = self.next_id();
    }

    /// Adds a calculation.
    pub fn calc(&mut self, work: SimDuration, place: Place, line: u32) -> OpId {
        self.push(Op { amount: work.as_picos(), target: self.rank, line, kind: Kind::Calc, place })
    }

    /// Adds a send.
    pub fn send(&mut self, to: u32, tag: u32, bytes: Bytes, place: Place, line: u32) -> OpId {
        let channel = self.channels.find_or_add(self.rank, to, tag);
        self.push(Op { amount: bytes.0, target: channel.0, line, kind: Kind::Send, place })
    }

    /// Lets a send wait for its receive, whatever its size.
    ///
    /// # Panics
    /// If the operation is no send.
    pub fn synchronise(&mut self, send: OpId) {
        let op = &mut self.ops[send.0 as usize];
        assert!(matches!(op.kind, Kind::Send | Kind::SynchronousSend), "bug: only sends are synchronous");
        op.kind = Kind::SynchronousSend;
    }

    /// Adds a receive.
    ///
    /// # Panics
    /// With more than 2^32 receives; [`Schedule::OPS_MAX`] is below that.
    pub fn recv(&mut self, from: Wildcard, bytes: Bytes, place: Place, line: u32) -> OpId {
        let (target, kind) = if let Wildcard { from: Some(from), tag: Some(tag) } = from {
            let channel = self.channels.find_or_add(from, self.rank, tag);
            self.channels.note_recv(channel, place);
            (channel.0, Kind::Recv)
        } else {
            self.takes_any[self.rank as usize] = true;
            self.wildcards.push((self.rank, from));
            (u32::try_from(self.wildcards.len() - 1).expect("invariant: fewer than operations"), Kind::RecvAny)
        };
        self.push(Op { amount: bytes.0, target, line, kind, place })
    }

    /// Lets `op` wait for a milestone of `other`; both belong to the rank that is being added.
    ///
    /// # Panics
    /// If one of them belongs to another rank.
    pub fn require(&mut self, op: OpId, other: OpId, milestone: Milestone) {
        assert!(op.0 >= self.first && other.0 >= self.first, "bug: a dependency leads to another rank");
        self.n_requirements[op.0 as usize] += 1;
        self.edges.push((other.0, Successor::new(op.0, milestone)));
    }

    /// Ends the operations of the rank.
    ///
    /// # Errors
    /// Operations that wait for each other: they could never start.
    pub fn end(&mut self) -> Result<(), Cycle> {
        self.ranks[self.rank as usize] = self.first..self.next_id();
        self.sort_edges();
        self.find_cycle().map_or(Ok(()), Err)
    }

    /// Returns the schedule.
    ///
    /// # Panics
    /// With more than 2^32 dependencies.
    #[must_use]
    pub fn finish(mut self) -> Schedule {
        self.first_successor.push(u32::try_from(self.successors.len()).expect("invariant: fewer than 2^32 edges"));
        Schedule {
            ranks: self.ranks,
            ops: self.ops,
            first_successor: self.first_successor,
            successors: self.successors,
            n_requirements: self.n_requirements,
            channels: self.channels.into_channels(),
            wildcards: self.wildcards,
            takes_any: self.takes_any,
        }
    }

    fn next_id(&self) -> u32 {
        u32::try_from(self.ops.len()).expect("invariant: fewer than 2^31 operations")
    }

    fn push(&mut self, op: Op) -> OpId {
        let id = OpId(self.next_id());
        self.ops.push(op);
        self.n_requirements.push(0);
        id
    }

    /// Moves the rank's dependencies to their places in the flat arrays: a counting sort by who is waited for.
    fn sort_edges(&mut self) {
        let base = self.successors.len();
        let n = self.ops.len() - self.first as usize;
        let mut next = vec![0_u32; n + 1];
        for (other, _) in &self.edges {
            next[(other - self.first) as usize + 1] += 1;
        }
        for i in 0..n {
            next[i + 1] += next[i];
        }
        let offset = u32::try_from(base).expect("invariant: fewer than 2^32 edges");
        self.first_successor.extend(next[..n].iter().map(|start| offset + start));
        self.successors.resize(base + self.edges.len(), Successor(0));
        for (other, successor) in self.edges.drain(..) {
            let at = &mut next[(other - self.first) as usize];
            self.successors[base + *at as usize] = successor;
            *at += 1;
        }
    }

    /// Takes away operations that wait for nothing that is left, one after the other (Kahn 1962); what stays waits for
    /// a cycle.
    fn find_cycle(&self) -> Option<Cycle> {
        let first = self.first as usize;
        let mut left: Vec<u32> = self.n_requirements[first..].to_vec();
        let mut ready: Vec<usize> = (0..left.len()).filter(|i| left[*i] == 0).collect();
        let mut n_left = left.len() - ready.len();
        while let Some(i) = ready.pop() {
            for successor in self.successors_of(first + i) {
                let waits = &mut left[successor.op().0 as usize - first];
                *waits -= 1;
                if *waits == 0 {
                    n_left -= 1;
                    ready.push(successor.op().0 as usize - first);
                }
            }
        }
        (n_left > 0).then(|| self.walk_cycle(&left))
    }

    /// Walks back from who waits to who is waited for, until an operation comes again.
    fn walk_cycle(&self, left: &[u32]) -> Cycle {
        let first = self.first as usize;
        let is_left = |i: &usize| left[*i] > 0;
        // Who is waited for, of those that are left; the last one named wins.
        let mut waits_for = vec![usize::MAX; left.len()];
        for i in (0..left.len()).filter(is_left) {
            for successor in self.successors_of(first + i) {
                waits_for[successor.op().0 as usize - first] = i;
            }
        }
        let mut seen = vec![false; left.len()];
        let mut at = (0..left.len()).find(is_left).expect("invariant: one is left");
        while !std::mem::replace(&mut seen[at], true) {
            at = waits_for[at];
        }
        let steps = std::iter::successors(Some(waits_for[at]), |i| Some(waits_for[*i]));
        let rest = steps.take_while(|i| *i != at);
        let id = |i: usize| OpId(self.first + u32::try_from(i).expect("invariant: operations are a u32"));
        Cycle(std::iter::once(at).chain(rest).map(id).collect())
    }

    fn successors_of(&self, op: usize) -> &[Successor] {
        let from = self.first_successor[op] as usize;
        let to = self.first_successor.get(op + 1).map_or(self.successors.len(), |to| *to as usize);
        &self.successors[from..to]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(n: usize, edges: &[(usize, usize)]) -> Result<(), Cycle> {
        let mut builder = ScheduleBuilder::new(1);
        builder.begin(0);
        let ops: Vec<OpId> = (0..n).map(|_| builder.calc(SimDuration::ZERO, Place::default(), 0)).collect();
        for (op, other) in edges {
            builder.require(ops[*op], ops[*other], Milestone::Done);
        }
        builder.end()
    }

    #[test]
    fn a_chain_is_no_cycle() {
        assert_eq!(chain(4, &[(1, 0), (2, 1), (3, 1), (3, 2)]), Ok(()));
    }

    #[test]
    fn a_cycle_is_named_in_the_order_of_waiting_and_without_those_that_only_wait_for_it() {
        let Err(Cycle(mut cycle)) = chain(6, &[(1, 0), (2, 4), (3, 2), (4, 3), (5, 4), (2, 1)]) else {
            panic!("a cycle")
        };
        let start = cycle.iter().position(|op| *op == OpId(2)).expect("it is in");
        cycle.rotate_left(start);
        assert_eq!(cycle, [OpId(2), OpId(4), OpId(3)]);
    }

    #[test]
    fn an_operation_that_waits_for_itself_is_a_cycle() {
        assert_eq!(chain(2, &[(1, 1)]), Err(Cycle(vec![OpId(1)])));
    }

    #[test]
    fn dependencies_keep_their_order() {
        let mut builder = ScheduleBuilder::new(1);
        builder.begin(0);
        let ops: Vec<OpId> = (0..4).map(|_| builder.calc(SimDuration::ZERO, Place::default(), 0)).collect();
        builder.require(ops[3], ops[0], Milestone::Done);
        builder.require(ops[1], ops[0], Milestone::Started);
        builder.require(ops[2], ops[0], Milestone::Done);
        assert_eq!(builder.end(), Ok(()));
        let schedule = builder.finish();
        let waiting: Vec<OpId> = schedule.waiting_for(ops[0], Milestone::Done).collect();
        assert_eq!(waiting, [ops[3], ops[2]]);
        assert_eq!(schedule.waiting_for(ops[0], Milestone::Started).collect::<Vec<_>>(), [ops[1]]);
        assert_eq!(schedule.n_requirements(ops[1]), 1);
    }
}
