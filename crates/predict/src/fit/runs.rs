//! Whole-program times to kernel costs: makespans that are simulated are fitted to those that were measured.
//!
//! Hardware, messages and everything else that whole programs cannot determine come from a prior machine model. The fit and
//! its intervals are described in docs/calibration.md, the numbers that it gives for the DLPC in docs/dlpc-2020.md.

mod costs;
mod factor;
mod linear;
mod noise;
mod parameters;
pub mod recording;
mod scatter;
mod simulated;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use dlpc_engine::engine::SimError;
use dlpc_engine::machine::{COSTED, MachineModel, Noise};
use thiserror::Error;

use self::costs::KernelCosts;
use self::factor::Factor;
use self::linear::{Linear, Solution};
use self::parameters::Parameter;
use self::scatter::Scatter;
use super::Fit;
use crate::measurement::Measurement;
use crate::scenario::Scenario;

/// Rounds of simulating and solving; two or three are usual, because makespans are nearly linear in the costs.
const ROUNDS_MAX: usize = 20;
/// Largest change of a cost, relative to its prior, at which the rounds end.
const CHANGE_MAX: f64 = 1e-6;

/// Rounds of fitting and simulating with the noise that the fit finds; two or three are usual.
const NOISE_ROUNDS_MAX: usize = 8;
/// Largest change of a stretch at which they end.
const STRETCH_CHANGE_MAX: f64 = 5e-4;

/// A program that was run, and its times.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredProgram {
    /// What was run.
    pub scenario: Scenario,
    /// The prior machine model with the scenario's overrides, none of them of kernel costs.
    pub machine: MachineModel,
    /// Name of the measurement, for instance `pi-count.csv`.
    pub file: String,
    /// Its runs.
    pub measurement: Measurement,
}

/// What a fit needs besides the programs.
#[derive(Debug, Clone)]
pub struct RunsOptions<'a> {
    /// Name of the machine model to be made.
    pub name: String,
    /// What the cluster is, in one line.
    pub title: String,
    /// Model from which everything but the kernel costs comes, and the ratios of costs that runs cannot tell apart.
    pub prior: &'a MachineModel,
    /// Rank counts to fit; all others are held out and never looked at. Empty: all.
    pub ranks: BTreeSet<u32>,
}

/// One measured run and what the fitted model makes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedRun {
    /// Name of the measurement.
    pub file: String,
    /// Rank count.
    pub ranks: u32,
    /// Measured, in seconds.
    pub measured_s: f64,
    /// Half-width of the interval in which the true time lies, in seconds.
    pub reading_error_s: f64,
    /// Median of simulated runs with the fitted costs and noise, in seconds.
    pub fitted_s: f64,
    /// Standard deviation that the fit gives the run, reading error and scatter together, in seconds.
    pub sigma_s: f64,
    /// Weight of the robust fit: 1, or less for a run that lies far off.
    pub weight: f64,
    /// Whether it lies too far off to count for the scatter.
    pub is_outlier: bool,
}

/// A machine model fitted to runs, and the runs.
#[derive(Debug, Clone, PartialEq)]
pub struct RunsFit {
    /// The model and what is known of it.
    pub fit: Fit,
    /// The fitted runs, in the order of programs and ranks.
    pub runs: Vec<FittedRun>,
    /// Relative scatter of each measurement beyond its reading error.
    pub scatter: BTreeMap<String, f64>,
    /// Rank counts that were fitted, ascending.
    pub ranks: Vec<u32>,
}

/// Why runs do not make a machine model.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum RunsError {
    /// None of the rank counts was measured.
    #[error("{file} has no run at {ranks} ranks")]
    NoRuns {
        /// Name of the measurement.
        file: String,
        /// Rank counts to fit.
        ranks: String,
    },
    /// A workload that has no kernels of the machine model.
    #[error("the workload of `{title}` has no kernel costs that could be fitted: those of `pi` have")]
    NoKernels {
        /// Title of the scenario.
        title: String,
    },
    /// A scenario that changes what is to be fitted.
    #[error("`{title}` overrides kernel costs, which are to be fitted")]
    Overridden {
        /// Title of the scenario.
        title: String,
    },
    /// A workload whose costs are not those of another computer.
    #[error("the workload of `{title}` was not recorded, so there is no factor to be fitted")]
    NotRecorded {
        /// Title of the scenario.
        title: String,
    },
    /// Runs that are as short as if nothing was computed.
    #[error("the runs of `{title}` take no longer than its messages and sleeps alone: nothing is left to be computed")]
    NoWork {
        /// Title of the scenario.
        title: String,
    },
    /// More unknowns than the runs can determine, or just as many.
    #[error("{found} runs for {unknowns} unknown costs, expected at least {}", unknowns + 1)]
    TooFew {
        /// Runs.
        found: usize,
        /// Unknowns.
        unknowns: usize,
    },
    /// A simulation failed.
    #[error(transparent)]
    Simulation(#[from] SimError),
}

/// One run that is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    program: usize,
    ranks: u32,
    measured_s: f64,
    reading_error_s: f64,
}

impl Point {
    /// Returns the run as it would be without what noise adds to its median.
    fn over(&self, stretch: f64) -> Self {
        Self { measured_s: self.measured_s / stretch, reading_error_s: self.reading_error_s / stretch, ..*self }
    }
}

/// What is fitted, and to what.
struct Task<'a> {
    programs: &'a [MeasuredProgram],
    points: &'a [Point],
    parameters: &'a [Parameter],
    prior: &'a KernelCosts,
    options: &'a RunsOptions<'a>,
}

/// Where the noise of single ranks comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RankNoise {
    /// From the prior.
    Prior,
    /// From runs that were repeated at the same rank count, where they contradict the prior.
    Repeats,
}

/// Costs and noise that agree with each other.
struct Settled {
    /// What was fitted.
    parameters: Vec<Parameter>,
    costs: KernelCosts,
    /// The runs without what noise adds to their medians.
    quiet: Vec<Point>,
    solution: Solution,
    scatter: Scatter,
    noise: Noise,
    /// Sigma of each kernel that repeated runs determine, in the order of [`COSTED`].
    told: [Option<f64>; COSTED.len()],
    effects: Vec<Vec<f64>>,
    /// Makespans without noise, in seconds.
    fitted_s: Vec<f64>,
    stretch: Vec<f64>,
    /// How far the costs were drawn towards one factor on the prior: from 0 to 1, the factor alone.
    drawn: f64,
}

/// Fits kernel costs and their noise to the times of whole programs.
///
/// Robust least squares of the simulated makespans, each run weighted by its reading error and by the scatter of its
/// measurement; no cost becomes negative. What is fitted is the median of runs with noise (eq. 50), because a program ends
/// with the slowest of its ranks. The scatter about the fit is a factor of the whole run; noise of single ranks comes from
/// the prior, or from runs that were repeated. Costs whose effects on all runs are proportional to each other are fitted
/// as one and keep the ratio of the prior. The mean error of the fit is never above that of the prior's costs, nor of one
/// factor on them (eq. 52). Deterministic: same runs and options, same result.
///
/// # Errors
/// [`RunsError`] if the runs cannot determine the costs, or a simulation fails.
pub fn fit_runs(programs: &[MeasuredProgram], options: &RunsOptions<'_>) -> Result<RunsFit, RunsError> {
    check(programs, options.prior)?;
    let points = points(programs, &options.ranks)?;
    let prior = KernelCosts::of(options.prior.kernels);
    let effects = simulated::effects(programs, &points, &prior)?;
    let parameters = parameters::parameters(&effects, &points, &prior);
    if points.len() <= parameters.len() {
        return Err(RunsError::TooFew { found: points.len(), unknowns: parameters.len() });
    }
    let task = Task { programs, points: &points, parameters: &parameters, prior: &prior, options };
    let settled = no_worse(&task)?;
    let evidence = verdict::Evidence {
        programs,
        points: &settled.quiet,
        parameters: &settled.parameters,
        solution: &settled.solution,
        scatter: &settled.scatter,
        noise: &settled.noise,
        told: &settled.told,
        effects: &settled.effects,
        fitted_s: &settled.fitted_s,
        stretch: &settled.stretch,
        drawn: settled.drawn,
    };
    Ok(verdict::verdict(&evidence, &settled.costs, options))
}

/// Returns the fit whose mean error is at most that of the best factor on the prior's costs.
fn no_worse(task: &Task<'_>) -> Result<Settled, RunsError> {
    let of_prior = noise::of_prior(task.options.prior, task.parameters);
    let limit = Factor::best(task, &of_prior)?;
    let fit = settled(task, RankNoise::Repeats)?;
    let is_other = |(one, other): (&f64, &f64)| one.to_bits() != other.to_bits();
    if fit.noise.compute_sigma.iter().zip(&of_prior.compute_sigma).any(is_other) {
        let factor = Factor::best(task, &fit.noise)?;
        return match drawn(task, fit, &factor, limit.error)? {
            (error, fit) if error <= limit.error => Ok(fit),
            _ => Ok(drawn(task, settled(task, RankNoise::Prior)?, &limit, limit.error)?.1),
        };
    }
    Ok(drawn(task, fit, &limit, limit.error)?.1)
}

/// Draws a fit towards the factor, as little as it takes to get its mean error to the limit; returns that error, too.
fn drawn(task: &Task<'_>, fit: Settled, factor: &Factor, limit: f64) -> Result<(f64, Settled), RunsError> {
    let times_s: Vec<f64> = fit.fitted_s.iter().zip(&fit.stretch).map(|(quiet, stretch)| quiet * stretch).collect();
    let error = factor::mean_error(task, &times_s);
    if error <= limit {
        return Ok((error, fit));
    }
    let share = factor::share(task, &times_s, &factor.times_s, limit);
    let between = fit.costs.towards(&factor.costs, share).rounded();
    let (error_between, found) = at(task, &fit, between, share)?;
    if error_between <= limit {
        return Ok((error_between, found));
    }
    let (error, fit) = at(task, &fit, factor.costs, 1.0)?;
    Ok((error, of_one_factor(task, fit, factor.value)?))
}

/// Returns a fit of one factor with what that factor is known by, instead of what all costs are: its error is smaller.
fn of_one_factor(task: &Task<'_>, fit: Settled, factor: f64) -> Result<Settled, RunsError> {
    let parameters = vec![parameters::all_as_one(task.parameters, task.prior)];
    let linear = linearised(task.programs, &fit.quiet, &parameters, task.prior, &[factor])?;
    let scatter = Scatter::none(task.programs.len()).found(&linear, &fit.quiet);
    let solution = linear.solve(&scatter.sigmas_s(&fit.quiet));
    Ok(Settled { parameters, solution, scatter, ..fit })
}

/// Returns a fit with other costs, and its mean error.
fn at(task: &Task<'_>, fit: &Settled, costs: KernelCosts, drawn: f64) -> Result<(f64, Settled), RunsError> {
    let fitted_s = simulated::makespans_s(task.programs, task.points, &costs)?;
    let stretch = simulated::stretches(task.programs, task.points, &costs, &fit.noise, &fitted_s)?;
    let times_s: Vec<f64> = fitted_s.iter().zip(&stretch).map(|(quiet, stretch)| quiet * stretch).collect();
    let quiet = task.points.iter().zip(&stretch).map(|(point, stretch)| point.over(*stretch)).collect();
    let (solution, scatter) = (fit.solution.clone(), fit.scatter.clone());
    let (noise, told, effects) = (fit.noise.clone(), fit.told, fit.effects.clone());
    let parameters = fit.parameters.clone();
    let found = Settled { parameters, costs, quiet, solution, scatter, noise, told, effects, fitted_s, stretch, drawn };
    Ok((factor::mean_error(task, &times_s), found))
}

/// Fits costs and noise in turns until what noise adds to the medians converges.
fn settled(task: &Task<'_>, source: RankNoise) -> Result<Settled, RunsError> {
    let Task { programs, points, parameters, prior, options } = *task;
    let mut stretch = vec![1.0; points.len()];
    let mut round = 0;
    loop {
        let quiet: Vec<Point> = points.iter().zip(&stretch).map(|(point, stretch)| point.over(*stretch)).collect();
        let (costs, solution, scatter) = solved(programs, &quiet, parameters, prior)?;
        let costs = costs.rounded();
        let effects = simulated::effects(programs, &quiet, &costs)?;
        let mut noise = noise::of_prior(options.prior, parameters);
        let mut told = [None; COSTED.len()];
        if source == RankNoise::Repeats && noise::has_repeats(points) {
            let scatters = simulated::scatters(programs, &quiet, &costs)?;
            told = noise::told_by_repeats(&scatters, &effects, points, &scatter, options.prior);
            noise = noise::with(&noise, &told);
        }
        let of_ranks = simulated::scatter_of_ranks(programs, points, &costs, &noise)?;
        noise.run_sigma = noise::run_sigma(&scatter, &solution, &quiet, &of_ranks, options.prior.noise.run_sigma);
        let fitted_s = simulated::makespans_s(programs, points, &costs)?;
        let next = simulated::stretches(programs, points, &costs, &noise, &fitted_s)?;
        round += 1;
        if largest_change(&next, &stretch) <= STRETCH_CHANGE_MAX || NOISE_ROUNDS_MAX <= round {
            return Ok(Settled {
                parameters: parameters.to_vec(),
                costs,
                quiet,
                solution,
                scatter,
                noise,
                told,
                effects,
                fitted_s,
                stretch: next,
                drawn: 0.0,
            });
        }
        stretch = next;
    }
}

fn largest_change(new: &[f64], old: &[f64]) -> f64 {
    new.iter().zip(old).map(|(new, old)| (new - old).abs()).fold(0.0, f64::max)
}

fn check(programs: &[MeasuredProgram], prior: &MachineModel) -> Result<(), RunsError> {
    for MeasuredProgram { scenario, machine, .. } in programs {
        let title = scenario.title.clone();
        if simulated::kernels_of(&scenario.workload).is_empty() {
            return Err(RunsError::NoKernels { title });
        }
        if machine.kernels != prior.kernels {
            return Err(RunsError::Overridden { title });
        }
    }
    Ok(())
}

/// Returns the runs to fit, in the order of programs and ranks: nothing else of a measurement is ever looked at.
fn points(programs: &[MeasuredProgram], ranks: &BTreeSet<u32>) -> Result<Vec<Point>, RunsError> {
    let mut points = Vec::new();
    for (i, program) in programs.iter().enumerate() {
        let rows = program.measurement.rows.iter().filter(|row| ranks.is_empty() || ranks.contains(&row.ranks));
        let n_before = points.len();
        points.extend(rows.map(|row| Point {
            program: i,
            ranks: row.ranks,
            measured_s: row.seconds,
            reading_error_s: row.reading_error_s,
        }));
        if points.len() == n_before {
            let ranks = ranks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(RunsError::NoRuns { file: program.file.clone(), ranks });
        }
    }
    Ok(points)
}

/// Simulates and solves in turns until the costs converge.
fn solved(
    programs: &[MeasuredProgram],
    points: &[Point],
    parameters: &[Parameter],
    prior: &KernelCosts,
) -> Result<(KernelCosts, Solution, Scatter), RunsError> {
    let mut x = vec![1.0; parameters.len()];
    let mut round = 0;
    loop {
        let linear = linearised(programs, points, parameters, prior, &x)?;
        let scatter = Scatter::none(programs.len()).found(&linear, points);
        let solution = linear.solve(&scatter.sigmas_s(points));
        let change = largest_change(&solution.x, &x);
        x.clone_from(&solution.x);
        round += 1;
        if change < CHANGE_MAX || ROUNDS_MAX <= round {
            return Ok((parameters::costs(parameters, prior, &x), solution, scatter));
        }
    }
}

/// Returns the makespans around the factors `x`.
fn linearised(
    programs: &[MeasuredProgram],
    points: &[Point],
    parameters: &[Parameter],
    prior: &KernelCosts,
    x: &[f64],
) -> Result<Linear, RunsError> {
    let at = |x: &[f64]| simulated::makespans_s(programs, points, &parameters::costs(parameters, prior, x));
    let here = at(x)?;
    let mut columns = Vec::new();
    for j in 0..x.len() {
        let mut beside = x.to_vec();
        beside[j] += simulated::STEP;
        let there = at(&beside)?;
        columns.push(here.iter().zip(&there).map(|(here, there)| (there - here) / simulated::STEP).collect());
    }
    let measured = points.iter().map(|point| point.measured_s).collect();
    Ok(Linear::new(x.to_vec(), here, columns, measured))
}
