//! Recordings as files: lines of JSON, compressed with gzip. `docs/run.md` describes them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

use dlpc_engine::calls::{CollectiveCall, CollectiveKind};
use dlpc_engine::program::SendMode;
use dlpc_engine::units::{Bytes, SimDuration};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{CONTEXTS_MAX, Call, EXCHANGE_REQUESTS, Posted, REQUESTS_MAX, Recording, Run, Sent, Step};

/// Version of the format, and the oldest one that is read: it has no places and no looks at clocks.
const FORMAT: u32 = 2;
const OLDEST: u32 = 1;
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
    Recording {
        format: u32,
        command: Vec<String>,
    },
    Run {
        ranks: usize,
        communicators: Vec<Vec<u32>>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sites: Vec<String>,
    },
    Rank(Vec<RawStep>),
}

/// A step; sizes in bytes, times in ns (of sleeps in ps), ranks among all, requests by their numbers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RawStep {
    Compute(u64),
    Sleep(u64),
    Send(RawSent),
    Recv(RawPosted),
    Exchange(RawSent, RawPosted),
    StartSend(u32, RawSent),
    StartRecv(u32, RawPosted),
    Wait(Vec<u32>),
    Test(u32),
    Probe(RawPosted),
    ProbeInVain(RawPosted),
    MatchedProbe(u32, RawPosted),
    StartMatched(u32),
    Free(u32),
    Cancel(u32),
    Collective(RawCollective),
    At(u32),
    Clock(()),
}

/// Receiver, tag, size, context and mode: 0 standard, 1 synchronous, 2 buffered, 3 ready.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct RawSent(u32, u32, u64, u32, u8);

/// Sender, tag, context, and whether the program would have taken the message of any rank.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct RawPosted(Option<u32>, Option<u32>, u32, bool);

const MODES: [SendMode; 4] = [SendMode::Standard, SendMode::Synchronous, SendMode::Buffered, SendMode::Ready];

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
        let (communicators, sites) = (run.communicators.clone(), run.sites.clone());
        line(&Line::Run { ranks: run.ranks.len(), communicators, sites });
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
            (Line::Recording { format: OLDEST..=FORMAT, command }, None, None) => {
                recording = Some(Recording { command, fingerprint: fingerprint(bytes), ..Recording::default() });
            }
            (Line::Run { ranks, communicators, sites }, Some(recording), None) => {
                let run = begun(ranks, communicators, recording).map_err(wrong)?;
                let run = Run { sites: checked(sites).map_err(wrong)?, ..run };
                open = Some((ranks, run));
            }
            (Line::Rank(steps), Some(recording), Some((n_ranks, run))) => {
                let rank = u32::try_from(run.ranks.len()).unwrap_or(u32::MAX);
                let (communicators, n_sites) = (&run.communicators, run.sites.len());
                let mut check = Check { rank, n_ranks: *n_ranks, communicators, n_sites, requests: BTreeMap::new() };
                let steps: Result<Vec<Step>, String> = steps.into_iter().map(|step| check.step(step)).collect();
                run.ranks.push(steps.map_err(wrong)?);
                if run.ranks.len() == *n_ranks {
                    recording.runs.extend(open.take().map(|(_, run)| run));
                }
            }
            (Line::Recording { format, .. }, None, None) => {
                return Err(wrong(format!("the format is {format}; this program reads {OLDEST} to {FORMAT}")));
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

/// Returns the first half of the SHA-256 of a file.
fn fingerprint(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..16].iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
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
    Ok(Run { ranks: Vec::new(), communicators, sites: Vec::new() })
}

/// Longest name of a place in the program, in bytes.
const SITE_BYTES_MAX: usize = 4096;

/// Checks the places of a run: what they are called is shown.
fn checked(sites: Vec<String>) -> Result<Vec<String>, String> {
    let unique: BTreeSet<&String> = sites.iter().collect();
    let is_name =
        |site: &String| !site.is_empty() && site.len() <= SITE_BYTES_MAX && !site.chars().any(char::is_control);
    if unique.len() < sites.len() || !sites.iter().all(is_name) {
        return Err(format!("places have names of 1 to {SITE_BYTES_MAX} bytes on one line, none twice"));
    }
    Ok(sites)
}

/// What the steps of a rank are checked against.
struct Check<'r> {
    rank: u32,
    n_ranks: usize,
    communicators: &'r [Vec<u32>],
    n_sites: usize,
    /// What each number stands for that is not free.
    requests: BTreeMap<u32, Held>,
}

/// What a number of a request stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// A send or receive that has started.
    Started,
    /// A message that a probe has found.
    Message,
}

fn in_range(number: u32, end: u32) -> Result<u32, String> {
    if number < end { Ok(number) } else { Err(format!("the number {number} is not below {end}")) }
}

impl Check<'_> {
    /// A number that was free stands for something.
    fn open(&mut self, number: u32, held: Held) -> Result<u32, String> {
        let is_free = self.requests.insert(in_range(number, REQUESTS_MAX)?, held).is_none();
        let is_own = !EXCHANGE_REQUESTS.contains(&number);
        if is_free && is_own { Ok(number) } else { Err(format!("the request {number} is not free")) }
    }

    /// A number that stands for something is free.
    fn close(&mut self, number: u32, held: Held) -> Result<u32, String> {
        let was = self.requests.remove(&number);
        if was == Some(held) { Ok(number) } else { Err(format!("the request {number} was not started")) }
    }

    fn step(&mut self, raw: RawStep) -> Result<Step, String> {
        Ok(match raw {
            RawStep::Compute(nanos) => {
                // So that it can be scaled.
                nanos.checked_mul(1000).ok_or("it computes for more than 213 days")?;
                Step::Compute(nanos)
            }
            RawStep::Sleep(picos) => Step::Sleep(SimDuration::from_picos(picos)),
            RawStep::Send(raw) => Step::Call(Call::Send(self.sent(raw)?)),
            RawStep::Recv(raw) => Step::Call(Call::Recv(self.posted(raw)?)),
            RawStep::Exchange(sent, posted) => Step::Call(Call::Exchange(self.sent(sent)?, self.posted(posted)?)),
            RawStep::StartSend(n, raw) => Step::Call(Call::StartSend(self.open(n, Held::Started)?, self.sent(raw)?)),
            RawStep::StartRecv(n, raw) => Step::Call(Call::StartRecv(self.open(n, Held::Started)?, self.posted(raw)?)),
            RawStep::Wait(requests) => {
                requests.iter().try_for_each(|n| self.close(*n, Held::Started).map(drop))?;
                Step::Call(Call::Wait(requests))
            }
            RawStep::Test(n) => {
                if self.requests.get(&n) != Some(&Held::Started) {
                    return Err(format!("the request {n} was not started"));
                }
                Step::Call(Call::Test(n))
            }
            RawStep::Probe(raw) => Step::Call(Call::Probe(self.posted(raw)?)),
            RawStep::ProbeInVain(raw) => Step::Call(Call::ProbeInVain(self.posted(raw)?)),
            RawStep::MatchedProbe(n, raw) => {
                Step::Call(Call::MatchedProbe(self.open(n, Held::Message)?, self.posted(raw)?))
            }
            RawStep::StartMatched(n) => {
                self.close(n, Held::Message)?;
                Step::Call(Call::StartMatched(self.open(n, Held::Started)?))
            }
            RawStep::Free(n) => Step::Call(Call::Free(self.close(n, Held::Started)?)),
            RawStep::Cancel(n) => Step::Call(Call::Cancel(self.close(n, Held::Started)?)),
            RawStep::Collective(raw) => {
                let (on, call) = self.collective(raw)?;
                Step::Call(Call::Collective(on, Box::new(call)))
            }
            RawStep::At(site) if (site as usize) < self.n_sites => Step::At(site),
            RawStep::At(site) => return Err(format!("there is no place {site}")),
            RawStep::Clock(()) => Step::Clock,
        })
    }

    fn known(&self, rank: u32) -> Result<u32, String> {
        if (rank as usize) < self.n_ranks { Ok(rank) } else { Err(format!("there is no rank {rank}")) }
    }

    fn sent(&self, RawSent(to, tag, bytes, context, mode): RawSent) -> Result<Sent, String> {
        let mode = *MODES.get(usize::from(mode)).ok_or("there is no such mode of a send")?;
        Ok(Sent { to: self.known(to)?, tag, bytes, context: in_range(context, CONTEXTS_MAX)?, mode })
    }

    fn posted(&self, RawPosted(from, tag, context, was_any): RawPosted) -> Result<Posted, String> {
        let from = from.map(|from| self.known(from)).transpose()?;
        Ok(Posted { from, tag, context: in_range(context, CONTEXTS_MAX)?, was_any })
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
            CollectiveKind::ReduceScatter => (n, 0),
            CollectiveKind::Allgatherv => (0, n),
            CollectiveKind::Alltoallv => (n, n),
            _ => (0, 0),
        };
        if sends.len() < n_sends
            || recvs.len() < n_recvs
            || ([CollectiveKind::ReduceScatter, CollectiveKind::ReduceScatterBlock].contains(&kind) && root > 0)
        {
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
            Step::At(site) => Self::At(*site),
            Step::Clock => Self::Clock(()),
            Step::Call(Call::Send(sent)) => Self::Send(sent.into()),
            Step::Call(Call::Recv(posted)) => Self::Recv(posted.into()),
            Step::Call(Call::Exchange(sent, posted)) => Self::Exchange(sent.into(), posted.into()),
            Step::Call(Call::StartSend(n, sent)) => Self::StartSend(*n, sent.into()),
            Step::Call(Call::StartRecv(n, posted)) => Self::StartRecv(*n, posted.into()),
            Step::Call(Call::Wait(requests)) => Self::Wait(requests.clone()),
            Step::Call(Call::Test(n)) => Self::Test(*n),
            Step::Call(Call::Probe(posted)) => Self::Probe(posted.into()),
            Step::Call(Call::ProbeInVain(posted)) => Self::ProbeInVain(posted.into()),
            Step::Call(Call::MatchedProbe(n, posted)) => Self::MatchedProbe(*n, posted.into()),
            Step::Call(Call::StartMatched(n)) => Self::StartMatched(*n),
            Step::Call(Call::Free(n)) => Self::Free(*n),
            Step::Call(Call::Cancel(n)) => Self::Cancel(*n),
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

impl From<&Sent> for RawSent {
    fn from(&Sent { to, tag, bytes, context, mode }: &Sent) -> Self {
        let place = MODES.iter().position(|of| *of == mode).expect("invariant: all modes are listed");
        Self(to, tag, bytes, context, u8::try_from(place).expect("invariant: few modes"))
    }
}

impl From<&Posted> for RawPosted {
    fn from(&Posted { from, tag, context, was_any }: &Posted) -> Self {
        Self(from, tag, context, was_any)
    }
}

#[cfg(test)]
mod tests;
