//! Run times of a recorded program to the factor on its CPU times: how fast the cores are, and a set-up per run.
//!
//! The fit is that of kernel costs (docs/calibration.md), with two unknowns. Set-up is fitted only where the runs tell it
//! from the scale, and only if it brings the mean error below that of the best single factor (docs/model.md eq. 52).

mod phases;

use std::collections::{BTreeMap, BTreeSet};

use dlpc_engine::engine::SimError;
use dlpc_engine::machine::{MachineModel, Noise, Uncertainty};
use dlpc_engine::maths;
use dlpc_engine::stats::{mean, median};
use dlpc_engine::trace::Recording;
use dlpc_engine::units::{SimDuration, SimTime};
use rayon::prelude::*;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TableLike, value};

use super::linear::Solution;
use super::scatter::Scatter;
use super::simulated::STEP;
use super::{MeasuredProgram, Point, RunsError, largest_change, points, verdict};
use crate::fit::values::{duration, ratio};
use crate::prediction;
use crate::scenario::Scenario;
use crate::workload::Workload;
use crate::workload::recorded::{Factor, Phase, PhaseScale, Recorded};

/// Rounds of simulating and solving.
const ROUNDS_MAX: usize = 8;
/// Change of an unknown, relative to what it is measured in, at which they end.
const CHANGE_MAX: f64 = 1e-4;
/// Runs with noise of which the median is found.
const REPLICATIONS: u32 = 100;
/// Cosine of the relative effects of scale and set-up from which on the runs do not tell them apart: as for kernel costs.
const PROPORTIONAL: f64 = 0.9995;
/// Share of the shortest run from which on a set-up is doubted.
const SETUP_SHARE_MAX: f64 = 0.1;
/// Largest logarithm of a bound over the scale, so that an interval stays one that can be drawn from.
const LOG_HALF_WIDTH_MAX: f64 = 3.0;

/// A factor fitted to runs.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorFit {
    /// The factor, with its interval and where it comes from.
    pub factor: Factor,
    /// Mean absolute relative error of the fit over the fitted rank counts (docs/model.md eq. 19).
    pub error: f64,
    /// The same error of the best factor without set-up.
    pub error_without_setup: f64,
    /// Rank counts that were fitted, ascending.
    pub ranks: Vec<u32>,
}

impl FactorFit {
    /// Says in one sentence what was found.
    #[must_use]
    pub fn in_words(&self) -> String {
        let words = self.factor.in_words();
        format!("{words}; the best factor without set-up: {:.1} %", 100.0 * self.error_without_setup)
    }
}

/// Returns the text of a scenario with another factor on its recording; comments stay.
///
/// # Errors
/// What is wrong with the text.
pub fn written_into(text: &str, factor: &Factor) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let table = document.get_mut("workload").and_then(Item::as_table_like_mut);
    let table = table.and_then(|workload| workload.get_mut("recorded")?.as_table_like_mut());
    let table = table.ok_or("there is no [workload.recorded]")?;
    table.insert("scale", value(factor.scale));
    let setup = (factor.setup > SimDuration::ZERO).then(|| value(factor.setup.to_string()));
    let interval = factor.interval.map(|(low, high)| value(Array::from_iter([low, high])));
    let source = factor.source.as_ref().map(value);
    for (key, item) in [("scale_interval", interval), ("scale_source", source), ("setup", setup)] {
        put(table, key, item);
    }
    let phases: ArrayOfTables = factor.phases.iter().map(phase_table).collect();
    put(table, "phases", (!phases.is_empty()).then_some(Item::ArrayOfTables(phases)));
    Ok(document.to_string())
}

fn put(table: &mut dyn TableLike, key: &str, item: Option<Item>) {
    match item {
        Some(item) => drop(table.insert(key, item)),
        None => drop(table.remove(key)),
    }
}

/// Returns the factor of a phase as a scenario has it.
fn phase_table(of: &PhaseScale) -> Table {
    let mut table = Table::new();
    put(&mut table, "after", of.phase.after.as_ref().map(value));
    put(&mut table, "upto", of.phase.upto.as_ref().map(value));
    put(&mut table, "scale", Some(value(of.scale)));
    put(&mut table, "scale_interval", of.interval.map(|(low, high)| value(Array::from_iter([low, high]))));
    table
}

/// The unknowns: a factor on the scenario's scale, the same for each phase that has one of its own, and, if it is one, a set-up in
/// units of the shortest run.
type Unknowns = Vec<f64>;

/// Which unknowns there are besides the factor.
#[derive(Debug, Clone, Default)]
struct Shape {
    phases: Vec<Phase>,
    has_setup: bool,
}

impl Shape {
    fn n_unknowns(&self) -> usize {
        1 + self.phases.len() + usize::from(self.has_setup)
    }

    /// Returns the unknowns to start from.
    fn start(&self) -> Unknowns {
        let mut x = vec![1.0; self.n_unknowns()];
        if self.has_setup {
            x[1 + self.phases.len()] = 0.0;
        }
        x
    }

    fn setup(&self, x: &[f64]) -> f64 {
        if self.has_setup { x[1 + self.phases.len()] } else { 0.0 }
    }
}

/// Fits scale and set-up of the recorded program `program` to its runs on `ranks`; empty: all that were recorded. Other runs
/// are never looked at. Deterministic.
///
/// # Errors
/// [`RunsError`] if the runs cannot determine the factor, or a simulation fails.
pub fn fit_factor(program: &MeasuredProgram, ranks: &BTreeSet<u32>) -> Result<FactorFit, RunsError> {
    let title = || program.scenario.title.clone();
    let Workload::Recorded(recorded) = &program.scenario.workload else {
        return Err(RunsError::NotRecorded { title: title() });
    };
    let known: BTreeSet<u32> = recorded.recording.rank_counts().collect();
    let wanted = if ranks.is_empty() { known } else { known.intersection(ranks).copied().collect() };
    // To `points`, no rank counts are all.
    if wanted.is_empty() {
        let ranks = ranks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(RunsError::NoRuns { file: program.file.clone(), ranks });
    }
    let points = points(std::slice::from_ref(program), &wanted)?;
    if points.len() < 2 {
        return Err(RunsError::TooFew { found: points.len(), unknowns: 1 });
    }
    let fitted: BTreeSet<u32> = points.iter().map(|point| point.ranks).collect();
    let shortest_s = points.iter().map(|point| point.measured_s).fold(f64::INFINITY, f64::min);
    let task = Task { program, recorded, points: &points, shortest_s };
    let single = task.settled(&Shape::default())?;
    let least = task.least(&single)?;
    let chosen = phases::chosen(&task, &single)?;
    let best = match task.by_phase(chosen.as_ref(), &least)? {
        Some(by_phase) => by_phase,
        None => task.with_setup(&single, &least, fitted.len())?,
    };
    if best.x[0] <= 0.0 {
        return Err(RunsError::NoWork { title: title() });
    }
    let ranks: Vec<u32> = fitted.into_iter().collect();
    let left_out = chosen.filter(|_| !best.shape.phases.is_empty()).map(|chosen| chosen.error);
    let factor = task.factor(&best, &ranks, left_out);
    Ok(FactorFit { factor, error: best.error, error_without_setup: least.error, ranks })
}

/// What is fitted, and to what.
struct Task<'a> {
    program: &'a MeasuredProgram,
    recorded: &'a Recorded,
    points: &'a [Point],
    shortest_s: f64,
}

/// Unknowns, and what is known of them.
#[derive(Debug, Clone)]
struct Settled {
    shape: Shape,
    x: Unknowns,
    solution: Solution,
    scatter: Scatter,
    /// The runs without what noise adds to their medians.
    quiet: Vec<Point>,
    error: f64,
}

impl Task<'_> {
    /// Simulates and solves in turns.
    fn settled(&self, shape: &Shape) -> Result<Settled, RunsError> {
        let mut x = shape.start();
        let mut round = 0;
        loop {
            let (here_s, noisy_s) = (self.quiet_s(shape, &x)?, self.noisy_s(shape, &x)?);
            let mut quiet = self.quiet(&here_s, &noisy_s);
            let columns = self.columns(shape, &x, &here_s)?;
            let prior = phases::Prior::of(shape, &x);
            let linear = prior.with(&x, here_s, columns, quiet.iter().map(|point| point.measured_s).collect());
            quiet.extend(prior.points());
            let scatter = Scatter::none(if shape.phases.is_empty() { 1 } else { 2 }).found(&linear, &quiet);
            let solution = linear.solve(&scatter.sigmas_s(&quiet));
            let change = largest_change(&solution.x, &x);
            x.clone_from(&solution.x);
            round += 1;
            let is_out = x[..=shape.phases.len()].iter().any(|factor| *factor <= 0.0);
            if change < CHANGE_MAX || ROUNDS_MAX <= round || is_out {
                let error = self.error(&self.noisy_s(shape, &x)?);
                return Ok(Settled { shape: shape.clone(), x, solution, scatter, quiet, error });
            }
        }
    }

    /// Returns the fit with phases that have factors of their own, if it is no worse than the best single factor.
    fn by_phase(&self, chosen: Option<&phases::Chosen>, least: &Settled) -> Result<Option<Settled>, RunsError> {
        let Some(chosen) = chosen else { return Ok(None) };
        let found = self.settled(&Shape { phases: chosen.phases.clone(), has_setup: false })?;
        let is_better = found.error <= least.error && found.x.iter().all(|factor| 0.0 < *factor);
        Ok(is_better.then_some(found))
    }

    /// Returns the fit with a set-up, or the single factor if that is no worse.
    fn with_setup(&self, single: &Settled, least: &Settled, n_counts: usize) -> Result<Settled, RunsError> {
        let shape = Shape { phases: Vec::new(), has_setup: true };
        let both = if self.tells_setup(&shape, n_counts)? { Some(self.settled(&shape)?) } else { None };
        let with_setup = both.filter(|both| both.error <= least.error && 0.0 < both.x[1]);
        Ok(with_setup.unwrap_or_else(|| if single.error <= least.error { single.clone() } else { least.clone() }))
    }

    /// Returns the single factor whose mean error is least, among those that make one run exact.
    fn least(&self, single: &Settled) -> Result<Settled, RunsError> {
        let here_s = self.noisy_s(&single.shape, &single.x)?;
        let beside_s = self.noisy_s(&single.shape, &[single.x[0] + STEP])?;
        let mut best = single.clone();
        for (point, (here, beside)) in self.points.iter().zip(here_s.iter().zip(&beside_s)) {
            let slope = (beside - here) / STEP;
            let x = vec![single.x[0] + (point.measured_s - here) / slope.max(f64::MIN_POSITIVE)];
            if !(x[0].is_finite() && 0.0 < x[0] && x[0] < 1e6) {
                continue;
            }
            let error = self.error(&self.noisy_s(&single.shape, &x)?);
            if error < best.error {
                best = Settled { x, error, ..best };
            }
        }
        Ok(best)
    }

    /// Returns whether the runs on `n_counts` rank counts tell set-up from scale.
    fn tells_setup(&self, shape: &Shape, n_counts: usize) -> Result<bool, RunsError> {
        let x = shape.start();
        let columns = self.columns(shape, &x, &self.quiet_s(shape, &x)?)?;
        let [scale, setup] = [0, 1].map(|j| {
            let relative = columns[j].iter().zip(self.points).map(|(effect, point)| effect / point.measured_s);
            relative.collect::<Vec<f64>>()
        });
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        // Before the program looks at its clock, a set-up changes nothing.
        let has_effect = 0.0 < dot(&setup, &setup);
        let cosine = dot(&scale, &setup) / (dot(&scale, &scale) * dot(&setup, &setup)).sqrt();
        Ok(2 < n_counts && has_effect && cosine < PROPORTIONAL)
    }

    /// Returns the factor that the unknowns stand for. `left_out` is the mean error on rank counts that were left out, where phases
    /// have factors of their own.
    fn factor(&self, fit: &Settled, ranks: &[u32], left_out: Option<f64>) -> Factor {
        let known = |j: usize| {
            let (error, quantile) = verdict::standard_error_of(&fit.solution, &fit.scatter, &fit.quiet, j);
            let wide = maths::exp((quantile * error / fit.x[j]).min(LOG_HALF_WIDTH_MAX));
            let scale = ratio(self.recorded.factor.scale * fit.x[j]);
            (scale, Some((ratio(scale / wide), ratio(scale * wide))))
        };
        let (scale, interval) = known(0);
        let of_phase = |(j, phase): (usize, &Phase)| {
            let (scale, interval) = known(j);
            PhaseScale { phase: phase.clone(), scale, interval }
        };
        let phases = (1..).zip(&fit.shape.phases).map(of_phase).collect();
        let share = fit.shape.setup(&fit.x);
        let setup = duration(ratio(share * self.shortest_s));
        let source = Some(self.source(fit, ranks, left_out, share));
        Factor { scale, interval, setup, source, phases }
    }

    /// Says where a factor comes from, and what is to be doubted of it.
    fn source(&self, fit: &Settled, ranks: &[u32], left_out: Option<f64>, setup_share: f64) -> String {
        let ranks: Vec<String> = ranks.iter().map(ToString::to_string).collect();
        let left_out = left_out.map_or_else(String::new, |error| {
            format!("; {:.1} % on each of them when it was left out, which chose the phases", 100.0 * error)
        });
        let doubt = if setup_share < SETUP_SHARE_MAX {
            String::new()
        } else {
            format!(
                "; the set-up is {:.0} % of the shortest run, more than programs take to start: it stands for work that has another \
                 factor",
                100.0 * setup_share
            )
        };
        let error = 100.0 * fit.error;
        format!(
            "a fit to {} on {} ranks (mean absolute error {error:.1} %{left_out}){doubt}",
            self.program.file,
            ranks.join(", ")
        )
    }

    /// Returns the mean absolute relative error of simulated medians against those of the runs, by rank count.
    fn error(&self, times_s: &[f64]) -> f64 {
        let mut by_ranks: BTreeMap<u32, (f64, Vec<f64>)> = BTreeMap::new();
        for (point, time_s) in self.points.iter().zip(times_s) {
            by_ranks.entry(point.ranks).or_insert((*time_s, Vec::new())).1.push(point.measured_s);
        }
        let errors: Vec<f64> = by_ranks.values().map(|(time, runs)| (time / median(runs) - 1.0).abs()).collect();
        mean(&errors)
    }

    fn quiet(&self, here_s: &[f64], noisy_s: &[f64]) -> Vec<Point> {
        self.points
            .iter()
            .zip(here_s.iter().zip(noisy_s))
            .map(|(point, (here, noisy))| point.over(noisy / here))
            .collect()
    }

    /// Returns the derivative of each makespan by each unknown.
    fn columns(&self, shape: &Shape, x: &[f64], here_s: &[f64]) -> Result<Vec<Vec<f64>>, RunsError> {
        let column = |j: usize| {
            let mut beside = x.to_vec();
            beside[j] += STEP;
            let there_s = self.quiet_s(shape, &beside)?;
            Ok(here_s.iter().zip(&there_s).map(|(here, there)| (there - here) / STEP).collect())
        };
        (0..x.len()).map(column).collect()
    }

    /// Simulates each run without noise.
    fn quiet_s(&self, shape: &Shape, x: &[f64]) -> Result<Vec<f64>, RunsError> {
        let uncertainty = Uncertainty::default();
        self.medians_s(shape, x, &MachineModel { noise: Noise::NONE, uncertainty, ..self.program.machine.clone() })
    }

    /// Returns the median of each run with the noise of its ranks: a factor on a whole run has the median 1.
    fn noisy_s(&self, shape: &Shape, x: &[f64]) -> Result<Vec<f64>, RunsError> {
        let noise = Noise { run_sigma: 0.0, ..self.program.machine.noise.clone() };
        self.medians_s(shape, x, &MachineModel { noise, ..self.program.machine.clone() })
    }

    fn medians_s(&self, shape: &Shape, x: &[f64], machine: &MachineModel) -> Result<Vec<f64>, RunsError> {
        let setup = duration(shape.setup(x) * self.shortest_s);
        let scale = |factor: f64| self.recorded.factor.scale * factor;
        let of_phase = |(phase, factor): (&Phase, &f64)| PhaseScale {
            phase: phase.clone(),
            scale: scale(*factor),
            interval: None,
        };
        let phases = shape.phases.iter().zip(&x[1..]).map(of_phase).collect();
        let factor = Factor { setup, phases, ..Factor::known(scale(x[0])) };
        let workload = Workload::Recorded(Recorded { factor, ..self.recorded.clone() });
        let scenario = Scenario { workload, ..self.program.scenario.clone() };
        let n_replications = if machine.is_random() { REPLICATIONS } else { 1 };
        let at = |ranks: u32| -> Result<(u32, f64), SimError> {
            let makespan_s = |replication: u32| {
                let trace = prediction::simulate_once(&scenario, machine, ranks, replication, Recording::Off)?;
                Ok((trace.makespan - SimTime::ZERO).as_seconds())
            };
            let all_s: Result<Vec<f64>, SimError> = (0..n_replications).into_par_iter().map(makespan_s).collect();
            Ok((ranks, median(&all_s?)))
        };
        let counts: BTreeSet<u32> = self.points.iter().map(|point| point.ranks).collect();
        let found: BTreeMap<u32, f64> = counts.into_iter().map(at).collect::<Result<_, SimError>>()?;
        Ok(self.points.iter().map(|point| found[&point.ranks]).collect())
    }
}

#[cfg(test)]
mod tests;
