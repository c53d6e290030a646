//! The live page: knobs, and the charts that follow them.

use maud::{Markup, html};
use serde::Serialize;

use super::document::{self, Content, Scripts};
use super::numbers::{self, Numbers};
use super::{answer, sections, tables};
use crate::sentence;
use dlpc_predict::analysis::Curve;
use dlpc_predict::analysis::accuracy::Comparison;
use dlpc_predict::analysis::advice::{Rule, recommend};
use dlpc_predict::explanation::InTheory;
use dlpc_predict::measurement::Measurement;

/// A knob of the page.
#[derive(Debug, Clone, Serialize)]
pub struct Knob {
    /// Name in addresses.
    pub id: String,
    /// Name on the page.
    pub label: String,
    /// What it can be.
    pub range: Range,
}

/// What a knob can be, and what it is in the file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// A number.
    Number {
        /// Unit, for instance `Mbit/s`.
        unit: &'static str,
        /// Least value.
        low: f64,
        /// Largest value.
        high: f64,
        /// Value in the file.
        value: f64,
        /// Whether it is a count.
        is_whole: bool,
        /// Whether equal steps of the slider are equal factors.
        is_logarithmic: bool,
    },
    /// One of several words.
    Choice {
        /// Words, with what they mean.
        options: &'static [(&'static str, &'static str)],
        /// Word in the file.
        value: &'static str,
    },
}

/// The answer to one state of the knobs.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// The query that says the state.
    pub query: &'a str,
    /// The prediction.
    pub curve: &'a Curve,
    /// Measured runs of the file as it stands.
    pub measured: Option<&'a Measurement>,
    /// The prediction of the file as it stands against them.
    pub comparison: Option<&'a Comparison>,
    /// Least rank counts that keep up with the producer of a log stream.
    pub keep_up: Option<InTheory>,
    /// What the page should say of the state.
    pub notes: &'a [String],
    /// Reasons to doubt the result.
    pub warnings: &'a [String],
}

/// What the page needs besides the answer.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Title of the scenario.
    pub title: &'a str,
    /// Title of the machine model.
    pub machine: &'a str,
    /// What a saved scenario is called.
    pub saved_name: &'a str,
    /// The knobs.
    pub knobs: &'a [Knob],
    /// Why the state of the address is not shown.
    pub problem: Option<&'a str>,
}

#[derive(Serialize)]
struct Answer<'a> {
    query: &'a str,
    #[serde(rename = "answer")]
    sentence: String,
    advice: Vec<String>,
    notes: &'a [String],
    warnings: &'a [String],
    numbers: Numbers,
    curve_table: String,
    breakdown_table: String,
}

#[derive(Serialize)]
struct Everything<'a> {
    knobs: &'a [Knob],
    state: Answer<'a>,
}

/// Returns the answer as the page's script takes it, in JSON.
///
/// # Panics
/// Never: all keys are strings.
#[must_use]
pub fn answer(state: &State<'_>) -> String {
    serde_json::to_string(&answer_of(state)).expect("invariant: keys are strings and nothing fails to serialize")
}

/// Returns a refusal as the page's script takes it, in JSON.
#[must_use]
pub fn refusal(problem: &str) -> String {
    serde_json::json!({ "problem": problem }).to_string()
}

/// Returns the page in a state.
#[must_use]
pub fn page(page: &Page<'_>, state: &State<'_>) -> String {
    let numbers = Everything { knobs: page.knobs, state: answer_of(state) };
    let question = format!("What if it were different? Turn a knob. The cluster: {}.", page.machine);
    let body = html! {
        (sections::head("What if", page.title, &question, &numbers.state.sentence))
        (advice(&numbers.state.advice))
        div.problem id="problem" role="alert" hidden[page.problem.is_none()] { (page.problem.unwrap_or_default()) }
        (sections::warnings(&[state.notes, state.warnings].concat()))
        main.live {
            div.live-turn {
                div.live-curve { (sections::curve(&tables::curve(state.curve, state.measured))) }
                (knobs(page))
            }
            div.live-breakdown { (sections::breakdown(&state.curve.points)) }
        }
    };
    document::page(&Content { title: page.title, body, numbers: &numbers, scripts: Scripts::Live })
}

/// Returns how many ranks to use, and why.
fn advice(sentences: &[String]) -> Markup {
    html! {
        section.advice aria-labelledby="how-many" {
            h2 id="how-many" { "How many ranks to use" }
            div id="advice" aria-live="polite" { @for sentence in sentences { p { (sentence) } } }
        }
    }
}

fn advice_of(state: &State<'_>) -> Vec<String> {
    if state.curve.points.is_empty() {
        return Vec::new();
    }
    let rule = Rule::default();
    let recommended = sentence::recommendation(state.curve, rule, &recommend(state.curve, rule));
    let why = sentence::beyond(state.curve, rule);
    std::iter::once(recommended).chain(why).chain(state.keep_up.as_ref().map(sentence::keep_up_in_theory)).collect()
}

fn answer_of<'a>(state: &State<'a>) -> Answer<'a> {
    Answer {
        query: state.query,
        sentence: answer::best(state.curve),
        advice: advice_of(state),
        notes: state.notes,
        warnings: state.warnings,
        numbers: numbers::of_curve(state.curve, state.measured, state.comparison),
        curve_table: tables::curve(state.curve, state.measured).into_string(),
        breakdown_table: tables::breakdown(&state.curve.points).into_string(),
    }
}

fn knobs(page: &Page<'_>) -> Markup {
    html! {
        section.live-knobs aria-labelledby="knobs" {
            h2 id="knobs" { "What if" }
            form id="knob-form" autocomplete="off" { @for knob in page.knobs { (control(knob)) } }
            p.no-print {
                a.button id="save" href="scenario.toml" download=(page.saved_name) { "Save as a scenario file" } " "
                button id="reset" type="button" { "As in the file" }
            }
            p.note { "The address of this page says how the knobs stand: keep it, or send it on." }
        }
    }
}

fn control(knob: &Knob) -> Markup {
    let id = format!("knob-{}", knob.id);
    match &knob.range {
        Range::Choice { options, value } => html! {
            div.knob {
                label for=(id) { (knob.label) }
                select id=(id) data-knob=(knob.id) {
                    @for (word, meaning) in *options { option value=(word) selected[word == value] { (meaning) } }
                }
            }
        },
        Range::Number { unit, low, high, value, is_whole, .. } => html! {
            div.knob {
                label for=(id) { (knob.label) }
                span.field {
                    input id=(id) data-knob=(knob.id) type="number" min=(low) max=(high) value=(value)
                        step=(if *is_whole { "1" } else { "any" }) inputmode="decimal";
                    @if !unit.is_empty() { " " (unit) }
                }
                input type="range" data-slider=(knob.id) min="0" max="1000" step="1" aria-label={ (knob.label) ", slider" };
            }
        },
    }
}
