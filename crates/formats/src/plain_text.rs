//! Text from files and names, as it may reach a terminal or a document, and text in lines of a width.

use unicode_width::UnicodeWidthStr;

/// Columns of a line: those of a terminal that nobody has widened.
pub const COLUMNS: usize = 80;

/// Returns whether a character changes how others are shown, or may not be in XML: controls (ESC begins a sequence that a
/// terminal obeys), line and paragraph separators, controls of writing direction, and what is no character.
#[must_use]
pub fn is_unprintable(symbol: char) -> bool {
    symbol.is_control()
        || matches!(symbol, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(symbol, '\u{fffe}' | '\u{ffff}')
}

/// Returns a text as one line: white space of any kind as spaces, what is unprintable as `\u{fffd}`.
///
/// ```
/// assert_eq!(dlpc_formats::plain_text::one_line("a\n\u{1b}[31mb"), "a \u{fffd}[31mb");
/// ```
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars().map(|symbol| if symbol.is_whitespace() { ' ' } else { printable(symbol) }).collect()
}

/// Returns a text with its ends of lines, and what else is unprintable as `\u{fffd}`.
#[must_use]
pub fn lines(text: &str) -> String {
    text.chars().map(|symbol| if symbol == '\n' { symbol } else { printable(symbol) }).collect()
}

fn printable(symbol: char) -> char {
    if is_unprintable(symbol) { '\u{fffd}' } else { symbol }
}

/// Returns how many columns of a terminal a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Returns a text in lines of at most `columns`, as far as its words allow; a line goes on below its own indent.
///
/// ```
/// assert_eq!(dlpc_formats::plain_text::wrapped("  one two three", 10), "  one two\n  three");
/// ```
#[must_use]
pub fn wrapped(text: &str, columns: usize) -> String {
    text.split('\n').flat_map(|line| wrapped_line(line, columns)).collect::<Vec<_>>().join("\n")
}

fn wrapped_line(line: &str, columns: usize) -> Vec<String> {
    let words = line.trim_start();
    let indent = &line[..line.len() - words.len()];
    let mut lines = Vec::new();
    let mut rest = words;
    while columns < width(indent) + width(rest) {
        let Some(at) = break_place(rest, columns.saturating_sub(width(indent))) else { break };
        lines.push(format!("{indent}{}", rest[..at].trim_end()));
        rest = rest[at..].trim_start();
    }
    lines.push(format!("{indent}{rest}"));
    lines
}

/// Returns the last space before which a text has at most `columns`, or else its first space; none without one.
fn break_place(text: &str, columns: usize) -> Option<usize> {
    // A number and its unit or sign stay together.
    let is_place = |at: &usize| !text[at + 1..].starts_with(['%', '±', '–']);
    let spaces = || text.match_indices(' ').map(|(at, _)| at).filter(|at| !text[*at..].trim().is_empty());
    let fits = |at: &usize| width(&text[..*at]) <= columns;
    spaces().filter(is_place).take_while(fits).last().or_else(|| spaces().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_not_printed() {
        assert_eq!(
            lines("a\u{1b}]0;b\u{7}\nc\r\u{9b}1m\u{202e}"),
            "a\u{fffd}]0;b\u{fffd}\nc\u{fffd}\u{fffd}1m\u{fffd}"
        );
        assert_eq!(one_line("µs, 5–95 %, Zürich, 東京"), "µs, 5–95 %, Zürich, 東京");
    }

    #[test]
    fn words_are_not_broken() {
        let path = "/a/path/that/is/longer/than/the/line";
        assert_eq!(wrapped(&format!("it is in {path} now"), 20), format!("it is in\n{path}\nnow"));
    }

    #[test]
    fn a_number_stays_with_its_percent_sign() {
        assert_eq!(wrapped("off by 12 % here", 10), "off by\n12 % here");
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        for text in ["", " ", "  a   b", "a\n\nb "] {
            assert_eq!(wrapped(text, 80), text);
        }
    }

    #[test]
    fn a_wide_character_takes_two_columns() {
        assert_eq!(wrapped("東京 東京", 8), "東京\n東京");
    }
}
