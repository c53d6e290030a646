//! How much a scenario simulates: what would take days, or more memory than computers have, is refused.

use dlpc_engine::machine::MachineModel;
use dlpc_engine::maths;
use dlpc_engine::program::Program;
use dlpc_engine::random::{Distribution, Streams};
use dlpc_engine::units::SimDuration;
use dlpc_engine::workload::{Dispatch, LogStream, Workload};

use super::raw_scenario::RawScenario;
use crate::diagnostic::{Diagnostics, Problem, Span};
use crate::scenario::Run;

/// Most runs of all rank counts and replications.
pub const RUNS_MAX: u64 = 10_000_000;
/// Most ops of all ranks in one run: recorded, they take about 5 GB, and a minute or two.
const OPS_MAX: u64 = 100_000_000;
/// Most looks of rank 0 for new log files in one run.
const LOOKS_MAX: f64 = 1e7;
/// Most ranks on one slot.
const RANKS_PER_SLOT_MAX: usize = 100;

/// What is too much, and what would be less.
struct Excess {
    code: &'static str,
    at: Option<Span>,
    message: String,
    help: String,
}

/// Reports what a valid scenario has too much of; returns whether it can be simulated.
pub(super) fn check(
    raw: &RawScenario,
    run: &Run,
    workload: &Workload,
    machine: &MachineModel,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let crowd = crowd(raw, run);
    let n_ranks = run.ranks.last().map_or(1, |most| most.get());
    // With far too many ranks even counting takes long.
    let is_counted = crowd.is_none() && !matches!(workload, Workload::Pi(_));
    let n_ops = if is_counted { n_ops(workload, n_ranks, machine) } else { 0 };
    let work = match workload {
        Workload::Pi(_) => None,
        Workload::LogStream(stream) => items(raw, stream, n_ranks, n_ops).or_else(|| looks(raw, stream, machine)),
        Workload::Custom(_) => phase_count(raw, n_ranks, n_ops),
    };
    let excesses: Vec<Excess> = [runs(raw, run), crowd, work].into_iter().flatten().collect();
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
    let n_looks = match workload {
        Workload::LogStream(stream) => {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
            let n_looks = (until(stream, 0.0) / stream.poll.as_seconds()) as u64;
            n_looks
        }
        Workload::Pi(_) | Workload::Custom(_) => 0,
    };
    n_ops(workload, n_ranks, machine).saturating_add(n_looks)
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

/// Asks the program how many ops all ranks have; service times do not matter.
fn n_ops(workload: &Workload, n_ranks: u32, machine: &MachineModel) -> u64 {
    Program::new(workload, n_ranks, machine.collectives, Streams::new(0, 0)).n_ops_at_most()
}

fn phase_count(raw: &RawScenario, n_ranks: u32, n_ops: u64) -> Option<Excess> {
    let custom = raw.workload.as_ref().and_then(|workload| workload.value.custom.as_ref());
    (n_ops > OPS_MAX).then(|| Excess {
        code: "too_many_phases",
        at: custom.and_then(|custom| custom.value.phases.as_ref()).map(|phases| phases.span),
        message: format!("with all repeats, {n_ranks} ranks have {} steps to do, more than {OPS_MAX:e}", rough(n_ops)),
        help: "repeat less often, put the work of several phases into one, or use fewer ranks".to_owned(),
    })
}

fn items(raw: &RawScenario, stream: &LogStream, n_ranks: u32, n_ops: u64) -> Option<Excess> {
    let log_stream = raw.workload.as_ref().and_then(|workload| workload.value.log_stream.as_ref());
    (n_ops > OPS_MAX).then(|| Excess {
        code: "too_many_items",
        at: log_stream.and_then(|raw| raw.value.items).map(|items| items.span),
        message: format!(
            "{} log files on up to {n_ranks} ranks are up to {} steps, more than {OPS_MAX:e}",
            stream.items,
            rough(n_ops)
        ),
        help: "use fewer log files: the curve hardly changes with more than some hundred".to_owned(),
    })
}

/// Returns a large count for messages, for instance `3.2e9`.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn rough(n: u64) -> String {
    format!("{:.1e}", n as f64)
}

fn looks(raw: &RawScenario, stream: &LogStream, machine: &MachineModel) -> Option<Excess> {
    let until = until(stream, waited_for(stream, machine));
    let n_looks = until / stream.poll.as_seconds();
    let log_stream = raw.workload.as_ref().and_then(|workload| workload.value.log_stream.as_ref());
    (n_looks > LOOKS_MAX).then(|| Excess {
        code: "too_many_looks",
        at: log_stream.and_then(|raw| raw.value.poll).map(|poll| poll.span),
        message: format!(
            "with `workload.log_stream.poll` at {}, rank 0 looks {n_looks:.1e} times for new log files, more than {LOOKS_MAX:e}",
            stream.poll
        ),
        help: format!("poll at most every {}", SimDuration::from_seconds_ceil(until / LOOKS_MAX)),
    })
}

/// Returns until when rank 0 looks for new log files, in seconds, if each analysis lets it wait for `waited_for_s`.
fn until(stream: &LogStream, waited_for_s: f64) -> f64 {
    let per_item = stream.interval.as_seconds() + stream.jitter.as_seconds() + waited_for_s;
    let until = stream.first.as_seconds() + f64::from(stream.items) * per_item;
    until.min(SimDuration::MAX.as_seconds())
}

/// Returns how long rank 0 may look for new log files because of one analysis, in seconds: only where it does not take
/// part in it.
fn waited_for(stream: &LogStream, machine: &MachineModel) -> f64 {
    let mean = match stream.analysis {
        Distribution::Constant(duration) => duration.as_seconds(),
        Distribution::Uniform { high, .. } => high.as_seconds(),
        Distribution::Exponential { mean } => mean.as_seconds(),
        Distribution::Lognormal { median, sigma } => median.as_seconds() * maths::exp(sigma * sigma / 2.0),
    };
    match stream.dispatch {
        Dispatch::Rounds => 0.0,
        Dispatch::FirstFree => mean * slowest(machine),
    }
}

/// Returns how much longer work can take than on one busy core of speed 1 without interruptions.
fn slowest(machine: &MachineModel) -> f64 {
    let factors = machine.host_groups.iter().flat_map(|group| {
        let slowdown = group.slowdown.last().copied().unwrap_or(1.0);
        group.speeds.iter().map(move |speed| slowdown / speed)
    });
    let interrupted = machine.noise.interruptions.map_or(0.0, |it| it.duration.as_seconds() / it.interval.as_seconds());
    factors.fold(0.0, f64::max) * (1.0 + interrupted)
}
