//! Measured curves, damaged, beside a prediction.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use dlpc_predict::analysis::accuracy::{self, Scope};
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::measurement::Measurement;
use dlpc_predict::prediction::Prediction;
use rand::rngs::ChaCha8Rng;

use crate::corpus;
use crate::experiments::{Shown, is_a_report, prediction_of, shorten};
use crate::hunt::{Files, Hunt};
use crate::mutator::{damage, one_of};

const CURVE: &str = "curve.csv";
/// Curves as people have them.
const TEXTS: &[&str] = &[
    "ranks,seconds\n1,2.79\n2,1.43\n4,0.73\n8,0.40\n",
    "# by hand\nranks,seconds,reading_error_s,host\n1,2.5,0.1,pi0\n2,1.5,,\"a,b\"\n2,1.6,0.1,pi1\n32,0.2,,\n",
    "seconds;ranks\n2,79;1\n1,43;2\n",
    "np\ttime\r\n1\t2.79\r\n2\t1.43\r\n",
    "ranks , seconds , note\n 1 , 2.79 , \"an \"\"odd\"\"\nnote\"\n",
];

static BESIDE: LazyLock<(Experiment, Prediction)> = LazyLock::new(|| {
    let path = Path::new("scenarios/dlpc-pi-count.toml");
    let mut experiment =
        input::load_experiment(path, &|path| corpus::reading(&Files::new(), path)).expect("a scenario");
    assert!(shorten(&mut experiment));
    let prediction = prediction_of(&experiment).expect("a prediction");
    (experiment, prediction)
});

#[test]
fn a_damaged_curve_is_reported_or_compared() {
    let test = "curves::a_damaged_curve_is_reported_or_compared";
    Hunt { test, n_short: 150, one_in: 1, make: damaged, check }.run();
}

fn damaged(rng: &mut ChaCha8Rng) -> Files {
    let mut bytes = one_of(TEXTS, rng).as_bytes().to_vec();
    damage(&mut bytes, rng);
    [(PathBuf::from(CURVE), bytes)].into()
}

fn check(files: &Files) {
    match input::load_measurement(Path::new(CURVE), &|path| corpus::reading(files, path)) {
        Err(report) => is_a_report(&report),
        Ok(measurement) => compare(&measurement),
    }
}

/// Shows a curve beside a prediction.
pub(crate) fn compare(measurement: &Measurement) {
    let (experiment, prediction) = &*BESIDE;
    let comparison = accuracy::compare(&prediction.curve, measurement, &|_| false, Scope::All);
    let (measurement, comparison) = (Some(measurement), Some(&comparison));
    let shown = Shown { experiment, prediction, measurement, comparison };
    shown.compared(comparison.expect("it is there"), measurement.expect("it is there"));
}
