//! Results of points as lines of a file that only grows: what is there need not be computed again.

use std::collections::BTreeMap;

use dlpc_engine::units::SimDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use crate::prediction::AtRanks;

/// The result of one point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its name ([`super::point_key`]).
    pub key: String,
    /// Rank count.
    pub ranks: u32,
    /// Median makespan of the replications, in seconds.
    pub makespan_s: f64,
    /// 5 % quantile of the makespan.
    pub makespan_p05_s: f64,
    /// 95 % quantile of the makespan.
    pub makespan_p95_s: f64,
    /// Cause with the largest share of the critical path.
    pub limited_by: String,
    /// Seconds of the critical path by cause.
    pub breakdown: Map<String, serde_json::Value>,
    /// Reasons to doubt the result.
    pub warnings: Vec<String>,
}

/// What a file of records holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Records {
    /// Records by key.
    pub by_key: BTreeMap<String, Record>,
    /// Lines that cannot be read, from 1: cut short, or of another version.
    pub unreadable: Vec<usize>,
}

impl Record {
    /// Returns the result of a point.
    #[must_use]
    pub fn new(key: String, prediction: &AtRanks) -> Self {
        let (makespan_s, makespan_p05_s, makespan_p95_s) = prediction.replications.band();
        let parts = prediction.breakdown.iter();
        Self {
            key,
            ranks: prediction.replications.ranks,
            makespan_s,
            makespan_p05_s,
            makespan_p95_s,
            limited_by: crate::analysis::critical_path::limiting(&prediction.breakdown).key().to_owned(),
            breakdown: parts.map(|(cause, part)| (cause.key().to_owned(), json!(part.as_seconds()))).collect(),
            warnings: prediction.warnings.clone(),
        }
    }

    /// Returns the record as one line, with its end.
    ///
    /// # Panics
    /// Never: a record can be written as JSON.
    #[must_use]
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("invariant: a record is JSON") + "\n"
    }

    /// Reads a line of [`Self::line`]; the numbers are the same to the last bit. None if it is no record, or has times that
    /// no simulation can have.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let record: Self = serde_json::from_str(line).ok()?;
        let times = [record.makespan_s, record.makespan_p05_s, record.makespan_p95_s];
        times.iter().all(|time| (0.0..=SimDuration::MAX.as_seconds()).contains(time)).then_some(record)
    }
}

impl Records {
    /// Reads a file of records. A line that was not written to its end, as after a power failure, does not count.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut records = Self::default();
        for (i, line) in text.split_inclusive('\n').enumerate() {
            match Some(line).filter(|line| line.ends_with('\n')).and_then(Record::parse) {
                Some(record) => {
                    records.by_key.insert(record.key.clone(), record);
                }
                None => records.unreadable.push(i + 1),
            }
        }
        records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str) -> Record {
        Record {
            key: key.to_owned(),
            ranks: 4,
            makespan_s: 0.1 + 0.2,
            makespan_p05_s: 1.0 / 3.0,
            makespan_p95_s: f64::MIN_POSITIVE,
            limited_by: "compute".to_owned(),
            breakdown: [("compute".to_owned(), json!(0.3))].into_iter().collect(),
            warnings: vec!["a \"quoted\" word\n".to_owned()],
        }
    }

    #[test]
    fn a_record_is_read_back_to_the_last_bit() {
        assert_eq!(Record::parse(&record("a").line()), Some(record("a")));
    }

    #[test]
    fn times_that_no_simulation_can_have_do_not_count() {
        for makespan_p95_s in [-1.0, 1e308, 1.9e7] {
            assert_eq!(Record::parse(&Record { makespan_p95_s, ..record("a") }.line()), None);
        }
    }

    #[test]
    fn lines_that_were_cut_short_do_not_count() {
        let (a, b) = (record("a").line(), record("b").line());
        let records = Records::parse(&format!("{a}{}\n{b}{}", &a[..20], b.trim_end()));
        assert_eq!(records.by_key.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(records.unreadable, [2, 4]);
        assert_eq!(Records::parse(""), Records::default());
    }
}
