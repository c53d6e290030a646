//! Numbers of a range as values that a file could hold.

use dlpc_engine::units::significant;

use super::{Form, Level, Literal};

/// Digits of a value between the ends of a range.
const DIGITS: usize = 6;

impl Form {
    /// Returns the value of this kind that is nearest to `number`, rounded to six digits.
    #[must_use]
    pub fn level(self, number: f64) -> Level {
        match self {
            Self::Integer => {
                #[expect(clippy::cast_possible_truncation, reason = "ranges of integers are checked against u64")]
                let integer = number.round() as i128;
                #[expect(clippy::cast_precision_loss, reason = "for axes of plots and columns of tables")]
                let number = Some(integer as f64);
                Level { text: integer.to_string(), literal: Literal::Integer(integer), number }
            }
            Self::Number => {
                let text = significant(number, DIGITS);
                let number = text.parse().unwrap_or(number);
                Level { text, literal: Literal::Float(number), number: Some(number) }
            }
            Self::Quantity(unit) => {
                let text = unit.text(number);
                // What the file would say counts, not what was rounded.
                let number = unit.number(&text).unwrap_or(number);
                Level { literal: Literal::Text(text.clone()), text, number: Some(number) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dlpc_engine::units::Unit;

    use super::*;

    #[test]
    fn the_number_is_that_of_the_text() {
        let level = Form::Quantity(Unit::Seconds).level(1.0 / 3.0);
        assert_eq!((level.text.as_str(), level.number), ("333.333 ms", Some(0.333_333)));
        let level = Form::Integer.level(2.5);
        assert_eq!((level.text.as_str(), level.literal), ("3", Literal::Integer(3)));
    }
}
