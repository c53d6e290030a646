//! Problems as text in the look of rustc.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::plain_text;

use super::{Diagnostics, Problem, Severity, Source};

/// More problems than this are only counted.
const SHOWN_MAX: usize = 100;
/// Lines of a marked place that are shown.
const LINES_MAX: usize = 4;
/// Bytes of a line or place that are shown.
const BYTES_MAX: usize = 2000;

/// The piece of a file around a problem.
struct Excerpt<'s> {
    text: &'s str,
    first_line: usize,
    marked: Range<usize>,
}

impl Diagnostics {
    /// Returns all problems as text for people, sorted by file and place, with file, line and column of each.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let problems = self.problems();
        let mut parts: Vec<String> =
            problems.iter().take(SHOWN_MAX).map(|problem| self.render_problem(problem, &renderer)).collect();
        if problems.len() > SHOWN_MAX {
            parts.push(format!("... and {} more problems", problems.len() - SHOWN_MAX));
        }
        parts.join("\n\n")
    }

    fn render_problem(&self, problem: &Problem, renderer: &Renderer) -> String {
        let source = self.source(problem.span.file);
        let path = plain_text::one_line(&source.path.to_string_lossy());
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let group = Group::with_title(level.primary_title(plain_text::lines(&problem.message)).id(&*problem.code));
        let mut group = match excerpt(source, problem.span.start..problem.span.end) {
            Some(excerpt) => {
                let label = (!problem.label.is_empty()).then(|| plain_text::lines(&problem.label));
                let mark = AnnotationKind::Primary.span(excerpt.marked).label(label);
                group.element(
                    Snippet::source(harmless(excerpt.text)).line_start(excerpt.first_line).path(path).annotation(mark),
                )
            }
            None => group.element(Origin::path(path)),
        };
        if !problem.help.is_empty() {
            group = group.element(Level::HELP.message(plain_text::lines(&problem.help)));
        }
        renderer.render(&[group])
    }
}

/// Cuts whole lines around `span` out of a file; none for the file as a whole.
fn excerpt(source: &Source, span: Range<usize>) -> Option<Excerpt<'_>> {
    let text = source.text.as_str();
    if span == (0..0) || text.is_empty() {
        return None;
    }
    let start = floor_boundary(text, span.start);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let from = line_start.max(floor_boundary(text, start.saturating_sub(BYTES_MAX)));
    let end = floor_boundary(text, span.end.max(start).min(start + BYTES_MAX)).max(start);
    let end = text[start..end].match_indices('\n').nth(LINES_MAX - 1).map_or(end, |(newline, _)| start + newline);
    let end = start + text[start..end].trim_end_matches(['\r', '\n']).len();
    let line_end = text[end..].find('\n').map_or(text.len(), |newline| end + newline);
    let to = line_end.min(floor_boundary(text, end + BYTES_MAX));
    let first_line = source.first_line + text[..start].bytes().filter(|byte| *byte == b'\n').count();
    Some(Excerpt { text: &text[from..to], first_line, marked: start - from..end - from })
}

/// Returns a text of the same length in bytes that no terminal obeys; what is one byte long, the renderer replaces.
fn harmless(text: &str) -> String {
    let shown = |symbol: char| match symbol {
        '\u{80}'..='\u{9f}' => '·',
        _ if symbol.len_utf8() == 3 && plain_text::is_unprintable(symbol) => '\u{fffd}',
        _ => symbol,
    };
    text.chars().map(shown).collect()
}

/// Returns the last character boundary that is not above `at`.
fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn diagnostics(text: &str, at: Range<usize>) -> String {
        let mut diagnostics = Diagnostics::default();
        let file = diagnostics.add_source(Path::new("a.toml"), text.to_owned());
        let problem = Problem::error("scenario::x", file.span(at.start, at.end), "something is wrong");
        diagnostics.push(problem.label("here").help("write it right"));
        diagnostics.render(false)
    }

    #[test]
    fn shows_file_line_and_column_of_a_problem() {
        let expected = "error[scenario::x]: something is wrong\n --> a.toml:2:5\n  |\n2 | b = 2\n  |     ^ here\n  |\n  \
                        = help: write it right";
        assert_eq!(diagnostics("a = 1\nb = 2\nc = 3\n", 10..11), expected);
    }

    #[test]
    fn a_problem_of_the_whole_file_shows_no_line() {
        assert!(diagnostics("a = 1\n", 0..0).contains("--> a.toml\n"));
    }

    #[test]
    fn a_place_outside_of_the_text_or_inside_a_character_is_no_panic() {
        for start in 0..12 {
            for end in 0..12 {
                assert!(diagnostics("é\u{0}\r\n\t€", start..end).contains("something is wrong"));
            }
        }
    }

    #[test]
    fn counts_the_problems_beyond_the_hundredth() {
        let mut diagnostics = Diagnostics::default();
        let file = diagnostics.add_source(Path::new("a.toml"), "a = 1".to_owned());
        for i in 0..103 {
            diagnostics.push(Problem::error("scenario::x", file.whole(), format!("problem {i}")));
        }
        assert!(diagnostics.render(false).ends_with("... and 3 more problems"));
    }
}
