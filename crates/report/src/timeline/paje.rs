//! `timeline.paje`: the Paje trace format, for `ViTE`, `PajeNG` and R.
//!
//! Containers are the run, its hosts and their ranks; states are what a rank does, links are messages, variables are the
//! loads of network links. Times are in seconds. Format: Schnorr, "Paje trace file", version 1.2.5.

use std::collections::BTreeMap;

use dlpc_engine::units::SimTime;

use super::{color, group};
use dlpc_predict::analysis::timeline::Timeline;
use dlpc_predict::plain_text::one_line;

/// The kinds of events and their fields.
const HEADER: &str = "\
%EventDef PajeDefineContainerType 0
% Alias string
% Type string
% Name string
%EndEventDef
%EventDef PajeDefineStateType 1
% Alias string
% Type string
% Name string
%EndEventDef
%EventDef PajeDefineVariableType 2
% Alias string
% Type string
% Name string
% Color color
%EndEventDef
%EventDef PajeDefineLinkType 3
% Alias string
% Type string
% StartContainerType string
% EndContainerType string
% Name string
%EndEventDef
%EventDef PajeDefineEntityValue 4
% Alias string
% Type string
% Name string
% Color color
%EndEventDef
%EventDef PajeCreateContainer 5
% Time date
% Alias string
% Type string
% Container string
% Name string
%EndEventDef
%EventDef PajeDestroyContainer 6
% Time date
% Type string
% Name string
%EndEventDef
%EventDef PajeSetState 7
% Time date
% Type string
% Container string
% Value string
%EndEventDef
%EventDef PajeSetVariable 8
% Time date
% Type string
% Container string
% Value double
%EndEventDef
%EventDef PajeStartLink 9
% Time date
% Type string
% Container string
% StartContainer string
% Value string
% Key string
%EndEventDef
%EventDef PajeEndLink 10
% Time date
% Type string
% Container string
% EndContainer string
% Value string
% Key string
%EndEventDef
0 RUN 0 \"run\"
0 HOST RUN \"host\"
0 RANK HOST \"rank\"
0 LINK RUN \"network link\"
1 STATE RANK \"state\"
2 LOAD LINK \"load in bytes per second\" \"0 0.62 0.45\"
3 MESSAGE RUN RANK RANK \"message\"
";

/// Returns the text of `timeline.paje`; same input, same bytes.
#[must_use]
pub fn paje(timeline: &Timeline) -> String {
    let values = states(timeline);
    let definitions = values.iter().map(|(name, (alias, color))| format!("4 {alias} STATE \"{name}\" \"{color}\""));
    let mut events = Vec::new();
    for (rank, row) in timeline.rows.iter().enumerate() {
        for span in &row.spans {
            let alias = &values[group(span.doing)].0;
            events.push((span.start, format!("7 {} STATE r{rank} {alias}", seconds(span.start))));
        }
    }
    for (key, message) in timeline.messages.iter().enumerate() {
        let (value, from, to) = (message.bytes.0, message.from, message.to);
        events.push((message.sent, format!("9 {} MESSAGE run r{from} {value} m{key}", seconds(message.sent))));
        events.push((message.taken, format!("10 {} MESSAGE run r{to} {value} m{key}", seconds(message.taken))));
    }
    for (i, link) in timeline.links.iter().enumerate() {
        let loads = link.loads.iter().map(|(at, load)| (*at, format!("8 {} LOAD l{i} {load}", seconds(*at))));
        events.extend(loads);
    }
    // Stable: at one instant in the order above, so that a link starts before it ends.
    events.sort_by_key(|(at, _)| *at);
    let end = seconds(timeline.makespan);
    let ends = (0..timeline.rows.len()).map(|rank| format!("6 {end} RANK r{rank}")).chain([format!("6 {end} RUN run")]);
    let lines = definitions.chain(containers(timeline)).chain(events.into_iter().map(|(_, line)| line)).chain(ends);
    HEADER.to_owned() + &lines.collect::<Vec<_>>().join("\n") + "\n"
}

fn containers(timeline: &Timeline) -> Vec<String> {
    let start = seconds(SimTime::ZERO);
    let is_used = |host: usize| timeline.rows.iter().any(|row| row.host == host);
    let hosts = timeline.hosts.iter().enumerate().filter(|(host, _)| is_used(*host));
    let hosts = hosts.map(|(host, name)| format!("5 {start} h{host} HOST run \"{}\"", plain(name)));
    let rows = timeline.rows.iter().enumerate();
    let ranks = rows.map(|(rank, row)| format!("5 {start} r{rank} RANK h{} \"rank {rank}\"", row.host));
    let links = timeline.links.iter().enumerate();
    let links = links.map(|(i, link)| format!("5 {start} l{i} LINK run \"{}\"", plain(&link.name)));
    std::iter::once(format!("5 {start} run RUN 0 \"run\"")).chain(hosts).chain(ranks).chain(links).collect()
}

/// Returns alias and colour of each state that occurs, by name.
fn states(timeline: &Timeline) -> BTreeMap<&'static str, (String, String)> {
    let mut states = BTreeMap::new();
    for span in timeline.rows.iter().flat_map(|row| &row.spans) {
        let n = states.len();
        states.entry(group(span.doing)).or_insert_with(|| (format!("s{n}"), parts(&color(span.doing))));
    }
    states
}

/// Returns a CSS colour as three numbers from 0 to 1.
fn parts(css: &str) -> String {
    let part = |at: usize| f64::from(u8::from_str_radix(&css[at..at + 2], 16).unwrap_or(0)) / 255.0;
    format!("{:.3} {:.3} {:.3}", part(1), part(3), part(5))
}

/// The format has no way to write a quote within quotes.
fn plain(name: &str) -> String {
    one_line(name).replace('"', "'")
}

/// Returns a time in seconds, exact to the picosecond.
fn seconds(at: SimTime) -> String {
    let picos = at.as_picos();
    format!("{}.{:012}", picos / 1_000_000_000_000, picos % 1_000_000_000_000)
}
