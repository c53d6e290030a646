//! A replayed schedule as a table and as JSON.

use dlpc_engine::platform::NetworkKind;
use dlpc_engine::schedule::Schedule;
use dlpc_engine::schedule::cost::ScheduleCosts;
use dlpc_engine::trace::replay::{Busy, ReplayTrace};
use dlpc_engine::units::{SimDuration, SimTime, significant};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::json as file;
use super::table::{Column, render};
use crate::number::{TimeUnit, percent};
use dlpc_predict::analysis::Cause;

/// Hosts that the table shows; the JSON document has all.
const HOSTS_SHOWN: usize = 32;

/// What is reported of a replay.
#[derive(Debug, Clone, Copy)]
pub struct ReplayDocument<'a> {
    /// Name of the schedule, as the user wrote it.
    pub schedule_name: &'a str,
    /// The schedule.
    pub schedule: &'a Schedule,
    /// What it was replayed with: [`parameters`].
    pub parameters: &'a Value,
    /// What happened.
    pub trace: &'a ReplayTrace,
    /// Where the time goes, if the replay was recorded.
    pub breakdown: Option<&'a [(Cause, SimDuration)]>,
    /// Reasons to doubt the result.
    pub warnings: &'a [String],
}

/// Returns the replay as JSON.
#[must_use]
pub fn to_json(document: &ReplayDocument<'_>) -> String {
    let trace = document.trace;
    let seconds = |at: &SimTime| at.as_seconds();
    file::text(&ReplayDto {
        format: file::FORMAT,
        tool_version: env!("CARGO_PKG_VERSION"),
        schedule: document.schedule_name,
        parameters: document.parameters,
        warnings: document.warnings,
        ranks: document.schedule.n_ranks(),
        operations: document.schedule.n_ops(),
        messages: trace.n_messages,
        events: trace.n_events,
        makespan_s: trace.makespan.as_seconds(),
        host_finish_s: trace.finished_at.iter().map(seconds).collect(),
        hosts: trace.finished_at.iter().zip(&trace.busy).map(|(finish, busy)| HostDto::new(*finish, busy)).collect(),
        critical_path: document.breakdown.map(|parts| {
            let part = |cause| parts.iter().find(|(part, _)| *part == cause).map_or(0.0, |(_, part)| part.as_seconds());
            PathDto {
                compute: part(Cause::Compute),
                overhead: part(Cause::Overhead),
                latency: part(Cause::Latency),
                bandwidth: part(Cause::Bandwidth),
            }
        }),
    })
}

/// Returns the parameters of a replay as they stand in the document.
#[must_use]
pub fn parameters(costs: &ScheduleCosts) -> Value {
    match costs {
        ScheduleCosts::Loggops(loggops) => json!({
            "network": NetworkKind::Loggops.name(),
            "latency_s": loggops.latency.as_seconds(),
            "overhead_s": loggops.overhead.as_seconds(),
            "message_gap_s": loggops.message_gap.as_seconds(),
            "byte_gap_s_per_byte": loggops.byte_gap.as_f64(),
            "byte_overhead_s_per_byte": loggops.byte_overhead.as_f64(),
            "eager_limit_bytes": loggops.eager_limit.0,
        }),
        ScheduleCosts::Machine(machine) => json!({
            "network": machine.network.name(),
            "machine": machine.name(),
        }),
    }
}

/// Returns the JSON Schema of the replay.
#[must_use]
pub fn schema() -> Value {
    file::schema::<ReplayDto>()
}

/// Returns the replay as tables: the hosts, then the critical path.
#[must_use]
pub fn table(document: &ReplayDocument<'_>) -> String {
    let trace = document.trace;
    let unit = TimeUnit::for_longest(trace.makespan.as_seconds());
    let shown = trace.finished_at.len().min(HOSTS_SHOWN);
    let hosts = || (0..shown).map(|rank| (trace.finished_at[rank], trace.busy[rank]));
    let column = |title: &str, of: &dyn Fn(SimTime, Busy) -> f64| {
        let cells = hosts().map(|(finish, busy)| exact(unit, of(finish, busy))).collect();
        Column::numbers(&format!("{title} [{}]", unit.symbol), cells)
    };
    let mut text = render(vec![
        Column::numbers("host", (0..shown).map(|rank| rank.to_string()).collect()),
        column("finish", &|finish, _| finish.as_seconds()),
        column("compute", &|_, busy| busy.compute.as_seconds()),
        column("send", &|_, busy| busy.send.as_seconds()),
        column("receive", &|_, busy| busy.recv.as_seconds()),
        column("blocked", &|finish, busy| blocked(finish, &busy).as_seconds()),
    ]);
    if trace.finished_at.len() > shown {
        let n_more = trace.finished_at.len() - shown;
        text = format!("{text}\n... and {n_more} more hosts (all of them with --format json)");
    }
    text = format!("{text}\n\nMakespan {} {}", exact(unit, trace.makespan.as_seconds()), unit.symbol);
    if let Some(parts) = document.breakdown {
        text = format!("{text}, on the critical path: {}", shares(parts, trace.makespan));
    }
    text
}

/// Returns the causes of the critical path with their shares, the largest first.
fn shares(parts: &[(Cause, SimDuration)], makespan: SimTime) -> String {
    let mut parts: Vec<_> = parts.iter().filter(|(_, part)| *part > SimDuration::ZERO).collect();
    parts.sort_by_key(|(_, part)| std::cmp::Reverse(*part));
    let shares = parts
        .iter()
        .map(|(cause, part)| format!("{} {}", cause.name(), percent(part.as_seconds() / makespan.as_seconds())));
    shares.collect::<Vec<_>>().join(", ")
}

/// Formats a time with all the digits that anyone would compare.
fn exact(unit: TimeUnit, seconds: f64) -> String {
    significant(seconds / unit.seconds, 9)
}

/// Returns for how long a host's CPUs were idle before it finished.
fn blocked(finish: SimTime, busy: &Busy) -> SimDuration {
    let available = (finish - SimTime::ZERO).saturating_mul(busy.n_cpus.into());
    available.saturating_sub(busy.compute + busy.send + busy.recv)
}

/// A schedule that `dlpc-sim` replayed.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "dlpc-sim replay")]
struct ReplayDto<'a> {
    /// Version of this file format.
    format: u32,
    /// Version of dlpc-sim that replayed the schedule.
    tool_version: &'a str,
    /// The schedule, as it was named.
    schedule: &'a str,
    /// What the schedule was replayed with.
    parameters: &'a Value,
    /// Reasons to doubt the result.
    warnings: &'a [String],
    /// Ranks of the schedule.
    ranks: usize,
    /// Operations of all ranks.
    operations: usize,
    /// Messages sent.
    messages: u64,
    /// Events: operations that started, and messages that were received.
    events: u64,
    /// When the last operation was done, in seconds.
    makespan_s: f64,
    /// When the last operation of each rank was done, in seconds.
    host_finish_s: Vec<f64>,
    /// What each rank did.
    hosts: Vec<HostDto>,
    /// Seconds of the critical path by cause, which add up to the makespan; null if the replay was not recorded.
    critical_path: Option<PathDto>,
}

/// What one rank did.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Host")]
#[expect(clippy::struct_field_names, reason = "keys end in their unit")]
struct HostDto {
    /// When its last operation was done, in seconds.
    finish_s: f64,
    /// CPU time of calculations, in seconds.
    compute_s: f64,
    /// CPU time of sends, in seconds.
    send_s: f64,
    /// CPU time of receives, in seconds.
    recv_s: f64,
    /// Time that its CPUs were idle before it finished, in seconds.
    blocked_s: f64,
}

/// Seconds of the critical path by cause.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CriticalPath")]
struct PathDto {
    /// Calculations.
    compute: f64,
    /// CPUs busy with sending and receiving messages.
    overhead: f64,
    /// Latency.
    latency: f64,
    /// Bytes on the way, and interfaces that were busy with other messages.
    bandwidth: f64,
}

impl HostDto {
    fn new(finish: SimTime, busy: &Busy) -> Self {
        Self {
            finish_s: finish.as_seconds(),
            compute_s: busy.compute.as_seconds(),
            send_s: busy.send.as_seconds(),
            recv_s: busy.recv.as_seconds(),
            blocked_s: blocked(finish, busy).as_seconds(),
        }
    }
}
