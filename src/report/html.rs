//! Web pages: one self-contained file each, without a network, for a browser on any screen or for paper.
//!
//! Charts are drawn by uPlot (MIT, see `assets/page/`) from the numbers in the page; everything they show is in a table,
//! too. All text of the user is escaped. Same input, same bytes.

pub mod live;

mod answer;
mod document;
mod numbers;
mod sections;
mod settings;
mod tables;

use maud::html;
use serde_json::Value;

use self::document::{Content, Scripts};
use crate::analysis::Curve;
use crate::analysis::accuracy::Comparison;
use crate::measurement::Measurement;

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
    pub subject: Subject,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// How long the scenario takes.
    Prediction,
    /// How good the prediction is.
    Comparison,
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
        Subject::Comparison => "Prediction against measurement",
    };
    let body = html! {
        (sections::head(kind, report.title, &answer::question(report), &answer::answer(report)))
        (sections::warnings(report.warnings))
        main {
            @if report.subject == Subject::Comparison { (sections::accuracy(report)) }
            (sections::curve(&tables::curve(report.curve, report.measured)))
            (sections::breakdown(&tables::breakdown(&report.curve.points)))
            (sections::excerpt(report))
            @if report.subject == Subject::Prediction { (sections::accuracy(report)) }
            (settings::section(report))
            (sections::reproduce(report.command))
        }
    };
    let numbers = numbers::of(report);
    document::page(&Content { title: report.title, body, numbers: &numbers, scripts: Scripts::Report })
}

#[cfg(test)]
mod tests;
