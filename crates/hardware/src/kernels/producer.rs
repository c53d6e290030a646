//! The sequential producer: writes one log file after the other, whatever the ranks do.

use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::KernelError;
use super::log_file::{self, LogEntry, Origin};
use crate::host_report;

/// What is written when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Log files in all.
    pub items: u32,
    /// Seconds between two.
    pub interval_s: f64,
    /// Seconds until the first is complete.
    pub first_s: f64,
}

/// When the producer starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At once.
    Now,
    /// When a line comes from standard input; when that ends, so does the producer.
    OnCue,
}

/// What the producer says when it is ready for its cue.
pub const READY: &str = "ready";

/// Writes log files into `folder`, until all are written or standard input ends (see [`Start`]).
///
/// # Errors
/// [`KernelError::Io`] if a file cannot be written.
///
/// # Panics
/// Never: the end that is taken has just been put there.
pub fn run(folder: &Path, schedule: Schedule, start: Start, output: &mut dyn Write) -> Result<(), KernelError> {
    // Without a cue this end stays open, so waiting for a line is waiting for time to pass.
    let (sender, lines) = mpsc::channel();
    let mut own_end = Some(sender);
    if start == Start::OnCue {
        let sender = own_end.take().expect("invariant: it has just been put there");
        thread::spawn(move || io::stdin().lock().lines().map_while(Result::ok).try_for_each(|_| sender.send(())));
        writeln!(output, "{READY}")
            .and_then(|()| output.flush())
            .map_err(|source| KernelError::Io { what: "write to standard output", source })?;
        if lines.recv().is_err() {
            return Ok(());
        }
    }
    let begin = Instant::now();
    for item in 0..schedule.items {
        let due = Duration::from_secs_f64(schedule.first_s + f64::from(item) * schedule.interval_s);
        if wait_until(begin + due, &lines) == Wait::Cancelled {
            return Ok(());
        }
        let written = log_file::write(folder, item, &entry(item));
        written.map_err(|source| KernelError::Io { what: "write a log file", source })?;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Over,
    Cancelled,
}

fn wait_until(due: Instant, lines: &Receiver<()>) -> Wait {
    loop {
        match lines.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(()) => (),
            Err(RecvTimeoutError::Timeout) => return Wait::Over,
            Err(RecvTimeoutError::Disconnected) => return Wait::Cancelled,
        }
    }
}

fn entry(item: u32) -> LogEntry {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let unix_s = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    match host_report::temperature_celsius() {
        Some(celsius) => LogEntry { unix_s, celsius, origin: Origin::Sensor },
        None => LogEntry { unix_s, celsius: 40.0 + f64::from(item % 10), origin: Origin::Synthetic },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_all_files_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let schedule = Schedule { items: 3, interval_s: 0.0, first_s: 0.0 };
        run(folder.path(), schedule, Start::Now, &mut io::sink()).expect("three files");
        assert_eq!(log_file::count_complete(folder.path()).expect("a count"), 3);
        for item in 0..3 {
            let text = std::fs::read_to_string(folder.path().join(log_file::file_name(item))).expect("a text");
            assert!(LogEntry::parse(&text).is_some_and(|entry| entry.unix_s > 0), "{text}");
        }
    }
}
