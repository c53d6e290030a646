//! Quantities in files: their schemas, and serde that goes through the one unit parser, there and back.

use std::borrow::Cow;

use dlpc_engine::units::{
    Bytes, BytesPerSecond, FlopsPerSecond, Quantity, SecondsPerByte, SimDuration, UnitError, significant,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use super::Spanned;
use crate::diagnostic::Span;

/// Most digits that an `f64` needs.
const DIGITS_MAX: usize = 17;

/// A kind of quantity, as schemas name it (`x-quantity`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Time,
    Bytes,
    Bandwidth,
    TimePerByte,
    Speed,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Time, Self::Bytes, Self::Bandwidth, Self::TimePerByte, Self::Speed];

    /// Returns the name in schemas and messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Bytes => "size",
            Self::Bandwidth => "bandwidth",
            Self::TimePerByte => "time per byte",
            Self::Speed => "speed",
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Self::Time => "60 us",
            Self::Bytes => "64 KiB",
            Self::Bandwidth => "94 Mbit/s",
            Self::TimePerByte => "10 ns/B",
            Self::Speed => "1 Gflop/s",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Checks that `text` is a quantity of this kind.
    ///
    /// # Errors
    /// [`UnitError`] with what to write instead.
    pub(crate) fn check(self, text: &str) -> Result<(), UnitError> {
        match self {
            Self::Time => SimDuration::parse(text).map(drop),
            Self::Bytes => Bytes::parse(text).map(drop),
            Self::Bandwidth => BytesPerSecond::parse(text).map(drop),
            Self::TimePerByte => SecondsPerByte::parse(text).map(drop),
            Self::Speed => FlopsPerSecond::parse(text).map(drop),
        }
    }

    pub(crate) fn schema(self) -> Schema {
        json_schema!({ "type": "string", "x-quantity": self.name(), "examples": [self.example()] })
    }
}

/// Returns the name of the kind of problem that `error` is.
pub(crate) const fn code(error: &UnitError) -> &'static str {
    match error {
        UnitError::MissingUnit { .. } => "missing_unit",
        UnitError::WrongUnit { .. } => "wrong_unit",
        UnitError::NotANumber { .. } => "not_a_quantity",
        UnitError::Negative { .. }
        | UnitError::Zero { .. }
        | UnitError::TooSmall { .. }
        | UnitError::TooLarge { .. }
        | UnitError::NotWhole { .. } => "out_of_range",
    }
}

/// A quantity and its place in a file.
///
/// Like [`Spanned`], for the engine's types, which know nothing of files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quantified<Q> {
    pub(crate) span: Span,
    pub(crate) value: Q,
}

/// A quantity that files hold as text with a unit.
pub(crate) trait InFile: Quantity + Copy {
    /// Its kind.
    const KIND: Kind;

    /// Returns it as text that is read back as the same value.
    fn written(self) -> String;
}

impl InFile for SimDuration {
    const KIND: Kind = Kind::Time;

    fn written(self) -> String {
        time(self)
    }
}

impl InFile for Bytes {
    const KIND: Kind = Kind::Bytes;

    fn written(self) -> String {
        size(self)
    }
}

impl InFile for BytesPerSecond {
    const KIND: Kind = Kind::Bandwidth;

    fn written(self) -> String {
        rate(self)
    }
}

impl InFile for SecondsPerByte {
    const KIND: Kind = Kind::TimePerByte;

    fn written(self) -> String {
        gap(self)
    }
}

impl InFile for FlopsPerSecond {
    const KIND: Kind = Kind::Speed;

    fn written(self) -> String {
        format!("{:e} flop/s", self.as_f64())
    }
}

impl<'de, Q: InFile> Deserialize<'de> for Quantified<Q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self { span: text.span, value: Q::parse(&text.value).map_err(Error::custom)? })
    }
}

/// A quantity that no file holds yet.
impl<Q> From<Q> for Quantified<Q> {
    fn from(value: Q) -> Self {
        Self { span: Span::NOWHERE, value }
    }
}

impl<Q: InFile> Serialize for Quantified<Q> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.value.written())
    }
}

impl<Q: InFile> JsonSchema for Quantified<Q> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Q::KIND.name().into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Q::KIND.schema()
    }
}

/// Returns a time in the largest unit in which it is at least one, exactly.
pub(crate) fn time(duration: SimDuration) -> String {
    let picos = duration.as_picos();
    let units: [(u64, &str); 5] =
        [(1_000_000_000_000, "s"), (1_000_000_000, "ms"), (1_000_000, "us"), (1000, "ns"), (1, "ps")];
    let (scale, unit) = units.into_iter().find(|(scale, _)| *scale <= picos).unwrap_or((1_000_000, "us"));
    let n_decimals = scale.ilog10() as usize;
    let text = format!("{}.{:0n_decimals$}", picos / scale, picos % scale);
    format!("{} {unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Returns a rate in Mbit/s with as few digits as give the same rate.
fn rate(rate: BytesPerSecond) -> String {
    let mbit = |digits| format!("{} Mbit/s", significant(rate.as_f64() * 8e-6, digits));
    let exact = (1..=DIGITS_MAX).map(mbit).find(|text| BytesPerSecond::parse(text) == Ok(rate));
    exact.unwrap_or_else(|| format!("{} B/s", rate.as_f64()))
}

/// Returns a gap in ns/B with as few digits as give the same gap.
fn gap(gap: SecondsPerByte) -> String {
    let nanos = |digits| format!("{} ns/B", significant(gap.as_f64() * 1e9, digits));
    let exact = (1..=DIGITS_MAX).map(nanos).find(|text| SecondsPerByte::parse(text) == Ok(gap));
    exact.unwrap_or_else(|| format!("{:e} s/B", gap.as_f64()))
}

/// Returns a size in the largest unit of which it is a multiple, powers of 1024 before those of 1000.
fn size(bytes: Bytes) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1_000_000, "MB"), (1 << 10, "KiB")];
    let unit = units.into_iter().find(|(scale, _)| bytes.0 > 0 && bytes.0.is_multiple_of(*scale));
    unit.map_or_else(|| format!("{} B", bytes.0), |(scale, unit)| format!("{} {unit}", bytes.0 / scale))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_those_that_people_write() {
        assert_eq!(time(SimDuration::from_picos(34_100_000_000)), "34.1 ms");
        assert_eq!(time(SimDuration::from_micros(60)), "60 us");
        assert_eq!(time(SimDuration::ZERO), "0 us");
        assert_eq!(rate(BytesPerSecond::from_mbit(94.4)), "94.4 Mbit/s");
        assert_eq!(size(Bytes(65_536)), "64 KiB");
        assert_eq!(size(Bytes(1500)), "1500 B");
        assert_eq!(size(Bytes(32_000_000)), "32 MB");
        assert_eq!(SecondsPerByte::parse("0.4 ns/B").map(gap).as_deref(), Ok("0.4 ns/B"));
    }

    proptest! {
        #[test]
        // Above 100 s the rounding of an f64 product comes near a picosecond; no cost of a message or kernel is so long.
        fn every_time_is_read_back(picos in 0..100_000_000_000_000_u64) {
            let duration = SimDuration::from_picos(picos);
            prop_assert_eq!(SimDuration::parse(&time(duration)), Ok(duration));
        }

        #[test]
        fn every_rate_and_gap_is_read_back(bandwidth in 1.0..1e12_f64, seconds in 1e-12..1.0_f64) {
            let exact = BytesPerSecond::new(bandwidth).expect("a rate");
            prop_assert_eq!(BytesPerSecond::parse(&rate(exact)), Ok(exact));
            let exact = SecondsPerByte::new(seconds).expect("a gap");
            prop_assert_eq!(SecondsPerByte::parse(&gap(exact)), Ok(exact));
        }
    }
}
