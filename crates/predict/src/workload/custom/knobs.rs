//! What can be turned of phases: the parameters of their expressions.

use toml_edit::Value;

use super::described::Custom;
use crate::knob::rounded::rounded;
use crate::knob::{DIGITS, Knob, Number, Position, Range, Turned, around, count_around, integer};
use crate::written::expression::{Measure, Units};

/// Before the name of a parameter, in addresses.
const PREFIX: &str = "parameters.";

/// Largest count that a knob goes to.
const COUNT_MAX: f64 = 1e9;

/// Times and sizes in which a parameter is shown, the largest first.
const TIMES: [(&str, f64); 5] = [("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9), ("ps", 1e-12)];
const SIZES: [(&str, f64); 4] = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0)];

/// Returns a knob for each parameter above zero that is a number, a time or a size.
pub(super) fn all(custom: &Custom) -> Vec<Knob> {
    let knob = |(name, measure): (&String, &Measure)| {
        let number = number(*measure)?;
        Some(Knob { id: format!("{PREFIX}{name}").into(), label: name.clone().into(), range: Range::Number(number) })
    };
    custom.parameters.iter().filter_map(knob).collect()
}

pub(super) fn turned(custom: &Custom, knob: &str, to: Position) -> Option<Turned> {
    let name = knob.strip_prefix(PREFIX)?;
    let measure = custom.parameters.get(name)?;
    let number = number(*measure)?;
    let Position::Number(value) = to else { return None };
    let value = match (number.is_whole, number.unit) {
        (true, _) => integer(value),
        (false, "") => Value::from(value),
        (false, unit) => Value::from(format!("{value} {unit}")),
    };
    let mut turned = Turned::new(&["workload", "custom", "parameters"], value);
    turned.keys.push(name.to_owned().into());
    Some(turned)
}

/// Returns the range of a parameter; none if it has no knob.
fn number(Measure { value, units }: Measure) -> Option<Number> {
    if value <= 0.0 {
        return None;
    }
    let (unit, scale) = match units {
        Units::NONE if value.fract() == 0.0 && value < COUNT_MAX => return Some(count_around(value, COUNT_MAX)),
        Units::NONE => ("", 1.0),
        Units::TIME => fitting(&TIMES, value),
        Units::SIZE => fitting(&SIZES, value),
        _ => return None,
    };
    Some(around(unit, rounded(value / scale, DIGITS)))
}

/// Returns the largest unit in which a value is at least one.
fn fitting(units: &[(&'static str, f64)], value: f64) -> (&'static str, f64) {
    let least = units[units.len() - 1];
    units.iter().copied().find(|(_, scale)| *scale <= value * (1.0 + f64::EPSILON)).unwrap_or(least)
}
