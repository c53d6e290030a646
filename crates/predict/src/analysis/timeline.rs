//! The time line of one run: what each rank did when, messages between ranks, load of each link, and the critical path.

mod messages;

use dlpc_engine::machine::{Kernel, MachineModel};
use dlpc_engine::platform::{HostId, Platform};
use dlpc_engine::program::SleepReason;
use dlpc_engine::trace::{ActivityKind, MessageStep, Record, Trace};
use dlpc_engine::units::{Bytes, BytesPerSecond, SimTime};

use super::critical_path::{self, Origin, Piece};

/// One run, as time lines are drawn of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// When the last rank finished.
    pub makespan: SimTime,
    /// Names of all hosts.
    pub hosts: Vec<String>,
    /// One for each rank.
    pub rows: Vec<Row>,
    /// Messages with their data, in the order in which the data entered the network.
    pub messages: Vec<Message>,
    /// Links that carried anything (`flow` network).
    pub links: Vec<Link>,
    /// The critical path: pieces without gaps from 0 to the makespan.
    pub critical: Vec<Piece>,
}

/// What one rank did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Index of its host in [`Timeline::hosts`].
    pub host: usize,
    /// Spans without gaps from 0 to its end.
    pub spans: Vec<Span>,
}

/// What a rank did from `start` to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From.
    pub start: SimTime,
    /// To.
    pub end: SimTime,
    /// What.
    pub doing: Doing,
}

/// What a rank does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It computes.
    Compute(Kernel),
    /// It sends or receives.
    Message {
        /// What of it.
        step: MessageStep,
        /// With which rank.
        peer: u32,
    },
    /// It leaves its core until a time has passed.
    Sleep(SleepReason),
    /// It waits for another rank, or for its message to leave.
    Blocked,
}

/// The data of one message on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Sending rank.
    pub from: u32,
    /// Receiving rank.
    pub to: u32,
    /// Size.
    pub bytes: Bytes,
    /// When the sender began to put it into the network.
    pub sent: SimTime,
    /// When its last byte arrived.
    pub arrived: SimTime,
    /// When the receiver began to take it.
    pub taken: SimTime,
}

/// Load of one link.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Name, for instance `receiving port of pi0`.
    pub name: String,
    /// The most it carries.
    pub bandwidth: BytesPerSecond,
    /// From each time on, bytes per second.
    pub loads: Vec<(SimTime, u64)>,
}

impl Doing {
    /// Returns what it is in a few words.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Compute(kernel) => kernel.name().replace('_', " "),
            Self::Message { step: MessageStep::Send, peer } => format!("send to rank {peer}"),
            Self::Message { step: MessageStep::Answer, peer } => format!("answer rank {peer}"),
            Self::Message { step: MessageStep::SendData, peer } => format!("send data to rank {peer}"),
            Self::Message { step: MessageStep::Receive, peer } => format!("receive from rank {peer}"),
            Self::Message { step: MessageStep::TakeAnswer, peer } => format!("take the answer of rank {peer}"),
            Self::Sleep(SleepReason::Poll) => "wait for the producer".to_owned(),
            Self::Sleep(SleepReason::Program) => "sleep".to_owned(),
            Self::Blocked => "blocked".to_owned(),
        }
    }
}

/// Returns the time line of a recorded run, whose rank `r` ran on `hosts_of_ranks[r]`.
///
/// # Panics
/// If the run was not recorded.
#[must_use]
pub fn of(trace: &Trace, hosts_of_ranks: &[HostId], platform: &Platform, machine: &MachineModel) -> Timeline {
    let record = trace.record.as_ref().expect("bug: the run was not recorded");
    let hosts = machine.host_names();
    Timeline {
        makespan: trace.makespan,
        rows: record.activities.iter().zip(hosts_of_ranks).map(|(list, host)| row(list, *host)).collect(),
        messages: messages::of(record),
        links: links(record, platform, &hosts),
        critical: critical_path::path(trace),
        hosts,
    }
}

impl Timeline {
    /// Returns the rank on which a piece of the critical path lies; none while a transfer is on its way.
    #[must_use]
    pub fn rank_of(piece: &Piece) -> Option<u32> {
        match piece.origin {
            Origin::Activity(rank, _) => Some(rank.0),
            Origin::Leaving(_) | Origin::Arriving(_) => None,
        }
    }
}

fn row(activities: &[dlpc_engine::trace::Activity], host: HostId) -> Row {
    let mut spans = Vec::with_capacity(activities.len());
    let mut until = SimTime::ZERO;
    for activity in activities {
        if until < activity.start {
            spans.push(Span { start: until, end: activity.start, doing: Doing::Blocked });
        }
        let doing = match activity.kind {
            ActivityKind::Compute(kernel) => Some(Doing::Compute(kernel)),
            ActivityKind::Overhead { step, peer } => Some(Doing::Message { step, peer: peer.0 }),
            ActivityKind::Sleep(reason) => Some(Doing::Sleep(reason)),
            ActivityKind::Finish => None,
        };
        spans.extend(doing.map(|doing| Span { start: activity.start, end: activity.end, doing }));
        until = activity.end;
    }
    Row { host: host.0 as usize, spans }
}

fn links(record: &Record, platform: &Platform, hosts: &[String]) -> Vec<Link> {
    let names = platform.link_names(hosts);
    let mut links: Vec<Link> = names
        .into_iter()
        .zip(platform.links())
        .map(|(name, bandwidth)| Link { name, bandwidth: *bandwidth, loads: Vec::new() })
        .collect();
    for load in &record.link_loads {
        let loads = &mut links[load.link.0 as usize].loads;
        // Of several changes at one instant only the last one holds.
        match loads.last_mut() {
            Some(last) if last.0 == load.at => last.1 = load.bytes_per_s,
            _ => loads.push((load.at, load.bytes_per_s)),
        }
    }
    links.retain(|link| !link.loads.is_empty());
    links
}
