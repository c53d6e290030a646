//! The input files of a sweep: each is read once, so that all points see the same text.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::files;

/// Contents of files by path.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    contents: Mutex<BTreeMap<PathBuf, Vec<u8>>>,
    is_complete: bool,
}

impl Inputs {
    /// Returns what is read from disk when it is needed.
    pub(super) fn from_disk() -> Self {
        Self::default()
    }

    /// Returns files that were read elsewhere; there are no others.
    #[cfg(feature = "mpi")]
    pub(super) fn from_elsewhere(files: Vec<(PathBuf, String)>) -> Self {
        let contents = files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
        Self { contents: Mutex::new(contents), is_complete: true }
    }

    /// Returns the files that were read so far; they are text, or else a sweep would not have begun.
    #[cfg(feature = "mpi")]
    pub(super) fn so_far(&self) -> Vec<(PathBuf, String)> {
        let contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        contents.iter().map(|(path, bytes)| (path.clone(), text(bytes))).collect()
    }

    pub(super) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = contents.get(path) {
            return Ok(bytes.clone());
        }
        if self.is_complete {
            return Err(io::Error::new(io::ErrorKind::NotFound, "rank 0 did not read it"));
        }
        let bytes = files::read(path)?;
        contents.insert(path.to_owned(), bytes.clone());
        Ok(bytes)
    }
}
