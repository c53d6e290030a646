//! Web pages: one self-contained file each, without a network, for a browser on any screen or for paper.
//!
//! Charts are drawn by uPlot (MIT, see `assets/page/`) from the numbers in the page; everything they show is in a table,
//! too. All text of the user is escaped. Same input, same bytes.

pub mod fit;
pub mod live;
pub mod several;

mod answer;
mod document;
mod explained;
mod numbers;
mod sections;
mod settings;
mod tables;

pub use self::answer::machine_title;
use maud::{Markup, html};
use serde_json::Value;

use self::document::{Content, Scripts};
use dlpc_predict::analysis::Curve;
use dlpc_predict::analysis::accuracy::Comparison;
use dlpc_predict::analysis::finding::Finding;
use dlpc_predict::explanation::Explanation;
use dlpc_predict::measurement::Measurement;

/// What the report of a scenario shows.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// Title of the scenario.
    pub title: &'a str,
    /// The prediction.
    pub curve: &'a Curve,
    /// Measured runs of the same scenario, if there are any.
    pub measured: Option<&'a Measurement>,
    /// The prediction against them.
    pub comparison: Option<&'a Comparison>,
    /// What the report is about.
    pub subject: Subject<'a>,
    /// Where the time goes, rank by rank.
    pub excerpt: Option<Excerpt<'a>>,
    /// Reasons to doubt the result, one sentence each.
    pub warnings: &'a [String],
    /// The scenario as it was used.
    pub scenario: &'a Value,
    /// The machine model as it was used.
    pub machine: &'a Value,
    /// The command that makes this report again.
    pub command: &'a str,
}

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Subject<'a> {
    /// How long the scenario takes.
    Prediction,
    /// How good the prediction is, and what is odd about the measured runs.
    Comparison(&'a [Finding]),
    /// Why it takes as long, and what would help.
    Explanation(&'a Explanation),
}

/// The time line of one run.
#[derive(Debug, Clone, Copy)]
pub struct Excerpt<'a> {
    /// Rank count of the run.
    pub ranks: usize,
    /// The drawing, as SVG.
    pub svg: &'a str,
}

/// Returns the report as an HTML document.
#[must_use]
pub fn report(report: &Report<'_>) -> String {
    let kind = match report.subject {
        Subject::Prediction => "Prediction",
        Subject::Comparison(_) => "Prediction against measurement",
        Subject::Explanation(_) => "Explanation",
    };
    let (scenario, machine) = (report.scenario, report.machine);
    let body = html! {
        (sections::head(kind, report.title, &answer::question(report), &answer::answer(report)))
        (sections::warnings(report.warnings))
        main {
            (results(report))
            (settings::section(&[settings::Inputs { scenario, machine }]))
            (sections::reproduce(report.command))
        }
    };
    let numbers = numbers::of(report);
    document::page(&Content { title: report.title, body, numbers: &numbers, scripts: Scripts::Report })
}

/// Returns the results, those first that the report is about.
fn results(report: &Report<'_>) -> Markup {
    let curve = || sections::curve(&tables::curve(report.curve, report.measured));
    let breakdown = || sections::breakdown(&report.curve.points);
    let (excerpt, accuracy) = (|| sections::excerpt(report), || sections::accuracy(report));
    match report.subject {
        Subject::Prediction => html! { (curve()) (breakdown()) (excerpt()) (accuracy()) },
        Subject::Comparison(_) => html! { (accuracy()) (curve()) (breakdown()) (excerpt()) },
        Subject::Explanation(explanation) => html! {
            (explained::words(report.curve, explanation))
            (breakdown())
            (explained::what_helps(explanation))
            (explained::bounds(report.curve, explanation))
            (curve()) (excerpt()) (accuracy())
        },
    }
}

#[cfg(test)]
mod tests;
