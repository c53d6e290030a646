//! A calibration campaign: its file of samples, what of its plan is done, and what is still to do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::experiment::{Experiment, PlanLine};
use super::plan::HostInfo;
use super::sample::{FORMAT, KernelLine, SECONDS, Sample, Skipped};

/// Most cores of a host, as in a machine model.
const CORES_MAX: u32 = 65_536;
/// Most repetitions that an experiment consists of: a plan has hundreds.
const REPEATS_MAX: u64 = 100_000;
/// Most units of work of a repetition: more than a core does in a year.
const UNITS_MAX: u64 = 1_000_000_000_000_000_000;

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
            let parsed = serde_json::from_str(text);
            if let Some(reason) = parsed.as_ref().ok().and_then(|parsed| wrong(parsed, campaign.as_ref())) {
                errors.push(CampaignError::Line { line, reason });
                if campaign.is_none() {
                    return Err(errors);
                }
                continue;
            }
            match (parsed, &mut campaign) {
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

    /// Returns the same with names of hosts that a machine model can have: without `user@`, and with `-` for what is no
    /// letter, digit, `-`, `_` or `.`, as the colons of an address.
    #[must_use]
    pub fn with_plain_names(mut self) -> Self {
        for (name, _) in &mut self.head.hosts {
            *name = plain_name(name);
        }
        for sample in &mut self.samples {
            sample.host = plain_name(&sample.host);
            sample.peers = sample.peers.iter().map(|name| plain_name(name)).collect();
        }
        self
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

fn plain_name(name: &str) -> String {
    let host = name.rsplit('@').next().unwrap_or(name);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    host.chars().map(|c| if is_plain(c) { c } else { '-' }).collect()
}

/// Returns what is wrong with a line that can be read.
fn wrong(line: &Line, campaign: Option<&Campaign>) -> Option<String> {
    let format = match line {
        Line::Campaign(head) => head.format,
        Line::Sample(sample) => sample.format,
        Line::Skipped(skipped) => skipped.format,
    };
    if format != FORMAT {
        return Some(format!("it has format {format}, this version reads {FORMAT}: use the version that wrote it"));
    }
    match line {
        Line::Campaign(head) => {
            let wrong = head.hosts.iter().find(|(_, cores)| !(1..=CORES_MAX).contains(cores));
            wrong.map(|(host, cores)| format!("host `{host}` has {cores} cores, expected 1 to {CORES_MAX}"))
        }
        Line::Sample(sample) => campaign.and_then(|campaign| too_many(&sample.experiment, &campaign.head)),
        Line::Skipped(_) => None,
    }
}

/// Returns which count of an experiment its campaign cannot have had.
fn too_many(experiment: &Experiment, head: &Head) -> Option<String> {
    let n_hosts = head.hosts.len() as u64;
    let n_cores = head.hosts.iter().map(|(_, cores)| u64::from(*cores)).max().unwrap_or(0);
    let counts: &[(&str, u64, u64)] = match experiment {
        Experiment::FanIn { senders, .. } => &[("senders", u64::from(*senders), n_hosts.saturating_sub(1))],
        Experiment::Pairs { pairs, .. } => &[("pairs", u64::from(*pairs), n_hosts / 2)],
        Experiment::Compute { busy, units, .. } => &[("busy", u64::from(*busy), n_cores), ("units", *units, UNITS_MAX)],
        Experiment::FixedWork { n, darts } => &[("n", u64::from(*n), REPEATS_MAX), ("darts", *darts, UNITS_MAX)],
        Experiment::Train { n, .. } => &[("n", u64::from(*n), REPEATS_MAX)],
        Experiment::PingPong { .. }
        | Experiment::Send { .. }
        | Experiment::Recv { .. }
        | Experiment::Exchange { .. } => &[],
    };
    let delay_s = match *experiment {
        Experiment::Send { recv_delay_s: delay_s, .. } | Experiment::Train { delay_s, .. } => delay_s,
        _ => 0.0,
    };
    if !(0.0..=*SECONDS.end()).contains(&delay_s) {
        return Some(format!("a delay of {delay_s} s, expected 0 to {} s", SECONDS.end()));
    }
    let outside = counts.iter().find(|(_, count, most)| !(1..=*most).contains(count));
    outside.map(|(name, count, most)| format!("`{name}` is {count}, on these hosts it can be 1 to {most}"))
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
    use crate::calibration::experiment::{Experiment, PairClass};

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
