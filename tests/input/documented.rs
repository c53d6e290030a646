//! The reference pages list every key of the schemas, as the schemas state it.

use std::collections::BTreeMap;

use dlpc_predict::input;
use serde_json::Value;

use crate::files::Folder;

const UPDATE: &str = "replace the rows of the page by these, or correct the doc comments of the raw structs";

/// Rows of the reference table of a schema.
struct Reference<'s> {
    root: &'s Value,
    rows: Vec<String>,
    /// Where the keys of a definition are listed.
    listed: BTreeMap<&'s str, String>,
}

impl<'s> Reference<'s> {
    fn of(root: &'s Value) -> Vec<String> {
        let mut reference = Self { root, rows: Vec::new(), listed: BTreeMap::new() };
        reference.keys_of(root, "");
        reference.rows
    }

    /// Adds the keys of a table, below `path`.
    fn keys_of(&mut self, table: &'s Value, path: &str) {
        let required: Vec<_> = table["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (key, schema) in table["properties"].as_object().into_iter().flatten() {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            self.key(schema, &path, required.contains(&key.as_str()));
        }
    }

    fn key(&mut self, schema: &'s Value, path: &str, is_required: bool) {
        let (target, name) = self.resolve(schema);
        let target = self.long_form(target);
        let (inner, name, inner_path) = self.inner(target, name, path);
        let has_keys =
            inner.get("properties").is_some_and(|keys| keys.as_object().is_some_and(|keys| !keys.is_empty()));
        let elsewhere = name.filter(|_| has_keys).and_then(|name| self.listed.get(name)).cloned();
        let mut meaning = schema["description"].as_str().unwrap_or_default().to_owned();
        if let Some(elsewhere) = &elsewhere {
            meaning = format!("{meaning} Keys as in `{elsewhere}`.");
        }
        meaning.push_str(&choices(target));
        let default = match schema.get("default") {
            Some(default) => format!("`{default}`"),
            None if is_required => "required".to_owned(),
            None => "none".to_owned(),
        };
        self.rows.push(format!("| `{path}` | {} | {default} | {meaning} |", self.kind(schema)));
        if has_keys && elsewhere.is_none() {
            if let Some(name) = name {
                self.listed.insert(name, inner_path.clone());
            }
            self.keys_of(inner, &inner_path);
        }
    }

    /// Returns what a schema refers to, and the name of that definition.
    fn resolve(&self, schema: &'s Value) -> (&'s Value, Option<&'s str>) {
        match schema["$ref"].as_str() {
            Some(name) => (self.root.pointer(&name[1..]).expect("a definition"), Some(name)),
            None => (schema, None),
        }
    }

    /// Returns the table or list of a schema that has a short form too.
    fn long_form(&self, schema: &'s Value) -> &'s Value {
        schema["anyOf"].as_array().and_then(|forms| forms.last()).map_or(schema, |form| self.resolve(form).0)
    }

    /// Returns the table within lists and tables with free keys, with its path.
    fn inner(&self, schema: &'s Value, name: Option<&'s str>, path: &str) -> (&'s Value, Option<&'s str>, String) {
        if let Some(items) = schema.get("items") {
            let (items, name) = self.resolve(items);
            return (items, name, format!("{path}[]"));
        }
        match schema.get("additionalProperties").filter(|inner| inner.is_object()) {
            Some(inner) => {
                let (inner, name) = self.resolve(inner);
                (inner, name, format!("{path}.NAME"))
            }
            None => (schema, name, path.to_owned()),
        }
    }

    /// Returns type, unit and range.
    fn kind(&self, schema: &'s Value) -> String {
        let (target, _) = self.resolve(schema);
        if let Some(forms) = target["anyOf"].as_array() {
            let [short, long] = forms.as_slice() else { panic!("a short and a long form") };
            return match long.get("items") {
                Some(items) if items == short => format!("{}; or a list of these", self.kind(short)),
                _ => format!("{} or {}", self.kind(short), self.kind(long)),
            };
        }
        let is_formula = target["x-formula"] == true;
        let name = match (target["x-quantity"].as_str(), &target["type"]) {
            (Some(quantity), _) if is_formula => format!("{quantity} or expression"),
            (None, _) if is_formula => "integer or expression".to_owned(),
            (Some(quantity), _) => quantity.to_owned(),
            (None, Value::Array(types)) => types.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
            (None, Value::String(name)) if name == "array" => {
                return format!("list of {}", self.kind(&target["items"]));
            }
            (None, Value::String(name)) if name == "object" => "table".to_owned(),
            (None, Value::String(name)) => name.clone(),
            (None, _) => "string".to_owned(),
        };
        name + &range(target)
    }
}

fn range(schema: &Value) -> String {
    if schema.get("minimum").is_some() && schema.get("minimum") == schema.get("maximum") {
        return format!(" {}", schema["minimum"]);
    }
    let bound = |key: &str, words: &str| schema.get(key).map(|bound| format!("{words} {bound}"));
    let bounds =
        [bound("exclusiveMinimum", "above"), bound("minimum", "at least"), bound("maximum", "at most")].into_iter();
    let bounds: Vec<_> = bounds.flatten().collect();
    if bounds.is_empty() { String::new() } else { format!(", {}", bounds.join(", ")) }
}

/// Returns the allowed words with their meaning.
fn choices(schema: &Value) -> String {
    let described = schema["oneOf"].as_array().into_iter().flatten().filter_map(|choice| {
        Some(format!(" `{}`: {}", choice.get("const")?.as_str()?, choice["description"].as_str()?))
    });
    let plain: Vec<_> = schema["enum"].as_array().into_iter().flatten().map(|word| format!("`{word}`")).collect();
    let plain = plain.join(", ").replace('"', "");
    described.chain((!plain.is_empty()).then(|| format!(" One of {plain}."))).collect()
}

fn check(page: &str, schema: &Value) {
    let rows = Reference::of(schema);
    let listed: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).map(ToOwned::to_owned).collect();
    let missing: Vec<_> = rows.iter().filter(|row| !listed.contains(row)).cloned().collect();
    let extra: Vec<_> = listed.iter().filter(|row| !rows.contains(row)).cloned().collect();
    assert!(missing.is_empty(), "missing rows; {UPDATE}:\n{}", missing.join("\n"));
    assert!(extra.is_empty(), "rows of no key; {UPDATE}:\n{}", extra.join("\n"));
}

#[test]
fn every_key_of_a_scenario_is_documented() {
    check(include_str!("../../docs/scenario.md"), &input::scenario_schema());
}

#[test]
fn every_key_of_a_machine_model_is_documented() {
    check(include_str!("../../docs/machine-model.md"), &input::machine_schema());
}

/// Returns the first example of a page.
fn example(page: &str) -> &str {
    let start = page.find("```toml\n").expect("an example") + "```toml\n".len();
    &page[start..start + page[start..].find("```").expect("its end")]
}

#[test]
fn the_examples_of_the_pages_can_be_used() {
    let curve = "ranks,seconds\n1,2.79\n";
    let folder = Folder::good()
        .with("scenarios/x.toml", example(include_str!("../../docs/scenario.md")))
        .with("scenarios/../models/dlpc-2020.toml", example(include_str!("../../docs/machine-model.md")))
        .with("scenarios/measured/dlpc-2020/pi-count.csv", curve)
        .scenario("1..=32", "1..=8");
    folder.loaded();
}
