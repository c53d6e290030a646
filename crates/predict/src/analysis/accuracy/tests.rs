//! Tests of the comparison on made-up and on published curves.

use proptest::prelude::*;

use super::*;
use crate::analysis::Cause;

const NONE: [u32; 0] = [];

fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "found {found}, expected {expected}");
}

/// A curve with a band of ±5 %.
fn curve(makespan_s: impl Fn(u32) -> f64, ranks: impl IntoIterator<Item = u32>) -> Curve {
    let points = ranks.into_iter().map(|ranks| {
        let makespan_s = makespan_s(ranks);
        CurvePoint {
            ranks,
            makespan_s,
            makespan_p05_s: 0.95 * makespan_s,
            makespan_p95_s: 1.05 * makespan_s,
            speedup: 1.0,
            speedup_p05: 1.0,
            speedup_p95: 1.0,
            parallel_efficiency: 1.0,
            karp_flatt: None,
            breakdown: Vec::new(),
            traced: 0,
            limited_by: Cause::Compute,
        }
    });
    Curve { points: points.collect() }
}

fn measurement(runs: &[(u32, f64)], reading_error_s: f64) -> Measurement {
    let rows = runs.iter().map(|&(ranks, seconds)| MeasuredRun { ranks, seconds, reading_error_s, host: None });
    Measurement { rows: rows.collect(), hosts: Vec::new() }
}

fn compare_all(curve: &Curve, measurement: &Measurement) -> Comparison {
    compare(curve, measurement, &|_| false, Scope::All)
}

fn outliers(comparison: &Comparison) -> Vec<u32> {
    comparison.points.iter().filter(|point| point.is_outlier).map(|point| point.ranks).collect()
}

#[test]
fn relative_error_is_prediction_over_measurement_minus_one() {
    // (9 - 10) / 10 = -0.1
    let comparison = compare_all(&curve(|_| 9.0, [1]), &measurement(&[(1, 10.0)], 0.0));
    assert_near(comparison.points[0].relative_error, -0.1);
    assert_near(comparison.accuracy.bias, -0.1);
    assert_near(comparison.accuracy.mape, 0.1);
}

#[test]
fn measured_value_is_the_median_of_its_runs() {
    let comparison = compare_all(&curve(|_| 10.0, [4]), &measurement(&[(4, 9.0), (4, 30.0), (4, 10.0)], 0.0));
    assert_near(comparison.points[0].measured_s, 10.0);
    assert_eq!(comparison.points.len(), 1);
}

#[test]
fn rank_counts_that_only_one_side_has_are_left_out() {
    let comparison = compare_all(&curve(|_| 1.0, [1, 2]), &measurement(&[(2, 1.0), (3, 1.0)], 0.0));
    assert_eq!(comparison.points.iter().map(|point| point.ranks).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_point_is_inside_the_band_if_its_reading_error_reaches_it() {
    // Band of a prediction of 10 s: 9.5 to 10.5 s. 10.6 - 0.1 = 10.5 touches, 10.6 - 0.05 does not.
    let predicted = curve(|_| 10.0, [1]);
    assert!(compare_all(&predicted, &measurement(&[(1, 10.6)], 0.1)).points[0].inside_band);
    assert!(!compare_all(&predicted, &measurement(&[(1, 10.6)], 0.05)).points[0].inside_band);
    assert!(compare_all(&predicted, &measurement(&[(1, 9.4)], 0.15)).points[0].inside_band);
}

#[test]
fn held_out_summary_leaves_fitted_points_out() {
    let runs = measurement(&[(1, 10.0), (2, 10.0), (3, 20.0)], 0.0);
    let comparison = compare(&curve(|_| 10.0, 1..=3), &runs, &|ranks| ranks == 3, Scope::HeldOut);
    assert_eq!(comparison.accuracy.n_points, 2);
    assert_near(comparison.accuracy.max, 0.0);
    assert!(comparison.points[2].used_for_fit);
}

#[test]
fn summary_of_no_points_is_zero() {
    let runs = measurement(&[(1, 10.0)], 0.0);
    let comparison = compare(&curve(|_| 11.0, [1]), &runs, &|_| true, Scope::HeldOut);
    assert_eq!(comparison.accuracy, NO_POINTS);
}

#[test]
fn three_points_have_no_outliers() {
    let runs = measurement(&[(1, 10.0), (2, 10.0), (3, 90.0)], 0.0);
    assert_eq!(outliers(&compare_all(&curve(|_| 10.0, 1..=3), &runs)), NONE);
}

#[test]
fn identical_points_have_no_outliers_within_the_floor() {
    // MAD 0, reading error 0: scale 0.5 %, limit 3.5 * 0.5 % = 1.75 %. 10 / 10.1 - 1 = -0.99 %; 10 / 10.5 - 1 = -4.8 %.
    let runs = |last| measurement(&[(1, 10.0), (2, 10.0), (3, 10.0), (4, 10.0), (5, last)], 0.0);
    assert_eq!(outliers(&compare_all(&curve(|_| 10.0, 1..=5), &runs(10.1))), NONE);
    assert_eq!(outliers(&compare_all(&curve(|_| 10.0, 1..=5), &runs(10.5))), [5]);
}

#[test]
fn reading_error_excuses_a_deviation() {
    // 10 / 10.5 - 1 = -4.76 %; reading error 0.3 s: 0.3 / 10.5 / sqrt 3 = 1.65 %; score 2.9
    let runs = measurement(&[(1, 10.0), (2, 10.0), (3, 10.0), (4, 10.0), (5, 10.5)], 0.3);
    assert_eq!(outliers(&compare_all(&curve(|_| 10.0, 1..=5), &runs)), NONE);
}

#[test]
fn a_model_that_is_wrong_by_one_factor_has_no_outliers() {
    let runs = measurement(&[(1, 10.0), (2, 10.0), (3, 10.0), (4, 10.0)], 0.0);
    let comparison = compare_all(&curve(|_| 20.0, 1..=4), &runs);
    assert_eq!(outliers(&comparison), NONE);
    assert_near(comparison.accuracy.mape, 1.0);
}

#[test]
fn a_part_of_the_curve_that_the_model_missed_is_no_outlier() {
    // Three of ten points are far off: more than one in five.
    let runs: Vec<_> = (1..=10).map(|ranks| (ranks, if ranks < 8 { 10.0 } else { 15.0 })).collect();
    let comparison = compare_all(&curve(|_| 10.0, 1..=10), &measurement(&runs, 0.0));
    assert_eq!(outliers(&comparison), NONE);
    assert_near(comparison.accuracy.max, 1.0 / 3.0);
}

#[test]
fn outliers_are_counted_and_left_out_of_the_averages() {
    let runs = measurement(&[(1, 10.0), (2, 10.0), (3, 10.0), (4, 10.0), (5, 40.0)], 0.0);
    let accuracy = compare_all(&curve(|_| 10.0, 1..=5), &runs).accuracy;
    assert_eq!((accuracy.n_points, accuracy.n_outliers), (4, 1));
    assert_near(accuracy.max, 0.0);
}

#[test]
fn noise_floor_of_repeats_is_their_scatter_over_the_root_of_their_number() {
    // Runs 9, 10, 11, 10: median 10, deviations 1 0 1 0, median 0.5; 1.4826 * 0.5 / 10 / sqrt 4 = 0.037065
    let runs = measurement(&[(1, 9.0), (1, 10.0), (1, 11.0), (1, 10.0)], 0.0);
    assert_near(compare_all(&curve(|_| 10.0, [1]), &runs).accuracy.noise_floor, 0.037_065);
}

#[test]
fn noise_floor_without_repeats_comes_from_successive_differences() {
    // Errors -0.02, +0.02, -0.02, ...: all differences 0.04; 0.04 / (0.6745 sqrt 2) * sqrt(2/pi) = 0.0334580
    let noisy = |ranks: u32| if ranks.is_multiple_of(2) { 10.2 } else { 9.8 };
    let runs: Vec<_> = (1..=8).map(|ranks| (ranks, 10.0)).collect();
    let floor = compare_all(&curve(noisy, 1..=8), &measurement(&runs, 0.0)).accuracy.noise_floor;
    assert!((floor - 0.033_458).abs() < 1e-6, "{floor}");
}

#[test]
fn a_smooth_bias_of_the_model_hardly_raises_the_noise_floor() {
    // Errors 1 %, 2 %, ..., 10 %: differences 1 % each; 0.01 / (0.6745 sqrt 2) * sqrt(2/pi) = 0.836 %
    let runs: Vec<_> = (1..=10).map(|ranks| (ranks, 10.0)).collect();
    let biased = curve(|ranks| 10.0 + 0.1 * f64::from(ranks), 1..=10);
    let accuracy = compare_all(&biased, &measurement(&runs, 0.0)).accuracy;
    assert!(accuracy.noise_floor < 0.01 && 0.05 < accuracy.mape, "{accuracy:?}");
}

#[test]
fn noise_floor_is_at_least_what_the_reading_error_gives() {
    // 0.4 s on 10 s: 0.4 / (2 * 10) = 2 %
    let runs = measurement(&[(1, 10.0), (2, 10.0)], 0.4);
    assert_near(compare_all(&curve(|_| 10.0, 1..=2), &runs).accuracy.noise_floor, 0.02);
}

/// pi, returns = count, on the DLPC of 2020, ranks 1 to 32; read off the published chart to ±0.01 s.
const PI_COUNT_S: [f64; 32] = [
    2.79, 1.43, 0.97, 0.73, 0.59, 0.49, 0.43, 0.35, 0.35, 0.31, 0.29, 0.27, 0.25, 0.23, 0.21, 0.21, 0.19, 0.19, 0.19,
    0.75, 0.17, 0.17, 0.15, 0.15, 0.15, 0.15, 0.13, 0.13, 0.19, 0.13, 0.13, 0.13,
];

/// pi, returns = coordinates, on the DLPC of 2020, ranks 1 to 32; read off the published chart to ±0.07 s.
const PI_COORDINATES_S: [f64; 32] = [
    20.461, 16.271, 14.874, 14.316, 14.316, 13.757, 14.455, 14.595, 14.176, 13.757, 14.455, 13.897, 14.455, 13.478,
    13.897, 13.897, 13.897, 15.014, 14.176, 14.036, 14.455, 13.757, 13.897, 14.036, 16.271, 13.617, 14.036, 14.176,
    14.176, 13.757, 13.617, 14.595,
];

fn dlpc(seconds: &[f64], reading_error_s: f64) -> Measurement {
    let rows = (1..).zip(seconds).map(|(ranks, &seconds)| MeasuredRun { ranks, seconds, reading_error_s, host: None });
    Measurement { rows: rows.collect(), hosts: Vec::new() }
}

#[test]
fn twenty_ranks_stand_out_in_the_count_runs_of_2020() {
    let predicted = curve(|ranks| 2.76 / f64::from(ranks) + 0.034, 1..=32);
    let comparison = compare_all(&predicted, &dlpc(&PI_COUNT_S, 0.01));
    assert!(outliers(&comparison).contains(&20), "{comparison:?}");
    assert!(comparison.accuracy.n_outliers <= 2, "{comparison:?}");
}

#[test]
fn twenty_five_ranks_stand_out_in_the_coordinates_runs_of_2020() {
    let remote = |ranks: f64| (ranks - 4.0).max(0.0) / ranks;
    let predicted = curve(|ranks| 8.6 / f64::from(ranks) + 11.9 + 2.5 * remote(f64::from(ranks)), 1..=32);
    let comparison = compare_all(&predicted, &dlpc(&PI_COORDINATES_S, 0.07));
    assert_eq!(outliers(&comparison), [25]);
}

proptest! {
    #[test]
    fn summary_is_ordered_and_counts_every_point(
        runs in proptest::collection::vec((1..20u32, 0.1..100.0f64), 1..40),
        reading_error_s in 0.0..0.1f64,
    ) {
        let comparison = compare_all(&curve(|ranks| 50.0 / f64::from(ranks), 1..20), &measurement(&runs, reading_error_s));
        let accuracy = comparison.accuracy;
        prop_assert_eq!((accuracy.n_points + accuracy.n_outliers) as usize, comparison.points.len());
        prop_assert!(accuracy.median <= accuracy.max && accuracy.p90 <= accuracy.max);
        prop_assert!(accuracy.bias.abs() <= accuracy.mape + 1e-12 && accuracy.mape <= accuracy.max + 1e-12);
        prop_assert!((0.0..=1.0).contains(&accuracy.band_coverage) && 0.0 <= accuracy.noise_floor);
    }
}
