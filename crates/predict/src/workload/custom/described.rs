//! Phases as the scenario describes them, and what they are on a number of ranks.

use std::collections::BTreeMap;
use std::sync::Arc;

use dlpc_engine::program::phase::Phase;

use super::phase::{Act, Scope, act_of};
use crate::diagnostic::Span;
use crate::written::expression::{Expression, Lists, Measure, Names, Units};
use crate::written::formula::{Count, Formula, Truth};

/// The name that expressions use for the number of ranks.
pub(super) const RANKS: &str = "ranks";
/// The name that expressions use for the rank that comes to them.
pub(super) const RANK: &str = "rank";

/// A program in phases, on any number of ranks.
#[derive(Debug, Clone, PartialEq)]
pub struct Custom {
    pub(super) phases: Vec<Described>,
    /// What names in expressions stand for, besides those that depend on ranks and repeats.
    pub(super) parameters: BTreeMap<String, Measure>,
    /// What names in expressions stand for, where they are lists.
    pub(super) lists: BTreeMap<String, Arc<[Measure]>>,
    /// How many times as long its work takes as the scenario says.
    pub(super) pace: f64,
}

/// A phase.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Described {
    Act(Act),
    /// Phases that are repeated.
    Repeat {
        times: Formula<Count>,
        variable: Option<Box<str>>,
        phases: Vec<Described>,
    },
    /// A phase of the ranks on which a condition holds.
    If(Formula<Truth>, Box<Described>),
}

impl Default for Custom {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<Vec<Phase>> for Custom {
    fn from(phases: Vec<Phase>) -> Self {
        let phases = phases.iter().map(Described::from).collect();
        Self { phases, parameters: BTreeMap::new(), lists: BTreeMap::new(), pace: 1.0 }
    }
}

impl From<&Phase> for Described {
    fn from(phase: &Phase) -> Self {
        match phase {
            Phase::Repeat { times, phases } => Self::Repeat {
                times: Formula::Constant(Count(*times)),
                variable: None,
                phases: phases.iter().map(Self::from).collect(),
            },
            phase => Self::Act(act_of(phase, false)),
        }
    }
}

impl Custom {
    /// Returns the phases on `n_ranks` ranks, if all ranks go through the same ones.
    #[must_use]
    pub fn phases_on(&self, n_ranks: u32) -> Option<Vec<Phase>> {
        let mut phases = Vec::new();
        shared(&self.folded_on(n_ranks), &mut phases)?;
        if self.pace.total_cmp(&1.0).is_ne() {
            scale(&mut phases, self.pace);
        }
        Some(phases)
    }

    /// Returns the phases with values in the place of all names that are known on a number of ranks.
    pub(super) fn folded_on(&self, n_ranks: u32) -> Vec<Described> {
        let names = |name: &str| match name {
            RANKS => Some(Measure { value: n_ranks.into(), units: Units::NONE }),
            _ => self.parameters.get(name).copied(),
        };
        let lists = |name: &str| self.lists.get(name).cloned();
        self.phases.iter().map(|phase| phase.folded(&names, &lists)).collect()
    }

    /// Returns whether a phase satisfies a condition.
    pub(super) fn any(&self, condition: &dyn Fn(&Act) -> bool) -> bool {
        self.phases.iter().any(|phase| phase.any(condition))
    }

    /// Calls `found` with all expressions, their places, the names that they can use and the variables of the repeats
    /// around them, in the order of the file.
    pub(super) fn for_each_expression<'d>(&'d self, found: &mut Found<'_, 'd>) {
        let mut variables = Vec::new();
        for phase in &self.phases {
            phase.for_each_expression(&mut variables, found);
        }
    }
}

/// Takes an expression.
type Found<'f, 'd> = dyn FnMut(&'d Expression, Span, Scope, &[&'d str]) + 'f;

impl Described {
    fn folded(&self, names: Names<'_>, lists: Lists<'_>) -> Self {
        match self {
            Self::Act(act) => Self::Act(act.folded(names, lists)),
            Self::Repeat { times, variable, phases } => Self::Repeat {
                times: times.folded(names, lists),
                variable: variable.clone(),
                phases: phases.iter().map(|phase| phase.folded(names, lists)).collect(),
            },
            Self::If(when, phase) => Self::If(when.folded(names, lists), Box::new(phase.folded(names, lists))),
        }
    }

    fn any(&self, condition: &dyn Fn(&Act) -> bool) -> bool {
        match self {
            Self::Act(act) => condition(act),
            Self::Repeat { phases, .. } => phases.iter().any(|phase| phase.any(condition)),
            Self::If(_, phase) => phase.any(condition),
        }
    }

    fn for_each_expression<'d>(&'d self, variables: &mut Vec<&'d str>, found: &mut Found<'_, 'd>) {
        match self {
            Self::Act(act) => {
                for (of, span, scope) in act.expressions() {
                    found(of, span, scope, variables);
                }
            }
            Self::Repeat { times, variable, phases } => {
                if let Some((of, span)) = times.expression() {
                    found(of, span, Scope::OfRank, variables);
                }
                let n = variables.len();
                variables.extend(variable.as_deref());
                for phase in phases {
                    phase.for_each_expression(variables, found);
                }
                variables.truncate(n);
            }
            Self::If(when, phase) => {
                if let Some((of, span)) = when.expression() {
                    found(of, span, Scope::OfRank, variables);
                }
                phase.for_each_expression(variables, found);
            }
        }
    }
}

/// Adds phases that all ranks go through alike; none if one is of another kind.
fn shared(described: &[Described], phases: &mut Vec<Phase>) -> Option<()> {
    for described in described {
        match described {
            Described::Act(act) => phases.push(act.as_phase()?),
            Described::Repeat { times, phases: inner, .. } => {
                let Count(times) = times.value(&|_| None).ok()?;
                let mut repeated = Vec::with_capacity(inner.len());
                shared(inner, &mut repeated)?;
                phases.push(Phase::Repeat { times, phases: repeated });
            }
            Described::If(when, phase) => {
                if when.value(&|_| None).ok()? == Truth(true) {
                    shared(std::slice::from_ref(phase), phases)?;
                }
            }
        }
    }
    Some(())
}

fn scale(phases: &mut [Phase], factor: f64) {
    for phase in phases {
        match phase {
            Phase::Compute { work, .. } => *work = work.scaled_by(factor),
            Phase::Repeat { phases, .. } => scale(phases, factor),
            _ => {}
        }
    }
}
