//! Which phases of a program get a factor of their own: those with which runs that are left out are predicted best.
//!
//! The factor of a phase is drawn towards that of all others: the logarithm of their ratio has the prior deviation [`TAU`]
//! (docs/model.md eq. 53). Phases are added one by one; the runs on each fitted rank count are left out in turn, and what the others
//! predict for them decides (Stone, "Cross-Validatory Choice and Assessment of Statistical Predictions", 1974).

use std::collections::{BTreeMap, BTreeSet};

use dlpc_engine::maths;
use dlpc_engine::stats::{mean, median};

use super::{PROPORTIONAL, Settled, Shape, Task};
use crate::fit::runs::linear::Linear;
use crate::fit::runs::{Point, RunsError};
use crate::workload::recorded::Phase;

/// Standard deviation of the logarithm of a phase's factor over the common one, before anything is known: loops of a Python script
/// and copies of its data differed by 3 to 5 between two processors (docs/run.md).
const TAU: f64 = 1.0;
/// Phases that are tried: those with the most CPU time.
const CANDIDATES_MAX: usize = 12;
/// Share of the error on runs that are left out which another factor has to take away.
const GAIN_MIN: f64 = 0.1;
/// Relative standard deviation of runs, beside their reading error, by which they are weighed while phases are chosen.
const SIGMA: f64 = 0.01;
/// Least share of the time of some run that a phase has to have.
const EFFECT_MIN: f64 = 1e-3;

/// Phases that get a factor of their own, and the mean error on rank counts that were left out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chosen {
    pub(super) phases: Vec<Phase>,
    pub(super) error: f64,
}

/// The prior of the phases' factors, around some unknowns: a row of the fit for each phase.
pub(super) struct Prior {
    logs: Vec<f64>,
    /// The factors, the common one first.
    factors: Vec<f64>,
    n_unknowns: usize,
}

impl Prior {
    pub(super) fn of(shape: &Shape, x: &[f64]) -> Self {
        let factors = x[..=shape.phases.len()].to_vec();
        let logs = factors[1..].iter().map(|factor| maths::ln(factor / factors[0])).collect();
        Self { logs, factors, n_unknowns: x.len() }
    }

    /// Returns the makespans as a linear function of the unknowns, with the rows of the prior after those of the runs.
    pub(super) fn with(
        &self,
        x: &[f64],
        mut here_s: Vec<f64>,
        mut columns: Vec<Vec<f64>>,
        mut measured_s: Vec<f64>,
    ) -> Linear {
        for (j, log) in (1..).zip(&self.logs) {
            here_s.push(*log);
            measured_s.push(0.0);
            for (k, column) in columns.iter_mut().enumerate().take(self.n_unknowns) {
                column.push(match k {
                    0 => -1.0 / self.factors[0],
                    k if k == j => 1.0 / self.factors[j],
                    _ => 0.0,
                });
            }
        }
        Linear::new(x.to_vec(), here_s, columns, measured_s)
    }

    /// Returns what stands for these rows among the runs: a program of its own, which has no scatter.
    pub(super) fn points(&self) -> impl Iterator<Item = Point> {
        let point = Point { program: 1, ranks: 0, measured_s: 0.0, reading_error_s: TAU * 3_f64.sqrt() };
        std::iter::repeat_n(point, self.logs.len())
    }
}

/// Returns the phases that get a factor of their own; none if one factor predicts runs that are left out as well.
pub(super) fn chosen(task: &Task<'_>, single: &Settled) -> Result<Option<Chosen>, RunsError> {
    let effects = Effects::of(task, single)?;
    let n_counts = effects.counts().len();
    let mut chosen: Vec<usize> = Vec::new();
    let Some(mut error) = effects.error_left_out(&chosen) else { return Ok(None) };
    // Without the runs that are left out, there is still one more than unknowns.
    while chosen.len() + 4 <= n_counts {
        let others = (0..effects.phases.len()).filter(|j| !chosen.contains(j));
        let with = |j: usize| {
            let all = [chosen.as_slice(), &[j]].concat();
            effects.leaves_some(&all).then_some(())?;
            Some((effects.error_left_out(&all)?, all))
        };
        let best = others.filter_map(with).min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((less, all)) = best.filter(|(less, _)| *less < (1.0 - GAIN_MIN) * error) else { break };
        (chosen, error) = (all, less);
    }
    let phases: Vec<Phase> = chosen.iter().map(|j| effects.phases[*j].clone()).collect();
    Ok((!phases.is_empty()).then_some(Chosen { phases, error }))
}

/// How the makespans depend on the factor of each phase, around the single factor.
struct Effects {
    phases: Vec<Phase>,
    /// The single factor.
    factor: f64,
    here_s: Vec<f64>,
    /// Seconds per unit of the factor: of all, then of each phase.
    all: Vec<f64>,
    each: Vec<Vec<f64>>,
    points: Vec<Point>,
}

impl Effects {
    fn of(task: &Task<'_>, single: &Settled) -> Result<Self, RunsError> {
        let phases = candidates(task);
        let shape = Shape { phases: phases.clone(), has_setup: false };
        let factor = single.x[0].max(f64::MIN_POSITIVE);
        let x = vec![factor; shape.n_unknowns()];
        let here_s = task.quiet_s(&shape, &x)?;
        let all = task.columns(&single.shape, &single.x, &here_s)?.swap_remove(0);
        let mut columns = task.columns(&shape, &x, &here_s)?;
        columns.remove(0);
        let has_effect = |column: &Vec<f64>| {
            let is_large = |(effect, here_s): (&f64, &f64)| EFFECT_MIN * here_s < factor * effect;
            column.iter().zip(&here_s).any(is_large) && !is_proportional(column, &all)
        };
        let kept = phases.into_iter().zip(columns).filter(|(_, column)| has_effect(column));
        let (phases, each) = kept.unzip();
        Ok(Self { phases, factor, here_s, all, each, points: single.quiet.clone() })
    }

    /// Returns whether some run depends on the common factor when these phases have their own.
    fn leaves_some(&self, phases: &[usize]) -> bool {
        let is_left = |i: usize| EFFECT_MIN * self.here_s[i] < self.factor * self.columns_at(i, phases)[0];
        (0..self.points.len()).any(is_left)
    }

    fn counts(&self) -> BTreeSet<u32> {
        self.points.iter().map(|point| point.ranks).collect()
    }

    /// Returns the mean absolute relative error on each rank count when its runs are left out of the fit; none if that fit has no
    /// answer.
    fn error_left_out(&self, phases: &[usize]) -> Option<f64> {
        let errors: Option<Vec<f64>> = self.counts().into_iter().map(|ranks| self.error_at(ranks, phases)).collect();
        errors.map(|errors| mean(&errors))
    }

    fn error_at(&self, left_out: u32, phases: &[usize]) -> Option<f64> {
        let kept: Vec<usize> = (0..self.points.len()).filter(|i| self.points[*i].ranks != left_out).collect();
        let out: Vec<usize> = (0..self.points.len()).filter(|i| self.points[*i].ranks == left_out).collect();
        let mut x = vec![self.factor; 1 + phases.len()];
        // The prior is a logarithm, so it changes with the factors.
        for _ in 0..4 {
            x = self.solved(&kept, phases, &x);
            if x.iter().any(|factor| *factor <= 0.0 || !factor.is_finite()) {
                return None;
            }
        }
        let measured_s = median(&out.iter().map(|i| self.points[*i].measured_s).collect::<Vec<_>>());
        Some((self.time_s(*out.first()?, phases, &x) / measured_s - 1.0).abs())
    }

    fn solved(&self, kept: &[usize], phases: &[usize], x: &[f64]) -> Vec<f64> {
        let shape = Shape { phases: phases.iter().map(|j| self.phases[*j].clone()).collect(), has_setup: false };
        let prior = Prior::of(&shape, x);
        let column = |k: usize| kept.iter().map(|i| self.columns_at(*i, phases)[k]).collect();
        let here_s = kept.iter().map(|i| self.time_s(*i, phases, x)).collect();
        let measured_s = kept.iter().map(|i| self.points[*i].measured_s).collect();
        let sigma = |i: &usize| {
            let point = self.points[*i];
            maths::hypot(point.reading_error_s / 3_f64.sqrt(), SIGMA * point.measured_s)
        };
        let sigmas: Vec<f64> = kept.iter().map(sigma).chain(std::iter::repeat_n(TAU, phases.len())).collect();
        prior.with(x, here_s, (0..x.len()).map(column).collect(), measured_s).solve(&sigmas).x
    }

    /// Returns what the time of a run changes by, per unit of the common factor and of that of each phase.
    fn columns_at(&self, i: usize, phases: &[usize]) -> Vec<f64> {
        let own: Vec<f64> = phases.iter().map(|j| self.each[*j][i]).collect();
        std::iter::once(self.all[i] - own.iter().sum::<f64>()).chain(own).collect()
    }

    fn time_s(&self, i: usize, phases: &[usize], x: &[f64]) -> f64 {
        let changes = self.columns_at(i, phases).into_iter().zip(x).map(|(effect, x)| effect * (x - self.factor));
        self.here_s[i] + changes.sum::<f64>()
    }
}

/// Returns whether two effects are proportional to each other: then no run tells them apart.
fn is_proportional(one: &[f64], other: &[f64]) -> bool {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    PROPORTIONAL < dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
}

/// Returns the phases with the most CPU time in the fitted runs.
fn candidates(task: &Task<'_>) -> Vec<Phase> {
    let mut sums: BTreeMap<Phase, u64> = BTreeMap::new();
    let fitted: BTreeSet<u32> = task.points.iter().map(|point| point.ranks).collect();
    for run in fitted.iter().filter_map(|ranks| task.recorded.recording.on(*ranks)) {
        for (phase, nanos) in run.phases() {
            let sum = sums.entry(phase).or_default();
            *sum = sum.saturating_add(nanos);
        }
    }
    let mut phases: Vec<(Phase, u64)> = sums.into_iter().collect();
    phases.sort_by_key(|(_, nanos)| std::cmp::Reverse(*nanos));
    phases.into_iter().take(CANDIDATES_MAX).map(|(phase, _)| phase).collect()
}
