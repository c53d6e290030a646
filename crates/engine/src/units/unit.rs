//! Units of numbers, where what is counted is known only when the program runs.

use super::{Bytes, BytesPerSecond, FlopsPerSecond, Quantity, SecondsPerByte, SimDuration, UnitError, significant};

/// Digits of a number as people write it.
const DIGITS: usize = 6;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nothing: a count or a ratio.
    One,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
    /// Seconds per byte.
    SecondsPerByte,
    /// Floating point operations per second.
    FlopsPerSecond,
}

impl Unit {
    /// Returns the end of column names, for instance `_bytes_per_s`; empty for plain numbers.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::One => "",
            Self::Seconds => "_s",
            Self::Bytes => "_bytes",
            Self::BytesPerSecond => "_bytes_per_s",
            Self::SecondsPerByte => "_s_per_byte",
            Self::FlopsPerSecond => "_flop_per_s",
        }
    }

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
            Self::FlopsPerSecond => FlopsPerSecond::parse(text).map(FlopsPerSecond::as_f64),
        }
    }

    /// Returns a number of this unit as people write it, with six digits.
    #[must_use]
    pub fn text(self, number: f64) -> String {
        let (number, names) = match self {
            Self::One => return significant(number, DIGITS),
            Self::Bytes => (number.round(), self.names()),
            Self::Seconds | Self::BytesPerSecond | Self::SecondsPerByte | Self::FlopsPerSecond => {
                (number, self.names())
            }
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
            Self::FlopsPerSecond => &[("Gflop/s", 1e9), ("Mflop/s", 1e6), ("kflop/s", 1e3), ("flop/s", 1.0)],
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
        assert_eq!(Unit::FlopsPerSecond.text(1.5e9), "1.5 Gflop/s");
    }
}
