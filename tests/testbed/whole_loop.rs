//! Calibrate, predict, measure, compare.

use crate::cluster::{Testbed, script, text};

/// `accuracy.py` does not judge measurements whose repeats differ too much, or that began and ended on unlike machines.
const NOT_QUIET: i32 = 3;

/// What the testbed was told to be is what the calibration finds, and what the model predicts is what is measured, on
/// workloads and sizes that the fit has not seen. `accuracy.py` holds the limits of the errors.
#[test]
fn a_calibrated_model_predicts_workloads_that_the_fit_has_not_seen() {
    let testbed = Testbed::up(&["--hosts", "8", "--rate", "94mbit", "--core-share", "0.2", "--slow", "3=0.5"]);
    let output = script("accuracy.sh")
        .arg(testbed.folder.path())
        .arg("--small")
        .env("DLPC_SIM", env!("CARGO_BIN_EXE_dlpc-sim"))
        .output()
        .expect("a script that starts");
    let said = text(&output);
    println!("{said}");

    let model = std::fs::read_to_string(testbed.path("model.toml")).unwrap_or_else(|error| panic!("{error}: {said}"));
    if output.status.code() == Some(NOT_QUIET) {
        println!("LEFT OUT: what was found, and the limits of the errors: this machine was not quiet, see above");
        return;
    }
    assert!(output.status.success(), "the errors are within the limits");
    let model: toml::Table = model.parse().expect("TOML");
    let host = |name: &str| model["hosts"][name].clone();
    let bandwidth = number(host("dlpc1")["nic"]["bandwidth"].as_str().expect("a bandwidth"), "Mbit/s");
    assert!((bandwidth / 94.0 - 1.0).abs() <= 0.04, "{bandwidth} Mbit/s, the ports were shaped to 94");
    let speed = |name: &str| host(name)["speed"][0].as_float().expect("a speed");
    // One sampled size: 20 sizes of sends in each of 3 launches, between 1 B and 1 MiB, so a factor of 2^(20/20) apart
    // in each launch; the limit lies between the two sizes next to it.
    let eager_limit = model["messages"]["remote"]["eager_limit"].as_str().expect("a size");
    assert_eq!(eager_limit, "64 KiB");
    assert!((speed("dlpc3") / 0.5 - 1.0).abs() <= 0.05, "{} at half speed", speed("dlpc3"));
    for name in ["dlpc1", "dlpc2", "dlpc4", "dlpc5", "dlpc6", "dlpc7", "dlpc8"] {
        assert!((speed(name) - 1.0).abs() <= 0.05, "{name}: {}", speed(name));
    }
}

fn number(text: &str, unit: &str) -> f64 {
    text.trim_end_matches(unit).trim().parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}
