//! Tables of an explanation: breakdown by rank count, what-ifs and sensitivities.

use super::{Column, TimeFormat, render};
use crate::number::{TimeUnit, signed_percent};
use crate::sentence;
use dlpc_predict::analysis::sensitivity::Sensitivity;
use dlpc_predict::analysis::{Cause, Curve, CurvePoint};
use dlpc_predict::explanation::{Detail, Explanation};

/// Share of the time from which on a cause has a column.
const SHARE_MIN: f64 = 0.005;

/// Effect from which on a parameter has a row: 0.1 % for 10 %.
pub(crate) const ELASTICITY_MIN: f64 = 0.01;

/// Returns all that is printed: breakdown, sentences, and what-ifs and sensitivities at the largest rank count that is
/// explained.
#[must_use]
pub fn page(curve: &Curve, explanation: &Explanation, summary: &[String]) -> String {
    let mut parts = vec![breakdown(curve, explanation)];
    parts.extend(summary.iter().cloned());
    if let Some(detail) = explanation.details.last() {
        let at = if detail.ranks == 1 { "1 rank".to_owned() } else { format!("{} ranks", detail.ranks) };
        if !detail.in_program.is_empty() {
            parts.push(format!("Where in the program the time on {at} goes:\n{}", in_program(detail)));
        }
        parts.push(format!("What would help on {at}:\n{}", what_ifs(detail)));
        parts.push(format!("What the time on {at} depends on:\n{}", sensitivities(detail)));
        if detail.sensitivities.iter().any(is_another_path) {
            parts.push(
                "Where the critical path says something else, a change of 1 % already leads to another path.".into(),
            );
        }
    }
    parts.join("\n\n")
}

/// Returns the breakdown: one row per rank count that is explained, the share of each cause, and the lower bound.
///
/// Causes below 0.5 % at every rank count are left out. The text does not end in a new line.
#[must_use]
pub fn breakdown(curve: &Curve, explanation: &Explanation) -> String {
    let is_wanted = |point: &&CurvePoint| explanation.details.iter().any(|detail| detail.ranks == point.ranks);
    let points: Vec<&CurvePoint> = curve.points.iter().filter(is_wanted).collect();
    let makespans_s: Vec<f64> = points.iter().map(|point| point.makespan_s).collect();
    let unit = TimeUnit::for_longest(makespans_s.iter().copied().fold(0.0, f64::max));
    let times = TimeFormat::for_column(unit, &makespans_s);
    let mut columns = vec![
        Column::numbers("ranks", points.iter().map(|point| point.ranks.to_string()).collect()),
        Column::numbers(&format!("time [{}]", unit.symbol), makespans_s.iter().map(|s| times.text(*s)).collect()),
    ];
    for cause in Cause::ALL {
        let shares: Vec<f64> = points.iter().map(|point| point.share(cause)).collect();
        if shares.iter().any(|share| SHARE_MIN <= *share) {
            let cells = shares.iter().map(|share| format!("{:.0} %", 100.0 * share));
            columns.push(Column::numbers(short_name(cause), cells.collect()));
        }
    }
    let bound = |detail: &Detail| detail.bounds.map(|bounds| times.text(bounds.largest_s())).unwrap_or_default();
    let bounds = explanation.details.iter().map(bound).collect();
    columns.push(Column::numbers(&format!("bound [{}]", unit.symbol), bounds));
    render(columns)
}

/// Most parts of the user's program in a table.
const PARTS_MAX: usize = 12;

/// Returns where in the user's program the time at one rank count goes, the longest first.
#[must_use]
pub fn in_program(detail: &Detail) -> String {
    let all: f64 = detail.in_program.iter().map(|part| part.duration.as_seconds()).sum();
    let parts = &detail.in_program[..detail.in_program.len().min(PARTS_MAX)];
    let seconds: Vec<f64> = parts.iter().map(|part| part.duration.as_seconds()).collect();
    let unit = TimeUnit::for_longest(seconds.first().copied().unwrap_or(0.0));
    let times = TimeFormat::for_column(unit, &seconds);
    render(vec![
        Column::words("part of the program", parts.iter().map(|part| sentence::part_name(&part.part)).collect()),
        Column::words("on", parts.iter().map(sentence::on_ranks).collect()),
        Column::numbers(&format!("time [{}]", unit.symbol), seconds.iter().map(|s| times.text(*s)).collect()),
        Column::numbers("share", seconds.iter().map(|s| format!("{:.1} %", 100.0 * s / all)).collect()),
    ])
}

/// Returns the what-ifs at one rank count, the largest gain first.
#[must_use]
pub fn what_ifs(detail: &Detail) -> String {
    let gains = &detail.what_ifs;
    let makespans_s: Vec<f64> = gains.iter().map(|gain| gain.makespan_s).collect();
    let unit = TimeUnit::for_longest(makespans_s.iter().copied().fold(0.0, f64::max));
    let times = TimeFormat::for_column(unit, &makespans_s);
    render(vec![
        Column::words("what if", gains.iter().map(|gain| gain.what_if.name().to_owned()).collect()),
        Column::numbers(&format!("time [{}]", unit.symbol), makespans_s.iter().map(|s| times.text(*s)).collect()),
        Column::numbers(&format!("gain [{}]", unit.symbol), gains.iter().map(|gain| times.text(gain.gain_s)).collect()),
        Column::numbers(
            "change",
            gains.iter().map(|gain| signed_percent(-gain.gain_s / (gain.makespan_s + gain.gain_s))).collect(),
        ),
    ])
}

/// Returns the sensitivities at one rank count, the largest first; those that hardly matter are left out.
#[must_use]
pub fn sensitivities(detail: &Detail) -> String {
    let all = detail.sensitivities.iter();
    let rows: Vec<_> = all.filter(|of| ELASTICITY_MIN <= of.elasticity.abs()).collect();
    render(vec![
        Column::words("1 % more of", rows.iter().map(|of| of.parameter.key()).collect()),
        Column::numbers("changes the time by", rows.iter().map(|of| precise(of.elasticity)).collect()),
        Column::numbers(
            "critical path says",
            rows.iter().map(|of| of.path_share.map(precise).unwrap_or_default()).collect(),
        ),
    ])
}

/// Returns whether the critical path says something else than the simulation.
pub(crate) fn is_another_path(of: &Sensitivity) -> bool {
    of.path_share.is_some_and(|share| (share - of.elasticity).abs() > 0.05)
}

/// Formats an elasticity as the effect of 1 %, for instance `+0.52 %`.
pub(crate) fn precise(elasticity: f64) -> String {
    let hundredths = (100.0 * elasticity).round() / 100.0;
    if hundredths == 0.0 { "0.00 %".to_owned() } else { format!("{hundredths:+.2} %") }
}

/// Returns the name of a cause where there is little room.
pub(crate) const fn short_name(cause: Cause) -> &'static str {
    match cause {
        Cause::SerialTail => "serial tail",
        Cause::Overhead => "overhead",
        Cause::Rendezvous => "rendezvous",
        Cause::Round => "round",
        Cause::Oversubscription => "oversub.",
        _ => cause.name(),
    }
}
