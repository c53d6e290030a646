//! The page of several comparisons: curves and measured runs on one chart, errors on another.

use maud::{Markup, html};
use serde::Serialize;
use serde_json::Value;

use super::document::{self, Content, Scripts};
use super::numbers::{Errors, Run, Unit};
use super::settings::{self, Inputs};
use super::tables::{self, Column};
use super::{answer, sections};
use crate::finding;
use crate::number::{percent, signed_percent};
use crate::plot::mark::{self};
use crate::plot::overlay::curve_color;
use dlpc_predict::analysis::Curve;
use dlpc_predict::analysis::accuracy::{Accuracy, Comparison};
use dlpc_predict::analysis::finding::Finding;

/// One comparison among several.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// What tells it from the others.
    pub label: &'a str,
    /// The prediction.
    pub curve: &'a Curve,
    /// The prediction against the measured runs.
    pub comparison: &'a Comparison,
    /// What is odd about the measured runs.
    pub findings: &'a [Finding],
    /// The scenario as it was used.
    pub scenario: &'a Value,
    /// The machine model as it was used.
    pub machine: &'a Value,
}

/// What the page of several comparisons shows.
#[derive(Debug, Clone, Copy)]
pub struct Several<'a> {
    /// What they have in common.
    pub title: &'a str,
    /// The comparisons, at most as many as there are colours.
    pub all: &'a [Compared<'a>],
    /// How much they differ from the first, one sentence each.
    pub changes: &'a [String],
    /// Reasons to doubt the result, one sentence each.
    pub warnings: &'a [String],
    /// The command that makes this page again.
    pub command: &'a str,
}

#[derive(Serialize)]
struct Numbers<'a> {
    unit: Unit,
    overlays: Vec<Overlay<'a>>,
}

#[derive(Serialize)]
struct Overlay<'a> {
    label: &'a str,
    color: String,
    points: Vec<Point>,
    measured: Vec<Run>,
    errors: Errors,
}

#[derive(Serialize)]
struct Point {
    ranks: u32,
    makespan_s: f64,
}

/// Returns the page as an HTML document.
#[must_use]
pub fn several(page: &Several<'_>) -> String {
    let inputs: Vec<Inputs<'_>> =
        page.all.iter().map(|one| Inputs { scenario: one.scenario, machine: one.machine }).collect();
    let body = html! {
        (sections::head("Predictions against measurements", page.title, &question(page), &answer(page)))
        (sections::warnings(page.warnings))
        main {
            (curves())
            (errors(page))
            (settings::section(&inputs))
            (sections::reproduce(page.command))
        }
    };
    let numbers = Numbers { unit: Unit::for_longest(times_s(page)), overlays: overlays(page) };
    document::page(&Content { title: page.title, body, numbers: &numbers, scripts: Scripts::Report })
}

fn question(page: &Several<'_>) -> String {
    let labels: Vec<&str> = page.all.iter().map(|one| one.label).collect();
    let mut machines: Vec<String> = page.all.iter().map(|one| answer::cluster(one.scenario, one.machine)).collect();
    machines.dedup();
    let clusters = if machines.len() == 1 { "The cluster" } else { "The clusters" };
    format!(
        "How do {} differ, and how well does the model predict it? {clusters}: {}.",
        labels.join(", "),
        machines.join("; ")
    )
}

fn answer(page: &Several<'_>) -> String {
    let error = |one: &Compared<'_>| match one.comparison.accuracy {
        Accuracy { n_points: 0, .. } => format!("{}: no point to judge it by.", one.label),
        accuracy => format!(
            "{}: off by {} on average over {} points (noise floor {}).",
            one.label,
            percent(accuracy.mape),
            accuracy.n_points,
            percent(accuracy.noise_floor)
        ),
    };
    page.changes.iter().cloned().chain(page.all.iter().map(error)).collect::<Vec<_>>().join(" ")
}

fn curves() -> Markup {
    html! {
        section aria-labelledby="curve" {
            h2 id="curve" { "The curves" }
            form.controls id="view-overlay" autocomplete="off" {
                label { input type="checkbox" name="logY"; "logarithmic vertical axis" }
                label { input type="checkbox" name="logX"; "logarithmic ranks" }
            }
            (sections::chart("chart-overlay", "Predicted curves and measured runs by number of ranks; their numbers are in the tables below"))
            p.note { "Lines are predictions, dots measured runs; small rings were used for the fit, large ones are outliers. Names in the legend switch them off and on." }
        }
    }
}

fn errors(page: &Several<'_>) -> Markup {
    let findings = |one: &Compared<'_>| {
        let label = one.label.to_owned();
        one.findings.iter().map(move |of| format!("{label}: {}", finding::sentence(of))).collect::<Vec<_>>()
    };
    html! {
        section aria-labelledby="accuracy" {
            h2 id="accuracy" { "How good the predictions are" }
            (sections::chart("chart-overlay-errors", "Relative errors of the predictions by number of ranks; their numbers are in the tables below"))
            p.note { (sections::AT_THE_EDGE) }
            (summary(page.all))
            (sections::sentences(page.all.iter().flat_map(findings)))
            @for (i, one) in page.all.iter().enumerate() {
                details {
                    summary { "The error at each rank count: " (one.label) }
                    (tables::comparison(&format!("comparison-table-{i}"), one.comparison))
                }
            }
        }
    }
}

fn summary(all: &[Compared<'_>]) -> Markup {
    let numbers = |header: &str, text: fn(&Accuracy) -> String| {
        Column::numbers(header, all.iter().map(|one| text(&one.comparison.accuracy)))
    };
    let columns = [
        Column::words("", all.iter().map(|one| one.label.to_owned())),
        numbers("points", |accuracy| accuracy.n_points.to_string()),
        numbers("mean absolute error", |accuracy| percent(accuracy.mape)),
        numbers("bias", |accuracy| signed_percent(accuracy.bias)),
        numbers("noise floor", |accuracy| percent(accuracy.noise_floor)),
        numbers("in band", |accuracy| format!("{:.0} %", 100.0 * accuracy.band_coverage)),
        numbers("outliers", |accuracy| accuracy.n_outliers.to_string()),
    ];
    tables::table("accuracy-table", "Errors of the predictions, relative to the measured times.", &columns)
}

fn times_s<'a>(page: &'a Several<'_>) -> impl Iterator<Item = f64> + 'a {
    let of = |one: &'a Compared<'_>| {
        let measured = one.comparison.points.iter().map(|point| point.measured_s);
        one.curve.points.iter().map(|point| point.makespan_s).chain(measured)
    };
    page.all.iter().flat_map(of)
}

fn overlays<'a>(page: &'a Several<'_>) -> Vec<Overlay<'a>> {
    let of = |(i, one): (usize, &'a Compared<'_>)| Overlay {
        label: one.label,
        color: curve_color(i),
        points: one.curve.points.iter().map(|at| Point { ranks: at.ranks, makespan_s: at.makespan_s }).collect(),
        measured: one.comparison.points.iter().map(|point| Run::from(mark::of_point(point))).collect(),
        errors: Errors::from(one.comparison),
    };
    page.all.iter().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use dlpc_predict::analysis::amdahl;

    #[test]
    fn several_comparisons_stand_on_one_page_and_labels_are_escaped() {
        let (curve, _, comparison) = amdahl::small();
        let (scenario, machine) = (json!({ "title": "Darts" }), json!({ "title": "A cluster" }));
        let one = |label| Compared {
            label,
            curve: &curve,
            comparison: &comparison,
            findings: &[Finding::SingleRun { ranks: 4 }],
            scenario: &scenario,
            machine: &machine,
        };
        let page = several(&Several {
            title: "Before and after",
            all: &[one("before"), one("<script>alert(1)</script>")],
            changes: &["after against before: measured -10.0 %.".to_owned()],
            warnings: &[],
            command: "dlpc-sim compare a.toml b.toml",
        });
        assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"), "{page}");
        assert!(page.contains("before: 4 ranks: one run only") && page.contains("measured -10.0 %"));
        // What both were made of is the same, and shown once.
        assert_eq!(page.matches("The scenario, with every default").count(), 1);
        assert!(page.contains(r#"id="comparison-table-0""#) && page.contains(r#"id="comparison-table-1""#));
    }
}
