//! The collective of a traced program as messages of one of its ranks.

use std::collections::{VecDeque, vec_deque};

use crate::calls::{CollectiveCall, CollectiveKind, SendMode};
use crate::machine::CollectiveOverrides;
use crate::program::collective::{Collective, selection};
use crate::program::script::n_ops_of;
use crate::program::{Context, Envelope, Op, Pattern, RankId, Source, Tag};
use crate::units::Bytes;

/// Messages of collectives have a context of their own, so that receives of any source or tag take none of them.
const COLLECTIVES: Context = Context(1);
const TAG: Tag = Tag(0);

/// The ops of one rank in a collective.
#[derive(Debug, Clone)]
pub(super) struct Steps {
    rank: u32,
    n_ranks: u32,
    /// Where all parts are the same: an algorithm, the rank that is its root, and its next step.
    algorithm: Option<(Collective, u32, u32)>,
    /// Where they differ.
    parts: vec_deque::IntoIter<Op>,
}

impl Steps {
    pub(super) fn of(call: &CollectiveCall, rank: u32, n_ranks: u32, overrides: CollectiveOverrides) -> Self {
        let algorithm = algorithm(call, n_ranks, overrides).map(|algorithm| (algorithm, call.root, 0));
        Self { rank, n_ranks, algorithm, parts: parts(call, rank, n_ranks).into_iter() }
    }

    fn of_algorithm(&mut self) -> Option<Op> {
        let (algorithm, root, step) = self.algorithm?;
        self.algorithm = Some((algorithm, root, step + 1));
        // Rooted algorithms have rank 0 as their root: ranks are counted from the root.
        let place = (self.rank + self.n_ranks - root) % self.n_ranks;
        let op = algorithm.op(place, self.n_ranks, step);
        if op.is_none() {
            self.algorithm = None;
        }
        op.map(|op| placed(op, root, self.n_ranks))
    }
}

impl Iterator for Steps {
    type Item = Op;

    fn next(&mut self) -> Option<Op> {
        self.of_algorithm().or_else(|| self.parts.next())
    }
}

/// Returns the most ops that all ranks have together; `known` are those of algorithms that were counted before.
pub(super) fn n_ops_at_most(
    call: &CollectiveCall,
    n_ranks: u32,
    overrides: CollectiveOverrides,
    known: &mut Vec<(Collective, u64)>,
) -> u64 {
    let of_algorithm =
        algorithm(call, n_ranks, overrides).map_or(0, |algorithm| n_ops_of(algorithm.of_one_byte(), n_ranks, known));
    let p = u64::from(n_ranks);
    let of_parts = match call.kind {
        CollectiveKind::Gatherv | CollectiveKind::Scatterv | CollectiveKind::ReduceScatter | CollectiveKind::Scan => {
            2 * p
        }
        CollectiveKind::Allgatherv => 3 * p.saturating_mul(p),
        CollectiveKind::Alltoallv => 2 * p.saturating_mul(p),
        _ => 0,
    };
    of_parts.saturating_add(of_algorithm)
}

fn algorithm(call: &CollectiveCall, p: u32, overrides: CollectiveOverrides) -> Option<Collective> {
    let block = call.block;
    match call.kind {
        CollectiveKind::Barrier => Some(selection::barrier(p, overrides)),
        CollectiveKind::Bcast => Some(selection::bcast(p, block, overrides)),
        CollectiveKind::Reduce | CollectiveKind::ReduceScatter => Some(selection::reduce(p, block, overrides)),
        CollectiveKind::Allreduce => Some(selection::allreduce(block, overrides)),
        CollectiveKind::Gather => Some(selection::gather(p, block, overrides)),
        CollectiveKind::Scatter => Some(selection::scatter(p, block, overrides)),
        CollectiveKind::Allgather => Some(selection::allgather(p, block, overrides)),
        CollectiveKind::Alltoall => Some(selection::alltoall(p, block, overrides)),
        CollectiveKind::Gatherv
        | CollectiveKind::Scatterv
        | CollectiveKind::Allgatherv
        | CollectiveKind::Alltoallv
        | CollectiveKind::Scan => None,
    }
}

/// Returns an op of an algorithm whose places are counted from `root`, in the context of collectives.
fn placed(op: Op, root: u32, n_ranks: u32) -> Op {
    let rank_at = |place: RankId| (place.0 + root) % n_ranks;
    let sent = |envelope: Envelope| part(rank_at(envelope.to), envelope.bytes);
    let received = |pattern: Pattern| match pattern.from {
        Source::Rank(place) => part_of(rank_at(place)),
        Source::Any => unreachable!("bug: collectives know their senders"),
    };
    match op {
        Op::Send(envelope) => Op::Send(sent(envelope)),
        Op::Isend(envelope) => Op::Isend(sent(envelope)),
        Op::Recv(pattern) => Op::Recv(received(pattern)),
        Op::Irecv(pattern) => Op::Irecv(received(pattern)),
        op => op,
    }
}

fn part(to: u32, bytes: Bytes) -> Envelope {
    Envelope { to: RankId(to), tag: TAG, bytes, context: COLLECTIVES, mode: SendMode::Standard }
}

fn part_of(rank: u32) -> Pattern {
    Pattern { from: Source::Rank(RankId(rank)), tag: Some(TAG), context: COLLECTIVES }
}

/// Returns the ops of a collective whose parts differ; a reduce and scatter comes after the reduction.
fn parts(call: &CollectiveCall, rank: u32, p: u32) -> VecDeque<Op> {
    match call.kind {
        CollectiveKind::Gatherv => gatherv(call, rank),
        CollectiveKind::Scatterv | CollectiveKind::ReduceScatter => scatterv(call, rank),
        CollectiveKind::Allgatherv => allgatherv(call, rank, p),
        CollectiveKind::Alltoallv => alltoallv(call, rank, p),
        CollectiveKind::Scan => scan(call.block, rank, p),
        _ => VecDeque::new(),
    }
}

/// Returns the ranks whose part is not empty, but for `rank`.
fn others(parts: &[Bytes], rank: u32) -> impl Iterator<Item = (u32, Bytes)> {
    (0..).zip(parts.iter().copied()).filter(move |(other, bytes)| *other != rank && *bytes > Bytes(0))
}

/// The root receives from one rank after the other; empty parts are not sent.
fn gatherv(call: &CollectiveCall, rank: u32) -> VecDeque<Op> {
    if rank == call.root {
        return others(&call.recvs, rank).map(|(from, _)| Op::Recv(part_of(from))).collect();
    }
    let own = (call.sends[0] > Bytes(0)).then(|| Op::Send(part(call.root, call.sends[0])));
    own.into_iter().collect()
}

/// The root sends to one rank after the other; empty parts are not sent.
fn scatterv(call: &CollectiveCall, rank: u32) -> VecDeque<Op> {
    if rank == call.root {
        return others(&call.sends, rank).map(|(to, bytes)| Op::Send(part(to, bytes))).collect();
    }
    let own = (call.recvs[0] > Bytes(0)).then(|| Op::Recv(part_of(call.root)));
    own.into_iter().collect()
}

/// The blocks go around the ring.
fn allgatherv(call: &CollectiveCall, rank: u32, p: u32) -> VecDeque<Op> {
    let (before, after) = ((rank + p - 1) % p, (rank + 1) % p);
    let block = |step| call.recvs[((rank + p - step) % p) as usize];
    (0..p - 1).flat_map(|step| [Op::Irecv(part_of(before)), Op::Isend(part(after, block(step))), Op::WaitAll]).collect()
}

/// All receives and sends of parts that are not empty are started, in the order of the linear alltoall, then waited for.
fn alltoallv(call: &CollectiveCall, rank: u32, p: u32) -> VecDeque<Op> {
    let from = (1..p).map(|step| (rank + step) % p).filter(|from| call.recvs[*from as usize] > Bytes(0));
    let to = (1..p).map(|step| (rank + p - step) % p).filter(|to| call.sends[*to as usize] > Bytes(0));
    let sends = to.map(|to| Op::Isend(part(to, call.sends[to as usize])));
    from.map(|from| Op::Irecv(part_of(from))).chain(sends).chain([Op::WaitAll]).collect()
}

/// Each rank receives from the one before and sends to the one after.
fn scan(bytes: Bytes, rank: u32, p: u32) -> VecDeque<Op> {
    let recv = (rank > 0).then(|| Op::Recv(part_of(rank - 1)));
    let send = (rank + 1 < p).then(|| Op::Send(part(rank + 1, bytes)));
    recv.into_iter().chain(send).collect()
}
