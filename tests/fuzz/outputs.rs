//! Result files of other programs (`r8p1000000.out`), damaged in name and text.

use std::path::{Path, PathBuf};

use dlpc_predict::measurement::output_files::{DLPC_TIME_PATTERN, measurement};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use regex_lite::Regex;

use crate::curves;
use crate::hunt::{Files, Hunt};
use crate::mutator::{damage, number};

#[test]
fn damaged_result_files_are_reported_or_compared() {
    let test = "outputs::damaged_result_files_are_reported_or_compared";
    Hunt { test, n_short: 100, one_in: 1, make: damaged, check }.run();
}

fn damaged(rng: &mut ChaCha8Rng) -> Files {
    (0..rng.random_range(1..4_u32))
        .map(|i| {
            let ranks = if rng.random_bool(0.5) { number(rng).to_owned() } else { (1 << i).to_string() };
            let time = if rng.random_bool(0.5) { number(rng) } else { "1.43" };
            let mut text = format!("Pi is 3.14\nRuntime is  {time}\nRuntime is 0.5 s\n").into_bytes();
            if rng.random_bool(0.5) {
                damage(&mut text, rng);
            }
            (PathBuf::from(format!("r{ranks}p1000.out")), text)
        })
        .collect()
}

fn check(files: &Files) {
    let texts: Vec<(&Path, String)> =
        files.iter().map(|(path, text)| (path.as_path(), String::from_utf8_lossy(text).into_owned())).collect();
    match measurement(&texts, &Regex::new(DLPC_TIME_PATTERN).expect("a pattern")) {
        Err(errors) => assert!(errors.iter().all(|error| !error.to_string().is_empty())),
        Ok(measurement) => curves::compare(&measurement),
    }
}
