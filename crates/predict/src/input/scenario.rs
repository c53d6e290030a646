//! From the raw scenario to the checked one, against its machine model.

pub(super) mod effort;
pub(super) mod hostfile;
pub(super) mod lines;
pub(super) mod named_hosts;
pub(super) mod placement;
pub(super) mod rankfile;
pub(super) mod ranks;
pub(super) mod raw;
mod recording;

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use dlpc_engine::machine::MachineModel;

use self::placement::{Slots, Surroundings};
use self::raw::{RawRun, RawScenario};
use crate::diagnostic::{Diagnostics, Problem, Span};
use crate::input::files::Files;
use crate::input::machine::host_names::HostNames;
use crate::input::toml::tree::beside;
use crate::input::traced;
use crate::scenario::{Run, Scenario};
use crate::workload::{KernelSource, Source, Workload};

/// The machine model of a scenario, and its file for messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct MachineFile<'m> {
    pub(super) model: &'m MachineModel,
    pub(super) path: &'m str,
}

/// Returns the checked scenario, or none if there is a problem or no machine model.
pub(super) fn validate(
    raw: &RawScenario,
    path: &Path,
    machine: Option<MachineFile<'_>>,
    files: &mut Files<'_>,
) -> Option<Scenario> {
    let run = raw.run.as_ref().and_then(|raw| run(&raw.value, path, machine, files));
    let kernels = machine.map(|machine| KernelSource { kernels: &machine.model.kernels, path: machine.path });
    let named = raw.workload.as_ref().and_then(|raw| raw.value.recording());
    let recording = named.and_then(|named| recording::read(named, path, files)).map(Arc::new);
    let read = files.read;
    let trace = |named: &str, at: Span, diagnostics: &mut Diagnostics| {
        traced::read_trace(&beside(path, named), at, read, diagnostics)
    };
    let source = Source { kernels, trace: &trace };
    let workload = raw.workload.as_ref().and_then(|raw| raw.value.read(source, recording, &mut files.diagnostics));
    let (run, workload) = (run?, workload?);
    check_rank_counts(raw, &run, &workload, &mut files.diagnostics)?;
    check_on_ranks(&run, &workload, &mut files.diagnostics)?;
    effort::check(raw, &run, &workload, machine?.model, &mut files.diagnostics)?;
    Some(Scenario { title: raw.title.as_ref()?.value.clone(), run, workload })
}

/// Reports rank counts at which it is not known what the workload does.
fn check_rank_counts(raw: &RawScenario, run: &Run, workload: &Workload, diagnostics: &mut Diagnostics) -> Option<()> {
    let Some(known) = workload.facts().known_runs() else { return Some(()) };
    let one = known.needs_one.then_some(1);
    let mut wanted = one.into_iter().chain(run.ranks.iter().map(|ranks| ranks.get()));
    let Some(unknown) = wanted.find(|ranks| !known.counts.contains(ranks)) else { return Some(()) };
    let all = known.counts.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let span = raw.run.as_ref()?.value.ranks.as_ref()?.span;
    let what = if known.needs_one && unknown == 1 {
        "speedups need a run on one rank".to_owned()
    } else {
        format!("`run.ranks` has {unknown}")
    };
    let message = format!("{what}, but the workload has no {} of so many ranks", known.of);
    let help = format!("it has those of {all}: write these, or {} {unknown} ranks, too", known.how);
    diagnostics.push(Problem::error("scenario::unknown_ranks", span, message).help(help));
    None
}

/// Reports what is wrong on one of the rank counts, or on one rank, for speedups; each place once.
fn check_on_ranks(run: &Run, workload: &Workload, diagnostics: &mut Diagnostics) -> Option<()> {
    let mut reported = BTreeSet::new();
    for ranks in [1].into_iter().chain(run.ranks.iter().map(|ranks| ranks.get())) {
        for problem in workload.facts().problems_on(ranks) {
            if reported.insert(problem.span) {
                diagnostics.push(problem);
            }
        }
    }
    reported.is_empty().then_some(())
}

fn run(raw: &RawRun, path: &Path, machine: Option<MachineFile<'_>>, files: &mut Files<'_>) -> Option<Run> {
    let ranks = raw.ranks.as_ref().and_then(|raw| ranks::validate(raw, &mut files.diagnostics));
    let surroundings = Surroundings {
        hosts: HostNames::new(&machine?.model.host_groups),
        scenario_path: path,
        n_ranks_max: ranks.as_ref().and_then(|ranks| ranks.last()).map_or(1, |most| most.get()),
        may_oversubscribe: raw.oversubscribe?.value,
    };
    let placement = raw.placement.as_ref()?;
    let slots = placement::validate(placement, surroundings, files)?;
    let ranks = ranks?;
    if !surroundings.may_oversubscribe {
        check_slots(raw, &slots, surroundings.n_ranks_max, &mut files.diagnostics)?;
    }
    Some(Run {
        ranks,
        slots: slots.hosts,
        bound: slots.bound,
        replications: NonZeroU32::new(raw.replications?.value)?,
        seed: raw.seed?.value,
        network: raw.network?.value.0,
        order: placement.value.order.map(|order| order.value.0),
        may_oversubscribe: surroundings.may_oversubscribe,
    })
}

fn check_slots(raw: &RawRun, slots: &Slots, n_ranks_max: u32, diagnostics: &mut Diagnostics) -> Option<()> {
    let n_slots = slots.n_all;
    if u64::from(n_ranks_max) <= n_slots {
        return Some(());
    }
    let message = format!("`run.ranks` goes up to {n_ranks_max}, but there are {n_slots} slots");
    let problem = Problem::error("scenario::oversubscribed", raw.ranks.as_ref()?.span, message);
    let help = format!("run at most {n_slots} ranks, or set `run.oversubscribe = true` to let ranks share cores");
    diagnostics.push(problem.label("more ranks than slots").help(help));
    None
}
