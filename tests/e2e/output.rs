//! What goes to standard output, to standard error and into folders.

use std::collections::BTreeSet;
use std::io::Read;
use std::process::Stdio;

use dlpc_report::plot::Plot;
use serde_json::Value;

use crate::support::{Ended, contents, dlpc_sim, empty_folder, root, run, succeeds, unbroken};

const QUICK: [&str; 4] = ["predict", "scenarios/dlpc-pi-count.toml", "--replications", "2"];

#[test]
fn format_json_prints_the_document_and_nothing_else() {
    let folder = empty_folder();
    let stdout = succeeds(dlpc_sim().args(QUICK).args(["--format", "json", "--out"]).arg(folder.path()));
    assert_eq!(stdout.as_bytes(), contents(folder.path())["prediction.json"]);
    let _: Value = serde_json::from_str(&stdout).expect("one JSON document");
    let stdout =
        succeeds(dlpc_sim().arg("compare").args(&QUICK[1..]).args(["--format", "json", "--out"]).arg(folder.path()));
    assert_eq!(stdout.as_bytes(), contents(folder.path())["comparison.json"]);
}

#[test]
fn warnings_go_to_standard_error_and_into_the_document() {
    let folder = empty_folder();
    let text = std::fs::read_to_string(root().join("scenarios/custom-heat.toml")).expect("text");
    let machine = root().join("models/dlpc-2020.toml");
    let text = text
        .replace("../models/dlpc-2020.toml", &machine.to_string_lossy().replace('\\', "/"))
        .replace("256 KiB", "256 MiB")
        .replace("1..=32", "8");
    let path = folder.path().join("heat.toml");
    std::fs::write(&path, text).expect("a file");
    let mut command = dlpc_sim();
    command.arg("predict").arg(&path).args(["--replications", "1", "--format", "json", "--out"]);
    let Ended { code, stdout, stderr } = run(command.arg(folder.path().join("out")));
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.starts_with("warning: ") && unbroken(&stderr).contains("outside the calibrated range"), "{stderr}");
    let document: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(document["warnings"].as_array().map(Vec::len), Some(stderr.matches("warning: ").count()), "{stderr}");
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let folder = empty_folder();
    for arguments in [&["schema", "machine"][..], &["completions", "bash"], &QUICK] {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("dlpc-sim"));
        command.current_dir(root()).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        if arguments[0] == "predict" {
            command.arg("--out").arg(folder.path());
        }
        let mut child = command.spawn().expect("the binary runs");
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("text");
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{arguments:?}");
        assert_eq!(stderr, "", "{arguments:?}");
    }
}

#[test]
fn results_go_to_a_folder_named_like_the_scenario() {
    let folder = empty_folder();
    let scenario = root().join("scenarios/dlpc-pi-count.toml");
    let stdout = succeeds(dlpc_sim().current_dir(folder.path()).arg("predict").arg(scenario).args(&QUICK[2..]));
    assert!(stdout.ends_with("\nResults are in output/dlpc-pi-count\n"), "{stdout}");
    assert_eq!(contents(&folder.path().join("output/dlpc-pi-count")).len(), 4 + Plot::OF_A_PREDICTION.len());
}

#[test]
fn results_replace_those_of_an_earlier_run_and_nothing_else() {
    let folder = empty_folder();
    for (name, text) in [("prediction.csv", "old"), ("notes.txt", "mine")] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    succeeds(dlpc_sim().args(QUICK).arg("--png").arg("--out").arg(folder.path()));
    let results = contents(folder.path());
    let names: BTreeSet<String> = results.keys().cloned().collect();
    let [svg, png] =
        ["svg", "png"].map(|kind| Plot::OF_A_PREDICTION.map(|plot| format!("{}.{kind}", plot.file_stem())));
    let others =
        ["notes.txt", "prediction.csv", "prediction.html", "prediction.json", "report.html"].map(str::to_owned);
    assert_eq!(names, svg.iter().chain(&png).chain(&others).cloned().collect());
    assert_eq!(results["notes.txt"], b"mine");
    assert!(results["prediction.csv"].starts_with(b"ranks,"));
    for name in &png {
        assert!(results[name].starts_with(b"\x89PNG\r\n\x1a\n"), "{name}");
    }
}

#[test]
fn arguments_win_over_the_scenario_and_the_document_says_so() {
    let folder = empty_folder();
    let stdout = succeeds(
        dlpc_sim().args(QUICK).args(["--seed", "18446744073709551615", "--format", "json", "--out"]).arg(folder.path()),
    );
    let document: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(document["scenario"]["run"]["seed"], u64::MAX);
    assert_eq!(document["scenario"]["run"]["replications"], 2);
}

/// 312,500 replications on 1 to 32 ranks, 528 in all. Each sets up and throws, and all but rank 0 send a count that rank 0
/// receives: 2 * 528 + 2 * (528 - 32) = 2048 steps, 6.4e8 with all replications, at a million a second 11 minutes.
#[test]
fn a_prediction_that_takes_long_says_so_before_it_starts() {
    use std::io::{BufRead, BufReader};
    let folder = empty_folder();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dlpc-sim"));
    command.current_dir(root()).args(["predict", "scenarios/dlpc-pi-count.toml", "--replications", "312500"]);
    command.args(["--threads", "1", "--out"]).arg(folder.path());
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut line = String::new();
    BufReader::new(child.stderr.take().expect("a pipe")).read_line(&mut line).expect("a line");
    child.kill().expect("it runs");
    child.wait().expect("its end");
    let expected =
        "note: about 6e8 steps to simulate: roughly 11 minutes on 1 thread; fewer `--replications` take less\n";
    assert_eq!(line, expected);
}
