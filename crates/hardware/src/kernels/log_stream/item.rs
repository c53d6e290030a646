//! What ranks tell each other about a log file, and who has analysed which.

use super::super::KernelError;
use super::super::log_file::LogEntry;

/// A log file on its way to a rank, or that there is none for it.
///
/// It travels with its content, so that the hosts need no folder in common. Its message: number of the file plus one, or
/// zero (4 bytes); whether another one follows (1 byte); the text, filled up with zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// The file and its text, if there is one for this rank.
    pub(super) log: Option<(u32, String)>,
    /// Whether the rank is not needed any more after this one.
    pub(super) is_last: bool,
}

/// Result of the analysis of a log file.
///
/// Its message: number of the file plus one, or zero for nothing (4 bytes); temperature (8 bytes); zeros.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Analysis {
    pub(super) item: u32,
    pub(super) celsius: f64,
}

const ITEM_HEAD: usize = 5;
/// A log is one line: `2020-08-27T14:03:10Z -273.1 C synthetic`.
const LONGEST_TEXT: usize = 43;
const FINDING_BYTES: usize = 12;

/// Returns the size of the message of an item: `wanted`, but large enough.
pub(super) fn item_length(wanted: u64) -> usize {
    length(wanted).max(ITEM_HEAD + LONGEST_TEXT)
}

/// Returns the size of the message of a finding: `wanted`, but large enough.
pub(super) fn finding_length(wanted: u64) -> usize {
    length(wanted).max(FINDING_BYTES)
}

fn length(wanted: u64) -> usize {
    usize::try_from(wanted).expect("invariant: the workload is checked")
}

impl Item {
    /// Writes the message; all of it, as it may hold an older one.
    pub(super) fn write(&self, message: &mut [u8]) {
        message.fill(0);
        message[4] = u8::from(self.is_last);
        if let Some((item, text)) = &self.log {
            message[..4].copy_from_slice(&(item + 1).to_le_bytes());
            message[ITEM_HEAD..][..text.len()].copy_from_slice(text.as_bytes());
        }
    }

    /// Reads the message.
    pub(super) fn from_message(message: &[u8]) -> Self {
        let (number, rest) = split_number(message);
        let text = || String::from_utf8_lossy(&rest[1..]).trim_end_matches('\0').to_owned();
        Self { log: number.checked_sub(1).map(|item| (item, text())), is_last: rest[0] != 0 }
    }
}

impl Analysis {
    /// Reads the text of log file `item`.
    pub(super) fn of(item: u32, text: &str) -> Result<Self, KernelError> {
        let entry = LogEntry::parse(text).ok_or(KernelError::Lost { what: "a part of a log file" })?;
        Ok(Self { item, celsius: entry.celsius })
    }

    /// Writes the message of a finding, or of none.
    pub(super) fn write(finding: Option<Self>, message: &mut [u8]) {
        message.fill(0);
        if let Some(Self { item, celsius }) = finding {
            message[..4].copy_from_slice(&(item + 1).to_le_bytes());
            message[4..FINDING_BYTES].copy_from_slice(&celsius.to_le_bytes());
        }
    }

    /// Reads the message.
    pub(super) fn from_message(message: &[u8]) -> Option<Self> {
        let (number, rest) = split_number(message);
        let celsius = f64::from_le_bytes(*rest.first_chunk().expect("invariant: a finding has 12 bytes"));
        number.checked_sub(1).map(|item| Self { item, celsius })
    }
}

fn split_number(message: &[u8]) -> (u32, &[u8]) {
    let (number, rest) = message.split_first_chunk().expect("invariant: a message starts with a number");
    (u32::from_le_bytes(*number), rest)
}

/// Findings so far: each log file must come back exactly once.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    findings: Vec<Option<Analysis>>,
    by_rank: Vec<u32>,
}

impl Tally {
    pub(super) fn new(n_items: u32, n_ranks: u32) -> Self {
        Self { findings: vec![None; n_items as usize], by_rank: vec![0; n_ranks as usize] }
    }

    pub(super) fn keep(&mut self, rank: u32, finding: Analysis) -> Result<(), KernelError> {
        let place = self.findings.get_mut(finding.item as usize).filter(|place| place.is_none());
        *place.ok_or(KernelError::AnalysedTwice { item: finding.item })? = Some(finding);
        self.by_rank[rank as usize] += 1;
        Ok(())
    }

    pub(super) fn n_analysed(&self) -> u32 {
        self.by_rank.iter().sum()
    }

    pub(super) fn by_rank(&self) -> &[u32] {
        &self.by_rank
    }

    /// Returns the mean temperature of all log files; an error if one is missing.
    pub(super) fn mean_celsius(&self) -> Result<f64, KernelError> {
        let all: Option<Vec<f64>> = self.findings.iter().map(|finding| finding.map(|found| found.celsius)).collect();
        all.map(|all| dlpc_engine::stats::mean(&all)).ok_or(KernelError::Lost { what: "results of log files" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::log_file::Origin;

    #[test]
    fn messages_are_read_as_they_were_written() {
        let mut message = vec![7; item_length(64)];
        for log in [None, Some((0, "short\n".to_owned())), Some((41, "x".repeat(LONGEST_TEXT)))] {
            for is_last in [false, true] {
                let item = Item { log: log.clone(), is_last };
                item.write(&mut message);
                assert_eq!(Item::from_message(&message), item);
            }
        }
        let mut message = vec![7; finding_length(0)];
        for finding in [None, Some(Analysis { item: 0, celsius: -3.5 })] {
            Analysis::write(finding, &mut message);
            assert_eq!(Analysis::from_message(&message), finding);
        }
    }

    #[test]
    fn the_longest_log_fits_in_the_smallest_message() {
        let entry = LogEntry { unix_s: 253_402_300_799, celsius: -273.15, origin: Origin::Synthetic };
        assert!(entry.to_text().len() <= LONGEST_TEXT, "{}", entry.to_text().len());
        assert_eq!(item_length(1), ITEM_HEAD + LONGEST_TEXT);
        assert_eq!(item_length(1000), 1000);
    }

    #[test]
    fn a_tally_notices_what_is_missing_and_what_came_twice() {
        let mut tally = Tally::new(2, 1);
        assert!(tally.keep(0, Analysis { item: 0, celsius: 40.0 }).is_ok());
        assert!(tally.mean_celsius().is_err());
        assert!(matches!(
            tally.keep(0, Analysis { item: 0, celsius: 1.0 }),
            Err(KernelError::AnalysedTwice { item: 0 })
        ));
        assert!(tally.keep(0, Analysis { item: 2, celsius: 1.0 }).is_err());
        assert!(tally.keep(0, Analysis { item: 1, celsius: 50.0 }).is_ok());
        assert_eq!(tally.mean_celsius().ok(), Some(45.0));
    }
}
