//! The file of what is computed already: one line per result, appended as it comes, so that a sweep that is ended at any
//! moment loses only what it was working on.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use dlpc_predict::sweep::record::{Record, Records};

use crate::failure::Failure;
use crate::files;

/// Results between two requests to bring them to the disk: a crash of the whole machine may lose that many.
const UNSYNCED_MAX: u32 = 256;

/// An open file of results, and what it holds.
pub(super) struct Store {
    path: PathBuf,
    file: File,
    n_unsynced: u32,
    n_appended: usize,
    pub(super) records: Records,
}

impl Store {
    /// Opens the file, or begins it.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let failure = |error| Failure::output(path, error);
        let file = files::open_growing(path)?;
        match file.try_lock() {
            // A file system that knows no locks is one that nobody shares, or that cannot be helped.
            Ok(()) | Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::Usage {
                    message: format!("another sweep is writing to {}", path.display()),
                    help: "wait for its end, or name another folder: --out DIR".to_owned(),
                });
            }
        }
        let bytes = fs::read(path).map_err(failure)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        // A last line that was cut short would spoil the next one.
        file.set_len(whole as u64).map_err(failure)?;
        let records = Records::parse(&String::from_utf8_lossy(&bytes[..whole]));
        if let Some(line) = records.unreadable.first() {
            let (n, path) = (records.unreadable.len(), path.display());
            files::warn(&format!("{n} lines of {path} cannot be read, the first is line {line}: computed again"));
        }
        Ok(Self { path: path.to_owned(), file, n_unsynced: 0, n_appended: 0, records })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how many results were kept since the file was opened.
    pub(super) fn n_appended(&self) -> usize {
        self.n_appended
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.records.by_key.contains_key(key)
    }

    /// Keeps a result: when this returns, the operating system has it.
    pub(super) fn append(&mut self, record: Record) -> Result<(), Failure> {
        self.file.write_all(record.line().as_bytes()).map_err(|error| Failure::output(&self.path, error))?;
        self.records.by_key.insert(record.key.clone(), record);
        self.n_appended += 1;
        self.n_unsynced += 1;
        if self.n_unsynced >= UNSYNCED_MAX { self.sync() } else { Ok(()) }
    }

    /// Waits until the disk has all results.
    pub(super) fn sync(&mut self) -> Result<(), Failure> {
        self.n_unsynced = 0;
        self.file.sync_data().map_err(|error| Failure::output(&self.path, error))
    }
}
