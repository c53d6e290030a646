//! Where the log files are, and the process that puts them there.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::super::log_file;
use super::super::{KernelError, producer};
use crate::workload::RealLogStream;

/// The folder of the log files and their producer, which ends when this is dropped.
pub(super) struct Shelf {
    producer: Child,
    folder: TempDir,
    n_items: u32,
}

impl Shelf {
    /// Starts the producer and waits until it is ready for its cue.
    pub(super) fn open(program: &Path, stream: &RealLogStream) -> Result<Self, KernelError> {
        let folder = tempfile::Builder::new().prefix("dlpc-sim-logs-").tempdir().map_err(failed("make a folder"))?;
        let mut producer = Command::new(program)
            .args(["kernel", "producer", "--on-cue", "--folder"])
            .arg(folder.path())
            .args(["--items", &stream.items.to_string()])
            .args(["--interval", &stream.interval_s.to_string()])
            .args(["--first", &stream.first_s.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed("start the producer"))?;
        let mut line = String::new();
        let stdout = producer.stdout.take().expect("invariant: it is a pipe");
        BufReader::new(stdout).read_line(&mut line).map_err(failed("listen to the producer"))?;
        if line.trim_end() != producer::READY {
            return Err(KernelError::ProducerEnded);
        }
        Ok(Self { producer, folder, n_items: stream.items })
    }

    /// Lets the producer start.
    pub(super) fn give_cue(&mut self) -> Result<(), KernelError> {
        let stdin = self.producer.stdin.as_mut().expect("invariant: it is a pipe");
        stdin.write_all(b"\n").map_err(failed("start the producer"))
    }

    /// Returns how many log files are complete.
    pub(super) fn look(&mut self) -> Result<u32, KernelError> {
        let has_ended = self.producer.try_wait().map_err(failed("look at the producer"))?.is_some();
        let complete = log_file::count_complete(self.folder.path()).map_err(failed("look for log files"))?;
        if has_ended && complete < self.n_items { Err(KernelError::ProducerEnded) } else { Ok(complete) }
    }

    /// Returns the text of a complete log file.
    pub(super) fn text(&self, item: u32) -> Result<String, KernelError> {
        fs::read_to_string(self.folder.path().join(log_file::file_name(item))).map_err(failed("read a log file"))
    }

    /// Waits for the end of the producer and removes the folder.
    pub(super) fn close(mut self) -> Result<(), KernelError> {
        self.producer.wait().map_err(failed("end the producer"))?;
        self.folder.close().map_err(failed("remove the folder of the log files"))
    }
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> KernelError {
    move |source| KernelError::Io { what, source }
}
