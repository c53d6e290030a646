//! Numbers with few significant digits, as a person would write them.

use dlpc_engine::maths;

/// Returns the nearest number with so many significant digits.
pub(crate) fn rounded(value: f64, digits: usize) -> f64 {
    let text = format!("{value:.*e}", digits.saturating_sub(1));
    text.parse().unwrap_or(value)
}

/// Returns the least number with so many significant digits that is not below `value`, which is positive.
pub(crate) fn rounded_up(value: f64, digits: usize) -> f64 {
    let near = rounded(value, digits);
    if value <= near { near } else { rounded(near + last_place(value, digits), digits) }
}

/// Returns the largest number with so many significant digits that is not above `value`, which is positive.
pub(crate) fn rounded_down(value: f64, digits: usize) -> f64 {
    let near = rounded(value, digits);
    if near <= value { near } else { rounded(near - last_place(value, digits), digits) }
}

/// Returns what one more in the last of the digits is worth.
fn last_place(value: f64, digits: usize) -> f64 {
    let places = i32::try_from(digits).unwrap_or(1) - 1;
    #[expect(clippy::cast_possible_truncation, reason = "a decimal exponent fits in i32")]
    let magnitude = maths::log10(value).floor() as i32;
    10_f64.powi(magnitude - places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortest(value: f64) -> String {
        value.to_string()
    }

    #[test]
    fn the_errors_of_floating_point_numbers_are_rounded_away() {
        assert_eq!(shortest(94.4 / 20.0), "4.720000000000001");
        assert_eq!(shortest(rounded(94.4 / 20.0, 9)), "4.72");
        assert_eq!(shortest(rounded(100.0 * 0.07, 9)), "7");
        assert_eq!(shortest(rounded(0.0, 9)), "0");
    }

    #[test]
    fn ends_are_rounded_into_the_range() {
        assert_eq!(shortest(rounded_up(94.4 / 20.0, 2)), "4.8");
        assert_eq!(shortest(rounded_down(94.4 * 20.0, 2)), "1800");
        assert_eq!(shortest(rounded_up(0.000_123, 2)), "0.00013");
        // 9.96 becomes 10 upwards, and 9.9 downwards.
        assert_eq!(
            (shortest(rounded_up(9.96, 2)), shortest(rounded_down(9.96, 2))),
            ("10".to_owned(), "9.9".to_owned())
        );
        // What is short already stays.
        assert_eq!(
            (shortest(rounded_up(0.05, 2)), shortest(rounded_down(20.0, 2))),
            ("0.05".to_owned(), "20".to_owned())
        );
    }
}
