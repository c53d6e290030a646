//! Messages from one rank to another: the calls that return when they are done.

use std::ffi::{c_int, c_void};
use std::sync::{Mutex, PoisonError};

use crate::abi::{ANY_SOURCE, ANY_TAG, ERR_ARG, ERR_TAG, MESSAGE_NO_PROC, MESSAGE_NULL, PROC_NULL, Status, TAG_UB};
use crate::buffer::Buffer;
use crate::errors::{Error, Result};
use crate::handles::Handles;
use crate::link;
use crate::memory::{get, put, put_status};
use crate::state::{Communicator, communicator};
use crate::wire::{Address, Call, Frame, Wanted};

/// Messages that matched probes have found.
static KEPT: Mutex<Handles<Kept>> = Mutex::new(Handles::new(0xac00_0000));

struct Kept {
    number: u64,
    comm: Communicator,
}

fn kept() -> std::sync::MutexGuard<'static, Handles<Kept>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns to whom a message goes; none for nobody.
fn address(comm: &Communicator, to: c_int, tag: c_int, is_synchronous: bool) -> Result<Option<Address>> {
    let tag = u32::try_from(tag).ok().filter(|tag| *tag <= TAG_UB.cast_unsigned());
    let tag = tag.ok_or_else(|| Error::new(ERR_TAG, "the tag of a message is from 0 to 1073741823"))?;
    if to == PROC_NULL {
        return Ok(None);
    }
    Ok(Some(Address { to: comm.world_rank(to)?, tag, context: comm.context, is_synchronous }))
}

/// Returns which messages a receive takes; none if it is from nobody.
fn wanted(comm: &Communicator, from: c_int, tag: c_int) -> Result<Option<Wanted>> {
    if tag < ANY_TAG {
        return Err(Error::new(ERR_TAG, format!("the tag {tag} is negative")));
    }
    let from = match from {
        PROC_NULL => return Ok(None),
        ANY_SOURCE => None,
        rank => Some(comm.world_rank(rank)?),
    };
    Ok(Some(Wanted { from, tag: u32::try_from(tag).ok(), context: comm.context }))
}

/// Returns the status of a message as the simulator tells it: sender, tag and size.
fn status(comm: &Communicator, answer: &Frame, bytes: usize) -> Status {
    let number = |i: usize| answer.numbers.get(i).copied().unwrap_or(-1);
    let from = u32::try_from(number(0)).map_or(PROC_NULL, |from| comm.rank_of(from));
    Status::new(from, c_int::try_from(number(1)).unwrap_or(ANY_TAG), bytes)
}

/// Ends a receive: the data and what is said of them go to the program.
fn received(comm: &Communicator, answer: &Frame, buffer: &Buffer, to: *mut Status) -> Result {
    put_status(to, status(comm, answer, answer.bytes.len()));
    buffer.unpack(&answer.bytes)
}

fn send(buffer: &Buffer, to: c_int, tag: c_int, comm: c_int, is_synchronous: bool) -> Result {
    if let Some(address) = address(&communicator(comm)?, to, tag, is_synchronous)? {
        link::call(&Call::Send(address), &buffer.packed());
    }
    Ok(())
}

fn recv(buffer: &Buffer, from: c_int, tag: c_int, comm: c_int, status: *mut Status) -> Result {
    let comm = communicator(comm)?;
    let Some(wanted) = wanted(&comm, from, tag)? else {
        put_status(status, Status::empty());
        return Ok(());
    };
    received(&comm, &link::call(&Call::Recv(wanted), b""), buffer, status)
}

/// Whom a call sends to and receives from, with the tags.
struct Peers {
    to: c_int,
    send_tag: c_int,
    from: c_int,
    recv_tag: c_int,
}

fn exchange(out: &Buffer, into: &Buffer, peers: &Peers, comm: c_int, status: *mut Status) -> Result {
    let members = communicator(comm)?;
    let address = address(&members, peers.to, peers.send_tag, false)?;
    match (address, wanted(&members, peers.from, peers.recv_tag)?) {
        (Some(address), Some(wanted)) => {
            let answer = link::call(&Call::Exchange(address, wanted), &out.packed());
            received(&members, &answer, into, status)
        }
        (None, Some(_)) => recv(into, peers.from, peers.recv_tag, comm, status),
        (_, None) => {
            put_status(status, Status::empty());
            send(out, peers.to, peers.send_tag, comm, false)
        }
    }
}

mpi! {
    fn MPI_Send(data: *const c_void, count: c_int, datatype: c_int, to: c_int, tag: c_int, comm: c_int) {
        send(&Buffer::new(data, count, datatype)?, to, tag, comm, false)
    }

    fn MPI_Rsend(data: *const c_void, count: c_int, datatype: c_int, to: c_int, tag: c_int, comm: c_int) {
        send(&Buffer::new(data, count, datatype)?, to, tag, comm, false)
    }

    fn MPI_Recv(
        data: *mut c_void,
        count: c_int,
        datatype: c_int,
        from: c_int,
        tag: c_int,
        comm: c_int,
        status: *mut Status,
    ) {
        recv(&Buffer::new(data, count, datatype)?, from, tag, comm, status)
    }

    fn MPI_Sendrecv(
        out: *const c_void,
        out_count: c_int,
        out_type: c_int,
        to: c_int,
        send_tag: c_int,
        into: *mut c_void,
        into_count: c_int,
        into_type: c_int,
        from: c_int,
        recv_tag: c_int,
        comm: c_int,
        status: *mut Status,
    ) {
        let (out, into) = (Buffer::new(out, out_count, out_type)?, Buffer::new(into, into_count, into_type)?);
        exchange(&out, &into, &Peers { to, send_tag, from, recv_tag }, comm, status)
    }

    fn MPI_Sendrecv_replace(
        data: *mut c_void,
        count: c_int,
        datatype: c_int,
        to: c_int,
        send_tag: c_int,
        from: c_int,
        recv_tag: c_int,
        comm: c_int,
        status: *mut Status,
    ) {
        // The data are sent before anything is received.
        let buffer = Buffer::new(data, count, datatype)?;
        exchange(&buffer, &buffer, &Peers { to, send_tag, from, recv_tag }, comm, status)
    }

    fn MPI_Mprobe(from: c_int, tag: c_int, comm: c_int, message: *mut c_int, to: *mut Status) {
        let comm = communicator(comm)?;
        let Some(wanted) = wanted(&comm, from, tag)? else {
            put(message, MESSAGE_NO_PROC);
            put_status(to, Status::empty());
            return Ok(());
        };
        let answer = link::call(&Call::Mprobe(wanted), b"");
        let [size, number] = [2, 3].map(|i| answer.numbers.get(i).map_or(0, |number| number.cast_unsigned()));
        put_status(to, status(&comm, &answer, usize::try_from(size).unwrap_or(usize::MAX)));
        put(message, kept().insert(Kept { number, comm }));
        Ok(())
    }

    fn MPI_Mrecv(data: *mut c_void, count: c_int, datatype: c_int, message: *mut c_int, status: *mut Status) {
        let buffer = Buffer::new(data, count, datatype)?;
        let handle = get(message);
        put(message, MESSAGE_NULL);
        if handle == MESSAGE_NO_PROC {
            put_status(status, Status::empty());
            return Ok(());
        }
        let found = kept().remove(handle);
        let Kept { number, comm } = found.ok_or_else(|| Error::new(ERR_ARG, "no message that a probe has found"))?;
        received(&comm, &link::call(&Call::Mrecv { message: number }, b""), &buffer, status)
    }
}
