//! The files that cases are made from: those that come with the program, and those of the other tests.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use rand::{Rng, RngExt};

use crate::hunt::Files;

const FOLDERS: &[&str] = &[
    "scenarios",
    "scenarios/goal",
    "scenarios/traces",
    "scenarios/measured/dlpc-2020",
    "models",
    "tests/e2e/strange",
    "tests/samples",
    "benches/peers/traces",
    "benches/peers/traces/heat.txt_files",
];

/// All files by their path in the repository.
static SHIPPED: LazyLock<Files> = LazyLock::new(|| {
    let files = FOLDERS.iter().flat_map(|folder| {
        let entries = std::fs::read_dir(root().join(folder)).expect("the folder");
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file())
    });
    let named = files.map(|path| (path.strip_prefix(root()).expect("within").to_owned(), path));
    named.map(|(name, path)| (name, std::fs::read(path).expect("the file"))).collect()
});

/// Scenarios without a problem.
pub(crate) static SCENARIOS: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
    let is_scenario = |path: &&PathBuf| {
        path.extension().is_some_and(|extension| extension == "toml")
            && (path.starts_with("scenarios") || path.starts_with("tests/e2e/strange"))
            && !path.ends_with("machine.toml")
    };
    SHIPPED.keys().filter(is_scenario).cloned().collect()
});

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns a file.
pub(crate) fn shipped(path: impl AsRef<Path>) -> &'static [u8] {
    &SHIPPED[path.as_ref()]
}

/// Returns the path of one of the scenarios.
pub(crate) fn scenario(rng: &mut impl Rng) -> &'static Path {
    &SCENARIOS[rng.random_range(0..SCENARIOS.len())]
}

/// Returns the scenarios' files, those they name included, by scenario.
pub(crate) fn files_of(scenario: &Path) -> &'static [PathBuf] {
    static FILES: LazyLock<BTreeMap<PathBuf, Vec<PathBuf>>> = LazyLock::new(|| {
        let named = |scenario: &PathBuf| {
            let read = std::cell::RefCell::new(Vec::new());
            let loaded = dlpc_predict::input::load_experiment(scenario, &|path| {
                read.borrow_mut().push(plain(path));
                reading(&Files::new(), path)
            });
            loaded.unwrap_or_else(|report| panic!("{report}"));
            (scenario.clone(), read.into_inner())
        };
        SCENARIOS.iter().map(named).collect()
    });
    &FILES[scenario]
}

/// Reads a file: one of the case, or one that is shipped.
pub(crate) fn reading(files: &Files, path: &Path) -> io::Result<Vec<u8>> {
    let path = plain(path);
    files.get(&path).or_else(|| SHIPPED.get(&path)).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Opens a file as [`reading`] reads it.
pub(crate) fn opening(files: &Files, path: &Path) -> io::Result<Box<dyn io::BufRead>> {
    Ok(Box::new(io::Cursor::new(reading(files, path)?)))
}

/// Returns the path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}
