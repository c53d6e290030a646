//! The socket to the simulator, and the CPU time between two calls.

use std::ffi::{c_int, c_long};
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::places::{self, Here};
use crate::wire::{self, Call, Frame, RANK, SOCKET};

/// The connection; none until the first call.
static LINK: Mutex<Option<Link>> = Mutex::new(None);
/// CPU time at the beginning of the current call, and at the end of the last one that the simulator answered, in ns.
static ENTERED: AtomicU64 = AtomicU64::new(0);
static RESUMED: AtomicU64 = AtomicU64::new(0);
/// Whether the current call was told to the simulator.
static WAS_TOLD: AtomicBool = AtomicBool::new(false);
/// The current call.
static NAME: Mutex<&str> = Mutex::new("");

/// Exit code of a program that cannot go on; what it prints, or the simulator, says why.
const EXIT: i32 = 86;

struct Link {
    stream: UnixStream,
    /// A child of the program is no rank.
    pid: u32,
}

/// `struct timespec`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timespec {
    pub(crate) seconds: i64,
    pub(crate) nanos: i64,
}

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
    fn prctl(option: c_int, ...) -> c_int;
    fn _exit(code: c_int) -> !;
    fn __errno_location() -> *mut c_int;
}

/// Numbers of the kernel's calls. The C library's functions are covered by ours, so the kernel is asked itself.
#[cfg(target_arch = "x86_64")]
const NUMBERS: [c_long; 2] = [228, 230];
#[cfg(not(target_arch = "x86_64"))]
const NUMBERS: [c_long; 2] = [113, 115];
pub(crate) const CLOCK_GETTIME: c_long = NUMBERS[0];
pub(crate) const CLOCK_NANOSLEEP: c_long = NUMBERS[1];

/// CPU time of all threads of the process, on Linux.
const CLOCK_PROCESS_CPUTIME_ID: c_int = 2;
/// A signal for this process when its parent ends, on Linux.
const PR_SET_PDEATHSIG: c_int = 1;
const SIGKILL: c_int = 9;

/// Calls the kernel about clocks: pointers are those of the program, as addresses.
pub(crate) fn system(number: c_long, arguments: [usize; 4]) -> c_int {
    let [a, b, c, d] = arguments;
    // SAFETY: calls about clocks write at most one `timespec`, where the program, or this library, has a place for it.
    let result = unsafe { syscall(number, a, b, c, d) };
    c_int::try_from(result).unwrap_or(-1)
}

/// Returns why the latest call of the kernel failed.
pub(crate) fn last_error() -> c_int {
    // SAFETY: the C library gives each thread a place for its error.
    unsafe { __errno_location().read() }
}

/// Returns what a clock of the kernel says.
pub(crate) fn real_time(clock: c_int) -> Timespec {
    let mut time = Timespec { seconds: 0, nanos: 0 };
    system(CLOCK_GETTIME, [clock.cast_unsigned() as usize, (&raw mut time).expose_provenance(), 0, 0]);
    // The kernel has written where nobody told the compiler.
    std::hint::black_box(time)
}

/// Returns the CPU time that the process has used, in ns.
fn cpu_time() -> u64 {
    let time = real_time(CLOCK_PROCESS_CPUTIME_ID);
    time.seconds.cast_unsigned() * 1_000_000_000 + time.nanos.cast_unsigned()
}

fn exit() -> ! {
    // SAFETY: ends the process; nothing of it is used afterwards. `exit` would run the program's own handlers, which may call MPI.
    unsafe { _exit(EXIT) }
}

/// Ends the program with a sentence.
fn give_up(why: &str) -> ! {
    eprintln!("error: {why}");
    exit()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes that the program calls a function: what it has computed until now counts.
pub(crate) fn enter(name: &'static str) {
    ENTERED.store(cpu_time(), Ordering::Relaxed);
    *lock(&NAME) = name;
}

/// Notes that the program goes on: what the call itself has cost does not count.
pub(crate) fn leave() {
    if WAS_TOLD.swap(false, Ordering::Relaxed) {
        RESUMED.store(cpu_time(), Ordering::Relaxed);
    }
}

/// Tells a call to the simulator, with its data, and returns the answer when the call is over.
pub(crate) fn call(call: &Call, bytes: &[u8]) -> Frame {
    // Before the lock: a Python script may hold its own one where another thread waits for this one.
    call_from(places::here(), call, bytes)
}

fn call_from(here: Here, call: &Call, bytes: &[u8]) -> Frame {
    let mut link = lock(&LINK);
    let link = link.get_or_insert_with(connect);
    if process::id() != link.pid {
        give_up("a child of an MPI process calls MPI, which only ranks may");
    }
    let (kind, numbers) = call.encode();
    let entered = ENTERED.load(Ordering::Relaxed);
    let time = entered.saturating_sub(RESUMED.load(Ordering::Relaxed));
    // What follows within the same call costs nothing.
    RESUMED.store(entered, Ordering::Relaxed);
    WAS_TOLD.store(true, Ordering::Relaxed);
    if let Some((place, file)) = here.told {
        let (kind, numbers) = Call::Place(place).encode();
        if wire::send(&mut link.stream, &Frame { kind, numbers, ..Frame::default() }, &file).is_err() {
            exit();
        }
    }
    let frame = Frame { kind, time, place: here.number, numbers, name: (*lock(&NAME)).to_owned(), bytes: Vec::new() };
    let answer = wire::send(&mut link.stream, &frame, bytes).and_then(|()| wire::receive(&mut link.stream));
    // The simulator has ended, or has ended this run: it says why.
    answer.ok().flatten().unwrap_or_else(|| exit())
}

/// Latest simulated time that this process knows, in ps.
static NOW: AtomicU64 = AtomicU64::new(0);

/// Returns the simulated time in ps; none in processes that are no ranks. Beside a call of another thread, it is the latest
/// that is known.
pub(crate) fn now(name: &'static str, here: Here) -> Option<u64> {
    let Ok(link) = LINK.try_lock() else { return Some(NOW.load(Ordering::Relaxed)) };
    let is_rank = link.as_ref().is_some_and(|link| link.pid == process::id());
    drop(link);
    if !is_rank {
        return None;
    }
    enter(name);
    let now = call_from(here, &Call::Time, b"").time;
    leave();
    NOW.store(now, Ordering::Relaxed);
    Some(now)
}

/// Tells a call that the program makes without MPI; returns whether this process is a rank.
pub(crate) fn told_if_rank(told: &Call, name: &'static str) -> bool {
    let is_rank = lock(&LINK).as_ref().is_some_and(|link| link.pid == process::id());
    if is_rank {
        enter(name);
        call(told, b"");
        leave();
    }
    is_rank
}

fn connect() -> Link {
    let (Some(socket), Some(rank)) = (std::env::var_os(SOCKET), std::env::var(RANK).ok().and_then(|r| r.parse().ok()))
    else {
        give_up("this is the MPI library of dlpc-sim, whose ranks are virtual: start the program by `dlpc-sim run`")
    };
    // SAFETY: asks Linux to end this process with its parent; no memory is involved.
    unsafe { prctl(PR_SET_PDEATHSIG, SIGKILL) };
    let stream = UnixStream::connect(socket);
    let mut stream = stream.unwrap_or_else(|error| give_up(&format!("cannot reach the simulator: {error}")));
    let (kind, numbers) = Call::Hello { rank }.encode();
    if wire::send(&mut stream, &Frame { kind, numbers, ..Frame::default() }, b"").is_err() {
        exit();
    }
    Link { stream, pid: process::id() }
}

/// Ends the run because of a function that is not implemented.
pub(crate) fn refuse(name: &'static str) -> ! {
    enter(name);
    call(&Call::Refuse, b"");
    exit()
}

/// Ends the run with a sentence.
pub(crate) fn abort(code: i64, why: &str) -> ! {
    call(&Call::Abort { code }, why.as_bytes());
    exit()
}
