//! Addresses of the what-if page, damaged: refused, or predicted and shown.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use dlpc_predict::input;
use dlpc_predict::whatif::{Knob, Range, WhatIf};
use dlpc_report::html::live;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::corpus;
use crate::experiments::{is_a_report, is_json, prediction_of, shorten};
use crate::hunt::{Files, Hunt};
use crate::mutator::{damage, number, one_of};

const QUERY: &str = "query";
const WHICH: &str = "which";
const SCENARIOS: &[&str] =
    &["tests/e2e/strange/darts.toml", "tests/e2e/strange/log.toml", "scenarios/custom-heat.toml", MINIMAL];
/// A scenario without what may be left out.
const MINIMAL: &str = "scenarios/minimal.toml";
const MINIMAL_TEXT: &str = "format = 1\ntitle = \"Minimal\"\nmachine = \"../models/dlpc-2020.toml\"\n\n[run]\nranks = \"1..=8\"\n\n[workload.pi]\ndarts = 1_000_000\nreturns = \"count\"\n";

static WHAT_IFS: LazyLock<Vec<WhatIf>> = LazyLock::new(|| {
    let files: Files = [(PathBuf::from(MINIMAL), MINIMAL_TEXT.into())].into();
    let what_if = |path: &&str| WhatIf::new(Path::new(path), &|path| corpus::reading(&files, path)).expect("a what-if");
    SCENARIOS.iter().map(what_if).collect()
});

#[test]
fn a_damaged_address_is_refused_or_predicted() {
    let test = "explored::a_damaged_address_is_refused_or_predicted";
    Hunt { test, n_short: 60, one_in: 1, make: damaged, check }.run();
}

fn damaged(rng: &mut ChaCha8Rng) -> Files {
    let which = rng.random_range(0..SCENARIOS.len());
    let knobs = WHAT_IFS[which].knobs();
    let pairs: Vec<String> = (0..rng.random_range(1..5))
        .map(|_| {
            let knob = &knobs[rng.random_range(0..knobs.len())];
            format!("{}={}", knob.id, position(knob, rng))
        })
        .collect();
    let mut query = pairs.join("&").into_bytes();
    if rng.random_bool(0.3) {
        damage(&mut query, rng);
    }
    [(PathBuf::from(QUERY), query), (PathBuf::from(WHICH), vec![u8::try_from(which).expect("few")])].into()
}

fn position(knob: &Knob, rng: &mut ChaCha8Rng) -> String {
    match &knob.range {
        _ if rng.random_bool(0.1) => number(rng).to_owned(),
        Range::Number(number) => {
            let value = number.low + (number.high - number.low) * [0.0, 0.001, 0.5, 1.0][rng.random_range(0..4)];
            (if number.is_whole { value.round() } else { value }).to_string()
        }
        Range::Choice(choice) => {
            one_of(&choice.options.iter().map(|(word, _)| *word).collect::<Vec<_>>(), rng).to_owned()
        }
    }
}

fn check(files: &Files) {
    let which = usize::from(files[Path::new(WHICH)][0]);
    let what_if = &WHAT_IFS[which];
    let query = String::from_utf8_lossy(&files[Path::new(QUERY)]).into_owned();
    let state = match what_if.state(&query) {
        Ok(state) => state,
        Err(refusal) => return is_json(&live::refusal(&refusal.to_string())),
    };
    assert_eq!(what_if.state(&state.query()).expect("its own query"), state);
    let (text, notes) = match what_if.scenario(&state) {
        Ok(scenario) => scenario,
        Err(refusal) => return is_json(&live::refusal(&refusal.to_string())),
    };
    let path = Path::new(SCENARIOS[which]);
    let changed: Files = [(path.to_owned(), text.into_bytes())].into();
    let mut experiment = match input::load_experiment(path, &|path| corpus::reading(&changed, path)) {
        Ok(experiment) => experiment,
        Err(report) => return is_a_report(&report),
    };
    if !shorten(&mut experiment) {
        return;
    }
    let Some(prediction) = prediction_of(&experiment) else { return };
    is_json(&live::answer(&live::State {
        query: &state.query(),
        curve: &prediction.curve,
        measured: what_if.base().measured.as_ref().map(|measured| &measured.measurement),
        comparison: what_if.comparison(),
        keep_up: dlpc_predict::explanation::in_theory(&experiment.scenario, &experiment.machine),
        notes: &notes,
        warnings: &prediction.warnings,
    }));
}
