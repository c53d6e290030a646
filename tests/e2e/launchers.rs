//! What commands that start ranks tell their launcher, and what they do with one that misbehaves.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::{Ended, dlpc_sim, empty_folder, root, run};

/// Returns a folder with a launcher that says it is `version` and otherwise runs `script`, and with a hostfile.
fn cluster(version: &str, script: &str, hostfile: &str) -> TempDir {
    let folder = empty_folder();
    let launcher = folder.path().join("launcher");
    let text =
        format!("#!/bin/sh\n[ \"$*\" = --version ] && echo '{version}' && exit\necho \"$*\" >>started\n{script}\n");
    fs::write(&launcher, text).expect("a script");
    fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755)).expect("a program");
    fs::write(folder.path().join("hosts"), hostfile).expect("a hostfile");
    folder
}

const OPEN_MPI: &str = "mpirun (Open MPI) 4.1.4";
const HYDRA: &str = "HYDRA build details:";
const SLURM: &str = "slurm 22.05.8";
/// Runs what stands behind the launcher's own arguments, of which there are six, here.
const HERE: &str = "shift 6; exec \"$@\"";

fn start(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = dlpc_sim();
    command.current_dir(folder).args(arguments).args(["--launcher", "./launcher", "--binary"]);
    command.arg(assert_cmd::cargo::cargo_bin!("dlpc-sim"));
    run(&mut command)
}

fn lines(folder: &TempDir, name: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, fields)| !fields.trim_start().starts_with('Z'))
}

#[test]
fn an_ssh_that_hangs_is_ended_at_the_time_limit_and_no_orphan_is_left() {
    // As mpirun does it: ssh in a group of its own, with both pipes open; mpirun itself does not end when it is asked to.
    let script = "trap '' TERM; set -m; sleep 600 & echo $! >>pids; while :; do wait; done";
    let folder = cluster(OPEN_MPI, script, "pi0 slots=1\npi1 slots=1\n");
    let started_at = Instant::now();
    let Ended { code, stdout, .. } = start(folder.path(), &["doctor", "--hostfile", "hosts", "--time-limit", "1"]);
    let elapsed = started_at.elapsed();
    assert_eq!(code, 5, "{stdout}");
    assert!(stdout.contains("no answer for 1 s"), "{stdout}");
    // All hosts in one job, then each in one of its own, at once: two limits of 1 s, each exceeded by 2 s at most.
    assert!(elapsed < Duration::from_secs(6), "{elapsed:?}");
    let pids = lines(&folder, "pids");
    assert_eq!(pids.len(), 3, "{pids:?}");
    assert!(!pids.iter().any(|pid| is_alive(pid)), "an orphan is left");
}

#[test]
fn a_program_that_is_told_to_end_ends_its_launcher() {
    let folder = cluster(OPEN_MPI, "echo $$ >pid; exec sleep 600", "");
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("dlpc-sim"));
    command.current_dir(folder.path()).args(["doctor", "--launcher", "./launcher"]).stderr(Stdio::null());
    let mut program = command.spawn().expect("the binary runs");
    let started_at = Instant::now();
    while lines(&folder, "pid").is_empty() && started_at.elapsed() < Duration::from_mins(1) {
        thread::sleep(Duration::from_millis(10));
    }
    let pid = i32::try_from(program.id()).ok().and_then(Pid::from_raw).expect("a process");
    kill_process(pid, Signal::INT).expect("a process that runs");
    assert_eq!(program.wait().expect("a process that ends").code(), Some(5));
    assert!(!is_alive(&lines(&folder, "pid")[0]), "an orphan is left");
}

#[test]
fn a_launcher_that_hangs_when_it_is_asked_its_version_is_ended_too() {
    let folder = cluster("", "", "");
    fs::write(folder.path().join("launcher"), "#!/bin/sh\nexec sleep 600\n").expect("a script");
    let started_at = Instant::now();
    let Ended { code, .. } = start(folder.path(), &["doctor", "--time-limit", "1"]);
    assert_eq!(code, 5);
    assert!(started_at.elapsed() < Duration::from_secs(3));
}

#[test]
fn both_syntaxes_of_a_hostfile_reach_each_launcher_in_its_own() {
    for (version, option, expected) in
        [(OPEN_MPI, "--hostfile", ["pi0 slots=2", "pi@pi1 slots=1"]), (HYDRA, "-f", ["pi0:2", "pi1:1 user=pi"])]
    {
        for hostfile in ["pi0 slots=2\npi@pi1 slots=1\n", "pi0:2\r\npi1:1 user=pi\r\n"] {
            let folder = cluster(version, "[ $2 = 2 ] && cp \"$4\" seen; exit 1", hostfile);
            start(folder.path(), &["doctor", "--hostfile", "hosts"]);
            assert!(
                lines(&folder, "started")[0]
                    .starts_with(&format!("{} 2 {option} ", if version == HYDRA { "-n" } else { "-np" }))
            );
            assert_eq!(lines(&folder, "seen"), expected, "{version}");
        }
    }
}

#[test]
fn srun_gets_the_hosts_of_the_allocation_without_a_hostfile() {
    let folder = cluster(SLURM, "exit 1", "");
    let mut command = dlpc_sim();
    command.env("SLURM_JOB_NODELIST", "pi[0-1],fat").env("SLURM_JOB_CPUS_PER_NODE", "4(x2),8");
    let Ended { code, stderr, .. } =
        run(command.current_dir(folder.path()).args(["doctor", "--launcher", "./launcher"]));
    assert_eq!(code, 5, "{stderr}");
    let started = lines(&folder, "started");
    assert!(started[0].starts_with("--ntasks 3 --nodelist pi0,pi1,fat --distribution=cyclic "), "{started:?}");
    let mut alone: Vec<&str> = started[1..].iter().filter_map(|line| line.split(' ').nth(3)).collect();
    alone.sort_unstable();
    assert_eq!(alone, ["fat", "pi0", "pi1"], "then each by itself");
}

#[test]
fn a_host_that_answers_under_another_name_is_that_host() {
    let folder = cluster(OPEN_MPI, HERE, "192.168.0.7\n");
    let Ended { stdout, .. } = start(folder.path(), &["doctor", "--hostfile", "hosts"]);
    assert!(stdout.contains("192.168.0.7") && stdout.contains("calls itself"), "{stdout}");
    assert!(!stdout.contains("does not answer"), "{stdout}");
    assert!(stdout.contains(" slots"), "a bare name has as many slots as its cores: {stdout}");
    let too_wide: Vec<&str> = stdout.lines().filter(|line| 80 < line.chars().count()).collect();
    assert!(too_wide.is_empty(), "{too_wide:?}");
}

#[test]
fn a_measurement_ends_at_its_first_failure() {
    let script = "echo 'no MPI here' >&2; exit 3";
    let folder = cluster(OPEN_MPI, script, "");
    let scenario = root().join("scenarios/dlpc-pi-count.toml");
    let arguments = ["measure", scenario.to_str().expect("UTF-8"), "--out", "measured.csv"];
    let Ended { code, stderr, .. } = start(folder.path(), &arguments);
    assert_eq!(code, 5, "{stderr}");
    assert_eq!(lines(&folder, "started").len(), 1);
    assert_eq!(stderr.matches("no MPI here").count(), 1, "{stderr}");
    assert!(stderr.contains("more were not tried"), "{stderr}");
}

#[test]
fn a_program_that_floods_its_output_is_ended() {
    let folder =
        cluster(OPEN_MPI, "exec yes 'no time in this line, and no end of it, either, however long one reads'", "");
    let scenario = root().join("scenarios/dlpc-pi-count.toml");
    let arguments = ["measure", scenario.to_str().expect("UTF-8"), "--out", "measured.csv", "--command", "x"];
    let Ended { code, stderr, .. } = start(folder.path(), &arguments);
    assert_eq!(code, 5, "{stderr}");
    assert!(stderr.contains("the job printed more than 64 MiB"), "{stderr}");
}

#[test]
fn a_calibration_of_one_host_says_at_once_that_it_takes_two() {
    let folder = cluster(OPEN_MPI, "exit 1", "pi0 slots=4\n");
    let Ended { code, stderr, .. } = start(folder.path(), &["calibrate", "--hostfile", "hosts", "--out", "model.toml"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("--prior FILE"), "{stderr}");
    assert_eq!(lines(&folder, "started"), [""; 0], "nothing was started");
}

#[cfg(not(feature = "mpi"))]
#[test]
fn a_build_without_mpi_says_so_at_once() {
    let scenario = root().join("scenarios/dlpc-pi-count.toml");
    let folder = cluster(OPEN_MPI, "exit 1", "");
    let mut command = dlpc_sim();
    command.current_dir(folder.path()).arg("measure").arg(&scenario).args(["--launcher", "./launcher"]);
    let Ended { code, stderr, .. } = run(&mut command);
    assert_eq!(code, 5);
    assert!(stderr.contains("built without MPI") && stderr.contains("--command"), "{stderr}");
    assert_eq!(lines(&folder, "started"), [""; 0], "nothing was started");
}
