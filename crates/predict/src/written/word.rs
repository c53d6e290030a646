//! Words of files: the enums of the checked types, read, described and written by their names.

use std::borrow::Cow;

use dlpc_engine::named::Named;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

/// One of the words of an enum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word<E>(pub(crate) E);

impl<'de, E: Named> Deserialize<'de> for Word<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = E::ALL.iter().copied().find(|known| known.name() == text);
        known.map(Self).ok_or_else(|| D::Error::custom(format!("`{text}` is not a word of `{}`", E::KIND)))
    }
}

impl<E: Named> Serialize for Word<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<E: Named> JsonSchema for Word<E> {
    fn schema_name() -> Cow<'static, str> {
        format!("Raw{}", E::KIND).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let described = |word: &E| -> Option<Value> {
            Some(serde_json::json!({ "type": "string", "const": word.name(), "description": word.meaning()? }))
        };
        match E::ALL.iter().map(described).collect::<Option<Vec<_>>>() {
            Some(words) => json_schema!({ "oneOf": words }),
            None => {
                json_schema!({ "type": "string", "enum": E::ALL.iter().map(|word| word.name()).collect::<Vec<_>>() })
            }
        }
    }
}
