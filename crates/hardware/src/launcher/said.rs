//! What a job said on standard error: as much of it as is worth keeping, and the lines that say why it failed.

use std::collections::VecDeque;
use std::fmt::Write as _;

/// Bytes that are kept of the beginning, and of the end.
const KEPT: usize = 64 * 1024;

/// The beginning and the end of a text of any length.
#[derive(Debug, Default)]
pub(super) struct Said {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    has_gap: bool,
}

impl Said {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(KEPT - self.head.len()));
        self.head.extend(head);
        self.tail.extend(rest);
        let n_lost = self.tail.len().saturating_sub(KEPT);
        self.has_gap |= 0 < n_lost;
        self.tail.drain(..n_lost);
    }

    pub(super) fn text(&self) -> String {
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        let gap: &[u8] = if self.has_gap { b"\n...\n" } else { b"" };
        String::from_utf8_lossy(&[&self.head[..], gap, &tail].concat()).into_owned()
    }
}

/// Lines of standard error in a message.
const LINES: usize = 12;
/// Longest line in a message, in characters.
const COLUMNS: usize = 200;

/// Returns the lines of `stderr` that matter most, in their order, for the end of a message.
///
/// Causes come first in the choice: what ssh, the name service or the loader say. Launchers follow with pages of advice.
pub(super) fn excerpt(stderr: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in stderr.lines().map(str::trim_end).filter(|line| says_something(line)) {
        if !lines.contains(&line) || lines.len() > 1000 {
            lines.push(line);
        }
    }
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|i| (importance(lines[*i]), (*i).min(lines.len() - 1 - i)));
    let mut chosen: Vec<usize> = order.into_iter().take(LINES).collect();
    chosen.sort_unstable();
    let mut text = String::new();
    let mut next = 0;
    for i in chosen {
        text += if next < i { "\n  | ..." } else { "" };
        let line: String = lines[i].chars().take(COLUMNS).collect();
        let _ = write!(text, "\n  | {line}");
        next = i + 1;
    }
    text + if next < lines.len() { "\n  | ..." } else { "" }
}

/// Blank lines and rulers say nothing.
fn says_something(line: &str) -> bool {
    line.contains(|c: char| c.is_alphanumeric())
}

/// Returns how early a line is chosen: 0 is a cause, 1 an error, 2 the rest.
fn importance(line: &str) -> u8 {
    const CAUSES: [&str; 13] = [
        "ssh:",
        "could not resolve",
        "name or service not known",
        "permission denied",
        "connection refused",
        "connection closed",
        "no route to host",
        "timed out",
        "host key",
        "command not found",
        "no such file",
        "cannot open shared object",
        "attempt to run as root",
    ];
    const ERRORS: [&str; 5] = ["error", "failed", "cannot", "could not", "not enough slots"];
    let line = line.to_lowercase();
    let holds = |words: &[&str]| words.iter().any(|word| line.contains(word));
    match () {
        () if holds(&CAUSES) => 0,
        () if holds(&ERRORS) => 1,
        () => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_shown_as_a_whole() {
        assert_eq!(excerpt("a\n\n-----\nb\n"), "\n  | a\n  | b");
        assert_eq!(excerpt(""), "");
    }

    #[test]
    fn the_cause_is_shown_before_pages_of_advice() {
        let advice: Vec<String> = (0..30).map(|i| format!("* advice {i}")).collect();
        let stderr = format!("first\nsecond\nssh: Could not resolve hostname pi7\n{}\nlast\n", advice.join("\n"));
        let text = excerpt(&stderr);
        assert!(text.contains("ssh: Could not resolve hostname pi7"), "{text}");
        assert!(text.starts_with("\n  | first\n  | second\n"), "the head: {text}");
        assert!(text.ends_with("  | last"), "the tail: {text}");
        assert_eq!(text.matches("\n  | ").count(), LINES + 1, "with the gap: {text}");
    }

    #[test]
    fn what_is_said_again_and_again_is_shown_once() {
        assert_eq!(excerpt(&"ssh: no\n".repeat(100)), "\n  | ssh: no");
    }

    #[test]
    fn an_endless_text_keeps_its_head_and_its_tail() {
        let mut said = Said::default();
        said.push(b"ssh: Could not resolve\n");
        for _ in 0..1000 {
            said.push(&[b'x'; 4096]);
        }
        said.push(b"\nthe end\n");
        let text = said.text();
        assert!(text.len() < 3 * KEPT, "{} bytes", text.len());
        assert!(text.starts_with("ssh: Could not resolve\n") && text.ends_with("\nthe end\n"));
    }
}
