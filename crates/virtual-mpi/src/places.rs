//! Where in the program a call was made: the line of a Python script, or an address in a compiled program.
//!
//! Each place gets a number when it is first seen; the simulator is told once what the number stands for.

mod python;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::wire::Place;

/// A number, and what it stands for if it is new.
#[derive(Debug, Default)]
pub(crate) struct Here {
    /// Zero where it is not known.
    pub(crate) number: u32,
    pub(crate) told: Option<(Place, Vec<u8>)>,
}

/// Most places of a process that get numbers: a program that makes code while it runs would have no end of them.
const PLACES_MAX: usize = 1 << 16;
/// Calls of this library within each other, at most.
const FRAMES_MAX: usize = 64;

/// Numbers of addresses.
static ADDRESSES: Mutex<BTreeMap<usize, u32>> = Mutex::new(BTreeMap::new());
/// The number that was given last.
static LAST: Mutex<u32> = Mutex::new(0);

/// Returns the number of a place that has none.
fn number() -> u32 {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    *last += 1;
    *last
}

/// Returns the place in the program from which this library was called.
pub(crate) fn here() -> Here {
    let here = if python::is_here() { python::here() } else { caller().map(of_address) };
    here.unwrap_or_default()
}

/// Returns the place in the program that looks at a clock; not known where the program's language does so for itself.
///
/// `CPython` looks at the monotonic clock for each lock that it takes (`acquire_timed`, seen in 3.11), which cannot be told from
/// `time.perf_counter`; the time of the day is asked for by `time.time` only.
pub(crate) fn of_clock(is_time_of_day: bool) -> Here {
    let here = match python::is_here() {
        true if is_time_of_day => python::of_clock(),
        true => None,
        false => caller().map(of_address),
    };
    here.unwrap_or_default()
}

fn of_address(address: usize) -> Here {
    let mut known = ADDRESSES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(number) = known.get(&address) {
        return Here { number: *number, told: None };
    }
    if known.len() >= PLACES_MAX {
        return Here::default();
    }
    // What is called returns to the instruction after the call.
    let found = mapped(address - 1).map(|(file, start)| (number(), file, start));
    known.insert(address, found.as_ref().map_or(0, |(number, ..)| *number));
    drop(known);
    let Some((number, file, start)) = found else { return Here::default() };
    let address = address as u64 - 1;
    Here { number, told: Some((Place::Address { number, address, start: start as u64 }, file.into_bytes())) }
}

/// Returns the file that is mapped at an address, and where its first byte is.
fn mapped(address: usize) -> Option<(String, usize)> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let file = maps.lines().find(|line| range(line).is_some_and(|range| range.contains(&address)))?;
    let file = file.get(file.find('/')?..)?.to_owned();
    let start = maps.lines().filter(|line| line.ends_with(&file)).filter_map(range).map(|range| range.start).min()?;
    Some((file, start))
}

/// Returns the addresses of a line of `/proc/self/maps`.
fn range(line: &str) -> Option<Range<usize>> {
    let (start, rest) = line.split_once('-')?;
    let end = rest.split(' ').next()?;
    Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
}

/// Returns the address to which this library returns.
fn caller() -> Option<usize> {
    /// Where the code of this library is.
    static OWN: OnceLock<Range<usize>> = OnceLock::new();
    let own = OWN.get_or_init(|| {
        let here = (caller as fn() -> Option<usize>) as usize;
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        maps.lines().filter_map(range).find(|range| range.contains(&here)).unwrap_or(0..0)
    });
    if own.is_empty() {
        return None;
    }
    let mut frame = frame();
    for _ in 0..FRAMES_MAX {
        let (next, address) = crate::memory::frame(frame)?;
        if !own.contains(&address) {
            return Some(address);
        }
        frame = next;
    }
    None
}

/// Returns the frame pointer; zero where functions keep none.
#[expect(clippy::inline_always, reason = "the frame is that of the function that asks")]
#[inline(always)]
fn frame() -> usize {
    #[cfg_attr(not(virtual_mpi), allow(unused_mut))]
    let mut frame = 0_usize;
    // SAFETY: reads a register.
    #[cfg(all(virtual_mpi, target_arch = "x86_64"))]
    unsafe {
        std::arch::asm!("mov {}, rbp", out(reg) frame, options(nomem, nostack, preserves_flags));
    }
    // SAFETY: reads a register.
    #[cfg(all(virtual_mpi, target_arch = "aarch64"))]
    unsafe {
        std::arch::asm!("mov {}, x29", out(reg) frame, options(nomem, nostack, preserves_flags));
    }
    frame
}
