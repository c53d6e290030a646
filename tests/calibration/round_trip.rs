//! Simulate the experiments of a known machine, fit, compare.

use dlpc_sim::fit::{FileProvenance, to_toml, values};

use crate::clusters::{USUAL, calibrated, cluster};

#[test]
fn debug() {
    let truth = cluster(std::env::var("SEED").map_or(1, |s| s.parse().unwrap()), 8);
    let t0 = std::time::Instant::now();
    let s = crate::clusters::samples(&truth, 3, &USUAL, 1);
    println!("samples {} in {:?}", s.len(), t0.elapsed());
    let t0 = std::time::Instant::now();
    let fit = calibrated(&truth, 3, &USUAL, 1).unwrap();
    println!("fit {:?}", t0.elapsed());
    let found = values(&fit.machine);
    for (key, value) in values(&truth) {
        println!(
            "{key:45} {value:12.5e} {:12.5e} {:?}",
            found.get(&key).copied().unwrap_or(f64::NAN),
            fit.intervals.get(&key)
        );
    }
    println!("{:#?}", fit.residuals);
    println!("{:#?}", fit.segments);
    println!("{:#?}", fit.warnings);
    println!("{}", to_toml(&fit, &FileProvenance::default()));
}
