//! Goes through a program without simulating it: which expressions have no value, and how many ops there are.
//!
//! What does not depend on the rank is looked at once for all of them, and a repeat whose phases do not depend on its number
//! once for all times.

use std::collections::BTreeSet;

use dlpc_engine::calls::{CollectiveCall, CollectiveKind};
use dlpc_engine::machine::CollectiveOverrides;
use dlpc_engine::program::collective::{Collective, called};
use dlpc_engine::units::Bytes;

use super::described::RANK;
use super::groups::Known;
use super::phase::{Act, Call};
use super::steps::{Doing, Place, Round, Step, Steps};
use crate::diagnostic::Span;
use crate::written::expression::Names;
use crate::written::formula::{Count, Countable, Formula, Truth, Worthless};

/// Most values of expressions that are looked at: takes a few seconds.
const VALUES_MAX: u64 = 10_000_000;

/// Returns the expressions that have no value somewhere; each once.
pub(super) fn worthless(steps: &Steps) -> Vec<Worthless> {
    let mut walk = Walk::new(steps, None);
    walk.all();
    walk.worthless
}

/// Returns the most ops that all ranks have together; expressions have values everywhere.
pub(super) fn n_ops_at_most(steps: &Steps, overrides: CollectiveOverrides) -> u64 {
    let mut walk = Walk::new(steps, Some(overrides));
    walk.all();
    walk.n_ops
}

struct Walk<'s> {
    steps: &'s Steps,
    /// By step: whether it, or a step within it, depends on the rank.
    depends_on_rank: Vec<bool>,
    /// By step: whether it is a repeat on whose number a step within it depends.
    depends_on_number: Vec<bool>,
    /// With which ops are counted.
    overrides: Option<CollectiveOverrides>,
    known: Known,
    counted: Vec<(Collective, u64)>,
    place: Place,
    n_values: u64,
    n_ops: u64,
    worthless: Vec<Worthless>,
    reported: BTreeSet<Span>,
}

/// Which ranks are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ranks {
    /// All at once: nothing depends on the rank.
    All,
    /// The one of the place.
    One,
}

impl<'s> Walk<'s> {
    fn new(steps: &'s Steps, overrides: Option<CollectiveOverrides>) -> Self {
        let n = steps.all.len();
        let depends = |i: usize, name: &str| (i..end_of(steps, i)).any(|inner| uses(&steps.all[inner], name));
        let on_number = |i: usize| match &steps.all[i] {
            Step::Repeat { variable: Some(variable), .. } => depends(i, variable),
            _ => false,
        };
        Self {
            steps,
            depends_on_rank: (0..n).map(|i| depends(i, RANK)).collect(),
            depends_on_number: (0..n).map(on_number).collect(),
            overrides,
            known: Known::default(),
            counted: Vec::new(),
            place: Place::default(),
            n_values: 0,
            n_ops: 0,
            worthless: Vec::new(),
            reported: BTreeSet::new(),
        }
    }

    fn all(&mut self) {
        self.range(0, self.steps.all.len(), Ranks::All, 1);
    }

    /// Looks at the steps from `from` to one before `to`, which ranks come to `weight` times.
    fn range(&mut self, from: usize, to: usize, ranks: Ranks, weight: u64) {
        let mut i = from;
        while i < to && self.n_values <= VALUES_MAX {
            if ranks == Ranks::All && self.depends_on_rank[i] {
                for rank in 0..self.steps.n_ranks {
                    self.place.rank = rank;
                    self.step(i, Ranks::One, weight);
                }
            } else {
                self.step(i, ranks, weight);
            }
            i = end_of(self.steps, i);
        }
    }

    fn step(&mut self, i: usize, ranks: Ranks, weight: u64) {
        let steps = self.steps;
        match &steps.all[i] {
            Step::Act(act) => self.act(act, ranks, weight),
            Step::Repeat { times, variable, end } => {
                let Some(Count(times)) = self.value(times) else { return };
                let rounds = if self.depends_on_number[i] { times } else { times.min(1) };
                let weight = if self.depends_on_number[i] { weight } else { weight.saturating_mul(times.into()) };
                for number in 0..rounds {
                    self.place.rounds.push(Round { variable: variable.clone(), number, times });
                    self.range(i + 1, end - 1, ranks, weight);
                    self.place.rounds.pop();
                    if self.n_values > VALUES_MAX {
                        return;
                    }
                }
            }
            Step::If { when, end } => {
                if self.value(when) == Some(Truth(true)) {
                    self.range(i + 1, *end, ranks, weight);
                }
            }
            Step::Again { .. } => {}
        }
    }

    fn act(&mut self, act: &Act, ranks: Ranks, weight: u64) {
        let is_by_pair = matches!(act, Act::Collective { kind: CollectiveKind::Alltoallv, .. });
        self.n_values += if is_by_pair { u64::from(self.steps.n_ranks) } else { 1 };
        self.check_number_of_values(act.expressions().first().map(|(_, span, _)| *span));
        match self.steps.doing(act, &self.place, &mut self.known) {
            Ok(doing) => {
                if let Some(overrides) = self.overrides {
                    let n = self.n_ops_of(&doing, ranks, overrides);
                    self.n_ops = self.n_ops.saturating_add(n.saturating_mul(weight));
                }
            }
            Err(worthless) => self.report(worthless),
        }
    }

    fn value<Q: Countable>(&mut self, formula: &Formula<Q>) -> Option<Q> {
        self.n_values += 1;
        self.check_number_of_values(formula.expression().map(|(_, span)| span));
        let place = &self.place;
        let names: Names<'_> = &|name| place.value_of(name);
        formula.value(names).map_err(|worthless| self.report(worthless)).ok()
    }

    fn check_number_of_values(&mut self, span: Option<Span>) {
        if let (true, Some(span)) = (self.n_values > VALUES_MAX, span) {
            let message = format!("expressions have more than {VALUES_MAX} values on all ranks and repeats");
            let help = "let fewer phases depend on `rank` and on variables, or repeat less often".to_owned();
            self.report(Worthless { span, message, help });
        }
    }

    /// Remembers what is wrong at a place, with where the rank is.
    fn report(&mut self, worthless: Worthless) {
        let Worthless { span, message, help } = worthless;
        if !self.reported.insert(span) {
            return;
        }
        let rounds = self.place.rounds.iter().filter_map(|round| {
            let variable = round.variable.as_deref()?;
            message.contains(variable).then(|| format!("`{variable}` is {}", round.number))
        });
        let depends = message.contains(RANK) && message.replace("ranks", "").contains(RANK);
        let rank = depends.then(|| format!("`{RANK}` is {}", self.place.rank));
        let at: Vec<String> = rank.into_iter().chain(rounds).collect();
        let at = if at.is_empty() { String::new() } else { format!("where {}, ", at.join(" and ")) };
        self.worthless.push(Worthless { span, message: format!("{at}{message}"), help });
    }

    /// Returns the ops of one rank, or of all.
    fn n_ops_of(&mut self, doing: &Doing, ranks: Ranks, overrides: CollectiveOverrides) -> u64 {
        let n_ranks = self.steps.n_ranks;
        let of_one: u64 = match doing {
            Doing::Compute { .. } | Doing::Sleep(_) => 1,
            Doing::Messages { call: Call::Started, to, from } => {
                2 * (u64::from(to.is_some()) + u64::from(from.is_some()))
            }
            Doing::Messages { to, from, .. } => {
                if to.is_some() && from.is_some() {
                    3
                } else {
                    1
                }
            }
            Doing::Swap { to, from } => (to.len() + from.len()) as u64 + 1,
            Doing::Waitall | Doing::Nothing => 0,
            Doing::Farm(farm) => {
                let all = farm.n_ops_at_most(n_ranks);
                return if ranks == Ranks::All { all } else { all.div_ceil(n_ranks.into()) };
            }
            Doing::Collective { kind, root, bytes, group } => {
                let call = call_of(*kind, *root, *bytes, n_ranks);
                let counted = &mut self.counted;
                let mut n_ops = |n| if n == 1 { 0 } else { called::n_ops_at_most(&call, n, overrides, counted) };
                return match (group, ranks) {
                    (None, Ranks::All) => n_ops(n_ranks),
                    (None, Ranks::One) => n_ops(n_ranks).div_ceil(n_ranks.into()),
                    (Some(groups), Ranks::All) => groups.sizes().map(n_ops).fold(0, u64::saturating_add),
                    (Some(groups), Ranks::One) => {
                        let n = groups.n_in_that_of(self.place.rank);
                        n_ops(n).div_ceil(n.into())
                    }
                };
            }
        };
        if ranks == Ranks::All { of_one.saturating_mul(n_ranks.into()) } else { of_one }
    }
}

/// Returns a collective with parts of the same size, which is enough to count its ops.
fn call_of(kind: CollectiveKind, root: u32, bytes: Bytes, n_ranks: u32) -> CollectiveCall {
    let parts = || vec![Bytes(bytes.0.max(1)); n_ranks as usize].into_boxed_slice();
    let call = CollectiveCall::of(kind, root, bytes);
    match kind {
        CollectiveKind::Allgatherv => CollectiveCall { recvs: parts(), ..call },
        _ => call,
    }
}

/// Returns the step after one and all within it.
fn end_of(steps: &Steps, i: usize) -> usize {
    match &steps.all[i] {
        Step::Repeat { end, .. } | Step::If { end, .. } => *end,
        Step::Act(_) | Step::Again { .. } => i + 1,
    }
}

/// Returns whether an expression of a step has a name in it.
fn uses(step: &Step, name: &str) -> bool {
    let has = |names: Vec<(&str, std::ops::Range<usize>)>| names.iter().any(|(used, _)| *used == name);
    match step {
        Step::Act(act) => act.expressions().iter().any(|(of, ..)| has(of.names())),
        Step::Repeat { times, .. } => times.expression().is_some_and(|(of, _)| has(of.names())),
        Step::If { when, .. } => when.expression().is_some_and(|(of, _)| has(of.names())),
        Step::Again { .. } => false,
    }
}
