//! A testbed that is up while a test runs, and this program on it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// There is one machine, so one testbed at a time.
static MACHINE: Mutex<()> = Mutex::new(());

/// Longer than anything here takes, so that a test ends even if the program does not.
const PATIENCE: Duration = Duration::from_mins(10);

/// An emulated cluster; taken down at the end.
pub(crate) struct Testbed {
    /// Folder for the results of a test.
    pub(crate) folder: tempfile::TempDir,
    _machine: MutexGuard<'static, ()>,
}

impl Testbed {
    /// Makes a testbed with the arguments of `testbed up`.
    pub(crate) fn up(args: &[&str]) -> Self {
        let machine = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
        let testbed = Self { folder: tempfile::tempdir().expect("a folder"), _machine: machine };
        let output = script("testbed").arg("up").args(args).output().expect("a script that starts");
        assert!(output.status.success(), "testbed up: {}", text(&output));
        let hosts = script("testbed").arg("hostfile").output().expect("a script that starts");
        std::fs::write(testbed.path("hosts"), hosts.stdout).expect("a hostfile");
        testbed
    }

    /// Returns the path of a file in the folder of results.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `testbed ARGS`.
    pub(crate) fn command(&self, args: &[&str]) {
        let output = script("testbed").args(args).output().expect("a script that starts");
        assert!(output.status.success(), "testbed {args:?}: {}", text(&output));
    }

    /// Returns `dlpc-sim ARGS` on the head of the cluster, in the folder of results, to be started.
    pub(crate) fn program(&self, args: &[&str]) -> Command {
        let mut command = script("testbed");
        command.args(["run", "--", env!("CARGO_BIN_EXE_dlpc-sim")]).args(args).current_dir(self.folder.path());
        command
    }

    /// Runs `dlpc-sim ARGS` on the head of the cluster; it must succeed.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        let output = self.program(args).output().expect("a script that starts");
        assert!(output.status.success(), "dlpc-sim {args:?}: {}", text(&output));
        text(&output)
    }

    /// Starts a calibration with few and small experiments.
    pub(crate) fn start_calibration(&self) -> Child {
        let mut command = self.program(&CALIBRATE);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a script that starts")
    }

    /// Waits until the samples file has at least `n` lines.
    pub(crate) fn wait_for_samples(&self, n: usize) {
        let start = Instant::now();
        while self.samples().len() < n {
            assert!(start.elapsed() < PATIENCE, "no samples");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Returns the whole lines of the samples file.
    pub(crate) fn samples(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path("samples.jsonl")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
    }
}

/// A calibration that takes less than a minute.
pub(crate) const CALIBRATE: [&str; 13] = [
    "calibrate",
    "--hostfile",
    "hosts",
    "--launches",
    "3",
    "--largest-message",
    "256 KiB",
    "--time-limit",
    "20",
    "--samples",
    "samples.jsonl",
    "--out",
    "model.toml",
];

impl Drop for Testbed {
    fn drop(&mut self) {
        let _ = script("testbed").arg("down").output();
    }
}

/// Returns a script of the testbed, to be started.
pub(crate) fn script(name: &str) -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("testbed").join(name))
}

/// Returns all that a program printed.
pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
