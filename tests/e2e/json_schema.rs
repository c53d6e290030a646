//! Checks JSON against the printed JSON Schemas, as far as they use the language; another keyword is a panic.

use serde_json::Value;

/// Keywords that say nothing about which values are valid.
const ANNOTATIONS: [&str; 10] = [
    "$schema",
    "$defs",
    "title",
    "description",
    "default",
    "examples",
    "format",
    "x-besides",
    "x-formula",
    "x-quantity",
];

/// Returns what is wrong with `value`, place by place.
pub(crate) fn problems(schema: &Value, value: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    check(schema, schema, value, "", &mut problems);
    problems
}

fn check(root: &Value, schema: &Value, value: &Value, path: &str, problems: &mut Vec<String>) {
    let schema = match schema {
        Value::Bool(true) => return,
        Value::Object(schema) => schema,
        _ => panic!("{schema} at {path} is no schema"),
    };
    for (keyword, rule) in schema {
        if let Some(problem) = broken(root, keyword, rule, value, path, problems) {
            problems.push(format!("{path}: {value} against {keyword} {problem}"));
        }
    }
    let known = |key: &str| schema.get("properties").and_then(|keys| keys.get(key));
    for (key, value) in value.as_object().into_iter().flatten() {
        let path = format!("{path}/{key}");
        match (known(key), schema.get("additionalProperties")) {
            (None, Some(Value::Bool(false))) => problems.push(format!("{path}: unknown key")),
            (Some(schema), _) | (None, Some(schema)) => check(root, schema, value, &path, problems),
            (None, None) => {}
        }
    }
    if let Some(items) = schema.get("items") {
        for (i, value) in value.as_array().into_iter().flatten().enumerate() {
            check(root, items, value, &format!("{path}/{i}"), problems);
        }
    }
}

/// Returns the rule if `value` breaks it.
fn broken(
    root: &Value,
    keyword: &str,
    rule: &Value,
    value: &Value,
    path: &str,
    problems: &mut Vec<String>,
) -> Option<String> {
    let number = |is_right: fn(f64, f64) -> bool| {
        value.as_f64().is_none_or(|value| is_right(value, rule.as_f64().expect("a number")))
    };
    let length = |value: Option<usize>, is_right: fn(u64, u64) -> bool| {
        value.is_none_or(|n| is_right(n as u64, rule.as_u64().expect("a length")))
    };
    let items = value.as_array().map(Vec::len);
    let keys = value.as_object().map(serde_json::Map::len);
    let is_kept = match keyword {
        "$ref" => {
            let pointer = rule.as_str().and_then(|rule| rule.strip_prefix('#')).expect("a reference within the schema");
            check(root, root.pointer(pointer).expect("what is referred to"), value, path, problems);
            true
        }
        "type" => match rule {
            Value::Array(names) => names.iter().any(|name| is_of_type(name, value)),
            name => is_of_type(name, value),
        },
        "pattern" => {
            let pattern = regex_lite::Regex::new(rule.as_str().expect("a pattern")).expect("a pattern");
            value.as_str().is_none_or(|text| pattern.is_match(text))
        }
        "const" => value == rule,
        "enum" => rule.as_array().expect("a list").contains(value),
        "anyOf" => rule.as_array().expect("a list").iter().any(|schema| is_valid(root, schema, value)),
        "oneOf" => rule.as_array().expect("a list").iter().filter(|schema| is_valid(root, schema, value)).count() == 1,
        "required" => rule
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_str)
            .all(|key| value.as_object().is_none_or(|table| table.contains_key(key))),
        "minimum" => number(|value, bound| value >= bound),
        "maximum" => number(|value, bound| value <= bound),
        "exclusiveMinimum" => number(|value, bound| value > bound),
        "minItems" => length(items, |n, bound| n >= bound),
        "maxItems" => length(items, |n, bound| n <= bound),
        "minProperties" => length(keys, |n, bound| n >= bound),
        "maxProperties" => length(keys, |n, bound| n <= bound),
        "properties" | "additionalProperties" | "items" => true,
        keyword => {
            assert!(ANNOTATIONS.contains(&keyword), "unknown keyword {keyword} at {path}");
            true
        }
    };
    (!is_kept).then(|| rule.to_string())
}

fn is_valid(root: &Value, schema: &Value, value: &Value) -> bool {
    let mut problems = Vec::new();
    check(root, schema, value, "", &mut problems);
    problems.is_empty()
}

fn is_of_type(name: &Value, value: &Value) -> bool {
    match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some("number") => value.is_number(),
        Some("integer") => value.as_f64().is_some_and(|value| value.fract() == 0.0),
        _ => panic!("{name} is no type"),
    }
}

#[test]
fn what_breaks_a_schema_is_found() {
    let schema = serde_json::json!({
        "type": "object",
        "required": ["a"],
        "properties": { "a": { "$ref": "#/$defs/count" }, "b": { "enum": ["x", "y"] } },
        "additionalProperties": false,
        "$defs": { "count": { "type": "integer", "minimum": 1 } },
    });
    let n_problems = |value: Value| problems(&schema, &value).len();
    assert_eq!(n_problems(serde_json::json!({ "a": 1, "b": "x" })), 0);
    assert_eq!(n_problems(serde_json::json!({ "a": 0, "b": "z", "c": 1 })), 3);
    assert_eq!(n_problems(serde_json::json!({ "b": "x" })), 1);
    assert_eq!(n_problems(serde_json::json!([])), 1);
}
