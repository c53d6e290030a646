//! `timeline.json`: Chrome trace events, for Perfetto and `chrome://tracing`.
//!
//! One process per host with one thread per rank, one for the critical path, one for the network with a counter per link.
//! Messages are flow events from the span that sends to the span that receives. Times are in microseconds; the exact
//! picoseconds of a span are in its arguments. Format: "Trace Event Format", Google.

use dlpc_engine::units::SimTime;
use serde::Serialize;
use serde_json::{Value, json};

use super::group;
use dlpc_predict::analysis::timeline::{Link, Message, Row, Timeline};

/// Process of the critical path; hosts follow.
const CRITICAL: usize = 1;
/// Process of the network.
const NETWORK: usize = 2;
/// Process of the first host.
const FIRST_HOST: usize = 3;

/// One event; what a kind does not need is left out.
#[derive(Serialize)]
struct Event<'a> {
    ph: &'static str,
    pid: usize,
    tid: usize,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    /// What a flow ends at: the span around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Value>,
}

/// Returns the text of `timeline.json`; same input, same bytes.
#[must_use]
pub fn chrome(timeline: &Timeline, title: &str) -> String {
    let mut lines = Vec::new();
    names(timeline, &mut lines);
    for piece in &timeline.critical {
        let args = match Timeline::rank_of(piece) {
            Some(rank) => json!({ "rank": rank, "picoseconds": (piece.end - piece.start).as_picos() }),
            None => json!({ "picoseconds": (piece.end - piece.start).as_picos() }),
        };
        let at = (CRITICAL, 0);
        push(&mut lines, &span(at, (piece.cause.key(), "critical_path"), (piece.start, piece.end), args));
    }
    for (rank, row) in timeline.rows.iter().enumerate() {
        spans(rank, row, &mut lines);
    }
    for (id, message) in timeline.messages.iter().enumerate() {
        flow(timeline, id, message, &mut lines);
    }
    for link in &timeline.links {
        counter(link, &mut lines);
    }
    let other = json!({ "title": title, "generator": concat!("dlpc-sim ", env!("CARGO_PKG_VERSION")) });
    format!("{{\"displayTimeUnit\":\"ms\",\"otherData\":{other},\"traceEvents\":[\n{}\n]}}\n", lines.join(",\n"))
}

/// Names processes and threads, in the order in which they are shown.
fn names(timeline: &Timeline, lines: &mut Vec<String>) {
    let mut processes = vec![(CRITICAL, "critical path".to_owned()), (NETWORK, "network".to_owned())];
    let is_used = |host: usize| timeline.rows.iter().any(|row| row.host == host);
    let hosts = timeline.hosts.iter().enumerate().filter(|(host, _)| is_used(*host));
    processes.extend(hosts.map(|(host, name)| (FIRST_HOST + host, format!("host {name}"))));
    for (pid, name) in processes {
        let order = if pid == NETWORK { FIRST_HOST + timeline.hosts.len() } else { pid };
        push(lines, &metadata("process_name", (pid, 0), json!({ "name": name })));
        push(lines, &metadata("process_sort_index", (pid, 0), json!({ "sort_index": order })));
    }
    push(lines, &metadata("thread_name", (CRITICAL, 0), json!({ "name": "critical path" })));
    for (rank, row) in timeline.rows.iter().enumerate() {
        let at = (FIRST_HOST + row.host, rank);
        push(lines, &metadata("thread_name", at, json!({ "name": format!("rank {rank}") })));
        push(lines, &metadata("thread_sort_index", at, json!({ "sort_index": rank })));
    }
}

fn spans(rank: usize, row: &Row, lines: &mut Vec<String>) {
    for part in &row.spans {
        let args = json!({ "picoseconds": (part.end - part.start).as_picos() });
        let names = (part.doing.name(), group(part.doing));
        let at = (FIRST_HOST + row.host, rank);
        push(lines, &span(at, (&names.0, names.1), (part.start, part.end), args));
    }
}

fn flow(timeline: &Timeline, id: usize, message: &Message, lines: &mut Vec<String>) {
    let thread = |rank: u32| (FIRST_HOST + timeline.rows[rank as usize].host, rank as usize);
    let args = json!({ "bytes": message.bytes.0, "arrived_us": micros(message.arrived) });
    let event = |ph, (pid, tid), at, bp, args| Event {
        ph,
        pid,
        tid,
        name: "message",
        cat: Some("message"),
        ts: Some(micros(at)),
        dur: None,
        id: Some(id),
        bp,
        args,
    };
    push(lines, &event("s", thread(message.from), message.sent, None, Some(args)));
    push(lines, &event("f", thread(message.to), message.taken, Some("e"), None));
}

fn counter(link: &Link, lines: &mut Vec<String>) {
    for (at, bytes_per_s) in &link.loads {
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let percent = 100.0 * *bytes_per_s as f64 / link.bandwidth.as_f64();
        let args = json!({ "percent": (100.0 * percent).round() / 100.0 });
        push(lines, &Event { ph: "C", ts: Some(micros(*at)), ..metadata(&link.name, (NETWORK, 0), args) });
    }
}

fn span<'a>(
    (pid, tid): (usize, usize),
    (name, cat): (&'a str, &'a str),
    at: (SimTime, SimTime),
    args: Value,
) -> Event<'a> {
    let duration = SimTime::ZERO + (at.1 - at.0);
    Event {
        ph: "X",
        pid,
        tid,
        name,
        cat: Some(cat),
        ts: Some(micros(at.0)),
        dur: Some(micros(duration)),
        id: None,
        bp: None,
        args: Some(args),
    }
}

fn metadata(name: &str, (pid, tid): (usize, usize), args: Value) -> Event<'_> {
    Event { ph: "M", pid, tid, name, cat: None, ts: None, dur: None, id: None, bp: None, args: Some(args) }
}

fn push(lines: &mut Vec<String>, event: &Event<'_>) {
    lines.push(serde_json::to_string(event).expect("invariant: keys are strings and nothing fails to serialize"));
}

fn micros(at: SimTime) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact to 2^53 ps = 2.5 h; the exact duration is in the arguments")]
    let picos = at.as_picos() as f64;
    picos / 1e6
}
