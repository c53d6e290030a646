//! What goes wrong in the middle of a calibration.

use std::collections::BTreeSet;

use crate::cluster::{CALIBRATE, Testbed, text};

const HOSTS: [&str; 6] = ["--hosts", "3", "--rate", "94mbit", "--core-share", "0.2"];

#[test]
fn a_calibration_that_was_killed_goes_on_where_it_was() {
    let testbed = Testbed::up(&HOSTS);
    let mut calibration = testbed.start_calibration();
    testbed.wait_for_samples(30);
    // SIGKILL: nothing can be tidied up.
    calibration.kill().expect("a process that is killed");
    calibration.wait().expect("a process that has ended");
    let before = testbed.samples();

    testbed.run(&CALIBRATE);
    let after = testbed.samples();
    assert_eq!(after[..before.len()], before[..], "what was measured is kept");
    let samples: Vec<(String, String)> = after
        .iter()
        .filter_map(|line| line.get("sample"))
        .map(|sample| (sample["id"].to_string(), sample["host"].to_string()))
        .collect();
    let distinct: BTreeSet<&(String, String)> = samples.iter().collect();
    assert_eq!(distinct.len(), samples.len(), "nothing is measured twice");
    assert!(testbed.run(&["check", "model.toml"]).contains("model.toml"));
}

#[test]
fn a_host_that_dies_ends_the_calibration_with_a_message_and_keeps_the_samples() {
    let testbed = Testbed::up(&HOSTS);
    let calibration = testbed.start_calibration();
    testbed.wait_for_samples(20);
    testbed.command(&["break", "2"]);
    let output = calibration.wait_with_output().expect("a process that ends");
    let said = text(&output);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("samples so far are kept in samples.jsonl"), "{said}");
    assert!(said.contains("host `dlpc2` does not answer"), "it names the host: {said}");
    assert!(testbed.samples().len() >= 20);
    assert!(!testbed.path("model.toml").exists(), "no model from half of the samples");

    testbed.command(&["mend", "2"]);
    testbed.run(&CALIBRATE);
    assert!(testbed.path("model.toml").exists());
}

#[test]
fn a_host_without_a_cable_ends_its_experiment_after_the_time_limit() {
    let testbed = Testbed::up(&HOSTS);
    let calibration = testbed.start_calibration();
    testbed.wait_for_samples(20);
    testbed.command(&["break", "3", "--how", "unplug"]);
    let output = calibration.wait_with_output().expect("a process that ends");
    let said = text(&output);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("samples so far are kept in samples.jsonl"), "{said}");
    assert!(said.contains("host `dlpc3` does not answer"), "it names the host: {said}");
    assert!(testbed.samples().len() >= 20);
}
