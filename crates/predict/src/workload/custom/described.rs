//! Phases as the scenario describes them: sizes, times and counts may be expressions, whose value is known on a number of
//! ranks.

use std::collections::BTreeMap;

use dlpc_engine::program::phase::Phase;
use dlpc_engine::units::{Bytes, SimDuration};

use crate::diagnostic::Span;
use crate::written::expression::{Expression, Measure, Units};
use crate::written::formula::{Count, Formula, Worthless};

/// The name that expressions use for the number of ranks.
pub(super) const RANKS: &str = "ranks";

/// A program in phases, on any number of ranks.
#[derive(Debug, Clone, PartialEq)]
pub struct Custom {
    pub(super) phases: Vec<Described>,
    /// What names in expressions stand for, besides the number of ranks.
    pub(super) parameters: BTreeMap<String, Measure>,
    /// How many times as long its work takes as the scenario says.
    pub(super) pace: f64,
}

/// A phase.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Described {
    /// The same on all rank counts.
    Fixed(Phase),
    /// A phase with a time, and that time.
    Timed(Phase, Formula<SimDuration>),
    /// A phase with bytes, and those bytes.
    Sized(Phase, Formula<Bytes>),
    /// Phases that are repeated.
    Repeat(Formula<Count>, Vec<Described>),
}

impl Described {
    /// Returns a phase of this time; a constant one is fixed.
    pub(super) fn timed(phase: Phase, time: &Formula<SimDuration>) -> Self {
        match time {
            Formula::Constant(time) => Self::Fixed(phase.retimed(*time)),
            Formula::Expression(..) => Self::Timed(phase, time.clone()),
        }
    }

    /// Returns a phase of this size; a constant one is fixed.
    pub(super) fn sized(phase: Phase, bytes: &Formula<Bytes>) -> Self {
        match bytes {
            Formula::Constant(bytes) => Self::Fixed(phase.resized(&|_| *bytes)),
            Formula::Expression(..) => Self::Sized(phase, bytes.clone()),
        }
    }

    /// Returns phases that are repeated; fixed ones so often are fixed.
    pub(super) fn repeat(times: &Formula<Count>, phases: Vec<Self>) -> Self {
        let fixed = |phase: &Self| match phase {
            Self::Fixed(phase) => Some(phase.clone()),
            _ => None,
        };
        match (times, phases.iter().map(fixed).collect()) {
            (Formula::Constant(Count(times)), Some(phases)) => Self::Fixed(Phase::Repeat { times: *times, phases }),
            _ => Self::Repeat(times.clone(), phases),
        }
    }
}

impl Default for Custom {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<Vec<Phase>> for Custom {
    fn from(phases: Vec<Phase>) -> Self {
        let phases = phases.into_iter().map(Described::Fixed).collect();
        Self { phases, parameters: BTreeMap::new(), pace: 1.0 }
    }
}

impl Custom {
    /// Returns the phases on `n_ranks` ranks.
    ///
    /// # Panics
    /// If an expression has no value there: loading a scenario checks its rank counts.
    #[must_use]
    pub fn phases_on(&self, n_ranks: u32) -> Vec<Phase> {
        let mut phases = self.all(&self.phases, n_ranks).expect("invariant: formulas were checked on these ranks");
        if self.pace.total_cmp(&1.0).is_ne() {
            scale(&mut phases, self.pace);
        }
        phases
    }

    /// Returns the expressions that have no value on `n_ranks` ranks.
    pub(super) fn worthless_on(&self, n_ranks: u32) -> Vec<Worthless> {
        self.all(&self.phases, n_ranks).err().unwrap_or_default()
    }

    /// Returns all expressions with their places, in the order of the file.
    pub(super) fn expressions(&self) -> Vec<(&Expression, Span)> {
        fn add<'d>(phases: &'d [Described], all: &mut Vec<(&'d Expression, Span)>) {
            for phase in phases {
                match phase {
                    Described::Fixed(_) => {}
                    Described::Timed(_, time) => all.extend(time.expression()),
                    Described::Sized(_, bytes) => all.extend(bytes.expression()),
                    Described::Repeat(times, phases) => {
                        all.extend(times.expression());
                        add(phases, all);
                    }
                }
            }
        }
        let mut all = Vec::new();
        add(&self.phases, &mut all);
        all
    }

    fn all(&self, phases: &[Described], n_ranks: u32) -> Result<Vec<Phase>, Vec<Worthless>> {
        let mut worthless = Vec::new();
        let mut values = Vec::with_capacity(phases.len());
        for phase in phases {
            match self.one(phase, n_ranks) {
                Ok(value) => values.push(value),
                Err(more) => worthless.extend(more),
            }
        }
        if worthless.is_empty() { Ok(values) } else { Err(worthless) }
    }

    fn one(&self, phase: &Described, n_ranks: u32) -> Result<Phase, Vec<Worthless>> {
        let names = |name: &str| match name {
            RANKS => Some(Measure { value: n_ranks.into(), units: Units::NONE }),
            _ => self.parameters.get(name).copied(),
        };
        let only = |worthless: Worthless| vec![worthless];
        match phase {
            Described::Fixed(phase) => Ok(phase.clone()),
            Described::Timed(phase, time) => Ok(phase.retimed(time.value(&names).map_err(only)?)),
            Described::Sized(phase, bytes) => {
                let bytes = bytes.value(&names).map_err(only)?;
                Ok(phase.resized(&|_| bytes))
            }
            Described::Repeat(times, phases) => {
                let times = times.value(&names).map_err(only);
                let phases = self.all(phases, n_ranks);
                match (times, phases) {
                    (Ok(Count(times)), Ok(phases)) => Ok(Phase::Repeat { times, phases }),
                    (times, phases) => Err([times.err(), phases.err()].into_iter().flatten().flatten().collect()),
                }
            }
        }
    }
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
