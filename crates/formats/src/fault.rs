//! A problem of one line, before it is known which line that is.

use std::ops::Range;

use crate::diagnostic::{FileId, Problem};

/// What is wrong in a line.
#[derive(Debug)]
pub(crate) struct Fault {
    code: &'static str,
    range: Range<usize>,
    message: String,
    label: String,
    help: String,
}

impl Fault {
    pub(crate) fn new(code: &'static str, range: Range<usize>, message: impl Into<String>) -> Self {
        Self { code, range, message: message.into(), label: String::new(), help: String::new() }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Places the fault in a file that holds its line and nothing else.
    pub(crate) fn problem(self, file: FileId) -> Problem {
        let end = self.range.end.max(self.range.start + 1);
        Problem::error(self.code, file.span(self.range.start, end), self.message).label(self.label).help(self.help)
    }
}
