//! What can be turned of a log stream.

use dlpc_engine::random::Distribution;
use toml_edit::Value;

use super::LogStream;
use crate::knob::rounded::rounded;
use crate::knob::{Choice, DIGITS, Knob, Position, Range, Turned, factor, from_zero, integer, whole};

pub(super) fn all(stream: &LogStream) -> Vec<Knob> {
    let options = &[("rounds", "in rounds"), ("first-free", "to the first free worker")];
    let interval = stream.interval.as_seconds();
    vec![
        whole("items", "Log files", "", f64::from(stream.items), f64::from(stream.items).max(200.0)),
        from_zero("interval", "Time between two log files", interval),
        analysis(scale_of(stream.analysis)),
        Knob {
            id: "dispatch".into(),
            label: "Log files go".into(),
            range: Range::Choice(Choice { options, value: stream.dispatch.name() }),
        },
    ]
}

/// Returns the time that stands for a distribution: its constant, mean or median, in seconds.
fn scale_of(distribution: Distribution) -> f64 {
    match distribution {
        Distribution::Constant(time) | Distribution::Exponential { mean: time } => time.as_seconds(),
        Distribution::Uniform { low, high } => f64::midpoint(low.as_seconds(), high.as_seconds()),
        Distribution::Lognormal { median, .. } => median.as_seconds(),
    }
}

fn analysis(seconds: f64) -> Knob {
    let (id, label) = ("analysis", "Analysis of a log file");
    if 0.0 < seconds { factor(id, label, "s", seconds) } else { from_zero(id, label, seconds) }
}

pub(super) fn turned(stream: &LogStream, knob: &str, to: Position) -> Option<Turned> {
    match (knob, to) {
        ("items", Position::Number(items)) => Some(Turned::new(&["workload", "log_stream", "items"], integer(items))),
        ("dispatch", Position::Word(word)) => Some(Turned::new(&["workload", "log_stream", "dispatch"], word)),
        ("interval", Position::Number(seconds)) => {
            Some(Turned::new(&["workload", "log_stream", "interval"], format!("{seconds} s")))
        }
        ("analysis", Position::Number(seconds)) => {
            Some(Turned::new(&["workload", "log_stream", "analysis"], analysis_of(stream.analysis, seconds)))
        }
        _ => None,
    }
}

/// Returns the distribution of an analysis whose constant, mean or median is `seconds`, of the same shape as in the file.
fn analysis_of(distribution: Distribution, seconds: f64) -> Value {
    let factor = if 0.0 < scale_of(distribution) { seconds / scale_of(distribution) } else { 0.0 };
    let text = |time: f64| Value::from(format!("{} s", rounded(time, DIGITS)));
    let (shape, entries) = match distribution {
        Distribution::Constant(_) => return text(seconds),
        Distribution::Exponential { .. } => ("exponential", vec![("mean", text(seconds))]),
        Distribution::Uniform { low, high } => {
            let entries = vec![("low", text(low.as_seconds() * factor)), ("high", text(high.as_seconds() * factor))];
            ("uniform", entries)
        }
        Distribution::Lognormal { sigma, .. } => {
            ("lognormal", vec![("median", text(seconds)), ("sigma", sigma.into())])
        }
    };
    let parameters: toml_edit::InlineTable = entries.into_iter().collect();
    let outer: toml_edit::InlineTable = [(shape, Value::InlineTable(parameters))].into_iter().collect();
    Value::InlineTable(outer)
}
