//! Pages to look at: reports as files, and a running `explore`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Returns the folder of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn dlpc_sim() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dlpc-sim"));
    command.current_dir(root());
    command
}

/// Runs a command of the program into a folder, and returns what it prints.
pub(crate) fn run(command: &str, scenario: &Path, folder: &Path, more: &[&str]) -> String {
    let output = dlpc_sim().arg(command).arg(scenario).arg("--out").arg(folder).args(more).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A report in a folder of its own.
pub(crate) struct Report {
    folder: tempfile::TempDir,
}

impl Report {
    pub(crate) fn of(command: &str, scenario: &str) -> Self {
        Self::with(command, scenario, &[])
    }

    /// As [`Report::of`], with more arguments.
    pub(crate) fn with(command: &str, scenario: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        run(command, &PathBuf::from(scenario), folder.path(), &[&["--replications", "5"], more].concat());
        Self { folder }
    }

    /// The report of a fit of the shipped samples.
    pub(crate) fn of_fit() -> Self {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let mut command = dlpc_sim();
        command.args(["calibrate", "--from-samples", "tests/samples/testbed-slow-host.jsonl", "--out"]);
        command.arg(folder.path().join("mine.toml")).arg("--report").arg(folder.path());
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { folder }
    }

    pub(crate) fn address(&self) -> String {
        format!("file://{}", self.folder.path().join("report.html").display())
    }
}

/// The shortest scenario of coordinates, without any table that may be left out.
pub(crate) struct ShortScenario {
    folder: tempfile::TempDir,
}

impl ShortScenario {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let machine = root().join("models/dlpc-2020.toml");
        let text = format!(
            "format = 1\ntitle = \"short\"\nmachine = \"{}\"\nrun.ranks = [1, 2, 4, 8, 16, 32]\n\
             workload.pi = {{ darts = 1_000_000, returns = \"coordinates\" }}\n",
            machine.display()
        );
        std::fs::write(folder.path().join("short.toml"), text).expect("a file");
        Self { folder }
    }

    pub(crate) fn path(&self) -> String {
        self.folder.path().join("short.toml").display().to_string()
    }
}

/// A running `explore`, which ends with the value.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(scenario: &str) -> Self {
        let mut child = dlpc_sim().args(["explore", scenario]).stdout(Stdio::piped()).spawn().expect("it runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
        Self { child, address: address.to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
