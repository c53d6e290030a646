//! Problems of input files, with file, place, label and help.
//!
//! Checks push [`Problem`]s to one [`Diagnostics`] and go on, so that one run reports all problems of all files.

mod render;

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Problems of one or more files, with the text of those files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    sources: Vec<Source>,
    problems: Vec<Problem>,
}

/// A file that problems can point into.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    path: PathBuf,
    text: String,
    /// Number of the first line of the text in the file.
    first_line: usize,
}

/// Number of a file in its [`Diagnostics`], in the order of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// Bytes `start..end` of a file; an empty span at 0 stands for the file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: usize,
    /// Byte after the last one.
    pub end: usize,
}

impl Span {
    /// The place of what no file holds.
    pub const NOWHERE: Self = Self { file: FileId(u32::MAX), start: 0, end: 0 };
}

/// Whether a problem makes the file unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but the user should doubt the result.
    Warning,
}

/// One problem of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable name of the kind of problem, for instance `scenario::unknown_key`.
    pub code: Box<str>,
    /// Whether the file can be used all the same.
    pub severity: Severity,
    /// What was found and what was expected: lower case, no full stop.
    pub message: Box<str>,
    /// Where.
    pub span: Span,
    /// Text beside the marked place; may be empty.
    pub label: Box<str>,
    /// What to write instead; may be empty.
    pub help: Box<str>,
}

impl FileId {
    /// Returns the file as a whole, as a place for problems.
    #[must_use]
    pub const fn whole(self) -> Span {
        Span { file: self, start: 0, end: 0 }
    }

    /// Returns the file with a number from [`Self::number`].
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number of the file, in the order of reading.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Returns the place of bytes `start..end`.
    #[must_use]
    pub const fn span(self, start: usize, end: usize) -> Span {
        Span { file: self, start, end }
    }
}

impl Problem {
    /// Returns an error without label and help.
    #[must_use]
    pub fn error(code: impl Into<Box<str>>, span: Span, message: impl Into<Box<str>>) -> Self {
        Self {
            code: code.into(),
            severity: Severity::Error,
            message: message.into(),
            span,
            label: Box::default(),
            help: Box::default(),
        }
    }

    /// Returns whether the file cannot be used.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Returns a warning without label and help.
    #[must_use]
    pub fn warning(code: impl Into<Box<str>>, span: Span, message: impl Into<Box<str>>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Returns the problem of a file that cannot be read.
    #[must_use]
    pub fn unreadable(error: &io::Error, code: &str, span: Span, path: &Path) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
            _ => error.to_string(),
        };
        let problem = Self::error(code, span, format!("cannot read `{}`: {reason}", path.display()));
        match error.kind() {
            io::ErrorKind::NotFound if span != span.file.whole() => {
                problem.help("write the path as seen from the folder of this file")
            }
            _ => problem,
        }
    }

    /// Adds the text beside the marked place.
    #[must_use]
    pub fn label(mut self, label: impl Into<Box<str>>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<Box<str>>) -> Self {
        self.help = help.into();
        self
    }
}

impl Diagnostics {
    /// Registers a file that problems can point into.
    ///
    /// # Panics
    /// With more than 2^32 files.
    pub fn add_source(&mut self, path: &Path, text: String) -> FileId {
        self.add_excerpt(path, 1, text)
    }

    /// Registers a piece of a file, which begins with line `first_line` of it.
    ///
    /// # Panics
    /// With more than 2^32 files.
    pub fn add_excerpt(&mut self, path: &Path, first_line: usize, text: String) -> FileId {
        let id = FileId(u32::try_from(self.sources.len()).expect("invariant: fewer than 2^32 files"));
        self.sources.push(Source { path: path.to_owned(), text, first_line });
        id
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Adds several problems.
    pub fn extend(&mut self, problems: Vec<Problem>) {
        self.problems.extend(problems);
    }

    /// Adds the problems of other files.
    ///
    /// # Panics
    /// With more than 2^32 files.
    pub fn absorb(&mut self, other: Self) {
        let n_before = u32::try_from(self.sources.len()).expect("invariant: fewer than 2^32 files");
        self.sources.extend(other.sources);
        self.problems.extend(other.problems.into_iter().map(|mut problem| {
            problem.span.file.0 = problem.span.file.0.saturating_add(n_before);
            problem
        }));
    }

    /// Returns the problems, sorted by file (in the order of reading) and place.
    #[must_use]
    pub fn problems(&self) -> Vec<&Problem> {
        let mut sorted: Vec<_> = self.problems.iter().collect();
        sorted.sort_by_key(|problem| problem.span);
        sorted
    }

    /// Returns whether any problem is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Returns whether there is no problem at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Returns the path of a file.
    #[must_use]
    pub fn path(&self, file: FileId) -> &Path {
        &self.source(file).path
    }

    /// Returns the text of a file.
    #[must_use]
    pub fn text(&self, file: FileId) -> &str {
        &self.source(file).text
    }

    fn source(&self, file: FileId) -> &Source {
        &self.sources[file.0 as usize]
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
