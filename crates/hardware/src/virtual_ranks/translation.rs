//! From calls of MPI to steps of the simulated ranks: the only place that knows both.

use dlpc_engine::calls::{CollectiveCall, CollectiveKind};
use dlpc_engine::units::{Bytes, SimDuration};
use dlpc_predict::workload::recorded::{Call, Posted, Sent, Step};
use dlpc_virtual_mpi::wire::gathering::{
    AGREE, ALLGATHER, ALLGATHERV, ALLREDUCE, ALLTOALL, ALLTOALLV, BARRIER, BCAST, EXSCAN, GATHER, GATHERV, REDUCE,
    REDUCE_SCATTER, REDUCE_SCATTER_BLOCK, SCAN, SCATTER, SCATTERV,
};
use dlpc_virtual_mpi::wire::{self, Address, Gathering, Wanted};

/// Returns the step of a call, and none for calls that take no time on the cluster. Why a call cannot be simulated is the error.
///
/// `place` is that of the rank in the communicator of a collective, `number` is that of the communicator, and `n` its size.
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
        wire::Call::Recv(wanted) | wire::Call::Mprobe(wanted) => Call::Recv(posted(*wanted)?),
        wire::Call::Exchange(_, Wanted { from: None, .. }) => return Err("a receive from any source beside a send"),
        wire::Call::Exchange(address, wanted) => Call::Exchange(sent(*address, n_bytes)?, posted(*wanted)?),
        wire::Call::Gathering(gathering) => {
            let (number, place, n) = on.ok_or("an unknown communicator")?;
            Call::Collective(number, Box::new(collective(gathering, place, n).ok_or("an unknown collective")?))
        }
        wire::Call::Hello { .. }
        | wire::Call::Init
        | wire::Call::Finalize
        | wire::Call::Abort { .. }
        | wire::Call::Refuse
        | wire::Call::Time
        | wire::Call::Mrecv { .. }
        | wire::Call::Define { .. } => return Ok(None),
    };
    Ok(Some(Step::Call(call)))
}

fn sent(address: Address, bytes: u64) -> Result<Sent, &'static str> {
    if address.is_synchronous {
        return Err("a synchronous send");
    }
    in_world(address.context)?;
    Ok(Sent { to: address.to, tag: address.tag, bytes })
}

fn posted(wanted: Wanted) -> Result<Posted, &'static str> {
    in_world(wanted.context)?;
    Ok(Posted { from: wanted.from, tag: wanted.tag, was_any: wanted.from.is_none() })
}

/// The engine has one context: messages of another communicator could meet receives of this one.
fn in_world(context: u32) -> Result<(), &'static str> {
    if context == 0 { Ok(()) } else { Err("a message in another communicator than MPI_COMM_WORLD") }
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
        REDUCE_SCATTER | REDUCE_SCATTER_BLOCK => CollectiveKind::ReduceScatter,
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
        // Rank 0 has the whole result, and scatters it.
        CollectiveKind::ReduceScatter => {
            let own = call.recvs.get(place..=place).map(sizes)?;
            (if place == 0 { sizes(&call.recvs) } else { none() }, own)
        }
        _ => (none(), none()),
    };
    let is_whole = match kind {
        CollectiveKind::Gatherv => !is_root || recvs.len() == n,
        CollectiveKind::Scatterv => !is_root || sends.len() == n,
        CollectiveKind::Allgatherv | CollectiveKind::Alltoallv => recvs.len() == n,
        _ => true,
    };
    let root = call.root;
    is_whole.then_some(CollectiveCall { kind, root, block: Bytes(call.block), sends, recvs, flops: 0.0 })
}
