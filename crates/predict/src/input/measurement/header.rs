//! The header of a measured curve: where its columns are, and what a column of another name was meant to be.

use std::ops::Range;

use super::{Row, field_bytes};
use crate::diagnostic::{FileId, Problem};
use crate::input::toml::leaf;

/// Where the columns are.
pub(super) struct Columns {
    pub(super) n: usize,
    pub(super) ranks: usize,
    pub(super) seconds: usize,
    pub(super) reading_error_s: Option<usize>,
    pub(super) host: Option<usize>,
}

/// A column that has a meaning, and what other programs and people call it.
struct Known {
    name: &'static str,
    other_names: &'static [&'static str],
}

const RANKS: Known = Known {
    name: "ranks",
    other_names: &[
        "n",
        "np",
        "p",
        "proc",
        "procs",
        "nproc",
        "nprocs",
        "process",
        "processes",
        "n_ranks",
        "nranks",
        "mpi_ranks",
        "task",
        "tasks",
        "ntasks",
        "size",
        "worker",
        "workers",
        "core",
        "cores",
        "thread",
        "threads",
        "cpus",
        "node",
        "nodes",
    ],
};
const SECONDS: Known = Known {
    name: "seconds",
    other_names: &[
        "s",
        "t",
        "sec",
        "secs",
        "time",
        "times",
        "time_s",
        "time_sec",
        "time_seconds",
        "run_time",
        "run_time_s",
        "runtime",
        "runtime_s",
        "elapsed",
        "elapsed_s",
        "elapsed_time",
        "wall",
        "wall_s",
        "wall_time",
        "walltime",
        "wallclock",
        "duration",
        "duration_s",
        "real",
    ],
};
const READING_ERROR: Known =
    Known { name: "reading_error_s", other_names: &["reading_error", "reading_error_seconds"] };
const HOST: Known = Known { name: "host", other_names: &["hostname", "host_name"] };

/// What separates columns elsewhere.
const SEPARATORS: [(char, &str); 3] = [(';', "semicolons"), ('\t', "tabs"), (' ', "spaces")];

/// Returns where the columns are, or none if that cannot be told.
pub(super) fn columns(header: &Row<'_>, file: FileId, problems: &mut Vec<Problem>) -> Option<Columns> {
    if let Some(problem) = separated_otherwise(header, file) {
        problems.push(problem);
        return None;
    }
    let mut finder = Finder { header, file, problems };
    let ranks = finder.required(&RANKS);
    let seconds = finder.required(&SECONDS);
    let (reading_error_s, host) = (finder.optional(&READING_ERROR), finder.optional(&HOST));
    Some(Columns { n: header.record.len(), ranks: ranks?, seconds: seconds?, reading_error_s, host })
}

/// Reports a header of one column that another separator would cut into several.
fn separated_otherwise(header: &Row<'_>, file: FileId) -> Option<Problem> {
    let text = header.text.trim();
    let is_cut_by = |(separator, _): &(char, &str)| header.record.len() == 1 && text.contains(*separator);
    let (_, found) = SEPARATORS.into_iter().find(is_cut_by)?;
    let message = format!("the columns are separated by {found}, not by commas");
    let problem = Problem::error("measurement::separator", file.span(header.bytes.start, header.bytes.end), message);
    Some(problem.help("write `ranks,seconds`, with commas between columns and a point in decimal fractions"))
}

struct Finder<'f> {
    header: &'f Row<'f>,
    file: FileId,
    problems: &'f mut Vec<Problem>,
}

impl Finder<'_> {
    /// Returns the place of a column that must be there.
    fn required(&mut self, known: &Known) -> Option<usize> {
        let found = self.only(known);
        if found.is_none() {
            let message = format!("the header has no column `{}`", known.name);
            let label = format!("did you mean `{}`?", known.name);
            let meant = self.meant(known).map(|column| field_bytes(self.header, column));
            let problem = self.problem("missing_column", meant.clone(), message);
            let problem = if meant.is_some() { problem.label(label) } else { problem };
            self.problems.push(problem.help("a measurement has at least the columns `ranks` and `seconds`"));
        }
        found
    }

    /// Returns the place of a column that may be missing; one of nearly its name would be left out without a word.
    fn optional(&mut self, known: &Known) -> Option<usize> {
        let found = self.only(known);
        if let (None, Some(column)) = (found, self.meant(known)) {
            let message = format!("unknown column `{}`", &self.header.record[column]);
            let problem = self.problem("unknown_column", Some(field_bytes(self.header, column)), message);
            let problem = problem.label(format!("did you mean `{}`?", known.name));
            self.problems.push(problem.help("columns of quite other names are left out"));
        }
        found
    }

    /// Returns the place of the column of that name; reports a second one.
    fn only(&mut self, known: &Known) -> Option<usize> {
        let mut found = (0..self.header.record.len()).filter(|column| &self.header.record[*column] == known.name);
        let (first, second) = (found.next(), found.next());
        if let Some(column) = second {
            let message = format!("the header has two columns `{}`", known.name);
            let problem = self.problem("column_twice", Some(field_bytes(self.header, column)), message);
            self.problems.push(problem.help("which of them counts? give the other one another name"));
        }
        first
    }

    /// Returns the first column that was most likely meant to be this one.
    fn meant(&self, known: &Known) -> Option<usize> {
        let is_slip = |column: &str| leaf::nearest(column, &[known.name]).is_some();
        let is_meant = |column: &str| {
            let plain = plain(column);
            known.name == plain || known.other_names.contains(&plain.as_str()) || is_slip(&plain)
        };
        self.header.record.iter().position(is_meant)
    }

    fn problem(&self, code: &str, bytes: Option<Range<usize>>, message: String) -> Problem {
        let Range { start, end } = bytes.unwrap_or(self.header.bytes.clone());
        Problem::error(format!("measurement::{code}"), self.file.span(start, end), message)
    }
}

/// Returns a column's name in lower case, with one `_` for all between its words: `time_s` for `Time [s]`.
fn plain(column: &str) -> String {
    let words = column.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_lowercase()
}
