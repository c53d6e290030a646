//! A collective of a communicator as ops: its algorithm counts ranks from the root, the cluster counts all.

use dlpc_engine::calls::{CollectiveCall, CollectiveKind};
use dlpc_engine::machine::CollectiveOverrides;
use dlpc_engine::program::collective::{Collective, selection};
use dlpc_engine::program::{Context, Envelope, Op, Pattern, RankId, Source, Tag};
use dlpc_engine::units::Bytes;

/// Tag of the messages of collectives that are spelled out here, as of those that the engine spells out.
const TAG: Tag = Tag(u32::MAX);

/// Adds what `rank` does in a collective of `members`, one of which it is, the communicator of this number.
pub(super) fn add_ops(
    call: &CollectiveCall,
    rank: u32,
    members: &[u32],
    number: u32,
    overrides: CollectiveOverrides,
    ops: &mut Vec<Op>,
) {
    let place = members.iter().position(|member| *member == rank).expect("invariant: a rank calls its own collectives");
    let place = u32::try_from(place).expect("invariant: ranks are a u32");
    // Contexts of messages are even.
    let context = Context(2 * number + 1);
    Expansion { call, place, members, context, overrides, ops }.add();
}

struct Expansion<'a> {
    call: &'a CollectiveCall,
    place: u32,
    members: &'a [u32],
    context: Context,
    overrides: CollectiveOverrides,
    ops: &'a mut Vec<Op>,
}

impl Expansion<'_> {
    fn n(&self) -> u32 {
        u32::try_from(self.members.len()).expect("invariant: ranks are a u32")
    }

    fn add(mut self) {
        let (n, block, overrides, root) = (self.n(), self.call.block, self.overrides, self.call.root);
        match self.call.kind {
            CollectiveKind::Barrier => self.algorithm(selection::barrier(n, overrides), 0),
            CollectiveKind::Bcast => self.algorithm(selection::bcast(n, block, overrides), root),
            CollectiveKind::Reduce => self.algorithm(selection::reduce(n, block, overrides), root),
            CollectiveKind::Allreduce => self.algorithm(selection::allreduce(block, overrides), 0),
            CollectiveKind::Gather => self.algorithm(selection::gather(n, block, overrides), root),
            CollectiveKind::Scatter => self.algorithm(selection::scatter(n, block, overrides), root),
            CollectiveKind::Allgather => self.algorithm(selection::allgather(n, block, overrides), 0),
            CollectiveKind::Alltoall => self.algorithm(selection::alltoall(n, block, overrides), 0),
            CollectiveKind::Gatherv => self.gatherv(),
            CollectiveKind::Scatterv => self.scatterv(),
            CollectiveKind::Allgatherv => self.allgatherv(),
            CollectiveKind::Alltoallv => self.alltoallv(),
            CollectiveKind::ReduceScatter => {
                self.algorithm(selection::reduce(n, block, overrides), 0);
                self.scatterv();
            }
            CollectiveKind::Scan => self.scan(),
        }
    }

    /// An algorithm has place 0 as its root.
    fn algorithm(&mut self, collective: Collective, root: u32) {
        let (n, context) = (self.n(), self.context);
        let place = (self.place + n - root) % n;
        let rank_at = |place: RankId| RankId(self.members[((place.0 + root) % n) as usize]);
        let at = |source: Source| match source {
            Source::Rank(place) => Source::Rank(rank_at(place)),
            Source::Any => Source::Any,
        };
        for step in 0.. {
            let Some(op) = collective.op(place, n, step) else { break };
            self.ops.push(match op {
                Op::Send(to) => Op::Send(Envelope { to: rank_at(to.to), context, ..to }),
                Op::Isend(to) => Op::Isend(Envelope { to: rank_at(to.to), context, ..to }),
                Op::Recv(from) => Op::Recv(Pattern { from: at(from.from), context, ..from }),
                Op::Irecv(from) => Op::Irecv(Pattern { from: at(from.from), context, ..from }),
                other => other,
            });
        }
    }

    fn envelope(&self, to: u32, bytes: Bytes) -> Envelope {
        Envelope { context: self.context, ..Envelope::new(RankId(self.members[to as usize]), TAG, bytes) }
    }

    fn pattern(&self, from: u32) -> Pattern {
        let from = Source::Rank(RankId(self.members[from as usize]));
        Pattern { context: self.context, ..Pattern::new(from, Some(TAG)) }
    }

    /// The root receives from one rank after the other; empty parts are not sent.
    fn gatherv(&mut self) {
        let root = self.call.root;
        if self.place == root {
            for from in (0..self.n()).filter(|from| *from != root && self.call.recvs[*from as usize] > Bytes(0)) {
                self.ops.push(Op::Recv(self.pattern(from)));
            }
        } else if self.call.sends[0] > Bytes(0) {
            self.ops.push(Op::Send(self.envelope(root, self.call.sends[0])));
        }
    }

    /// The root sends to one rank after the other; empty parts are not sent.
    fn scatterv(&mut self) {
        let root = self.call.root;
        if self.place == root {
            for to in (0..self.n()).filter(|to| *to != root && self.call.sends[*to as usize] > Bytes(0)) {
                self.ops.push(Op::Send(self.envelope(to, self.call.sends[to as usize])));
            }
        } else if self.call.recvs[0] > Bytes(0) {
            self.ops.push(Op::Recv(self.pattern(root)));
        }
    }

    /// The blocks go around the ring.
    fn allgatherv(&mut self) {
        let (n, place) = (self.n(), self.place);
        for step in 0..n - 1 {
            let block = self.call.recvs[((place + n - step) % n) as usize];
            let (recv, send) = (self.pattern((place + n - 1) % n), self.envelope((place + 1) % n, block));
            self.ops.extend([Op::Irecv(recv), Op::Isend(send), Op::WaitAll]);
        }
    }

    /// All parts that are not empty are started, in the order of the linear alltoall, then waited for.
    fn alltoallv(&mut self) {
        let (n, place) = (self.n(), self.place);
        for from in (1..n).map(|step| (place + step) % n).filter(|from| self.call.recvs[*from as usize] > Bytes(0)) {
            self.ops.push(Op::Irecv(self.pattern(from)));
        }
        for to in (1..n).map(|step| (place + n - step) % n).filter(|to| self.call.sends[*to as usize] > Bytes(0)) {
            self.ops.push(Op::Isend(self.envelope(to, self.call.sends[to as usize])));
        }
        self.ops.push(Op::WaitAll);
    }

    /// Each rank receives from the one before and sends to the one after.
    fn scan(&mut self) {
        if self.place > 0 {
            self.ops.push(Op::Recv(self.pattern(self.place - 1)));
        }
        if self.place + 1 < self.n() {
            self.ops.push(Op::Send(self.envelope(self.place + 1, self.call.block)));
        }
    }
}
