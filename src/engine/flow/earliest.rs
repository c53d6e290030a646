//! The earliest of the times of many owners, of which any number change at once: a tree of minima.

use std::ops::Range;

use crate::units::SimTime;

const FANOUT: usize = 16;
const NEVER: SimTime = SimTime::from_picos(u64::MAX);

/// A time for each owner. Unlike in a heap, nothing is moved when a time changes, and nothing outdated is left behind.
#[derive(Debug)]
pub(super) struct Earliest {
    /// The times, by owner; then, level by level, the least of each 16 of the level below, up to a single one.
    levels: Vec<Vec<SimTime>>,
    /// Scratch memory: on each level, the times that are due.
    due: Vec<Vec<usize>>,
}

/// Returns where the children of a time stand on the level below, which has `n`.
fn children(i: usize, n: usize) -> Range<usize> {
    i * FANOUT..n.min((i + 1) * FANOUT)
}

fn least(times: &[SimTime]) -> SimTime {
    times.iter().copied().min().unwrap_or(NEVER)
}

impl Earliest {
    /// Nobody has a time.
    pub(super) fn new() -> Self {
        Self { levels: vec![vec![NEVER]], due: Vec::new() }
    }

    /// Gives an owner another time, or none.
    pub(super) fn set(&mut self, owner: u32, at: Option<SimTime>) {
        let mut i = owner as usize;
        self.make_room(i);
        let mut new = at.unwrap_or(NEVER);
        let mut old = std::mem::replace(&mut self.levels[0][i], new);
        for level in 1..self.levels.len() {
            let (below, above) = self.levels.split_at_mut(level);
            i /= FANOUT;
            let present = &mut above[0][i];
            if *present < old && *present <= new {
                return;
            }
            if *present < new {
                new = least(&below[level - 1][children(i, below[level - 1].len())]);
            }
            old = std::mem::replace(present, new);
            if old == new {
                return;
            }
        }
    }

    /// Returns the earliest time of all.
    pub(super) fn first(&self) -> Option<SimTime> {
        let first = self.levels.last().map_or(NEVER, |top| top[0]);
        (first < NEVER).then_some(first)
    }

    /// Takes the times that are not after `now` from their owners, and lists these from the lowest to the highest.
    pub(super) fn take_due(&mut self, now: SimTime, due: &mut Vec<u32>) {
        let top = self.levels.len() - 1;
        self.due.resize_with(self.levels.len(), Vec::new);
        self.due[top].clear();
        self.due[top].extend((self.levels[top][0] <= now).then_some(0));
        for level in (0..top).rev() {
            let (below, above) = self.due.split_at_mut(level + 1);
            let times = &self.levels[level];
            let children = above[0].iter().flat_map(|i| children(*i, times.len()));
            below[level].clear();
            below[level].extend(children.filter(|i| times[*i] <= now));
        }
        for i in &self.due[0] {
            self.levels[0][*i] = NEVER;
            due.push(u32::try_from(*i).expect("invariant: owners are numbered with 32 bits"));
        }
        for level in 1..=top {
            let (below, above) = self.levels.split_at_mut(level);
            for i in &self.due[level] {
                above[0][*i] = least(&below[level - 1][children(*i, below[level - 1].len())]);
            }
        }
    }

    fn make_room(&mut self, owner: usize) {
        let mut n = owner + 1;
        if n <= self.levels[0].len() {
            return;
        }
        for level in 0.. {
            if self.levels.len() == level {
                // The level below had a single time until now.
                let only = self.levels[level - 1][0];
                self.levels.push(vec![only]);
            }
            let times = &mut self.levels[level];
            times.resize(times.len().max(n), NEVER);
            if times.len() == 1 {
                return;
            }
            n = times.len().div_ceil(FANOUT);
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
