//! Placement: which host each slot is on, in the order in which ranks fill the slots.

use std::path::Path;

use dlpc_engine::platform::HostId;
use dlpc_engine::platform::core_set::CoreSet;

use super::raw::RawPlacement;
use super::{hostfile, rankfile};
use crate::diagnostic::{Diagnostics, Problem, Span};
use crate::input::files::Files;
use crate::input::machine::host_names::HostNames;
use crate::input::toml::spanned::Spanned;
use crate::input::toml::tree;
use crate::scenario::Order;

/// Slots of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::input) struct Slots {
    /// Host of each slot; not more of them than the largest rank count needs.
    pub(in crate::input) hosts: Vec<HostId>,
    /// Cores that the rank of each slot is bound to; empty if none is.
    pub(in crate::input) bound: Vec<CoreSet>,
    /// Number of all slots.
    pub(in crate::input) n_all: u64,
}

/// What placement depends on beside its own key.
#[derive(Debug, Clone, Copy)]
pub(in crate::input) struct Surroundings<'s> {
    pub(in crate::input) hosts: HostNames<'s>,
    pub(in crate::input) scenario_path: &'s Path,
    pub(in crate::input) n_ranks_max: u32,
    pub(in crate::input) may_oversubscribe: bool,
}

/// Returns the slots, or none if there is a problem.
pub(in crate::input) fn validate(
    raw: &Spanned<RawPlacement>,
    surroundings: Surroundings<'_>,
    files: &mut Files<'_>,
) -> Option<Slots> {
    let Surroundings { hosts, scenario_path, n_ranks_max, may_oversubscribe } = surroundings;
    let RawPlacement { order, hostfile, rankfile, hosts: named } = &raw.value;
    if let Some(order) = order {
        return Some(ordered(order.value.0, hosts, n_ranks_max));
    }
    if let Some(path) = hostfile {
        let path_beside = tree::beside(scenario_path, &path.value);
        let file = files.open_named(&path_beside, "scenario::hostfile", path.span)?;
        let slots = hostfile::read(file, hosts, may_oversubscribe, &mut files.diagnostics)?;
        return Some(fill_by_slot(slots.into_iter(), n_ranks_max));
    }
    let (placed, bound): (Vec<_>, Vec<_>) = if let Some(path) = rankfile {
        let path_beside = tree::beside(scenario_path, &path.value);
        let file = files.open_named(&path_beside, "scenario::rankfile", path.span)?;
        let placed = rankfile::read(file, hosts, &mut files.diagnostics)?;
        placed.into_iter().map(|placed| ((placed.host, placed.span), placed.cores)).unzip()
    } else {
        (find_hosts(&named.as_ref()?.value, hosts, &mut files.diagnostics)?, Vec::new())
    };
    if !may_oversubscribe {
        check_cores(&placed, hosts, &mut files.diagnostics)?;
    }
    let n_all = placed.len() as u64;
    let hosts = placed.into_iter().map(|(host, _)| host).take(n_ranks_max as usize).collect();
    Some(Slots { hosts, bound: bound.into_iter().take(n_ranks_max as usize).collect(), n_all })
}

fn ordered(order: Order, hosts: HostNames<'_>, n_ranks_max: u32) -> Slots {
    match order {
        Order::BySlot => Slots { n_all: hosts.n_cores(), ..fill_by_slot(hosts.all(), n_ranks_max) },
        Order::ByNode => Slots { hosts: fill_by_node(hosts, n_ranks_max), bound: Vec::new(), n_all: hosts.n_cores() },
    }
}

/// Fills all slots of the first host, then those of the second, ...
fn fill_by_slot(slots: impl Iterator<Item = (HostId, u32)> + Clone, n_ranks_max: u32) -> Slots {
    let n_all = slots.clone().map(|(_, n)| u64::from(n)).sum();
    let filled = slots.flat_map(|(host, n)| std::iter::repeat_n(host, n as usize));
    Slots { hosts: filled.take(n_ranks_max as usize).collect(), bound: Vec::new(), n_all }
}

/// Fills one slot of each host, then a second one of each, ...; hosts whose slots are all used are passed over.
fn fill_by_node(hosts: HostNames<'_>, n_ranks_max: u32) -> Vec<HostId> {
    let mut free: Vec<_> = hosts.all().collect();
    let mut filled = Vec::new();
    let mut round = 0;
    while !free.is_empty() && filled.len() < n_ranks_max as usize {
        filled.extend(free.iter().map(|(host, _)| *host));
        round += 1;
        free.retain(|(_, cores)| *cores > round);
    }
    filled.truncate(n_ranks_max as usize);
    filled
}

fn find_hosts(
    names: &[Spanned<String>],
    hosts: HostNames<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<(HostId, Span)>> {
    let find = |name: &Spanned<String>| {
        let host = hosts.find(&name.value);
        if host.is_none() {
            let message = format!("unknown host `{}` in `run.placement`", name.value);
            let problem = Problem::error("scenario::unknown_host", name.span, message);
            diagnostics.push(problem.label("not in the machine model").help(format!("hosts are {}", hosts.known())));
        }
        host.map(|host| (host, name.span))
    };
    let found: Vec<_> = names.iter().map(find).collect();
    found.into_iter().collect()
}

/// Reports each rank that finds all cores of its host in use.
fn check_cores(placed: &[(HostId, Span)], hosts: HostNames<'_>, diagnostics: &mut Diagnostics) -> Option<()> {
    let mut used = std::collections::BTreeMap::new();
    let mut is_valid = true;
    for (rank, (host, span)) in placed.iter().enumerate() {
        let n = used.entry(*host).or_insert(0);
        *n += 1;
        let cores = hosts.cores(*host);
        if *n > cores {
            is_valid = false;
            let message = format!("rank {rank} finds all {cores} cores of its host in use");
            let problem = Problem::error("scenario::oversubscribed", *span, message);
            diagnostics.push(problem.help("place it elsewhere, or set `run.oversubscribe = true`"));
        }
    }
    is_valid.then_some(())
}
