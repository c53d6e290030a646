//! `check`: every problem of any number of files.

use std::path::PathBuf;

use dlpc_predict::input;

use crate::failure::{self, Failure};
use crate::files;

pub(crate) fn run(paths: &[PathBuf]) -> Result<(), Failure> {
    let mut failure = None;
    for path in paths {
        match input::check_file(path, &files::read) {
            Ok(kind) => files::print(&format!("{}: {} is right", path.display(), kind.name()))?,
            Err(diagnostics) => {
                if let Some(Failure::Input(earlier)) = failure.replace(Failure::Input(diagnostics)) {
                    anstream::eprintln!("{}\n", failure::render(&earlier).trim_end());
                }
            }
        }
    }
    failure.map_or(Ok(()), Err)
}
