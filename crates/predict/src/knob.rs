//! Knobs: what of an experiment can be turned, how far, and where it stands.

pub(crate) mod rounded;

use std::borrow::Cow;

use toml_edit::Value;

use self::rounded::{rounded, rounded_down, rounded_up};

/// Something that can be turned.
#[derive(Debug, Clone, PartialEq)]
pub struct Knob {
    /// Name in addresses.
    pub id: Cow<'static, str>,
    /// Name on the page.
    pub label: Cow<'static, str>,
    /// What it can be, and what it is in the file.
    pub range: Range,
}

/// What a knob can be, and what it is in the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Range {
    /// A number.
    Number(Number),
    /// One of several words.
    Choice(Choice),
}

/// A number that can be turned.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// Unit, for instance `Mbit/s`.
    pub unit: &'static str,
    /// Least value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
    /// Value in the file, without the errors of floating-point numbers.
    pub value: f64,
    /// Whether it is a count.
    pub is_whole: bool,
    /// Whether equal steps of the slider are equal factors.
    pub is_logarithmic: bool,
}

/// A word that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Words of the file format, with what they mean.
    pub options: &'static [(&'static str, &'static str)],
    /// Word in the file.
    pub value: &'static str,
}

/// Position of a knob.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Position {
    /// Of a number.
    Number(f64),
    /// Of a choice.
    Word(&'static str),
}

/// What a scenario file says where a knob is turned.
#[derive(Debug, Clone)]
pub(crate) struct Turned {
    /// The key, with the tables on the way to it.
    pub(crate) keys: Vec<Cow<'static, str>>,
    /// What it says.
    pub(crate) value: Value,
}

impl Turned {
    pub(crate) fn new(keys: &[&'static str], value: impl Into<Value>) -> Self {
        Self { keys: keys.iter().map(|key| Cow::Borrowed(*key)).collect(), value: value.into() }
    }
}

/// How far physical quantities go, as factors of their value in the file.
const FACTOR: f64 = 20.0;
/// Significant digits of the ends of a knob.
const DIGITS_OF_ENDS: usize = 2;
/// Significant digits of the value in the file: all that a person writes.
pub(crate) const DIGITS_OF_VALUE: usize = 9;
/// Significant digits of values that are computed from others: more than any is known to.
pub(crate) const DIGITS: usize = 12;
/// Largest time of a knob whose time in the file is zero, in seconds.
const SECONDS: f64 = 10.0;

/// A time that may be zero.
pub(crate) fn from_zero(id: &'static str, label: &'static str, seconds: f64) -> Knob {
    let value = rounded(seconds, DIGITS_OF_VALUE);
    let high = rounded_down(FACTOR * value, DIGITS_OF_ENDS).max(SECONDS);
    let number = Number { unit: "s", low: 0.0, high, value, is_whole: false, is_logarithmic: false };
    Knob { id: id.into(), label: label.into(), range: Range::Number(number) }
}

/// A count that may be some times as large or as small, at most `most`.
pub(crate) fn count_around(value: f64, most: f64) -> Number {
    let (low, high) = ends_around(value);
    let (low, high) = (low.ceil(), high.floor().min(most));
    Number { unit: "", low, high, value, is_whole: true, is_logarithmic: true }
}

/// Returns the ends of a quantity that goes some times as far up and down: short numbers within that range.
fn ends_around(value: f64) -> (f64, f64) {
    (rounded_up(value / FACTOR, DIGITS_OF_ENDS), rounded_down(value * FACTOR, DIGITS_OF_ENDS))
}

/// A count from one to `high`, or to what it is.
pub(crate) fn whole(id: &'static str, label: &'static str, unit: &'static str, value: f64, high: f64) -> Knob {
    let high = high.max(value);
    let number = Number { unit, low: 1.0, high, value, is_whole: true, is_logarithmic: 128.0 < high };
    Knob { id: id.into(), label: label.into(), range: Range::Number(number) }
}

/// A quantity that may be some times as large or as small.
pub(crate) fn factor(id: &'static str, label: &'static str, unit: &'static str, value: f64) -> Knob {
    Knob { id: id.into(), label: label.into(), range: Range::Number(around(unit, value)) }
}

/// Returns the range of a quantity that may be some times as large or as small.
pub(crate) fn around(unit: &'static str, value: f64) -> Number {
    let value = rounded(value, DIGITS_OF_VALUE);
    let (low, high) = ends_around(value);
    Number { unit, low, high, value, is_whole: false, is_logarithmic: true }
}

/// Returns the position of a count as files have it.
pub(crate) fn integer(count: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "knobs of counts are whole and bounded")]
    Value::from(count as i64)
}
