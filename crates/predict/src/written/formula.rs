//! Values in files that may depend on the number of ranks and on the parameters of the file: constants or expressions.

use std::borrow::Cow;

use dlpc_engine::units::{Bytes, SimDuration};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};

use super::Spanned;
use super::expression::{Expression, Fault, Lists, Names, Units};
use super::number::NumberOrText;
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
    /// Whether it may be below zero.
    const IS_SIGNED: bool = false;

    /// Returns the value of a number, which is not negative unless it may be.
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
        let whole = whole(number)?;
        if whole > f64::from(COUNT_MAX) {
            return Err(format!("{number} is more than {COUNT_MAX}"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        Ok(Self(whole as u32))
    }
}

/// A whole number: a rank, or one that ranks of a group have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Whole(pub(crate) i64);

impl Countable for Whole {
    const UNITS: Units = Units::NONE;
    const KIND: &'static str = "a number";
    const IS_SIGNED: bool = true;

    fn of(number: f64) -> Result<Self, String> {
        #[expect(clippy::cast_possible_truncation, reason = "saturates, far from any rank")]
        whole(number).map(|whole| Self(whole as i64))
    }
}

/// Whether something holds: any number but zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Truth(pub(crate) bool);

impl Countable for Truth {
    const UNITS: Units = Units::NONE;
    const KIND: &'static str = "a condition";
    const IS_SIGNED: bool = true;

    fn of(number: f64) -> Result<Self, String> {
        Ok(Self(number != 0.0))
    }
}

fn whole(number: f64) -> Result<f64, String> {
    let whole = number.round();
    if is_near(whole, number) { Ok(whole) } else { Err(format!("{number} is no whole number")) }
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
        if measure.value < 0.0 && !Q::IS_SIGNED {
            return Err(worthless(format!("`{text}` is below zero"), "write max(..., 0) around it".to_owned()));
        }
        Q::of(measure.value).map_err(|message| worthless(format!("`{text}`: {message}"), String::new()))
    }

    /// Returns the same with values in the place of names that are known.
    pub(crate) fn folded(&self, names: Names<'_>, lists: Lists<'_>) -> Self {
        match self {
            Self::Constant(value) => Self::Constant(*value),
            Self::Expression(expression, span) => Self::Expression(expression.folded(names, lists), *span),
        }
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
    text.contains(['*', '+', '^', '%', '(', '['])
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

/// Values that are numbers without a unit, and always keep their place.
macro_rules! plain {
    ($kind:ty, $name:literal) => {
        impl<'de> Deserialize<'de> for Formula<$kind> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let Spanned { span, value } = Spanned::<NumberOrText>::deserialize(deserializer)?;
                let expression = match value {
                    NumberOrText::Number(number) => Ok(Expression::of_number(number)),
                    NumberOrText::Text(text) => Expression::parse(&text),
                };
                let expression = expression.map_err(|fault| Error::custom(fault.message))?;
                Ok(Self::Expression(expression, span))
            }
        }

        impl JsonSchema for Formula<$kind> {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": ["integer", "string"], "x-formula": true })
            }
        }
    };
}

plain!(Whole, "whole number or formula");
plain!(Truth, "condition");
