//! Mean, quantiles and a robust scale: pure functions over samples.
//!
//! Every function takes the samples in any order, at least one. The order of values is `f64::total_cmp`, so that the
//! result never depends on the order of the samples.

/// Makes the median absolute deviation of a normal distribution its standard deviation: 1 / Φ⁻¹(3/4).
pub const MAD_TO_SIGMA: f64 = 1.4826;

/// Returns the arithmetic mean.
///
/// ```
/// assert!((dlpc_engine::stats::mean(&[1.0, 2.0, 6.0]) - 3.0).abs() < 1e-12);
/// ```
///
/// # Panics
/// If `values` is empty.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    assert!(!values.is_empty(), "bug: mean of no values");
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 values")]
    let count = values.len() as f64;
    values.iter().sum::<f64>() / count
}

/// Returns the median: the middle value, or the mean of the two middle ones.
///
/// ```
/// assert!((dlpc_engine::stats::median(&[4.0, 1.0, 2.0, 10.0]) - 3.0).abs() < 1e-12);
/// ```
///
/// # Panics
/// If `values` is empty.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Returns the value below which the share `probability` of the samples lies (docs/model.md eq. 24).
///
/// Type 7 of Hyndman & Fan, "Sample Quantiles in Statistical Packages" (1996), the default of R and `NumPy`: with the
/// sorted values x₀ … xₙ₋₁ and h = (n - 1) p, linear between the neighbours of h.
///
/// ```
/// // h = (5 - 1) * 0.9 = 3.6: 0.6 of the way from 40 to 50.
/// let p90 = dlpc_engine::stats::quantile(&[10.0, 20.0, 30.0, 40.0, 50.0], 0.9);
/// assert!((p90 - 46.0).abs() < 1e-12);
/// ```
///
/// # Panics
/// If `values` is empty or `probability` is outside 0..=1.
#[must_use]
pub fn quantile(values: &[f64], probability: f64) -> f64 {
    assert!(!values.is_empty(), "bug: quantile of no values");
    assert!((0.0..=1.0).contains(&probability), "bug: quantile at probability {probability}");
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len() - 1;
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 values")]
    let position = last as f64 * probability;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and `last`")]
    let below = position.floor() as usize;
    let share = position.fract();
    if share == 0.0 {
        return sorted[below];
    }
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    // At most `high`, which rounding could exceed by one unit in the last place.
    (low + share * (high - low)).min(high)
}

/// Returns the scaled median absolute deviation, a standard deviation that outliers do not change (docs/model.md
/// eq. 25).
///
/// `1.4826 median |x - median(x)|`: Hampel, "The Influence Curve and its Role in Robust Estimation" (1974). Zero if
/// more than half of the values are equal.
///
/// ```
/// // median 3, deviations 2 1 0 1 97: their median is 1.
/// assert!((dlpc_engine::stats::mad(&[1.0, 2.0, 3.0, 4.0, 100.0]) - 1.4826).abs() < 1e-12);
/// ```
///
/// # Panics
/// If `values` is empty.
#[must_use]
pub fn mad(values: &[f64]) -> f64 {
    let middle = median(values);
    let deviations: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    MAD_TO_SIGMA * median(&deviations)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assert_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "found {found}, expected {expected}");
    }

    #[test]
    fn median_of_an_even_count_lies_between_the_two_middle_values() {
        // sorted 1 2 4 10: (2 + 4) / 2
        assert_near(median(&[10.0, 1.0, 4.0, 2.0]), 3.0);
    }

    #[test]
    fn one_value_is_its_own_mean_and_every_quantile() {
        for probability in [0.0, 0.05, 0.5, 1.0] {
            assert_near(quantile(&[7.0], probability), 7.0);
        }
        assert_near(mean(&[7.0]), 7.0);
        assert_near(mad(&[7.0]), 0.0);
    }

    #[test]
    fn quantile_interpolates_like_type_7_of_r() {
        // R: quantile(c(1, 2, 4, 8), 0.25) has h = 3 * 0.25 = 0.75: 1 + 0.75 * (2 - 1) = 1.75
        assert_near(quantile(&[8.0, 4.0, 2.0, 1.0], 0.25), 1.75);
        // h = 3 * 0.95 = 2.85: 4 + 0.85 * (8 - 4) = 7.4
        assert_near(quantile(&[8.0, 4.0, 2.0, 1.0], 0.95), 7.4);
    }

    #[test]
    fn quantiles_zero_and_one_are_the_extremes() {
        assert_near(quantile(&[3.0, -1.0, 2.0], 0.0), -1.0);
        assert_near(quantile(&[3.0, -1.0, 2.0], 1.0), 3.0);
    }

    #[test]
    fn mad_ignores_one_wild_value() {
        // median 5; deviations 1 0 1 2 995, sorted 0 1 1 2 995: median 1
        assert_near(mad(&[4.0, 5.0, 6.0, 3.0, 1000.0]), MAD_TO_SIGMA);
    }

    #[test]
    fn mad_is_zero_if_most_values_are_equal() {
        assert_near(mad(&[2.0, 2.0, 2.0, 9.0]), 0.0);
    }

    fn samples() -> impl Strategy<Value = Vec<f64>> {
        proptest::collection::vec(-1e6..1e6f64, 1..50)
    }

    proptest! {
        #[test]
        fn quantiles_rise_with_the_probability_and_stay_within_the_samples(
            values in samples(),
            a in 0.0..=1.0f64,
            b in 0.0..=1.0f64,
        ) {
            let (low, high) = (quantile(&values, a.min(b)), quantile(&values, a.max(b)));
            prop_assert!(quantile(&values, 0.0) <= low && low <= high && high <= quantile(&values, 1.0));
        }

        #[test]
        fn median_does_not_depend_on_the_order(values in samples()) {
            let mut reversed = values.clone();
            reversed.reverse();
            prop_assert_eq!(median(&values).to_bits(), median(&reversed).to_bits());
        }

        #[test]
        fn mad_ignores_a_shift_and_follows_a_scale(values in samples(), shift in -1e3..1e3f64, scale in 0.1..10.0f64) {
            let moved: Vec<f64> = values.iter().map(|value| value * scale + shift).collect();
            prop_assert!((mad(&moved) - scale * mad(&values)).abs() < 1e-6);
        }

        #[test]
        fn mean_lies_within_the_samples(values in samples()) {
            let tolerance = 1e-6;
            prop_assert!(quantile(&values, 0.0) - tolerance <= mean(&values));
            prop_assert!(mean(&values) <= quantile(&values, 1.0) + tolerance);
        }
    }
}
