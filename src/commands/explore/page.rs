//! From the what-if to what the page shows of it.

use dlpc_predict::whatif::{Answer, Knob, Range, WhatIf};
use dlpc_report::html::live;

/// Returns the knobs as the page takes them.
pub(super) fn knobs(knobs: &[Knob]) -> Vec<live::Knob> {
    knobs
        .iter()
        .map(|knob| live::Knob { id: knob.id.to_string(), label: knob.label.to_string(), range: range(&knob.range) })
        .collect()
}

fn range(range: &Range) -> live::Range {
    match range {
        Range::Number(number) => live::Range::Number {
            unit: number.unit,
            low: number.low,
            high: number.high,
            value: number.value,
            is_whole: number.is_whole,
            is_logarithmic: number.is_logarithmic,
        },
        Range::Choice(choice) => live::Range::Choice { options: choice.options, value: choice.value },
    }
}

/// Returns an answer as the page takes it.
pub(super) fn state<'a>(whatif: &'a WhatIf, answer: &'a Answer, query: &'a str) -> live::State<'a> {
    live::State {
        query,
        curve: &answer.prediction.curve,
        measured: whatif.base().measured.as_ref().map(|measured| &measured.measurement),
        comparison: whatif.comparison(),
        keep_up: answer.keep_up,
        notes: &answer.notes,
        warnings: &answer.prediction.warnings,
    }
}
