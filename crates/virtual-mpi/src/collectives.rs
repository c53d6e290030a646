//! Collectives: each rank contributes data and gets its part of the result.

use std::ffi::{c_int, c_void};

use crate::abi::{ERR_ROOT, IN_PLACE};
use crate::buffer::Buffer;
use crate::errors::{Error, Result};
use crate::link;
use crate::memory::list;
use crate::state::{Communicator, communicator};
use crate::wire::gathering::{
    ALLGATHER, ALLGATHERV, ALLTOALL, ALLTOALLV, BARRIER, BCAST, GATHER, GATHERV, SCATTER, SCATTERV,
};
use crate::wire::{Call, Frame, Gathering};

/// Returns a collective without data.
pub(crate) fn gather(kind: u32, comm: &Communicator, root: u32) -> Gathering {
    Gathering {
        kind,
        context: comm.context,
        root,
        operation: 0,
        element: 0,
        block: 0,
        sends: Vec::new(),
        recvs: Vec::new(),
    }
}

pub(crate) fn told(gathering: Gathering, bytes: &[u8]) -> Frame {
    link::call(&Call::Gathering(Box::new(gathering)), bytes)
}

/// Checks a root.
pub(crate) fn root_of(comm: &Communicator, root: c_int) -> Result<u32> {
    comm.world_rank(root).map_err(|error| Error::new(ERR_ROOT, error.what))?;
    Ok(root.cast_unsigned())
}

/// Parts of a buffer, one for each rank of a communicator.
struct Parts(Vec<Buffer>);

impl Parts {
    /// Parts of one size, one after the other.
    fn equal(start: *const c_void, count: c_int, datatype: c_int, comm: &Communicator) -> Result<Self> {
        let all = Buffer::new(start, 0, datatype)?;
        let n = c_int::try_from(comm.size()).unwrap_or(c_int::MAX);
        Ok(Self((0..n).map(|i| all.part(i * count, count)).collect::<Result<_>>()?))
    }

    /// Parts of sizes of their own, wherever they are.
    fn each(
        start: *const c_void,
        counts: *const c_int,
        at: *const c_int,
        datatype: c_int,
        comm: &Communicator,
    ) -> Result<Self> {
        let all = Buffer::new(start, 0, datatype)?;
        let (counts, at) = (list(counts, comm.size()), list(at, comm.size()));
        Ok(Self(counts.iter().zip(&at).map(|(count, at)| all.part(*at, *count)).collect::<Result<_>>()?))
    }

    fn sizes(&self) -> Vec<u64> {
        self.0.iter().map(|part| part.size() as u64).collect()
    }

    fn packed(&self) -> Vec<u8> {
        self.0.iter().flat_map(|part| part.packed().into_owned()).collect()
    }

    /// Puts parts of a result, whose lengths the answer tells, into the program's memory.
    fn unpack(&self, answer: &Frame) -> Result {
        let mut rest = answer.bytes.as_slice();
        for (part, length) in self.0.iter().zip(&answer.numbers) {
            let (message, after) = rest.split_at(usize::try_from(*length).unwrap_or(0).min(rest.len()));
            part.unpack(message)?;
            rest = after;
        }
        Ok(())
    }
}

/// What a rank contributes: a buffer, or with `MPI_IN_PLACE` its own part of the result.
fn contribution(start: *const c_void, count: c_int, datatype: c_int, parts: &Parts, rank: u32) -> Result<Vec<u8>> {
    if start == IN_PLACE {
        return Ok(parts.0[rank as usize].packed().into_owned());
    }
    Ok(Buffer::new(start, count, datatype)?.packed().into_owned())
}

fn gathered(call: &Gathering, bytes: &[u8], parts: Option<&Parts>) -> Result {
    let recvs = parts.map(Parts::sizes).unwrap_or_default();
    let answer =
        told(Gathering { block: bytes.len() as u64, sends: vec![bytes.len() as u64], recvs, ..call.clone() }, bytes);
    parts.map_or(Ok(()), |parts| parts.unpack(&answer))
}

fn scattered(call: &Gathering, parts: Option<&Parts>, into: Option<&Buffer>) -> Result {
    let (sends, bytes) = parts.map(|parts| (parts.sizes(), parts.packed())).unwrap_or_default();
    let size = into.map(|into| into.size() as u64);
    let block = size.or(sends.get(call.root as usize).copied()).unwrap_or(0);
    let answer = told(Gathering { block, sends, recvs: vec![block], ..call.clone() }, &bytes);
    into.map_or(Ok(()), |into| into.unpack(&answer.bytes))
}

fn exchanged(call: &Gathering, out: &Parts, into: &Parts) -> Result {
    let sends = out.sizes();
    let block = sends.iter().copied().max().unwrap_or(0);
    let answer = told(Gathering { block, sends, recvs: into.sizes(), ..call.clone() }, &out.packed());
    into.unpack(&answer)
}

mpi! {
    fn MPI_Barrier(comm: c_int) {
        told(gather(BARRIER, &communicator(comm)?, 0), b"");
        Ok(())
    }

    fn MPI_Bcast(data: *mut c_void, count: c_int, datatype: c_int, root: c_int, comm: c_int) {
        let (comm, buffer) = (communicator(comm)?, Buffer::new(data, count, datatype)?);
        let root = root_of(&comm, root)?;
        let call = Gathering { block: buffer.size() as u64, ..gather(BCAST, &comm, root) };
        if comm.rank == root {
            told(call, &buffer.packed());
            return Ok(());
        }
        buffer.unpack(&told(call, b"").bytes)
    }

    fn MPI_Gather(
        out: *const c_void,
        out_count: c_int,
        out_type: c_int,
        into: *mut c_void,
        into_count: c_int,
        into_type: c_int,
        root: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let root = root_of(&comm, root)?;
        let is_root = comm.rank == root;
        let parts = is_root.then(|| Parts::equal(into, into_count, into_type, &comm)).transpose()?;
        let none = Parts(Vec::new());
        let bytes = contribution(out, out_count, out_type, parts.as_ref().unwrap_or(&none), comm.rank)?;
        gathered(&gather(GATHER, &comm, root), &bytes, parts.as_ref())
    }

    fn MPI_Gatherv(
        out: *const c_void,
        out_count: c_int,
        out_type: c_int,
        into: *mut c_void,
        counts: *const c_int,
        at: *const c_int,
        into_type: c_int,
        root: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let root = root_of(&comm, root)?;
        let is_root = comm.rank == root;
        let parts = is_root.then(|| Parts::each(into, counts, at, into_type, &comm)).transpose()?;
        let none = Parts(Vec::new());
        let bytes = contribution(out, out_count, out_type, parts.as_ref().unwrap_or(&none), comm.rank)?;
        gathered(&gather(GATHERV, &comm, root), &bytes, parts.as_ref())
    }

    fn MPI_Allgather(
        out: *const c_void,
        out_count: c_int,
        out_type: c_int,
        into: *mut c_void,
        into_count: c_int,
        into_type: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let parts = Parts::equal(into, into_count, into_type, &comm)?;
        let bytes = contribution(out, out_count, out_type, &parts, comm.rank)?;
        gathered(&gather(ALLGATHER, &comm, 0), &bytes, Some(&parts))
    }

    fn MPI_Allgatherv(
        out: *const c_void,
        out_count: c_int,
        out_type: c_int,
        into: *mut c_void,
        counts: *const c_int,
        at: *const c_int,
        into_type: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let parts = Parts::each(into, counts, at, into_type, &comm)?;
        let bytes = contribution(out, out_count, out_type, &parts, comm.rank)?;
        gathered(&gather(ALLGATHERV, &comm, 0), &bytes, Some(&parts))
    }

    fn MPI_Scatter(
        out: *const c_void,
        out_count: c_int,
        out_type: c_int,
        into: *mut c_void,
        into_count: c_int,
        into_type: c_int,
        root: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let root = root_of(&comm, root)?;
        let is_root = comm.rank == root;
        let parts = is_root.then(|| Parts::equal(out, out_count, out_type, &comm)).transpose()?;
        let is_wanted = into.cast_const() != IN_PLACE;
        let into = is_wanted.then(|| Buffer::new(into, into_count, into_type)).transpose()?;
        scattered(&gather(SCATTER, &comm, root), parts.as_ref(), into.as_ref())
    }

    fn MPI_Scatterv(
        out: *const c_void,
        counts: *const c_int,
        at: *const c_int,
        out_type: c_int,
        into: *mut c_void,
        into_count: c_int,
        into_type: c_int,
        root: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let root = root_of(&comm, root)?;
        let is_root = comm.rank == root;
        let parts = is_root.then(|| Parts::each(out, counts, at, out_type, &comm)).transpose()?;
        let is_wanted = into.cast_const() != IN_PLACE;
        let into = is_wanted.then(|| Buffer::new(into, into_count, into_type)).transpose()?;
        scattered(&gather(SCATTERV, &comm, root), parts.as_ref(), into.as_ref())
    }

    fn MPI_Alltoall(
        out: *const c_void,
        out_count: c_int,
        out_type: c_int,
        into: *mut c_void,
        into_count: c_int,
        into_type: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let into = Parts::equal(into, into_count, into_type, &comm)?;
        if out == IN_PLACE {
            return exchanged(&gather(ALLTOALL, &comm, 0), &into, &into);
        }
        exchanged(&gather(ALLTOALL, &comm, 0), &Parts::equal(out, out_count, out_type, &comm)?, &into)
    }

    fn MPI_Alltoallv(
        out: *const c_void,
        out_counts: *const c_int,
        out_at: *const c_int,
        out_type: c_int,
        into: *mut c_void,
        counts: *const c_int,
        at: *const c_int,
        into_type: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let into = Parts::each(into, counts, at, into_type, &comm)?;
        if out == IN_PLACE {
            return exchanged(&gather(ALLTOALLV, &comm, 0), &into, &into);
        }
        exchanged(&gather(ALLTOALLV, &comm, 0), &Parts::each(out, out_counts, out_at, out_type, &comm)?, &into)
    }
}
