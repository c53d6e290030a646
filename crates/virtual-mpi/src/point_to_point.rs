//! Messages from one rank to another: the calls that return when they are done.

use std::ffi::{c_int, c_void};
use std::sync::{Mutex, PoisonError};

use crate::abi::{ERR_BUFFER, ERR_REQUEST, MESSAGE_NO_PROC, MESSAGE_NULL, Status};
use crate::buffer::Buffer;
use crate::errors::{Error, Result};
use crate::link;
use crate::memory::{get, put, put_count, put_status};
use crate::messages::{Mode, address, status, wanted};
use crate::requests::{Ended, complete, forget, over, reserve, start_matched};
use crate::state::{Communicator, communicator};
use crate::wire::{Call, Enough, Frame};

/// Ends a receive: the data and what is said of them go to the program.
fn received(comm: &Communicator, answer: &Frame, buffer: &Buffer, to: *mut Status) -> Result {
    put_status(to, status(comm, &answer.numbers, answer.bytes.len()));
    buffer.unpack(&answer.bytes)
}

fn send(buffer: &Buffer, to: c_int, tag: c_int, comm: c_int, mode: Mode) -> Result {
    if let Some(address) = address(&communicator(comm)?, to, tag, mode)? {
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
    let address = address(&members, peers.to, peers.send_tag, Mode::Standard)?;
    match (address, wanted(&members, peers.from, peers.recv_tag)?) {
        (Some(address), Some(wanted)) => {
            let answer = link::call(&Call::Exchange(address, wanted), &out.packed());
            received(&members, &answer, into, status)
        }
        (None, Some(_)) => recv(into, peers.from, peers.recv_tag, comm, status),
        (_, None) => {
            put_status(status, Status::empty());
            send(out, peers.to, peers.send_tag, comm, Mode::Standard)
        }
    }
}

counted! {
    fn MPI_Send fn MPI_Send_c (data: *const c_void, count: Count, datatype: c_int, to: c_int, tag: c_int, comm: c_int) {
        send(&Buffer::new(data, count, datatype)?, to, tag, comm, Mode::Standard)
    }

    fn MPI_Ssend fn MPI_Ssend_c (data: *const c_void, count: Count, datatype: c_int, to: c_int, tag: c_int, comm: c_int) {
        send(&Buffer::new(data, count, datatype)?, to, tag, comm, Mode::Synchronous)
    }

    fn MPI_Bsend fn MPI_Bsend_c (data: *const c_void, count: Count, datatype: c_int, to: c_int, tag: c_int, comm: c_int) {
        send(&Buffer::new(data, count, datatype)?, to, tag, comm, Mode::Buffered)
    }

    fn MPI_Rsend fn MPI_Rsend_c (data: *const c_void, count: Count, datatype: c_int, to: c_int, tag: c_int, comm: c_int) {
        send(&Buffer::new(data, count, datatype)?, to, tag, comm, Mode::Ready)
    }

    fn MPI_Recv fn MPI_Recv_c (
        data: *mut c_void,
        count: Count,
        datatype: c_int,
        from: c_int,
        tag: c_int,
        comm: c_int,
        status: *mut Status,
    ) {
        recv(&Buffer::new(data, count, datatype)?, from, tag, comm, status)
    }

    fn MPI_Sendrecv fn MPI_Sendrecv_c (
        out: *const c_void,
        out_count: Count,
        out_type: c_int,
        to: c_int,
        send_tag: c_int,
        into: *mut c_void,
        into_count: Count,
        into_type: c_int,
        from: c_int,
        recv_tag: c_int,
        comm: c_int,
        status: *mut Status,
    ) {
        let (out, into) = (Buffer::new(out, out_count, out_type)?, Buffer::new(into, into_count, into_type)?);
        exchange(&out, &into, &Peers { to, send_tag, from, recv_tag }, comm, status)
    }

    fn MPI_Sendrecv_replace fn MPI_Sendrecv_replace_c (
        data: *mut c_void,
        count: Count,
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

    fn MPI_Imrecv fn MPI_Imrecv_c (data: *mut c_void, count: Count, datatype: c_int, message: *mut c_int, request: *mut c_int) {
        let (buffer, handle) = (Buffer::new(data, count, datatype)?, get(message));
        put(message, MESSAGE_NULL);
        if handle == MESSAGE_NO_PROC {
            put(request, over());
            return Ok(());
        }
        start_matched(handle, buffer)?;
        put(request, handle);
        Ok(())
    }

    fn MPI_Mrecv fn MPI_Mrecv_c (data: *mut c_void, count: Count, datatype: c_int, message: *mut c_int, status: *mut Status) {
        let (buffer, handle) = (Buffer::new(data, count, datatype)?, get(message));
        put(message, MESSAGE_NULL);
        if handle == MESSAGE_NO_PROC {
            put_status(status, Status::empty());
            return Ok(());
        }
        start_matched(handle, buffer)?;
        let ended = complete(&mut [handle], Enough::One, true)?.unwrap_or_default();
        let first = ended.into_iter().next().ok_or_else(|| Error::new(ERR_REQUEST, "no message that a probe has found"))?;
        let Ended { status: received, failure, .. } = first;
        put_status(status, received);
        failure.map_or(Ok(()), Err)
    }
}

mpi! {
    fn MPI_Probe(from: c_int, tag: c_int, comm: c_int, status: *mut Status) {
        probe(from, tag, comm, true, status).map(drop)
    }

    fn MPI_Iprobe(from: c_int, tag: c_int, comm: c_int, flag: *mut c_int, status: *mut Status) {
        put(flag, c_int::from(probe(from, tag, comm, false, status)?));
        Ok(())
    }

    fn MPI_Mprobe(from: c_int, tag: c_int, comm: c_int, message: *mut c_int, status: *mut Status) {
        matched_probe(from, tag, comm, true, message, status).map(drop)
    }

    fn MPI_Improbe(
        from: c_int,
        tag: c_int,
        comm: c_int,
        flag: *mut c_int,
        message: *mut c_int,
        status: *mut Status,
    ) {
        put(flag, c_int::from(matched_probe(from, tag, comm, false, message, status)?));
        Ok(())
    }
}

/// The buffer that the program has attached: its address and its size. Data of buffered sends are kept by the simulator instead.
static ATTACHED: Mutex<(usize, i64)> = Mutex::new((0, 0));

counted! {
    fn MPI_Buffer_attach fn MPI_Buffer_attach_c (data: *mut c_void, size: Count) {
        let mut attached = ATTACHED.lock().unwrap_or_else(PoisonError::into_inner);
        if attached.0 != 0 {
            return Err(Error::new(ERR_BUFFER, "a buffer is attached already"));
        }
        *attached = (data.expose_provenance(), size.into());
        Ok(())
    }

    fn MPI_Buffer_detach fn MPI_Buffer_detach_c (data: *mut c_void, size: *mut Count) {
        let (address, n) = std::mem::take(&mut *ATTACHED.lock().unwrap_or_else(PoisonError::into_inner));
        put(data.cast::<*mut c_void>(), std::ptr::with_exposed_provenance_mut(address));
        put_count(size, n);
        Ok(())
    }
}

fn probe(from: c_int, tag: c_int, comm: c_int, is_waiting: bool, to: *mut Status) -> Result<bool> {
    let comm = communicator(comm)?;
    let Some(wanted) = wanted(&comm, from, tag)? else {
        put_status(to, Status::empty());
        return Ok(true);
    };
    Ok(found(&comm, &link::call(&Call::Probe { wanted, keep: None, is_waiting }, b""), to))
}

/// Tells the program of a message that a probe has found, if it has.
fn found(comm: &Communicator, answer: &Frame, to: *mut Status) -> bool {
    let Some(size) = answer.numbers.get(2) else { return false };
    put_status(to, status(comm, &answer.numbers, usize::try_from(*size).unwrap_or(usize::MAX)));
    true
}

fn matched_probe(
    from: c_int,
    tag: c_int,
    comm: c_int,
    is_waiting: bool,
    message: *mut c_int,
    to: *mut Status,
) -> Result<bool> {
    let (on, comm) = (comm, communicator(comm)?);
    let Some(wanted) = wanted(&comm, from, tag)? else {
        put(message, MESSAGE_NO_PROC);
        put_status(to, Status::empty());
        return Ok(true);
    };
    let (handle, number) = reserve(on, comm.clone());
    let is_found = found(&comm, &link::call(&Call::Probe { wanted, keep: Some(number), is_waiting }, b""), to);
    if !is_found {
        forget(handle);
    }
    put(message, if is_found { handle } else { MESSAGE_NULL });
    Ok(is_found)
}
