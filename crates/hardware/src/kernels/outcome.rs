//! What a workload took and found, and how it is said.

use std::io::Write;

use dlpc_predict::calibration::work::Record;

use super::KernelError;

/// What a workload took and found.
pub(super) struct Run {
    pub(super) seconds: f64,
    pub(super) result: serde_json::Value,
    pub(super) records: Vec<Record>,
}

/// Prints a line, for whoever started the kernel to read at once.
pub(super) fn print(output: &mut dyn Write, line: &str) -> Result<(), KernelError> {
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .map_err(|source| KernelError::Io { what: "write to standard output", source })
}
