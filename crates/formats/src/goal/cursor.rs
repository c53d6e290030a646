//! Words, numbers and signs of one line of a schedule.

use std::fmt::Display;
use std::ops::Range;

use crate::fault::Fault;

/// A line and how far it has been read.
#[derive(Debug)]
pub(super) struct Cursor<'l> {
    line: &'l [u8],
    at: usize,
}

/// A run of letters, digits and `_ . + -`, or one other sign, with its place in the line.
#[derive(Debug, Clone)]
pub(super) struct Word<'l> {
    pub(super) text: &'l [u8],
    pub(super) range: Range<usize>,
}

impl Word<'_> {
    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text.as_bytes()
    }

    pub(super) fn shown(&self) -> String {
        String::from_utf8_lossy(self.text).into_owned()
    }

    /// Returns whether this can name an operation: a letter, then letters, digits and underscores.
    pub(super) fn is_label(&self) -> bool {
        self.text.first().is_some_and(u8::is_ascii_alphabetic)
            && self.text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'-')
}

impl<'l> Cursor<'l> {
    pub(super) fn new(line: &'l [u8]) -> Self {
        Self { line, at: 0 }
    }

    /// Skips blanks and comments; `is_comment` tells whether a comment of several lines is open.
    pub(super) fn skip_blank(&mut self, is_comment: &mut bool) {
        loop {
            let rest = &self.line[self.at..];
            if *is_comment {
                let end = rest.windows(2).position(|pair| pair == b"*/");
                self.at = end.map_or(self.line.len(), |end| self.at + end + 2);
                *is_comment = end.is_none();
                if *is_comment {
                    return;
                }
            } else if rest.starts_with(b"//") {
                self.at = self.line.len();
            } else if rest.starts_with(b"/*") {
                self.at += 2;
                *is_comment = true;
            } else if rest.first().is_some_and(u8::is_ascii_whitespace) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// Returns the next word on the line without taking it; comments end the line.
    pub(super) fn peek(&mut self) -> Option<Word<'l>> {
        while self.line.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        let rest = &self.line[self.at..];
        if rest.is_empty() || rest.starts_with(b"//") || rest.starts_with(b"/*") {
            return None;
        }
        let n = rest.iter().position(|byte| !is_word_byte(*byte)).unwrap_or(rest.len()).max(1);
        Some(Word { text: &rest[..n], range: self.at..self.at + n })
    }

    pub(super) fn take(&mut self) -> Option<Word<'l>> {
        let word = self.peek()?;
        self.at = word.range.end;
        Some(word)
    }

    /// Takes the next word if it is `text`.
    pub(super) fn take_if(&mut self, text: &str) -> bool {
        let is_it = self.peek().is_some_and(|word| word.is(text));
        if is_it {
            self.take();
        }
        is_it
    }

    /// Takes the next word, which has to be there.
    pub(super) fn expect(&mut self, wanted: impl Display + Copy, help: impl Display + Copy) -> Result<Word<'l>, Fault> {
        let at = self.line.trim_ascii_end().len();
        self.take().ok_or_else(|| {
            let message = format!("the line ends where {wanted} should be");
            Fault::new("goal::incomplete", at.saturating_sub(1)..at, message).help(help.to_string())
        })
    }

    /// Takes a whole number.
    pub(super) fn number(
        &mut self,
        wanted: impl Display + Copy,
        help: impl Display + Copy,
    ) -> Result<(u64, Range<usize>), Fault> {
        let word = self.expect(wanted, help)?;
        let value = number(&word, wanted, help)?;
        Ok((value, word.range))
    }
}

/// Reads a word as a whole number.
pub(super) fn number(word: &Word<'_>, wanted: impl Display + Copy, help: impl Display + Copy) -> Result<u64, Fault> {
    let mut value = 0_u64;
    for byte in word.text {
        if !byte.is_ascii_digit() {
            let message = format!("`{}` is not {wanted}", word.shown());
            return Err(Fault::new("goal::not_a_number", word.range.clone(), message).help(help.to_string()));
        }
        let next = value.checked_mul(10).and_then(|value| value.checked_add(u64::from(byte - b'0')));
        value = next.ok_or_else(|| {
            let message = format!("`{}` is too large", word.shown());
            Fault::new("goal::too_large", word.range.clone(), message).help(help.to_string())
        })?;
    }
    Ok(value)
}
