//! What can be turned of `pi`.

use super::{Pi, Returns};
use crate::knob::{Choice, Knob, Position, Range, Turned, count_around, integer};

/// Most darts that a scenario may have.
const DARTS_MAX: f64 = 1e15;

pub(super) fn all(pi: &Pi) -> Vec<Knob> {
    #[expect(clippy::cast_precision_loss, reason = "at most 10^15 darts")]
    let darts = pi.darts as f64;
    let knob = Knob { id: "darts".into(), label: "Darts".into(), range: Range::Number(count_around(darts, DARTS_MAX)) };
    let value = match pi.returns {
        Returns::Count => return vec![knob],
        Returns::Coordinates(_) => "coordinates",
    };
    let options = &[("count", "the count only"), ("coordinates", "every coordinate")];
    vec![
        knob,
        Knob {
            id: "returns".into(),
            label: "Each rank returns".into(),
            range: Range::Choice(Choice { options, value }),
        },
    ]
}

pub(super) fn turned(knob: &str, to: Position) -> Option<Turned> {
    match (knob, to) {
        ("darts", Position::Number(darts)) => Some(Turned::new(&["workload", "pi", "darts"], integer(darts))),
        ("returns", Position::Word(word)) => Some(Turned::new(&["workload", "pi", "returns"], word)),
        _ => None,
    }
}
