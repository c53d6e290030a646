//! Quantities with units, damaged.

use std::path::{Path, PathBuf};

use dlpc_engine::units::{Bytes, BytesPerSecond, FlopsPerSecond, Quantity, SecondsPerByte, SimDuration, UnitError};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::hunt::{Files, Hunt};
use crate::mutator::{damage, number, one_of};

const TEXT: &str = "quantity";
const UNITS: &[&str] = &[
    "s", "ms", "us", "ps", "d", "min", "B", "kB", "KiB", "MB", "TB", "bit", "Mbit/s", "B/s", "bit/s", "ns/B", "s/B",
    "Gflop/s", "",
];

#[test]
fn a_damaged_quantity_is_refused_or_read() {
    let test = "quantities::a_damaged_quantity_is_refused_or_read";
    Hunt { test, n_short: 2000, one_in: 1, make: damaged, check }.run();
}

fn damaged(rng: &mut ChaCha8Rng) -> Files {
    let mut text =
        format!("{}{}{}", number(rng), one_of(&[" ", "", "  ", "\u{a0}"], rng), one_of(UNITS, rng)).into_bytes();
    if rng.random_bool(0.5) {
        damage(&mut text, rng);
    }
    [(PathBuf::from(TEXT), text)].into()
}

fn check(files: &Files) {
    let text = String::from_utf8_lossy(&files[Path::new(TEXT)]).into_owned();
    let time = read::<SimDuration>(&text);
    assert!(time.is_none_or(|time| time.as_seconds().is_finite()));
    if let Some(bytes) = read::<Bytes>(&text) {
        assert_eq!(Bytes::parse(&format!("{} B", bytes.0)).ok(), Some(bytes));
    }
    let bandwidth = read::<BytesPerSecond>(&text);
    assert!(bandwidth.is_none_or(|bandwidth| bandwidth.as_f64().is_finite()));
    let gap = read::<SecondsPerByte>(&text);
    assert!(gap.is_none_or(|gap| gap.as_f64().is_finite()));
    if let Some(speed) = read::<FlopsPerSecond>(&text) {
        let _ = speed.time_for(1e9);
    }
}

fn read<Q: Quantity>(text: &str) -> Option<Q> {
    let read: Result<Q, UnitError> = Q::parse(text);
    read.inspect_err(|error| assert!(!error.to_string().is_empty() && !error.help().is_empty())).ok()
}
