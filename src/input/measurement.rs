//! Measured curves: CSV files with a header and one row per run.

use std::ops::Range;

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::diagnostic::{Diagnostics, FileId, Problem};
use crate::measurement::sample::SECONDS;
use crate::measurement::{HostName, MeasuredRun, Measurement};

/// Where the columns are.
struct Columns {
    n: usize,
    ranks: usize,
    seconds: usize,
    reading_error_s: Option<usize>,
    host: Option<usize>,
}

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
    let mut rows = rows(text).into_iter();
    let Some(header) = rows.next() else {
        let problem = Problem::error("measurement::empty", file.whole(), "the file has no header");
        problems.push(problem.help("start with the line `ranks,seconds`, then one line per run"));
        return None;
    };
    let columns = columns(&header, file, problems)?;
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

/// Splits the text into rows, without blank lines and comments.
fn rows(text: &str) -> Vec<Row<'_>> {
    let mark = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(Trim::All)
        .from_reader(&text.as_bytes()[mark..]);
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).unwrap_or(false) {
        let start = record.position().map_or(0, |at| usize::try_from(at.byte()).unwrap_or(0)) + mark;
        let end = usize::try_from(reader.position().byte()).unwrap_or(0) + mark;
        let bytes = without_comments(text, start..end);
        if record.iter().any(|field| !field.is_empty()) {
            rows.push(Row { record: record.clone(), text: text.get(bytes.clone()).unwrap_or_default(), bytes });
        }
    }
    rows
}

/// Moves the start past the blank lines and comments that the reader counts to a row, and the end before its newline.
fn without_comments(text: &str, bytes: Range<usize>) -> Range<usize> {
    let mut start = bytes.start;
    while let Some(line) = text.get(start..bytes.end).and_then(|rest| rest.split_inclusive('\n').next()) {
        if !line.starts_with('#') && !line.trim().is_empty() {
            break;
        }
        start += line.len();
    }
    let row = text.get(start..bytes.end).unwrap_or_default();
    start..start + row.trim_end().len()
}

fn columns(header: &Row<'_>, file: FileId, problems: &mut Vec<Problem>) -> Option<Columns> {
    let find = |name: &str| header.record.iter().position(|column| column == name);
    let (ranks, seconds) = (find("ranks"), find("seconds"));
    let span = file.span(header.bytes.start, header.bytes.end);
    if header.record.len() == 1 && header.text.contains(';') {
        let problem = Problem::error("measurement::missing_column", span, "the columns are not separated by commas");
        problems
            .push(problem.help("write `ranks,seconds`, with commas between columns and a point in decimal fractions"));
        return None;
    }
    for (name, column) in [("ranks", ranks), ("seconds", seconds)] {
        if column.is_none() {
            let message = format!("the header has no column `{name}`");
            let problem = Problem::error("measurement::missing_column", span, message);
            problems.push(problem.help("a measurement has at least the columns `ranks` and `seconds`"));
        }
    }
    let (reading_error_s, host) = (find("reading_error_s"), find("host"));
    Some(Columns { n: header.record.len(), ranks: ranks?, seconds: seconds?, reading_error_s, host })
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
    let seconds = field(columns.seconds, "seconds", "a number from 1e-12 to 1e9", |seconds| SECONDS.contains(&seconds));
    let reading_error_s = match columns.reading_error_s {
        Some(column) if !row.record[column].is_empty() => {
            let is_error = |error| (0.0..=*SECONDS.end()).contains(&error);
            field(column, "reading_error_s", "a number from zero to 1e9", is_error)
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

    #[test]
    fn a_file_without_runs_is_an_error() {
        for text in ["", "\n", "# nothing\n", "ranks,seconds\n", "\u{feff}", "\u{0}"] {
            assert!(read_str(text).is_err(), "{text:?}");
        }
    }
}
