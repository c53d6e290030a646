//! The report of a fit for the terminal.

use std::collections::BTreeMap;

use super::{Column, render};
use crate::fit::{self, FitDocument};
use crate::number::{percent, signed_percent};
use dlpc_predict::fit::origin::{Origin, Parameter, not_fitted};

/// Returns all that is printed of a fit: residuals, fitted values, what was not fitted, and the range.
///
/// The text does not end in a new line.
#[must_use]
pub fn page(document: &FitDocument<'_>) -> String {
    let mut parts = vec![
        fit::summary(document),
        residuals(document),
        fit::verdict(document),
        parameters(document),
        rest(document),
        fit::calibrated_range(document),
    ];
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// Returns the residuals, one row per kind of experiment.
fn residuals(document: &FitDocument<'_>) -> String {
    let all = &document.fit.residuals;
    render(vec![
        Column::words("measured", all.keys().cloned().collect()),
        Column::numbers("samples", all.values().map(|residual| residual.n_samples.to_string()).collect()),
        Column::numbers("outliers", all.values().map(|residual| residual.n_outliers.to_string()).collect()),
        Column::numbers("mean error", all.values().map(|residual| percent(residual.mean_absolute)).collect()),
        Column::numbers("median", all.values().map(|residual| percent(residual.median_absolute)).collect()),
        Column::numbers("bias", all.values().map(|residual| signed_percent(residual.median)).collect()),
        Column::numbers("90 % within", all.values().map(|residual| percent(residual.p90)).collect()),
    ])
}

/// Returns the fitted values; those that all host groups have in common are one row.
fn parameters(document: &FitDocument<'_>) -> String {
    let fitted = document.parameters.iter().filter(|parameter| matches!(parameter.origin, Origin::Fitted(_)));
    let rows = merged(fitted);
    render(vec![
        Column::words("fitted value", rows.iter().map(|(key, _)| key.clone()).collect()),
        Column::numbers("", rows.iter().map(|(_, parameter)| fit::value(parameter.value, parameter.unit)).collect()),
        Column::numbers("95 % interval", rows.iter().map(|(_, parameter)| fit::interval(parameter)).collect()),
        Column::numbers("±", rows.iter().map(|(_, parameter)| fit::uncertainty(parameter)).collect()),
        Column::words(
            "told by",
            rows.iter().map(|(_, parameter)| short(fit::origin_reason(&parameter.origin)).to_owned()).collect(),
        ),
    ])
}

/// Returns a reason up to its first semicolon: what comes after is in the other reports.
fn short(reason: &str) -> &str {
    reason.split(';').next().unwrap_or(reason)
}

/// Merges values that differ by the name of the host group only.
fn merged<'a>(parameters: impl Iterator<Item = &'a Parameter>) -> Vec<(String, &'a Parameter)> {
    let mut rows: Vec<(String, &Parameter)> = Vec::new();
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for parameter in parameters {
        let rest = parameter.key.strip_prefix("hosts.").and_then(|key| key.split_once('.')).map(|(_, rest)| rest);
        let Some(rest) = rest else {
            rows.push((parameter.key.clone(), parameter));
            continue;
        };
        let same = groups.get(rest).copied().filter(|row| is_same(rows[*row].1, parameter));
        if let Some(row) = same {
            rows[row].0 = format!("hosts.*.{rest}");
        } else {
            groups.entry(rest.to_owned()).or_insert(rows.len());
            rows.push((parameter.key.clone(), parameter));
        }
    }
    rows
}

fn is_same(a: &Parameter, b: &Parameter) -> bool {
    a.value.to_bits() == b.value.to_bits() && a.interval == b.interval
}

/// Returns what no sample determines, one line each.
fn rest(document: &FitDocument<'_>) -> String {
    let rest = not_fitted(document.fit);
    if rest.is_empty() {
        return String::new();
    }
    let lines = rest.into_iter().map(|(key, why)| format!("  {key}: {why}"));
    std::iter::once("Not told by any sample:".to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}
