//! Sends and receives that go on while the program computes, and the calls that wait for them or test them.

use std::ffi::{c_int, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::abi::{ANY_TAG, ERR_ARG, FIRST_REQUEST, PROC_NULL, REQUEST_NULL, Status, UNDEFINED};
use crate::buffer::Buffer;
use crate::errors::{self, Error, Result};
use crate::handles::Handles;
use crate::link;
use crate::memory::{get, list, put, put_at, put_status, put_status_at};
use crate::messages::{Mode, address, status, wanted};
use crate::state::{Communicator, communicator};
use crate::wire::{Call, Completion, Enough};

static REQUESTS: Mutex<Handles<Request>> = Mutex::new(Handles::new(FIRST_REQUEST));
/// The simulator's numbers below are those of sends and receives at once.
const FIRST_NUMBER: u32 = 2;

/// A send or receive, or a message that a probe has found.
pub(crate) struct Request {
    kind: Kind,
    buffer: Option<Buffer>,
    comm: Communicator,
    state: State,
    /// Whether it can be started again.
    is_persistent: bool,
}

/// What it is, and with whom.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Send { to: c_int, tag: c_int, mode: Mode },
    Recv { from: c_int, tag: c_int },
    Message,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not started, or over.
    Inactive,
    /// The simulator has it.
    Active,
    /// Over without the simulator: with nobody, or cancelled.
    Done { is_cancelled: bool },
}

fn requests() -> MutexGuard<'static, Handles<Request>> {
    REQUESTS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn no_request(handle: c_int) -> Error {
    Error::new(ERR_ARG, format!("{handle:#x} is no request"))
}

/// Returns the number that the simulator knows a request by.
fn number(handle: c_int) -> u32 {
    handle.cast_unsigned() - FIRST_REQUEST + FIRST_NUMBER
}

/// Makes a request that is not started.
fn made(kind: Kind, buffer: Option<Buffer>, comm: Communicator, is_persistent: bool) -> c_int {
    requests().insert(Request { kind, buffer, comm, state: State::Inactive, is_persistent })
}

/// Makes a place for a message that a probe is to find; returns its handle and its number.
pub(crate) fn reserve(comm: Communicator) -> (c_int, u32) {
    let handle = made(Kind::Message, None, comm, false);
    (handle, number(handle))
}

pub(crate) fn forget(handle: c_int) {
    requests().remove(handle);
}

/// Starts to receive a message that a probe has found.
pub(crate) fn start_matched(handle: c_int, buffer: Buffer) -> Result {
    let mut requests = requests();
    let request = requests.get_mut(handle).ok_or_else(|| no_request(handle))?;
    (request.buffer, request.state) = (Some(buffer), State::Active);
    drop(requests);
    link::call(&Call::StartMatched(number(handle)), b"");
    Ok(())
}

fn start(handle: c_int) -> Result {
    let all = requests();
    let request = all.get(handle).ok_or_else(|| no_request(handle))?;
    let (kind, comm) = (request.kind, request.comm.clone());
    let data = match (&request.buffer, kind) {
        (Some(buffer), Kind::Send { .. }) => buffer.packed().into_owned(),
        _ => Vec::new(),
    };
    drop(all);
    let call = match kind {
        Kind::Send { to, tag, mode } => address(&comm, to, tag, mode)?.map(|to| Call::StartSend(number(handle), to)),
        Kind::Recv { from, tag } => wanted(&comm, from, tag)?.map(|from| Call::StartRecv(number(handle), from)),
        Kind::Message => return Err(no_request(handle)),
    };
    let state = if call.is_some() { State::Active } else { State::Done { is_cancelled: false } };
    if let Some(call) = call {
        link::call(&call, &data);
    }
    requests().get_mut(handle).ok_or_else(|| no_request(handle))?.state = state;
    Ok(())
}

fn started(kind: Kind, buffer: Buffer, comm: c_int, request: *mut c_int) -> Result {
    let handle = made(kind, Some(buffer), communicator(comm)?, false);
    let result = start(handle);
    if result.is_err() {
        forget(handle);
    }
    put(request, if result.is_ok() { handle } else { REQUEST_NULL });
    result
}

/// A request that is over: its place in the list, and its status.
type Ended = (usize, Status);

/// Waits for requests, or tests them; returns those that are over, and none if there is none that could be.
pub(crate) fn complete(handles: &mut [c_int], enough: Enough, is_waiting: bool) -> Result<Option<Vec<Ended>>> {
    let (mut places, mut ended) = (Vec::new(), Vec::new());
    for (place, handle) in handles.iter().enumerate().filter(|(_, handle)| **handle != REQUEST_NULL) {
        match requests().get(*handle).ok_or_else(|| no_request(*handle))?.state {
            State::Inactive => {}
            State::Active => places.push(place),
            State::Done { is_cancelled } => {
                let mut status = Status::empty();
                status.count_high_and_cancelled |= c_int::from(is_cancelled);
                ended.push((place, status));
            }
        }
    }
    if places.is_empty() && ended.is_empty() {
        return Ok(None);
    }
    if enough == Enough::One {
        ended.truncate(1);
    }
    let is_enough = places.is_empty() || (enough != Enough::All && !ended.is_empty());
    let mut failure = Ok(());
    if !is_enough {
        let numbers: Vec<u32> = places.iter().map(|place| number(handles[*place])).collect();
        let answer = link::call(&Call::Complete(Completion { requests: numbers, enough, is_waiting }), b"");
        let mut rest = answer.bytes.as_slice();
        if enough == Enough::All && answer.numbers.is_empty() {
            // What is over is not told before all is.
            return Ok(Some(Vec::new()));
        }
        for of in answer.numbers.chunks_exact(4) {
            let place = usize::try_from(of[0]).ok().and_then(|i| places.get(i)).copied();
            let place = place.expect("invariant: the simulator names requests that it was given");
            let all = requests();
            let request = all.get(handles[place]).expect("invariant: it was there");
            let is_send = matches!(request.kind, Kind::Send { .. });
            let length = if is_send { 0 } else { usize::try_from(of[3]).unwrap_or(0).min(rest.len()) };
            let (data, after) = rest.split_at(length);
            rest = after;
            if let Some(buffer) = request.buffer.as_ref().filter(|_| !is_send) {
                failure = failure.and(buffer.unpack(data));
            }
            let told = if is_send { Status::empty() } else { status(&request.comm, &of[1..3], data.len()) };
            ended.push((place, told));
        }
    }
    for (place, _) in &ended {
        let handle = &mut handles[*place];
        let mut all = requests();
        let request = all.get_mut(*handle).expect("invariant: it was there");
        if request.is_persistent {
            request.state = State::Inactive;
        } else {
            all.remove(*handle);
            *handle = REQUEST_NULL;
        }
    }
    failure.map(|()| Some(ended))
}

/// Statuses of requests that are not active are empty ones of any source.
fn inactive() -> Status {
    Status { source: crate::abi::ANY_SOURCE, ..Status::new(PROC_NULL, ANY_TAG, 0) }
}

fn one(request: *mut c_int, is_waiting: bool, to: *mut Status) -> Result<bool> {
    let mut handles = [get(request)];
    let ended = complete(&mut handles, Enough::One, is_waiting)?;
    put(request, handles[0]);
    let status = ended.as_ref().map_or(Some(inactive()), |ended| ended.first().map(|(_, status)| *status));
    if let Some(status) = status {
        put_status(to, status);
    }
    Ok(status.is_some())
}

fn all(n: c_int, request: *mut c_int, is_waiting: bool, statuses: *mut Status) -> Result<bool> {
    let mut handles = list(request, errors::count(n)?);
    let ended = complete(&mut handles, Enough::All, is_waiting)?;
    let is_over = ended.as_ref().is_none_or(|ended| !ended.is_empty());
    if is_over {
        write_back(&handles, request);
        (0..handles.len()).for_each(|i| put_status_at(statuses, i, inactive()));
        for (place, status) in ended.unwrap_or_default() {
            put_status_at(statuses, place, status);
        }
    }
    Ok(is_over)
}

/// Returns the place of the one that is over; `UNDEFINED` if none could be. None: not yet.
fn any(n: c_int, request: *mut c_int, is_waiting: bool, to: *mut Status) -> Result<Option<c_int>> {
    let mut handles = list(request, errors::count(n)?);
    let ended = complete(&mut handles, Enough::One, is_waiting)?;
    write_back(&handles, request);
    let Some(ended) = ended else {
        put_status(to, inactive());
        return Ok(Some(UNDEFINED));
    };
    let first = ended.first().copied();
    Ok(first.map(|(place, status)| {
        put_status(to, status);
        c_int::try_from(place).unwrap_or(UNDEFINED)
    }))
}

fn some(n: c_int, request: *mut c_int, is_waiting: bool, places: *mut c_int, statuses: *mut Status) -> Result<c_int> {
    let mut handles = list(request, errors::count(n)?);
    let ended = complete(&mut handles, Enough::Some, is_waiting)?;
    write_back(&handles, request);
    let Some(ended) = ended else { return Ok(UNDEFINED) };
    for (i, (place, status)) in ended.iter().enumerate() {
        put_at(places, i, c_int::try_from(*place).unwrap_or(UNDEFINED));
        put_status_at(statuses, i, *status);
    }
    Ok(c_int::try_from(ended.len()).unwrap_or(c_int::MAX))
}

fn write_back(handles: &[c_int], request: *mut c_int) {
    for (i, handle) in handles.iter().enumerate() {
        put_at(request, i, *handle);
    }
}

macro_rules! sends {
    ($($start:ident, $prepare:ident, $mode:ident;)*) => {
        mpi! {$(
            fn $start(d: *const c_void, n: c_int, t: c_int, to: c_int, tag: c_int, comm: c_int, request: *mut c_int) {
                started(Kind::Send { to, tag, mode: Mode::$mode }, Buffer::new(d, n, t)?, comm, request)
            }

            fn $prepare(d: *const c_void, n: c_int, t: c_int, to: c_int, tag: c_int, comm: c_int, request: *mut c_int) {
                let kind = Kind::Send { to, tag, mode: Mode::$mode };
                put(request, made(kind, Some(Buffer::new(d, n, t)?), communicator(comm)?, true));
                Ok(())
            }
        )*}
    };
}

// fn MPI_Isend fn MPI_Send_init fn MPI_Issend fn MPI_Ssend_init
// fn MPI_Ibsend fn MPI_Bsend_init fn MPI_Irsend fn MPI_Rsend_init
sends! {
    MPI_Isend, MPI_Send_init, Standard;
    MPI_Issend, MPI_Ssend_init, Synchronous;
    MPI_Ibsend, MPI_Bsend_init, Buffered;
    MPI_Irsend, MPI_Rsend_init, Ready;
}

mpi! {
    fn MPI_Irecv(d: *mut c_void, n: c_int, t: c_int, from: c_int, tag: c_int, comm: c_int, request: *mut c_int) {
        started(Kind::Recv { from, tag }, Buffer::new(d, n, t)?, comm, request)
    }

    fn MPI_Recv_init(d: *mut c_void, n: c_int, t: c_int, from: c_int, tag: c_int, comm: c_int, request: *mut c_int) {
        put(request, made(Kind::Recv { from, tag }, Some(Buffer::new(d, n, t)?), communicator(comm)?, true));
        Ok(())
    }

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
        put(flag, c_int::from(one(request, false, status)?));
        Ok(())
    }

    fn MPI_Waitall(n: c_int, request: *mut c_int, statuses: *mut Status) {
        all(n, request, true, statuses).map(drop)
    }

    fn MPI_Testall(n: c_int, request: *mut c_int, flag: *mut c_int, statuses: *mut Status) {
        put(flag, c_int::from(all(n, request, false, statuses)?));
        Ok(())
    }

    fn MPI_Waitany(n: c_int, request: *mut c_int, place: *mut c_int, status: *mut Status) {
        put(place, any(n, request, true, status)?.unwrap_or(UNDEFINED));
        Ok(())
    }

    fn MPI_Testany(n: c_int, request: *mut c_int, place: *mut c_int, flag: *mut c_int, status: *mut Status) {
        let found = any(n, request, false, status)?;
        put(flag, c_int::from(found.is_some()));
        put(place, found.unwrap_or(UNDEFINED));
        Ok(())
    }

    fn MPI_Waitsome(n: c_int, request: *mut c_int, count: *mut c_int, places: *mut c_int, statuses: *mut Status) {
        put(count, some(n, request, true, places, statuses)?);
        Ok(())
    }

    fn MPI_Testsome(n: c_int, request: *mut c_int, count: *mut c_int, places: *mut c_int, statuses: *mut Status) {
        put(count, some(n, request, false, places, statuses)?);
        Ok(())
    }

    fn MPI_Request_free(request: *mut c_int) {
        let handle = get(request);
        let freed = requests().remove(handle).ok_or_else(|| no_request(handle))?;
        put(request, REQUEST_NULL);
        match (freed.state, freed.kind) {
            (State::Active, Kind::Send { .. }) => drop(link::call(&Call::Free(number(handle)), b"")),
            (State::Active, _) => return Err(Error::new(ERR_ARG, "a receive is freed before it is over")),
            (State::Inactive | State::Done { .. }, _) => {}
        }
        Ok(())
    }

    fn MPI_Cancel(request: *mut c_int) {
        let handle = get(request);
        let (state, kind) = requests().get(handle).map(|it| (it.state, it.kind)).ok_or_else(|| no_request(handle))?;
        if state != State::Active || !matches!(kind, Kind::Recv { .. }) {
            // A send is on its way: it is not taken back.
            return Ok(());
        }
        let answer = link::call(&Call::Cancel(number(handle)), b"");
        if answer.numbers.first() == Some(&1)
            && let Some(request) = requests().get_mut(handle)
        {
            request.state = State::Done { is_cancelled: true };
        }
        Ok(())
    }

    fn MPI_Test_cancelled(status: *const Status, flag: *mut c_int) {
        put(flag, get(status).count_high_and_cancelled & 1);
        Ok(())
    }
}
