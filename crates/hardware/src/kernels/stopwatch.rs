//! Time on one rank: a monotonic clock, pauses that keep the core busy and pauses that do not.

use std::hint;
use std::thread;
use std::time::{Duration, Instant};

/// Returns how long `action` takes, and its result, which is dropped outside the clock.
pub(super) fn seconds_of<T>(action: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = action();
    (start.elapsed().as_secs_f64(), result)
}

/// Computes for a while.
pub(super) fn spin(seconds: f64) {
    let start = Instant::now();
    while start.elapsed().as_secs_f64() < seconds {
        hint::spin_loop();
    }
}

/// Sleeps for a while.
pub(super) fn sleep(seconds: f64) {
    thread::sleep(Duration::from_secs_f64(seconds.max(0.0)));
}
