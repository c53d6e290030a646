//! Commands that start ranks, when a host does not answer and the launcher does not say which.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use crate::support::{Ended, dlpc_sim, empty_folder, root, run};

/// A launcher that fails each job but those that ask a host for itself, and these, too, on hosts called `lost`.
const LAUNCHER: &str = "#!/bin/sh
case \"$*\" in
    --version) echo 'mpirun (Open MPI) 4.1.4' ;;
    *'kernel host') ! grep -q lost \"$4\" && shift 6 && exec \"$@\" ;;
    *) echo 'a route is missing' >&2 && exit 205 ;;
esac
";

/// Returns a folder with that launcher and a hostfile of these hosts.
fn cluster(hosts: &[&str]) -> TempDir {
    let folder = empty_folder();
    let launcher = folder.path().join("launcher");
    fs::write(&launcher, LAUNCHER).expect("a script");
    fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755)).expect("a program");
    let lines: Vec<String> = hosts.iter().map(|host| format!("{host} slots=1")).collect();
    fs::write(folder.path().join("hosts"), lines.join("\n")).expect("a hostfile");
    folder
}

fn start(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = dlpc_sim();
    command.current_dir(folder).args(arguments).args(["--launcher", "./launcher", "--hostfile", "hosts", "--binary"]);
    command.arg(assert_cmd::cargo::cargo_bin!("dlpc-sim"));
    run(&mut command)
}

#[test]
fn a_calibration_that_ends_names_the_hosts_that_do_not_answer() {
    for (hosts, blamed) in [
        (&["pi0", "pi1"][..], "error: `./launcher` ended with exit status: 205"),
        (&["pi0", "lost"], "error: host `lost` does not answer: `./launcher` ended with exit status: 205"),
        (&["lost1", "pi1", "lost2"], "error: hosts `lost1`, `lost2` do not answer: `./launcher` ended with"),
    ] {
        let folder = cluster(hosts);
        let Ended { code, stderr, .. } = start(folder.path(), &["calibrate", "--out", "model.toml"]);
        assert_eq!(code, 5, "{stderr}");
        assert!(stderr.contains(blamed), "{stderr}");
        assert!(stderr.contains("samples so far are kept in"), "{stderr}");
        assert!(!folder.path().join("model.toml").exists());
    }
}

#[test]
fn a_measurement_with_failed_runs_names_the_host_that_does_not_answer() {
    let folder = cluster(&["lost", "pi1"]);
    let scenario = root().join("scenarios/dlpc-pi-count.toml");
    let Ended { code, stderr, .. } = start(
        folder.path(),
        &["measure", scenario.to_str().expect("UTF-8"), "--repeats", "1", "--out", "measured.csv"],
    );
    assert_eq!(code, 5, "{stderr}");
    assert!(stderr.contains("error: host `lost` does not answer: "), "{stderr}");
}

#[test]
fn the_doctor_says_of_each_host_whether_it_answers() {
    let folder = cluster(&["pi0", "lost"]);
    let Ended { code, stdout, .. } = start(folder.path(), &["doctor"]);
    assert_eq!(code, 5);
    assert!(stdout.lines().any(|line| line.contains("lost") && line.contains("does not answer")), "{stdout}");
}
