//! The calls that start requests, wait for them, test them, or let them go.

use std::ffi::{c_int, c_void};

use crate::abi::{ERR_IN_STATUS, REQUEST_NULL, SUCCESS, Status, UNDEFINED};
use crate::buffer::Buffer;
use crate::errors::{self, Error, Result};
use crate::generalised::{Cancel, Free, Generalised, Query};
use crate::memory::{get, list, put, put_at, put_status, put_status_at};
use crate::messages::Mode;
use crate::requests::{
    Ended, Kind, cancel, complete, complete_generalised, free, generalised, inactive, look, made, send_and_forget,
    start, started, status_of,
};
use crate::wire::Enough;

fn one(request: *mut c_int, is_waiting: bool, to: *mut Status) -> Result<bool> {
    let mut handles = [get(request)];
    let ended = complete(&mut handles, Enough::One, is_waiting);
    put(request, handles[0]);
    let ended = ended?;
    let Some(ended) = ended else {
        put_status(to, inactive());
        return Ok(true);
    };
    let Some(first) = ended.into_iter().next() else { return Ok(false) };
    put_status(to, first.status);
    first.failure.map_or(Ok(true), Err)
}

/// Returns the error of several requests, if one of them has failed; the statuses say which.
fn failure(ended: &[Ended]) -> Result {
    let failed = ended.iter().find(|ended| ended.status.error != SUCCESS);
    let Some(Ended { failure, .. }) = failed else { return Ok(()) };
    let what = failure.as_ref().map_or("a request has failed", |error| error.what.as_str());
    Err(Error::new(ERR_IN_STATUS, what))
}

fn all(n: c_int, request: *mut c_int, is_waiting: bool, statuses: *mut Status) -> Result<bool> {
    let mut handles = list(request, errors::count(n)?);
    let ended = complete(&mut handles, Enough::All, is_waiting)?;
    if ended.as_ref().is_some_and(Vec::is_empty) {
        return Ok(false);
    }
    write_back(&handles, request);
    (0..handles.len()).for_each(|i| put_status_at(statuses, i, inactive()));
    let ended = ended.unwrap_or_default();
    for Ended { place, status, .. } in &ended {
        put_status_at(statuses, *place, *status);
    }
    failure(&ended).map(|()| true)
}

/// Returns the place of the one that is over; `UNDEFINED` if none could be. None: not yet.
fn any(n: c_int, request: *mut c_int, is_waiting: bool, place: *mut c_int, to: *mut Status) -> Result<bool> {
    let mut handles = list(request, errors::count(n)?);
    let ended = complete(&mut handles, Enough::One, is_waiting)?;
    write_back(&handles, request);
    put(place, UNDEFINED);
    let Some(ended) = ended else {
        put_status(to, inactive());
        return Ok(true);
    };
    let Some(first) = ended.into_iter().next() else { return Ok(false) };
    put(place, c_int::try_from(first.place).unwrap_or(UNDEFINED));
    put_status(to, first.status);
    first.failure.map_or(Ok(true), Err)
}

fn some(
    n: c_int,
    request: *mut c_int,
    is_waiting: bool,
    count: *mut c_int,
    places: *mut c_int,
    statuses: *mut Status,
) -> Result {
    let mut handles = list(request, errors::count(n)?);
    let ended = complete(&mut handles, Enough::Some, is_waiting)?;
    write_back(&handles, request);
    let Some(ended) = ended else {
        put(count, UNDEFINED);
        return Ok(());
    };
    for (i, Ended { place, status, .. }) in ended.iter().enumerate() {
        put_at(places, i, c_int::try_from(*place).unwrap_or(UNDEFINED));
        put_status_at(statuses, i, *status);
    }
    put(count, c_int::try_from(ended.len()).unwrap_or(c_int::MAX));
    failure(&ended)
}

fn write_back(handles: &[c_int], request: *mut c_int) {
    for (i, handle) in handles.iter().enumerate() {
        put_at(request, i, *handle);
    }
}

macro_rules! sends {
    ($($mode:ident: fn $start:ident fn $start_large:ident fn $prepare:ident fn $prepare_large:ident;)*) => {
        counted! {$(
            fn $start fn $start_large (
                d: *const c_void,
                n: Count,
                t: c_int,
                to: c_int,
                tag: c_int,
                comm: c_int,
                request: *mut c_int,
            ) {
                started(Kind::Send { to, tag, mode: Mode::$mode }, Buffer::new(d, n, t)?, comm, request)
            }

            fn $prepare fn $prepare_large (
                d: *const c_void,
                n: Count,
                t: c_int,
                to: c_int,
                tag: c_int,
                comm: c_int,
                request: *mut c_int,
            ) {
                put(request, made(Kind::Send { to, tag, mode: Mode::$mode }, Buffer::new(d, n, t)?, comm)?);
                Ok(())
            }
        )*}
    };
}

sends! {
    Standard: fn MPI_Isend fn MPI_Isend_c fn MPI_Send_init fn MPI_Send_init_c;
    Synchronous: fn MPI_Issend fn MPI_Issend_c fn MPI_Ssend_init fn MPI_Ssend_init_c;
    Buffered: fn MPI_Ibsend fn MPI_Ibsend_c fn MPI_Bsend_init fn MPI_Bsend_init_c;
    Ready: fn MPI_Irsend fn MPI_Irsend_c fn MPI_Rsend_init fn MPI_Rsend_init_c;
}

counted! {
    fn MPI_Irecv fn MPI_Irecv_c (
        d: *mut c_void,
        n: Count,
        t: c_int,
        from: c_int,
        tag: c_int,
        comm: c_int,
        request: *mut c_int,
    ) {
        started(Kind::Recv { from, tag }, Buffer::new(d, n, t)?, comm, request)
    }

    fn MPI_Recv_init fn MPI_Recv_init_c (
        d: *mut c_void,
        n: Count,
        t: c_int,
        from: c_int,
        tag: c_int,
        comm: c_int,
        request: *mut c_int,
    ) {
        put(request, made(Kind::Recv { from, tag }, Buffer::new(d, n, t)?, comm)?);
        Ok(())
    }

    fn MPI_Isendrecv fn MPI_Isendrecv_c (
        out: *const c_void,
        out_count: Count,
        out_type: c_int,
        to: c_int,
        send_tag: c_int,
        into: *mut c_void,
        into_count: Count,
        into_type: c_int,
        from: c_int,
        tag: c_int,
        comm: c_int,
        request: *mut c_int,
    ) {
        // The data are copied at once, so the request is that of the receive.
        send_and_forget(&Buffer::new(out, out_count, out_type)?, to, send_tag, comm)?;
        started(Kind::Recv { from, tag }, Buffer::new(into, into_count, into_type)?, comm, request)
    }

    fn MPI_Isendrecv_replace fn MPI_Isendrecv_replace_c (
        data: *mut c_void,
        n: Count,
        t: c_int,
        to: c_int,
        send_tag: c_int,
        from: c_int,
        tag: c_int,
        comm: c_int,
        request: *mut c_int,
    ) {
        let buffer = Buffer::new(data, n, t)?;
        send_and_forget(&buffer, to, send_tag, comm)?;
        started(Kind::Recv { from, tag }, buffer, comm, request)
    }
}

mpi! {
    fn MPI_Start(request: *mut c_int) {
        start(get(request))
    }

    fn MPI_Startall(n: c_int, request: *mut c_int) {
        list(request, errors::count(n)?).into_iter().try_for_each(start)
    }

    fn MPI_Wait(request: *mut c_int, status: *mut Status) {
        one(request, true, status).map(drop)
    }

    fn MPI_Test(request: *mut c_int, flag: *mut c_int, status: *mut Status) {
        put(flag, 1);
        put(flag, c_int::from(one(request, false, status)?));
        Ok(())
    }

    fn MPI_Waitall(n: c_int, request: *mut c_int, statuses: *mut Status) {
        all(n, request, true, statuses).map(drop)
    }

    fn MPI_Testall(n: c_int, request: *mut c_int, flag: *mut c_int, statuses: *mut Status) {
        put(flag, 1);
        put(flag, c_int::from(all(n, request, false, statuses)?));
        Ok(())
    }

    fn MPI_Waitany(n: c_int, request: *mut c_int, place: *mut c_int, status: *mut Status) {
        any(n, request, true, place, status).map(drop)
    }

    fn MPI_Testany(n: c_int, request: *mut c_int, place: *mut c_int, flag: *mut c_int, status: *mut Status) {
        put(flag, 1);
        put(flag, c_int::from(any(n, request, false, place, status)?));
        Ok(())
    }

    fn MPI_Waitsome(n: c_int, request: *mut c_int, count: *mut c_int, places: *mut c_int, statuses: *mut Status) {
        some(n, request, true, count, places, statuses)
    }

    fn MPI_Testsome(n: c_int, request: *mut c_int, count: *mut c_int, places: *mut c_int, statuses: *mut Status) {
        some(n, request, false, count, places, statuses)
    }

    fn MPI_Request_get_status(request: c_int, flag: *mut c_int, status: *mut Status) {
        let over = look(&[request], Enough::One, false)?;
        let is_over = over.as_ref().is_none_or(|over| !over.is_empty());
        put(flag, c_int::from(is_over));
        if is_over {
            let is_null = request == REQUEST_NULL;
            put_status(status, if is_null { inactive() } else { status_of(request)? });
        }
        Ok(())
    }

    fn MPI_Request_free(request: *mut c_int) {
        free(get(request))?;
        put(request, REQUEST_NULL);
        Ok(())
    }

    fn MPI_Cancel(request: *mut c_int) {
        cancel(get(request))
    }

    fn MPI_Grequest_start(query: Query, free: Free, cancel: Cancel, extra: *mut c_void, request: *mut c_int) {
        put(request, generalised(Generalised { query, free, cancel, extra: extra.expose_provenance() }));
        Ok(())
    }

    fn MPI_Grequest_complete(request: c_int) {
        complete_generalised(request)
    }

    fn MPI_Test_cancelled(status: *const Status, flag: *mut c_int) {
        put(flag, get(status).count_high_and_cancelled & 1);
        Ok(())
    }

    fn MPI_Status_set_cancelled(status: *mut Status, flag: c_int) {
        put(status, get(status).cancelled(flag != 0));
        Ok(())
    }
}
