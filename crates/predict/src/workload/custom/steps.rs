//! A program in phases on a number of ranks, as steps with jumps, and what a rank does in each of them.

use dlpc_engine::calls::CollectiveKind;
use dlpc_engine::program::RankId;
use dlpc_engine::program::phase::Share;
use dlpc_engine::units::{Bytes, SimDuration};

use super::described::{Custom, Described, RANK};
use super::farm::Farm;
use super::groups::{Groups, Known};
use super::imbalance::Imbalance;
use super::phase::{Act, Call, Grid, Outside, Peer, Size};
use super::{ALONG, TO};
use crate::diagnostic::Span;
use crate::written::expression::{Measure, Names, Units, grid};
use crate::written::formula::{Count, Countable, Formula, Truth, Whole, Worthless};

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Act(Act),
    /// Begins a repeat: `end` is the step after its last one, which is [`Step::Again`].
    Repeat {
        times: Formula<Count>,
        variable: Option<Box<str>>,
        end: usize,
    },
    /// Goes back to the step after the beginning of the repeat, at `start`.
    Again {
        start: usize,
    },
    /// Goes on at `end`, unless the condition holds.
    If {
        when: Formula<Truth>,
        end: usize,
    },
}

/// The steps on a number of ranks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Steps {
    pub(super) all: Vec<Step>,
    pub(super) n_ranks: u32,
    pace: f64,
}

/// Where a rank is: its number, and the repeats around it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Place {
    pub(super) rank: u32,
    pub(super) rounds: Vec<Round>,
}

/// A repeat that a rank is in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Round {
    pub(super) variable: Option<Box<str>>,
    pub(super) number: u32,
    pub(super) times: u32,
}

/// What a rank does in a step, in numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Doing {
    Compute {
        work: SimDuration,
        imbalance: Option<Imbalance>,
    },
    Sleep(SimDuration),
    Messages {
        call: Call,
        to: Option<(RankId, Bytes)>,
        from: Option<RankId>,
    },
    Waitall,
    Collective {
        kind: CollectiveKind,
        root: u32,
        bytes: Bytes,
        group: Option<Groups>,
    },
    /// Swaps with neighbours: each gets so many bytes.
    Swap {
        to: Vec<(u32, Bytes)>,
        from: Vec<u32>,
    },
    Farm(Farm),
    Nothing,
}

impl Steps {
    /// Returns the steps of a program on `n_ranks` ranks.
    pub(super) fn of(custom: &Custom, n_ranks: u32) -> Self {
        let mut all = Vec::new();
        add(&custom.folded_on(n_ranks), &mut all);
        Self { all, n_ranks, pace: custom.pace }
    }

    /// Returns what a rank does in a step.
    ///
    /// # Errors
    /// Why an expression has no value there.
    pub(super) fn doing(&self, act: &Act, place: &Place, known: &mut Known) -> Result<Doing, Worthless> {
        let names: Names<'_> = &|name| place.value_of(name);
        match act {
            Act::Compute { work, share, imbalance } => {
                let work = work.value(names)?;
                let work = if self.pace.total_cmp(&1.0).is_ne() { work.scaled_by(self.pace) } else { work };
                Ok(match share {
                    Share::RankZero if place.rank > 0 => Doing::Nothing,
                    Share::Divided => {
                        let work = SimDuration::from_picos(work.as_picos().div_ceil(self.n_ranks.into()));
                        Doing::Compute { work, imbalance: *imbalance }
                    }
                    Share::EachRank | Share::RankZero => Doing::Compute { work, imbalance: *imbalance },
                })
            }
            Act::Sleep(time) => Ok(Doing::Sleep(time.value(names)?)),
            Act::Message { call, to, from, bytes } => {
                let bytes = bytes.as_ref().map_or(Ok(Bytes(0)), |bytes| bytes.value(names))?;
                let to = to.as_ref().map(|peer| self.peer(peer, place)).transpose()?;
                let from = from.as_ref().map(|peer| self.peer(peer, place)).transpose()?;
                Ok(Doing::Messages { call: *call, to: to.map(|to| (to, bytes)), from })
            }
            Act::Waitall => Ok(Doing::Waitall),
            Act::Collective { kind, size, root, group } => {
                let group = group.as_ref().map(|group| known.groups(group, self.n_ranks, place)).transpose()?;
                self.collective(*kind, size, root, group, place)
            }
            Act::Ring(size) => {
                let bytes = size.of_each(size.bytes.value(names)?, self.n_ranks);
                let (rank, n) = (place.rank, self.n_ranks);
                Ok(if n == 1 {
                    Doing::Nothing
                } else {
                    Doing::Swap { to: vec![((rank + 1) % n, bytes)], from: vec![(rank + n - 1) % n] }
                })
            }
            Act::Halo { size, grid, is_periodic } => self.halo(size, grid, *is_periodic, place),
            Act::Farm { tasks, service, deal, item, result } => Ok(Doing::Farm(Farm {
                n_tasks: tasks.value(names)?.0,
                service: *service,
                pace: self.pace,
                deal: *deal,
                item_bytes: item.value(names)?,
                result_bytes: result.value(names)?,
            })),
        }
    }

    /// Returns a rank that is named, or nobody.
    fn peer(&self, peer: &Peer, place: &Place) -> Result<RankId, Worthless> {
        let Whole(rank) = peer.rank.value(&|name| place.value_of(name))?;
        match u32::try_from(rank).ok().filter(|rank| *rank < self.n_ranks) {
            Some(rank) => Ok(RankId(rank)),
            None if peer.outside == Outside::Nobody => Ok(RankId::NOBODY),
            None => {
                let message = format!("is {rank}, but ranks are 0 to {}", self.n_ranks - 1);
                let help = "write `outside = \"nobody\"` beside it if nothing is sent there, or for instance \
                            `(rank + 1) mod ranks` to start over";
                Err(worthless(&peer.rank, &message, help))
            }
        }
    }

    fn collective(
        &self,
        kind: CollectiveKind,
        size: &Size,
        root: &Formula<Whole>,
        group: Option<Groups>,
        place: &Place,
    ) -> Result<Doing, Worthless> {
        let n = group.as_ref().map_or(self.n_ranks, |groups| groups.n_in_that_of(place.rank));
        let bytes = self.own_bytes(kind, size, n, place)?;
        let Whole(at) = root.value(&|name| place.value_of(name))?;
        if let Some(root) = u32::try_from(at).ok().filter(|root| *root < n) {
            return Ok(Doing::Collective { kind, root, bytes, group });
        }
        let of = if group.is_some() { "places in the group" } else { "ranks" };
        let message = format!("is {at}, but {of} are 0 to {}", n - 1);
        Err(worthless(root, &message, "write for instance `root = \"k mod ranks\"`"))
    }

    /// Returns the bytes of a rank in a collective of `n`; checks all that it sends.
    fn own_bytes(&self, kind: CollectiveKind, size: &Size, n: u32, place: &Place) -> Result<Bytes, Worthless> {
        if kind == CollectiveKind::Alltoallv {
            return (0..self.n_ranks).try_fold(Bytes(0), |_, to| bytes_to(size, n, place, to));
        }
        Ok(size.of_each(size.bytes.value(&|name| place.value_of(name))?, n))
    }

    fn halo(&self, size: &Size, grid: &Grid, is_periodic: bool, place: &Place) -> Result<Doing, Worthless> {
        let sides = self.sides(grid, place)?;
        let (mut to, mut from) = (Vec::new(), Vec::new());
        for (along, neighbours) in neighbours(&sides, place.rank, is_periodic).into_iter().enumerate() {
            let along = u32::try_from(along).expect("invariant: three at most");
            let names = |name: &str| if name == ALONG { Some(number(along)) } else { place.value_of(name) };
            if neighbours.is_empty() {
                continue;
            }
            let bytes = size.of_each(size.bytes.value(&names)?, self.n_ranks);
            to.extend(neighbours.iter().map(|neighbour| (*neighbour, bytes)));
            from.extend(neighbours);
        }
        Ok(if to.is_empty() { Doing::Nothing } else { Doing::Swap { to, from } })
    }

    /// Returns the sides of a grid.
    fn sides(&self, grid: &Grid, place: &Place) -> Result<Vec<u32>, Worthless> {
        let sides = match grid {
            Grid::Square { dimensions } => {
                return Ok(grid::sides(self.n_ranks, *dimensions)[..*dimensions as usize].to_vec());
            }
            Grid::Sides(sides) => sides,
        };
        let names: Names<'_> = &|name| place.value_of(name);
        let values: Result<Vec<i64>, Worthless> = sides.iter().map(|side| Ok(side.value(names)?.0)).collect();
        let values = values?;
        let sides_there: Option<Vec<u32>> =
            values.iter().map(|side| u32::try_from(*side).ok().filter(|side| *side > 0)).collect();
        let fits = |sides: &Vec<u32>| {
            sides.iter().map(|side| u64::from(*side)).fold(1, u64::saturating_mul) == u64::from(self.n_ranks)
        };
        sides_there.filter(fits).ok_or_else(|| {
            let all = values.iter().map(i64::to_string).collect::<Vec<_>>().join(" x ");
            let message = format!("makes a grid of {all}, which are not {} ranks", self.n_ranks);
            worthless(&sides[0], &message, "write for instance `grid = [\"side(ranks, 2, 0)\", \"side(ranks, 2, 1)\"]`")
        })
    }
}

/// Returns the bytes that a rank has for another one in an alltoallv of `n`.
pub(super) fn bytes_to(size: &Size, n: u32, place: &Place, to: u32) -> Result<Bytes, Worthless> {
    let names = |name: &str| if name == TO { Some(number(to)) } else { place.value_of(name) };
    Ok(size.of_each(size.bytes.value(&names)?, n))
}

/// Returns the bytes of each member of a group in a collective, in their order.
pub(super) fn bytes_of(size: &Size, members: &[u32], place: &Place) -> Result<Vec<Bytes>, Worthless> {
    let n = u32::try_from(members.len()).expect("invariant: ranks");
    let of = |rank: &u32| Ok(size.of_each(size.bytes.value(&|name| place.value_on(*rank, name))?, n));
    members.iter().map(of).collect()
}

/// Returns the neighbours of a rank along each dimension of a grid, the lower one first; a rank is no neighbour of itself.
fn neighbours(sides: &[u32], rank: u32, is_periodic: bool) -> Vec<Vec<u32>> {
    let mut stride: u32 = sides.iter().product();
    let along = |side: &u32| {
        stride /= *side;
        let at = rank / stride % side;
        let first = rank - at * stride;
        let place = |at: u32| first + at * stride;
        let (lower, upper) = (at.checked_sub(1), Some(at + 1).filter(|at| at < side));
        let around = is_periodic && *side > 1;
        let lower = lower.or_else(|| around.then(|| side - 1));
        let upper = upper.or_else(|| around.then_some(0));
        [lower, upper].into_iter().flatten().map(place).collect()
    };
    sides.iter().map(along).collect()
}

/// Says that the value of a formula is none here.
fn worthless<Q: Countable>(formula: &Formula<Q>, message: &str, help: &str) -> Worthless {
    let (text, span) = formula.expression().map_or(("it", None), |(of, span)| (of.text(), Some(span)));
    let message = format!("`{text}` {message}");
    Worthless { span: span.unwrap_or(Span::NOWHERE), message, help: help.to_owned() }
}

pub(super) fn number(value: u32) -> Measure {
    Measure { value: value.into(), units: Units::NONE }
}

impl Place {
    /// Returns what a name stands for.
    pub(super) fn value_of(&self, name: &str) -> Option<Measure> {
        self.value_on(self.rank, name)
    }

    /// Returns what a name stands for on another rank, in the same repeats.
    pub(super) fn value_on(&self, rank: u32, name: &str) -> Option<Measure> {
        if name == RANK {
            return Some(number(rank));
        }
        let round = self.rounds.iter().rev().find(|round| round.variable.as_deref() == Some(name))?;
        Some(number(round.number))
    }
}

fn add(phases: &[Described], all: &mut Vec<Step>) {
    for phase in phases {
        let start = all.len();
        match phase {
            Described::Act(act) => all.push(Step::Act(act.clone())),
            Described::Repeat { times, variable, phases } => {
                all.push(Step::Repeat { times: times.clone(), variable: variable.clone(), end: 0 });
                add(phases, all);
                all.push(Step::Again { start });
                let n = all.len();
                if let Step::Repeat { end, .. } = &mut all[start] {
                    *end = n;
                }
            }
            Described::If(when, phase) => {
                all.push(Step::If { when: when.clone(), end: 0 });
                add(std::slice::from_ref(phase), all);
                let n = all.len();
                if let Step::If { end, .. } = &mut all[start] {
                    *end = n;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::neighbours;

    /// Ranks 0 1 2 / 3 4 5: rank 4 is in the middle of the lower row, rank 0 in a corner.
    #[test]
    fn ranks_have_the_neighbours_of_their_place_on_the_grid() {
        assert_eq!(neighbours(&[2, 3], 0, false), [vec![3], vec![1]]);
        assert_eq!(neighbours(&[2, 3], 4, false), [vec![1], vec![3, 5]]);
        assert_eq!(neighbours(&[2, 3], 0, true), [vec![3, 3], vec![2, 1]]);
        assert_eq!(neighbours(&[1, 4], 0, true), [vec![], vec![3, 1]]);
        assert_eq!(neighbours(&[2, 2, 2], 7, false), [vec![3], vec![5], vec![6]]);
    }
}
