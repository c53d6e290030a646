//! Curves that follow Amdahl's law, and runs near to them, for examples and for the tests of reports.

use dlpc_engine::units::SimDuration;

use super::accuracy::{Comparison, Scope, compare};
use super::{Cause, Curve, CurvePoint};
use crate::measurement::{MeasuredRun, Measurement};

/// Returns the curve of `parallel_s / ranks + serial_s` with a band of ±5 %.
pub fn curve(parallel_s: f64, serial_s: f64, ranks: impl IntoIterator<Item = u32>) -> Curve {
    let points = ranks.into_iter().map(|ranks| point(parallel_s, serial_s, ranks));
    Curve { points: points.collect() }
}

fn point(parallel_s: f64, serial_s: f64, ranks: u32) -> CurvePoint {
    let compute_s = parallel_s / f64::from(ranks);
    let makespan_s = compute_s + serial_s;
    let speedup = (parallel_s + serial_s) / makespan_s;
    let count = f64::from(ranks);
    let serial_fraction = (1.0 / speedup - 1.0 / count) / (1.0 - 1.0 / count);
    CurvePoint {
        ranks,
        makespan_s,
        makespan_p05_s: 0.95 * makespan_s,
        makespan_p95_s: 1.05 * makespan_s,
        speedup,
        speedup_p05: speedup / 1.05,
        speedup_p95: speedup / 0.95,
        parallel_efficiency: speedup / count,
        karp_flatt: (1 < ranks).then_some(serial_fraction),
        breakdown: vec![
            (Cause::Compute, SimDuration::from_seconds_ceil(compute_s)),
            (Cause::SerialTail, SimDuration::from_seconds_ceil(0.75 * serial_s)),
            (Cause::Bandwidth, SimDuration::from_seconds_ceil(0.25 * serial_s)),
        ],
        traced: 0,
        limited_by: if compute_s < 0.75 * serial_s { Cause::SerialTail } else { Cause::Compute },
    }
}

/// Returns one run of 0.1 s reading error per entry.
#[must_use]
pub fn measured(runs: &[(u32, f64)]) -> Measurement {
    let rows = runs.iter().map(|&(ranks, seconds)| MeasuredRun { ranks, seconds, reading_error_s: 0.1, host: None });
    Measurement { rows: rows.collect(), hosts: Vec::new() }
}

/// Returns five rank counts, 8 s + 2 s of work, and runs near to it, of which 4 ranks are far off and 1 rank was
/// fitted.
#[must_use]
pub fn small() -> (Curve, Measurement, Comparison) {
    let curve = curve(8.0, 2.0, [1, 2, 4, 8, 16]);
    let measurement = measured(&[(1, 10.0), (2, 6.2), (4, 8.0), (8, 3.1), (16, 2.5)]);
    let comparison = compare(&curve, &measurement, &|ranks| ranks == 1, Scope::HeldOut);
    (curve, measurement, comparison)
}
