//! The question of a report and its answer, as a person would say them.

use dlpc_engine::units::{SimDuration, significant};
use serde_json::Value;

use super::{Report, Subject, explained};
use crate::number::percent;
use dlpc_predict::analysis::accuracy::Accuracy;
use dlpc_predict::analysis::{Curve, CurvePoint, knee};

/// How close to the best time is close enough.
const CLOSE: f64 = 0.05;

/// Returns what the report answers.
pub(super) fn question(report: &Report<'_>) -> String {
    let machine = cluster(report.scenario, report.machine);
    let ranks = match report.curve.points.as_slice() {
        [] => "no ranks".to_owned(),
        [one] => format!("{} ranks", one.ranks),
        [first, .., last] => format!("{} to {} ranks", first.ranks, last.ranks),
    };
    match report.subject {
        Subject::Prediction => format!("How long does it take on {ranks}, and why? The cluster: {machine}."),
        Subject::Comparison(_) => format!("How well does the model predict runs on {ranks}? The cluster: {machine}."),
        Subject::Explanation(_) => {
            format!("Why does it take as long as it does on {ranks}, and what would help? The cluster: {machine}.")
        }
    }
}

/// Returns the answer in one sentence.
pub(super) fn answer(report: &Report<'_>) -> String {
    match (report.subject, report.comparison) {
        (Subject::Comparison(_), Some(comparison)) => accuracy(&comparison.accuracy),
        (Subject::Explanation(explanation), _) => explained::answer(report.curve, explanation),
        (Subject::Comparison(_) | Subject::Prediction, _) => best(report.curve),
    }
}

fn accuracy(accuracy: &Accuracy) -> String {
    if accuracy.n_points == 0 {
        return "There is no measured point to judge the prediction by: all were used for the fit, or none was predicted."
            .to_owned();
    }
    let points = if accuracy.n_points == 1 { "point" } else { "points" };
    format!(
        "The prediction is off by {} on average over {} {points}, where a perfect model would be off by {} (the noise floor \
         of the measurements), and {:.0} % of the points lie inside the 5–95 % band.",
        percent(accuracy.mape),
        accuracy.n_points,
        percent(accuracy.noise_floor),
        100.0 * accuracy.band_coverage
    )
}

/// Returns the answer to how long it takes.
pub(super) fn best(curve: &Curve) -> String {
    let Some(best) = knee::fastest(curve) else { return "There is no rank count to predict.".to_owned() };
    if curve.points.iter().all(|point| point.makespan_s <= 0.0) {
        return "It takes no time at any rank count: none of its steps costs anything.".to_owned();
    }
    let enough = knee::least_within(curve, CLOSE).unwrap_or(best);
    let band =
        format!("{} (5–95 %: {} to {})", time(best.makespan_s), time(best.makespan_p05_s), time(best.makespan_p95_s));
    if curve.points.len() == 1 {
        return format!("It takes {band} on {}{}.", ranks(best.ranks), cause(best));
    }
    if enough.ranks == curve.points[0].ranks {
        let least = ranks(enough.ranks);
        return format!(
            "More ranks do not pay: {least} with {} come within 5 % of the best time, {band} on {}{}.",
            time(enough.makespan_s),
            ranks(best.ranks),
            cause(enough)
        );
    }
    let faster = format!("{} times as fast as one rank", significant(best.speedup, 3));
    let less = if enough.ranks < best.ranks {
        format!("; {} already come within 5 % of that", ranks(enough.ranks))
    } else {
        String::new()
    };
    format!("It is fastest on {}: {band}, {faster}{less}{}.", ranks(best.ranks), cause(best))
}

fn cause(point: &CurvePoint) -> String {
    let share = point.share(point.limited_by);
    if share <= 0.0 {
        return String::new();
    }
    format!("; the largest part of that is {} ({:.0} %)", point.limited_by.name(), 100.0 * share)
}

fn ranks(n: u32) -> String {
    if n == 1 { "1 rank".to_owned() } else { format!("{n} ranks") }
}

fn time(seconds: f64) -> String {
    SimDuration::from_seconds_ceil(seconds).to_string()
}

/// Returns the title of the cluster, and what the scenario changes of it, unless it gives a title of its own.
pub(super) fn cluster(scenario: &Value, machine: &Value) -> String {
    let title = machine_title(machine);
    let mut changes = scenario.get("machine_override").map_or_else(Vec::new, |of| leaves(of, ""));
    if changes.is_empty() || changes.iter().any(|change| change.starts_with("title = ")) {
        return title.to_owned();
    }
    let n_more = changes.len().saturating_sub(CHANGES_MAX);
    changes.truncate(CHANGES_MAX);
    changes.extend((0 < n_more).then(|| format!("{n_more} more")));
    format!("{title}, but with {}", changes.join(", "))
}

/// Most changes of a cluster that are named beside its title.
const CHANGES_MAX: usize = 3;

/// Returns each value below a table with its key path: `hosts.pi.count = 64`.
fn leaves(value: &Value, path: &str) -> Vec<String> {
    let below = |(key, value): (&String, &Value)| {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        leaves(value, &path)
    };
    match value {
        Value::Object(table) => table.iter().flat_map(below).collect(),
        Value::String(text) => vec![format!("{path} = {text}")],
        other => vec![format!("{path} = {other}")],
    }
}

/// Returns the title of a machine model that is given as JSON.
#[must_use]
pub fn machine_title(machine: &Value) -> &str {
    let title = machine.get("title").or_else(|| machine.get("name"));
    title.and_then(Value::as_str).unwrap_or("this cluster")
}
