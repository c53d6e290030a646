//! Collectives: each rank contributes data and gets its part of the result. Each one is there blocking, nonblocking and persistent.

use std::ffi::{c_int, c_void};

use crate::abi::IN_PLACE;
use crate::buffer::Buffer;
use crate::errors::Result;
use crate::memory::list;
use crate::plan::{Data, Landing, Parts, Plan, Root, across, gather, into_buffer, into_parts, nowhere, root_of};
use crate::state::{Communicator, communicator};
use crate::wire::Gathering;
use crate::wire::gathering::{
    ALLGATHER, ALLGATHERV, ALLTOALL, ALLTOALLV, BARRIER, BCAST, GATHER, GATHERV, SCATTER, SCATTERV,
};

/// Functions of one collective: blocking, nonblocking and persistent, each of them also with large counts.
macro_rules! collectives {
    ($(
        fn $now:ident fn $now_large:ident fn $start:ident fn $start_large:ident fn $init:ident fn $init_large:ident
        ($($argument:ident: $type:ty),* $(,)?) $body:block
    )*) => {
        $(#[allow(clippy::useless_conversion, reason = "large counts need none")]
        const _: () = {
            #[allow(dead_code, reason = "not all have counts")]
            type Count = std::ffi::c_int;
            collectives! { @ $now $start $init ($($argument: $type),*) $body }
        };
        #[allow(clippy::useless_conversion, reason = "large counts need none")]
        const _: () = {
            #[allow(dead_code, reason = "not all have counts")]
            type Count = i64;
            collectives! { @ $now_large $start_large $init_large ($($argument: $type),*) $body }
        };)*
    };
    (@ $now:ident $start:ident $init:ident ($($argument:ident: $type:ty),*) $body:block) => {
        #[allow(clippy::too_many_arguments, reason = "MPI has so many")]
        fn plan($($argument: $type),*) -> $crate::errors::Result<$crate::plan::Plan> $body
        mpi! {
            fn $now($($argument: $type),*) {
                plan($($argument),*)?.run()
            }

            fn $start($($argument: $type,)* request: *mut std::ffi::c_int) {
                $crate::requests::begin(plan($($argument),*)?, request)
            }

            fn $init($($argument: $type,)* _info: std::ffi::c_int, request: *mut std::ffi::c_int) {
                $crate::requests::prepare(plan($($argument),*)?, request);
                Ok(())
            }
        }
    };
}
pub(crate) use collectives;

/// A gather to one rank; `parts` are the root's.
fn gathered(kind: u32, comm: &Communicator, root: Root, own: Option<Buffer>, parts: Option<Parts>) -> Plan {
    let block = own.as_ref().map_or(0, Buffer::size) as u64;
    let recvs = parts.as_ref().map(Parts::sizes).unwrap_or_default();
    if comm.remote.is_some() {
        return match (root, parts) {
            (Root::Self_, Some(parts)) => across(comm, Parts::default(), &recvs, into_parts(parts)),
            (Root::Peer(place), _) => across(comm, only(comm, place, own), &[], nowhere()),
            _ => across(comm, Parts::default(), &[], nowhere()),
        };
    }
    let call = Gathering { block, sends: vec![block], recvs, ..gather(kind, comm, root.place(comm)) };
    Plan { call, data: own.map_or(Data::Nothing, Data::Buffer), landing: parts.map_or_else(nowhere, into_parts) }
}

/// Returns parts for all peers, of which one has all.
fn only(comm: &Communicator, place: u32, buffer: Option<Buffer>) -> Parts {
    let Some(buffer) = buffer else { return Parts::default() };
    let part = |i: usize| if i == place as usize { Ok(buffer.clone()) } else { buffer.part(0, 0) };
    Parts((0..comm.peers().len()).filter_map(|i| part(i).ok()).collect())
}

/// Returns the same part for all peers.
fn same(comm: &Communicator, buffer: &Buffer) -> Parts {
    Parts(vec![buffer.clone(); comm.peers().len()])
}

fn gathered_by_all(kind: u32, comm: &Communicator, own: Buffer, parts: Parts) -> Plan {
    let (block, recvs) = (own.size() as u64, parts.sizes());
    if comm.remote.is_some() {
        return across(comm, same(comm, &own), &recvs, into_parts(parts));
    }
    let call = Gathering { block, sends: vec![block], recvs, ..gather(kind, comm, 0) };
    Plan { call, data: Data::Buffer(own), landing: into_parts(parts) }
}

fn scattered(kind: u32, comm: &Communicator, root: Root, parts: Option<Parts>, into: Option<Buffer>) -> Plan {
    if comm.remote.is_some() {
        return match (root, parts, into) {
            (Root::Self_, Some(parts), _) => across(comm, parts, &[], nowhere()),
            (Root::Peer(place), _, Some(into)) => {
                let sizes = only(comm, place, Some(into.clone())).sizes();
                across(comm, Parts::default(), &sizes, into_buffer(into))
            }
            _ => across(comm, Parts::default(), &[], nowhere()),
        };
    }
    let sends = parts.as_ref().map(Parts::sizes).unwrap_or_default();
    let size = into.as_ref().map(|into| into.size() as u64);
    let block = size.or(sends.get(comm.rank as usize).copied()).unwrap_or(0);
    let call = Gathering { block, sends, recvs: vec![block], ..gather(kind, comm, root.place(comm)) };
    Plan { call, data: parts.map_or(Data::Nothing, Data::Parts), landing: into.map_or_else(nowhere, into_buffer) }
}

fn exchanged(kind: u32, comm: &Communicator, out: Parts, into: Parts) -> Plan {
    let recvs = into.sizes();
    if comm.remote.is_some() {
        return across(comm, out, &recvs, into_parts(into));
    }
    let sends = out.sizes();
    let block = sends.iter().copied().max().unwrap_or(0);
    let call = Gathering { block, sends, recvs, ..gather(kind, comm, 0) };
    Plan { call, data: Data::Parts(out), landing: into_parts(into) }
}

/// What a rank contributes: a buffer, or with `MPI_IN_PLACE` its own part of the result.
fn own(
    start: *const c_void,
    count: impl Into<i64>,
    datatype: c_int,
    comm: &Communicator,
    parts: &Parts,
) -> Result<Buffer> {
    if start == IN_PLACE { Ok(parts.0[comm.rank as usize].clone()) } else { Buffer::new(start, count, datatype) }
}

/// As [`own`], of a gather: only the root has parts, and in one side of an intercommunicator nobody contributes.
fn own_of(
    start: *const c_void,
    count: impl Into<i64>,
    datatype: c_int,
    comm: &Communicator,
    root: Root,
    parts: Option<&Parts>,
) -> Result<Option<Buffer>> {
    match (root, parts) {
        (Root::Nobody, _) => Ok(None),
        (Root::Self_, _) if comm.remote.is_some() => Ok(None),
        (Root::Self_, Some(parts)) => own(start, count, datatype, comm, parts).map(Some),
        _ => Buffer::new(start, count, datatype).map(Some),
    }
}

/// A displacement: an address has as many bits.
pub(crate) fn place(at: i64) -> isize {
    isize::try_from(at).unwrap_or(isize::MAX)
}

/// Parts of datatypes of their own, at displacements in bytes.
pub(crate) fn typed<C: Copy + Into<i64>, D: Copy + Into<i64>>(
    start: *const c_void,
    lengths: *const C,
    at: *const D,
    types: *const c_int,
    n: usize,
) -> Result<Parts> {
    let (lengths, at, types) = (list(lengths, n), list(at, n), list(types, n));
    let part = |i: usize| Buffer::new(start.wrapping_byte_offset(place(at[i].into())), lengths[i], types[i]);
    (0..n).map(part).collect::<Result<_>>().map(Parts)
}

collectives! {
    fn MPI_Barrier fn MPI_Barrier_c fn MPI_Ibarrier fn MPI_Ibarrier_c fn MPI_Barrier_init fn MPI_Barrier_init_c
    (comm: c_int) {
        Ok(Plan { call: gather(BARRIER, &communicator(comm)?, 0), data: Data::Nothing, landing: nowhere() })
    }

    fn MPI_Bcast fn MPI_Bcast_c fn MPI_Ibcast fn MPI_Ibcast_c fn MPI_Bcast_init fn MPI_Bcast_init_c
    (data: *mut c_void, count: Count, datatype: c_int, root: c_int, comm: c_int) {
        let comm = communicator(comm)?;
        let root = root_of(&comm, root)?;
        let is_across = comm.remote.is_some();
        let buffer = if root == Root::Nobody { None } else { Some(Buffer::new(data, count, datatype)?) };
        let Some(buffer) = buffer else { return Ok(across(&comm, Parts::default(), &[], nowhere())) };
        let (is_root, place) = (root == Root::Self_, root.place(&comm));
        if is_across {
            let sizes = only(&comm, place, Some(buffer.clone())).sizes();
            return Ok(if is_root {
                across(&comm, same(&comm, &buffer), &[], nowhere())
            } else {
                across(&comm, Parts::default(), &sizes, into_buffer(buffer))
            });
        }
        let call = Gathering { block: buffer.size() as u64, ..gather(BCAST, &comm, place) };
        let landing: Landing = if is_root { nowhere() } else { into_buffer(buffer.clone()) };
        Ok(Plan { call, data: if is_root { Data::Buffer(buffer) } else { Data::Nothing }, landing })
    }

    fn MPI_Gather fn MPI_Gather_c fn MPI_Igather fn MPI_Igather_c fn MPI_Gather_init fn MPI_Gather_init_c
    (
        out: *const c_void,
        out_count: Count,
        out_type: c_int,
        into: *mut c_void,
        into_count: Count,
        into_type: c_int,
        root: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let root = root_of(&comm, root)?;
        let parts = (root == Root::Self_).then(|| Parts::equal(into, into_count, into_type, comm.peers().len()));
        let parts = parts.transpose()?;
        let own = own_of(out, out_count, out_type, &comm, root, parts.as_ref())?;
        Ok(gathered(GATHER, &comm, root, own, parts))
    }

    fn MPI_Gatherv fn MPI_Gatherv_c fn MPI_Igatherv fn MPI_Igatherv_c fn MPI_Gatherv_init fn MPI_Gatherv_init_c
    (
        out: *const c_void,
        out_count: Count,
        out_type: c_int,
        into: *mut c_void,
        counts: *const Count,
        at: *const Count,
        into_type: c_int,
        root: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let root = root_of(&comm, root)?;
        let parts = (root == Root::Self_).then(|| Parts::each(into, counts, at, into_type, comm.peers().len()));
        let parts = parts.transpose()?;
        let own = own_of(out, out_count, out_type, &comm, root, parts.as_ref())?;
        Ok(gathered(GATHERV, &comm, root, own, parts))
    }

    fn MPI_Allgather fn MPI_Allgather_c fn MPI_Iallgather fn MPI_Iallgather_c
    fn MPI_Allgather_init fn MPI_Allgather_init_c
    (
        out: *const c_void,
        out_count: Count,
        out_type: c_int,
        into: *mut c_void,
        into_count: Count,
        into_type: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let parts = Parts::equal(into, into_count, into_type, comm.peers().len())?;
        let own = own(out, out_count, out_type, &comm, &parts)?;
        Ok(gathered_by_all(ALLGATHER, &comm, own, parts))
    }

    fn MPI_Allgatherv fn MPI_Allgatherv_c fn MPI_Iallgatherv fn MPI_Iallgatherv_c
    fn MPI_Allgatherv_init fn MPI_Allgatherv_init_c
    (
        out: *const c_void,
        out_count: Count,
        out_type: c_int,
        into: *mut c_void,
        counts: *const Count,
        at: *const Count,
        into_type: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let parts = Parts::each(into, counts, at, into_type, comm.peers().len())?;
        let own = own(out, out_count, out_type, &comm, &parts)?;
        Ok(gathered_by_all(ALLGATHERV, &comm, own, parts))
    }

    fn MPI_Scatter fn MPI_Scatter_c fn MPI_Iscatter fn MPI_Iscatter_c fn MPI_Scatter_init fn MPI_Scatter_init_c
    (
        out: *const c_void,
        out_count: Count,
        out_type: c_int,
        into: *mut c_void,
        into_count: Count,
        into_type: c_int,
        root: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let root = root_of(&comm, root)?;
        let parts = (root == Root::Self_).then(|| Parts::equal(out, out_count, out_type, comm.peers().len()));
        let is_wanted = into.cast_const() != IN_PLACE && is_receiving(&comm, root);
        let into = is_wanted.then(|| Buffer::new(into, into_count, into_type)).transpose()?;
        Ok(scattered(SCATTER, &comm, root, parts.transpose()?, into))
    }

    fn MPI_Scatterv fn MPI_Scatterv_c fn MPI_Iscatterv fn MPI_Iscatterv_c fn MPI_Scatterv_init fn MPI_Scatterv_init_c
    (
        out: *const c_void,
        counts: *const Count,
        at: *const Count,
        out_type: c_int,
        into: *mut c_void,
        into_count: Count,
        into_type: c_int,
        root: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let root = root_of(&comm, root)?;
        let parts = (root == Root::Self_).then(|| Parts::each(out, counts, at, out_type, comm.peers().len()));
        let is_wanted = into.cast_const() != IN_PLACE && is_receiving(&comm, root);
        let into = is_wanted.then(|| Buffer::new(into, into_count, into_type)).transpose()?;
        Ok(scattered(SCATTERV, &comm, root, parts.transpose()?, into))
    }

    fn MPI_Alltoall fn MPI_Alltoall_c fn MPI_Ialltoall fn MPI_Ialltoall_c fn MPI_Alltoall_init fn MPI_Alltoall_init_c
    (
        out: *const c_void,
        out_count: Count,
        out_type: c_int,
        into: *mut c_void,
        into_count: Count,
        into_type: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let n = comm.peers().len();
        let into = Parts::equal(into, into_count, into_type, n)?;
        let out = if out == IN_PLACE { into.clone() } else { Parts::equal(out, out_count, out_type, n)? };
        Ok(exchanged(ALLTOALL, &comm, out, into))
    }

    fn MPI_Alltoallv fn MPI_Alltoallv_c fn MPI_Ialltoallv fn MPI_Ialltoallv_c
    fn MPI_Alltoallv_init fn MPI_Alltoallv_init_c
    (
        out: *const c_void,
        out_counts: *const Count,
        out_at: *const Count,
        out_type: c_int,
        into: *mut c_void,
        counts: *const Count,
        at: *const Count,
        into_type: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let n = comm.peers().len();
        let into = Parts::each(into, counts, at, into_type, n)?;
        let out = if out == IN_PLACE { into.clone() } else { Parts::each(out, out_counts, out_at, out_type, n)? };
        Ok(exchanged(ALLTOALLV, &comm, out, into))
    }

    fn MPI_Alltoallw fn MPI_Alltoallw_c fn MPI_Ialltoallw fn MPI_Ialltoallw_c
    fn MPI_Alltoallw_init fn MPI_Alltoallw_init_c
    (
        out: *const c_void,
        out_counts: *const Count,
        out_at: *const Count,
        out_types: *const c_int,
        into: *mut c_void,
        counts: *const Count,
        at: *const Count,
        types: *const c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let n = comm.peers().len();
        let into = typed(into, counts, at, types, n)?;
        let out = if out == IN_PLACE { into.clone() } else { typed(out, out_counts, out_at, out_types, n)? };
        Ok(exchanged(ALLTOALLV, &comm, out, into))
    }
}

/// Returns whether a rank gets a part of what a root scatters.
fn is_receiving(comm: &Communicator, root: Root) -> bool {
    root != Root::Nobody && (comm.remote.is_none() || root != Root::Self_)
}
