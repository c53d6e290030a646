//! Whole commands on damaged files: they end with a documented exit code, whatever is in the files.

use std::path::{Path, PathBuf};
use std::process::Command;

use dlpc_predict::input;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::corpus;
use crate::experiments::{prediction_of, shorten};
use crate::hunt::{Files, Hunt};
use crate::mutator::{damage, number, one_of};

const ARGUMENTS: &str = "arguments";
/// Exit codes of the README; 1 is for bugs.
const EXIT_CODES: [i32; 7] = [0, 2, 3, 4, 5, 6, 7];
const COMMANDS: &[&str] = &[
    "check SCENARIO",
    "predict SCENARIO --replications 2 --png",
    "predict SCENARIO --replications 2 --format json --seed NUMBER",
    "compare SCENARIO --replications 2",
    "compare SCENARIO --replications 2 --points all --fail-above NUMBER",
    "explain SCENARIO --replications 2 --ranks NUMBER",
    "predict SCENARIO --replications 2 --timeline 2 --paje",
    "export-goal SCENARIO --ranks 3",
    "replay SCENARIO",
    "sweep SCENARIO --set run.seed=1,NUMBER",
    "sweep SCENARIO --set run.replications=2 --set run.ranks=1,NUMBER",
];

#[test]
fn a_command_on_damaged_files_ends_with_a_documented_code() {
    let test = "commands::a_command_on_damaged_files_ends_with_a_documented_code";
    Hunt { test, n_short: 12, one_in: 10, make: damaged, check }.run();
}

fn damaged(rng: &mut ChaCha8Rng) -> Files {
    let scenario = corpus::scenario(rng);
    let named = corpus::files_of(scenario);
    let mut files: Files = named.iter().map(|path| (path.clone(), corpus::shipped(path).to_vec())).collect();
    if rng.random_bool(0.8) {
        let path = &named[rng.random_range(0..named.len())];
        damage(files.get_mut(path).expect("it was put there"), rng);
    }
    let arguments = one_of(COMMANDS, rng).replace("NUMBER", number(rng));
    files.insert(ARGUMENTS.into(), arguments.replace("SCENARIO", &scenario.display().to_string()).into_bytes());
    files.insert("scenario".into(), scenario.display().to_string().into_bytes());
    files
}

fn check(files: &Files) {
    if is_long(files) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    for (path, contents) in files {
        let path: PathBuf = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, contents).expect("a file");
    }
    let arguments = String::from_utf8_lossy(&files[Path::new(ARGUMENTS)]).into_owned();
    let output = Command::new(env!("CARGO_BIN_EXE_dlpc-sim"))
        .args(arguments.split(' '))
        .current_dir(folder.path())
        .output()
        .expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code().is_some_and(|code| EXIT_CODES.contains(&code)),
        "{arguments}: {}\n{text}",
        output.status
    );
    assert_eq!(output.status.success(), !text.contains("error:") && !text.contains("error["), "{arguments}: {text}");
}

/// Returns whether the scenario takes long to simulate.
fn is_long(files: &Files) -> bool {
    let path = crate::experiments::path_of(files);
    let Ok(mut experiment) = input::load_experiment(&path, &|path| corpus::reading(files, path)) else { return false };
    let most = experiment.scenario.run.ranks.last().map_or(1, |ranks| ranks.get());
    let n_counts = experiment.scenario.run.ranks.len();
    most > 64 || n_counts > 64 || !shorten(&mut experiment) || prediction_of(&experiment).is_none()
}
