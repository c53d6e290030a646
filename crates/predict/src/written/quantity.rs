//! Quantities in files: their schemas, and serde that goes through the one unit parser.

use std::borrow::Cow;

use dlpc_engine::units::{Bytes, BytesPerSecond, Quantity, SecondsPerByte, SimDuration, UnitError};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};

use super::Spanned;
use crate::diagnostic::Span;

/// A kind of quantity, as schemas name it (`x-quantity`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Time,
    Bytes,
    Bandwidth,
    TimePerByte,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Time, Self::Bytes, Self::Bandwidth, Self::TimePerByte];

    /// Returns the name in schemas and messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Bytes => "size",
            Self::Bandwidth => "bandwidth",
            Self::TimePerByte => "time per byte",
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Self::Time => "60 us",
            Self::Bytes => "64 KiB",
            Self::Bandwidth => "94 Mbit/s",
            Self::TimePerByte => "10 ns/B",
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
        }
    }

    fn schema(self) -> Schema {
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
pub(crate) trait InFile: Quantity {
    /// Its kind.
    const KIND: Kind;
}

impl InFile for SimDuration {
    const KIND: Kind = Kind::Time;
}

impl InFile for Bytes {
    const KIND: Kind = Kind::Bytes;
}

impl InFile for BytesPerSecond {
    const KIND: Kind = Kind::Bandwidth;
}

impl InFile for SecondsPerByte {
    const KIND: Kind = Kind::TimePerByte;
}

impl<'de, Q: InFile> Deserialize<'de> for Quantified<Q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self { span: text.span, value: Q::parse(&text.value).map_err(Error::custom)? })
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
