//! Open MPI rankfiles: a line `rank 0=pi0 slot=0` for each rank.

use std::collections::BTreeMap;

use dlpc_engine::platform::HostId;

use super::host_names::HostNames;
use super::hostfile::unknown_host;
use super::lines::{self, Line};
use crate::diagnostic::{Diagnostics, FileId, Problem, Span};

/// Returns the host of each rank and the place of its line, or none if there is a problem.
pub(super) fn read(file: FileId, hosts: HostNames<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<(HostId, Span)>> {
    let text = diagnostics.text(file).to_owned();
    let mut ranks: BTreeMap<u32, (HostId, Span)> = BTreeMap::new();
    let mut problems = Vec::new();
    for line in lines::of(file, &text) {
        match read_line(&line, hosts) {
            Err(problem) => problems.push(problem),
            Ok((rank, host)) => {
                if ranks.insert(rank, (host, line.span)).is_some() {
                    let message = format!("rank {rank} is placed twice");
                    problems.push(Problem::error("rankfile::duplicate_rank", line.span, message));
                }
            }
        }
    }
    if problems.is_empty() {
        problems.extend(gap(file, &ranks));
    }
    let is_valid = problems.is_empty();
    diagnostics.extend(problems);
    is_valid.then(|| ranks.into_values().collect())
}

/// Returns the problem of ranks that are not 0, 1, 2, ...
fn gap(file: FileId, ranks: &BTreeMap<u32, (HostId, Span)>) -> Option<Problem> {
    if ranks.is_empty() {
        return Some(Problem::error("rankfile::empty", file.whole(), "the rankfile places no rank"));
    }
    let (missing, (_, (_, span))) = (0..).zip(ranks).find(|(expected, (rank, _))| expected != *rank)?;
    let problem = Problem::error("rankfile::missing_rank", *span, format!("rank {missing} has no line"));
    Some(problem.help("place ranks 0, 1, 2, ... without gaps"))
}

fn read_line(line: &Line<'_>, hosts: HostNames<'_>) -> Result<(u32, HostId), Problem> {
    let malformed = || {
        let problem = Problem::error("rankfile::malformed", line.span, format!("`{}` places no rank", line.text));
        problem.help("write `rank 0=pi0 slot=0`")
    };
    let rest = line.text.strip_prefix("rank").ok_or_else(malformed)?;
    let (rank, rest) = rest.trim_start_matches('=').split_once('=').ok_or_else(malformed)?;
    let rank = rank.trim().parse().map_err(|_| malformed())?;
    let mut words = rest.split_whitespace();
    let name = words.next().ok_or_else(malformed)?;
    let host = hosts.find(name).ok_or_else(|| unknown_host(line, name, hosts, "rankfile::unknown_host"))?;
    let settings = lines::settings(rest.trim_start()[name.len()..].trim_start());
    let [("slot", slot)] = settings.as_slice() else { return Err(malformed()) };
    let core = slot.parse().ok();
    if core.is_some_and(|core: u32| core >= hosts.cores(host)) {
        let (cores, message) = (hosts.cores(host), format!("`{name}` has no core {slot}"));
        let problem = Problem::error("rankfile::out_of_range", line.span, message);
        return Err(problem.help(format!("its {cores} cores are 0 to {}", cores - 1)));
    }
    let is_core_list = slot.bytes().all(|byte| byte.is_ascii_digit() || b":,-*".contains(&byte));
    if slot.is_empty() || !is_core_list { Err(malformed()) } else { Ok((rank, host)) }
}
