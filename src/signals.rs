//! Being told to end, by Ctrl-C or by a launcher: to say what is done rather than to vanish.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Exit code of a program that is told twice.
const EXIT_IMPATIENT: i32 = 5;

/// Whether this program has been told to end.
pub(crate) struct Signals {
    told: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on; the second time ends the program at once.
    pub(crate) fn listen() -> Self {
        let told = Arc::new(AtomicBool::new(false));
        let hangup = (!ignores_hangup()).then_some(SIGHUP);
        for signal in [SIGINT, SIGTERM].into_iter().chain(hangup) {
            // Where it cannot be listened to, a signal ends the program as it always does.
            let _ = flag::register_conditional_shutdown(signal, EXIT_IMPATIENT, Arc::clone(&told))
                .and_then(|_| flag::register(signal, Arc::clone(&told)));
        }
        Self { told }
    }

    /// Whether this program has been told to end.
    pub(crate) fn was_told_to_end(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }
}

/// Returns whether this program was started to go on when its terminal is closed, as `nohup` does it.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).map(str::trim);
    // Signal 1 is the lowest bit.
    ignored.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask & 1 != 0)
}
