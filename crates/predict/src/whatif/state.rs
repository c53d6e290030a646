//! Positions of knobs, and how an address says them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::refusal::Refusal;
use crate::knob::{Choice, Knob, Number, Position, Range};

/// Positions of the knobs that do not stand as in the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    positions: BTreeMap<Cow<'static, str>, Position>,
}

impl State {
    /// Reads a query: `ranks=8&dispatch=first-free`. What is named twice has its last value.
    pub(super) fn parse(query: &str, knobs: &[Knob]) -> Result<Self, Refusal> {
        let mut state = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let knob = knobs.iter().find(|knob| knob.id == name).ok_or_else(|| unknown(name, knobs))?;
            let position = position(knob, value)?;
            if is_as_in_file(knob, position) {
                state.positions.remove(&knob.id);
            } else {
                state.positions.insert(knob.id.clone(), position);
            }
        }
        Ok(state)
    }

    /// Returns the query that says this state; empty if all knobs stand as in the file. Equal states have equal queries.
    #[must_use]
    pub fn query(&self) -> String {
        let pairs = self.positions.iter().map(|(id, position)| match position {
            Position::Number(value) => format!("{id}={value}"),
            Position::Word(word) => format!("{id}={word}"),
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    /// Returns the number that a knob was turned to.
    pub(super) fn number(&self, id: &str) -> Option<f64> {
        match self.positions.get(id)? {
            Position::Number(value) => Some(*value),
            Position::Word(_) => None,
        }
    }

    /// Returns the count that a knob was turned to.
    pub(super) fn count(&self, id: &str) -> Option<u64> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "knobs of counts are whole and bounded"
        )]
        self.number(id).map(|value| value as u64)
    }

    /// Returns the knobs that were turned, with where they stand.
    pub(super) fn positions(&self) -> impl Iterator<Item = (&str, Position)> {
        self.positions.iter().map(|(id, position)| (id.as_ref(), *position))
    }
}

fn is_as_in_file(knob: &Knob, position: Position) -> bool {
    match (&knob.range, position) {
        (Range::Number(number), Position::Number(value)) => value.total_cmp(&number.value).is_eq(),
        (Range::Choice(choice), Position::Word(word)) => choice.value == word,
        (Range::Number(_), Position::Word(_)) | (Range::Choice(_), Position::Number(_)) => false,
    }
}

fn position(knob: &Knob, value: &str) -> Result<Position, Refusal> {
    let position = match &knob.range {
        Range::Number(number) => number_of(number, value).map(Position::Number),
        Range::Choice(choice) => word_of(choice, value).map(Position::Word),
    };
    position.ok_or_else(|| Refusal::OutOfRange {
        label: knob.label.clone(),
        value: shortened(value),
        expected: match &knob.range {
            Range::Number(number) => expected(number),
            Range::Choice(choice) => {
                let words: Vec<&str> = choice.options.iter().map(|(word, _)| *word).collect();
                format!("it is {}", words.join(" or "))
            }
        },
    })
}

fn number_of(number: &Number, value: &str) -> Option<f64> {
    let parsed: f64 = value.parse().ok()?;
    let is_right = number.low <= parsed && parsed <= number.high && (!number.is_whole || parsed.fract() == 0.0);
    is_right.then_some(parsed)
}

fn word_of(choice: &Choice, value: &str) -> Option<&'static str> {
    choice.options.iter().map(|(word, _)| *word).find(|word| *word == value)
}

fn expected(number: &Number) -> String {
    let kind = if number.is_whole { "a whole number" } else { "a number" };
    let unit = if number.unit.is_empty() { String::new() } else { format!(" {}", number.unit) };
    format!("it is {kind} between {} and {}{unit}", number.low, number.high)
}

fn unknown(name: &str, knobs: &[Knob]) -> Refusal {
    let known: Vec<&str> = knobs.iter().map(|knob| knob.id.as_ref()).collect();
    Refusal::Unknown { name: shortened(name), known: known.join(", ") }
}

/// Returns as much of a foreign text as belongs into a message.
fn shortened(text: &str) -> String {
    text.chars().filter(|symbol| !symbol.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knobs() -> Vec<Knob> {
        let number = Number { unit: "", low: 1.0, high: 256.0, value: 32.0, is_whole: true, is_logarithmic: false };
        let options = &[("rounds", "in rounds"), ("first-free", "to the first free worker")];
        vec![
            Knob { id: "ranks".into(), label: "Ranks".into(), range: Range::Number(number) },
            Knob {
                id: "dispatch".into(),
                label: "Log files go".into(),
                range: Range::Choice(Choice { options, value: "rounds" }),
            },
        ]
    }

    fn refusal(query: &str) -> String {
        State::parse(query, &knobs()).expect_err("refused").to_string()
    }

    #[test]
    fn a_query_says_what_differs_from_the_file() {
        let state = State::parse("dispatch=first-free&ranks=8", &knobs()).expect("a state");
        let dispatch = state.positions().find(|(id, _)| *id == "dispatch");
        assert_eq!((state.count("ranks"), dispatch), (Some(8), Some(("dispatch", Position::Word("first-free")))));
        assert_eq!(state.query(), "dispatch=first-free&ranks=8");
        assert_eq!(State::parse("ranks=32&&dispatch=rounds", &knobs()).expect("a state"), State::default());
    }

    #[test]
    fn the_last_of_two_values_counts() {
        assert_eq!(State::parse("ranks=8&ranks=32", &knobs()).expect("a state").query(), "");
    }

    #[test]
    fn what_is_out_of_range_is_refused_with_the_range() {
        for value in ["1000000000", "0", "-1", "2.5", "NaN", "inf", "", "8x", "1e400"] {
            assert!(refusal(&format!("ranks={value}")).ends_with("it is a whole number between 1 and 256"), "{value}");
        }
        assert_eq!(refusal("dispatch=%3Cb"), "Log files go cannot be `%3Cb`: it is rounds or first-free");
    }

    #[test]
    fn what_is_no_knob_is_refused_with_the_knobs() {
        assert_eq!(refusal("darts=1"), "there is no knob `darts`; those of this scenario are ranks, dispatch");
        assert!(refusal(&"x".repeat(10_000)).len() < 200);
    }
}
