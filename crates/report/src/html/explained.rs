//! What an explanation adds to a report: what a person would say, what would help, how far it is from the best.

use dlpc_engine::units::significant;
use maud::{Markup, html};

use super::sections;
use super::tables::{self, Column, Times};
use crate::number::signed_percent;
use crate::sentence;
use crate::table::explanation::{ELASTICITY_MIN, is_another_path, precise};
use dlpc_predict::analysis::bounds::Bounds;
use dlpc_predict::analysis::sensitivity::Sensitivity;
use dlpc_predict::analysis::{Cause, Curve, CurvePoint};
use dlpc_predict::explanation::{Bottleneck, Detail, Explanation, Gain};

/// A lower bound: its name, the cause whose colour it has, and its seconds.
type Bound = (&'static str, Cause, fn(&Bounds) -> f64);

/// The lower bounds, in the order of tables and legends.
pub(super) const BOUNDS: [Bound; 4] = [
    ("work of all ranks", Cause::Compute, |bounds| bounds.work_s),
    ("longest chain", Cause::SerialTail, |bounds| bounds.span_s),
    ("busiest port", Cause::Bandwidth, |bounds| bounds.port_s),
    ("producer", Cause::Producer, |bounds| bounds.producer_s),
];

/// Returns why it takes as long as it does.
pub(super) fn answer(curve: &Curve, explanation: &Explanation) -> String {
    let reasons = sentence::reasons(curve, explanation);
    reasons.into_iter().next().unwrap_or_else(|| "There is no rank count to explain.".to_owned())
}

/// Returns what is said after the answer.
pub(super) fn words(curve: &Curve, explanation: &Explanation) -> Markup {
    html! {
        section aria-labelledby="words" {
            h2 id="words" { "In words" }
            (sections::sentences(sentence::reasons(curve, explanation).into_iter().skip(1)))
            h3 { "How many ranks to use" }
            (sections::sentences(sentence::advice(curve, &explanation.advice).into_iter()))
        }
    }
}

/// Returns the points that are explained, with what explains them, as far as they were traced.
pub(super) fn bounded<'a>(curve: &'a Curve, explanation: &'a Explanation) -> Vec<(&'a CurvePoint, &'a Detail)> {
    let of = |point: &CurvePoint| explanation.details.iter().find(|detail| detail.ranks == point.ranks);
    let explained = curve.points.iter().filter_map(|point| Some((point, of(point)?)));
    explained.filter(|(_, detail)| detail.bounds.is_some()).collect()
}

/// Returns the what-ifs, sensitivities and bottlenecks of each rank count, of which one is shown at a time.
pub(super) fn what_helps(explanation: &Explanation) -> Markup {
    let shown = explanation.details.last().map_or(0, |detail| detail.ranks);
    html! {
        section aria-labelledby="helps" {
            h2 id="helps" { "What would help" }
            @if explanation.details.len() > 1 {
                form.controls id="view-ranks" autocomplete="off" {
                    label { "Number of ranks " select name="ranks" {
                        @for detail in &explanation.details {
                            option value=(detail.ranks) selected[detail.ranks == shown] { (detail.ranks) }
                        }
                    } }
                }
            }
            @for detail in &explanation.details {
                div data-at-ranks=(detail.ranks) hidden[detail.ranks != shown] { (at(detail)) }
            }
        }
    }
}

fn at(detail: &Detail) -> Markup {
    let on = if detail.ranks == 1 { "1 rank".to_owned() } else { format!("{} ranks", detail.ranks) };
    html! {
        h3 { "What if, on " (on) }
        (gains(&detail.what_ifs))
        h3 { "What the time depends on, on " (on) }
        (sensitivities(&detail.sensitivities))
        @if !detail.in_program.is_empty() {
            h3 { "Where in the program the time goes, on " (on) }
            (in_program(detail))
        }
        @if !detail.bottlenecks.is_empty() {
            h3 { "Where bytes wait, on " (on) }
            (bottlenecks(detail))
        }
    }
}

fn gains(gains: &[Gain]) -> Markup {
    let times = Times::of(gains.iter().map(|gain| gain.makespan_s));
    let share = |gain: &Gain| gain.gain_s / (gain.makespan_s + gain.gain_s).max(f64::MIN_POSITIVE);
    html! {
        div.scroll tabindex="0" role="region" aria-label="What-ifs, the largest gain first" {
            table.bars {
                thead { tr {
                    th.word scope="col" { "what if" }
                    th scope="col" { (times.header("time")) }
                    th scope="col" { (times.header("gain")) }
                    th scope="col" { "change" }
                    th aria-hidden="true" {}
                } }
                tbody { @for gain in gains { tr {
                    th.word scope="row" { (gain.what_if.name()) }
                    td { (times.text(gain.makespan_s)) }
                    td { (times.text(gain.gain_s)) }
                    td { (signed_percent(-share(gain))) }
                    td aria-hidden="true" { (bar(share(gain))) }
                } } }
            }
        }
    }
}

fn sensitivities(all: &[Sensitivity]) -> Markup {
    let shown: Vec<&Sensitivity> = all.iter().filter(|of| ELASTICITY_MIN <= of.elasticity.abs()).collect();
    html! {
        div.scroll tabindex="0" role="region" aria-label="What 1 % more of each parameter does to the time" {
            table.bars {
                thead { tr {
                    th.word scope="col" { "1 % more of" }
                    th scope="col" { "changes the time by" }
                    th scope="col" { "the critical path says" }
                    th aria-hidden="true" {}
                } }
                tbody { @for of in &shown { tr {
                    th.word scope="row" { code { (of.parameter.key()) } }
                    td { (precise(of.elasticity)) }
                    td { (of.path_share.map(precise).unwrap_or_default()) }
                    td aria-hidden="true" { (bar(-of.elasticity)) }
                } } }
            }
        }
        p.note { "Blue shortens the time, orange lengthens it." }
        @if shown.iter().any(|of| is_another_path(of)) {
            p.note { "Where the critical path says something else, a change of 1 % already leads to another path." }
        }
    }
}

/// Returns a bar for a share of the time that is gained, or lost if it is negative.
fn bar(share: f64) -> Markup {
    let width = (100.0 * share.abs()).min(100.0);
    let class = if share < 0.0 { "bar loss" } else { "bar" };
    html! { span.track { span class=(class) style={ "width:" (format!("{width:.1}")) "%" } {} } }
}

fn in_program(detail: &Detail) -> Markup {
    let all = &detail.in_program;
    let times = Times::of(all.iter().map(|part| part.duration.as_seconds()));
    let columns = [
        Column::words("part of the program", all.iter().map(|part| sentence::part_name(&part.part))),
        Column::words("on", all.iter().map(sentence::on_ranks)),
        Column::numbers(times.header("time"), all.iter().map(|part| times.text(part.duration.as_seconds()))),
    ];
    let caption =
        "Time of the critical path in each part of the program: computing from one call to the next, and calls.";
    tables::table(&format!("in-program-{}", detail.ranks), caption, &columns)
}

/// Share of the longest wait from which on another one is listed.
const WAIT_MIN: f64 = 0.001;

fn bottlenecks(detail: &Detail) -> Markup {
    let longest = detail.bottlenecks.first().map_or(0.0, |at| at.duration.as_seconds());
    let is_long = |at: &&Bottleneck| WAIT_MIN * longest <= at.duration.as_seconds();
    let all: Vec<&Bottleneck> = detail.bottlenecks.iter().filter(is_long).collect();
    let times = Times::of(all.iter().map(|at| at.duration.as_seconds()));
    let columns = [
        Column::words("where", all.iter().map(|at| at.name.clone())),
        Column::numbers(times.header("time"), all.iter().map(|at| times.text(at.duration.as_seconds()))),
        Column::numbers("shared by transfers", all.iter().map(|at| significant(at.n_sharing, 2))),
    ];
    let caption =
        "Time of the critical path that goes to bytes held up there, and how many transfers shared it on average.";
    tables::table(&format!("bottlenecks-{}", detail.ranks), caption, &columns)
}

/// Returns how far the run is from what any program could reach, if a run was traced.
pub(super) fn bounds(curve: &Curve, explanation: &Explanation) -> Markup {
    let explained = bounded(curve, explanation);
    html! {
        @if !explained.is_empty() {
            section aria-labelledby="bounds" {
                h2 id="bounds" { "How close it is to the best possible" }
                p { "No program that does the same work, sends the same bytes and gets the same log files on this machine could be \
                     faster than the largest of the lower bounds." }
                form.controls id="view-bounds" autocomplete="off" {
                    label { input type="checkbox" name="logY"; "logarithmic vertical axis" }
                }
                (sections::chart("chart-bounds", "Predicted time and its lower bounds by number of ranks; its numbers are in the table below"))
                details { summary { "The numbers of the bounds" } (bounds_table(&explained)) }
            }
        }
    }
}

fn bounds_table(explained: &[(&CurvePoint, &Detail)]) -> Markup {
    let all: Vec<(&CurvePoint, &Bounds)> =
        explained.iter().filter_map(|(point, detail)| Some((*point, detail.bounds.as_ref()?))).collect();
    let times = Times::of(all.iter().map(|(point, _)| point.makespan_s));
    let mut columns = vec![
        Column::numbers("ranks", all.iter().map(|(point, _)| point.ranks.to_string())),
        Column::numbers(times.header("time"), all.iter().map(|(point, _)| times.text(point.makespan_s))),
    ];
    for (name, _, of) in BOUNDS.into_iter().filter(|(_, _, of)| all.iter().any(|(_, bounds)| 0.0 < of(bounds))) {
        columns.push(Column::numbers(times.header(name), all.iter().map(|(_, bounds)| times.text(of(bounds)))));
    }
    let over = |(point, bounds): &(&CurvePoint, &Bounds)| match bounds.largest_s() {
        least_s if 0.0 < least_s => format!("{:.2}", point.makespan_s / least_s),
        _ => String::new(),
    };
    columns.push(Column::numbers("time over largest bound", all.iter().map(over)));
    tables::table("bounds-table", "Lower bounds of the time by number of ranks.", &columns)
}

#[cfg(test)]
mod tests;
