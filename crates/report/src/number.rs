//! Numbers as people read them: one unit and one number of decimals for a column or an axis.

use dlpc_engine::maths;
use dlpc_engine::units::significant;

/// Most decimals in a column; below that, a value gets its own.
const DECIMALS_MAX: usize = 6;
/// Least decimals in a column.
const DECIMALS_MIN: usize = 1;
/// Significant digits that a column shows of its largest value: enough to tell the points of a flat curve apart.
const DIGITS_OF_LARGEST: i32 = 4;
/// Significant digits that a column shows of its smallest value, at least.
const DIGITS_OF_SMALLEST: i32 = 3;

/// Unit of time for a set of durations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TimeUnit {
    /// Symbol, for instance `ms`.
    pub(crate) symbol: &'static str,
    /// Length in seconds.
    pub(crate) seconds: f64,
}

impl TimeUnit {
    /// Returns the largest of s, ms, µs and ns in which the longest duration, `longest_s`, is at least one.
    pub(crate) fn for_longest(longest_s: f64) -> Self {
        let (symbol, seconds) = [("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)]
            .into_iter()
            .find(|(_, seconds)| *seconds <= longest_s)
            .unwrap_or(("ns", 1e-9));
        Self { symbol, seconds }
    }
}

/// Returns the decimals of a column: they show four significant digits of the largest value and three of the smallest
/// that is not zero; at least 1, at most 6.
pub(crate) fn column_decimals(values: &[f64]) -> usize {
    let sizes = || values.iter().map(|value| value.abs()).filter(|size| 0.0 < *size);
    let of_largest = decimals_for(sizes().fold(0.0, f64::max), DIGITS_OF_LARGEST);
    let of_smallest = decimals_for(sizes().fold(f64::INFINITY, f64::min), DIGITS_OF_SMALLEST);
    of_largest.max(of_smallest).max(DECIMALS_MIN)
}

/// Returns how many decimals show `digits` significant digits of `value`, at most 6.
pub(crate) fn decimals_for(value: f64, digits: i32) -> usize {
    if !value.is_finite() || value <= 0.0 {
        return 0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a decimal exponent fits in i32")]
    let magnitude = maths::log10(value).floor() as i32;
    usize::try_from(digits - 1 - magnitude).unwrap_or(0).min(DECIMALS_MAX)
}

/// What stands in place of a number that there is none of, such as the speedup of a program that takes no time.
const NONE: &str = "–";

/// Formats a value of a column with `decimals` decimals; one that they would show as zero gets its own.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let shows_nothing = decimals == DECIMALS_MAX && value != 0.0 && value.abs() < 1e-5;
    if shows_nothing {
        return significant(value, 3);
    }
    let text = format!("{value:.decimals$}");
    // No signed zero.
    text.strip_prefix('-').filter(|rest| rest.bytes().all(|byte| b"0.".contains(&byte))).unwrap_or(&text).to_owned()
}

/// Formats a ratio as a percentage, for instance `4.3 %`.
pub(crate) fn percent(ratio: f64) -> String {
    if ratio.is_finite() { format!("{:.1} %", 100.0 * ratio) } else { NONE.to_owned() }
}

/// Formats a ratio as a whole percentage, for instance `4 %`.
pub(crate) fn whole_percent(ratio: f64) -> String {
    if ratio.is_finite() { format!("{:.0} %", 100.0 * ratio) } else { NONE.to_owned() }
}

/// Formats a signed ratio as a percentage, for instance `+4.3 %`.
pub(crate) fn signed_percent(ratio: f64) -> String {
    if !ratio.is_finite() {
        return NONE.to_owned();
    }
    let tenths = (1000.0 * ratio).round() / 10.0;
    if tenths == 0.0 { "0.0 %".to_owned() } else { format!("{tenths:+.1} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[f64]) -> Vec<String> {
        values.iter().map(|value| fixed(*value, column_decimals(values))).collect()
    }

    #[test]
    fn a_column_shows_four_digits_of_its_largest_value() {
        assert_eq!(column(&[20.463, 14.418]), ["20.46", "14.42"]);
        assert_eq!(column(&[0.0, 5.0]), ["0.000", "5.000"]);
    }

    #[test]
    fn a_column_shows_three_digits_of_its_smallest_value() {
        assert_eq!(column(&[27.9, 0.13]), ["27.900", "0.130"]);
    }

    #[test]
    fn long_times_keep_one_decimal() {
        assert_eq!(column(&[1196.622, 184.459]), ["1196.6", "184.5"]);
        assert_eq!(column(&[0.0]), ["0.0"]);
        assert_eq!((fixed(-0.04, 1), fixed(-0.06, 1)), ("0.0".to_owned(), "-0.1".to_owned()));
    }

    #[test]
    fn a_tiny_value_in_a_column_does_not_become_zero() {
        assert_eq!(column(&[1.0, 1.234e-7]), ["1.000000", "0.000000123"]);
    }

    #[test]
    fn unit_is_the_largest_in_which_the_longest_duration_is_at_least_one() {
        assert_eq!(TimeUnit::for_longest(1196.0).symbol, "s");
        assert_eq!(TimeUnit::for_longest(0.75).symbol, "ms");
        assert_eq!(TimeUnit::for_longest(2e-6).symbol, "µs");
        assert_eq!(TimeUnit::for_longest(0.0).symbol, "ns");
    }

    #[test]
    fn no_number_is_a_dash() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let texts = [fixed(value, 2), percent(value), whole_percent(value), signed_percent(value)];
            assert!(texts.iter().all(|text| text == "–"), "{texts:?}");
        }
    }

    #[test]
    fn signed_percentages_have_no_signed_zero() {
        assert_eq!(signed_percent(-0.000_1), "0.0 %");
        assert_eq!(signed_percent(-0.034), "-3.4 %");
        assert_eq!(signed_percent(0.034), "+3.4 %");
    }
}
