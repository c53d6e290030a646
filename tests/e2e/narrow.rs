//! What commands print fits into 80 columns: tables, sentences and warnings.

use std::path::Path;

use dlpc_predict::plain_text::{COLUMNS, width};

use crate::support::{Ended, dlpc_sim, empty_folder, files, run};

/// Checks all lines but those that show a path, which is never broken.
fn check(name: &str, text: &str) {
    for line in text.lines().filter(|line| !line.contains('/')) {
        assert!(width(line) <= COLUMNS, "{name} prints {} columns:\n{line}", width(line));
    }
}

/// Runs a command and checks what it prints, but for the excerpts of files that its problems show.
fn check_output(arguments: &[&str], folder: &Path) {
    let Ended { code, stdout, stderr } =
        run(dlpc_sim().args(arguments).arg("--out").arg(folder.join(format!("out-{}.toml", arguments.len()))));
    assert_eq!(code, 0, "{arguments:?}: {stderr}");
    check(&arguments.join(" "), &stdout);
    check(&arguments.join(" "), &stderr);
}

#[test]
fn tables_and_sentences_fit_into_80_columns() {
    let folder = empty_folder();
    let quick = ["--replications", "2"];
    for scenario in files("scenarios", "toml") {
        let scenario = scenario.to_string_lossy().into_owned();
        check_output(&[&["predict", &scenario], &quick[..]].concat(), folder.path());
        if std::fs::read_to_string(&scenario).expect("text").contains("\nmeasured") {
            check_output(&[&["compare", &scenario], &quick[..]].concat(), folder.path());
        }
    }
    let explain = ["explain", "scenarios/dlpc-pi-coordinates.toml", "--ranks", "8"];
    check_output(&[&explain[..], &quick[..]].concat(), folder.path());
    let pi = ["scenarios/dlpc-pi-count.toml", "scenarios/dlpc-pi-coordinates.toml"];
    check_output(&[&["compare", pi[0], pi[1]], &quick[..]].concat(), folder.path());
}

#[test]
fn tables_of_sweeps_fits_and_replays_fit_into_80_columns() {
    let folder = empty_folder();
    let sweep = ["sweep", "scenarios/dlpc-pi-count.toml", "--set", "run.replications=1", "--set", "run.ranks=1,8"];
    let keys = [
        "workload.pi.darts=100_000,200_000",
        "machine.hosts.pi.nic.latency=1 us,2 us",
        "machine.hosts.pi.nic.bandwidth=94 Mbit/s,940 Mbit/s",
        "machine.switch.latency=1 us,20 us",
    ];
    let keys: Vec<&str> = keys.iter().flat_map(|key| ["--set", key]).collect();
    check_output(&[&sweep[..], &keys].concat(), folder.path());
    check_output(&["calibrate", "--from-samples", "tests/samples/testbed-slow-host.jsonl"], folder.path());
    let runs = ["calibrate", "--from-runs", "scenarios/dlpc-pi-count.toml", "--ranks", "1,2,4,8,16"];
    check_output(&runs, folder.path());
    for schedule in files("scenarios/goal", "goal") {
        let Ended { code, stdout, stderr } = run(dlpc_sim().arg("replay").arg(&schedule));
        assert_eq!(code, 0, "{stderr}");
        check(&schedule.to_string_lossy(), &format!("{stdout}{stderr}"));
    }
}

#[test]
fn what_was_reviewed_fits_into_80_columns() {
    for snapshot in files("tests/e2e/snapshots/help", "snap") {
        let text = std::fs::read_to_string(&snapshot).expect("text");
        check(&snapshot.to_string_lossy(), &text);
    }
}
