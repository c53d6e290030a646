//! A calibration campaign: its file of samples, what of its plan is done, and what is still to do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::experiment::PlanLine;
use super::plan::HostInfo;
use super::sample::{FORMAT, KernelLine, Sample, Skipped};

/// What makes a plan: the first line of the samples file. The same head gives the same plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Version of the file format.
    pub format: u32,
    /// Name of the suite.
    pub suite: String,
    /// Launches.
    pub launches: u32,
    /// Largest message, in bytes.
    pub largest_message: u64,
    /// Seed of the plan.
    pub seed: u64,
    /// Hosts and the cores of each that ranks use.
    pub hosts: Vec<(String, u32)>,
}

impl Head {
    /// Returns the head of a campaign on `hosts`.
    #[must_use]
    pub fn new(suite: &str, launches: u32, largest_message: u64, seed: u64, hosts: &[HostInfo]) -> Self {
        let hosts = hosts.iter().map(|host| (host.name.clone(), host.cores)).collect();
        Self { format: FORMAT, suite: suite.to_owned(), launches, largest_message, seed, hosts }
    }

    /// Returns the hosts.
    #[must_use]
    pub fn cluster(&self) -> Vec<HostInfo> {
        self.hosts.iter().map(|(name, cores)| HostInfo { name: name.clone(), cores: *cores }).collect()
    }
}

/// One line of the samples file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Campaign(Head),
    Sample(Sample),
    Skipped(Skipped),
}

/// Why a samples file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CampaignError {
    /// A line is no sample.
    #[error("line {line} is no sample: {reason}")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// The file does not begin with the head of a campaign.
    #[error("the file does not begin with the line of a campaign")]
    NoHead,
}

/// What a samples file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Campaign {
    /// What makes its plan.
    pub head: Head,
    /// Its samples, in the order in which they came.
    pub samples: Vec<Sample>,
    /// Experiments that could not be run.
    pub skipped: Vec<Skipped>,
    /// Number of the last line, from 1, if it was cut short and does not count.
    pub cut_line: Option<usize>,
}

impl Campaign {
    /// Returns a campaign that has only just begun.
    #[must_use]
    pub fn new(head: Head) -> Self {
        Self { head, samples: Vec::new(), skipped: Vec::new(), cut_line: None }
    }

    /// Reads a samples file. Its last line may be cut short, as after a power failure: then that line does not count.
    ///
    /// # Errors
    /// A [`CampaignError`] for each wrong line.
    pub fn parse(text: &str) -> Result<Self, Vec<CampaignError>> {
        let lines: Vec<&str> = text.lines().collect();
        let is_cut = !text.ends_with('\n');
        let mut campaign: Option<Self> = None;
        let mut cut_line = None;
        let mut errors = Vec::new();
        for (line, text) in (1..).zip(&lines).filter(|(_, text)| !text.trim().is_empty()) {
            match (serde_json::from_str(text), &mut campaign) {
                (Ok(Line::Campaign(head)), None) => campaign = Some(Self::new(head)),
                (Ok(Line::Sample(sample)), Some(campaign)) => campaign.samples.push(sample),
                (Ok(Line::Skipped(skipped)), Some(campaign)) => campaign.skipped.push(skipped),
                (Ok(Line::Campaign(_)), Some(_)) => {
                    errors.push(CampaignError::Line { line, reason: "a second campaign".to_owned() });
                }
                (Err(_), Some(_)) if is_cut && line == lines.len() => cut_line = Some(line),
                (_, None) => return Err(vec![CampaignError::NoHead]),
                (Err(error), Some(_)) => errors.push(CampaignError::Line { line, reason: reason(&error) }),
            }
        }
        match campaign {
            Some(campaign) if errors.is_empty() => Ok(Self { cut_line, ..campaign }),
            Some(_) => Err(errors),
            None => Err(vec![CampaignError::NoHead]),
        }
    }

    /// Returns what of `plan` is still to do, launch by launch.
    #[must_use]
    pub fn still_to_do(&self, plan: Vec<Vec<PlanLine>>) -> Vec<Vec<PlanLine>> {
        let sampled = self.samples.iter().map(|sample| sample.id);
        let done: BTreeSet<u64> = sampled.chain(self.skipped.iter().map(|skipped| skipped.id)).collect();
        let open = |lines: Vec<PlanLine>| lines.into_iter().filter(|line| !done.contains(&line.id)).collect();
        plan.into_iter().map(open).collect()
    }
}

/// Returns what serde says of a line, without the line number that it counts within the line.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (reason, _) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
    format!("{reason} (column {})", error.column())
}

/// Returns the first line of a samples file.
///
/// # Panics
/// Never: a head can be written as JSON.
#[must_use]
pub fn head_line(head: &Head) -> String {
    serde_json::to_string(&Line::Campaign(head.clone())).expect("invariant: a head is JSON")
}

/// Returns the line of an experiment that gave no answer.
///
/// # Panics
/// Never: a line can be written as JSON.
#[must_use]
pub fn skipped_line(id: u64, reason: &str) -> String {
    let skipped = Skipped { format: FORMAT, id, reason: reason.to_owned() };
    serde_json::to_string(&KernelLine::Skipped(skipped)).expect("invariant: a line is JSON")
}

/// Returns the number of the experiment that a line of the kernels is about; none for other output.
#[must_use]
pub fn id_of(line: &str) -> Option<u64> {
    match serde_json::from_str(line).ok()? {
        KernelLine::Sample(sample) => Some(sample.id),
        KernelLine::Skipped(skipped) => Some(skipped.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurement::experiment::{Experiment, PairClass};

    fn head() -> Head {
        Head::new("quick", 3, 1000, 7, &[HostInfo { name: "pi0".to_owned(), cores: 4 }])
    }

    fn line(id: u64) -> PlanLine {
        PlanLine { id, experiment: Experiment::PingPong { class: PairClass::Local, bytes: 8 }, repeats: 3 }
    }

    #[test]
    fn what_is_done_or_was_skipped_is_not_done_again() {
        let text = format!("{}\n{}\n", head_line(&head()), skipped_line(2, "no answer"));
        let campaign = Campaign::parse(&text).expect("a campaign");
        assert_eq!(campaign.still_to_do(vec![vec![line(1), line(2)], vec![line(3)]]), [vec![line(1)], vec![line(3)]]);
    }

    #[test]
    fn a_last_line_that_is_cut_short_does_not_count() {
        let text = format!("{}\n{{\"sample\":{{\"form", head_line(&head()));
        assert_eq!(Campaign::parse(&text), Ok(Campaign { cut_line: Some(2), ..Campaign::new(head()) }));
    }

    #[test]
    fn every_broken_line_but_the_last_is_named() {
        let text = format!("{}\nnonsense\n{}\n{{}}\n", head_line(&head()), skipped_line(2, "x"));
        let errors = Campaign::parse(&text).expect_err("two broken lines");
        let lines: Vec<usize> = errors
            .iter()
            .filter_map(|error| match error {
                CampaignError::Line { line, .. } => Some(*line),
                CampaignError::NoHead => None,
            })
            .collect();
        assert_eq!(lines, [2, 4]);
    }

    #[test]
    fn a_file_that_is_no_campaign_is_refused() {
        for text in [&format!("{}\n", skipped_line(2, "x")), "", "nonsense", "a\nb\n"] {
            assert_eq!(Campaign::parse(text), Err(vec![CampaignError::NoHead]), "{text}");
        }
    }
}
