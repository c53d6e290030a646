//! Values in files that may depend on the number of ranks and on the parameters of the file: constants or expressions.

use std::borrow::Cow;
use std::fmt;

use dlpc_engine::units::{Bytes, SimDuration};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::Spanned;
use super::expression::{Expression, Fault, Names, Units};
use super::quantity::InFile;
use crate::diagnostic::Span;

/// Most repeats of a phase.
pub(crate) const COUNT_MAX: u32 = 1_000_000_000;

/// A constant, or an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Formula<Q> {
    /// The same on all rank counts.
    Constant(Q),
    /// An expression with its place in the file.
    Expression(Expression, Span),
}

/// Why a formula has no value, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Worthless {
    /// The whole value in the file.
    pub(crate) span: Span,
    /// What is wrong, with the expression.
    pub(crate) message: String,
    /// What to write instead; may be empty.
    pub(crate) help: String,
}

/// What an expression can be the value of.
pub(crate) trait Countable: Copy {
    /// The units of its expressions.
    const UNITS: Units;
    /// Its name, with an article.
    const KIND: &'static str;

    /// Returns the value of a number that is not negative.
    ///
    /// # Errors
    /// What is wrong with the number.
    fn of(number: f64) -> Result<Self, String>;
}

impl Countable for SimDuration {
    const UNITS: Units = Units::TIME;
    const KIND: &'static str = "a time";

    fn of(seconds: f64) -> Result<Self, String> {
        let time = Self::from_seconds_ceil(seconds);
        if time < Self::MAX { Ok(time) } else { Err(format!("{seconds} s are more than 213 days")) }
    }
}

impl Countable for Bytes {
    const UNITS: Units = Units::SIZE;
    const KIND: &'static str = "a size";

    /// Parts of a byte are rounded up.
    fn of(bytes: f64) -> Result<Self, String> {
        if bytes >= 9.2e18 {
            return Err(format!("{bytes:e} B are more than 9 EB"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        Ok(Self(up(bytes) as u64))
    }
}

/// How often something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) u32);

impl Countable for Count {
    const UNITS: Units = Units::NONE;
    const KIND: &'static str = "a count";

    fn of(number: f64) -> Result<Self, String> {
        let whole = number.round();
        if !is_near(whole, number) {
            return Err(format!("{number} is no whole number"));
        }
        if whole > f64::from(COUNT_MAX) {
            return Err(format!("{number} is more than {COUNT_MAX}"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        Ok(Self(whole as u32))
    }
}

/// Returns the next whole number that is not below, up to the rounding of a product.
fn up(number: f64) -> f64 {
    if is_near(number.round(), number) { number.round() } else { number.ceil() }
}

fn is_near(whole: f64, number: f64) -> bool {
    (whole - number).abs() <= 8.0 * f64::EPSILON * number.abs()
}

impl<Q: Countable> Formula<Q> {
    /// Returns its value.
    ///
    /// # Errors
    /// Why the expression has none.
    pub(crate) fn value(&self, names: Names<'_>) -> Result<Q, Worthless> {
        let (expression, span) = match self {
            Self::Constant(value) => return Ok(*value),
            Self::Expression(expression, span) => (expression, *span),
        };
        let worthless = |message: String, help: String| Worthless { span, message, help };
        let measure = expression.value(names).map_err(|Fault { at, message, help }| {
            let part = &expression.text()[at];
            worthless(format!("`{part}`: {message}"), help)
        })?;
        let text = expression.text();
        if measure.units != Q::UNITS {
            let help = format!("write an expression that is {}", Q::KIND);
            return Err(worthless(format!("`{text}` is {}, not {}", measure.units, Q::KIND), help));
        }
        if measure.value < 0.0 {
            return Err(worthless(format!("`{text}` is below zero"), "write max(..., 0) around it".to_owned()));
        }
        Q::of(measure.value).map_err(|message| worthless(format!("`{text}`: {message}"), String::new()))
    }

    /// Returns the expression and its place, if it is one.
    pub(crate) fn expression(&self) -> Option<(&Expression, Span)> {
        match self {
            Self::Constant(_) => None,
            Self::Expression(expression, span) => Some((expression, *span)),
        }
    }
}

/// Returns whether a text is meant as an expression, and not as a quantity.
pub(crate) fn is_expression(text: &str) -> bool {
    text.contains(['*', '+', '^', '%', '('])
        || text.trim_start().starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        || text.matches('/').count() > 0
}

impl<'de, Q: InFile> Deserialize<'de> for Formula<Q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Spanned::<String>::deserialize(deserializer)?;
        if let Ok(value) = Q::parse(&text.value) {
            return Ok(Self::Constant(value));
        }
        let expression = Expression::parse(&text.value).map_err(|fault| Error::custom(fault.message))?;
        Ok(Self::Expression(expression, text.span))
    }
}

impl<Q: InFile> JsonSchema for Formula<Q> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{} or formula", Q::KIND.name()).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = Q::KIND.schema();
        schema.insert("x-formula".to_owned(), true.into());
        schema
    }
}

impl<'de> Deserialize<'de> for Formula<Count> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { span, value } = Spanned::<NumberOrText>::deserialize(deserializer)?;
        match value {
            NumberOrText::Number(number) => Count::of(number).map(Self::Constant).map_err(Error::custom),
            NumberOrText::Text(text) => {
                let expression = Expression::parse(&text).map_err(|fault| Error::custom(fault.message))?;
                Ok(Self::Expression(expression, span))
            }
        }
    }
}

impl JsonSchema for Formula<Count> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "count or formula".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "x-formula": true, "minimum": 1, "maximum": COUNT_MAX })
    }
}

/// A number, or text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NumberOrText {
    Number(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for NumberOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrTextVisitor)
    }
}

struct NumberOrTextVisitor;

impl Visitor<'_> for NumberOrTextVisitor {
    type Value = NumberOrText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or text")
    }

    #[expect(clippy::cast_precision_loss, reason = "whole numbers beyond 2^53 are no counts")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<NumberOrText, E> {
        Ok(NumberOrText::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "whole numbers beyond 2^53 are no counts")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<NumberOrText, E> {
        Ok(NumberOrText::Number(number as f64))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<NumberOrText, E> {
        Ok(NumberOrText::Number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<NumberOrText, E> {
        Ok(NumberOrText::Text(text.to_owned()))
    }
}

impl JsonSchema for NumberOrText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "number or quantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["number", "string"], "examples": [8192] })
    }
}
