//! Results of a sweep: `sweep.csv`, `sweep.jsonl` and the summary in the terminal.

use std::collections::BTreeMap;

use dlpc_engine::units::{Unit, significant};
use serde_json::{Map, Value, json};

use super::csv::PREDICTION_COLUMNS;
use super::number::{TimeUnit, column_decimals, fixed, percent};
use super::table::{self, Column, explanation};
use dlpc_predict::analysis::Cause;
use dlpc_predict::sweep::plan::Plan;
use dlpc_predict::sweep::rows::{self, Row};
use dlpc_predict::sweep::{Axis, Literal};

/// Most points that the terminal lists.
const LISTED_MAX: usize = 40;

/// Returns the text of `sweep.csv`: the number of the point, a column for each key but the rank count, then those of
/// `prediction.csv` and the number of warnings. A contract: more may be appended, none renamed.
///
/// Quantities are numbers in the unit that ends the name of their column: `machine.switch.latency_s`.
///
/// # Panics
/// Never: memory takes any text.
#[must_use]
pub fn csv(plan: &Plan, rows: &[Row<'_>]) -> String {
    let mut writer = ::csv::WriterBuilder::new().from_writer(Vec::new());
    let keys = columns(plan).map(|(_, axis)| format!("{}{}", axis.key, axis.unit.map_or("", Unit::suffix)));
    let results = PREDICTION_COLUMNS.into_iter().chain(["n_warnings"]).map(str::to_owned);
    let header = std::iter::once("point".to_owned()).chain(keys).chain(results);
    writer.write_record(header).expect("invariant: memory takes any text");
    for row in rows {
        writer.write_record(fields(plan, row)).expect("invariant: all rows have the columns of the header");
    }
    let bytes = writer.into_inner().expect("invariant: memory takes any text");
    String::from_utf8(bytes).expect("invariant: it was text")
}

/// Returns the text of `sweep.jsonl`: one JSON object for each point.
#[must_use]
pub fn json_lines(plan: &Plan, rows: &[Row<'_>]) -> String {
    rows.iter().map(|row| object(plan, row).to_string() + "\n").collect()
}

/// Returns what varies, the fastest and the slowest point, and what limits how many.
#[must_use]
pub fn summary(plan: &Plan, rows: &[Row<'_>]) -> String {
    let how = if plan.is_grid() { "every combination of" } else { "a Latin hypercube sample of" };
    let spans = (0..plan.axes().len()).map(|axis| span(plan, axis));
    let mut lines = vec![format!("{} points, {how}", rows.len())];
    lines.extend(by_key(plan, spans));
    if rows.len() <= LISTED_MAX {
        lines.extend([String::new(), all_points(plan, rows)]);
    }
    let by_time = |a: &&Row<'_>, b: &&Row<'_>| a.record.makespan_s.total_cmp(&b.record.makespan_s);
    let slowest = rows.iter().rev().max_by(by_time);
    for (name, row) in [("fastest", rows.iter().min_by(by_time)), ("slowest", slowest)] {
        let Some(row) = row else { continue };
        let time = significant(row.record.makespan_s, 4);
        let speedup = if row.speedup.is_finite() { significant(row.speedup, 3) } else { fixed(row.speedup, 2) };
        lines.extend([String::new(), format!("{name}: {time} s, speedup {speedup}, at point {}", row.point)]);
        lines.extend(by_key(plan, row.levels.iter().map(|level| level.text.clone())));
    }
    lines.extend([String::new(), limits(rows)]);
    lines.extend(rows::idle(plan, rows).into_iter().map(|key| format!("`{key}` changes no result here")));
    lines.extend(doubts(rows).into_iter().flat_map(|doubts| [String::new(), doubts]));
    lines.join("\n") + "\n"
}

/// Returns a table of all points: the keys that vary, and what comes of them.
fn all_points(plan: &Plan, rows: &[Row<'_>]) -> String {
    let varying = columns(plan).filter(|(i, _)| plan.n_levels(*i) > 1);
    let texts = |i: usize| rows.iter().map(|row| row.levels[i].text.clone()).collect();
    let mut table: Vec<Column> = varying.map(|(i, axis)| Column::numbers(&axis.key, texts(i))).collect();
    let unit = TimeUnit::for_longest(rows.iter().map(|row| row.record.makespan_s).fold(0.0, f64::max));
    let times: Vec<f64> = rows.iter().map(|row| row.record.makespan_s / unit.seconds).collect();
    let decimals = column_decimals(&times);
    let band = |row: &Row<'_>| {
        let text = |seconds: f64| fixed(seconds / unit.seconds, decimals);
        format!("{} – {}", text(row.record.makespan_p05_s), text(row.record.makespan_p95_s))
    };
    table.extend([
        Column::numbers("ranks", rows.iter().map(|row| row.record.ranks.to_string()).collect()),
        Column::numbers(&format!("time [{}]", unit.symbol), times.iter().map(|time| fixed(*time, decimals)).collect()),
        Column::numbers("5–95 %", rows.iter().map(band).collect()),
        Column::numbers("speedup", rows.iter().map(|row| fixed(row.speedup, 2)).collect()),
        Column::words("limited by", rows.iter().map(|row| short_name(&row.record.limited_by)).collect()),
    ]);
    table::render(table)
}

/// Returns a line for each key, with a text beside it.
fn by_key(plan: &Plan, texts: impl Iterator<Item = String>) -> Vec<String> {
    let width = plan.axes().iter().map(|axis| axis.key.chars().count()).max().unwrap_or(0);
    plan.axes().iter().zip(texts).map(|(axis, text)| format!("  {:width$}  {text}", axis.key)).collect()
}

/// Returns the axes that have a column of their own.
fn columns(plan: &Plan) -> impl Iterator<Item = (usize, &Axis)> {
    plan.axes().iter().enumerate().filter(|(_, axis)| !axis.is_ranks())
}

fn fields(plan: &Plan, row: &Row<'_>) -> Vec<String> {
    let mut fields = vec![row.point.to_string()];
    fields.extend(columns(plan).map(|(i, axis)| {
        let level = row.levels[i];
        let number = level.number.filter(|_| axis.unit.is_some());
        number.map_or_else(|| level.text.clone(), |number| number.to_string())
    }));
    let record = row.record;
    fields.push(record.ranks.to_string());
    let times = [record.makespan_s, record.makespan_p05_s, record.makespan_p95_s];
    let speedups = [row.speedup, row.speedup_p05, row.speedup_p95, row.parallel_efficiency];
    fields.extend(times.iter().chain(&speedups).map(|value| super::csv::number(*value)));
    fields.push(row.karp_flatt.map(|fraction| fraction.to_string()).unwrap_or_default());
    fields.extend([record.limited_by.clone(), record.warnings.len().to_string()]);
    fields
}

fn object(plan: &Plan, row: &Row<'_>) -> Value {
    let settings = plan.axes().iter().zip(&row.levels);
    let settings: Map<String, Value> =
        settings.map(|(axis, level)| (axis.key.clone(), value_of(&level.literal))).collect();
    let record = row.record;
    json!({
        "point": row.point,
        "settings": settings,
        "ranks": record.ranks,
        "makespan_s": record.makespan_s,
        "makespan_p05_s": record.makespan_p05_s,
        "makespan_p95_s": record.makespan_p95_s,
        "speedup": row.speedup,
        "speedup_p05": row.speedup_p05,
        "speedup_p95": row.speedup_p95,
        "parallel_efficiency": row.parallel_efficiency,
        "karp_flatt": row.karp_flatt,
        "limited_by": record.limited_by,
        "breakdown": record.breakdown,
        "warnings": record.warnings,
        "key": record.key,
    })
}

fn value_of(literal: &Literal) -> Value {
    match literal {
        Literal::Text(text) => json!(text),
        Literal::Integer(integer) => serde_json::Number::from_i128(*integer).map_or(Value::Null, Value::Number),
        Literal::Float(float) => json!(float),
        Literal::Boolean(boolean) => json!(boolean),
    }
}

/// Returns how many values a key takes, and from where to where.
fn span(plan: &Plan, axis: usize) -> String {
    let levels = || (0..plan.n_points()).map(|point| plan.point(point)[axis]);
    let numbers = || levels().filter(|level| level.number.is_some());
    let by_number = |a: &&dlpc_predict::sweep::Level, b: &&dlpc_predict::sweep::Level| {
        a.number.unwrap_or(0.0).total_cmp(&b.number.unwrap_or(0.0))
    };
    let n = plan.n_levels(axis);
    match (numbers().min_by(by_number), numbers().max_by(by_number)) {
        _ if n == 1 => levels().next().map_or_else(String::new, |level| level.text.clone()),
        (Some(least), Some(most)) => format!("{n} values, {} to {}", least.text, most.text),
        _ => format!("{n} values"),
    }
}

/// Returns a cause as tables name it.
fn cause_name(key: &str) -> String {
    cause(key).map_or_else(|| key.to_owned(), |cause| cause.name().to_owned())
}

fn short_name(key: &str) -> String {
    cause(key).map_or_else(|| key.to_owned(), |cause| explanation::short_name(cause).to_owned())
}

/// Returns the cause that a record names; none if another version wrote it.
fn cause(key: &str) -> Option<Cause> {
    Cause::ALL.into_iter().find(|cause| cause.key() == key)
}

fn limits(rows: &[Row<'_>]) -> String {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for row in rows {
        *counts.entry(row.record.limited_by.as_str()).or_default() += 1;
    }
    let mut counts: Vec<(&str, u32)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let total: u32 = counts.iter().map(|(_, count)| count).sum();
    let share = |(cause, count): &(&str, u32)| {
        format!("{} at {}", cause_name(cause), percent(f64::from(*count) / f64::from(total)))
    };
    format!("limited by {}", counts.iter().map(share).collect::<Vec<_>>().join(", "))
}

fn doubts(rows: &[Row<'_>]) -> Option<String> {
    let doubtful: Vec<&Row<'_>> = rows.iter().filter(|row| !row.record.warnings.is_empty()).collect();
    let first = doubtful.first()?;
    let warning = first.record.warnings.first()?;
    Some(format!("warning at {} points, first at point {}: {warning}", doubtful.len(), first.point))
}
