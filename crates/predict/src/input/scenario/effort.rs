//! How much a scenario simulates: what would take days, or more memory than computers have, is refused.

use dlpc_engine::machine::MachineModel;

use super::raw::RawScenario;
use crate::diagnostic::{Diagnostics, Problem};
use crate::scenario::Run;
use crate::workload::{Excess, Size, Workload};

/// Most runs of all rank counts and replications.
pub const RUNS_MAX: u64 = 10_000_000;
/// Most ranks on one slot.
const RANKS_PER_SLOT_MAX: usize = 100;

/// Reports what a valid scenario has too much of; returns whether it can be simulated.
pub(in crate::input) fn check(
    raw: &RawScenario,
    run: &Run,
    workload: &Workload,
    machine: &MachineModel,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let crowd = crowd(raw, run);
    let n_ranks = run.ranks.last().map_or(1, |most| most.get());
    let size = Size { n_ranks, machine, is_crowded: crowd.is_some() };
    let of_workload = raw.workload.as_ref().and_then(|raw| workload.facts().excess(&raw.value, &size));
    let excesses: Vec<Excess> = [runs(raw, run), crowd, of_workload].into_iter().flatten().collect();
    for Excess { code, at, message, help } in &excesses {
        let span = at.unwrap_or_else(|| raw.run.as_ref().expect("invariant: a valid scenario has [run]").span);
        diagnostics.push(Problem::error(format!("scenario::{code}"), span, message.as_str()).help(help.as_str()));
    }
    excesses.is_empty().then_some(())
}

/// Returns about how many steps the ranks take in one run on `n_ranks` ranks, at most `u64::MAX`: for how long a
/// simulation takes.
#[must_use]
pub fn n_steps(workload: &Workload, n_ranks: u32, machine: &MachineModel) -> u64 {
    let workload = workload.facts();
    let size = Size { n_ranks, machine, is_crowded: false };
    size.n_ops(workload).saturating_add(workload.n_looks())
}

fn runs(raw: &RawScenario, run: &Run) -> Option<Excess> {
    let (n_counts, n_replications) = (run.ranks.len() as u64, u64::from(run.replications.get()));
    let n_runs = n_counts * n_replications;
    (n_runs > RUNS_MAX).then(|| Excess {
        code: "too_many_runs",
        at: raw.run.as_ref().and_then(|run| run.value.replications).map(|replications| replications.span),
        message: format!(
            "{n_replications} replications at {n_counts} rank counts are {n_runs} runs, more than {RUNS_MAX}"
        ),
        help: "ask for fewer replications (200 give a steady band) or fewer rank counts".to_owned(),
    })
}

/// Ranks that share a core share it with all others at each step, so that many of them take very long to simulate.
fn crowd(raw: &RawScenario, run: &Run) -> Option<Excess> {
    let n_ranks = run.ranks.last()?.get();
    let n_slots = run.slots.len();
    (n_ranks as usize > n_slots.saturating_mul(RANKS_PER_SLOT_MAX)).then(|| Excess {
        code: "oversubscribed",
        at: raw.run.as_ref().and_then(|run| run.value.ranks.as_ref()).map(|ranks| ranks.span),
        message: format!("{n_ranks} ranks on {n_slots} slots are more than {RANKS_PER_SLOT_MAX} on each"),
        help: format!("run at most {} ranks", n_slots.saturating_mul(RANKS_PER_SLOT_MAX)),
    })
}
