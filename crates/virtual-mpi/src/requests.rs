//! Requests: sends, receives and collectives that go on while the program computes.

use std::ffi::c_int;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::abi::{ANY_TAG, ERR_REQUEST, FIRST_REQUEST, PROC_NULL, REQUEST_NULL, SUCCESS, Status};
use crate::buffer::Buffer;
use crate::errors::{self, Error, Result};
use crate::generalised::Generalised;
use crate::handles::Handles;
use crate::link;
use crate::memory::put;
use crate::messages::{Mode, address, status, wanted};
use crate::plan::Plan;
use crate::state::{Communicator, communicator};
use crate::wire::{Call, Completion, Enough};

static REQUESTS: Mutex<Handles<Request>> = Mutex::new(Handles::new(FIRST_REQUEST));
/// The simulator's numbers are even; 0 is that of a receive at once.
const FIRST_NUMBER: u32 = 2;

/// What goes on, or a message that a probe has found.
#[derive(Debug)]
pub(crate) struct Request {
    kind: Kind,
    buffer: Option<Buffer>,
    comm: Communicator,
    /// The handle of the communicator, whose error handler hears of what goes wrong.
    comm_handle: c_int,
    state: State,
    /// Whether it can be started again.
    is_persistent: bool,
}

/// What it is, and with whom.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Send { to: c_int, tag: c_int, mode: Mode },
    Recv { from: c_int, tag: c_int },
    Message,
    Collective(Arc<Plan>),
    Generalised(Generalised),
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Not started, or over.
    Inactive,
    /// The simulator has it.
    Active,
    /// Over, and not yet told to the program.
    Done(Status),
}

fn requests() -> MutexGuard<'static, Handles<Request>> {
    REQUESTS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn no_request(handle: c_int) -> Error {
    Error::new(ERR_REQUEST, format!("{handle:#x} is no request"))
}

/// Returns the number that the simulator knows a request by.
fn number(handle: c_int) -> u32 {
    2 * (handle.cast_unsigned() - FIRST_REQUEST) + FIRST_NUMBER
}

fn insert(kind: Kind, buffer: Option<Buffer>, on: (c_int, Communicator), is_persistent: bool) -> c_int {
    let (comm_handle, comm) = on;
    requests().insert(Request { kind, buffer, comm, comm_handle, state: State::Inactive, is_persistent })
}

/// Makes a send or receive that is not started.
pub(crate) fn made(kind: Kind, buffer: Buffer, comm: c_int) -> Result<c_int> {
    Ok(insert(kind, Some(buffer), (comm, communicator(comm)?), true))
}

/// Makes a place for a message that a probe is to find; returns its handle and its number.
pub(crate) fn reserve(comm: c_int, members: Communicator) -> (c_int, u32) {
    let handle = insert(Kind::Message, None, (comm, members), false);
    (handle, number(handle))
}

pub(crate) fn forget(handle: c_int) {
    requests().remove(handle);
}

/// Makes a generalised request, which is active until the program completes it.
pub(crate) fn generalised(of: Generalised) -> c_int {
    let handle = insert(Kind::Generalised(of), None, (0, Communicator::nobody()), false);
    if let Some(request) = requests().get_mut(handle) {
        request.state = State::Active;
    }
    handle
}

/// Notes that a generalised request is over.
pub(crate) fn complete_generalised(handle: c_int) -> Result {
    let mut requests = requests();
    let request = requests.get_mut(handle).filter(|request| matches!(request.kind, Kind::Generalised(_)));
    request.ok_or_else(|| no_request(handle))?.state = State::Done(Status::empty());
    Ok(())
}

/// Makes a request that is over: what comes from nobody.
pub(crate) fn over() -> c_int {
    let handle = insert(Kind::Message, None, (0, Communicator::nobody()), false);
    if let Some(request) = requests().get_mut(handle) {
        request.state = State::Done(Status::empty());
    }
    handle
}

/// Starts to receive a message that a probe has found.
pub(crate) fn start_matched(handle: c_int, buffer: Buffer) -> Result {
    let mut requests = requests();
    let request = requests.get_mut(handle).ok_or_else(|| no_request(handle))?;
    (request.buffer, request.state) = (Some(buffer), State::Active);
    errors::concern(request.comm_handle);
    drop(requests);
    link::call(&Call::StartMatched(number(handle)), b"");
    Ok(())
}

/// Starts what was prepared.
pub(crate) fn start(handle: c_int) -> Result {
    let all = requests();
    let request = all.get(handle).ok_or_else(|| no_request(handle))?;
    errors::concern(request.comm_handle);
    if !matches!(request.state, State::Inactive) {
        return Err(Error::new(ERR_REQUEST, "a request is started that is active"));
    }
    let (kind, comm, buffer) = (request.kind.clone(), request.comm.clone(), request.buffer.clone());
    drop(all);
    let number = number(handle);
    let call = match &kind {
        Kind::Send { to, tag, mode } => address(&comm, *to, *tag, *mode)?.map(|to| Call::StartSend(number, to)),
        Kind::Recv { from, tag } => wanted(&comm, *from, *tag)?.map(|from| Call::StartRecv(number, from)),
        Kind::Collective(plan) => Some(Call::Begin(number, Box::new(plan.call.clone()))),
        Kind::Message | Kind::Generalised(_) => return Err(no_request(handle)),
    };
    let state = if call.is_some() { State::Active } else { State::Done(Status::empty()) };
    if let Some(call) = call {
        match (&kind, &buffer) {
            (Kind::Send { .. }, Some(buffer)) => drop(link::call(&call, &buffer.packed())),
            (Kind::Collective(plan), _) => drop(link::call(&call, &plan.bytes())),
            _ => drop(link::call(&call, b"")),
        }
    }
    requests().get_mut(handle).ok_or_else(|| no_request(handle))?.state = state;
    Ok(())
}

fn start_new(handle: c_int, request: *mut c_int) -> Result {
    let result = start(handle);
    if result.is_err() {
        forget(handle);
    }
    put(request, if result.is_ok() { handle } else { REQUEST_NULL });
    result
}

/// Starts a send or receive.
pub(crate) fn started(kind: Kind, buffer: Buffer, comm: c_int, request: *mut c_int) -> Result {
    start_new(insert(kind, Some(buffer), (comm, communicator(comm)?), false), request)
}

/// Starts a collective.
pub(crate) fn begin(plan: Plan, request: *mut c_int) -> Result {
    start_new(
        insert(Kind::Collective(Arc::new(plan)), None, (errors::concerned(), Communicator::nobody()), false),
        request,
    )
}

/// Makes a collective that is not started.
pub(crate) fn prepare(plan: Plan, request: *mut c_int) {
    let on = (errors::concerned(), Communicator::nobody());
    put(request, insert(Kind::Collective(Arc::new(plan)), None, on, true));
}

/// Starts a send that nobody waits for.
pub(crate) fn send_and_forget(buffer: &Buffer, to: c_int, tag: c_int, comm: c_int) -> Result {
    let members = communicator(comm)?;
    let Some(address) = address(&members, to, tag, Mode::Standard)? else { return Ok(()) };
    let handle = insert(Kind::Message, None, (comm, members), false);
    link::call(&Call::StartSend(number(handle), address), &buffer.packed());
    link::call(&Call::Free(number(handle)), b"");
    forget(handle);
    Ok(())
}

/// The place of a request that is over, and what went wrong.
type Over = (usize, Option<Error>);

/// A request that is over: its place in the list, and its status; what went wrong.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) place: usize,
    pub(crate) status: Status,
    pub(crate) failure: Option<Error>,
}

/// Asks the simulator for requests that are active, by their places among the handles. What is over is noted.
fn ask(handles: &[c_int], places: &[usize], enough: Enough, is_waiting: bool) -> Vec<Over> {
    let requests_of = places.iter().map(|place| number(handles[*place])).collect();
    let answer = link::call(&Call::Complete(Completion { requests: requests_of, enough, is_waiting }), b"");
    let (mut numbers, mut rest) = (answer.numbers.as_slice(), answer.bytes.as_slice());
    let mut over = Vec::new();
    while let [place, from, tag, size, n, after @ ..] = numbers {
        let (own, after) = after.split_at(usize::try_from(*n).unwrap_or(0).min(after.len()));
        let (data, others) = rest.split_at(usize::try_from(*size).unwrap_or(0).min(rest.len()));
        (numbers, rest) = (after, others);
        let place = usize::try_from(*place).ok().and_then(|i| places.get(i)).copied();
        let place = place.expect("invariant: the simulator names requests that it was given");
        over.push((place, landed(handles[place], &[*from, *tag], own, data)));
    }
    over
}

/// Takes what has come for a request.
fn landed(handle: c_int, told: &[i64], numbers: &[i64], data: &[u8]) -> Option<Error> {
    let all = requests();
    let request = all.get(handle).expect("invariant: it was there");
    let (kind, buffer) = (request.kind.clone(), request.buffer.clone());
    let status = match kind {
        Kind::Recv { .. } | Kind::Message => status(&request.comm, told, data.len()),
        Kind::Send { .. } | Kind::Collective(_) | Kind::Generalised(_) => Status::empty(),
    };
    // What lands may call the program, and the program MPI.
    drop(all);
    let result = match (&kind, buffer) {
        (Kind::Recv { .. } | Kind::Message, Some(buffer)) => buffer.unpack(data),
        (Kind::Collective(plan), _) => (plan.landing)(numbers, data),
        _ => Ok(()),
    };
    let error = result.as_ref().map_or_else(|error| error.class, |()| SUCCESS);
    if let Some(request) = requests().get_mut(handle) {
        request.state = State::Done(Status { error, ..status });
    }
    result.err()
}

/// Waits for requests, or tests them; returns those that are over, and none if there is none that could be.
///
/// # Errors
/// Handles that are no requests. What went wrong with a request stands beside it.
pub(crate) fn complete(handles: &mut [c_int], enough: Enough, is_waiting: bool) -> Result<Option<Vec<Ended>>> {
    let Some(over) = look(handles, enough, is_waiting)? else { return Ok(None) };
    let mut ended = Vec::new();
    for (place, failure) in over {
        ended.push(Ended { place, status: take(&mut handles[place])?, failure });
    }
    Ok(Some(ended))
}

/// As [`complete`], but requests that are over stay where they are.
pub(crate) fn look(handles: &[c_int], enough: Enough, is_waiting: bool) -> Result<Option<Vec<Over>>> {
    let (mut places, mut over, mut is_stuck) = (Vec::new(), Vec::new(), false);
    for (place, handle) in handles.iter().enumerate().filter(|(_, handle)| **handle != REQUEST_NULL) {
        let all = requests();
        let request = all.get(*handle).ok_or_else(|| no_request(*handle))?;
        if request.comm_handle != 0 {
            errors::concern(request.comm_handle);
        }
        match (&request.state, &request.kind) {
            (State::Inactive, _) => {}
            // Only the program itself can complete it.
            (State::Active, Kind::Generalised(_)) => is_stuck = true,
            (State::Active, _) => places.push(place),
            (State::Done(_), _) => over.push((place, None)),
        }
    }
    if places.is_empty() && over.is_empty() && !is_stuck {
        return Ok(None);
    }
    if enough == Enough::One {
        over.truncate(1);
    }
    let is_enough = enough != Enough::All && !over.is_empty();
    if is_stuck && !is_enough && (enough == Enough::All || places.is_empty()) {
        let why = "a generalised request is waited for that the program has not completed";
        return if is_waiting { Err(Error::new(ERR_REQUEST, why)) } else { Ok(Some(Vec::new())) };
    }
    if !is_enough && !places.is_empty() {
        let asked = ask(handles, &places, enough, is_waiting);
        if enough == Enough::All && asked.is_empty() {
            // What is over is not told before all is.
            return Ok(Some(Vec::new()));
        }
        over.extend(asked);
    }
    Ok(Some(over))
}

/// Takes the status of a request that is over, and the request, unless it can be started again.
fn take(handle: &mut c_int) -> Result<Status> {
    let mut all = requests();
    let request = all.get_mut(*handle).ok_or_else(|| no_request(*handle))?;
    let State::Done(status) = request.state else { return Ok(Status::empty()) };
    if request.is_persistent {
        request.state = State::Inactive;
        return Ok(status);
    }
    let request = all.remove(*handle);
    *handle = REQUEST_NULL;
    drop(all);
    match request.map(|request| request.kind) {
        Some(Kind::Generalised(of)) => of.end(status),
        _ => Ok(status),
    }
}

/// Returns the status of a request that is over and stays.
pub(crate) fn status_of(handle: c_int) -> Result<Status> {
    let all = requests();
    let request = all.get(handle).ok_or_else(|| no_request(handle))?;
    let State::Done(status) = request.state else { return Ok(inactive()) };
    let kind = request.kind.clone();
    drop(all);
    if let Kind::Generalised(of) = kind { of.query(status) } else { Ok(status) }
}

/// Statuses of requests that are not active are empty ones of any source.
pub(crate) fn inactive() -> Status {
    Status { source: crate::abi::ANY_SOURCE, ..Status::new(PROC_NULL, ANY_TAG, 0) }
}

/// Gives a request back: what goes on does so without it.
pub(crate) fn free(handle: c_int) -> Result {
    let freed = requests().remove(handle).ok_or_else(|| no_request(handle))?;
    match (freed.state, freed.kind) {
        (State::Active, Kind::Send { .. } | Kind::Recv { .. } | Kind::Message) => {
            link::call(&Call::Free(number(handle)), b"");
            Ok(())
        }
        (_, Kind::Generalised(of)) => of.end(Status::empty()).map(drop),
        (State::Active, _) => Err(Error::new(ERR_REQUEST, "a collective is freed before it is over")),
        (State::Inactive | State::Done(_), _) => Ok(()),
    }
}

/// Takes a receive back, if it has met no message.
pub(crate) fn cancel(handle: c_int) -> Result {
    let all = requests();
    let request = all.get(handle).ok_or_else(|| no_request(handle))?;
    let (state, kind) = (request.state, request.kind.clone());
    drop(all);
    match (state, kind) {
        (state, Kind::Generalised(of)) => of.cancel(matches!(state, State::Done(_))),
        (State::Active, Kind::Recv { .. }) => {
            let answer = link::call(&Call::Cancel(number(handle)), b"");
            if answer.numbers.first() == Some(&1)
                && let Some(request) = requests().get_mut(handle)
            {
                request.state = State::Done(Status::empty().cancelled(true));
            }
            Ok(())
        }
        // A send is on its way: it is not taken back.
        _ => Ok(()),
    }
}
