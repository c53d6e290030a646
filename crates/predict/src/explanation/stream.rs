//! How many ranks keep up with the producer of a log stream: by simulating a long stream, and by queueing theory.

use dlpc_engine::engine::SimError;
use dlpc_engine::machine::{Kernel, MachineModel};
use dlpc_engine::platform::{HostId, Platform};
use dlpc_engine::random::{Purpose, Streams, lognormal_factor};
use dlpc_engine::trace::Recording;
use dlpc_engine::units::SimTime;

use crate::analysis::queueing::Queue;
use crate::prediction;
use crate::scenario::Scenario;
use crate::workload::{Dispatch, LogStream, Workload};

/// Files of the long stream.
const ITEMS: u32 = 1_000;

/// Most by which the lag behind the producer may grow from file to file, as a share of the interval.
const GROWTH_MAX: f64 = 0.002;

/// Draws that stand for the distribution of service times.
const SERVICES: u32 = 4_000;

/// How many ranks keep up with the producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamAdvice {
    /// As the scenario has it.
    pub dispatch: Dispatch,
    /// In rounds.
    pub rounds: KeepUp,
    /// By the first free worker.
    pub first_free: KeepUp,
}

/// Least rank counts that keep up with the producer in the long run; none if all of the scenario's ranks are too few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepUp {
    /// By simulating a long stream.
    pub simulated: Option<u32>,
    /// By queueing theory.
    pub theory: Option<u32>,
}

/// Least rank counts that keep up with the producer in the long run, by queueing theory; none if all ranks are too few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InTheory {
    /// In rounds (docs/model.md eq. 45).
    pub rounds: Option<u32>,
    /// By the first free worker (docs/model.md eq. 46).
    pub first_free: Option<u32>,
}

/// Returns what queueing theory says of a log stream, without simulating it; none for other workloads.
#[must_use]
pub fn in_theory(scenario: &Scenario, machine: &MachineModel) -> Option<InTheory> {
    let stream = scenario.workload.as_log_stream()?;
    let queue = Queue {
        interval_s: (stream.interval + stream.jitter).as_seconds(),
        services_s: services_s(scenario, machine, stream),
        speeds: speeds(scenario, machine),
    };
    Some(InTheory { rounds: queue.least_in_rounds(), first_free: queue.least_first_free() })
}

/// Returns the advice for a log stream; none for other workloads.
pub(super) fn advise(scenario: &Scenario, machine: &MachineModel) -> Result<Option<StreamAdvice>, SimError> {
    let (Some(stream), Some(theory)) = (scenario.workload.as_log_stream(), in_theory(scenario, machine)) else {
        return Ok(None);
    };
    let simulated = |dispatch| least_simulated(scenario, machine, &LogStream { dispatch, ..stream.clone() });
    Ok(Some(StreamAdvice {
        dispatch: stream.dispatch,
        rounds: KeepUp { simulated: simulated(Dispatch::Rounds)?, theory: theory.rounds },
        first_free: KeepUp { simulated: simulated(Dispatch::FirstFree)?, theory: theory.first_free },
    }))
}

fn n_ranks_max(scenario: &Scenario) -> u32 {
    scenario.run.ranks.iter().map(|ranks| ranks.get()).max().unwrap_or(1)
}

/// Halves the range of rank counts: more ranks keep up if fewer do. A single rank is looked at apart, because it does not
/// hand out files.
fn least_simulated(scenario: &Scenario, machine: &MachineModel, stream: &LogStream) -> Result<Option<u32>, SimError> {
    let keeps_up = |ranks| keeps_up(scenario, machine, stream, ranks);
    if keeps_up(1)? {
        return Ok(Some(1));
    }
    let (mut low, mut high) = (2, n_ranks_max(scenario));
    if high < low || !keeps_up(high)? {
        return Ok(None);
    }
    while low < high {
        let middle = low.midpoint(high);
        if keeps_up(middle)? {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(Some(low))
}

/// Whether the lag behind the producer does not grow in the second half of a long stream, but for one look.
fn keeps_up(scenario: &Scenario, machine: &MachineModel, stream: &LogStream, n_ranks: u32) -> Result<bool, SimError> {
    let lag_s = |items| -> Result<f64, SimError> {
        let workload = Workload::LogStream(LogStream { items, ..stream.clone() });
        let long = Scenario { workload, ..scenario.clone() };
        let trace = prediction::simulate_once(&long, machine, n_ranks, 0, Recording::On)?;
        let record = trace.record.as_ref().expect("invariant: the run was recorded");
        let last = record.completions.last().copied().unwrap_or(SimTime::ZERO);
        Ok((trace.makespan - SimTime::ZERO).as_seconds() - last.as_seconds())
    };
    let growth_s = lag_s(ITEMS)? - lag_s(ITEMS / 2)?;
    let interval_s = (stream.interval + stream.jitter).as_seconds();
    Ok(growth_s <= GROWTH_MAX * interval_s * f64::from(ITEMS / 2) + stream.poll.as_seconds())
}

/// Draws service times with their noise, sorted.
fn services_s(scenario: &Scenario, machine: &MachineModel, stream: &LogStream) -> Vec<f64> {
    let sigma = machine.noise.sigma(Kernel::Analyse);
    let interrupted = machine
        .noise
        .interruptions
        .map_or(0.0, |interruptions| interruptions.duration.as_seconds() / interruptions.interval.as_seconds());
    let streams = Streams::new(scenario.run.seed, 0);
    let mut noise = streams.stream(Purpose::Compute, 0);
    let mut draw = |item| {
        let service = stream.analysis.sample(&mut streams.stream(Purpose::Service, item)).as_seconds();
        let factor = if sigma > 0.0 { lognormal_factor(&mut noise, sigma) } else { 1.0 };
        service * factor * (1.0 + interrupted)
    };
    let n = if stream.analysis.is_constant() && sigma <= 0.0 { 1 } else { SERVICES };
    let mut services: Vec<f64> = (0..n).map(&mut draw).collect();
    services.sort_by(f64::total_cmp);
    services
}

/// Speed of each rank's core when all ranks of its host are busy.
fn speeds(scenario: &Scenario, machine: &MachineModel) -> Vec<f64> {
    let platform = Platform::new(machine);
    let hosts = prediction::hosts_of_ranks(scenario, n_ranks_max(scenario));
    let mut n_ranks = vec![0_u32; platform.n_hosts()];
    for host in &hosts {
        n_ranks[host.0 as usize] += 1;
    }
    let speed = |host: &HostId| {
        let (n, cores) = (n_ranks[host.0 as usize], platform.cores(*host));
        let n_busy = n.min(cores);
        platform.speed(*host) / platform.slowdown(*host)[n_busy as usize - 1] * f64::from(n_busy) / f64::from(n)
    };
    hosts.iter().map(speed).collect()
}
