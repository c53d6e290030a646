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

#[cfg(test)]
mod tests {
    use super::*;

    /// 60 ns, 1 MB and 0.5: twice as much of each; a plate of 1024 is a count.
    #[test]
    fn a_parameter_is_turned_in_the_unit_in_which_people_write_it() {
        let measure = |value, seconds, bytes| Measure { value, units: Units { seconds, bytes } };
        let parameters = [
            ("n", measure(1024.0, 0, 0)),
            ("share", measure(0.5, 0, 0)),
            ("t", measure(60e-9, 1, 0)),
            ("block", measure(1e6, 0, 1)),
            ("rate", measure(1e6, -1, 1)),
            ("none", measure(0.0, 0, 0)),
        ];
        let parameters = parameters.map(|(name, measure)| (name.to_owned(), measure)).into();
        let custom = Custom { parameters, ..Custom::default() };
        let ids: Vec<String> = all(&custom).iter().map(|knob| knob.id.to_string()).collect();
        assert_eq!(ids, ["parameters.block", "parameters.n", "parameters.share", "parameters.t"]);
        let says = |name: &str, to: f64| {
            let Turned { keys, value } =
                turned(&custom, &format!("parameters.{name}"), Position::Number(to)).expect("a knob");
            (keys.join("."), value.to_string())
        };
        let key = |name: &str| format!("workload.custom.parameters.{name}");
        assert_eq!(says("n", 2048.0), (key("n"), "2048".to_owned()));
        assert_eq!(says("share", 1.0), (key("share"), "1.0".to_owned()));
        assert_eq!(says("t", 120.0), (key("t"), "\"120 ns\"".to_owned()));
        assert_eq!(says("block", 2.0), (key("block"), "\"2 MB\"".to_owned()));
        assert!(turned(&custom, "ranks", Position::Number(3.0)).is_none());
    }
}
