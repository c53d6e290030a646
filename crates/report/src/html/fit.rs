//! The page of a calibration: figures, residuals, every value with its origin, and what nothing determines.

use maud::{Markup, PreEscaped, html};

use super::{document, sections};
use crate::fit::{self, FitDocument};
use crate::number::{percent, signed_percent};
use crate::plot::fit::FitFigure;
use dlpc_predict::fit::SegmentReport;
use dlpc_predict::fit::origin::{Origin, Parameter, not_fitted};

/// Returns the report of a fit as an HTML document.
#[must_use]
pub fn fit(document: &FitDocument<'_>, figures: &[FitFigure]) -> String {
    let question =
        "How well does the fitted model repeat what was measured, and how well is each of its numbers known?";
    let answer = format!("{} {}", fit::verdict(document), fit::summary(document));
    let body = html! {
        (sections::head("Calibration", &document.fit.title, question, &answer))
        (sections::warnings(&document.fit.warnings))
        main {
            (pictures(figures))
            (residuals(document))
            (parameters(document))
            (segments(document))
            (rest(document))
            (source(document))
            (sections::reproduce(document.command))
        }
    };
    document::still(&document.fit.title, &body)
}

fn pictures(figures: &[FitFigure]) -> Markup {
    html! {
        section aria-labelledby="figures" {
            h2 id="figures" { "What was measured, and what the model makes of it" }
            p { "Above: each sample, and the line of the fitted model on hosts of speed 1. Below: the error of the model at each sample, on the hosts of the sample. Good errors scatter around zero without a pattern." }
            @for figure in figures {
                h3 { (figure.caption) }
                div.scroll.timeline tabindex="0" role="region" aria-label=(figure.caption) { (PreEscaped(figure.svg())) }
            }
        }
    }
}

fn residuals(document: &FitDocument<'_>) -> Markup {
    html! {
        section aria-labelledby="residuals" {
            h2 id="residuals" { "Errors by kind of measurement" }
            p { "Of the fitted model, simulated, against what was measured. Mean and median are those of the absolute errors, as in comparisons. The bias is the median of the signed errors: far from zero, the model lacks something. The scatter is that of the samples." }
            (table("residuals-table", "Errors of the fitted model.", (1, 0), &["measured", "samples", "outliers", "mean error", "median error", "bias", "scatter", "90 % within"], &document
                .fit
                .residuals
                .iter()
                .map(|(kind, residual)| vec![
                    kind.clone(),
                    residual.n_samples.to_string(),
                    residual.n_outliers.to_string(),
                    percent(residual.mean_absolute),
                    percent(residual.median_absolute),
                    signed_percent(residual.median),
                    percent(residual.scatter),
                    percent(residual.p90),
                ])
                .collect::<Vec<_>>()))
        }
    }
}

fn parameters(document: &FitDocument<'_>) -> Markup {
    let (fitted, others): (Vec<&Parameter>, Vec<&Parameter>) =
        document.parameters.iter().partition(|parameter| matches!(parameter.origin, Origin::Fitted(_)));
    let header = ["value of the model", "", "95 % interval", "±", "how", "told by"];
    html! {
        section aria-labelledby="parameters" {
            h2 id="parameters" { "Fitted values" }
            (table("parameters-table", "Each fitted value with its 95 % interval.", (1, 2), &header, &rows(&fitted)))
            details {
                summary { "Values that no sample determines (" (others.len()) ")" }
                (table("others-table", "Values from the prior model, or taken to be those of others.", (1, 2), &header, &rows(&others)))
            }
        }
    }
}

fn rows(parameters: &[&Parameter]) -> Vec<Vec<String>> {
    let row = |parameter: &&Parameter| {
        vec![
            parameter.key.clone(),
            fit::value(parameter.value, parameter.unit),
            fit::interval(parameter),
            fit::uncertainty(parameter),
            fit::origin_word(&parameter.origin).to_owned(),
            fit::origin_reason(&parameter.origin).to_owned(),
        ]
    };
    parameters.iter().map(row).collect()
}

fn segments(document: &FitDocument<'_>) -> Markup {
    let row = |(class, segment): (&String, &SegmentReport)| {
        let upto = segment.upto.map_or_else(|| "any size".to_owned(), |upto| format!("{upto} B"));
        let protocol = if segment.is_eager { "eager" } else { "rendezvous" };
        vec![class.clone(), upto, segment.n_samples.to_string(), protocol.to_owned()]
    };
    let all = document.fit.segments.iter();
    let rows: Vec<Vec<String>> =
        all.flat_map(|(class, segments)| segments.iter().map(move |segment| row((class, segment)))).collect();
    html! {
        @if !rows.is_empty() {
            section aria-labelledby="segments" {
                h2 id="segments" { "Segments of the message tables" }
                p { (fit::calibrated_range(document)) " Larger ones are extrapolated, and predictions say so." }
                (table("segments-table", "Segments that were fitted.", (1, 1), &["pairs", "up to", "ping-pongs", "protocol"], &rows))
            }
        }
    }
}

fn rest(document: &FitDocument<'_>) -> Markup {
    let rest = not_fitted(document.fit);
    html! {
        @if !rest.is_empty() {
            section aria-labelledby="rest" {
                h2 id="rest" { "What no sample determines" }
                dl { @for (key, why) in rest { dt { (key) } dd { (why) } } }
            }
        }
    }
}

fn source(document: &FitDocument<'_>) -> Markup {
    html! {
        section aria-labelledby="source" {
            h2 id="source" { "What it was fitted to" }
            dl { dt { "measured" } dd { (document.source) } }
        }
    }
}

/// Returns a table whose first `n_words.0` and last `n_words.1` columns are words, all others numbers.
fn table(id: &str, caption: &str, n_words: (usize, usize), header: &[&str], rows: &[Vec<String>]) -> Markup {
    let is_word = |column: usize| column < n_words.0 || header.len() <= column + n_words.1;
    let class = |column: usize| if is_word(column) { "word" } else { "number" };
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table id=(id) {
                caption { (caption) }
                thead { tr { @for (i, name) in header.iter().enumerate() { th scope="col" class=(class(i)) { (name) } } } }
                tbody {
                    @for row in rows { tr { @for (i, cell) in row.iter().enumerate() { td class=(class(i)) { (cell) } } } }
                }
            }
        }
    }
}
