//! What the programs of the tests need: a folder, a compiler with MPICH's header, a Python with mpi4py.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::support::{Ended, dlpc_sim, empty_folder, root, run};

/// The C programs; none where MPICH's compiler wrapper is not installed.
static PROGRAMS: LazyLock<Option<(TempDir, PathBuf)>> = LazyLock::new(|| {
    let folder = empty_folder();
    let binary = folder.path().join("programs");
    let source = root().join("tests/run/programs.c");
    let mut compiler = Command::new("mpicc.mpich");
    compiler.args(["-O1", "-g", "-w", "-o"]).arg(&binary).arg(source).stdin(Stdio::null());
    let Ok(status) = compiler.status() else {
        println!("LEFT OUT: C programs on virtual ranks: there is no mpicc.mpich");
        return None;
    };
    assert!(status.success(), "the programs can be compiled");
    Some((folder, binary))
});

/// Returns the program that the C programs are in.
pub(crate) fn programs() -> Option<&'static Path> {
    PROGRAMS.as_ref().map(|(_, binary)| binary.as_path())
}

/// Returns a Python that has mpi4py from `PyPI`, which looks for an MPI library when it is loaded; `.ci/setup` makes it.
pub(crate) fn python() -> Option<PathBuf> {
    let python = env::var_os("DLPC_TEST_PYTHON").map_or_else(|| root().join("target/mpi4py/bin/python"), PathBuf::from);
    if python.exists() {
        return Some(python);
    }
    println!("LEFT OUT: Python programs on virtual ranks: there is no {}", python.display());
    None
}

/// A folder for results, and what is written into it.
pub(crate) struct Stand {
    pub(crate) folder: TempDir,
}

impl Stand {
    pub(crate) fn new() -> Self {
        Self { folder: empty_folder() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a program on virtual ranks of hosts whose messages cost nothing but their bytes.
    pub(crate) fn run(&self, arguments: &[&str], program: &Path, words: &[&str]) -> Ended {
        let mut command = dlpc_sim();
        command.args(["run", "--machine", "tests/run/star.toml", "--replications", "2", "--out"]);
        command.arg(self.folder.path()).args(arguments).arg("--").arg(program).args(words);
        run(&mut command)
    }
}
