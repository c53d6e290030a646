//! CSV files: `prediction.csv`, one row per rank count, and measurements, one row per run.

use dlpc_predict::analysis::{Cause, Curve, CurvePoint};
use dlpc_predict::explanation::{Detail, Explanation};
use dlpc_predict::measurement::schedule::Run;

/// Columns of `prediction.csv`, in order. A contract: more may be appended, none renamed.
pub const PREDICTION_COLUMNS: [&str; 10] = [
    "ranks",
    "makespan_s",
    "makespan_p05_s",
    "makespan_p95_s",
    "speedup",
    "speedup_p05",
    "speedup_p95",
    "parallel_efficiency",
    "karp_flatt",
    "limited_by",
];

/// Returns the text of `prediction.csv`.
///
/// Numbers are the shortest that read back as the same `f64`; `karp_flatt` is empty on 1 rank, and all that needs a
/// speedup if the program takes no time; `limited_by` is
/// [`Cause::key`](dlpc_predict::analysis::Cause::key).
#[must_use]
pub fn prediction(curve: &Curve) -> String {
    let header = PREDICTION_COLUMNS.map(str::to_owned);
    let rows = std::iter::once(header).chain(curve.points.iter().map(row));
    // No field needs quotes: numbers and keys have neither commas nor quotes nor line ends.
    rows.map(|fields| fields.join(",") + "\n").collect()
}

/// Returns the rows of a measurement file, sorted by rank count, with their header.
#[must_use]
pub fn measured_runs(runs: &[(Run, f64)]) -> String {
    let mut runs = runs.to_vec();
    runs.sort_by_key(|(run, _)| *run);
    let rows = runs.iter().map(|(run, seconds)| format!("{},{seconds},{}\n", run.ranks, run.repeat));
    std::iter::once("ranks,seconds,repeat\n".to_owned()).chain(rows).collect()
}

/// Returns the text of `explain.csv`: for each rank count the seconds of the critical path by cause, the lower bound (empty
/// if the run was not traced) and the load balance.
#[must_use]
pub fn explanation(curve: &Curve, explanation: &Explanation) -> String {
    let causes = Cause::ALL.map(|cause| format!("{}_s", cause.key()));
    let header = ["ranks", "makespan_s"].map(str::to_owned).into_iter().chain(causes);
    let header = header.chain(["lower_bound_s", "load_balance"].map(str::to_owned)).collect();
    let detail_of = |point: &CurvePoint| explanation.details.iter().find(|detail| detail.ranks == point.ranks);
    let explained = curve.points.iter().filter_map(|point| detail_of(point).map(|detail| (point, detail)));
    let rows = std::iter::once(header).chain(explained.map(|(point, detail)| explained_row(point, detail)));
    rows.map(|fields: Vec<String>| fields.join(",") + "\n").collect()
}

fn explained_row(point: &CurvePoint, detail: &Detail) -> Vec<String> {
    let mut fields = vec![point.ranks.to_string(), point.makespan_s.to_string()];
    fields.extend(point.breakdown.iter().map(|(_, part)| part.as_seconds().to_string()));
    fields.push(detail.bounds.map(|bounds| bounds.largest_s().to_string()).unwrap_or_default());
    fields.push(detail.load_balance.map(|balance| balance.to_string()).unwrap_or_default());
    fields
}

/// Returns a number, or nothing if there is none.
pub(super) fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}

fn row(point: &CurvePoint) -> [String; 10] {
    [
        point.ranks.to_string(),
        point.makespan_s.to_string(),
        point.makespan_p05_s.to_string(),
        point.makespan_p95_s.to_string(),
        number(point.speedup),
        number(point.speedup_p05),
        number(point.speedup_p95),
        number(point.parallel_efficiency),
        point.karp_flatt.map(|fraction| fraction.to_string()).unwrap_or_default(),
        point.limited_by.key().to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlpc_predict::analysis::amdahl;

    #[test]
    fn header_is_the_contract() {
        insta::assert_snapshot!(prediction(&Curve { points: Vec::new() }), @"ranks,makespan_s,makespan_p05_s,makespan_p95_s,speedup,speedup_p05,speedup_p95,parallel_efficiency,karp_flatt,limited_by");
    }

    #[test]
    fn each_rank_count_is_a_row() {
        insta::assert_snapshot!(prediction(&amdahl::curve(8.0, 2.0, [1, 4, 16])));
    }

    #[test]
    fn karp_flatt_is_empty_on_one_rank() {
        let text = prediction(&amdahl::curve(8.0, 2.0, [1]));
        assert!(text.ends_with(",,compute\n"), "{text}");
    }

    #[test]
    fn a_csv_reader_gets_the_same_numbers_back() {
        let curve = amdahl::curve(0.1, 1.0 / 3.0, 1..=7);
        let text = prediction(&curve);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for (record, point) in reader.records().zip(&curve.points) {
            let record = record.expect("a row");
            assert_eq!(record[1].parse::<f64>().map(f64::to_bits), Ok(point.makespan_s.to_bits()));
        }
    }
}
