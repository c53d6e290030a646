//! Files of calibration samples: every line that is no sample is a problem, but for a last one that was cut short.

use std::path::Path;

use super::{FILE_BYTES_MAX, Read};
use crate::calibration::campaign::{Campaign, CampaignError};
use crate::diagnostic::{Diagnostics, FileId, Problem, Span};

/// Reads a file of calibration samples.
///
/// # Errors
/// All problems of the file.
pub fn load_campaign(path: &Path, read: Read<'_>) -> Result<Campaign, Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let file = diagnostics.add_source(path, String::new());
            diagnostics.push(Problem::unreadable(&error, "file::unreadable", file.whole(), path));
            return Err(diagnostics);
        }
    };
    let is_too_large = bytes.len() > FILE_BYTES_MAX;
    let file = diagnostics.add_source(path, String::from_utf8_lossy(&bytes).into_owned());
    if is_too_large {
        let message = format!("the file has more than {} MiB", FILE_BYTES_MAX >> 20);
        diagnostics.push(Problem::error("file::too_large", file.whole(), message));
        return Err(diagnostics);
    }
    let errors = match Campaign::parse(diagnostics.text(file)) {
        Ok(campaign) => return Ok(campaign),
        Err(errors) => errors,
    };
    let problems = errors.iter().map(|error| problem(error, file, diagnostics.text(file))).collect();
    diagnostics.extend(problems);
    Err(diagnostics)
}

fn problem(error: &CampaignError, file: FileId, text: &str) -> Problem {
    match error {
        CampaignError::Line { line, reason } => {
            Problem::error("samples::line", line_span(file, text, *line), format!("line {line} is no sample: {reason}"))
                .help("take the line out of the file: the other samples count")
        }
        CampaignError::NoHead => Problem::error("samples::no_campaign", file.whole(), error.to_string())
            .help("name the samples.jsonl of a calibration; its first line says which hosts there were"),
    }
}

/// Returns the place of a line, counted from 1.
fn line_span(file: FileId, text: &str, line: usize) -> Span {
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let length = text[start..].lines().next().map_or(0, str::len);
    file.span(start, start + length)
}
