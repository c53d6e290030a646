//! `comparisons.json`: several comparisons in one document.

use serde_json::Value;

use crate::json;
use dlpc_predict::analysis::accuracy::Comparison;
use dlpc_predict::analysis::finding::Finding;

/// Version of the file.
const FORMAT: u32 = 1;

/// A comparison among several, and its name.
#[derive(Debug, Clone, Copy)]
pub struct NamedComparison<'a> {
    /// What tells it from the others.
    pub label: &'a str,
    /// Title of the scenario.
    pub title: &'a str,
    /// The comparison.
    pub comparison: &'a Comparison,
    /// What is odd about the measured runs.
    pub findings: &'a [Finding],
}

/// Returns the text of `comparisons.json`: `format`, and `comparisons`, each a `label` and what `comparison.json` has.
///
/// # Panics
/// Never: a comparison can be written as JSON.
#[must_use]
pub fn comparisons(all: &[NamedComparison<'_>]) -> String {
    let one = |named: &NamedComparison<'_>| {
        let text = json::comparison(named.title, named.comparison, named.findings);
        let rest: serde_json::Map<String, Value> =
            serde_json::from_str(&text).expect("invariant: it was written as a JSON object");
        let label = [("label".to_owned(), Value::from(named.label))];
        label.into_iter().chain(rest).collect::<serde_json::Map<_, _>>()
    };
    let all: Vec<_> = all.iter().map(one).collect();
    let document = serde_json::json!({ "format": FORMAT, "comparisons": all });
    serde_json::to_string_pretty(&document).expect("invariant: keys are strings") + "\n"
}
