//! Result files of other programs: the run time in what they printed, the rank count in their file name.

use std::path::Path;

use regex::Regex;
use thiserror::Error;

use super::sample::SECONDS;
use super::{MeasuredRun, Measurement};

/// Finds the run time in the output of the DLPC's scripts: `Runtime is  1.234`.
pub const DLPC_TIME_PATTERN: &str = r"Runtime is\s+(\S+)";

/// Finds the rank count in the name of a result file: `r8p1000000.out`.
const RANKS_PATTERN: &str = r"^r(\d+)p";

/// Why a result file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OutputFileError {
    /// The rank count cannot be found.
    #[error("the name of `{file}` has no rank count: result files are called `r<ranks>p<darts>.out`")]
    NoRanks {
        /// The file.
        file: String,
    },
    /// The run time cannot be found.
    #[error("`{file}` has no line that matches `{pattern}`")]
    NoTime {
        /// The file.
        file: String,
        /// The regular expression.
        pattern: String,
    },
    /// What was found is no run time.
    #[error("`{found}` in `{file}` is not a run time of 1e-12 to 1e9 seconds")]
    NotATime {
        /// The file.
        file: String,
        /// What was found.
        found: String,
    },
}

/// Returns the run time in seconds that `pattern` finds in `text`: its first group, the last match.
///
/// # Errors
/// [`OutputFileError`] that names `file`.
pub fn run_time(file: &str, text: &str, pattern: &Regex) -> Result<f64, OutputFileError> {
    let found = pattern.captures_iter(text).last().and_then(|captures| captures.get(1));
    let Some(found) = found else {
        return Err(OutputFileError::NoTime { file: file.to_owned(), pattern: pattern.as_str().to_owned() });
    };
    let seconds = found.as_str().parse().ok().filter(|seconds| SECONDS.contains(seconds));
    seconds.ok_or_else(|| OutputFileError::NotATime { file: file.to_owned(), found: found.as_str().to_owned() })
}

/// Returns the measured curve in a set of result files (name and text), or every problem.
///
/// # Errors
/// One [`OutputFileError`] for each file that cannot be used.
///
/// # Panics
/// Never: the pattern of the rank count is valid.
pub fn measurement(files: &[(&Path, String)], pattern: &Regex) -> Result<Measurement, Vec<OutputFileError>> {
    let ranks_pattern = Regex::new(RANKS_PATTERN).expect("invariant: the pattern is valid");
    let mut rows = Vec::new();
    let mut errors = Vec::new();
    for (path, text) in files {
        match measured_run(path, text, pattern, &ranks_pattern) {
            Ok(run) => rows.push(run),
            Err(error) => errors.push(error),
        }
    }
    rows.sort_by_key(|row: &MeasuredRun| row.ranks);
    if errors.is_empty() { Ok(Measurement { rows, hosts: Vec::new() }) } else { Err(errors) }
}

fn measured_run(
    path: &Path,
    text: &str,
    pattern: &Regex,
    ranks_pattern: &Regex,
) -> Result<MeasuredRun, OutputFileError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let file = path.display().to_string();
    let ranks = ranks_pattern.captures(&name).and_then(|captures| captures[1].parse().ok()).filter(|ranks| *ranks > 0);
    let Some(ranks) = ranks else { return Err(OutputFileError::NoRanks { file }) };
    Ok(MeasuredRun { ranks, seconds: run_time(&file, text, pattern)?, reading_error_s: 0.0, host: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files<'f>(names: &'f [&str], texts: &[&str]) -> Vec<(&'f Path, String)> {
        names.iter().map(Path::new).zip(texts.iter().map(|text| (*text).to_owned())).collect()
    }

    fn pattern() -> Regex {
        Regex::new(DLPC_TIME_PATTERN).expect("a valid pattern")
    }

    #[test]
    fn reads_the_result_files_of_the_dlpc() {
        let files =
            files(&["runs/r8p1000000.out", "r2p1000000.out"], &["Pi is 3.14\nRuntime is  0.35\n", "Runtime is 1.43"]);
        let rows = measurement(&files, &pattern()).expect("a curve").rows;
        let rows: Vec<(u32, f64)> = rows.iter().map(|row| (row.ranks, row.seconds)).collect();
        assert_eq!(rows, [(2, 1.43), (8, 0.35)]);
    }

    #[test]
    fn reports_every_file_that_cannot_be_used() {
        let files = files(&["x.out", "r1p9.out", "r2p9.out"], &["Runtime is 1", "", "Runtime is nan"]);
        let errors = measurement(&files, &pattern()).expect_err("problems");
        assert!(matches!(errors[0], OutputFileError::NoRanks { .. }));
        assert!(matches!(errors[1], OutputFileError::NoTime { .. }));
        assert!(matches!(errors[2], OutputFileError::NotATime { .. }));
    }
}
