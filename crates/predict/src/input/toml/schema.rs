//! Schemas of the input files: made from the raw structs, used for checking, and published as JSON Schema.
//!
//! Beyond JSON Schema they know five keys: `x-quantity` (a string with a number and a unit, [`crate::written::quantity`]),
//! `x-short-for` (a value that is no table stands for the table with only that key) and `x-one-or-list` (a value that
//! is no list stands for the list of only that value), `x-formula` (an expression may stand for the value,
//! [`crate::written::formula`]) and `x-besides` (keys that may stand beside the one that a table must have).

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// Returns the schema of a raw struct, without `null`, which TOML does not have.
pub(in crate::input) fn of<T: JsonSchema>(title: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    remove_null(&mut schema);
    join_lines(&mut schema);
    schema["title"] = json!(title);
    schema
}

/// Returns the schema as editors understand it: with the short forms written out as alternatives.
pub(in crate::input) fn publish(mut schema: Value) -> Value {
    spell_out(&mut schema);
    schema
}

/// Turns `type: [T, null]` into `type: T` and `anyOf: [S, null]` into `S`.
fn remove_null(schema: &mut Value) {
    each_child(schema, remove_null);
    let Value::Object(map) = schema else { return };
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type") != Some(&json!("null")));
        if let [Value::Object(only)] = choices.as_mut_slice() {
            let only = std::mem::take(only);
            map.remove("anyOf");
            for (key, value) in only {
                map.entry(key).or_insert(value);
            }
        }
    }
}

/// Joins the lines of doc comments.
fn join_lines(schema: &mut Value) {
    each_child(schema, join_lines);
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}

fn spell_out(schema: &mut Value) {
    each_child(schema, spell_out);
    let Value::Object(map) = schema else { return };
    if let Some(Value::String(key)) = map.remove("x-short-for") {
        let short = map.get("properties").and_then(|properties| properties.get(&key)).cloned().unwrap_or_default();
        alternatives(map, &short);
    }
    if map.remove("x-one-or-list").is_some() {
        let item = map.get("items").cloned().unwrap_or_default();
        alternatives(map, &item);
    }
}

/// Replaces a schema by "`short`, or what it was", with its annotations outside.
fn alternatives(map: &mut Map<String, Value>, short: &Value) {
    let mut long = std::mem::take(map);
    for key in ["description", "default", "examples"] {
        if let Some(value) = long.remove(key) {
            map.insert(key.to_owned(), value);
        }
    }
    map.insert("anyOf".to_owned(), json!([short, long]));
}

/// Calls `change` with each schema directly within `schema`.
fn each_child(schema: &mut Value, change: fn(&mut Value)) {
    let Value::Object(map) = schema else { return };
    for key in ["properties", "$defs"] {
        if let Some(Value::Object(children)) = map.get_mut(key) {
            children.values_mut().for_each(change);
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(child) = map.get_mut(key) {
            change(child);
        }
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(Value::Array(children)) = map.get_mut(key) {
            children.iter_mut().for_each(change);
        }
    }
}

/// A schema within a document: its own keys, then those of the definition that it refers to.
#[derive(Debug, Clone, Copy)]
pub(in crate::input) struct View<'s> {
    root: &'s Value,
    own: &'s Value,
    target: Option<&'s Value>,
}

/// What a schema asks of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::input) enum Expected {
    Table,
    Array,
    Text,
    Quantity(crate::written::quantity::Kind),
    Choice,
    Integer,
    Number,
    Boolean,
    IntegerOrText,
    NumberOrText,
    Anything,
}

impl<'s> View<'s> {
    pub(in crate::input) fn root(schema: &'s Value) -> Self {
        Self { root: schema, own: schema, target: None }
    }

    fn child(self, own: &'s Value) -> Self {
        let reference = own.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
        Self { root: self.root, own, target: reference.and_then(|pointer| self.root.pointer(pointer)) }
    }

    pub(in crate::input) fn get(self, key: &str) -> Option<&'s Value> {
        self.own.get(key).or_else(|| self.target?.get(key))
    }

    pub(in crate::input) fn text(self, key: &str) -> Option<&'s str> {
        self.get(key).and_then(Value::as_str)
    }

    /// Returns the keys that a table may have, in the order of the raw struct.
    pub(in crate::input) fn properties(self) -> impl Iterator<Item = (&'s str, Self)> {
        let properties = self.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(move |(key, own)| (key.as_str(), self.child(own)))
    }

    pub(in crate::input) fn property(self, key: &str) -> Option<Self> {
        self.get("properties")?.get(key).map(|own| self.child(own))
    }

    /// Returns the schema of keys that the user chooses.
    pub(in crate::input) fn any_key(self) -> Option<Self> {
        self.get("additionalProperties").filter(|own| **own != json!(false)).map(|own| self.child(own))
    }

    pub(in crate::input) fn items(self) -> Option<Self> {
        self.get("items").map(|own| self.child(own))
    }

    pub(in crate::input) fn required(self) -> impl Iterator<Item = &'s str> {
        self.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// Returns whether an expression may stand for the value.
    pub(in crate::input) fn is_formula(self) -> bool {
        self.get("x-formula").is_some()
    }

    /// Returns whether a table must have exactly one of its keys.
    pub(in crate::input) fn is_exactly_one(self) -> bool {
        self.get("maxProperties") == Some(&json!(1)) || self.get("x-besides").is_some()
    }

    /// Returns the keys that may stand beside the one that a table must have.
    pub(in crate::input) fn besides(self) -> Vec<&'s str> {
        let keys = self.get("x-besides").and_then(Value::as_array);
        keys.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Returns the words that are allowed.
    pub(in crate::input) fn choices(self) -> Vec<&'s str> {
        let described = self.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        let plain = self.get("enum").into_iter();
        described
            .flat_map(|choice| choice.get("const").into_iter().chain(choice.get("enum")))
            .chain(plain)
            .flat_map(|choice| choice.as_array().map_or(std::slice::from_ref(choice), Vec::as_slice))
            .filter_map(Value::as_str)
            .collect()
    }

    pub(in crate::input) fn expected(self) -> Expected {
        if let Some(kind) = self.text("x-quantity").and_then(crate::written::quantity::Kind::from_name) {
            return Expected::Quantity(kind);
        }
        if !self.choices().is_empty() {
            return Expected::Choice;
        }
        match self.get("type") {
            Some(Value::Array(types)) if types.contains(&json!("number")) => Expected::NumberOrText,
            Some(Value::Array(_)) => Expected::IntegerOrText,
            Some(Value::String(name)) => match name.as_str() {
                "object" => Expected::Table,
                "array" => Expected::Array,
                "string" => Expected::Text,
                "integer" => Expected::Integer,
                "number" => Expected::Number,
                "boolean" => Expected::Boolean,
                _ => Expected::Anything,
            },
            _ => Expected::Anything,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::machine::raw::RawMachine;
    use crate::input::scenario::raw::RawScenario;

    #[test]
    fn the_schema_knows_no_null_because_toml_has_none() {
        for schema in [of::<RawScenario>("x"), of::<RawMachine>("x")] {
            assert!(!schema.to_string().contains("\"null\""));
        }
    }

    #[test]
    fn short_forms_are_published_as_alternatives() {
        let published = publish(of::<RawScenario>("x"));
        assert!(!published.to_string().contains("x-short-for") && !published.to_string().contains("x-one-or-list"));
        let ranks = &published["$defs"]["RawRun"]["properties"]["ranks"];
        let ranks = if ranks.is_null() { &published["properties"]["run"]["properties"]["ranks"] } else { ranks };
        assert_eq!(ranks["anyOf"][1]["type"], "array");
        assert!(ranks["description"].is_string());
    }

    #[test]
    fn each_default_is_a_value_that_its_key_allows() {
        fn check(schema: View<'_>, depth: usize) {
            for (key, property) in schema.properties().filter(|_| depth < 6) {
                let number = |key| property.get(key).and_then(Value::as_f64);
                match (property.get("default"), property.expected()) {
                    (Some(Value::String(text)), Expected::Quantity(kind)) => {
                        assert_eq!(kind.check(text), Ok(()), "{key}");
                    }
                    (Some(Value::String(word)), Expected::Choice) => {
                        assert!(property.choices().contains(&word.as_str()));
                    }
                    (Some(Value::Number(default)), Expected::Integer | Expected::Number) => {
                        assert!(default.as_f64() >= number("minimum"), "{key}");
                    }
                    _ => {}
                }
                check(property, depth + 1);
            }
        }
        check(View::root(&of::<RawScenario>("x")), 0);
        check(View::root(&of::<RawMachine>("x")), 0);
    }
}
