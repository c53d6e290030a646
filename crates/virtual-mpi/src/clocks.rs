//! Clocks and sleeping: once the program has initialised MPI, they are those of the cluster.
//!
//! The functions of the C library are covered by these ones, as the library is loaded before it. What is no clock of the day, and
//! processes that are no ranks, get what the kernel says.

use std::ffi::{c_int, c_uint, c_void};
use std::sync::OnceLock;

use crate::link::{self, Timespec, real_time};
use crate::memory::{get, put};
use crate::places::{self, Here};
use crate::wire::Call;

const CLOCK_REALTIME: c_int = 0;
const CLOCK_MONOTONIC: c_int = 1;
/// Those of the same times that are read another way.
const CLOCK_MONOTONIC_RAW: c_int = 4;
const CLOCK_REALTIME_COARSE: c_int = 5;
const CLOCK_MONOTONIC_COARSE: c_int = 6;
const CLOCK_BOOTTIME: c_int = 7;
const TIMER_ABSTIME: c_int = 1;
const SECOND: u64 = 1_000_000_000;

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeval {
    seconds: i64,
    micros: i64,
}

/// What the real clocks said when the simulated one was at zero, in ns.
static EPOCH: OnceLock<[u64; 2]> = OnceLock::new();

/// What the clocks said, simulated and real monotonic, when the simulated one ended, in ns.
static END: OnceLock<[u64; 2]> = OnceLock::new();

/// Notes that simulated time ends: from now on, real time goes on from there.
pub(crate) fn end() {
    let now = link::now("MPI_Finalize", Here::default()).unwrap_or_default() / 1000;
    END.get_or_init(|| [now, nanos(real_time(CLOCK_MONOTONIC))]);
}

/// Notes that simulated time begins.
pub(crate) fn begin() {
    EPOCH.get_or_init(|| [CLOCK_REALTIME, CLOCK_MONOTONIC].map(|clock| nanos(real_time(clock))));
}

fn nanos(time: Timespec) -> u64 {
    time.seconds.cast_unsigned().saturating_mul(SECOND).saturating_add(time.nanos.cast_unsigned())
}

fn timespec(nanos: u64) -> Timespec {
    Timespec { seconds: (nanos / SECOND).cast_signed(), nanos: (nanos % SECOND).cast_signed() }
}

/// Returns what a clock says on the cluster, in ns; none for clocks of other things, and where time is real.
fn simulated(clock: c_int, name: &'static str) -> Option<u64> {
    let place = match clock {
        CLOCK_REALTIME | CLOCK_REALTIME_COARSE => 0,
        CLOCK_MONOTONIC | CLOCK_MONOTONIC_RAW | CLOCK_MONOTONIC_COARSE | CLOCK_BOOTTIME => 1,
        _ => return None,
    };
    let epoch = EPOCH.get()?[place];
    if let Some([now, real]) = END.get() {
        return Some(epoch + now + nanos(real_time(CLOCK_MONOTONIC)).saturating_sub(*real));
    }
    let here = places::of_clock(clock == CLOCK_REALTIME);
    Some(epoch + link::now(name, here)? / 1000)
}

/// Sleeps on the cluster; returns whether time is simulated.
fn sleep_for(nanos: u64, name: &'static str) -> bool {
    EPOCH.get().is_some() && END.get().is_none() && link::told_if_rank(&Call::Sleep { nanos }, name)
}

/// Sleeps as the kernel does it.
fn sleep_really(nanos: u64) {
    let time = timespec(nanos);
    link::system(link::CLOCK_NANOSLEEP, [CLOCK_MONOTONIC as usize, 0, (&raw const time).expose_provenance(), 0]);
}

fn sleep(nanos: u64, name: &'static str) {
    if !sleep_for(nanos, name) {
        sleep_really(nanos);
    }
}

/// Covers the function of the C library.
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) extern "C" fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int {
    match simulated(clock, "clock_gettime") {
        Some(now) => put(time, timespec(now)),
        None => {
            return link::system(link::CLOCK_GETTIME, [clock.cast_unsigned() as usize, time.expose_provenance(), 0, 0]);
        }
    }
    0
}

/// Covers the function of the C library.
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) extern "C" fn gettimeofday(time: *mut Timeval, _zone: *mut c_void) -> c_int {
    let now = simulated(CLOCK_REALTIME, "gettimeofday").unwrap_or_else(|| nanos(real_time(CLOCK_REALTIME)));
    let Timespec { seconds, nanos } = timespec(now);
    put(time, Timeval { seconds, micros: nanos / 1000 });
    0
}

/// Covers the function of the C library.
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) extern "C" fn time(place: *mut i64) -> i64 {
    let now = simulated(CLOCK_REALTIME, "time").unwrap_or_else(|| nanos(real_time(CLOCK_REALTIME)));
    let seconds = timespec(now).seconds;
    put(place, seconds);
    seconds
}

/// Covers the function of the C library.
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) extern "C" fn nanosleep(wanted: *const Timespec, left: *mut Timespec) -> c_int {
    sleep(nanos(get(wanted)), "nanosleep");
    put(left, timespec(0));
    0
}

/// Covers the function of the C library.
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) extern "C" fn clock_nanosleep(
    clock: c_int,
    flags: c_int,
    wanted: *const Timespec,
    left: *mut Timespec,
) -> c_int {
    let until = nanos(get(wanted));
    let is_absolute = flags & TIMER_ABSTIME != 0;
    let Some(now) = simulated(clock, "clock_nanosleep") else {
        let arguments = [
            clock.cast_unsigned() as usize,
            flags.cast_unsigned() as usize,
            wanted.expose_provenance(),
            left.expose_provenance(),
        ];
        // The function of the C library returns what the kernel calls an error.
        return if link::system(link::CLOCK_NANOSLEEP, arguments) == 0 { 0 } else { link::last_error() };
    };
    sleep(if is_absolute { until.saturating_sub(now) } else { until }, "clock_nanosleep");
    0
}

/// Covers the function of the C library.
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) extern "C" fn usleep(micros: c_uint) -> c_int {
    sleep(u64::from(micros) * 1000, "usleep");
    0
}

/// Covers the function of the C library.
#[cfg_attr(virtual_mpi, unsafe(export_name = "sleep"))]
pub(crate) extern "C" fn sleep_seconds(seconds: c_uint) -> c_uint {
    sleep(u64::from(seconds) * SECOND, "sleep");
    0
}
