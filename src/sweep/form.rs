//! Numbers of a range as values that a file could hold.

use super::{Form, Level, Literal};
use crate::units::{Bytes, BytesPerSecond, Quantity, SecondsPerByte, SimDuration, Unit, UnitError, significant};

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

impl Unit {
    /// Returns the number that a quantity is in this unit.
    ///
    /// # Errors
    /// [`UnitError`] if `text` is no quantity of this kind.
    ///
    /// # Panics
    /// If this is the unit of plain numbers.
    pub fn number(self, text: &str) -> Result<f64, UnitError> {
        match self {
            Self::One => panic!("bug: a number without unit is not read as a quantity"),
            Self::Seconds => SimDuration::parse(text).map(SimDuration::as_seconds),
            Self::Bytes => Bytes::parse(text).map(Bytes::as_f64),
            Self::BytesPerSecond => BytesPerSecond::parse(text).map(BytesPerSecond::as_f64),
            Self::SecondsPerByte => SecondsPerByte::parse(text).map(SecondsPerByte::as_f64),
        }
    }

    /// Returns a number of this unit as people write it, with six digits.
    #[must_use]
    pub fn text(self, number: f64) -> String {
        let (number, names) = match self {
            Self::One => return significant(number, DIGITS),
            Self::Bytes => (number.round(), self.names()),
            Self::Seconds | Self::BytesPerSecond | Self::SecondsPerByte => (number, self.names()),
        };
        if self == Self::Bytes {
            // Whole bytes, whatever the rounding of a larger unit would make of them.
            return format!("{number} B");
        }
        let fits = names.iter().find(|(_, scale)| number >= 0.999_999_5 * scale);
        let (name, scale) = fits.or(names.last()).copied().unwrap_or(("", 1.0));
        format!("{} {name}", significant(number / scale, DIGITS))
    }

    /// Returns the units that texts use, the largest first.
    const fn names(self) -> &'static [(&'static str, f64)] {
        match self {
            Self::One => &[],
            Self::Seconds => &[("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9), ("ps", 1e-12)],
            Self::Bytes => &[("B", 1.0)],
            Self::BytesPerSecond => &[("Gbit/s", 125e6), ("Mbit/s", 125e3), ("kbit/s", 125.0), ("bit/s", 0.125)],
            Self::SecondsPerByte => &[("us/B", 1e-6), ("ns/B", 1e-9), ("ps/B", 1e-12)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_that_people_write() {
        assert_eq!(Unit::Seconds.text(1e-6), "1 us");
        assert_eq!(Unit::Seconds.text(2.154_434_69e-6), "2.15443 us");
        assert_eq!(Unit::Seconds.text(0.0), "0 ps");
        assert_eq!(Unit::BytesPerSecond.text(12.5e6), "100 Mbit/s");
        assert_eq!(Unit::Bytes.text(65_535.7), "65536 B");
        assert_eq!(Unit::SecondsPerByte.text(0.4e-9), "400 ps/B");
    }

    #[test]
    fn the_number_is_that_of_the_text() {
        let level = Form::Quantity(Unit::Seconds).level(1.0 / 3.0);
        assert_eq!((level.text.as_str(), level.number), ("333.333 ms", Some(0.333_333)));
        let level = Form::Integer.level(2.5);
        assert_eq!((level.text.as_str(), level.literal), ("3", Literal::Integer(3)));
    }
}
