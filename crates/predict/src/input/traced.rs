//! A trace that a scenario names.

use std::cell::RefCell;
use std::io::{self, BufRead, Cursor};
use std::path::Path;
use std::sync::Arc;

use dlpc_formats::{Recorded, load_recorded};
use sha2::{Digest as _, Sha256};

use crate::diagnostic::{Diagnostics, Problem, Span};
use crate::input::files::{FILE_BYTES_MAX, Read};
use crate::workload::TracedRun;

/// Reads a trace with all its files, which the scenario names at `named_at`; none if there is a problem.
pub(super) fn read_trace(
    path: &Path,
    named_at: Span,
    read: Read<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<TracedRun> {
    if let Err(error) = read(path) {
        diagnostics.push(Problem::unreadable(&error, "scenario::trace", named_at, path));
        return None;
    }
    let hash = RefCell::new(Sha256::new());
    let open = |path: &Path| -> io::Result<Box<dyn BufRead>> {
        let bytes = read(path)?;
        if bytes.len() > FILE_BYTES_MAX {
            let limit = FILE_BYTES_MAX >> 20;
            return Err(io::Error::other(format!("it has more than {limit} MiB: compress it with gzip")));
        }
        let mut hash = hash.borrow_mut();
        hash.update(bytes.len().to_le_bytes());
        hash.update(&bytes);
        Ok(Box::new(Cursor::new(bytes)))
    };
    match load_recorded(path, &open) {
        Ok(Recorded::Calls(calls)) => {
            let fingerprint = hash.into_inner().finalize();
            let fingerprint = fingerprint.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
            Some(TracedRun { calls: Arc::new(calls), fingerprint })
        }
        Ok(Recorded::Schedule(_)) => {
            let message = format!("`{}` is a schedule, not a trace", path.display());
            let help = "a trace has lines such as `0 send 1 7 1000 6`; dlpc-sim replay takes schedules";
            diagnostics.push(Problem::error("scenario::trace", named_at, message).help(help));
            None
        }
        Err(problems) => {
            diagnostics.absorb(problems);
            None
        }
    }
}
