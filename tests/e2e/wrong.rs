//! Wrong files: each message is a snapshot, to be read as a newcomer would; and what only exists at run time.

use std::path::Path;

use crate::support::{Ended, contents, dlpc_sim, empty_folder, files, root, run, stem};

const GOOD: &str = "scenarios/dlpc-pi-count.toml";

fn wrong(arguments: &[&str], path: &Path) -> Ended {
    let name = path.file_name().expect("a file name");
    run(dlpc_sim().current_dir(root().join("tests/wrong")).args(arguments).arg(name))
}

#[test]
fn every_wrong_file_has_its_message() {
    let toml = files("tests/wrong", "toml");
    let paths = toml.into_iter().chain(files("tests/wrong", "csv"));
    for path in paths {
        let Ended { code, stdout, stderr } = wrong(&["check"], &path);
        assert_eq!((code, stdout.as_str()), (3, ""), "{}", path.display());
        insta::with_settings!({ snapshot_path => "snapshots/wrong", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(stem(&path), stderr);
        });
    }
}

/// A file that no message belongs to any more would never be missed.
#[test]
fn every_message_has_its_wrong_file() {
    for snapshot in files("tests/e2e/snapshots/wrong", "snap") {
        let path = root().join("tests/wrong").join(stem(&snapshot));
        assert!(["toml", "csv"].iter().any(|extension| path.with_extension(extension).exists()), "{}", path.display());
    }
}

/// What check says of a scenario, predict says, too, and writes nothing.
#[test]
fn predict_and_check_report_the_same() {
    let folder = empty_folder();
    let out = folder.path().join("out");
    for path in files("tests/wrong", "toml") {
        let is_scenario = |text: String| text.contains("[workload") || text.contains("ranks");
        if !std::fs::read_to_string(root().join(&path)).is_ok_and(is_scenario) {
            continue;
        }
        let checked = wrong(&["check"], &path);
        let predicted = wrong(&["predict", "--out", &out.to_string_lossy()], &path);
        assert_eq!(predicted.code, 3, "{}", path.display());
        assert_eq!(predicted.stderr, checked.stderr, "{}", path.display());
    }
    assert!(!out.exists());
}

fn predict(scenario: &Path, out: &Path) -> Ended {
    run(dlpc_sim().args(["predict", "--replications", "1", "--out"]).arg(out).arg(scenario))
}

fn assert_failed(ended: &Ended, code: i32, expected: &str) {
    assert_eq!(ended.code, code, "{}", ended.stderr);
    assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

#[test]
fn a_file_that_does_not_exist_is_an_invalid_input() {
    let folder = empty_folder();
    let path = folder.path().join("no.toml");
    assert_failed(&predict(&path, folder.path()), 3, "no.toml`: there is no such file");
    assert_failed(&run(dlpc_sim().arg("check").arg(&path)), 3, "there is no such file");
    assert!(contents(folder.path()).is_empty());
}

#[test]
fn a_folder_in_place_of_a_file_is_an_invalid_input() {
    let folder = empty_folder();
    assert_failed(&predict(folder.path(), folder.path()), 3, "it is a folder");
    let measured = run(dlpc_sim().args(["predict", GOOD, "--measured"]).arg(folder.path()));
    assert_failed(&measured, 3, "it is a folder");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_an_invalid_input() {
    use std::os::unix::fs::PermissionsExt;
    let folder = empty_folder();
    let path = folder.path().join("secret.toml");
    std::fs::write(&path, "format = 1\n").expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("permissions");
    // The superuser can read it all the same.
    let expected =
        if std::fs::read(&path).is_ok() { "neither a scenario nor a machine model" } else { "permission denied" };
    assert_failed(&run(dlpc_sim().arg("check").arg(&path)), 3, expected);
}

#[cfg(unix)]
#[test]
fn a_device_that_never_ends_is_an_invalid_input() {
    let folder = empty_folder();
    assert_failed(&predict(Path::new("/dev/zero"), folder.path()), 3, "more than 16 MiB");
}

#[test]
fn a_folder_for_results_below_a_file_cannot_be_written() {
    let folder = empty_folder();
    let file = folder.path().join("file");
    std::fs::write(&file, "mine").expect("a file");
    assert_failed(&predict(Path::new(GOOD), &file.join("out")), 6, "cannot write");
    assert_failed(&predict(Path::new(GOOD), &file), 6, "cannot write");
    assert_eq!(contents(folder.path()), [("file".to_owned(), b"mine".to_vec())].into());
}

#[test]
fn a_folder_in_place_of_a_result_cannot_be_written_and_nothing_half_is_left() {
    let folder = empty_folder();
    std::fs::create_dir_all(folder.path().join("prediction.json/x")).expect("folders");
    assert_failed(&predict(Path::new(GOOD), folder.path()), 6, "prediction.json");
    let mut names: Vec<_> =
        std::fs::read_dir(folder.path()).expect("it").map(|it| it.expect("it").file_name()).collect();
    names.sort();
    assert_eq!(names, ["prediction.csv", "prediction.json"]);
}

#[test]
fn a_wrong_command_line_has_its_own_exit_code() {
    for arguments in [
        &["predict"][..],
        &["predikt", GOOD],
        &["predict", GOOD, "--threads", "0"],
        &["predict", GOOD, "--replications", "0"],
        &["predict", GOOD, "--replications", "4294967295"],
        &["predict", GOOD, "--seed", "-1"],
        &["predict", GOOD, "--format", "xml"],
        &["schema", "all"],
        &["check"],
        &[],
    ] {
        let ended = run(dlpc_sim().args(arguments));
        assert_eq!(ended.code, 2, "{arguments:?}");
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_number_out_of_range_is_answered_with_the_range() {
    for (arguments, expected) in [
        (&["predict", GOOD, "--replications", "0"][..], "write a whole number from 1 to 1000000"),
        (&["predict", GOOD, "--replications", "-3"], "write a whole number from 1 to 1000000"),
        (&["predict", GOOD, "--threads", "many"], "write a whole number from 1 to 4096"),
        (&["predict", GOOD, "--seed", "1.5"], "write a whole number from 0 to 18446744073709551615"),
        (&["explain", GOOD, "--ranks", "0"], "write a whole number from 1 to 4294967295"),
        (&["sweep", GOOD, "--set", "run.seed=1, 2", "--samples", "0"], "write a whole number from 1 to 4294967295"),
        (&["calibrate", "--out", "x.toml", "--from-runs", GOOD, "--ranks", "1,0"], "write a whole number from 1 to"),
        (&["calibrate", "--out", "x.toml", "--launches", "0"], "write a whole number from 1 to 4294967295"),
        (&["export-goal", GOOD, "--ranks", "0"], "write a whole number from 1 to 4294967295"),
        (&["explore", GOOD, "--port", "70000"], "write a whole number from 0 to 65535"),
        (&["measure", GOOD, "--repeats", "0"], "write a whole number from 1 to 4294967295"),
    ] {
        let Ended { code, stderr, .. } = run(dlpc_sim().args(arguments));
        assert_eq!(code, 2, "{arguments:?}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    }
}

#[test]
fn an_option_that_would_have_no_effect_is_refused() {
    let from_samples = ["calibrate", "--out", "x.toml", "--from-samples", "tests/samples/testbed-slow-host.jsonl"];
    let from_runs = ["calibrate", "--out", "x.toml", "--from-runs", GOOD];
    let of_measuring: [&[&str]; 8] = [
        &["--suite", "full"],
        &["--launches", "3"],
        &["--largest-message", "1 MiB"],
        &["--samples", "s.jsonl"],
        &["--hostfile", "hosts"],
        &["--launcher", "srun"],
        &["--launcher-args", "--bind-to none"],
        &["--time-limit", "5"],
    ];
    let beside = |base: &[&'static str], options: &[&'static str]| [base, options].concat();
    let mut cases: Vec<Vec<&str>> = of_measuring.iter().map(|options| beside(&from_samples, options)).collect();
    cases.extend(of_measuring.iter().map(|options| beside(&from_runs, options)));
    cases.push(beside(&from_runs, &["--seed", "2"]));
    cases.push(beside(&from_samples, &["--ranks", "2"]));
    cases.push(vec!["measure", GOOD, "--time-regex", "(.*)"]);
    cases.push(vec!["measure", GOOD, "--command", "true", "--analysis-by-computing"]);
    cases.push(vec!["measure", GOOD, "--analysis-by-computing"]);
    cases.push(vec!["sweep", GOOD, "--keys", "--set", "run.ranks=1"]);
    cases.push(vec!["sweep", GOOD, "--keys", "--format", "json"]);
    cases.push(vec!["sweep", GOOD, "--set", "run.ranks=1", "--seed", "2"]);
    cases.push(vec!["predict", GOOD, "--paje"]);
    cases.push(vec!["replay", "ring.goal", "--network", "flow", "-L", "5"]);
    for arguments in cases {
        let Ended { code, stdout, stderr } = run(dlpc_sim().args(&arguments));
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("error: "), "{arguments:?}: {stderr}");
    }
    assert!(!root().join("x.toml").exists());
}

#[test]
fn a_run_beyond_simulated_time_is_a_simulation_error() {
    let folder = empty_folder();
    let scenario = std::fs::read_to_string(root().join("scenarios/dlpc-log-60s.toml")).expect("it");
    let scenario = scenario.replace("analysis = \"60 s\"", "analysis = \"200 d\"");
    let machine = format!("machine = '{}'", root().join("models/dlpc-2020.toml").display());
    let lines = scenario.lines().filter(|line| !line.starts_with("measured"));
    let text: Vec<&str> = lines.map(|line| if line.starts_with("machine") { &machine } else { line }).collect();
    let path = folder.path().join("long.toml");
    std::fs::write(&path, text.join("\n")).expect("a file");
    assert_failed(&predict(&path, &folder.path().join("out")), 4, "longer than 213 days");
    assert!(!folder.path().join("out").exists());
}

#[test]
fn all_files_of_one_call_are_checked() {
    let files = [GOOD, "tests/wrong/key-typo.toml", "tests/wrong/unit-wrong.toml", "models/dlpc-2020.toml"];
    let Ended { code, stdout, stderr } = run(dlpc_sim().arg("check").args(files));
    assert_eq!(code, 3);
    assert_eq!(stdout, format!("{GOOD}: scenario is right\nmodels/dlpc-2020.toml: machine model is right\n"));
    assert!(stderr.contains("drats") && stderr.contains("`MB` is not a unit of time"), "{stderr}");
}
