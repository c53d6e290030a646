//! Simulated makespans of measured programs, how they depend on each cost, and what noise does to them.

use std::collections::BTreeMap;

use dlpc_engine::engine::SimError;
use dlpc_engine::machine::{COSTED, Costed, Kernel, Kernels, MachineModel, Noise, Uncertainty};
use dlpc_engine::stats::{mean, median};
use dlpc_engine::trace::Recording;
use dlpc_engine::units::SimTime;
use rayon::prelude::*;

use super::costs::KernelCosts;
use super::{MeasuredProgram, Point, RunsError};
use crate::prediction;
use crate::scenario::Scenario;
use crate::workload::Workload;

/// Change of a cost, relative to its scale, from which its effect is found.
pub(super) const STEP: f64 = 0.01;

/// Runs with noise of which median and scatter are found.
const REPLICATIONS: u32 = 200;
/// Sigma with which the scatter per sigma is found: small, so that it is the same for all small ones.
const SIGMA: f64 = 0.02;

/// Returns the kernels of a workload whose costs come from the machine model.
pub(super) fn kernels_of(workload: &Workload) -> Vec<Kernel> {
    workload.kernels().into_iter().flat_map(Kernels::costs).map(|(costed, _)| costed.kernel).collect()
}

/// Returns what a step of a cost is relative to: the cost itself, or a usual one if it is zero.
pub(super) fn scale(costs: &KernelCosts, kernel: usize) -> f64 {
    let usual = if COSTED[kernel].kernel == Kernel::Setup { 1e-3 } else { 1e-6 };
    if costs.seconds[kernel] > 0.0 { costs.seconds[kernel] } else { usual }
}

/// Simulates each point without noise.
pub(super) fn makespans_s(
    programs: &[MeasuredProgram],
    points: &[Point],
    costs: &KernelCosts,
) -> Result<Vec<f64>, RunsError> {
    each(programs, points, costs, &Chance::of(Noise::NONE), median)
}

/// Returns how many times as long as without noise each point takes in the median: docs/model.md eq. 50.
///
/// `quiet_s` are its makespans without noise. A factor on a whole run has the median 1, so it is left out: simulated, it
/// would only add the error of so many draws.
pub(super) fn stretches(
    programs: &[MeasuredProgram],
    points: &[Point],
    costs: &KernelCosts,
    noise: &Noise,
    quiet_s: &[f64],
) -> Result<Vec<f64>, RunsError> {
    let noise = Noise { run_sigma: 0.0, ..noise.clone() };
    let noisy_s = each(programs, points, costs, &Chance { noise, draws_machine: true }, median)?;
    Ok(noisy_s.iter().zip(quiet_s).map(|(noisy, quiet)| noisy / quiet).collect())
}

/// Returns by how much the noise of ranks, hosts and network scatters each point, relative to its mean.
pub(super) fn scatter_of_ranks(
    programs: &[MeasuredProgram],
    points: &[Point],
    costs: &KernelCosts,
    noise: &Noise,
) -> Result<Vec<f64>, RunsError> {
    let noise = Noise { run_sigma: 0.0, ..noise.clone() };
    each(programs, points, costs, &Chance::of(noise), relative_deviation)
}

/// Returns by how much each point scatters, relative to its mean, per sigma of the ops of each kernel; kernels in the order
/// of [`COSTED`].
///
/// The more ranks have an op, the less its noise scatters the makespan: it only ever ends with the slowest.
pub(super) fn scatters(
    programs: &[MeasuredProgram],
    points: &[Point],
    costs: &KernelCosts,
) -> Result<Vec<Vec<f64>>, RunsError> {
    let of_kernel = |Costed { kernel, .. }: Costed| {
        let mut noise = Noise::NONE;
        noise.compute_sigma[kernel as usize] = SIGMA;
        let scatter = |makespans_s: &[f64]| relative_deviation(makespans_s) / SIGMA;
        each(programs, points, costs, &Chance::of(noise), scatter)
    };
    COSTED.into_iter().map(of_kernel).collect()
}

/// Returns the standard deviation of values over their mean.
fn relative_deviation(values: &[f64]) -> f64 {
    let center = mean(values);
    let squares: Vec<f64> = values.iter().map(|value| (value / center - 1.0).powi(2)).collect();
    mean(&squares).sqrt()
}

/// What is random in a simulation.
struct Chance {
    noise: Noise,
    /// Whether hosts, ports and messages are drawn from the prior's intervals, as in a prediction, or are as it has them.
    draws_machine: bool,
}

impl Chance {
    const fn of(noise: Noise) -> Self {
        Self { noise, draws_machine: false }
    }

    fn machine(&self, machine: &MachineModel, kernels: &Kernels) -> MachineModel {
        let uncertainty = if self.draws_machine { machine.uncertainty.clone() } else { Uncertainty::default() };
        MachineModel { noise: self.noise.clone(), kernels: *kernels, uncertainty, ..machine.clone() }
    }
}

/// Returns a summary of each point's makespans over the replications.
fn each(
    programs: &[MeasuredProgram],
    points: &[Point],
    costs: &KernelCosts,
    chance: &Chance,
    summary: impl Fn(&[f64]) -> f64 + Sync,
) -> Result<Vec<f64>, RunsError> {
    let kernels = costs.kernels();
    let changed: Vec<(Scenario, MachineModel)> = programs
        .iter()
        .map(|program| {
            let workload = program.scenario.workload.with_kernels(&kernels);
            (Scenario { workload, ..program.scenario.clone() }, chance.machine(&program.machine, &kernels))
        })
        .collect();
    let is_random = changed.iter().any(|(_, machine)| machine.is_random());
    let n_replications = if is_random { REPLICATIONS } else { 1 };
    let mut runs: Vec<(usize, u32)> = points.iter().map(|point| (point.program, point.ranks)).collect();
    runs.sort_unstable();
    runs.dedup();
    let simulate = |(program, ranks): &(usize, u32)| -> Result<((usize, u32), f64), SimError> {
        let (scenario, machine) = &changed[*program];
        let makespan_s = |replication: u32| {
            let trace = prediction::simulate_once(scenario, machine, *ranks, replication, Recording::Off)?;
            Ok((trace.makespan - SimTime::ZERO).as_seconds())
        };
        let all_s: Result<Vec<f64>, SimError> = (0..n_replications).into_par_iter().map(makespan_s).collect();
        Ok(((*program, *ranks), summary(&all_s?)))
    };
    let found: Result<BTreeMap<(usize, u32), f64>, SimError> = runs.par_iter().map(simulate).collect();
    let found = found?;
    Ok(points.iter().map(|point| found[&(point.program, point.ranks)]).collect())
}

/// Returns the seconds by which each point takes longer per second of each kernel's cost, kernels in the order of
/// [`COSTED`].
pub(super) fn effects(
    programs: &[MeasuredProgram],
    points: &[Point],
    costs: &KernelCosts,
) -> Result<Vec<Vec<f64>>, RunsError> {
    let here = makespans_s(programs, points, costs)?;
    let of_kernel = |kernel: usize| {
        let step = STEP * scale(costs, kernel);
        let mut beside = *costs;
        beside.seconds[kernel] += step;
        let there = makespans_s(programs, points, &beside)?;
        let effect = |(point, (here, there)): (&Point, (&f64, &f64))| {
            let is_used = kernels_of(&programs[point.program].scenario.workload).contains(&COSTED[kernel].kernel);
            if is_used { (there - here) / step } else { 0.0 }
        };
        Ok(points.iter().zip(here.iter().zip(&there)).map(effect).collect())
    };
    (0..COSTED.len()).map(of_kernel).collect()
}
