//! Checks one value (no table, no list) against its schema, and words what is wrong with it.

use dlpc_engine::units::UnitError;
use serde_json::Number;

use super::schema::{Expected, View};
use super::tree::{Node, Value};
use crate::written::expression::Expression;
use crate::written::formula::is_expression;
use crate::written::quantity::{self, Kind};

/// The pattern, in JSON Schema, of a text of one line without control characters.
pub(in crate::input) const ONE_LINE: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::input) struct Fault {
    pub(in crate::input) code: &'static str,
    pub(in crate::input) message: String,
    pub(in crate::input) label: String,
    pub(in crate::input) help: String,
}

/// Returns what is wrong with the value of the key `path`; `text` is that of its file.
pub(in crate::input) fn check(path: &str, node: &Node, schema: View<'_>, text: &str) -> Option<Fault> {
    match (schema.expected(), &node.value) {
        (Expected::Quantity(kind), Value::Text(text))
            if schema.is_formula() && kind.check(text).is_err() && is_expression(text) =>
        {
            expression_fault(path, text)
        }
        (Expected::IntegerOrText, Value::Text(text)) if schema.is_formula() => expression_fault(path, text),
        (Expected::NumberOrText, Value::Text(text)) => expression_fault(path, text),
        (Expected::Text | Expected::IntegerOrText, Value::Text(text)) => text_fault(path, text, schema),
        (Expected::Boolean, Value::Boolean(_)) | (Expected::NumberOrText, Value::Integer(_) | Value::Float(_)) => None,
        (Expected::Quantity(kind), Value::Text(text)) => quantity_fault(path, text, kind, schema),
        (Expected::Quantity(kind), Value::Integer(_) | Value::Float(_)) => {
            let number = text.get(node.span.start..node.span.end).unwrap_or_default();
            quantity_fault(path, number, kind, schema)
        }
        (Expected::Choice, Value::Text(word)) => choice_fault(path, word, schema),
        (Expected::Integer | Expected::Number | Expected::IntegerOrText, Value::Integer(integer)) => {
            #[expect(clippy::cast_precision_loss, reason = "only compared with bounds that are floats")]
            let as_float = *integer as f64;
            range_fault(path, &integer.to_string(), schema, |bound| match bound.as_i128() {
                Some(bound) => integer.cmp(&bound),
                None => as_float.total_cmp(&bound.as_f64().unwrap_or(as_float)),
            })
        }
        (Expected::Number, Value::Float(float)) => range_fault(path, &float.to_string(), schema, |bound| {
            let bound = bound.as_f64().unwrap_or(*float);
            float.partial_cmp(&bound).unwrap_or(std::cmp::Ordering::Equal)
        }),
        (Expected::Integer | Expected::IntegerOrText, Value::Float(float)) if float.fract() == 0.0 => {
            Some(Fault { help: format!("write {float}"), ..wrong_type(path, node, schema) })
        }
        (Expected::Integer | Expected::Number, Value::Text(text)) if text.trim().parse::<f64>().is_ok() => {
            Some(Fault { help: format!("write {}, without quotes", text.trim()), ..wrong_type(path, node, schema) })
        }
        _ => Some(wrong_type(path, node, schema)),
    }
}

/// Returns an example of a value as it is written in the file.
pub(in crate::input) fn example(schema: View<'_>) -> Option<String> {
    let examples = schema.get("examples")?.as_array()?;
    examples.first().map(ToString::to_string)
}

/// Returns the known word that `word` is most likely a slip of.
pub(in crate::input) fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let distance = |candidate: &str| strsim::damerau_levenshtein(&word.to_lowercase(), candidate);
    let candidate = known.iter().copied().min_by_key(|candidate| distance(candidate))?;
    (distance(candidate) <= candidate.chars().count().max(3) / 3).then_some(candidate)
}

fn wrong_type(path: &str, node: &Node, schema: View<'_>) -> Fault {
    let expected = description(schema);
    Fault {
        code: "wrong_type",
        message: format!("`{path}` is {}, not {expected}", node.kind()),
        label: format!("expected {expected}"),
        help: String::new(),
    }
}

fn description(schema: View<'_>) -> String {
    let short = schema.text("x-short-for").and_then(|key| schema.property(key));
    match schema.expected() {
        Expected::Table => match short {
            Some(short) => format!("{} or a table", description(short)),
            None => "a table".to_owned(),
        },
        Expected::Array => "an array".to_owned(),
        Expected::Text => "a string".to_owned(),
        Expected::Quantity(kind) if schema.is_formula() => format!("a {} with its unit, or an expression", kind.name()),
        Expected::Quantity(kind) => format!("a {} with its unit", kind.name()),
        Expected::Choice => format!("one of {}", quoted(&schema.choices())),
        Expected::Integer => "an integer".to_owned(),
        Expected::Number => "a number".to_owned(),
        Expected::Boolean => "true or false".to_owned(),
        Expected::IntegerOrText if schema.is_formula() => "an integer or an expression".to_owned(),
        Expected::IntegerOrText => "an integer or a string".to_owned(),
        Expected::NumberOrText => "a number or a quantity".to_owned(),
        Expected::Anything => "a value".to_owned(),
    }
}

/// Returns the fault of a text that a terminal would obey, or of a name of several lines: one whose schema has a pattern.
fn text_fault(path: &str, text: &str, schema: View<'_>) -> Option<Fault> {
    let is_one_line = schema.get("pattern").is_some();
    let is_allowed = |symbol: char| !is_one_line && matches!(symbol, '\n' | '\r' | '\t');
    let symbol = text.chars().find(|symbol| symbol.is_control() && !is_allowed(*symbol))?;
    Some(Fault {
        code: "control_character",
        message: format!("`{path}` has a control character, U+{:04X}", u32::from(symbol)),
        label: String::new(),
        help: match symbol {
            '\n' | '\r' => "write it in one line".to_owned(),
            _ => "write it in characters that can be seen".to_owned(),
        },
    })
}

/// Returns the fault of an expression that cannot be read.
fn expression_fault(path: &str, text: &str) -> Option<Fault> {
    let fault = Expression::parse(text).err()?;
    let part = &text[fault.at];
    Some(Fault {
        code: "not_an_expression",
        message: format!("`{path}`: {}", fault.message),
        label: if part.trim().is_empty() { String::new() } else { format!("at `{part}`") },
        help: fault.help,
    })
}

fn quantity_fault(path: &str, text: &str, kind: Kind, schema: View<'_>) -> Option<Fault> {
    let error = kind.check(text).err()?;
    Some(Fault {
        code: quantity::code(&error),
        message: format!("`{path}`: {error}"),
        label: match quantity::code(&error) {
            "out_of_range" => String::new(),
            _ => format!("expected a {} with its unit", kind.name()),
        },
        help: match (&error, usual_unit(schema)) {
            (UnitError::MissingUnit { text, .. }, Some(unit)) => {
                format!("append one, for instance \"{} {unit}\"", text.trim())
            }
            _ => error.help(),
        },
    })
}

/// Returns the unit of the example or default of a quantity.
fn usual_unit(schema: View<'_>) -> Option<&str> {
    let example = schema.get("examples").and_then(|examples| examples.get(0)).or(schema.get("default"));
    example?.as_str()?.split(' ').nth(1)
}

fn choice_fault(path: &str, word: &str, schema: View<'_>) -> Option<Fault> {
    let choices = schema.choices();
    if choices.contains(&word) {
        return None;
    }
    Some(Fault {
        code: "unknown_choice",
        message: format!("`{path}` is \"{word}\", not one of {}", quoted(&choices)),
        label: match nearest(word, &choices) {
            Some(choice) => format!("did you mean \"{choice}\"?"),
            None => String::new(),
        },
        help: String::new(),
    })
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

/// Compares with the bounds of the schema; `compare` compares the value with one.
fn range_fault(
    path: &str,
    value: &str,
    schema: View<'_>,
    compare: impl Fn(&Number) -> std::cmp::Ordering,
) -> Option<Fault> {
    let bound = |key| schema.get(key).and_then(serde_json::Value::as_number);
    let format_max = match schema.text("format") {
        Some("uint32") => Some(Number::from(u32::MAX)),
        _ => None,
    };
    let above = bound("exclusiveMinimum").filter(|bound| compare(bound).is_le());
    let least = bound("minimum").filter(|bound| compare(bound).is_lt());
    let most = bound("maximum").or(format_max.as_ref()).filter(|bound| compare(bound).is_gt());
    let expected = match (above, least, most) {
        (Some(bound), _, _) => format!("above {bound}"),
        (_, Some(bound), _) => format!("at least {bound}"),
        (_, _, Some(bound)) => format!("at most {bound}"),
        (None, None, None) => return None,
    };
    Some(Fault {
        code: "out_of_range",
        message: format!("`{path}` is {value}, not {expected}"),
        label: format!("expected {expected}"),
        help: String::new(),
    })
}
