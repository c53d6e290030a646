//! Lower bounds of the makespan: what no program that does the same work and moves the same bytes could beat.

use crate::machine::Kernel;
use crate::platform::{HostId, LinkId, Platform, Route};
use crate::program::SleepReason;
use crate::scenario::NetworkKind;
use crate::trace::{Activity, ActivityKind, Enabler, Record, Trace, TransferRecord};
use crate::units::{Bytes, SimDuration};

/// Lower bounds of the makespan on the ranks of one run, in seconds (docs/model.md eq. 40 to 43).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// All computing, spread evenly over the cores that the ranks have.
    pub work_s: f64,
    /// The longest chain of computing, each waiting for the one before, messages free. Log files do not depend on each
    /// other: for a log stream, the longest analysis.
    pub span_s: f64,
    /// All bytes through the busiest link that the network model shares, at its full bandwidth; zero without messages
    /// between hosts.
    pub port_s: f64,
    /// That link.
    pub busiest_link: Option<LinkId>,
    /// Completion of the last file and the shortest analysis; zero without a producer.
    pub producer_s: f64,
}

impl Bounds {
    /// Returns the largest of the bounds, in seconds.
    #[must_use]
    pub fn largest_s(&self) -> f64 {
        self.work_s.max(self.span_s).max(self.port_s).max(self.producer_s)
    }
}

/// Returns the lower bounds that a run shows.
///
/// # Panics
/// If the run was not recorded.
#[must_use]
pub fn bounds(trace: &Trace, platform: &Platform, network: NetworkKind, hosts_of_ranks: &[HostId]) -> Bounds {
    let record = trace.record.as_ref().expect("bug: the run was not recorded");
    let (port_s, busiest_link) = busiest_link(trace, record, platform, network);
    Bounds {
        work_s: work_s(record, platform, hosts_of_ranks),
        span_s: if record.completions.is_empty() { span(record) } else { longest(record) }.as_seconds(),
        port_s,
        busiest_link,
        producer_s: producer_s(record),
    }
}

/// Returns the mean over the ranks of their computing, over that of the rank with the most; none without computing.
#[must_use]
pub fn load_balance(record: &Record) -> Option<f64> {
    let of_rank = |activities: &Vec<Activity>| activities.iter().map(computing).sum::<SimDuration>().as_seconds();
    let seconds: Vec<f64> = record.activities.iter().map(of_rank).collect();
    let most = seconds.iter().copied().fold(0.0, f64::max);
    (most > 0.0).then(|| crate::stats::mean(&seconds) / most)
}

/// Returns how long an activity takes on an undisturbed core of its own; zero unless it is computing.
fn computing(activity: &Activity) -> SimDuration {
    let lost = activity.lost.noise + activity.lost.contention + activity.lost.oversubscription;
    match activity.kind {
        ActivityKind::Compute(_) => (activity.end - activity.start).saturating_sub(lost),
        ActivityKind::Overhead { .. } | ActivityKind::Sleep(_) | ActivityKind::Finish => SimDuration::ZERO,
    }
}

fn work_s(record: &Record, platform: &Platform, hosts_of_ranks: &[HostId]) -> f64 {
    let mut n_ranks = vec![0_u32; platform.n_hosts()];
    let mut work = 0.0;
    for (activities, host) in record.activities.iter().zip(hosts_of_ranks) {
        n_ranks[host.0 as usize] += 1;
        let seconds: f64 = activities.iter().map(|activity| computing(activity).as_seconds()).sum();
        work += seconds * platform.speed(*host);
    }
    let speed = |(host, n_ranks): (u32, &u32)| {
        let host = HostId(host);
        f64::from((*n_ranks).min(platform.cores(host))) * platform.speed(host)
    };
    work / (0..).zip(&n_ranks).map(speed).sum::<f64>()
}

/// Returns the longest chain, over what each activity waited for in this run; sleep phases of the program count.
fn span(record: &Record) -> SimDuration {
    let n_ranks = record.activities.len();
    let mut ends: Vec<Vec<SimDuration>> = vec![Vec::new(); n_ranks];
    // Ranks that wait for an activity of a rank, by that rank.
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); n_ranks];
    let mut ready: Vec<usize> = (0..n_ranks).rev().collect();
    while let Some(rank) = ready.pop() {
        while let Some(activity) = record.activities[rank].get(ends[rank].len()) {
            let before = match activity.enabled_by {
                Enabler::Previous => SimDuration::ZERO,
                Enabler::Arrival(id) | Enabler::Departure(id) => {
                    let transfer = &record.transfers[id.0];
                    let from = transfer.from.0 as usize;
                    let Some(end) = ends[from].get(transfer.cause) else {
                        waiting[from].push(rank);
                        break;
                    };
                    *end
                }
            };
            let previous = ends[rank].last().copied().unwrap_or(SimDuration::ZERO);
            ends[rank].push(previous.max(before) + length_in_span(activity));
        }
        ready.append(&mut waiting[rank]);
    }
    ends.iter().filter_map(|ends| ends.last()).copied().max().unwrap_or(SimDuration::ZERO)
}

fn longest(record: &Record) -> SimDuration {
    record.activities.iter().flatten().map(computing).max().unwrap_or(SimDuration::ZERO)
}

fn length_in_span(activity: &Activity) -> SimDuration {
    match activity.kind {
        ActivityKind::Sleep(SleepReason::Program) => activity.end - activity.start,
        ActivityKind::Sleep(SleepReason::Poll)
        | ActivityKind::Compute(_)
        | ActivityKind::Overhead { .. }
        | ActivityKind::Finish => computing(activity),
    }
}

fn busiest_link(trace: &Trace, record: &Record, platform: &Platform, network: NetworkKind) -> (f64, Option<LinkId>) {
    let crossings = || record.transfers.iter().flat_map(|transfer| crossings(transfer, trace, network));
    let loads = [Use::Shared, Use::Sending, Use::Receiving].map(|wanted| {
        let mut bytes = vec![0.0; platform.links().len()];
        for (_, link, crossing) in crossings().filter(|(how, ..)| *how == wanted) {
            bytes[link.0 as usize] += crossing.as_f64();
        }
        bytes
    });
    let links = || (0..).zip(platform.links());
    let times = loads.iter().flat_map(|bytes| bytes.iter().zip(links()));
    let times = times.map(|(bytes, (i, link))| (bytes / link.as_f64(), i));
    // The first of equals.
    let busiest = times.reduce(|a, b| if a.0 < b.0 { b } else { a });
    busiest.filter(|(seconds, _)| *seconds > 0.0).map_or((0.0, None), |(seconds, i)| (seconds, Some(LinkId(i))))
}

/// How transfers share a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// All that cross it share its bandwidth.
    Shared,
    /// Those that leave a host keep its interface busy one after the other.
    Sending,
    /// Those that come to a host do the same.
    Receiving,
}

/// Returns the links that a transfer shares with others until the run ends, and its bytes there. On the `loggops` network
/// these are the interfaces of its hosts, whose first byte `message_gap` and latency pay for (docs/model.md eq. 9).
fn crossings(transfer: &TransferRecord, trace: &Trace, network: NetworkKind) -> Vec<(Use, LinkId, Bytes)> {
    let links = transfer.route.as_ref().map_or(&[][..], Route::links);
    let has_left = transfer.left <= trace.makespan;
    if network == NetworkKind::Flow {
        return links.iter().filter(|_| has_left).map(|link| (Use::Shared, *link, transfer.bytes)).collect();
    }
    let further = Bytes(transfer.bytes.0.saturating_sub(1));
    let sending = links.first().filter(|_| has_left).map(|link| (Use::Sending, *link, further));
    let has_arrived = transfer.arrived <= trace.makespan;
    let receiving = links.last().filter(|_| has_arrived).map(|link| (Use::Receiving, *link, further));
    sending.into_iter().chain(receiving).collect()
}

fn producer_s(record: &Record) -> f64 {
    let Some(last) = record.completions.last() else { return 0.0 };
    let all = record.activities.iter().flatten();
    let analyses = all.filter(|activity| activity.kind == ActivityKind::Compute(Kernel::Analyse));
    let shortest = analyses.map(computing).min().unwrap_or(SimDuration::ZERO);
    (*last + shortest).as_seconds()
}
