//! Calibration experiments on a simulated cluster: the second executor, beside the MPI kernels.
//!
//! The observable is what the kernels observe, a difference of times on one rank, taken here from the finish times of
//! programs that hold nothing else. Pauses leave the core idle: kernels busy-wait on the clock, which takes the same
//! time at any speed of the core.

mod programs;

use std::cmp::Ordering;

use dlpc_engine::engine::{self, Setup, SimError};
use dlpc_engine::machine::{Kernel, MachineModel, Noise, Uncertainty};
use dlpc_engine::platform::{HostId, NetworkKind, Platform};
use dlpc_engine::program::Program;
use dlpc_engine::random::{Purpose, Streams, lognormal_factor};
use dlpc_engine::stats;
use dlpc_engine::trace::{ActivityKind, Recording};
use dlpc_engine::units::{SimDuration, SimTime};
use rayon::prelude::*;
use thiserror::Error;

use self::programs::Timing;
use super::experiment::{Experiment, PairClass, PlanLine, WorkKernel};
use super::sample::{FORMAT, Sample};

/// How measurements differ from what the machine does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Disturbance {
    /// Sigma of the lognormal factor (median 1) on each sample.
    pub sample_sigma: f64,
    /// Sigma of the lognormal factor (median 1) that all samples of a launch and kind of experiment share.
    pub launch_sigma: f64,
    /// Share of the samples that are [`Self::outlier_factor`] times too long, 0 to 1.
    pub outlier_share: f64,
    /// By what factor.
    pub outlier_factor: f64,
}

impl Disturbance {
    /// Samples as the machine makes them.
    pub const NONE: Self = Self { sample_sigma: 0.0, launch_sigma: 0.0, outlier_share: 0.0, outlier_factor: 1.0 };
}

/// Why an experiment cannot be simulated.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SimulatedError {
    /// The machine has fewer hosts than the experiment takes.
    #[error("`{experiment}` takes {needed} hosts, the machine has {found}")]
    TooFewHosts {
        /// Kind of experiment.
        experiment: &'static str,
        /// Hosts that it takes.
        needed: usize,
        /// Hosts that there are.
        found: usize,
    },
    /// The machine model has no cost of a kernel.
    #[error("the machine model has no cost of `{0}`")]
    NoKernel(&'static str),
    /// The simulation failed.
    #[error(transparent)]
    Simulation(#[from] SimError),
}

/// A machine on which experiments run.
#[derive(Debug, Clone)]
pub struct Bench {
    machine: MachineModel,
    names: Vec<String>,
    platform: Platform,
    network: NetworkKind,
}

/// One run of an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The experiment's time.
    pub seconds: f64,
    /// Every single time, for fixed work.
    pub each_s: Vec<f64>,
}

impl Bench {
    /// Takes the machine. Its costs hold as they are: what the model does not know of them (`cost_sigma`) is no noise of
    /// one cluster.
    #[must_use]
    pub fn new(machine: &MachineModel, network: NetworkKind) -> Self {
        let mut machine = machine.clone();
        machine.noise.cost_sigma = Noise::NONE.cost_sigma;
        machine.uncertainty = Uncertainty::default();
        let platform = Platform::new(&machine);
        let names = machine.host_names();
        Self { machine, names, platform, network }
    }

    /// Returns this machine without noise.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.machine.noise = Noise::NONE;
        self
    }

    /// Returns the host of this name.
    #[must_use]
    pub fn host_named(&self, name: &str) -> Option<HostId> {
        let i = self.names.iter().position(|host| host == name)?;
        u32::try_from(i).ok().map(HostId)
    }

    /// Returns the hosts of the ranks of an experiment, the timing rank first; `lead` is the host of that rank.
    ///
    /// # Errors
    /// [`SimulatedError::TooFewHosts`].
    ///
    /// # Panics
    /// If the machine has more than 2^32 hosts; input is limited to fewer.
    pub fn hosts_for(&self, experiment: &Experiment, lead: HostId) -> Result<Vec<HostId>, SimulatedError> {
        let n_hosts = self.platform.n_hosts();
        let (n_ranks, is_spread) = match *experiment {
            Experiment::PingPong { class, .. }
            | Experiment::Send { class, .. }
            | Experiment::Recv { class, .. }
            | Experiment::Train { class, .. }
            | Experiment::Exchange { class, .. } => (2, class == PairClass::Remote),
            Experiment::FanIn { senders, .. } => (senders as usize + 1, true),
            Experiment::Pairs { pairs, .. } => (2 * pairs as usize, true),
            Experiment::Compute { busy, .. } => (busy as usize, false),
            Experiment::FixedWork { .. } => (1, false),
        };
        if !is_spread {
            return Ok(vec![lead; n_ranks]);
        }
        if n_ranks > n_hosts {
            return Err(SimulatedError::TooFewHosts { experiment: experiment.name(), needed: n_ranks, found: n_hosts });
        }
        let n_hosts = u32::try_from(n_hosts).expect("invariant: fewer than 2^32 hosts");
        Ok((0..n_hosts).map(|i| HostId((lead.0 + i) % n_hosts)).take(n_ranks).collect())
    }

    /// Runs an experiment once, with the machine's noise; `hosts` are those of its ranks, the timing rank first.
    ///
    /// # Errors
    /// [`SimulatedError`] if the machine lacks what the experiment needs.
    ///
    /// # Panics
    /// If `hosts` is empty or names a host that the machine does not have.
    pub fn observe(
        &self,
        experiment: &Experiment,
        hosts: &[HostId],
        streams: Streams,
    ) -> Result<Observation, SimulatedError> {
        let program = programs::of(experiment, hosts.len(), &self.machine.kernels)
            .map_err(|kernel| SimulatedError::NoKernel(kernel.name()))?;
        match program.timing {
            Timing::Finish { runs } => {
                let seconds = self.finish_s(program.ops, hosts, streams)? / f64::from(runs);
                Ok(Observation { seconds, each_s: Vec::new() })
            }
            Timing::AfterArrival => {
                let arrived = self.finish(program.ops.clone(), hosts, streams)?;
                let late = arrived.saturating_mul(programs::LATE_FACTOR);
                let seconds = self.finish_s(programs::delayed(program.ops, late), hosts, streams)?;
                Ok(Observation { seconds: seconds - late.as_seconds(), each_s: Vec::new() })
            }
            Timing::EachOp => {
                let each_s = self.op_times(program.ops, hosts, streams)?;
                Ok(Observation { seconds: stats::median(&each_s), each_s })
            }
        }
    }

    fn finish_s(&self, ops: programs::Ops, hosts: &[HostId], streams: Streams) -> Result<f64, SimError> {
        self.finish(ops, hosts, streams).map(SimDuration::as_seconds)
    }

    /// Returns when the timing rank has finished.
    fn finish(&self, ops: programs::Ops, hosts: &[HostId], streams: Streams) -> Result<SimDuration, SimError> {
        let trace = engine::simulate(&self.setup(hosts, streams, Recording::Off), &mut Program::Fixed(ops))?;
        Ok(trace.finished_at[0] - SimTime::ZERO)
    }

    fn op_times(&self, ops: programs::Ops, hosts: &[HostId], streams: Streams) -> Result<Vec<f64>, SimError> {
        let trace = engine::simulate(&self.setup(hosts, streams, Recording::On), &mut Program::Fixed(ops))?;
        let record = trace.record.expect("invariant: the run was recorded");
        let computing = record.activities[0].iter().filter(|a| matches!(a.kind, ActivityKind::Compute(_)));
        Ok(computing.map(|activity| (activity.end - activity.start).as_seconds()).collect())
    }

    fn setup<'a>(&'a self, hosts: &'a [HostId], streams: Streams, recording: Recording) -> Setup<'a> {
        Setup {
            platform: &self.platform,
            local: &self.machine.local,
            remote: &self.machine.remote,
            noise: &self.machine.noise,
            network: self.network,
            hosts_of_ranks: hosts,
            bound: &[],
            streams,
            production: None,
            recording,
        }
    }
}

/// Runs all launches of a plan and returns the samples in the order in which they were taken.
///
/// Experiments of compute kernels give a sample for each host, all others one. The samples depend on the seed and on the
/// numbers of launch, experiment and host only.
///
/// # Errors
/// [`SimulatedError`] of the first experiment that the machine cannot run.
pub fn run(
    bench: &Bench,
    launches: &[Vec<PlanLine>],
    disturbance: &Disturbance,
    seed: u64,
) -> Result<Vec<Sample>, SimulatedError> {
    let lines: Vec<(u32, &PlanLine)> =
        (0..).zip(launches).flat_map(|(launch, lines)| lines.iter().map(move |line| (launch, line))).collect();
    let samples: Result<Vec<Vec<Sample>>, SimulatedError> = lines
        .par_iter()
        .map(|(launch, line)| {
            let leads = leads(bench, &line.experiment);
            leads.map(|lead| sample(bench, line, *launch, lead, disturbance, seed)).collect()
        })
        .collect();
    Ok(samples?.into_iter().flatten().collect())
}

/// Returns the hosts whose rank reports a time.
fn leads(bench: &Bench, experiment: &Experiment) -> impl Iterator<Item = HostId> {
    let n_hosts = u32::try_from(bench.platform.n_hosts()).expect("invariant: fewer than 2^32 hosts");
    let busy = match *experiment {
        Experiment::Compute { busy, .. } => Some(busy),
        Experiment::FixedWork { .. } => Some(1),
        Experiment::PingPong { .. }
        | Experiment::Send { .. }
        | Experiment::Recv { .. }
        | Experiment::Train { .. }
        | Experiment::FanIn { .. }
        | Experiment::Pairs { .. }
        | Experiment::Exchange { .. } => None,
    };
    let n_leads = if busy.is_some() { n_hosts } else { 1 };
    let has_cores = move |host: &HostId| busy.is_none_or(|busy| busy <= bench.platform.cores(*host));
    (0..n_leads).map(HostId).filter(has_cores)
}

fn sample(
    bench: &Bench,
    line: &PlanLine,
    launch: u32,
    lead: HostId,
    disturbance: &Disturbance,
    seed: u64,
) -> Result<Sample, SimulatedError> {
    let experiment = &line.experiment;
    let hosts = bench.hosts_for(experiment, lead)?;
    let n_runs = if bench.machine.noise.is_zero() { 1 } else { line.repeats.max(1) };
    // One seed for each sample, one replication for each of its runs.
    let streams = |i| Streams::new(seed ^ mixed(u64::from(launch) << 48 | line.id << 16 | u64::from(lead.0)), i);
    let runs: Vec<Observation> =
        (0..n_runs).map(|i| bench.observe(experiment, &hosts, streams(i))).collect::<Result<_, _>>()?;
    let factor = factor(disturbance, streams(0), launch_streams(seed, launch), experiment);
    let times: Vec<f64> = runs.iter().map(|run| run.seconds * factor).collect();
    let each_s = match experiment {
        Experiment::FixedWork { .. } => runs[0].each_s.iter().map(|seconds| seconds * factor).collect(),
        Experiment::Compute { .. } if times.len() > 1 => times.clone(),
        _ => Vec::new(),
    };
    let names = &bench.names;
    let mut peers: Vec<String> = Vec::new();
    for host in &hosts[1..] {
        let name = &names[host.0 as usize];
        if *host != lead && !peers.contains(name) {
            peers.push(name.clone());
        }
    }
    Ok(Sample {
        format: FORMAT,
        id: line.id,
        launch,
        experiment: experiment.clone(),
        seconds: stats::median(&times),
        repeats: line.repeats,
        each_s,
        host: names[lead.0 as usize].clone(),
        peers,
        ranks: u32::try_from(hosts.len()).expect("invariant: fewer than 2^32 ranks"),
        clock_resolution_s: 1e-12,
        mpi: "simulated".to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Returns the factor by which a sample differs from what the machine did.
fn factor(disturbance: &Disturbance, of_sample: Streams, of_launch: Streams, experiment: &Experiment) -> f64 {
    let mut rng = of_sample.stream(Purpose::Measurement, 0);
    let own = lognormal_factor(&mut rng, disturbance.sample_sigma);
    // The share of all draws that the uniform distribution puts below it.
    let is_outlier = rand::RngExt::random::<f64>(&mut rng) < disturbance.outlier_share;
    let mut rng = of_launch.stream(Purpose::Measurement, 1 + kind_number(experiment));
    let shared = lognormal_factor(&mut rng, disturbance.launch_sigma);
    own * shared * if is_outlier { disturbance.outlier_factor } else { 1.0 }
}

fn launch_streams(seed: u64, launch: u32) -> Streams {
    Streams::new(seed, launch)
}

/// Numbers of the kinds of experiment; pairs within a host and across are kinds of their own.
fn kind_number(experiment: &Experiment) -> u32 {
    let (number, class) = match *experiment {
        Experiment::PingPong { class, .. } => (0, class),
        Experiment::Send { class, .. } => (1, class),
        Experiment::Recv { class, .. } => (2, class),
        Experiment::Train { class, .. } => (3, class),
        Experiment::Exchange { class, .. } => (4, class),
        Experiment::FanIn { .. } => (5, PairClass::Remote),
        Experiment::Pairs { .. } => (6, PairClass::Remote),
        Experiment::Compute { .. } => (7, PairClass::Local),
        Experiment::FixedWork { .. } => (8, PairClass::Local),
    };
    match class.cmp(&PairClass::Remote) {
        Ordering::Equal => 16 + number,
        Ordering::Less | Ordering::Greater => number,
    }
}

/// Spreads the bits of a number over all bits (the finaliser of `SplitMix64`: Steele, Lea and Flood, 2014).
const fn mixed(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// Returns the kernel of the machine model that a calibration kernel measures.
#[must_use]
pub const fn machine_kernel(kernel: WorkKernel) -> Kernel {
    match kernel {
        WorkKernel::ThrowDart => Kernel::ThrowDart,
        WorkKernel::StoreRecord => Kernel::StoreRecord,
        WorkKernel::PackRecord => Kernel::PackRecord,
        WorkKernel::UnpackRecord => Kernel::UnpackRecord,
        WorkKernel::CollectRecord => Kernel::CollectRecord,
    }
}

#[cfg(test)]
mod tests;
