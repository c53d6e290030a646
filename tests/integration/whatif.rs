//! What-ifs: every position of every knob is a scenario file that gives the numbers of the page.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use dlpc_sim::input;
use dlpc_sim::prediction;
use dlpc_sim::whatif::{Range, Refusal, WhatIf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

fn path_of(scenario: &str) -> PathBuf {
    root().join("scenarios").join(scenario).with_extension("toml")
}

fn whatif(scenario: &str) -> WhatIf {
    WhatIf::new(&path_of(scenario), &read).expect("a scenario with knobs")
}

/// Predicts a saved scenario, which lies anywhere.
fn predicted(text: &str) -> prediction::Prediction {
    let path = Path::new("/elsewhere/saved.toml");
    let read_saved = |wanted: &Path| if wanted == path { Ok(text.as_bytes().to_vec()) } else { read(wanted) };
    let experiment = input::load_experiment(path, &read_saved).expect("a valid scenario");
    prediction::predict(&experiment.scenario, &experiment.machine, &|| {}).expect("a prediction")
}

/// Returns the ends of a knob, as an address says them.
fn ends(range: &Range) -> Vec<String> {
    match range {
        Range::Number(number) => vec![number.low.to_string(), number.high.to_string()],
        Range::Choice(choice) => choice.options.iter().map(|(word, _)| (*word).to_owned()).collect(),
    }
}

const SCENARIOS: [&str; 9] = [
    "custom-heat",
    "dlpc-gigabit",
    "dlpc-log-1s",
    "dlpc-log-60s",
    "dlpc-log-60s-first-free",
    "dlpc-pi-coordinates",
    "dlpc-pi-count",
    "pi3-64-hosts",
    "pi4-pi-coordinates",
];

#[test]
fn every_end_of_every_knob_is_a_scenario_that_gives_the_same_numbers() {
    for name in SCENARIOS {
        let whatif = whatif(name);
        for knob in whatif.knobs().iter().filter(|knob| !["ranks", "replications"].contains(&knob.id)) {
            for end in ends(&knob.range) {
                let has_noise = whatif.knobs().iter().any(|knob| knob.id == "replications");
                let replications = if has_noise { "&replications=1" } else { "" };
                let query = format!("{}={end}&ranks=5{replications}", knob.id);
                let state = whatif.state(&query).expect("a state");
                let answer = whatif
                    .predict(&state, &AtomicBool::new(false))
                    .unwrap_or_else(|refusal| panic!("{name} {query}: {refusal}"));
                let (text, _) = whatif.scenario(&state).expect("a file");
                assert_eq!(predicted(&text).curve, answer.prediction.curve, "{name} {query}\n{text}");
            }
        }
    }
}

#[test]
fn knobs_as_in_the_file_change_nothing_but_replications_and_paths() {
    let whatif = whatif("dlpc-log-60s");
    let (text, notes) = whatif.scenario(&whatif.state("").expect("a state")).expect("a file");
    let file = std::fs::read_to_string(path_of("dlpc-log-60s")).expect("text");
    let differing: Vec<&str> = text.lines().zip(file.lines()).filter(|(a, b)| a != b).map(|(a, _)| a).collect();
    let keys: Vec<&str> = differing.iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert!(notes.is_empty() && text.lines().count() == file.lines().count(), "{text}");
    assert!(keys.iter().all(|key| ["machine", "measured", "replications"].contains(key)), "{differing:?}");
}

#[test]
fn a_faster_network_shortens_the_predicted_time_of_many_coordinates() {
    let whatif = whatif("dlpc-pi-coordinates");
    let time = |query: &str| {
        let answer =
            whatif.predict(&whatif.state(query).expect("a state"), &AtomicBool::new(false)).expect("an answer");
        answer.prediction.curve.points.last().expect("a point").makespan_s
    };
    // The last of 32 ranks gets 30 MB * 28 / 32 through one port: 2.2 s at 94.4 Mbit/s, a tenth of it at 944.
    let gain = time("noise=0") - time("noise=0&bandwidth=944");
    assert!((1.8..2.1).contains(&gain), "{gain}");
}

#[test]
fn a_curve_ends_where_the_cores_end_and_says_so() {
    let whatif = whatif("dlpc-pi-count");
    let answer =
        whatif.predict(&whatif.state("hosts=2&cores=3").expect("a state"), &AtomicBool::new(false)).expect("an answer");
    assert_eq!(answer.prediction.curve.points.last().map(|point| point.ranks), Some(6));
    assert_eq!(answer.notes, ["The curve ends at 6 ranks: that is how many cores this cluster has."]);
}

#[test]
fn what_takes_too_long_is_refused() {
    let whatif = whatif("custom-heat");
    let state = whatif.state("hosts=64&ranks=256&replications=200").expect("a state");
    let refusal = whatif.predict(&state, &AtomicBool::new(false)).expect_err("more than any page should take");
    assert!(matches!(refusal, Refusal::TooMuch { .. }), "{refusal}");
}

#[test]
fn a_state_that_nobody_waits_for_is_not_simulated() {
    let whatif = whatif("dlpc-pi-count");
    let state = whatif.state("ranks=8").expect("a state");
    let refusal = whatif.predict(&state, &AtomicBool::new(true)).expect_err("nobody waits");
    assert!(matches!(refusal, Refusal::Abandoned), "{refusal}");
}

#[test]
fn a_broken_scenario_has_no_knobs() {
    let path = path_of("dlpc-pi-count");
    let broken = |wanted: &Path| if wanted == path { Ok(b"format = 1\n".to_vec()) } else { read(wanted) };
    assert!(WhatIf::new(&path, &broken).is_err());
}
