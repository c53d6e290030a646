//! Predictions: many simulated runs of one scenario, condensed to a curve.

mod drawn;
pub mod export;
mod rehearsal;
mod timed;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use dlpc_engine::engine::{self, Setup, SimError};
use dlpc_engine::machine::{CollectiveLibrary, MachineModel};
use dlpc_engine::platform::core_set::CoreSet;
use dlpc_engine::platform::{HostId, Platform};
use dlpc_engine::program::Program;
use dlpc_engine::random::Streams;
use dlpc_engine::trace::{Recording, Trace};
use dlpc_engine::units::{Bytes, SimDuration, SimTime};
use rayon::prelude::*;

use crate::analysis::scaling::{self, Replications};
use crate::analysis::timeline::{self as time_line, Timeline};
use crate::analysis::{Cause, Curve, critical_path};
use crate::scenario::Scenario;

pub use self::rehearsal::rehearse;

/// Largest number of events of a run that is traced to find out where its time goes. A trace takes about 150 bytes for
/// each event, so this bounds it to some 300 MB.
pub const TRACED_EVENTS_MAX: u64 = 2_000_000;

/// What a scenario is predicted to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The speedup curve.
    pub curve: Curve,
    /// Why the user should doubt it, and what to do.
    pub warnings: Vec<String>,
}

/// Simulates every rank count of `scenario` on `machine`, as often as the scenario says, over all cores.
///
/// `on_run` is called after each run, from any thread. The result does not depend on the number of threads.
///
/// # Errors
/// [`SimError`] of the first rank count and replication that fails.
pub fn predict(
    scenario: &Scenario,
    machine: &MachineModel,
    on_run: &(dyn Fn() + Sync),
) -> Result<Prediction, SimError> {
    predict_within(scenario, machine, &Budget::new(u64::MAX), on_run)
}

/// Events that a prediction may still take, as long as somebody waits for it.
#[derive(Debug)]
pub struct Budget<'a> {
    events_max: u64,
    left: AtomicU64,
    is_abandoned: &'a AtomicBool,
}

impl Budget<'static> {
    /// Returns a budget of this many events of all runs together.
    #[must_use]
    pub const fn new(events_max: u64) -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self { events_max, left: AtomicU64::new(events_max), is_abandoned: &NEVER }
    }
}

impl Budget<'_> {
    /// Returns a budget that ends, too, when another thread sets the flag.
    #[must_use]
    pub const fn unless_abandoned(events_max: u64, is_abandoned: &AtomicBool) -> Budget<'_> {
        Budget { events_max, left: AtomicU64::new(events_max), is_abandoned }
    }

    /// Fails if nobody waits for the prediction any more.
    fn check(&self) -> Result<(), SimError> {
        if self.is_abandoned.load(Ordering::Relaxed) { Err(SimError::Abandoned) } else { Ok(()) }
    }

    /// Takes the events of a run; fails if there were not as many.
    fn spend(&self, n_events: u64) -> Result<(), SimError> {
        let take = |left: u64| left.checked_sub(n_events);
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.map(drop).map_err(|_| SimError::TooManyEvents { events_max: self.events_max })
    }
}

/// As [`predict`], but gives up when the runs of the curve have taken more events than the budget has; whether it does
/// depends on the scenario only. The breakdown takes one more run for each rank count. It also gives up, between two
/// runs, when the budget's flag is set.
///
/// # Errors
/// Those of [`predict`], [`SimError::TooManyEvents`] and [`SimError::Abandoned`].
pub fn predict_within(
    scenario: &Scenario,
    machine: &MachineModel,
    budget: &Budget<'_>,
    on_run: &(dyn Fn() + Sync),
) -> Result<Prediction, SimError> {
    let model = Model { scenario, machine, platform: Platform::new(machine) };
    let mut rank_counts: Vec<u32> = scenario.run.ranks.iter().map(|ranks| ranks.get()).collect();
    if rank_counts[0] != 1 {
        rank_counts.insert(0, 1);
    }
    let n_replications = model.n_replications();
    let runs: Vec<(u32, u32)> =
        rank_counts.iter().flat_map(|ranks| (0..n_replications).map(move |i| (*ranks, i))).collect();
    let run = |ranks, i| {
        budget.check()?;
        let trace = model.run_within(ranks, i, Recording::Off, budget.events_max)?;
        budget.spend(trace.n_events)?;
        Ok(Total::of(&trace))
    };
    let totals: Result<Vec<Total>, SimError> =
        runs.par_iter().map(|(ranks, i)| run(*ranks, *i).inspect(|_| on_run())).collect();
    let totals = totals?;
    let replications: Vec<Replications> = rank_counts
        .iter()
        .zip(totals.chunks(n_replications as usize))
        .map(|(ranks, totals)| Replications {
            ranks: *ranks,
            makespans: totals.iter().map(|total| total.makespan).collect(),
        })
        .collect();
    let largest = rank_counts.iter().fold(1, |largest, ranks| largest.max(*ranks));
    let (baseline_s, ..) = replications[0].band();
    let is_wanted = |replications: &&Replications| scenario.run.ranks.iter().any(|r| r.get() == replications.ranks);
    let wanted: Vec<&Replications> = replications.iter().filter(is_wanted).collect();
    let n_events = |ranks, typical: usize| {
        let chunk = rank_counts.iter().position(|of| *of == ranks).unwrap_or(0);
        totals[chunk * n_replications as usize + typical].n_events
    };
    let points: Result<Vec<_>, SimError> = wanted
        .par_iter()
        .map(|replications| {
            budget.check()?;
            let n_events = n_events(replications.ranks, replications.typical());
            let breakdown = model.breakdown(replications, n_events)?;
            Ok(scaling::point(replications, baseline_s, breakdown))
        })
        .collect();
    Ok(Prediction { curve: Curve { points: points? }, warnings: warnings(&model, largest, &totals) })
}

/// What a scenario is predicted to do at one rank count.
#[derive(Debug, Clone, PartialEq)]
pub struct AtRanks {
    /// Makespans of the replications.
    pub replications: Replications,
    /// Where the time of a typical replication goes, in the order of [`Cause::ALL`].
    pub breakdown: Vec<(Cause, SimDuration)>,
    /// Why the user should doubt it, and what to do.
    pub warnings: Vec<String>,
}

/// Simulates one rank count of `scenario` on `machine`, as [`predict`] does it, without the baseline on one rank.
///
/// # Errors
/// [`SimError`] of the first replication that fails.
pub fn predict_at(scenario: &Scenario, machine: &MachineModel, n_ranks: u32) -> Result<AtRanks, SimError> {
    let model = Model { scenario, machine, platform: Platform::new(machine) };
    let run = |i| model.run(n_ranks, i, Recording::Off).map(|trace| Total::of(&trace));
    let totals: Result<Vec<Total>, SimError> = (0..model.n_replications()).into_par_iter().map(run).collect();
    let totals = totals?;
    let makespans = totals.iter().map(|total| total.makespan).collect();
    let replications = Replications { ranks: n_ranks, makespans };
    let breakdown = model.breakdown(&replications, totals[replications.typical()].n_events)?;
    Ok(AtRanks { replications, breakdown, warnings: warnings(&model, n_ranks, &totals) })
}

/// Simulates the typical replication on `n_ranks` ranks, that of [`predict`]'s breakdown, and returns its time line; none
/// if it takes more than [`TRACED_EVENTS_MAX`] events.
///
/// # Errors
/// [`SimError`] of the first replication that fails.
///
/// # Panics
/// Never: replications are counted in a `u32`.
pub fn timeline(scenario: &Scenario, machine: &MachineModel, n_ranks: u32) -> Result<Option<Timeline>, SimError> {
    let model = Model { scenario, machine, platform: Platform::new(machine) };
    let run = |i| model.run(n_ranks, i, Recording::Off);
    let traces: Vec<Trace> = (0..model.n_replications()).into_par_iter().map(run).collect::<Result<_, _>>()?;
    let makespans = traces.iter().map(|trace| trace.makespan - SimTime::ZERO).collect();
    let typical = Replications { ranks: n_ranks, makespans }.typical();
    if TRACED_EVENTS_MAX < traces[typical].n_events {
        return Ok(None);
    }
    let typical = u32::try_from(typical).expect("invariant: replications are a u32");
    let trace = model.run(n_ranks, typical, Recording::On)?;
    Ok(Some(time_line::of(&trace, &hosts_of_ranks(scenario, n_ranks), &model.platform, machine)))
}

/// Returns how many runs [`predict`] will simulate.
#[must_use]
pub fn n_runs(scenario: &Scenario, machine: &MachineModel) -> u64 {
    let model = Model { scenario, machine, platform: Platform::new(machine) };
    let has_baseline = scenario.run.ranks[0].get() == 1;
    (scenario.run.ranks.len() as u64 + u64::from(!has_baseline)) * u64::from(model.n_replications())
}

/// Simulates one run of `scenario` on `n_ranks` ranks.
///
/// # Errors
/// [`SimError`] if it cannot be finished.
pub fn simulate_once(
    scenario: &Scenario,
    machine: &MachineModel,
    n_ranks: u32,
    replication: u32,
    recording: Recording,
) -> Result<Trace, SimError> {
    Model { scenario, machine, platform: Platform::new(machine) }.run(n_ranks, replication, recording)
}

/// Returns the hosts and links of one replication: drawn within their intervals.
#[must_use]
pub fn platform_of(scenario: &Scenario, machine: &MachineModel, replication: u32) -> Platform {
    let streams = Streams::new(scenario.run.seed, replication);
    drawn::drawn(machine, streams).map_or_else(|| Platform::new(machine), |machine| Platform::new(&machine))
}

/// Returns how many replications differ: one, if all would be the same.
#[must_use]
pub fn n_replications(scenario: &Scenario, machine: &MachineModel) -> u32 {
    Model { scenario, machine, platform: Platform::new(machine) }.n_replications()
}

/// Returns the host of each rank of a run on `n_ranks` ranks.
#[must_use]
pub fn hosts_of_ranks(scenario: &Scenario, n_ranks: u32) -> Vec<HostId> {
    scenario.run.slots.iter().copied().cycle().take(n_ranks as usize).collect()
}

/// Returns the cores that each rank of a run on `n_ranks` ranks is bound to; nothing if none is.
#[must_use]
pub fn bound_cores(scenario: &Scenario, n_ranks: u32) -> Vec<CoreSet> {
    scenario.run.bound.iter().cloned().cycle().take(n_ranks as usize).collect()
}

struct Model<'a> {
    scenario: &'a Scenario,
    machine: &'a MachineModel,
    platform: Platform,
}

impl Model<'_> {
    /// One, if all replications would be the same.
    fn n_replications(&self) -> u32 {
        let is_random = self.scenario.workload.facts().is_random();
        if is_random || self.machine.is_random() { self.scenario.run.replications.get() } else { 1 }
    }

    fn run(&self, n_ranks: u32, replication: u32, recording: Recording) -> Result<Trace, SimError> {
        self.run_within(n_ranks, replication, recording, u64::MAX)
    }

    fn run_within(
        &self,
        n_ranks: u32,
        replication: u32,
        recording: Recording,
        events_max: u64,
    ) -> Result<Trace, SimError> {
        let streams = Streams::new(self.scenario.run.seed, replication);
        let mut program = self.scenario.workload.program(n_ranks, self.machine.collectives, streams);
        if self.scenario.workload.facts().is_timed_by_itself() {
            let (mut program, told) = timed::heard(program);
            let trace = self.run_program(&mut program, n_ranks, replication, recording, events_max)?;
            return Ok(timed::part(trace, &told));
        }
        self.run_program(&mut program, n_ranks, replication, recording, events_max)
    }

    fn run_program(
        &self,
        program: &mut Program,
        n_ranks: u32,
        replication: u32,
        recording: Recording,
        events_max: u64,
    ) -> Result<Trace, SimError> {
        let run = &self.scenario.run;
        let streams = Streams::new(run.seed, replication);
        let hosts_of_ranks = hosts_of_ranks(self.scenario, n_ranks);
        let bound = bound_cores(self.scenario, n_ranks);
        let drawn = drawn::drawn(self.machine, streams).map(|machine| (Platform::new(&machine), machine));
        let (platform, machine) =
            drawn.as_ref().map_or((&self.platform, self.machine), |(platform, machine)| (platform, machine));
        let setup = Setup {
            platform,
            local: &machine.local,
            remote: &machine.remote,
            noise: &machine.noise,
            network: run.network,
            hosts_of_ranks: &hosts_of_ranks,
            bound: &bound,
            streams,
            production: self.scenario.workload.facts().production(),
            recording,
        };
        engine::simulate_within(&setup, program, events_max)
    }

    /// Simulates the typical replication once more, now with all its steps.
    fn breakdown(&self, replications: &Replications, n_events: u64) -> Result<Vec<(Cause, SimDuration)>, SimError> {
        let typical = u32::try_from(replications.typical()).expect("invariant: replications are a u32");
        if n_events > TRACED_EVENTS_MAX {
            return Ok(critical_path::untraced(replications.makespans[typical as usize]));
        }
        let trace = self.run(replications.ranks, typical, Recording::On)?;
        Ok(critical_path::breakdown(&trace))
    }
}

/// What is kept of each run: a trace has an entry for each rank.
#[derive(Debug, Clone, Copy)]
struct Total {
    makespan: SimDuration,
    n_events: u64,
    largest_local: Bytes,
    largest_remote: Bytes,
}

impl Total {
    fn of(trace: &Trace) -> Self {
        Self {
            makespan: trace.makespan - SimTime::ZERO,
            n_events: trace.n_events,
            largest_local: trace.largest_local,
            largest_remote: trace.largest_remote,
        }
    }
}

fn warnings(model: &Model<'_>, n_ranks: u32, totals: &[Total]) -> Vec<String> {
    let machine = model.machine;
    let largest = |of: fn(&Total) -> Bytes| totals.iter().map(of).max().unwrap_or(Bytes(0));
    let classes = [
        ("within a host", largest(|total| total.largest_local), machine.local.calibrated_upto),
        ("between hosts", largest(|total| total.largest_remote), machine.remote.calibrated_upto),
    ];
    classes
        .into_iter()
        .filter(|(_, largest, calibrated)| largest > calibrated)
        .map(|(class, largest, calibrated)| {
            format!(
                "messages {class} of up to {largest} lie outside the calibrated range of `{}` (up to {calibrated}); \
                 their times are extrapolated: calibrate with larger messages",
                machine.name
            )
        })
        .chain(stand_ins(model, n_ranks))
        .chain(untraced(totals))
        .chain(model.scenario.workload.facts().cautions())
        .collect()
}

/// Says what the library does by host that is not simulated, if it does so on so many ranks.
fn stand_ins(model: &Model<'_>, n_ranks: u32) -> Option<String> {
    let hosts = hosts_of_ranks(model.scenario, n_ranks);
    let has_neighbours = hosts.iter().collect::<BTreeSet<_>>().len() < hosts.len();
    let has_others = hosts.iter().any(|host| *host != hosts[0]);
    let (library, what) = match model.machine.collectives.library? {
        CollectiveLibrary::OpenMpi50 if has_neighbours && has_others => ("open-mpi-5.0", "by its `coll/han`"),
        CollectiveLibrary::Mpich4 if has_neighbours => ("mpich-4", "by its compositions by host"),
        _ => return None,
    };
    Some(format!(
        "with several ranks on a host, `{library}` does collectives {what}: within hosts, then between them; they are simulated \
         as if each rank had a host, with more messages between hosts than there are: name other algorithms under \
         `[collectives]`, or place one rank on each host"
    ))
}

fn untraced(totals: &[Total]) -> Option<String> {
    totals.iter().any(|total| total.n_events > TRACED_EVENTS_MAX).then(|| {
        format!("runs of more than {TRACED_EVENTS_MAX} events are not traced, so where their time goes is not known")
    })
}
