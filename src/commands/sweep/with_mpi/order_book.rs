//! Notes of which rank works on what, while a sweep is on its way.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use dlpc_predict::sweep::tasks::Task;
use serde::Serialize;

use crate::commands::sweep::job::Job;
use crate::commands::sweep::orders::{self, Head, Order};
use crate::failure::Failure;
use crate::files;

/// The open file of orders.
pub(super) struct OrderBook {
    path: PathBuf,
    file: File,
}

impl OrderBook {
    /// Begins the file.
    pub(super) fn begin(job: &Job<'_>) -> Result<Self, Failure> {
        let path = orders::path(job);
        files::write(&path, b"")?;
        let file = files::open_growing(&path)?;
        let mut book = Self { path, file };
        book.write(&Head::of(job))?;
        Ok(book)
    }

    /// Notes what a rank is about to get.
    pub(super) fn note(&mut self, rank: u32, tasks: &[Task]) -> Result<(), Failure> {
        let tasks = tasks.iter().map(|task| (task.point, task.ranks)).collect();
        self.write(&Order { rank, tasks })
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let line = serde_json::to_string(line).expect("invariant: it is JSON") + "\n";
        self.file.write_all(line.as_bytes()).map_err(|error| Failure::output(&self.path, error))
    }
}
