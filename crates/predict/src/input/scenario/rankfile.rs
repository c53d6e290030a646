//! Open MPI rankfiles: a line `rank 0=pi0 slot=0` for each rank.

mod slot_list;

use std::collections::BTreeMap;

use dlpc_engine::platform::HostId;
use dlpc_engine::platform::core_set::CoreSet;

use super::lines::{self, Line};
use super::named_hosts::NamedHosts;
use crate::diagnostic::{Diagnostics, FileId, Problem, Span};
use crate::input::machine::host_names::HostNames;

/// Where a rank runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::input) struct Placed {
    pub(in crate::input) host: HostId,
    /// Cores that it is bound to.
    pub(in crate::input) cores: CoreSet,
    /// The line that says so.
    pub(in crate::input) span: Span,
}

/// A line: rank, host and slot list as written.
struct Entry<'t> {
    line: Line<'t>,
    rank: u32,
    name: &'t str,
    slot: &'t str,
}

/// Returns where each rank runs, or none if there is a problem.
pub(in crate::input) fn read(file: FileId, hosts: HostNames<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<Placed>> {
    let text = diagnostics.text(file).to_owned();
    let mut problems = Vec::new();
    let mut entries = Vec::new();
    for line in lines::of(file, &text) {
        match read_line(line) {
            Ok(entry) => entries.push(entry),
            Err(problem) => problems.push(problem),
        }
    }
    let names = NamedHosts::of(hosts, entries.iter().map(|entry| entry.name));
    problems.extend(entries.first().and_then(|first| names.doubt("rankfile::other_names", first.line.span)));
    let mut ranks: BTreeMap<u32, Placed> = BTreeMap::new();
    for entry in entries {
        match place(&entry, &names, hosts) {
            Err(problem) => problems.push(problem),
            Ok(placed) => {
                if ranks.insert(entry.rank, placed).is_some() {
                    let message = format!("rank {} is placed twice", entry.rank);
                    problems.push(Problem::error("rankfile::duplicate_rank", entry.line.span, message));
                }
            }
        }
    }
    if !problems.iter().any(Problem::is_error) {
        problems.extend(gap(file, &ranks).or_else(|| shared_core(&ranks)));
    }
    let is_valid = !problems.iter().any(Problem::is_error);
    diagnostics.extend(problems);
    is_valid.then(|| ranks.into_values().collect())
}

/// Returns the problem of ranks that are not 0, 1, 2, ...
fn gap(file: FileId, ranks: &BTreeMap<u32, Placed>) -> Option<Problem> {
    if ranks.is_empty() {
        return Some(Problem::error("rankfile::empty", file.whole(), "the rankfile places no rank"));
    }
    let (missing, (_, placed)) = (0..).zip(ranks).find(|(expected, (rank, _))| expected != *rank)?;
    let problem = Problem::error("rankfile::missing_rank", placed.span, format!("rank {missing} has no line"));
    Some(problem.help("place ranks 0, 1, 2, ... without gaps"))
}

/// Returns a warning if two ranks are bound to one core.
fn shared_core(ranks: &BTreeMap<u32, Placed>) -> Option<Problem> {
    let mut first = BTreeMap::new();
    ranks.iter().find_map(|(rank, Placed { host, cores, span })| {
        let before = first.insert((*host, cores.only()?), *rank)?;
        let message = format!("ranks {before} and {rank} are bound to the same core, and share it");
        let problem = Problem::warning("rankfile::shared_core", *span, message);
        Some(problem.help("give each rank a slot of its own, unless that is what you run"))
    })
}

fn read_line(line: Line<'_>) -> Result<Entry<'_>, Problem> {
    let malformed = || {
        let problem = Problem::error("rankfile::malformed", line.span, format!("`{}` places no rank", line.text));
        problem.help("write `rank 0=pi0 slot=0`")
    };
    let rest = line.text.strip_prefix("rank").ok_or_else(malformed)?;
    let (rank, rest) = rest.trim_start_matches('=').split_once('=').ok_or_else(malformed)?;
    let rank = rank.trim().parse().map_err(|_| malformed())?;
    let word = rest.split_whitespace().next().ok_or_else(malformed)?;
    let name = word.rsplit('@').next().unwrap_or(word);
    let settings = lines::settings(rest.trim_start()[word.len()..].trim_start());
    let [("slot" | "slots", slot)] = settings.as_slice() else { return Err(malformed()) };
    Ok(Entry { line, rank, name, slot })
}

fn place(entry: &Entry<'_>, names: &NamedHosts<'_, '_>, hosts: HostNames<'_>) -> Result<Placed, Problem> {
    let Entry { line, name, slot, .. } = *entry;
    let host = names.find(name).ok_or_else(|| names.unknown(&line, name, "rankfile::unknown_host"))?;
    let n_cores = hosts.cores(host);
    let cores = slot_list::cores(slot, n_cores).map_err(|wrong| match wrong {
        slot_list::Wrong::Malformed => {
            let message = format!("`slot={slot}` names no cores");
            let problem = Problem::error("rankfile::malformed", line.span, message);
            problem.help("write a core (`slot=0`), some (`slot=0-1`, `slot=0,2`), or those of a socket (`slot=0:1`)")
        }
        slot_list::Wrong::NoCore { core } => {
            let message = format!("`{name}` has no core {core}");
            let problem = Problem::error("rankfile::out_of_range", line.span, message);
            problem.help(format!("its {n_cores} cores are 0 to {}", n_cores - 1))
        }
        slot_list::Wrong::NoSocketCore { core, socket, per_socket } => {
            let message = format!("socket {socket} of `{name}` has no core {core}");
            let problem = Problem::error("rankfile::out_of_range", line.span, message);
            problem.help(format!(
                "its {n_cores} cores make sockets of {per_socket} if there is a socket {socket}; without sockets: slot=N"
            ))
        }
    })?;
    Ok(Placed { host, cores, span: line.span })
}
