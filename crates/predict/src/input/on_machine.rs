//! A scenario on another machine model than its own.

use std::path::{Path, PathBuf};

use super::{Experiment, experiment, finish, load_experiment, named_path};
use crate::diagnostic::Diagnostics;
use crate::input::changes::Changes;
use crate::input::files::{Files, Read};
use crate::input::toml::tree::{self, Document};

/// What takes the place of something that the files of a scenario say.
#[derive(Clone, Copy)]
pub(super) enum Instead<'a> {
    /// The files hold.
    Nothing,
    /// Another machine model, as seen from where the scenario was named.
    Machine(&'a Path),
    /// Other values of single keys.
    Changes(&'a Changes),
}

impl<'a> Instead<'a> {
    pub(super) fn machine(self) -> Option<PathBuf> {
        if let Self::Machine(path) = self { Some(path.to_owned()) } else { None }
    }

    pub(super) fn changes(self) -> Option<&'a Changes> {
        if let Self::Changes(changes) = self { Some(changes) } else { None }
    }
}

/// Reads a scenario like [`load_experiment`], but on the machine model in the file `machine` instead of its own.
///
/// # Errors
/// All problems of all these files.
pub fn load_experiment_on(path: &Path, machine: &Path, read: Read<'_>) -> Result<Experiment, Diagnostics> {
    let mut files = Files::new(read);
    let instead = Instead::Machine(machine);
    let experiment = files.open_first(path).and_then(|file| experiment(file, path, instead, &mut files));
    finish(experiment, files.diagnostics).map(|(experiment, warnings)| Experiment { warnings, ..experiment })
}

/// Returns the path of the machine model that a scenario names, as seen from where the scenario was named.
///
/// # Errors
/// The file cannot be read, or names none.
pub fn machine_of_scenario(path: &Path, read: Read<'_>) -> Result<PathBuf, Diagnostics> {
    let mut files = Files::new(read);
    let Some(file) = files.open_first(path) else { return Err(files.diagnostics) };
    let Document { root, .. } = tree::parse(file, "scenario", &mut files.diagnostics);
    if let Some((named, _)) = named_path(&root, "machine") {
        return Ok(tree::beside(path, &named));
    }
    // All its problems at once, among them that there is no machine model.
    load_experiment(path, read).map(|_| PathBuf::new())
}
