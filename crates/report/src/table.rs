//! Tables for the terminal, as plain text without colour.

pub mod explanation;
pub mod fit;
mod fitted;

use std::cmp::Ordering;

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use dlpc_engine::units::significant;

use crate::number::{TimeUnit, column_decimals, fixed, percent, signed_percent, whole_percent};
use dlpc_predict::analysis::accuracy::{Accuracy, ComparedPoint, Comparison};
use dlpc_predict::analysis::change::Change;
use dlpc_predict::analysis::{Curve, CurvePoint};
use dlpc_predict::measurement::Measurement;
use dlpc_predict::plain_text::{COLUMNS, one_line};

/// Rules above, below and under the header; nothing between columns.
const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// Returns the prediction as a table: one row per rank count, with the measured medians if there are runs.
///
/// All times are in one unit, which the header names, and with the decimals that the predicted times need. The text
/// does not end in a new line.
#[must_use]
pub fn prediction(curve: &Curve, measured: Option<&Measurement>) -> String {
    let points = &curve.points;
    let makespans_s: Vec<f64> = points.iter().map(|point| point.makespan_s).collect();
    let unit = TimeUnit::for_longest(makespans_s.iter().copied().fold(0.0, f64::max));
    let times = TimeFormat::for_column(unit, &makespans_s);

    let mut columns = vec![
        Column::numbers("ranks", points.iter().map(|point| point.ranks.to_string()).collect()),
        Column::numbers(
            &format!("time [{}]", unit.symbol),
            makespans_s.iter().map(|seconds| times.text(*seconds)).collect(),
        ),
        Column::numbers("5–95 %", points.iter().map(|point| band(point, times)).collect()),
    ];
    if let Some(measurement) = measured {
        let medians = points.iter().map(|point| measurement.median_s(point.ranks));
        let cells = medians.map(|median| median.map(|seconds| times.text(seconds)).unwrap_or_default());
        columns.push(Column::numbers(&format!("measured [{}]", unit.symbol), cells.collect()));
    }
    columns.extend([
        Column::numbers("speedup", points.iter().map(|point| fixed(point.speedup, 2)).collect()),
        Column::numbers("efficiency", points.iter().map(|point| whole_percent(point.parallel_efficiency)).collect()),
        Column::words(
            "limited by",
            points.iter().map(|point| explanation::short_name(point.limited_by).to_owned()).collect(),
        ),
    ]);
    render(columns)
}

/// Returns a table of words: each column with its header.
#[must_use]
pub fn words(columns: Vec<(&str, Vec<String>)>) -> String {
    render(columns.into_iter().map(|(header, cells)| Column::words(header, cells)).collect())
}

/// Returns the comparison as a table: one row per rank count.
///
/// The text does not end in a new line.
#[must_use]
pub fn comparison(comparison: &Comparison) -> String {
    let points = &comparison.points;
    let longest_s = points.iter().map(|point| point.measured_s.max(point.predicted_s)).fold(0.0, f64::max);
    let unit = TimeUnit::for_longest(longest_s);
    let predicted_s: Vec<f64> = points.iter().map(|point| point.predicted_s).collect();
    let times = TimeFormat::for_column(unit, &predicted_s);
    let cells = |seconds: fn(&ComparedPoint) -> f64| points.iter().map(|point| times.text(seconds(point))).collect();
    render(vec![
        Column::numbers("ranks", points.iter().map(|point| point.ranks.to_string()).collect()),
        Column::numbers(&format!("measured [{}]", unit.symbol), cells(|point| point.measured_s)),
        Column::numbers(&format!("predicted [{}]", unit.symbol), cells(|point| point.predicted_s)),
        Column::numbers(
            "5–95 %",
            points
                .iter()
                .map(|point| format!("{} – {}", times.text(point.predicted_p05_s), times.text(point.predicted_p95_s)))
                .collect(),
        ),
        Column::numbers("error", points.iter().map(|point| signed_percent(point.relative_error)).collect()),
        Column::words(
            "in band",
            points.iter().map(|point| if point.inside_band { "yes" } else { "no" }.to_owned()).collect(),
        ),
        Column::words("", points.iter().map(remark).collect()),
    ])
}

/// Returns several comparisons as a table: one row each.
#[must_use]
pub fn comparisons(all: &[(&str, &Comparison)]) -> String {
    let cells = |text: fn(&Accuracy) -> String| all.iter().map(|(_, comparison)| text(&comparison.accuracy)).collect();
    render(vec![
        Column::words("", all.iter().map(|(label, _)| (*label).to_owned()).collect()),
        Column::numbers("points", cells(|accuracy| accuracy.n_points.to_string())),
        Column::numbers("mean absolute error", cells(|accuracy| percent(accuracy.mape))),
        Column::numbers("bias", cells(|accuracy| signed_percent(accuracy.bias))),
        Column::numbers("noise floor", cells(|accuracy| percent(accuracy.noise_floor))),
        Column::numbers("in band", cells(|accuracy| format!("{:.0} %", 100.0 * accuracy.band_coverage))),
        Column::numbers("outliers", cells(|accuracy| accuracy.n_outliers.to_string())),
    ])
}

/// Returns how much one set of runs differs from another, as a sentence.
#[must_use]
pub fn change(before: &str, after: &str, change: &Change) -> String {
    let points = if change.n_points == 1 { "rank count" } else { "rank counts" };
    format!(
        "{after} against {before}: measured {}, predicted {} (median over {} {points}).",
        difference(change.measured),
        difference(change.predicted),
        change.n_points
    )
}

/// Returns a relative change: as a percentage, or if it is large as a factor.
fn difference(change: f64) -> String {
    if change.abs() < 1.0 { signed_percent(change) } else { format!("{} times as long", significant(1.0 + change, 3)) }
}

/// Returns what the comparison says, in a few lines of plain words.
///
/// The text does not end in a new line.
#[must_use]
pub fn comparison_summary(comparison: &Comparison) -> String {
    let accuracy = &comparison.accuracy;
    let mut lines = match (accuracy.n_points, comparison.points.len()) {
        (0, 0) => vec!["Nothing to judge the prediction by: no rank count was both measured and predicted.".to_owned()],
        (0, _) => vec!["Nothing to judge the prediction by: no measured point is held out.".to_owned()],
        (_, n_compared) => accuracy_lines(accuracy, n_compared),
    };
    let outliers: Vec<String> = comparison
        .points
        .iter()
        .filter(|point| point.is_outlier)
        .map(|point| format!("{} ranks ({})", point.ranks, signed_percent(point.relative_error)))
        .collect();
    if !outliers.is_empty() {
        lines.push(format!("Left out as outliers: {}.", outliers.join(", ")));
    }
    lines.join("\n")
}

fn accuracy_lines(accuracy: &Accuracy, n_compared: usize) -> Vec<String> {
    let n_in_scope = accuracy.n_points + accuracy.n_outliers;
    let held_out = if usize::try_from(n_in_scope) == Ok(n_compared) { "" } else { "held-out " };
    let points = if accuracy.n_points == 1 { "point" } else { "points" };
    let direction = match accuracy.bias.total_cmp(&0.0) {
        Ordering::Less => "too short",
        Ordering::Equal => "right",
        Ordering::Greater => "too long",
    };
    vec![
        format!(
            "Mean absolute error {} over {} {held_out}{points}; median {}, 90 % of them within {}, largest {}.",
            percent(accuracy.mape),
            accuracy.n_points,
            percent(accuracy.median),
            percent(accuracy.p90),
            percent(accuracy.max),
        ),
        format!(
            "Noise floor {}: what a perfect model would show against these measurements.",
            percent(accuracy.noise_floor)
        ),
        format!("Bias {}: predicted times are {direction} on average.", signed_percent(accuracy.bias)),
        format!("{:.0} % of the points lie inside the 5–95 % band.", 100.0 * accuracy.band_coverage),
    ]
}

fn remark(point: &ComparedPoint) -> String {
    match (point.is_outlier, point.used_for_fit) {
        (true, true) => "outlier, fitted",
        (true, false) => "outlier",
        (false, true) => "fitted",
        (false, false) => "",
    }
    .to_owned()
}

/// Returns the band of a point as `low – high`.
fn band(point: &CurvePoint, times: TimeFormat) -> String {
    format!("{} – {}", times.text(point.makespan_p05_s), times.text(point.makespan_p95_s))
}

/// How all times of a table are written.
#[derive(Clone, Copy)]
struct TimeFormat {
    unit: TimeUnit,
    decimals: usize,
}

impl TimeFormat {
    /// Returns the format with the decimals that a column of the times `column_s`, in seconds, needs.
    fn for_column(unit: TimeUnit, column_s: &[f64]) -> Self {
        let values: Vec<f64> = column_s.iter().map(|seconds| seconds / unit.seconds).collect();
        Self { unit, decimals: column_decimals(&values) }
    }

    fn text(self, seconds: f64) -> String {
        fixed(seconds / self.unit.seconds, self.decimals)
    }
}

/// A column of a table.
#[derive(Debug, Clone)]
pub(super) struct Column {
    header: String,
    alignment: CellAlignment,
    cells: Vec<String>,
}

impl Column {
    pub(super) fn numbers(header: &str, cells: Vec<String>) -> Self {
        Self::new(header, CellAlignment::Right, cells)
    }

    pub(super) fn words(header: &str, cells: Vec<String>) -> Self {
        Self::new(header, CellAlignment::Left, cells)
    }

    /// Names may come from files: a cell is one line that no terminal obeys.
    fn new(header: &str, alignment: CellAlignment, cells: Vec<String>) -> Self {
        Self { header: one_line(header), alignment, cells: cells.into_iter().map(|cell| one_line(&cell)).collect() }
    }
}

/// Returns the table of some columns, in lines of at most 80 columns: headers and words are broken, and if that is not
/// enough, the rest of the columns is a table below.
pub(super) fn render(columns: Vec<Column>) -> String {
    let groups = fitted::fitted(columns, COLUMNS);
    groups.into_iter().map(drawn).collect::<Vec<_>>().join("\n")
}

fn drawn(columns: Vec<Column>) -> String {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(columns.iter().map(|column| column.header.clone()));
    let n_rows = columns.first().map_or(0, |column| column.cells.len());
    for row in 0..n_rows {
        table.add_row(columns.iter().map(|column| column.cells[row].clone()));
    }
    for (settings, column) in table.column_iter_mut().zip(columns) {
        settings.set_cell_alignment(column.alignment);
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlpc_predict::analysis::accuracy::{Scope, compare};
    use dlpc_predict::analysis::amdahl;

    #[test]
    fn prediction_is_one_row_per_rank_count() {
        insta::assert_snapshot!(prediction(&amdahl::small().0, None));
    }

    #[test]
    fn measured_medians_stand_beside_the_prediction() {
        let measured = amdahl::measured(&[(2, 6.2), (2, 6.4), (2, 6.3), (8, 3.1)]);
        insta::assert_snapshot!(prediction(&amdahl::small().0, Some(&measured)));
    }

    #[test]
    fn comparison_marks_outliers_and_fitted_points() {
        insta::assert_snapshot!(comparison(&amdahl::small().2));
    }

    #[test]
    fn summary_says_what_the_numbers_mean() {
        insta::assert_snapshot!(comparison_summary(&amdahl::small().2));
    }

    #[test]
    fn summary_of_fitted_points_only_claims_nothing() {
        let curve = amdahl::curve(8.0, 2.0, [1]);
        let compared = compare(&curve, &amdahl::measured(&[(1, 9.0)]), &|_| true, Scope::HeldOut);
        assert_eq!(comparison_summary(&compared), "Nothing to judge the prediction by: no measured point is held out.");
    }

    #[test]
    fn summary_of_no_points_says_so() {
        let compared = compare(&amdahl::curve(8.0, 2.0, [1]), &amdahl::measured(&[(2, 9.0)]), &|_| false, Scope::All);
        assert!(comparison_summary(&compared).contains("both measured and predicted"));
    }

    #[test]
    fn texts_leave_the_last_new_line_to_the_caller() {
        let (curve, _, compared) = amdahl::small();
        for text in [prediction(&curve, None), comparison(&compared), comparison_summary(&compared)] {
            assert!(!text.ends_with('\n'), "{text:?}");
        }
    }

    #[test]
    fn short_runs_are_shown_in_their_own_unit() {
        let text = prediction(&amdahl::curve(8e-6, 2e-6, [1, 2]), None);
        assert!(text.contains("time [µs]") && text.contains("10.00"), "{text}");
    }
}
