//! Starting this program on ranks of this machine.

use std::env;
use std::ffi::OsString;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dlpc_hardware::launcher::{self, Flavour, Job, LaunchError, Launcher, MapBy};
use dlpc_hardware::workload::{RealWorkload, WorkloadResult};

/// Rank counts that every workload is run with: one, even, odd, and more than a small machine has cores.
pub(crate) const RANKS: [u32; 5] = [1, 2, 3, 4, 7];

/// A job that is silent for so long hangs.
const SILENCE_LIMIT: Duration = Duration::from_mins(2);

/// One job at a time: ranks that wait for a message keep their core busy.
static MACHINE: Mutex<()> = Mutex::new(());

/// Runs `kernel ARGS` on `n_ranks` ranks; returns the lines of standard output.
pub(crate) fn run(n_ranks: u32, args: &[&str], stdin: &str) -> Result<Vec<String>, LaunchError> {
    start(n_ranks, kernel(args), stdin)
}

/// Runs `kernel ARGS` with two ranks on each of so many hosts, which differ in name only.
pub(crate) fn run_on_hosts(hosts: &[&str], args: &[&str], stdin: &str) -> Result<Vec<String>, LaunchError> {
    let mut command = Vec::new();
    for (i, host) in hosts.iter().enumerate() {
        if i > 0 {
            command.extend([":", "-n", "2"].map(OsString::from));
        }
        command.extend(kernel(args));
        command.extend(["--host", host].map(OsString::from));
    }
    start(2, command, stdin)
}

/// Runs a workload on `n_ranks` ranks; returns its last line.
pub(crate) fn run_workload(n_ranks: u32, workload: &RealWorkload, args: &[&str]) -> WorkloadResult {
    let stdin = serde_json::to_string(workload).expect("a line");
    let n = n_ranks.to_string();
    let args = [&["workload", "--expect-ranks", &n], args].concat();
    let lines = run(n_ranks, &args, &stdin).unwrap_or_else(|error| panic!("{n_ranks} ranks: {error}"));
    let last = lines.last().expect("a result");
    let result: WorkloadResult = serde_json::from_str(last).unwrap_or_else(|error| panic!("{last}: {error}"));
    assert_eq!(result.ranks, n_ranks);
    assert!(result.seconds > 0.0);
    result
}

/// Returns the exit code of a job that failed and what it printed on standard error.
pub(crate) fn failure(result: Result<Vec<String>, LaunchError>) -> (Option<i32>, String) {
    match result {
        Err(LaunchError::Failed { status, stderr, .. }) => (status.code(), stderr),
        other => panic!("the job should have failed: {other:?}"),
    }
}

fn kernel(args: &[&str]) -> Vec<OsString> {
    let words = [env!("CARGO_BIN_EXE_dlpc-sim"), "kernel"].iter().chain(args);
    words.map(OsString::from).collect()
}

fn program() -> OsString {
    env::var_os("DLPC_TEST_LAUNCHER").unwrap_or_else(|| "mpirun".into())
}

/// Returns what the launcher says of its version.
pub(crate) fn launcher_version() -> String {
    launcher::flavour_of(&program(), SILENCE_LIMIT).unwrap_or_else(|error| panic!("{error}")).1
}

/// Returns all that the launcher says of its build.
pub(crate) fn launcher_build() -> String {
    let output = Command::new(program()).arg("--version").output().expect("a launcher");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs any command on `n_ranks` ranks; returns the lines of standard output.
pub(crate) fn start(n_ranks: u32, command: Vec<OsString>, stdin: &str) -> Result<Vec<String>, LaunchError> {
    start_with(n_ranks, Vec::new(), command, stdin)
}

/// The same with arguments of the launcher.
pub(crate) fn start_with(
    n_ranks: u32,
    mut extra_args: Vec<OsString>,
    command: Vec<OsString>,
    stdin: &str,
) -> Result<Vec<String>, LaunchError> {
    let _alone = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    let program = program();
    let (flavour, _) = launcher::flavour_of(&program, SILENCE_LIMIT)?;
    if flavour == Flavour::OpenMpi {
        extra_args.extend(["--oversubscribe", "--bind-to", "none"].map(OsString::from));
        if rustix::process::geteuid().is_root() {
            extra_args.push("--allow-run-as-root".into());
        }
    }
    let launcher = Launcher { program, flavour, extra_args, hosts: None };
    let stdin = stdin.as_bytes().to_vec();
    let job = Job { n_ranks, map_by: MapBy::Slot, command, stdin, silence_limit: SILENCE_LIMIT };
    let mut lines = Vec::new();
    launcher.run(&job, &|| false, &mut |line| lines.push(line.to_owned()))?;
    Ok(lines)
}
