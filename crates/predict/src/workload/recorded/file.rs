//! Recordings as files: lines of JSON, compressed with gzip. `docs/run.md` describes them.

use std::io::{Read, Write};

use dlpc_engine::calls::{CollectiveCall, CollectiveKind};
use dlpc_engine::units::{Bytes, SimDuration};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Call, Posted, Recording, Run, Sent, Step};

/// Version of the format.
const FORMAT: u32 = 1;
/// Larger recordings, when they are not compressed, are refused.
const TEXT_BYTES_MAX: u64 = 1 << 30;
/// Most ranks of a run.
const RANKS_MAX: usize = 1 << 20;

/// Why a recording cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {what}")]
pub struct Unreadable {
    /// Line of the text, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// One line of a recording: first a title, then a run before the steps of each of its ranks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Recording { format: u32, command: Vec<String> },
    Run { ranks: usize, communicators: Vec<Vec<u32>> },
    Rank(Vec<RawStep>),
}

/// A step; sizes in bytes, times in ns (of sleeps in ps), ranks among all.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RawStep {
    Compute(u64),
    Sleep(u64),
    /// Receiver, tag, size.
    Send(u32, u32, u64),
    /// Sender and tag.
    Recv(Option<u32>, Option<u32>),
    /// Sender and tag of a message that was received from any rank.
    RecvAny(Option<u32>, Option<u32>),
    /// Receiver, tag and size of the one, sender and tag of the other message, and whether it was received from any rank.
    Sendrecv(u32, u32, u64, Option<u32>, Option<u32>, bool),
    Collective(RawCollective),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCollective {
    kind: String,
    /// Number of the communicator among those of the run.
    on: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    root: u32,
    #[serde(default)]
    block: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sends: Vec<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recvs: Vec<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Returns a recording as the bytes of a file; the same recording always gives the same bytes.
///
/// # Panics
/// Never: memory takes all that is written.
#[must_use]
pub fn write(recording: &Recording) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut line = |line: &Line| {
        let text = serde_json::to_string(line).expect("invariant: lines have text keys only");
        writeln!(encoder, "{text}").expect("invariant: memory takes all that is written");
    };
    line(&Line::Recording { format: FORMAT, command: recording.command.clone() });
    for run in &recording.runs {
        line(&Line::Run { ranks: run.ranks.len(), communicators: run.communicators.clone() });
        for steps in &run.ranks {
            line(&Line::Rank(steps.iter().map(RawStep::of).collect()));
        }
    }
    encoder.finish().expect("invariant: memory takes all that is written")
}

/// Reads the bytes of a file, compressed or not.
///
/// # Errors
/// [`Unreadable`] for the first line that is not as it should be.
pub(crate) fn read(bytes: &[u8]) -> Result<Recording, Unreadable> {
    let text = text_of(bytes)?;
    let mut recording: Option<Recording> = None;
    let mut open: Option<(usize, Run)> = None;
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: String| Unreadable { line: number + 1, what };
        let line: Line = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
        match (line, &mut recording, &mut open) {
            (Line::Recording { format: FORMAT, command }, None, None) => {
                recording = Some(Recording { command, runs: Vec::new() });
            }
            (Line::Run { ranks, communicators }, Some(recording), None) => {
                let run = begun(ranks, communicators, recording).map_err(wrong)?;
                open = Some((ranks, run));
            }
            (Line::Rank(steps), Some(recording), Some((n_ranks, run))) => {
                let rank = u32::try_from(run.ranks.len()).unwrap_or(u32::MAX);
                let check = Check { rank, n_ranks: *n_ranks, communicators: &run.communicators };
                let steps: Result<Vec<Step>, String> = steps.into_iter().map(|step| check.step(step)).collect();
                run.ranks.push(steps.map_err(wrong)?);
                if run.ranks.len() == *n_ranks {
                    recording.runs.extend(open.take().map(|(_, run)| run));
                }
            }
            (Line::Recording { format, .. }, None, None) => {
                return Err(wrong(format!("the format is {format}; this program reads {FORMAT}")));
            }
            _ => return Err(wrong("a recording has a title, then each run and its ranks".to_owned())),
        }
    }
    let last = text.lines().count();
    match (recording, open) {
        (Some(recording), None) if !recording.runs.is_empty() => Ok(recording),
        _ => Err(Unreadable { line: last, what: "the recording ends before its end".to_owned() }),
    }
}

fn text_of(bytes: &[u8]) -> Result<String, Unreadable> {
    let wrong = |what: String| Unreadable { line: 1, what };
    let mut text = String::new();
    let is_compressed = bytes.starts_with(&[0x1f, 0x8b]);
    let read = if is_compressed {
        GzDecoder::new(bytes).take(TEXT_BYTES_MAX + 1).read_to_string(&mut text)
    } else {
        (&mut &*bytes).take(TEXT_BYTES_MAX + 1).read_to_string(&mut text)
    };
    read.map_err(|error| wrong(format!("it is no text, compressed with gzip or not: {error}")))?;
    if text.len() as u64 > TEXT_BYTES_MAX {
        return Err(wrong(format!("the recording has more than {} MiB", TEXT_BYTES_MAX >> 20)));
    }
    Ok(text)
}

fn begun(ranks: usize, communicators: Vec<Vec<u32>>, recording: &Recording) -> Result<Run, String> {
    if ranks == 0 || ranks > RANKS_MAX {
        return Err(format!("a run has 1 to {RANKS_MAX} ranks"));
    }
    if recording.runs.last().is_some_and(|before| before.ranks.len() >= ranks) {
        return Err("rank counts are not ascending".to_owned());
    }
    for members in &communicators {
        let mut sorted = members.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() < members.len() || sorted.is_empty() || sorted.iter().any(|rank| *rank as usize >= ranks) {
            return Err("a communicator has ranks that are not there, one twice, or none".to_owned());
        }
    }
    Ok(Run { ranks: Vec::new(), communicators })
}

/// What the steps of a rank are checked against.
struct Check<'r> {
    rank: u32,
    n_ranks: usize,
    communicators: &'r [Vec<u32>],
}

impl Check<'_> {
    fn step(&self, raw: RawStep) -> Result<Step, String> {
        Ok(match raw {
            RawStep::Compute(nanos) => {
                // So that it can be scaled.
                nanos.checked_mul(1000).ok_or("it computes for more than 213 days")?;
                Step::Compute(nanos)
            }
            RawStep::Sleep(picos) => Step::Sleep(SimDuration::from_picos(picos)),
            RawStep::Send(to, tag, bytes) => Step::Call(Call::Send(self.sent(to, tag, bytes)?)),
            RawStep::Recv(from, tag) => Step::Call(Call::Recv(self.posted(from, tag, false)?)),
            RawStep::RecvAny(from, tag) => Step::Call(Call::Recv(self.posted(from, tag, true)?)),
            RawStep::Sendrecv(to, tag, bytes, from, recv_tag, was_any) => {
                Step::Call(Call::Exchange(self.sent(to, tag, bytes)?, self.posted(from, recv_tag, was_any)?))
            }
            RawStep::Collective(raw) => {
                let (on, call) = self.collective(raw)?;
                Step::Call(Call::Collective(on, Box::new(call)))
            }
        })
    }

    fn known(&self, rank: u32) -> Result<u32, String> {
        if (rank as usize) < self.n_ranks { Ok(rank) } else { Err(format!("there is no rank {rank}")) }
    }

    fn sent(&self, to: u32, tag: u32, bytes: u64) -> Result<Sent, String> {
        Ok(Sent { to: self.known(to)?, tag, bytes })
    }

    fn posted(&self, from: Option<u32>, tag: Option<u32>, was_any: bool) -> Result<Posted, String> {
        Ok(Posted { from: from.map(|from| self.known(from)).transpose()?, tag, was_any })
    }

    fn collective(&self, raw: RawCollective) -> Result<(u32, CollectiveCall), String> {
        let RawCollective { kind, on, root, block, sends, recvs } = raw;
        let of_word = |word: &str| CollectiveKind::ALL.iter().copied().find(|kind| kind.name() == word);
        let kind = of_word(&kind).ok_or_else(|| format!("there is no collective `{kind}`"))?;
        let members = self.communicators.get(on as usize).ok_or("there is no such communicator")?;
        let place = members.iter().position(|member| *member == self.rank).ok_or("the rank is not in it")?;
        let n = members.len();
        if root as usize >= n {
            return Err(format!("the root {root} is not in the communicator"));
        }
        let is_root = place == root as usize;
        let (n_sends, n_recvs) = match kind {
            CollectiveKind::Gatherv => (1, if is_root { n } else { 0 }),
            CollectiveKind::Scatterv => (if is_root { n } else { 0 }, 1),
            CollectiveKind::ReduceScatter => (if place == 0 { n } else { 0 }, 1),
            CollectiveKind::Allgatherv => (0, n),
            CollectiveKind::Alltoallv => (n, n),
            _ => (0, 0),
        };
        if sends.len() < n_sends || recvs.len() < n_recvs || (kind == CollectiveKind::ReduceScatter && root > 0) {
            return Err(format!("a {} on {n} ranks has {n_sends} and {n_recvs} sizes", kind.name()));
        }
        let sizes = |sizes: Vec<u64>| sizes.into_iter().map(Bytes).collect();
        let call =
            CollectiveCall { kind, root, block: Bytes(block), sends: sizes(sends), recvs: sizes(recvs), flops: 0.0 };
        Ok((on, call))
    }
}

impl RawStep {
    fn of(step: &Step) -> Self {
        match step {
            Step::Compute(nanos) => Self::Compute(*nanos),
            Step::Sleep(duration) => Self::Sleep(duration.as_picos()),
            Step::Call(Call::Send(sent)) => Self::Send(sent.to, sent.tag, sent.bytes),
            Step::Call(Call::Recv(Posted { from, tag, was_any: false })) => Self::Recv(*from, *tag),
            Step::Call(Call::Recv(Posted { from, tag, was_any: true })) => Self::RecvAny(*from, *tag),
            Step::Call(Call::Exchange(sent, posted)) => {
                Self::Sendrecv(sent.to, sent.tag, sent.bytes, posted.from, posted.tag, posted.was_any)
            }
            Step::Call(Call::Collective(on, call)) => {
                let sizes = |sizes: &[Bytes]| sizes.iter().map(|bytes| bytes.0).collect();
                Self::Collective(RawCollective {
                    kind: call.kind.name().to_owned(),
                    on: *on,
                    root: call.root,
                    block: call.block.0,
                    sends: sizes(&call.sends),
                    recvs: sizes(&call.recvs),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests;
