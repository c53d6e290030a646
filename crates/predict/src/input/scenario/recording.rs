//! The recording that a scenario names.

use std::path::Path;

use crate::diagnostic::Problem;
use crate::input::files::{FILE_BYTES_MAX, Files};
use crate::input::toml::spanned::Spanned;
use crate::input::toml::tree;
use crate::workload::recorded::{Recording, read_recording};

/// Reads the recording that the scenario at `path` names.
pub(super) fn read(named: &Spanned<String>, path: &Path, files: &mut Files<'_>) -> Option<Recording> {
    let path = tree::beside(path, &named.value);
    let problem = match (files.read)(&path) {
        Err(error) => Problem::unreadable(&error, "scenario::recording", named.span, &path),
        Ok(bytes) if bytes.len() > FILE_BYTES_MAX => {
            let message = format!("`{}` has more than {} MiB", path.display(), FILE_BYTES_MAX >> 20);
            Problem::error("file::too_large", named.span, message).help("record a shorter run, or fewer rank counts")
        }
        Ok(bytes) => match read_recording(&bytes) {
            Ok(recording) => return Some(recording),
            Err(unreadable) => {
                let message = format!("`{}` is no recording: {unreadable}", path.display());
                let problem = Problem::error("scenario::recording", named.span, message);
                problem.help("name a file that `dlpc-sim run` has written")
            }
        },
    };
    files.diagnostics.push(problem);
    None
}
