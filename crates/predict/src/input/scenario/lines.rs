//! Lines of hostfiles and rankfiles, with their places.

use crate::diagnostic::{FileId, Span};

/// A line that is not blank, without its comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::input) struct Line<'t> {
    pub(in crate::input) text: &'t str,
    pub(in crate::input) span: Span,
}

/// Returns the lines of `text` that are neither blank nor comments, as Open MPI reads them.
///
/// `#` and `//` begin a comment that ends with the line; `/*` begins one that ends with `*/`, and what stands before and
/// behind it are lines of their own.
pub(in crate::input) fn of(file: FileId, text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut pieces = Vec::new();
    let mut is_comment = false;
    let mut next = 0;
    for whole in text.split('\n') {
        let start = next;
        next += whole.len() + 1;
        let end = start + whole.len();
        let mut at = start + (whole.len() - whole.trim_start_matches('\u{feff}').len());
        while at < end {
            let rest = &text[at..end];
            if is_comment {
                let closed = rest.find("*/");
                is_comment = closed.is_none();
                at = closed.map_or(end, |i| at + i + 2);
            } else {
                let comment = comment_start(rest);
                pieces.push((at, comment.map_or(end, |(i, _)| at + i)));
                is_comment = comment.is_some_and(|(_, is_block)| is_block);
                at = if let Some((i, true)) = comment { at + i + 2 } else { end };
            }
        }
    }
    pieces.into_iter().filter_map(move |(start, end)| {
        let piece = &text[start..end];
        let text = piece.trim();
        let start = start + (piece.len() - piece.trim_start().len());
        (!text.is_empty()).then(|| Line { text, span: file.span(start, start + text.len()) })
    })
}

/// Returns where a comment begins, and whether it is one that goes on over lines.
fn comment_start(line: &str) -> Option<(usize, bool)> {
    [("#", false), ("//", false), ("/*", true)]
        .into_iter()
        .filter_map(|(mark, is_block)| line.find(mark).map(|i| (i, is_block)))
        .min()
}

impl<'t> Line<'t> {
    pub(in crate::input) fn first_word(&self) -> &'t str {
        self.text.split_whitespace().next().unwrap_or_default()
    }

    /// Returns the `key=value` pairs after the first word; spaces around `=` are allowed.
    pub(in crate::input) fn settings(&self) -> Vec<(&'t str, &'t str)> {
        settings(self.text[self.first_word().len()..].trim_start())
    }

    /// Returns the place of the first occurrence of `word`.
    pub(in crate::input) fn word_span(&self, word: &str) -> Span {
        let Some(at) = self.text.find(word) else { return self.span };
        self.span.file.span(self.span.start + at, self.span.start + at + word.len())
    }
}

/// Splits `a=1 b = 2` into its pairs; a word without `=` has an empty value.
pub(in crate::input) fn settings(text: &str) -> Vec<(&str, &str)> {
    let mut rest = text.trim();
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let key_end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let key = &rest[..key_end];
        rest = rest[key_end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let value_end = after.find(char::is_whitespace).unwrap_or(after.len());
            value = &after[..value_end];
            rest = after[value_end..].trim_start();
        }
        pairs.push((key, value));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;

    #[test]
    fn leaves_blank_lines_and_comments_out_and_keeps_places() {
        let text = "\u{feff}# hosts\r\n\r\n  pi0 slots=4 # fast\r\npi1";
        let file = Diagnostics::default().add_source("x".as_ref(), text.to_owned());
        let lines: Vec<_> = of(file, text).collect();
        assert_eq!(lines.iter().map(|line| line.text).collect::<Vec<_>>(), ["pi0 slots=4", "pi1"]);
        for line in lines {
            assert_eq!(&text[line.span.start..line.span.end], line.text);
        }
    }

    #[test]
    fn comments_are_those_of_open_mpi() {
        let text = "pi0 slots=2 // fast\n// none\n/* pi1\n pi2 */ pi3 /* a */ pi4#pi5\npi6";
        let file = Diagnostics::default().add_source("x".as_ref(), text.to_owned());
        let lines: Vec<_> = of(file, text).map(|line| line.text).collect();
        assert_eq!(lines, ["pi0 slots=2", "pi3", "pi4", "pi6"]);
    }

    #[test]
    fn spaces_around_the_equals_sign_do_not_matter() {
        assert_eq!(settings("slots=4 max_slots = 8"), [("slots", "4"), ("max_slots", "8")]);
        assert_eq!(settings("slots"), [("slots", "")]);
        assert_eq!(settings("="), [("", "")]);
    }
}
