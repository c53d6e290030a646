//! The sections of a report: charts with their controls, tables and words.

use maud::{Markup, PreEscaped, html};

use super::{Report, Subject, tables};
use crate::finding;
use dlpc_predict::analysis::CurvePoint;

/// Height of a bar, as a share of the longest one, below which its pieces are not seen: 6 pixels of 300.
const BAR_SHARE_MIN: f64 = 0.02;

/// Returns the top of a page: what it is, the question and the answer.
pub(super) fn head(kind: &str, title: &str, question: &str, answer: &str) -> Markup {
    html! {
        header {
            p.kind { (kind) " by dlpc-sim " (env!("CARGO_PKG_VERSION")) }
            h1 { (title) }
            p.question { (question) }
            p.answer id="answer" { (answer) }
        }
    }
}

/// Returns the reasons to doubt the result, if there are any.
pub(super) fn warnings(warnings: &[String]) -> Markup {
    html! {
        div.warnings id="warnings" role="note" aria-label="Warnings" hidden[warnings.is_empty()] {
            ul { @for warning in warnings { li { (warning) } } }
        }
    }
}

/// Returns the curve, with its controls and its table.
pub(super) fn curve(table: &Markup) -> Markup {
    html! {
        section aria-labelledby="curve" {
            h2 id="curve" { "The curve" }
            (curve_controls())
            (chart("chart-curve", "Predicted curve with its 5 to 95 % band by number of ranks; its numbers are in the table below"))
            p.note { "Point at the chart, or use the arrow keys in it, to read values. Names in the legend switch curves off and on." }
            details { summary { "The numbers of the curve" } div id="curve-numbers" { (table) } }
        }
    }
}

/// Returns what can be chosen of the curve: quantity and axes.
pub(super) fn curve_controls() -> Markup {
    let quantities = [("time", "time"), ("speedup", "speedup"), ("efficiency", "efficiency")];
    html! {
        form.controls id="view-curve" autocomplete="off" {
            fieldset {
                legend { "Show" }
                @for (value, name) in quantities {
                    label { input type="radio" name="quantity" value=(value) checked[value == "time"]; (name) }
                }
            }
            label { input type="checkbox" name="logY"; "logarithmic vertical axis" }
            label { input type="checkbox" name="logX"; "logarithmic ranks" }
        }
    }
}

/// Returns where the time goes, with its table.
pub(super) fn breakdown(points: &[CurvePoint]) -> Markup {
    html! {
        section aria-labelledby="breakdown" {
            h2 id="breakdown" { "Where the time goes" }
            p { "The critical path is the chain of work, messages and waiting that ends last. Each piece of it has one cause; the pieces add up to the whole time." }
            form.controls id="view-breakdown" autocomplete="off" {
                label { input type="checkbox" name="share" checked[hides_a_bar(points)]; "as shares of the whole time" }
            }
            (chart("chart-breakdown", "Time of the critical path by cause, one bar per number of ranks; its numbers are in the table below"))
            details { summary { "The numbers of the breakdown" } div id="breakdown-numbers" { (tables::breakdown(points)) } }
        }
    }
}

/// Returns whether the shortest time is so short beside the longest that its bar would be a few pixels high.
fn hides_a_bar(points: &[CurvePoint]) -> bool {
    let shortest_s = points.iter().map(|point| point.makespan_s).fold(f64::INFINITY, f64::min);
    let longest_s = points.iter().map(|point| point.makespan_s).fold(0.0, f64::max);
    shortest_s < BAR_SHARE_MIN * longest_s
}

/// Returns the time line of one run, if there is one.
pub(super) fn excerpt(report: &Report<'_>) -> Markup {
    html! {
        @if let Some(excerpt) = report.excerpt {
            section aria-labelledby="timeline" {
                h2 id="timeline" { "One run on " (excerpt.ranks) @if excerpt.ranks == 1 { " rank" } @else { " ranks" } }
                div.scroll.timeline tabindex="0" role="region" aria-label="Time line of one run" { (PreEscaped(excerpt.svg)) }
                p.note { "One row per rank; lines are messages. The whole of it, for Perfetto or chrome://tracing: the command below with --timeline " (excerpt.ranks) "." }
            }
        }
    }
}

/// Returns how good the prediction is, if it is compared with measured runs, and what is odd about these.
pub(super) fn accuracy(report: &Report<'_>) -> Markup {
    let findings = match report.subject {
        Subject::Comparison(findings) => findings,
        Subject::Prediction | Subject::Explanation(_) => &[],
    };
    html! {
        @if let Some(comparison) = report.comparison.filter(|comparison| !comparison.points.is_empty()) {
            section aria-labelledby="accuracy" {
                h2 id="accuracy" { "How good the prediction is" }
                (chart("chart-errors", "Relative errors of the prediction by number of ranks, with the noise floor; its numbers are in the table below"))
                @if comparison.points.iter().any(|point| point.is_outlier) { p.note { (AT_THE_EDGE) } }
                (tables::accuracy(comparison))
                (sentences(findings.iter().map(finding::sentence)))
                details { summary { "The error at each rank count" } (tables::comparison("comparison-table", comparison)) }
            }
        }
    }
}

/// Where outliers are drawn.
pub(super) const AT_THE_EDGE: &str = "Outliers beyond the range of the others lie at the edge.";

/// Returns sentences as a list, if there are any.
pub(super) fn sentences(all: impl Iterator<Item = String>) -> Markup {
    let all: Vec<String> = all.collect();
    html! { @if !all.is_empty() { ul.sentences { @for sentence in &all { li { (sentence) } } } } }
}

/// Returns the command that makes the report again.
pub(super) fn reproduce(command: &str) -> Markup {
    html! {
        section aria-labelledby="reproduce" {
            h2 id="reproduce" { "How to reproduce this" }
            p { "With dlpc-sim " (env!("CARGO_PKG_VERSION")) ", in the folder where it was called:" }
            pre id="command" { (command) }
            p.note { "The same files, version and seed give the same numbers, at any number of threads." }
        }
    }
}

/// Returns the place of a chart, which the arrow keys can be used in.
pub(super) fn chart(id: &str, description: &str) -> Markup {
    html! { div.chart id=(id) tabindex="0" role="group" aria-label=(description) {} }
}
