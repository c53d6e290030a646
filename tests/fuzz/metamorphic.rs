//! Relations between predictions that hold whatever the numbers are.
//!
//! That faster links never make a program slower is asserted only for two ranks on two hosts with full-duplex links,
//! without noise and wildcards: there every resource serves its users in the order of the program, so that each instant is
//! a maximum of sums of durations, and shorter durations cannot make it later. It is no theorem beyond that. With more ranks,
//! messages that come earlier may be served before others that the program waits for (as in Graham's scheduling anomalies),
//! a faster link may fill the next one earlier under max-min sharing, and a first-free dispatch may hand the long work out
//! last. All of that happens in real clusters, too.

use std::path::{Path, PathBuf};

use dlpc_engine::trace::Recording;
use dlpc_engine::units::{SimDuration, SimTime};
use dlpc_predict::analysis::CurvePoint;
use dlpc_predict::analysis::advice::Rule;
use dlpc_predict::explanation::{self, Options};
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::prediction::{self, Prediction};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::corpus;
use crate::hunt::{Files, Hunt};
use crate::random_scenario::{Class, PLAIN, Variant, write};

/// Largest relative difference that is rounding: each duration is rounded up to a picosecond, and bounds are sums of `f64`.
const ROUNDING: f64 = 1e-9;
/// The same in seconds, for some thousand durations.
const ROUNDING_S: f64 = 1e-8;

#[test]
fn twice_the_times_take_twice_as_long() {
    let test = "metamorphic::twice_the_times_take_twice_as_long";
    let make = |rng: &mut ChaCha8Rng| pair(Class::Any, Variant { slower: 2, ..PLAIN }, rng);
    Hunt { test, n_short: 40, one_in: 10, make, check: is_twice_as_long }.run();
}

#[test]
fn what_nothing_uses_changes_nothing() {
    let test = "metamorphic::what_nothing_uses_changes_nothing";
    let make = |rng: &mut ChaCha8Rng| pair(Class::Any, Variant { has_unused: true, ..PLAIN }, rng);
    Hunt { test, n_short: 40, one_in: 10, make, check: is_the_same }.run();
}

#[test]
fn a_faster_link_between_two_ranks_is_never_slower() {
    let test = "metamorphic::a_faster_link_between_two_ranks_is_never_slower";
    let make = |rng: &mut ChaCha8Rng| pair(Class::Pair, Variant { faster_links: 2, ..PLAIN }, rng);
    Hunt { test, n_short: 40, one_in: 10, make, check: is_not_slower }.run();
}

#[test]
fn the_parts_add_up_and_the_bound_is_at_most_the_time() {
    let test = "metamorphic::the_parts_add_up_and_the_bound_is_at_most_the_time";
    let make = |rng: &mut ChaCha8Rng| pair(Class::Any, PLAIN, rng);
    Hunt { test, n_short: 20, one_in: 10, make, check: is_explained }.run();
}

/// A scenario in `a`, and its variant in `b`.
fn pair(class: Class, variant: Variant, rng: &mut ChaCha8Rng) -> Files {
    let (seed, mut files) = (rng.random(), Files::new());
    write("a", class, PLAIN, seed, &mut files);
    write("b", class, variant, seed, &mut files);
    files
}

fn loaded(files: &Files, folder: &str) -> Experiment {
    let path: PathBuf = Path::new(folder).join("scenario.toml");
    let experiment = input::load_experiment(&path, &|path| corpus::reading(files, path));
    experiment.unwrap_or_else(|report| panic!("the scenario is not valid: {report}"))
}

/// Predicts a scenario; all of them are small.
fn predicted(experiment: &Experiment) -> Prediction {
    let Experiment { scenario, machine, .. } = experiment;
    prediction::predict(scenario, machine, &|| ()).expect("it can be simulated")
}

fn both(files: &Files) -> [Prediction; 2] {
    ["a", "b"].map(|folder| predicted(&loaded(files, folder)))
}

fn points([a, b]: &[Prediction; 2]) -> impl Iterator<Item = (&CurvePoint, &CurvePoint)> {
    assert_eq!(a.curve.points.len(), b.curve.points.len());
    a.curve.points.iter().zip(&b.curve.points)
}

fn is_twice_as_long(files: &Files) {
    for (once, twice) in points(&both(files)) {
        let (expected, found) = (2.0 * once.makespan_s, twice.makespan_s);
        let difference = (found - expected).abs();
        assert!(difference <= ROUNDING * expected + ROUNDING_S, "{} ranks: {found} s, not {expected} s", once.ranks);
    }
}

fn is_the_same(files: &Files) {
    for (without, with) in points(&both(files)) {
        // As text, because a number that is none differs from itself.
        assert_eq!(format!("{without:?}"), format!("{with:?}"), "what nothing uses changes something");
    }
}

fn is_not_slower(files: &Files) {
    for (slow, fast) in points(&both(files)) {
        assert!(fast.makespan_s <= slow.makespan_s + ROUNDING_S, "{} s > {} s", fast.makespan_s, slow.makespan_s);
    }
}

fn is_explained(files: &Files) {
    let experiment = loaded(files, "a");
    let prediction = predicted(&experiment);
    let Experiment { scenario, machine, .. } = &experiment;
    for point in &prediction.curve.points {
        let parts = point.breakdown.iter().fold(SimDuration::ZERO, |sum, (_, part)| sum + *part);
        assert_eq!(parts, traced(&experiment, point), "the parts do not add up on {} ranks", point.ranks);
    }
    let options = Options { rule: Rule { within: 0.05, efficiency: 0.5 }, ranks: None };
    let explanation = explanation::explain(scenario, machine, &prediction, &options).expect("it can be simulated");
    for (detail, point) in explanation.details.iter().zip(&prediction.curve.points) {
        let (time, bound) = (traced(&experiment, point).as_seconds(), detail.bounds.expect("it is traced").largest_s());
        assert!(
            bound <= time * (1.0 + ROUNDING),
            "the bound {bound} s is above the time {time} s, {:?}",
            scenario.run.network
        );
    }
}

/// Returns how long the run takes that the breakdown is of.
fn traced(experiment: &Experiment, point: &CurvePoint) -> SimDuration {
    let Experiment { scenario, machine, .. } = experiment;
    let trace = prediction::simulate_once(scenario, machine, point.ranks, point.traced, Recording::Off);
    trace.expect("it can be simulated").makespan - SimTime::ZERO
}
