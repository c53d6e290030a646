//! The numbers of the charts as tables.

use maud::{Markup, html};

use crate::number::{TimeUnit, column_decimals, fixed, percent, signed_percent, whole_percent};
use dlpc_predict::analysis::accuracy::Comparison;
use dlpc_predict::analysis::{Cause, Curve, CurvePoint};
use dlpc_predict::measurement::Measurement;

/// One column: its header and its cells.
pub(super) struct Column {
    header: String,
    is_word: bool,
    cells: Vec<String>,
}

impl Column {
    pub(super) fn numbers(header: impl Into<String>, cells: impl Iterator<Item = String>) -> Self {
        Self { header: header.into(), is_word: false, cells: cells.collect() }
    }

    pub(super) fn words(header: impl Into<String>, cells: impl Iterator<Item = String>) -> Self {
        Self { header: header.into(), is_word: true, cells: cells.collect() }
    }

    const fn class(&self) -> &'static str {
        if self.is_word { "word" } else { "number" }
    }
}

/// Returns the predicted curve, with the measured medians if there are runs.
pub(super) fn curve(curve: &Curve, measured: Option<&Measurement>) -> Markup {
    let points = &curve.points;
    let times = Times::of(points.iter().map(|point| point.makespan_s));
    let mut columns = vec![
        ranks(points),
        Column::numbers(times.header("time"), points.iter().map(|point| times.text(point.makespan_s))),
        Column::numbers(times.header("5 %"), points.iter().map(|point| times.text(point.makespan_p05_s))),
        Column::numbers(times.header("95 %"), points.iter().map(|point| times.text(point.makespan_p95_s))),
    ];
    if let Some(measurement) = measured {
        let cells = points.iter().map(|point| measurement.median_s(point.ranks).map(|seconds| times.text(seconds)));
        columns.push(Column::numbers(times.header("measured"), cells.map(Option::unwrap_or_default)));
    }
    columns.extend([
        Column::numbers("speedup", points.iter().map(|point| fixed(point.speedup, 2))),
        Column::numbers("efficiency", points.iter().map(|point| whole_percent(point.parallel_efficiency))),
        Column::numbers("serial fraction (Karp–Flatt)", points.iter().map(karp_flatt)),
        Column::words("limited by", points.iter().map(|point| point.limited_by.name().to_owned())),
    ]);
    table("curve-table", "Prediction by number of ranks; time is the median of the replications.", &columns)
}

/// Returns the time of the critical path by cause.
pub(super) fn breakdown(points: &[CurvePoint]) -> Markup {
    let times = Times::of(points.iter().map(|point| point.makespan_s));
    let occurs = |cause: &Cause| points.iter().any(|point| 0.0 < point.seconds(*cause));
    let of_cause = |cause: Cause| {
        Column::numbers(times.header(cause.name()), points.iter().map(|point| times.text(point.seconds(cause))))
    };
    let total = |point: &CurvePoint| Cause::ALL.into_iter().map(|cause| point.seconds(cause)).sum();
    let columns: Vec<Column> = std::iter::once(ranks(points))
        .chain(Cause::ALL.into_iter().filter(occurs).map(of_cause))
        .chain([Column::numbers(times.header("sum"), points.iter().map(|point| times.text(total(point))))])
        .collect();
    table("breakdown-table", "Time of the critical path by cause, for one typical replication.", &columns)
}

/// Returns the errors at each measured rank count; `id` is that of the table.
pub(super) fn comparison(id: &str, comparison: &Comparison) -> Markup {
    let points = &comparison.points;
    let times = Times::of(points.iter().map(|point| point.predicted_s));
    let remark = |is_outlier, used_for_fit| match (is_outlier, used_for_fit) {
        (true, true) => "outlier, used for the fit",
        (true, false) => "outlier",
        (false, true) => "used for the fit",
        (false, false) => "held out",
    };
    let yes_or_no = |is_so| if is_so { "yes" } else { "no" }.to_owned();
    let columns = [
        Column::numbers("ranks", points.iter().map(|point| point.ranks.to_string())),
        Column::numbers(times.header("measured"), points.iter().map(|point| times.text(point.measured_s))),
        Column::numbers(times.header("±"), points.iter().map(|point| times.text(point.reading_error_s))),
        Column::numbers(times.header("predicted"), points.iter().map(|point| times.text(point.predicted_s))),
        Column::numbers("error", points.iter().map(|point| signed_percent(point.relative_error))),
        Column::words("in band", points.iter().map(|point| yes_or_no(point.inside_band))),
        Column::words("", points.iter().map(|point| remark(point.is_outlier, point.used_for_fit).to_owned())),
    ];
    table(id, "Predicted against measured, by number of ranks.", &columns)
}

/// Returns the summary of the errors, or that there are none to sum up.
pub(super) fn accuracy(comparison: &Comparison) -> Markup {
    let accuracy = &comparison.accuracy;
    if accuracy.n_points == 0 {
        return html! { p { "There is no point to judge the prediction by: each was used for the fit or is an outlier." } };
    }
    let n_in_scope = accuracy.n_points + accuracy.n_outliers;
    let of =
        if usize::try_from(n_in_scope) == Ok(comparison.points.len()) { "" } else { " at points that were held out" };
    let rows = [
        ("mean absolute error", percent(accuracy.mape)),
        ("noise floor: the error of a perfect model against these measurements", percent(accuracy.noise_floor)),
        ("median absolute error", percent(accuracy.median)),
        ("90 % of the points are within", percent(accuracy.p90)),
        ("largest absolute error", percent(accuracy.max)),
        ("bias: mean signed error", signed_percent(accuracy.bias)),
        ("points inside the 5–95 % band", format!("{:.0} %", 100.0 * accuracy.band_coverage)),
        ("points in this summary", accuracy.n_points.to_string()),
        ("outliers left out", accuracy.n_outliers.to_string()),
    ];
    html! {
        div.scroll {
            table id="accuracy-table" {
                caption { "Errors of the prediction" (of) ", relative to the measured time." }
                tbody { @for (name, value) in rows { tr { th.word scope="row" { (name) } td { (value) } } } }
            }
        }
    }
}

fn ranks(points: &[CurvePoint]) -> Column {
    Column::numbers("ranks", points.iter().map(|point| point.ranks.to_string()))
}

fn karp_flatt(point: &CurvePoint) -> String {
    point
        .karp_flatt
        .filter(|fraction| fraction.is_finite())
        .map(|fraction| format!("{fraction:.3}"))
        .unwrap_or_default()
}

/// How the times of a table are written: one unit, one number of decimals.
pub(super) struct Times {
    unit: TimeUnit,
    decimals: usize,
}

impl Times {
    pub(super) fn of(seconds: impl Iterator<Item = f64>) -> Self {
        let seconds: Vec<f64> = seconds.collect();
        let unit = TimeUnit::for_longest(seconds.iter().copied().fold(0.0, f64::max));
        let values: Vec<f64> = seconds.iter().map(|seconds| seconds / unit.seconds).collect();
        Self { unit, decimals: column_decimals(&values) }
    }

    pub(super) fn header(&self, name: &str) -> String {
        format!("{name} [{}]", self.unit.symbol)
    }

    pub(super) fn text(&self, seconds: f64) -> String {
        fixed(seconds / self.unit.seconds, self.decimals)
    }
}

pub(super) fn table(id: &str, caption: &str, columns: &[Column]) -> Markup {
    let n_rows = columns.first().map_or(0, |column| column.cells.len());
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table id=(id) {
                caption { (caption) }
                thead { tr { @for column in columns { th scope="col" class=(column.class()) { (column.header) } } } }
                tbody {
                    @for row in 0..n_rows {
                        tr { @for column in columns { td class=(column.class()) { (column.cells[row]) } } }
                    }
                }
            }
        }
    }
}
