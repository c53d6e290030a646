//! `calibrate` without MPI: models from the times of whole programs.

use std::path::Path;

use tempfile::TempDir;

use crate::support::{Ended, dlpc_sim, empty_folder, root, run};

/// Returns a folder with the repository's scenarios, measurements and priors.
fn reader() -> TempDir {
    let folder = empty_folder();
    for from in ["models/priors", "models", "scenarios", "scenarios/measured/dlpc-2020"] {
        std::fs::create_dir_all(folder.path().join(from)).expect("a folder");
        for entry in std::fs::read_dir(root().join(from)).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                std::fs::copy(&path, folder.path().join(from).join(path.file_name().expect("a name"))).expect("a copy");
            }
        }
    }
    folder
}

fn calibrate(folder: &Path, arguments: &[&str]) -> Ended {
    run(dlpc_sim().current_dir(folder).arg("calibrate").args(arguments))
}

/// Returns a value of `[provenance]` of the DLPC's model.
fn provenance(key: &str) -> toml::Value {
    let text = std::fs::read_to_string(root().join("models/dlpc-2020.toml")).expect("the model");
    let table: toml::Table = text.parse().expect("TOML");
    table["provenance"][key].clone()
}

#[test]
fn the_model_of_the_dlpc_is_what_its_command_makes() {
    let folder = reader();
    let command = provenance("command");
    let words: Vec<&str> = command.as_str().expect("text").split(' ').collect();
    assert_eq!(words[..2], ["dlpc-sim", "calibrate"]);
    let made = folder.path().join("models/dlpc-2020.toml");
    std::fs::remove_file(&made).expect("the copy");
    let Ended { code, stderr, .. } = calibrate(folder.path(), &words[2..]);
    assert_eq!(code, 0, "{stderr}");
    let expected = std::fs::read_to_string(root().join("models/dlpc-2020.toml")).expect("the model");
    assert_eq!(std::fs::read_to_string(made).expect("the model"), expected);
}

#[test]
fn the_model_of_the_dlpc_says_which_points_it_was_fitted_to() {
    let ranks: Vec<i64> =
        provenance("fitted_ranks").as_array().expect("a list").iter().filter_map(toml::Value::as_integer).collect();
    assert_eq!(ranks, [1, 2, 4, 8, 16]);
    assert_eq!(provenance("fitted_measurements").as_array().map(Vec::len), Some(2));
}

#[test]
fn values_that_are_kept_from_the_prior_keep_their_intervals() {
    let folder = reader();
    let prior = folder.path().join("models/priors/dlpc-2020-hardware.toml");
    let text = std::fs::read_to_string(&prior).expect("the prior");
    let intervals = "\n[intervals]\n\"hosts.pi.nic.bandwidth\" = [\"90 Mbit/s\", \"99 Mbit/s\"]\n\
                     \"kernels.setup\" = [\"9 ms\", \"11 ms\"]\n";
    std::fs::write(&prior, text + intervals).expect("a prior");
    let words = ["--from-runs", "scenarios/dlpc-pi-count.toml", "--ranks", "1,2,4,16", "--prior"];
    let arguments = [&words[..], &["models/priors/dlpc-2020-hardware.toml", "--out", "made.toml"]].concat();
    let Ended { code, stderr, .. } = calibrate(folder.path(), &arguments);
    assert_eq!(code, 0, "{stderr}");
    let made = std::fs::read_to_string(folder.path().join("made.toml")).expect("the model");
    let made: toml::Table = made.parse().expect("TOML");
    let bounds = |key: &str| made["intervals"][key].as_array().expect("two bounds").clone();
    assert_eq!(bounds("hosts.pi.nic.bandwidth"), ["90 Mbit/s".into(), "99 Mbit/s".into()]);
    assert_ne!(bounds("kernels.setup"), ["9 ms".into(), "11 ms".into()], "what is fitted has an interval of its own");
}

#[test]
fn result_files_of_other_programs_are_fitted_like_measurement_files() {
    let folder = reader();
    std::fs::create_dir(folder.path().join("runs")).expect("a folder");
    // 0.05 s + 2 s / ranks.
    for ranks in [1_u32, 2, 4, 8] {
        let text = format!("Pi is 3.14\nRuntime is  {:.4}\n", 0.05 + 2.0 / f64::from(ranks));
        std::fs::write(folder.path().join(format!("runs/r{ranks}p1000000.out")), text).expect("a file");
    }
    let source = "scenarios/dlpc-pi-count.toml=runs/r*p1000000.out";
    let Ended { code, stdout, stderr } = calibrate(folder.path(), &["--from-runs", source, "--out", "mine.toml"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    let table: toml::Table =
        std::fs::read_to_string(folder.path().join("mine.toml")).expect("a model").parse().expect("TOML");
    let cost = |key: &str| table["kernels"][key].as_str().expect("a cost").to_owned();
    // 2 s are 10^6 darts; the messages take less than a millisecond of the 50.
    assert!(cost("throw_dart").starts_with("2.00") || cost("throw_dart").starts_with("1.99"), "{}", cost("throw_dart"));
    assert!(cost("setup").starts_with("49."), "{}", cost("setup"));
}

#[test]
fn runs_on_more_ranks_than_the_scenario_has_are_refused() {
    let folder = reader();
    std::fs::write(folder.path().join("runs.csv"), "ranks,seconds\n1,2.79\n2,1.4\n4,0.73\n1000000000,0.1\n")
        .expect("runs");
    let source = "scenarios/dlpc-pi-count.toml=runs.csv";
    let Ended { code, stderr, .. } = calibrate(folder.path(), &["--from-runs", source, "--out", "mine.toml"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("a run on 1000000000 ranks was measured"), "{stderr}");
    let Ended { code, stderr, .. } =
        calibrate(folder.path(), &["--from-runs", source, "--ranks", "1,2,4", "--out", "mine.toml"]);
    assert_eq!(code, 0, "what is not fitted does not matter: {stderr}");
}

#[test]
fn runs_that_cannot_be_fitted_are_refused_with_a_reason() {
    let folder = reader();
    let cases: [(&[&str], i32, &str); 7] = [
        (&["--from-runs", "scenarios/nowhere.toml"], 3, "nowhere.toml"),
        (&["--from-runs", "scenarios/dlpc-gigabit.toml"], 2, "names no measured runs"),
        (&["--from-runs", "scenarios/dlpc-log-1s.toml"], 5, "has no kernel costs that could be fitted"),
        (&["--from-runs", "scenarios/dlpc-pi-count.toml", "--ranks", "40"], 5, "pi-count.csv has no run at 40 ranks"),
        (&["--from-runs", "scenarios/dlpc-pi-count.toml", "--ranks", "1,2"], 5, "2 runs for 2 unknown costs"),
        (&["--from-runs", "scenarios/dlpc-pi-count.toml=runs/*.out"], 2, "no file matches runs/*.out"),
        (&["--from-runs", "scenarios/dlpc-pi-count.toml", "--from-samples", "x"], 2, "cannot be used with"),
    ];
    for (arguments, expected, reason) in cases {
        let Ended { code, stderr, .. } = calibrate(folder.path(), &[arguments, &["--out", "mine.toml"]].concat());
        assert_eq!(code, expected, "{arguments:?}: {stderr}");
        assert!(stderr.contains(reason), "{arguments:?}: {stderr}");
        assert!(!folder.path().join("mine.toml").exists(), "{arguments:?}");
    }
}

#[test]
fn without_a_prior_the_scenarios_have_to_agree_on_the_machine() {
    let folder = reader();
    let arguments =
        ["--from-runs", "scenarios/dlpc-pi-count.toml", "--from-runs", "scenarios/pi4-pi-coordinates.toml=x.csv"];
    let Ended { code, stderr, .. } = calibrate(folder.path(), &[&arguments[..], &["--out", "mine.toml"]].concat());
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("name different machine models") && stderr.contains("--prior"), "{stderr}");
}
