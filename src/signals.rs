//! Being told to end, by Ctrl-C or by a launcher: to say what is done rather than to vanish.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
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
        for signal in [SIGINT, SIGTERM] {
            // Where it cannot be listened to, a signal ends the program as it always does.
            let _ = flag::register_conditional_shutdown(signal, EXIT_IMPATIENT, Arc::clone(&told))
                .and_then(|_| flag::register(signal, Arc::clone(&told)));
        }
        Self { told }
    }

    pub(crate) fn was_told_to_end(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }
}
