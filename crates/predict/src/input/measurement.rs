//! Measured curves: CSV files with a header and one row per run.

mod header;

use std::ops::Range;

use csv::{ReaderBuilder, StringRecord, Trim};

use self::header::Columns;
use crate::diagnostic::{Diagnostics, FileId, Problem};
use crate::measurement::{HostName, MeasuredRun, Measurement, RUN_TIMES_S};

/// A row and its place.
struct Row<'t> {
    record: StringRecord,
    text: &'t str,
    bytes: Range<usize>,
}

/// Returns the measured curve, or none if there is a problem.
pub(super) fn read(file: FileId, diagnostics: &mut Diagnostics) -> Option<Measurement> {
    let text = diagnostics.text(file).to_owned();
    let mut problems = Vec::new();
    let measurement = read_text(file, &text, &mut problems);
    let is_valid = problems.is_empty();
    diagnostics.extend(problems);
    measurement.filter(|_| is_valid)
}

fn read_text(file: FileId, text: &str, problems: &mut Vec<Problem>) -> Option<Measurement> {
    let mut rows = rows(file, text, problems).into_iter();
    let Some(header) = rows.next() else {
        if problems.is_empty() {
            let problem = Problem::error("measurement::empty", file.whole(), "the file has no header");
            problems.push(problem.help("start with the line `ranks,seconds`, then one line per run"));
        }
        return None;
    };
    let columns = header::columns(&header, file, problems)?;
    let mut runs = Vec::new();
    let mut hosts: Vec<String> = Vec::new();
    for row in rows {
        let host = columns.host.and_then(|column| row.record.get(column)).filter(|name| !name.is_empty());
        let host = host.map(|name| host_name(name, &mut hosts));
        runs.extend(run(&row, &columns, file, problems).map(|run| MeasuredRun { host, ..run }));
    }
    if runs.is_empty() && problems.is_empty() {
        let problem = Problem::error("measurement::empty", file.whole(), "the file has no runs");
        problems.push(problem.help("add a line per run, for instance `1,2.79`"));
    }
    runs.sort_by_key(|run| run.ranks);
    Some(Measurement { rows: runs, hosts })
}

fn host_name(name: &str, hosts: &mut Vec<String>) -> HostName {
    let known = hosts.iter().position(|host| host == name);
    HostName(known.unwrap_or_else(|| {
        hosts.push(name.to_owned());
        hosts.len() - 1
    }))
}

/// Splits the text into rows, one a line, without blank lines and comments.
fn rows<'t>(file: FileId, text: &'t str, problems: &mut Vec<Problem>) -> Vec<Row<'t>> {
    let mut rows = Vec::new();
    let mut next = 0;
    for whole in text.split(['\n', '\r']) {
        let start = next;
        next += whole.len() + 1;
        let line = whole.trim_start_matches('\u{feff}');
        let start = start + whole.len() - line.len();
        let line = line.trim_end();
        if line.trim_start().starts_with('#') {
            continue;
        }
        if !line.matches('"').count().is_multiple_of(2) {
            let at = start + line.rfind('"').unwrap_or(0);
            let problem = Problem::error("measurement::open_quote", file.span(at, at + 1), "a quote is not closed");
            problems.push(problem.help("close it on its line, or take it out: only fields with commas need quotes"));
            continue;
        }
        let record = fields(line);
        if record.iter().any(|field| !field.is_empty()) {
            rows.push(Row { record, text: line, bytes: start..start + line.len() });
        }
    }
    rows
}

/// Splits a line into its fields.
fn fields(line: &str) -> StringRecord {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .buffer_capacity(line.len().max(1))
        .from_reader(line.as_bytes());
    let mut record = StringRecord::new();
    // Reading from memory does not fail, and text stays text.
    let _ = reader.read_record(&mut record);
    record
}

fn run(row: &Row<'_>, columns: &Columns, file: FileId, problems: &mut Vec<Problem>) -> Option<MeasuredRun> {
    if row.record.len() != columns.n {
        let plural = if row.record.len() == 1 { "" } else { "s" };
        let message = format!("the row has {} field{plural}, the header has {}", row.record.len(), columns.n);
        let problem = Problem::error("measurement::wrong_length", file.span(row.bytes.start, row.bytes.end), message);
        problems.push(problem.help("give each row as many fields, separated by commas, as the header has"));
        return None;
    }
    let mut field = |column: usize, name: &str, expected: &str, is_valid: fn(f64) -> bool| {
        let text = &row.record[column];
        let value = text.parse().ok().filter(|value: &f64| value.is_finite() && is_valid(*value));
        if value.is_none() {
            let bytes = field_bytes(row, column);
            let message = format!("`{name}` is `{text}`, not {expected}");
            let problem = Problem::error("measurement::out_of_range", file.span(bytes.start, bytes.end), message);
            problems.push(problem.label(format!("expected {expected}")));
        }
        value
    };
    let is_rank_count = |ranks: f64| ranks.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&ranks);
    let ranks = field(columns.ranks, "ranks", "a whole number of at least 1", is_rank_count);
    let expected = match row.record[columns.seconds].parse::<f64>() {
        Ok(seconds) if seconds > 0.0 => "a time from 1e-12 s to 213 days, as long as a simulation can be",
        Ok(_) | Err(_) => "a number above zero",
    };
    let seconds = field(columns.seconds, "seconds", expected, |seconds| RUN_TIMES_S.contains(&seconds));
    let reading_error_s = match columns.reading_error_s {
        Some(column) if !row.record[column].is_empty() => {
            let is_error = |error: f64| (0.0..=*RUN_TIMES_S.end()).contains(&error);
            field(column, "reading_error_s", "a number from zero to 213 days", is_error)
        }
        Some(_) | None => Some(0.0),
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    Some(MeasuredRun { ranks: ranks? as u32, seconds: seconds?, reading_error_s: reading_error_s?, host: None })
}

/// Returns the place of a field, or of the row if that cannot be told (quoted or empty fields).
fn field_bytes(row: &Row<'_>, column: usize) -> Range<usize> {
    if row.text.contains('"') {
        return row.bytes.clone();
    }
    let mut start = row.bytes.start;
    for (i, field) in row.text.split(',').enumerate() {
        let trimmed = field.trim();
        if i == column && !trimmed.is_empty() {
            let start = start + (field.len() - field.trim_start().len());
            return start..start + trimmed.len();
        }
        start += field.len() + 1;
    }
    row.bytes.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_str(text: &str) -> Result<Vec<(u32, f64, f64)>, String> {
        let mut diagnostics = Diagnostics::default();
        let file = diagnostics.add_source("x.csv".as_ref(), text.to_owned());
        let rows = |measurement: Measurement| {
            measurement.rows.iter().map(|run| (run.ranks, run.seconds, run.reading_error_s)).collect()
        };
        read(file, &mut diagnostics).map(rows).ok_or_else(|| diagnostics.render(false))
    }

    #[test]
    fn reads_columns_in_any_order_and_ignores_others() {
        let text =
            "\u{feff}# made by hand\nhost, seconds ,ranks,reading_error_s\npi0,2.5,2,0.1\r\n\n# more\n\"a,b\",5,1,\n";
        assert_eq!(read_str(text), Ok(vec![(1, 5.0, 0.0), (2, 2.5, 0.1)]));
    }

    #[test]
    fn keeps_the_file_order_of_runs_with_equal_ranks() {
        assert_eq!(read_str("ranks,seconds\n2,3\n1,9\n2,1\n"), Ok(vec![(1, 9.0, 0.0), (2, 3.0, 0.0), (2, 1.0, 0.0)]));
    }

    #[test]
    fn names_each_missing_column() {
        let report = read_str("rank,time\n1,2\n").expect_err("a report");
        assert!(report.contains("no column `ranks`") && report.contains("no column `seconds`"), "{report}");
    }

    #[test]
    fn points_at_each_broken_value() {
        let text = "ranks,seconds\n1,2\n# comment\n\n0,1\n2,-1\n3,nan\n4\n5,inf\n1.5,1\n,\n";
        let report = read_str(text).expect_err("a report");
        for place in ["x.csv:5:1", "x.csv:6:3", "x.csv:7:3", "x.csv:8:1", "x.csv:9:3", "x.csv:10:1"] {
            assert!(report.contains(&format!("--> {place}\n")), "{place} in {report}");
        }
        assert_eq!(report.matches("error[").count(), 6);
    }

    fn header_report(header: &str) -> String {
        read_str(&format!("{header}\n1,2\n")).expect_err("a report")
    }

    #[test]
    fn columns_as_others_call_them_are_named() {
        for (header, at, expected) in [
            ("np,time", "1:1", "did you mean `ranks`?"),
            ("np,time", "1:4", "did you mean `seconds`?"),
            ("Ranks,seconds", "1:1", "did you mean `ranks`?"),
            ("ranks,Time [s]", "1:7", "did you mean `seconds`?"),
            ("ranks,second", "1:7", "did you mean `seconds`?"),
            ("ranks,seconds,Host", "1:15", "did you mean `host`?"),
            ("ranks,seconds,reading error", "1:15", "did you mean `reading_error_s`?"),
        ] {
            let report = header_report(header);
            assert!(report.contains(&format!("--> x.csv:{at}\n")) && report.contains(expected), "{report}");
        }
    }

    #[test]
    fn other_separators_are_named() {
        for (header, found) in
            [("ranks\tseconds", "tabs"), ("ranks;seconds", "semicolons"), ("ranks  seconds", "spaces")]
        {
            let report = header_report(header);
            assert!(report.contains(&format!("separated by {found}, not by commas")), "{report}");
        }
    }

    #[test]
    fn a_second_column_of_one_name_is_an_error() {
        for name in ["ranks", "seconds", "reading_error_s", "host"] {
            let report = header_report(&format!("ranks,seconds,{name},{name}"));
            assert!(report.contains(&format!("two columns `{name}`")), "{report}");
        }
        assert_eq!(read_str("ranks,seconds,note,note\n1,2,a,b\n"), Ok(vec![(1, 2.0, 0.0)]));
    }

    /// Read to the next quote, the second row would be part of the first one's note, and the curve would lack it.
    #[test]
    fn a_quote_that_is_not_closed_is_an_error_also_in_a_column_that_is_left_out() {
        for text in ["ranks,seconds,note\n1,4,\"cold\n2,2,warm\n4,1,\n", "ranks,seconds,note\n1,4,\"cold\n2,2,\"warm\n"]
        {
            let report = read_str(text).expect_err("a report");
            assert!(report.contains("--> x.csv:2:5\n") && report.contains("a quote is not closed"), "{report}");
        }
        let text = "ranks,seconds,note\n1,4,\"a \"\"cold\"\" start, by hand\"\n# 5\" disk\n2,2,\n";
        assert_eq!(read_str(text), Ok(vec![(1, 4.0, 0.0), (2, 2.0, 0.0)]));
    }

    /// 2^64 - 1 ps are 213.5 days; ratios and squares of such times are far from the ends of `f64`.
    #[test]
    fn times_that_no_simulation_can_have_are_errors() {
        for time in ["1e-13", "1e-320", "18446745", "1e308"] {
            let report = read_str(&format!("ranks,seconds\n1,{time}\n")).expect_err("a report");
            assert!(report.contains("from 1e-12 s to 213 days"), "{report}");
        }
        let report = read_str("ranks,seconds,reading_error_s\n1,1,1e300\n").expect_err("a report");
        assert!(report.contains("`reading_error_s` is `1e300`"), "{report}");
        assert_eq!(read_str("ranks,seconds\n1,1e-12\n2,18446744\n").map(|rows| rows.len()), Ok(2));
    }

    #[test]
    fn a_file_without_runs_is_an_error() {
        for text in ["", "\n", "# nothing\n", "ranks,seconds\n", "\u{feff}", "\u{0}"] {
            assert!(read_str(text).is_err(), "{text:?}");
        }
    }
}
