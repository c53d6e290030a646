//! The socket to the simulator, and the CPU time between two calls.

use std::ffi::c_int;
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::wire::{self, Call, Frame};
use crate::{RANK, SOCKET};

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

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanos: i64,
}

unsafe extern "C" {
    fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int;
    fn prctl(option: c_int, ...) -> c_int;
    fn _exit(code: c_int) -> !;
}

/// CPU time of all threads of the process, on Linux.
const CLOCK_PROCESS_CPUTIME_ID: c_int = 2;
/// A signal for this process when its parent ends, on Linux.
const PR_SET_PDEATHSIG: c_int = 1;
const SIGKILL: c_int = 9;

/// Returns the CPU time that the process has used, in ns.
fn cpu_time() -> u64 {
    let mut time = Timespec { seconds: 0, nanos: 0 };
    // SAFETY: the clock exists on Linux, and `time` is a place for its time.
    unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
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
    let frame = Frame { kind, time, numbers, name: (*lock(&NAME)).to_owned(), bytes: Vec::new() };
    let answer = wire::send(&mut link.stream, &frame, bytes).and_then(|()| wire::receive(&mut link.stream));
    // The simulator has ended, or has ended this run: it says why.
    answer.ok().flatten().unwrap_or_else(|| exit())
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
