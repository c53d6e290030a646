//! Values as input files hold them: with their place, quantities with their unit, enums by their words.

pub(crate) mod expression;
pub(crate) mod formula;
pub(crate) mod keyed;
pub(crate) mod number;
pub(crate) mod quantity;
pub(crate) mod word;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::diagnostic::{FileId, Span};

/// Name by which [`Spanned`] asks the deserialiser of document trees for the place of a value.
pub(crate) const NAME: &str = "$dlpc_sim::Spanned";

/// A value and its place in a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spanned<T> {
    pub(crate) span: Span,
    pub(crate) value: T,
}

/// A value that no file holds yet.
impl<T> From<T> for Spanned<T> {
    fn from(value: T) -> Self {
        Self { span: Span::NOWHERE, value }
    }
}

impl<T: Serialize> Serialize for Spanned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, SpannedVisitor(PhantomData))
    }
}

struct SpannedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
    type Value = Spanned<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its place")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Spanned<T>, A::Error> {
        let mut missing = || serde::de::Error::custom("a place has three parts and a value");
        let file = parts.next_element()?.ok_or_else(&mut missing)?;
        let start = parts.next_element()?.ok_or_else(&mut missing)?;
        let end = parts.next_element()?.ok_or_else(&mut missing)?;
        let value = parts.next_element()?.ok_or_else(&mut missing)?;
        Ok(Spanned { span: FileId::from_number(file).span(start, end), value })
    }
}
