//! What a result was made of: the scenario and the machine model as they were used, and where their values come from.

use maud::{Markup, html};
use serde_json::{Map, Value};

/// What the words of a provenance mean, in the order in which they are shown.
const PROVENANCE: [(&str, &str); 9] = [
    ("created", "made"),
    ("place", "where"),
    ("mpi", "MPI library"),
    ("tool_version", "by version"),
    ("method", "how"),
    ("launches", "launches"),
    ("samples", "samples"),
    ("samples_sha256", "SHA-256 of the samples"),
    ("fitted_ranks", "fitted to the rank counts"),
];

/// What one prediction was made of.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Inputs<'a> {
    /// The scenario as it was used.
    pub(super) scenario: &'a Value,
    /// The machine model as it was used.
    pub(super) machine: &'a Value,
}

/// Returns scenario, machine model and provenance of each prediction; what several have in common is shown once.
pub(super) fn section(all: &[Inputs<'_>]) -> Markup {
    let is_new = |(i, inputs): &(usize, &Inputs<'_>)| !all[..*i].contains(inputs);
    let shown: Vec<&Inputs<'_>> = all.iter().enumerate().filter(is_new).map(|(_, inputs)| inputs).collect();
    let title = |inputs: &Inputs<'_>| inputs.scenario["title"].as_str().unwrap_or_default().to_owned();
    html! {
        section aria-labelledby="settings" {
            h2 id="settings" { "What it was made of" }
            @for inputs in &shown {
                @if shown.len() > 1 { h3 { (title(inputs)) } }
                (one(inputs))
            }
        }
    }
}

fn one(inputs: &Inputs<'_>) -> Markup {
    let mut machine = inputs.machine.clone();
    let provenance = machine.as_object_mut().and_then(|machine| machine.remove("provenance"));
    let intervals = machine.as_object_mut().and_then(|machine| machine.remove("intervals"));
    html! {
        details { summary { "The scenario, with every default" } pre { (toml(inputs.scenario)) } }
        details { summary { "The machine model, with the scenario's changes" } pre { (toml(&machine)) } }
        @if let Some(Value::Object(provenance)) = &provenance { (origin(provenance)) }
        @if let Some(Value::Object(intervals)) = &intervals { (list("95 % intervals of fitted values", intervals)) }
    }
}

fn origin(provenance: &Map<String, Value>) -> Markup {
    let known = PROVENANCE.iter().filter_map(|(key, name)| Some((*name, provenance.get(*key)?)));
    html! {
        h3 { "Where the machine model comes from" }
        dl { @for (name, value) in known { dt { (name) } dd { (words(value)) } } }
        @if let Some(Value::Object(sources)) = provenance.get("sources") { (list("Sources of single values", sources)) }
        @if let Some(Value::Object(residuals)) = provenance.get("residuals") { (list("Errors of the calibration experiments", residuals)) }
    }
}

fn list(title: &str, entries: &Map<String, Value>) -> Markup {
    html! {
        details {
            summary { (title) }
            dl { @for (key, value) in entries { dt { (key) } dd { (words(value)) } } }
        }
    }
}

/// Returns a value as a line of text.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Returns a completed input file as TOML, as the user would write it.
fn toml(value: &Value) -> String {
    // JSON is shown if there should be a value that TOML cannot say.
    toml::to_string(value).unwrap_or_else(|_| format!("{value:#}"))
}
