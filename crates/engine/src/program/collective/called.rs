//! A collective as the ranks of a real program called it: its ops for one of them, sizes and root as they were.

use std::collections::{VecDeque, vec_deque};

use super::alltoall::AT_ONCE;
use super::exchange::{envelope as sent, pattern as received};
use super::{Arguments, Collective, Uneven, selection};
use crate::calls::{CollectiveCall, CollectiveKind};
use crate::machine::{AlltoallAlgorithm, CollectiveOverrides};
use crate::program::Op;
use crate::program::script::n_ops_of;
use crate::units::Bytes;

/// The ops of one rank in a collective, ranks counted as in its communicator.
#[derive(Debug, Clone)]
pub struct Called {
    rank: u32,
    n_ranks: u32,
    algorithm: Option<Stepped>,
    /// Where a rank knows its own part only.
    parts: vec_deque::IntoIter<Op>,
}

/// An algorithm and its next step.
#[derive(Debug, Clone)]
struct Stepped {
    collective: Collective,
    /// The elements of each rank, where they differ.
    uneven: Option<Uneven>,
    step: u32,
}

impl Called {
    /// Returns the ops of `rank`; algorithms are those that `overrides` name, or the library takes.
    #[must_use]
    pub fn of(call: &CollectiveCall, rank: u32, n_ranks: u32, overrides: CollectiveOverrides) -> Self {
        let algorithm = algorithm(call, n_ranks, overrides);
        let algorithm = algorithm.map(|(collective, uneven)| Stepped { collective, uneven, step: 0 });
        Self { rank, n_ranks, algorithm, parts: parts(call, rank, n_ranks, overrides).into_iter() }
    }

    fn of_algorithm(&mut self) -> Option<Op> {
        let Stepped { collective, uneven, step } = self.algorithm.as_mut()?;
        let op = match uneven {
            None => collective.op(self.rank, self.n_ranks, *step),
            Some(uneven) => collective.op_of_uneven(self.rank, self.n_ranks, uneven, *step),
        };
        *step += 1;
        if op.is_none() {
            self.algorithm = None;
        }
        op
    }
}

impl Iterator for Called {
    type Item = Op;

    fn next(&mut self) -> Option<Op> {
        self.of_algorithm().or_else(|| self.parts.next())
    }
}

/// Returns the most ops that all ranks have together; `known` are those of algorithms that were counted before.
#[must_use]
pub fn n_ops_at_most(
    call: &CollectiveCall,
    n_ranks: u32,
    overrides: CollectiveOverrides,
    known: &mut Vec<(Collective, u64)>,
) -> u64 {
    let p = u64::from(n_ranks);
    match algorithm(call, n_ranks, overrides) {
        None if call.kind == CollectiveKind::Alltoallv => 3 * p.saturating_mul(p),
        None => 2 * p,
        // What is empty is left out, so uneven parts have no more ops than even ones.
        Some((collective, _)) => n_ops_of(collective.with_few_elements(n_ranks), n_ranks, known),
    }
}

/// Returns the algorithm of a collective of which each rank knows all sizes.
fn algorithm(call: &CollectiveCall, p: u32, overrides: CollectiveOverrides) -> Option<(Collective, Option<Uneven>)> {
    let block = Arguments::from(call.block).at_root(call.root);
    let uneven = |parts: &[Bytes]| Uneven::new(parts.iter().map(|part| part.0));
    let even = match call.kind {
        CollectiveKind::Barrier => selection::barrier(p, overrides),
        CollectiveKind::Bcast => selection::bcast(p, block, overrides),
        CollectiveKind::Reduce => selection::reduce(p, block, overrides),
        CollectiveKind::Allreduce => selection::allreduce(p, block, overrides),
        CollectiveKind::Gather => selection::gather(p, block, overrides),
        CollectiveKind::Scatter => selection::scatter(p, block, overrides),
        CollectiveKind::Allgather => selection::allgather(p, block, overrides),
        CollectiveKind::Alltoall => selection::alltoall(p, block, overrides),
        CollectiveKind::ReduceScatterBlock => selection::reduce_scatter_block(p, block, overrides),
        CollectiveKind::Scan => selection::scan(block, overrides),
        CollectiveKind::Allgatherv => {
            let parts = uneven(&call.recvs);
            return Some((selection::allgatherv_of_uneven(p, &parts, 1, overrides), Some(parts)));
        }
        CollectiveKind::ReduceScatter => {
            let parts = uneven(&call.sends);
            let vector = Arguments::of(parts.all(), 1);
            return Some((selection::reduce_scatter(p, vector, overrides), Some(parts)));
        }
        CollectiveKind::Gatherv | CollectiveKind::Scatterv | CollectiveKind::Alltoallv => return None,
    };
    Some((even, None))
}

/// Returns the ops of a collective in which only the root, or nobody, knows all sizes.
fn parts(call: &CollectiveCall, rank: u32, p: u32, overrides: CollectiveOverrides) -> VecDeque<Op> {
    match call.kind {
        CollectiveKind::Gatherv => gatherv(call, rank, p, overrides),
        CollectiveKind::Scatterv => scatterv(call, rank, p, overrides),
        CollectiveKind::Alltoallv => match selection::alltoallv(p, overrides) {
            AlltoallAlgorithm::Pairwise => alltoallv_in_pairs(call, rank, p),
            AlltoallAlgorithm::Scattered => alltoallv_scattered(call, rank, p),
            _ => alltoallv(call, rank),
        },
        _ => VecDeque::new(),
    }
}

/// Returns the other ranks whose part is not empty.
fn others(parts: &[Bytes], rank: u32) -> impl Iterator<Item = (u32, Bytes)> {
    (0..).zip(parts.iter().copied()).filter(move |(other, bytes)| *other != rank && *bytes > Bytes(0))
}

/// The root receives, as the algorithm for equal parts does; empty parts are not sent.
fn gatherv(call: &CollectiveCall, rank: u32, p: u32, overrides: CollectiveOverrides) -> VecDeque<Op> {
    let known = if rank == call.root { call.recvs.to_vec() } else { vec![call.sends[0]; p as usize] };
    ops_of_parts(selection::gatherv(Arguments::of(1, 1).at_root(call.root), overrides), rank, p, &known)
}

/// The root sends, as the algorithm for equal parts does; empty parts are not sent.
fn scatterv(call: &CollectiveCall, rank: u32, p: u32, overrides: CollectiveOverrides) -> VecDeque<Op> {
    let known = if rank == call.root { call.sends.to_vec() } else { vec![call.recvs[0]; p as usize] };
    ops_of_parts(selection::scatterv(Arguments::of(1, 1).at_root(call.root), overrides), rank, p, &known)
}

/// Returns the ops of a rank for parts of which it knows those that it needs.
fn ops_of_parts(collective: Collective, rank: u32, p: u32, known: &[Bytes]) -> VecDeque<Op> {
    let parts = Uneven::new(known.iter().map(|part| part.0));
    (0..).map_while(|step| collective.op_of_uneven(rank, p, &parts, step)).collect()
}

/// All receives and sends of parts that are not empty are started, then waited for.
fn alltoallv(call: &CollectiveCall, rank: u32) -> VecDeque<Op> {
    let receives = others(&call.recvs, rank).map(|(from, _)| Op::Irecv(received(from)));
    let sends = others(&call.sends, rank).map(|(to, bytes)| Op::Isend(sent(to, bytes)));
    receives.chain(sends).chain([Op::WaitAll]).collect()
}

/// In turn with rank + 1, + 2, ...; empty parts are sent, too.
fn alltoallv_in_pairs(call: &CollectiveCall, rank: u32, p: u32) -> VecDeque<Op> {
    let pair = |distance| {
        let (to, from) = ((rank + distance) % p, (rank + p - distance) % p);
        [Op::Irecv(received(from)), Op::Isend(sent(to, call.sends[to as usize])), Op::WaitAll]
    };
    (1..p).flat_map(pair).collect()
}

/// As [`alltoallv`], but a group of ranks after the other, counted from the rank itself; empty parts are not sent.
fn alltoallv_scattered(call: &CollectiveCall, rank: u32, p: u32) -> VecDeque<Op> {
    let mut ops = VecDeque::new();
    for first in (0..p).step_by(AT_ONCE as usize) {
        let group = first.max(1)..(first + AT_ONCE).min(p);
        let from = group.clone().map(|distance| (rank + distance) % p);
        ops.extend(from.filter(|from| call.recvs[*from as usize] > Bytes(0)).map(|from| Op::Irecv(received(from))));
        let to = group.map(|distance| (rank + p - distance) % p).map(|to| (to, call.sends[to as usize]));
        ops.extend(to.filter(|(_, bytes)| *bytes > Bytes(0)).map(|(to, bytes)| Op::Isend(sent(to, bytes))));
        ops.push_back(Op::WaitAll);
    }
    ops
}
