//! Values of keys as the ticks of an axis say them.

use dlpc_engine::units::{Unit, significant};

use dlpc_predict::sweep::Level;

/// Returns a value as a tick says it: with three digits, if it is a number with a unit.
pub(super) fn tick_label(level: &Level, unit: Option<Unit>) -> String {
    match (level.number, unit) {
        (Some(number), Some(Unit::One)) => significant(number, 7),
        (Some(number), Some(unit)) => {
            let (value, name) = level.text.split_once(' ').unwrap_or((level.text.as_str(), ""));
            match value.parse::<f64>() {
                Ok(value) if !name.is_empty() => format!("{} {name}", significant(value, 3)),
                _ => unit.text(number),
            }
        }
        _ => level.text.clone(),
    }
}
