//! Words and numbers of one line of a trace.

use std::ops::Range;

use dlpc_engine::units::Bytes;

use crate::fault::Fault;

/// The words of a line with their places: rank, action, fields.
#[derive(Debug)]
pub(super) struct Words<'l> {
    words: Vec<(&'l str, Range<usize>)>,
    end: usize,
}

impl<'l> Words<'l> {
    pub(super) fn of(line: &'l str) -> Self {
        let mut words = Vec::new();
        let mut at = 0;
        for word in line.split(|c: char| c.is_ascii_whitespace()) {
            if !word.is_empty() {
                words.push((word, at..at + word.len()));
            }
            at += word.len() + 1;
        }
        Self { words, end: line.trim_end().len() }
    }

    /// Returns how many fields follow the action.
    pub(super) fn n_fields(&self) -> usize {
        self.words.len().saturating_sub(2)
    }

    pub(super) fn action(&self) -> Result<&'l str, Fault> {
        self.word(1, "an action").map(|(word, _)| *word)
    }

    /// Returns a problem of a word.
    pub(super) fn fault(&self, code: &'static str, i: usize, message: impl Into<String>) -> Fault {
        let range = self.words.get(i).map_or(self.end.saturating_sub(1)..self.end, |(_, range)| range.clone());
        Fault::new(code, range, message)
    }

    fn word(&self, i: usize, wanted: &str) -> Result<&(&'l str, Range<usize>), Fault> {
        self.words.get(i).ok_or_else(|| {
            self.fault("trace::incomplete", i, format!("the line ends where {wanted} should be")).help(FORM)
        })
    }

    /// Returns the rank that a line belongs to.
    pub(super) fn rank_of_line(&self) -> Result<usize, Fault> {
        let (word, _) = self.word(0, "a rank")?;
        let rank = word.parse::<u32>().ok().and_then(|rank| usize::try_from(rank).ok());
        rank.ok_or_else(|| self.fault("trace::no_rank", 0, format!("`{word}` is not the number of a rank")).help(FORM))
    }

    /// Checks that a line belongs to `rank`.
    pub(super) fn check_rank(&self, rank: usize) -> Result<(), Fault> {
        let found = self.rank_of_line()?;
        if found == rank {
            return Ok(());
        }
        let message = format!("a line of rank {found} in the file of rank {rank}");
        let help = "the list has the files of ranks 0, 1, 2, ... in this order";
        Err(self.fault("trace::rank_of_another_file", 0, message).help(help))
    }

    /// Returns field `i`, from 0, as a whole number, which may be negative.
    pub(super) fn whole(&self, i: usize, wanted: &str) -> Result<i64, Fault> {
        let (word, _) = self.word(i + 2, wanted)?;
        word.parse().map_err(|_| self.not_a_number(i, wanted))
    }

    /// Returns field `i` as a number from zero on.
    pub(super) fn amount(&self, i: usize, wanted: &str) -> Result<f64, Fault> {
        let (word, _) = self.word(i + 2, wanted)?;
        let value: f64 = word.parse().map_err(|_| self.not_a_number(i, wanted))?;
        if value.is_finite() && value >= 0.0 {
            return Ok(value);
        }
        Err(self.fault("trace::out_of_range", i + 2, format!("{wanted} cannot be {word}")).help("write zero or more"))
    }

    /// Returns field `i`, a number of elements of so many bytes each.
    pub(super) fn bytes(&self, i: usize, wanted: &str, element: u64) -> Result<Bytes, Fault> {
        const BYTES_MAX: f64 = 9_007_199_254_740_992.0;
        #[expect(clippy::cast_precision_loss, reason = "elements have few bytes")]
        let bytes = (self.amount(i, wanted)? * element as f64).ceil();
        if bytes > BYTES_MAX {
            return Err(self.fault("trace::out_of_range", i + 2, format!("{wanted} is more than 9 PB")));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        Ok(Bytes(bytes as u64))
    }

    /// Returns field `i` as text, if it is there.
    pub(super) fn text(&self, i: usize) -> Option<&'l str> {
        self.words.get(i + 2).map(|(word, _)| *word)
    }

    fn not_a_number(&self, i: usize, wanted: &str) -> Fault {
        let word = self.text(i).unwrap_or_default();
        self.fault("trace::not_a_number", i + 2, format!("`{word}` is not {wanted}"))
            .help("docs/traces.md lists the fields of each action")
    }
}

const FORM: &str = "a line has a rank, an action and its fields, for instance `0 send 1 7 1000 6`";
