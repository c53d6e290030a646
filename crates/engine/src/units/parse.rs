//! The only parser of quantities: `94 Mbit/s`, `60 us`, `64 KiB`.

use thiserror::Error;

use super::{Bytes, BytesPerSecond, FlopsPerSecond, PICOS_PER_SECOND, SecondsPerByte, SimDuration};

/// Why a text is not the quantity that is wanted here. `help` of each variant says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnitError {
    /// A number without its unit.
    #[error("`{text}` has no unit")]
    MissingUnit {
        /// What was written.
        text: String,
        /// What to write, for instance `5 s`.
        example: String,
    },
    /// Text that does not start with a number.
    #[error("`{text}` is not a number with a unit")]
    NotANumber {
        /// What was written.
        text: String,
        /// What to write.
        example: String,
    },
    /// A unit that is not one of this kind of quantity.
    #[error("`{unit}` is not a unit of {kind}")]
    WrongUnit {
        /// The unit that was written.
        unit: String,
        /// The kind of quantity wanted, for instance `time`.
        kind: &'static str,
        /// What to write instead.
        help: String,
    },
    /// Below zero.
    #[error("`{text}` is negative")]
    Negative {
        /// What was written.
        text: String,
    },
    /// Zero where that makes no sense.
    #[error("`{text}` is zero")]
    Zero {
        /// What was written.
        text: String,
        /// The kind of quantity.
        kind: &'static str,
    },
    /// Less than the simulator can handle.
    #[error("`{text}` is too small")]
    TooSmall {
        /// What was written.
        text: String,
        /// The smallest value.
        limit: &'static str,
    },
    /// More than the simulator can hold.
    #[error("`{text}` is too large")]
    TooLarge {
        /// What was written.
        text: String,
        /// The largest value.
        limit: &'static str,
    },
    /// A fraction of a byte.
    #[error("`{text}` is not a whole number of bytes")]
    NotWhole {
        /// What was written.
        text: String,
    },
}

impl UnitError {
    /// Returns what to write instead.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::MissingUnit { example, .. } => format!("append one, for instance \"{example}\""),
            Self::NotANumber { example, .. } => format!("write a number and a unit, for instance \"{example}\""),
            Self::WrongUnit { help, .. } => help.clone(),
            Self::Negative { .. } => "write a value of zero or more".to_owned(),
            Self::Zero { kind, .. } => format!("write a {kind} above zero"),
            Self::TooSmall { limit, .. } => format!("the smallest value is {limit}"),
            Self::TooLarge { limit, .. } => format!("the largest value is {limit}"),
            Self::NotWhole { .. } => "write whole bytes".to_owned(),
        }
    }
}

/// A kind of quantity that can be written in a file with its unit.
pub trait Quantity: Sized {
    /// Reads the quantity from text such as `94 Mbit/s`.
    ///
    /// # Errors
    /// [`UnitError`] with what to write instead.
    fn parse(text: &str) -> Result<Self, UnitError>;
}

pub(super) type UnitTable = [(&'static str, f64)];

pub(super) const TIME_UNITS: &UnitTable = &[
    ("d", 86_400.0),
    ("h", 3600.0),
    ("min", 60.0),
    ("s", 1.0),
    ("ms", 1e-3),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ns", 1e-9),
    ("ps", 1e-12),
];

const BYTE_UNITS: &UnitTable = &[
    ("B", 1.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
];

/// Bandwidths that files may name, in bytes per second: far beyond any cable, and far from where `f64` ends.
const BANDWIDTH_MIN: f64 = 0.125;
const BANDWIDTH_MAX: f64 = 1e15;
/// Largest time per byte that files may name, in seconds.
const BYTE_GAP_MAX: f64 = 1.0;

const BIT_UNITS: &UnitTable = &[("bit", 0.125), ("kbit", 125.0), ("Mbit", 125e3), ("Gbit", 125e6), ("Tbit", 125e9)];

/// `Gf` is how `SimGrid` writes it.
const SPEED_UNITS: &UnitTable = &[
    ("flop/s", 1.0),
    ("kflop/s", 1e3),
    ("Mflop/s", 1e6),
    ("Gflop/s", 1e9),
    ("Tflop/s", 1e12),
    ("f", 1.0),
    ("kf", 1e3),
    ("Mf", 1e6),
    ("Gf", 1e9),
    ("Tf", 1e12),
];
/// Speeds that may be named, in floating point operations per second.
const SPEED_MAX: f64 = 1e18;

impl Quantity for SimDuration {
    fn parse(text: &str) -> Result<Self, UnitError> {
        let (value, unit) = split(text, "60 us")?;
        let scale = look_up(TIME_UNITS, unit).ok_or_else(|| {
            wrong_unit(unit, "time", &format!("write s, ms, us, ns, min or h, for instance \"{value} s\""))
        })?;
        let seconds = value * scale;
        #[expect(clippy::cast_precision_loss, reason = "a limit, not a value")]
        if seconds * PICOS_PER_SECOND >= u64::MAX as f64 {
            return Err(UnitError::TooLarge { text: text.to_owned(), limit: "213 d" });
        }
        Ok(Self::from_seconds_ceil(seconds))
    }
}

impl Quantity for Bytes {
    fn parse(text: &str) -> Result<Self, UnitError> {
        let (value, unit) = split(text, "64 KiB")?;
        let scale = look_up(BYTE_UNITS, unit).ok_or_else(|| {
            wrong_unit(
                unit,
                "size",
                &match look_up(BIT_UNITS, unit) {
                    Some(scale) => format!("sizes are in bytes: {value} {unit} is \"{} B\"", value * scale),
                    None => format!("write B, kB, MB, KiB or MiB, for instance \"{value} kB\""),
                },
            )
        })?;
        let bytes = value * scale;
        if bytes >= 9.2e18 {
            return Err(UnitError::TooLarge { text: text.to_owned(), limit: "9 EB" });
        }
        if bytes.fract() != 0.0 {
            return Err(UnitError::NotWhole { text: text.to_owned() });
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        Ok(Self(bytes as u64))
    }
}

impl Quantity for BytesPerSecond {
    fn parse(text: &str) -> Result<Self, UnitError> {
        let (value, unit) = split(text, "94 Mbit/s")?;
        let scale =
            unit.strip_suffix("/s").and_then(|data| look_up(BIT_UNITS, data).or_else(|| look_up(BYTE_UNITS, data)));
        let Some(scale) = scale else {
            let help = format!("write bits or bytes per second in full: \"{value} Mbit/s\" or \"{value} MB/s\"");
            return Err(wrong_unit(unit, "bandwidth", &help));
        };
        if value == 0.0 {
            return Err(UnitError::Zero { text: text.to_owned(), kind: "bandwidth" });
        }
        let rate = value * scale;
        if rate < BANDWIDTH_MIN {
            return Err(UnitError::TooSmall { text: text.to_owned(), limit: "1 bit/s" });
        }
        let rate = Some(rate).filter(|rate| *rate <= BANDWIDTH_MAX).and_then(Self::new);
        rate.ok_or_else(|| UnitError::TooLarge { text: text.to_owned(), limit: "1e15 B/s" })
    }
}

impl Quantity for SecondsPerByte {
    fn parse(text: &str) -> Result<Self, UnitError> {
        let (value, unit) = split(text, "10 ns/B")?;
        let scale = unit.strip_suffix("/B").and_then(|time| look_up(TIME_UNITS, time)).ok_or_else(|| {
            wrong_unit(unit, "time per byte", &format!("write a time per byte, for instance \"{value} ns/B\""))
        })?;
        let gap = Some(value * scale).filter(|gap| *gap <= BYTE_GAP_MAX).and_then(Self::new);
        gap.ok_or_else(|| UnitError::TooLarge { text: text.to_owned(), limit: "1 s/B" })
    }
}

impl Quantity for FlopsPerSecond {
    fn parse(text: &str) -> Result<Self, UnitError> {
        let (value, unit) = split(text, "1 Gflop/s")?;
        let scale = look_up(SPEED_UNITS, unit).ok_or_else(|| {
            wrong_unit(unit, "speed", &format!("write flop/s, Mflop/s or Gflop/s, for instance \"{value} Gflop/s\""))
        })?;
        let speed = value * scale;
        if speed < 1.0 {
            return Err(UnitError::TooSmall { text: text.to_owned(), limit: "1 flop/s" });
        }
        let speed = Some(speed).filter(|speed| *speed <= SPEED_MAX).and_then(Self::new);
        speed.ok_or_else(|| UnitError::TooLarge { text: text.to_owned(), limit: "1e18 flop/s" })
    }
}

/// Returns the seconds of a unit of time, for instance 1e-6 of `us`.
#[must_use]
pub fn time_unit(name: &str) -> Option<f64> {
    look_up(TIME_UNITS, name)
}

/// Returns the bytes of a unit of sizes, for instance 1024 of `KiB`.
#[must_use]
pub fn size_unit(name: &str) -> Option<f64> {
    look_up(BYTE_UNITS, name)
}

fn look_up(table: &UnitTable, unit: &str) -> Option<f64> {
    table.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale)
}

fn wrong_unit(unit: &str, kind: &'static str, help: &str) -> UnitError {
    UnitError::WrongUnit { unit: unit.to_owned(), kind, help: help.to_owned() }
}

/// Splits `text` into a finite, non-negative number and a unit.
fn split<'t>(text: &'t str, example: &str) -> Result<(f64, &'t str), UnitError> {
    let trimmed = text.trim();
    let not_a_number = || UnitError::NotANumber { text: text.to_owned(), example: example.to_owned() };
    let end = number_end(trimmed);
    let digits: String = trimmed[..end].chars().filter(|c| *c != '_').collect();
    let value: f64 = digits.parse().map_err(|_| not_a_number())?;
    let unit = trimmed[end..].trim();
    if unit.is_empty() {
        let unit = example.split(' ').nth(1).unwrap_or_default();
        return Err(UnitError::MissingUnit { text: text.to_owned(), example: format!("{trimmed} {unit}") });
    }
    if !value.is_finite() {
        return Err(UnitError::TooLarge { text: text.to_owned(), limit: "1e308" });
    }
    if value < 0.0 {
        return Err(UnitError::Negative { text: text.to_owned() });
    }
    Ok((value, unit))
}

/// Returns where the number at the start of `text` ends: sign, digits, `_`, point and an exponent.
fn number_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    while let Some(byte) = bytes.get(end) {
        let is_exponent = matches!(byte, b'e' | b'E')
            && end > 0
            && bytes.get(end + 1).is_some_and(|next| next.is_ascii_digit() || matches!(next, b'+' | b'-'));
        let is_sign = matches!(byte, b'+' | b'-') && (end == 0 || matches!(bytes[end - 1], b'e' | b'E'));
        if !(byte.is_ascii_digit() || matches!(byte, b'.' | b'_') || is_exponent || is_sign) {
            break;
        }
        end += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help<Q: Quantity>(text: &str) -> String {
        Q::parse(text).err().expect("an error").help()
    }

    #[test]
    fn reads_each_kind_of_quantity() {
        assert_eq!(SimDuration::parse("60 us"), Ok(SimDuration::from_micros(60)));
        assert_eq!(SimDuration::parse("2.78 us"), Ok(SimDuration::from_picos(2_780_000)));
        assert_eq!(SimDuration::parse("5s"), Ok(SimDuration::from_seconds(5)));
        assert_eq!(SimDuration::parse("1e-3 ms"), Ok(SimDuration::from_micros(1)));
        assert_eq!(SimDuration::parse("2 min"), Ok(SimDuration::from_seconds(120)));
        assert_eq!(Bytes::parse("64 KiB"), Ok(Bytes(65_536)));
        assert_eq!(Bytes::parse("1_000 B"), Ok(Bytes(1000)));
        // 94 Mbit/s = 94e6 / 8 B/s = 11.75e6 B/s
        assert_eq!(BytesPerSecond::parse("94 Mbit/s"), Ok(BytesPerSecond(11.75e6)));
        assert_eq!(BytesPerSecond::parse("94 MB/s"), Ok(BytesPerSecond(94e6)));
        assert_eq!(SecondsPerByte::parse("0.5 us/B"), Ok(SecondsPerByte(0.5e-6)));
    }

    #[test]
    fn a_bare_number_is_told_which_unit_to_append() {
        assert_eq!(help::<SimDuration>("5"), "append one, for instance \"5 us\"");
        assert_eq!(help::<BytesPerSecond>("94"), "append one, for instance \"94 Mbit/s\"");
    }

    #[test]
    fn bits_and_bytes_are_never_confused() {
        assert_eq!(help::<Bytes>("8 kbit"), "sizes are in bytes: 8 kbit is \"1000 B\"");
        assert_eq!(
            help::<BytesPerSecond>("94 Mbps"),
            "write bits or bytes per second in full: \"94 Mbit/s\" or \"94 MB/s\""
        );
        assert!(BytesPerSecond::parse("94 mbit/s").is_err());
    }

    #[test]
    fn rejects_values_out_of_range() {
        assert!(matches!(SimDuration::parse("-1 s"), Err(UnitError::Negative { .. })));
        assert!(matches!(BytesPerSecond::parse("0 Mbit/s"), Err(UnitError::Zero { .. })));
        assert!(matches!(SimDuration::parse("1e300 s"), Err(UnitError::TooLarge { .. })));
        assert!(matches!(SimDuration::parse("1e999 s"), Err(UnitError::TooLarge { .. })));
        assert!(matches!(Bytes::parse("0.5 B"), Err(UnitError::NotWhole { .. })));
        assert!(matches!(SimDuration::parse("nan s"), Err(UnitError::NotANumber { .. })));
        assert!(matches!(SimDuration::parse("inf s"), Err(UnitError::NotANumber { .. })));
        assert!(matches!(SimDuration::parse(""), Err(UnitError::NotANumber { .. })));
        assert!(matches!(SimDuration::parse("--1 s"), Err(UnitError::NotANumber { .. })));
        assert!(matches!(SimDuration::parse("1é s"), Err(UnitError::WrongUnit { .. })));
    }
}
