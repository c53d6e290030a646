//! Open MPI hostfiles: a line `pi0 slots=4 max_slots=4` for each host.

use std::collections::BTreeMap;

use dlpc_engine::platform::HostId;

use super::host_names::HostNames;
use super::lines::{self, Line};
use crate::diagnostic::{Diagnostics, FileId, Problem};

/// Returns the slots of each host, in the order of the file, or none if there is a problem.
///
/// A host that is named again adds slots. More slots than cores are a problem unless `may_oversubscribe`.
pub(super) fn read(
    file: FileId,
    hosts: HostNames<'_>,
    may_oversubscribe: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<(HostId, u32)>> {
    let text = diagnostics.text(file).to_owned();
    let mut slots: Vec<(HostId, u32)> = Vec::new();
    let mut places: BTreeMap<HostId, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    for line in lines::of(file, &text) {
        match read_line(&line, hosts) {
            Err(problem) => problems.push(problem),
            Ok((host, n)) => {
                let place = *places.entry(host).or_insert(slots.len());
                if place == slots.len() {
                    slots.push((host, 0));
                }
                let n_all = slots[place].1.saturating_add(n);
                slots[place].1 = n_all;
                let cores = hosts.cores(host);
                if n_all > cores && !may_oversubscribe {
                    let message = format!("`{}` has {n_all} slots, but {cores} cores", line.first_word());
                    let problem = Problem::error("hostfile::oversubscribed", line.span, message);
                    problems.push(problem.help(format!("write slots={cores}, or set `run.oversubscribe = true`")));
                }
            }
        }
    }
    if slots.is_empty() && problems.is_empty() {
        problems.push(Problem::error("hostfile::empty", file.whole(), "the hostfile names no host"));
    }
    let is_valid = problems.is_empty();
    diagnostics.extend(problems);
    is_valid.then_some(slots)
}

fn read_line(line: &Line<'_>, hosts: HostNames<'_>) -> Result<(HostId, u32), Problem> {
    let name = line.first_word();
    let Some(host) = hosts.find(name) else {
        return Err(unknown_host(line, name, hosts, "hostfile::unknown_host"));
    };
    let Some(n) = slots_of(line)? else {
        return Err(missing_slots(line, hosts.cores(host)));
    };
    Ok((host, n))
}

/// Returns the slots of a line, if it states them.
fn slots_of(line: &Line<'_>) -> Result<Option<u32>, Problem> {
    let mut slots = None;
    let mut max_slots = None;
    for (key, value) in line.settings() {
        let slot = match key {
            "slots" => &mut slots,
            "max_slots" | "max-slots" => &mut max_slots,
            _ => {
                let problem = Problem::error("hostfile::unknown_key", line.span, format!("unknown key `{key}`"));
                return Err(problem.help("a line is `host slots=N max_slots=N`"));
            }
        };
        let number = value.parse().ok().filter(|n: &u32| (1..=super::raw_scenario::RANKS_MAX).contains(n));
        let Some(number) = number else {
            let message = format!("`{key}={value}` is not a number of slots");
            return Err(Problem::error("hostfile::out_of_range", line.span, message).help("write a number above zero"));
        };
        *slot = Some(number);
    }
    match (slots, max_slots) {
        (Some(n), Some(most)) if most < n => {
            let message = format!("`{}` has {n} slots, more than its max_slots={most}", line.first_word());
            Err(Problem::error("hostfile::out_of_range", line.span, message))
        }
        _ => Ok(slots),
    }
}

fn missing_slots(line: &Line<'_>, cores: u32) -> Problem {
    let problem = Problem::error("hostfile::missing_slots", line.span, format!("`{}` has no slots", line.first_word()));
    let help = format!("append slots={cores}, the cores of the host");
    problem.label("how many ranks may run here?").help(help)
}

/// A host of a cluster and the ranks that may run on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSlots {
    /// Host name, as the launcher knows it.
    pub name: String,
    /// Ranks that may run on it.
    pub slots: u32,
}

/// Returns the hosts of a real cluster, in the order of the file, or none if there is a problem.
pub(super) fn read_cluster(file: FileId, diagnostics: &mut Diagnostics) -> Option<Vec<HostSlots>> {
    /// What to suggest where the cores of a host are not known.
    const USUAL_CORES: u32 = 4;
    let text = diagnostics.text(file).to_owned();
    let mut hosts: Vec<HostSlots> = Vec::new();
    let mut problems = Vec::new();
    for line in lines::of(file, &text) {
        match slots_of(&line).and_then(|slots| slots.ok_or_else(|| missing_slots(&line, USUAL_CORES))) {
            Err(problem) => problems.push(problem),
            Ok(n) => match hosts.iter_mut().find(|host| host.name == line.first_word()) {
                Some(host) => host.slots = host.slots.saturating_add(n),
                None => hosts.push(HostSlots { name: line.first_word().to_owned(), slots: n }),
            },
        }
    }
    if hosts.is_empty() && problems.is_empty() {
        problems.push(Problem::error("hostfile::empty", file.whole(), "the hostfile names no host"));
    }
    let is_valid = problems.is_empty();
    diagnostics.extend(problems);
    is_valid.then_some(hosts)
}

/// Returns the problem of a line that names no host of the machine model.
pub(super) fn unknown_host(line: &Line<'_>, name: &str, hosts: HostNames<'_>, code: &str) -> Problem {
    let problem = Problem::error(code, line.word_span(name), format!("unknown host `{name}`"));
    match name.split_once(':') {
        Some((host, slots)) if hosts.find(host).is_some() => problem.help(format!("write `{host} slots={slots}`")),
        Some(_) | None => problem.label("not in the machine model").help(format!("hosts are {}", hosts.known())),
    }
}
