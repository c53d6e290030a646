//! A program that this project did not write: Python, with mpi4py.

use std::path::Path;

use serde_json::Value;

use crate::cluster::{CALIBRATE, Testbed};

/// As in `testbed/accuracy.py`: above it, repeats differ too much to judge a prediction.
const NOISE_FLOOR_MAX: f64 = 0.015;

fn scenario(machine: &str, measured: &str) -> String {
    format!(
        r#"format = 1
title = "Darts in Python"
machine = "{machine}"
{measured}

[run]
ranks = "1..=8"
replications = 200
seed = 1

[workload.pi]
darts = 4_000_000
returns = "count"
"#
    )
}

/// The network's part of the model comes from the calibration, the program's from its own times on 1, 2 and 4 ranks;
/// all other rank counts are predicted.
#[test]
fn a_python_program_is_measured_fitted_and_predicted() {
    let testbed = Testbed::up(&["--hosts", "8", "--rate", "94mbit", "--core-share", "0.2"]);
    testbed.run(&CALIBRATE);
    std::fs::write(testbed.path("measure.toml"), scenario("model.toml", "")).expect("a scenario");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed/throw_darts.py");
    // Debian's Python, for which its mpi4py is made.
    let command = format!("/usr/bin/python3 {} {{darts}}", program.display());
    let measure = ["measure", "measure.toml", "--hostfile", "hosts", "--out", "python.csv", "--repeats", "3"];
    testbed.run(&[&measure[..], &["--command", &command, "--time-regex", r"Runtime is\s+(\S+)"]].concat());

    std::fs::write(testbed.path("measured.toml"), scenario("model.toml", "measured = \"python.csv\""))
        .expect("a scenario");
    let fit = ["calibrate", "--from-runs", "measured.toml", "--ranks", "1,2,4", "--prior", "model.toml"];
    testbed.run(&[&fit[..], &["--out", "python.toml"]].concat());
    std::fs::write(testbed.path("predict.toml"), scenario("python.toml", "measured = \"python.csv\""))
        .expect("a scenario");
    testbed.run(&["compare", "predict.toml", "--out", "compared"]);
    let text = std::fs::read_to_string(testbed.path("compared/comparison.json")).expect("a comparison");
    let comparison: Value = serde_json::from_str(&text).expect("JSON");
    let points = comparison["points"].as_array().expect("points");
    let held_out: Vec<&Value> = points.iter().filter(|point| point["used_for_fit"] == Value::Bool(false)).collect();
    assert_eq!(held_out.len(), 5, "3, 5, 6, 7 and 8 ranks: {text}");
    let errors: Vec<f64> =
        held_out.iter().map(|point| point["relative_error"].as_f64().expect("an error").abs()).collect();
    let mean = errors.iter().sum::<f64>() / 5.0;
    let floor = comparison["accuracy"]["noise_floor"].as_f64().expect("the runs were repeated");
    println!("mean absolute error on held-out rank counts: {:.1} %, noise floor {:.1} %", 100.0 * mean, 100.0 * floor);
    if mean > 0.08 && floor > NOISE_FLOOR_MAX {
        println!("LEFT OUT: the limit of the error: this machine was not quiet");
        return;
    }
    assert!(mean <= 0.08, "{errors:?}");
}
