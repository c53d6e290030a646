//! From calls of MPI to steps of the simulated ranks: the only place that knows both.

use std::collections::VecDeque;

use dlpc_engine::calls::{CollectiveCall, CollectiveKind};
use dlpc_engine::machine::CollectiveOverrides;
use dlpc_engine::program::collective::called::Called;
use dlpc_engine::program::{self as engine, Envelope, Op, Pattern, Request, SendMode, Source, Status};
use dlpc_engine::units::{Bytes, SimDuration};
use dlpc_predict::workload::recorded::{COLLECTIVES, Call, Posted, REQUESTS_MAX, Sent, Step};
use dlpc_virtual_mpi::wire::gathering::{
    AGREE, ALLGATHER, ALLGATHERV, ALLREDUCE, ALLTOALL, ALLTOALLV, BARRIER, BCAST, EXSCAN, GATHER, GATHERV, NEIGHBOURS,
    REDUCE, REDUCE_SCATTER, REDUCE_SCATTER_BLOCK, SCAN, SCATTER, SCATTERV,
};
use dlpc_virtual_mpi::wire::{self, Address, Completion, Edge, Enough, Gathering, Wanted};

/// Returns the step of a call that is known when the call begins; none for others. Why a call cannot be simulated is the error.
///
/// `on` is the number of the communicator of a collective, the place of the rank in it, and its size.
pub(super) fn step(
    call: &wire::Call,
    n_bytes: u64,
    on: Option<(u32, usize, usize)>,
) -> Result<Option<Step>, &'static str> {
    let call = match call {
        wire::Call::Sleep { nanos } => {
            return Ok(Some(Step::Sleep(SimDuration::from_picos(nanos.saturating_mul(1000)))));
        }
        wire::Call::Send(address) => Call::Send(sent(*address, n_bytes)?),
        wire::Call::Recv(wanted) => Call::Recv(posted(*wanted)),
        wire::Call::Exchange(address, wanted) => Call::Exchange(sent(*address, n_bytes)?, posted(*wanted)),
        wire::Call::StartSend(request, address) => Call::StartSend(number(*request)?, sent(*address, n_bytes)?),
        wire::Call::StartRecv(request, wanted) => Call::StartRecv(number(*request)?, posted(*wanted)),
        wire::Call::StartMatched(request) => Call::StartMatched(*request),
        wire::Call::Free(request) => Call::Free(*request),
        wire::Call::Gathering(gathering) if gathering.kind == NEIGHBOURS => return Ok(None),
        wire::Call::Gathering(gathering) => {
            let (number, place, n) = on.ok_or("an unknown communicator")?;
            Call::Collective(number, Box::new(collective(gathering, place, n).ok_or("an unknown collective")?))
        }
        wire::Call::Hello { .. }
        | wire::Call::Place(_)
        | wire::Call::Init
        | wire::Call::Finalize
        | wire::Call::Abort { .. }
        | wire::Call::Refuse
        | wire::Call::Time
        | wire::Call::Complete(_)
        | wire::Call::Probe { .. }
        | wire::Call::Cancel(_)
        | wire::Call::Begin(..)
        | wire::Call::Define { .. } => return Ok(None),
    };
    Ok(Some(Step::Call(call)))
}

/// Returns the first ops of a call whose step depends on how they end.
pub(super) fn ops(call: &wire::Call) -> Vec<Op> {
    match call {
        wire::Call::Time => vec![Op::Time],
        wire::Call::Cancel(request) => vec![Op::Cancel(Request(*request))],
        wire::Call::Complete(Completion { requests, enough: Enough::All, is_waiting: true }) => {
            requests.iter().map(|request| Op::Wait(Request(*request))).collect()
        }
        wire::Call::Complete(Completion { requests, enough, is_waiting }) => {
            let enough = if *enough == Enough::All { engine::Enough::All } else { engine::Enough::One };
            let ask = if *is_waiting { Op::WaitWatched(enough) } else { Op::TestWatched(enough) };
            requests.iter().map(|request| Op::Watch(Request(*request))).chain([ask]).collect()
        }
        wire::Call::Probe { wanted, keep, is_waiting } => {
            let pattern = posted(*wanted).pattern();
            vec![match (keep.map(Request), is_waiting) {
                (None, true) => Op::Probe(pattern),
                (None, false) => Op::Iprobe(pattern),
                (Some(number), true) => Op::Mprobe(number, pattern),
                (Some(number), false) => Op::Improbe(number, pattern),
            }]
        }
        _ => Vec::new(),
    }
}

/// Returns the step of such a call: requests that are over were waited for, and a message that was found is looked for.
pub(super) fn ended(call: &wire::Call, completed: &[(Request, Status)], found: Option<Status>) -> Option<Step> {
    let call = match call {
        wire::Call::Complete(completion) if completed.is_empty() => Call::Test(*completion.requests.first()?),
        wire::Call::Complete(_) => Call::Wait(completed.iter().map(|(request, _)| request.0).collect()),
        wire::Call::Probe { wanted, keep, .. } => {
            let resolved =
                |status: Status| Posted { from: Some(status.from.0), tag: Some(status.tag.0), ..posted(*wanted) };
            match (found, keep) {
                (None, _) => Call::ProbeInVain(posted(*wanted)),
                (Some(status), None) => Call::Probe(resolved(status)),
                (Some(status), Some(request)) => Call::MatchedProbe(*request, resolved(status)),
            }
        }
        _ => return None,
    };
    Some(Step::Call(call))
}

/// The engine keeps memory for all requests up to the largest number; those of the program are even.
fn number(request: u32) -> Result<u32, &'static str> {
    if request < REQUESTS_MAX { Ok(request) } else { Err("more than half a million requests at once") }
}

/// A message of a collective that goes on while its rank does something else.
#[derive(Debug, Clone, Copy)]
pub(super) enum Message {
    Sent(Sent),
    Posted(Posted),
}

/// How the messages of such a collective are told from others.
#[derive(Debug, Clone, Copy)]
pub(super) enum Apart {
    /// It goes on under a request: by its number among the collectives of the communicator.
    ByNumber(u32),
    /// Its rank is in it, and others may be in it by themselves: as messages of the collectives of this communicator.
    AsCollective(u32),
}

/// Tags of collectives that go on come after those of edges between neighbours.
const TAGS: u32 = 1 << 20;

/// Returns what the rank at `place` sends and receives in a collective, round by round: each one waits for all messages of the one
/// before. None for what is no collective.
pub(super) fn rounds(
    call: &Gathering,
    place: usize,
    members: &[u32],
    overrides: CollectiveOverrides,
    apart: Apart,
) -> Option<VecDeque<Vec<Message>>> {
    // Contexts that programs know are even.
    let own = call.context + 1;
    if call.kind == NEIGHBOURS {
        return Some([neighbourhood(call, members, own)].into());
    }
    let n = members.len();
    let collective = collective(call, place, n)?;
    let [place, n] = [place, n].map(|n| u32::try_from(n).expect("invariant: ranks are a u32"));
    let (context, tag) = match apart {
        Apart::ByNumber(number) => (own, Some(TAGS.wrapping_add(number))),
        Apart::AsCollective(number) => (COLLECTIVES + number, None),
    };
    let sent = |envelope: Envelope| {
        let Envelope { to, tag: same, bytes, mode, .. } = envelope;
        Message::Sent(Sent { to: members[to.0 as usize], tag: tag.unwrap_or(same.0), bytes: bytes.0, context, mode })
    };
    let posted = |pattern: Pattern| {
        let from = match pattern.from {
            Source::Rank(place) => Some(members[place.0 as usize]),
            Source::Any => None,
        };
        Message::Posted(Posted { from, tag: tag.or(pattern.tag.map(|tag| tag.0)), context, was_any: false })
    };
    let (mut rounds, mut round) = (VecDeque::new(), Vec::new());
    for op in Called::of(&collective, place, n, overrides) {
        match op {
            Op::Isend(envelope) | Op::Send(envelope) => round.push(sent(envelope)),
            Op::Irecv(pattern) | Op::Recv(pattern) | Op::StartRecv(_, pattern) => round.push(posted(pattern)),
            // A reduction along a tree receives from one child in each round.
            _ => {}
        }
        if matches!(op, Op::Send(_) | Op::Recv(_) | Op::StartRecv(..) | Op::WaitAll) && !round.is_empty() {
            rounds.push_back(std::mem::take(&mut round));
        }
    }
    rounds.extend((!round.is_empty()).then_some(round));
    Some(rounds)
}

/// Returns the one round of a collective of neighbours: all messages at once, as in Open MPI's `coll/basic`.
fn neighbourhood(call: &Gathering, members: &[u32], context: u32) -> Vec<Message> {
    let at = |edge: &Edge| edge.place.and_then(|place| members.get(place as usize)).copied();
    let posted = call.sources.iter().filter_map(|edge| {
        let from = Some(at(edge)?);
        Some(Message::Posted(Posted { from, tag: Some(edge.number), context, was_any: false }))
    });
    let sent = call.targets.iter().zip(&call.sends).filter_map(|(edge, bytes)| {
        let (tag, mode) = (edge.number, SendMode::Standard);
        Some(Message::Sent(Sent { to: at(edge)?, tag, bytes: *bytes, context, mode }))
    });
    posted.chain(sent).collect()
}

pub(super) fn sent(address: Address, bytes: u64) -> Result<Sent, &'static str> {
    let mode = match address.mode {
        0 => SendMode::Standard,
        1 => SendMode::Synchronous,
        2 => SendMode::Buffered,
        3 => SendMode::Ready,
        _ => return Err("an unknown mode of a send"),
    };
    Ok(Sent { to: address.to, tag: address.tag, bytes, context: address.context, mode })
}

pub(super) fn posted(wanted: Wanted) -> Posted {
    let Wanted { from, tag, context } = wanted;
    Posted { from, tag, context, was_any: from.is_none() }
}

/// Returns a collective as recordings have it.
fn collective(call: &Gathering, place: usize, n: usize) -> Option<CollectiveCall> {
    let kind = match call.kind {
        BARRIER => CollectiveKind::Barrier,
        BCAST => CollectiveKind::Bcast,
        GATHER => CollectiveKind::Gather,
        GATHERV => CollectiveKind::Gatherv,
        SCATTER => CollectiveKind::Scatter,
        SCATTERV => CollectiveKind::Scatterv,
        ALLGATHER | AGREE => CollectiveKind::Allgather,
        ALLGATHERV => CollectiveKind::Allgatherv,
        ALLTOALL => CollectiveKind::Alltoall,
        ALLTOALLV => CollectiveKind::Alltoallv,
        REDUCE => CollectiveKind::Reduce,
        ALLREDUCE => CollectiveKind::Allreduce,
        REDUCE_SCATTER => CollectiveKind::ReduceScatter,
        REDUCE_SCATTER_BLOCK => CollectiveKind::ReduceScatterBlock,
        SCAN | EXSCAN => CollectiveKind::Scan,
        _ => return None,
    };
    let sizes = |sizes: &[u64]| sizes.iter().copied().map(Bytes).collect::<Box<[Bytes]>>();
    let none = || -> Box<[Bytes]> { Box::default() };
    let is_root = place == call.root as usize;
    let (sends, recvs) = match kind {
        CollectiveKind::Gatherv => (sizes(&call.sends), if is_root { sizes(&call.recvs) } else { none() }),
        CollectiveKind::Scatterv => (if is_root { sizes(&call.sends) } else { none() }, sizes(&call.recvs)),
        CollectiveKind::Allgatherv => (none(), sizes(&call.recvs)),
        CollectiveKind::Alltoallv => (sizes(&call.sends), sizes(&call.recvs)),
        // Each rank knows the part of each.
        CollectiveKind::ReduceScatter => (sizes(&call.recvs), none()),
        _ => (none(), none()),
    };
    let is_whole = match kind {
        CollectiveKind::Gatherv => !is_root || recvs.len() == n,
        CollectiveKind::Scatterv => !is_root || sends.len() == n,
        CollectiveKind::ReduceScatter => sends.len() == n,
        CollectiveKind::Allgatherv | CollectiveKind::Alltoallv => recvs.len() == n,
        _ => true,
    };
    let block = if kind == CollectiveKind::ReduceScatterBlock { *call.recvs.get(place)? } else { call.block };
    is_whole.then_some(CollectiveCall { kind, root: call.root, block: Bytes(block), sends, recvs, flops: 0.0 })
}
