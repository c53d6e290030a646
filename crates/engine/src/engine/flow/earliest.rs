//! The earliest of the times of many owners, of which any number change at once: a tree of minima.

use std::ops::Range;

use crate::units::SimTime;

const FANOUT: usize = 16;
const NEVER: SimTime = SimTime::from_picos(u64::MAX);

/// A time for each owner. Unlike in a heap, nothing is moved when a time changes, and nothing outdated is left behind.
#[derive(Debug)]
pub(super) struct Earliest {
    /// By owner.
    times: Vec<SimTime>,
    /// Level by level, the least of each 16 of the level below, up to a single one.
    levels: Vec<Level>,
    /// Scratch memory: on each level from the times on, what is due.
    due: Vec<Vec<usize>>,
}

/// The least times of the level below.
#[derive(Debug, Default)]
struct Level {
    least: Vec<SimTime>,
    is_stale: Vec<bool>,
    /// Those that have to be looked at again, because a time below has changed.
    stale: Vec<usize>,
}

/// Returns where the children of a time stand on the level below, which has `n`.
fn children(i: usize, n: usize) -> Range<usize> {
    i * FANOUT..n.min((i + 1) * FANOUT)
}

fn least(times: &[SimTime]) -> SimTime {
    times.iter().copied().fold(NEVER, SimTime::min)
}

impl Level {
    fn make_stale(&mut self, i: usize) {
        if !std::mem::replace(&mut self.is_stale[i], true) {
            self.stale.push(i);
        }
    }
}

impl Earliest {
    /// Nobody has a time.
    pub(super) fn new() -> Self {
        Self { times: Vec::new(), levels: vec![Level::default()], due: Vec::new() }
    }

    /// Gives an owner another time, or none.
    pub(super) fn set(&mut self, owner: u32, at: Option<SimTime>) {
        let i = owner as usize;
        self.make_room(i);
        let new = at.unwrap_or(NEVER);
        let old = std::mem::replace(&mut self.times[i], new);
        let above = &mut self.levels[0];
        let least = above.least[i / FANOUT];
        if new < least || (old <= least && old < new) {
            above.make_stale(i / FANOUT);
        }
    }

    /// Returns the earliest time of all.
    pub(super) fn first(&mut self) -> Option<SimTime> {
        self.refresh();
        let first = self.levels.last().and_then(|top| top.least.first().copied());
        first.filter(|first| *first < NEVER)
    }

    /// Takes the times that are not after `now` from their owners, and lists these from the lowest to the highest.
    pub(super) fn take_due(&mut self, now: SimTime, due: &mut Vec<u32>) {
        self.refresh();
        let top = self.levels.len();
        self.due.resize_with(top + 1, Vec::new);
        self.due[top].clear();
        self.due[top].extend(self.levels[top - 1].least.first().filter(|first| **first <= now).map(|_| 0));
        for level in (0..top).rev() {
            let (below, above) = self.due.split_at_mut(level + 1);
            let times = if level == 0 { &self.times } else { &self.levels[level - 1].least };
            let children = above[0].iter().flat_map(|i| children(*i, times.len()));
            below[level].clear();
            below[level].extend(children.filter(|i| times[*i] <= now));
        }
        for i in &self.due[0] {
            self.times[*i] = NEVER;
            self.levels[0].make_stale(*i / FANOUT);
            due.push(u32::try_from(*i).expect("invariant: owners are numbered with 32 bits"));
        }
    }

    /// Brings the levels up to date, each time once however many below it have changed.
    fn refresh(&mut self) {
        for level in 0..self.levels.len() {
            let (below, above) = self.levels.split_at_mut(level);
            let times = below.last().map_or(&self.times, |below| &below.least);
            let [this, above @ ..] = above else { return };
            for i in this.stale.drain(..) {
                this.is_stale[i] = false;
                let new = least(&times[children(i, times.len())]);
                let old = std::mem::replace(&mut this.least[i], new);
                if let Some(above) = above.first_mut().filter(|_| old != new) {
                    above.make_stale(i / FANOUT);
                }
            }
        }
    }

    fn make_room(&mut self, owner: usize) {
        let mut n = owner + 1;
        if n <= self.times.len() {
            return;
        }
        self.times.resize(n, NEVER);
        for level in 0.. {
            n = n.div_ceil(FANOUT);
            if self.levels.len() == level {
                self.levels.push(Level::default());
            }
            let this = &mut self.levels[level];
            let is_new = this.least.is_empty();
            this.least.resize(n, NEVER);
            this.is_stale.resize(n, false);
            if is_new {
                this.make_stale(0);
            }
            if n == 1 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A list of times is the oracle.
        #[test]
        fn the_earliest_and_who_is_due_are_those_of_a_list(
            changes in prop::collection::vec((0_u32..5000, prop::option::of(0_u64..50), 0_u64..20), 1..200),
            most in prop::sample::select(vec![3_u32, 40, 5000]),
        ) {
            let (mut earliest, mut list) = (Earliest::new(), vec![None; 5000]);
            for (owner, picos, now) in changes {
                let owner = owner % most;
                earliest.set(owner, picos.map(SimTime::from_picos));
                list[owner as usize] = picos.map(SimTime::from_picos);
                let first = list.iter().flatten().min().copied();
                prop_assert_eq!(earliest.first(), first);
                let now = SimTime::from_picos(now);
                let is_due = |(owner, at): (u32, &Option<SimTime>)| at.is_some_and(|at| at <= now).then_some(owner);
                let expected: Vec<u32> = (0..).zip(&list).filter_map(is_due).collect();
                let mut due = Vec::new();
                earliest.take_due(now, &mut due);
                prop_assert_eq!(due, expected);
                list.iter_mut().filter(|at| at.is_some_and(|at| at <= now)).for_each(|at| *at = None);
                prop_assert_eq!(earliest.first(), list.iter().flatten().min().copied());
            }
        }
    }
}
