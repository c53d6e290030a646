//! The serde deserialiser of document trees, which tells values their place.

use serde::de::value::{Error, MapDeserializer, SeqDeserializer, StrDeserializer, StringDeserializer, U64Deserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, SeqAccess, Visitor};

use super::tree::{Entry, Node, Value};
use crate::diagnostic::Span;
use crate::written::NAME;
pub(in crate::input) use crate::written::Spanned;
pub(in crate::input) use crate::written::keyed::Keyed;

/// Returns a document tree as a raw struct.
///
/// # Errors
/// If the tree has not been checked against the schema of `T`.
pub(in crate::input) fn deserialise<T: for<'de> Deserialize<'de>>(node: Node) -> Result<T, Error> {
    T::deserialize(node)
}

impl<'de> Deserializer<'de> for Node {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Text(text) => visitor.visit_string(text),
            Value::Integer(integer) => match (u64::try_from(integer), i64::try_from(integer)) {
                (Ok(integer), _) => visitor.visit_u64(integer),
                (_, Ok(integer)) => visitor.visit_i64(integer),
                (Err(_), Err(_)) => visitor.visit_i128(integer),
            },
            Value::Float(float) => visitor.visit_f64(float),
            Value::Boolean(boolean) => visitor.visit_bool(boolean),
            Value::Bad => visitor.visit_unit(),
            Value::Array(nodes) => visitor.visit_seq(SeqDeserializer::new(nodes.into_iter())),
            Value::Table(table) => {
                let entries = table.entries.into_iter().map(|Entry { key, key_span, node }| (Key(key, key_span), node));
                visitor.visit_map(MapDeserializer::new(entries))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if name == NAME { visitor.visit_seq(Parts::new(self.span, self)) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(StrDeserializer::new(self.as_text().unwrap_or_default()))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, Error> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A key and its place.
struct Key(String, Span);

impl<'de> Deserializer<'de> for Key {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if name == NAME {
            visitor.visit_seq(Parts::new(self.1, StringDeserializer::new(self.0)))
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl IntoDeserializer<'_, Error> for Key {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// File, start and end of a value, then the value.
struct Parts<D> {
    numbers: std::array::IntoIter<u64, 3>,
    value: Option<D>,
}

impl<D> Parts<D> {
    fn new(span: Span, value: D) -> Self {
        let numbers = [u64::from(span.file.number()), span.start as u64, span.end as u64];
        Self { numbers: numbers.into_iter(), value: Some(value) }
    }
}

impl<'de, D: Deserializer<'de, Error = Error>> SeqAccess<'de> for Parts<D> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if let Some(number) = self.numbers.next() {
            let number: U64Deserializer<Error> = number.into_deserializer();
            return seed.deserialize(number).map(Some);
        }
        self.value.take().map(|value| seed.deserialize(value)).transpose()
    }
}
