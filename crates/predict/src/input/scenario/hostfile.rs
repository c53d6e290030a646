//! Hostfiles, as Open MPI and MPICH read them: a line `pi0 slots=4`, `pi0:4` or `pi0` for each host.

mod entry;

use std::collections::BTreeMap;

use dlpc_engine::platform::HostId;

use self::entry::Entry;
use super::lines;
use super::named_hosts::{self, NamedHosts};
use crate::diagnostic::{Diagnostics, FileId, Problem};
use crate::input::machine::host_names::HostNames;

/// Slots of one host, summed over its lines.
#[derive(Debug, Clone, Copy, Default)]
struct Slots {
    stated: u32,
    n_stated: u32,
    n_bare: u32,
}

impl Slots {
    fn add(&mut self, slots: Option<u32>) {
        match slots {
            Some(n) => {
                self.stated = self.stated.saturating_add(n);
                self.n_stated = self.n_stated.saturating_add(1);
            }
            None => self.n_bare = self.n_bare.saturating_add(1),
        }
    }

    fn n_lines(self) -> u32 {
        self.n_stated.saturating_add(self.n_bare)
    }

    /// Returns the slots, or nothing for a host that is named once without a number: it has as many as its cores.
    fn total(self) -> Option<u32> {
        let is_bare = self.n_stated == 0 && self.n_bare == 1;
        (!is_bare).then(|| self.stated.saturating_add(self.n_bare))
    }
}

/// Returns the slots of each host, in the order of the file, or none if there is a problem.
///
/// A host that is named again adds slots. More slots than cores are a problem unless `may_oversubscribe`.
pub(in crate::input) fn read(
    file: FileId,
    hosts: HostNames<'_>,
    may_oversubscribe: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<(HostId, u32)>> {
    let text = diagnostics.text(file).to_owned();
    let mut problems = Vec::new();
    let entries = entries(file, &text, &mut problems);
    let names = NamedHosts::of(hosts, entries.iter().map(|entry| entry.name));
    problems.extend(entries.first().and_then(|first| names.doubt("hostfile::other_names", first.line.span)));
    let mut found: Vec<(HostId, Slots)> = Vec::new();
    let mut places: BTreeMap<HostId, usize> = BTreeMap::new();
    for entry in &entries {
        let Some(host) = names.find(entry.name) else {
            problems.push(names.unknown(&entry.line, entry.name, "hostfile::unknown_host"));
            continue;
        };
        let place = *places.entry(host).or_insert(found.len());
        if place == found.len() {
            found.push((host, Slots::default()));
        }
        found[place].1.add(entry.slots);
        let (n, cores) = (found[place].1.total().unwrap_or(0), hosts.cores(host));
        if cores < n && !may_oversubscribe {
            let message = format!("`{}` has {n} slots, but {cores} cores", entry.name);
            let problem = Problem::error("hostfile::oversubscribed", entry.line.span, message);
            let help = if found[place].1.n_lines() == 1 {
                format!("write slots={cores}")
            } else {
                format!("its lines may have {cores} slots together: take some away")
            };
            problems.push(problem.help(format!("{help}, or set `run.oversubscribe = true`")));
        }
    }
    let total = |(host, slots): (HostId, Slots)| (host, slots.total().unwrap_or_else(|| hosts.cores(host)));
    let slots: Vec<(HostId, u32)> = found.into_iter().map(total).filter(|(_, n)| 0 < *n).collect();
    finish(slots, file, problems, diagnostics)
}

fn entries<'t>(file: FileId, text: &'t str, problems: &mut Vec<Problem>) -> Vec<Entry<'t>> {
    let mut entries = Vec::new();
    for line in lines::of(file, text) {
        match Entry::read(line) {
            Ok(entry) => entries.push(entry),
            Err(problem) => problems.push(problem),
        }
    }
    entries
}

fn finish<T>(found: Vec<T>, file: FileId, mut problems: Vec<Problem>, diagnostics: &mut Diagnostics) -> Option<Vec<T>> {
    if found.is_empty() && !problems.iter().any(Problem::is_error) {
        let problem = Problem::error("hostfile::empty", file.whole(), "the hostfile gives no slots");
        problems.push(problem.help("write a line `host slots=N` for each host"));
    }
    let is_valid = !problems.iter().any(Problem::is_error);
    diagnostics.extend(problems);
    is_valid.then_some(found)
}

/// A host of a cluster and the ranks that may run on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSlots {
    /// Host name or address, as the launcher knows it.
    pub name: String,
    /// Who logs in there, if it is somebody else.
    pub user: Option<String>,
    /// Port of ssh, if it is another one.
    pub port: Option<u32>,
    /// Ranks that may run on it; as many as its cores if the file does not say.
    pub slots: Option<u32>,
}

/// Returns the hosts of a real cluster, in the order of the file, or none if there is a problem.
pub(in crate::input) fn read_cluster(file: FileId, diagnostics: &mut Diagnostics) -> Option<Vec<HostSlots>> {
    let text = diagnostics.text(file).to_owned();
    let mut problems = Vec::new();
    let mut found: Vec<(Entry<'_>, Slots)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in entries(file, &text, &mut problems) {
        if named_hosts::relative(entry.name).is_some() {
            let message = format!("`{}` is the place of a host in a list that is not there", entry.name);
            let problem = Problem::error("hostfile::relative", entry.line.word_span(entry.name), message);
            problems.push(problem.help("write the name of the host"));
            continue;
        }
        let place = *places.entry(named_hosts::plain(entry.name)).or_insert(found.len());
        if place == found.len() {
            found.push((entry.clone(), Slots::default()));
        }
        found[place].1.add(entry.slots);
    }
    let hosts = found.into_iter().map(|(entry, slots)| HostSlots {
        name: entry.name.to_owned(),
        user: entry.user.map(str::to_owned),
        port: entry.port,
        slots: slots.total(),
    });
    finish(hosts.filter(|host| host.slots != Some(0)).collect(), file, problems, diagnostics)
}
