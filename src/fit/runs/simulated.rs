//! Simulated makespans of measured programs, and how they depend on each cost.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::costs::{Costs, FITTED};
use super::{MeasuredProgram, Point, RunsError};
use crate::engine::SimError;
use crate::machine::{Kernel, MachineModel, Noise};
use crate::prediction;
use crate::scenario::{Returns, Scenario, Workload};
use crate::trace::Recording;
use crate::units::SimTime;

/// Change of a cost, relative to its scale, from which its effect is found.
pub(super) const STEP: f64 = 0.01;

/// Returns the kernels of a workload whose costs come from the machine model.
pub(super) fn kernels_of(workload: &Workload) -> Vec<Kernel> {
    match workload {
        Workload::Pi(pi) => {
            let all = FITTED.into_iter().map(|(kernel, _)| kernel);
            match pi.returns {
                Returns::Count => all.take(2).collect(),
                Returns::Coordinates(_) => all.collect(),
            }
        }
        Workload::LogStream(_) | Workload::Custom(_) => Vec::new(),
    }
}

/// Returns what a step of a cost is relative to: the cost itself, or a usual one if it is zero.
pub(super) fn scale(costs: &Costs, kernel: usize) -> f64 {
    let usual = if FITTED[kernel].0 == Kernel::Setup { 1e-3 } else { 1e-6 };
    if costs.seconds[kernel] > 0.0 { costs.seconds[kernel] } else { usual }
}

/// Simulates each point without noise.
pub(super) fn makespans_s(
    programs: &[MeasuredProgram],
    points: &[Point],
    costs: &Costs,
) -> Result<Vec<f64>, RunsError> {
    let kernels = costs.kernels();
    let quiet: Vec<(Scenario, MachineModel)> = programs
        .iter()
        .map(|program| {
            let workload = program.scenario.workload.with_kernels(&kernels);
            let machine = MachineModel { noise: Noise::NONE, kernels: kernels.clone(), ..program.machine.clone() };
            (Scenario { workload, ..program.scenario.clone() }, machine)
        })
        .collect();
    let mut runs: Vec<(usize, u32)> = points.iter().map(|point| (point.program, point.ranks)).collect();
    runs.sort_unstable();
    runs.dedup();
    let simulate = |(program, ranks): &(usize, u32)| -> Result<((usize, u32), f64), SimError> {
        let (scenario, machine) = &quiet[*program];
        let trace = prediction::simulate_once(scenario, machine, *ranks, 0, Recording::Off)?;
        Ok(((*program, *ranks), (trace.makespan - SimTime::ZERO).as_seconds()))
    };
    let found: Result<BTreeMap<(usize, u32), f64>, SimError> = runs.par_iter().map(simulate).collect();
    let found = found?;
    Ok(points.iter().map(|point| found[&(point.program, point.ranks)]).collect())
}

/// Returns the seconds by which each point takes longer per second of each kernel's cost, kernels in the order of
/// [`FITTED`].
pub(super) fn effects(
    programs: &[MeasuredProgram],
    points: &[Point],
    costs: &Costs,
) -> Result<Vec<Vec<f64>>, RunsError> {
    let here = makespans_s(programs, points, costs)?;
    let of_kernel = |kernel: usize| {
        let step = STEP * scale(costs, kernel);
        let mut beside = *costs;
        beside.seconds[kernel] += step;
        let there = makespans_s(programs, points, &beside)?;
        let effect = |(point, (here, there)): (&Point, (&f64, &f64))| {
            let is_used = kernels_of(&programs[point.program].scenario.workload).contains(&FITTED[kernel].0);
            if is_used { (there - here) / step } else { 0.0 }
        };
        Ok(points.iter().zip(here.iter().zip(&there)).map(effect).collect())
    };
    (0..FITTED.len()).map(of_kernel).collect()
}
