//! The earliest of the times of many owners, of which any number change at once: a tree of minima.

use crate::units::SimTime;

const FANOUT: usize = 16;
const NEVER: SimTime = SimTime::from_picos(u64::MAX);

/// A time for each owner. Unlike in a heap, nothing is moved when a time changes, and nothing outdated is left behind.
#[derive(Debug)]
pub(super) struct Earliest {
    /// The times, by owner; then, level by level, the least of each 16 of the level below, up to a single one.
    levels: Vec<Vec<SimTime>>,
}

impl Earliest {
    /// Nobody has a time.
    pub(super) fn new() -> Self {
        Self { levels: vec![vec![NEVER]] }
    }

    /// Gives an owner another time, or none.
    pub(super) fn set(&mut self, owner: u32, at: Option<SimTime>) {
        let mut i = owner as usize;
        self.make_room(i);
        let mut new = at.unwrap_or(NEVER);
        let mut old = std::mem::replace(&mut self.levels[0][i], new);
        for level in 1..self.levels.len() {
            let (below, above) = self.levels.split_at_mut(level);
            let first = i / FANOUT * FANOUT;
            i /= FANOUT;
            let least = &mut above[0][i];
            if *least < old && *least <= new {
                return;
            }
            if *least < new {
                let siblings = &below[level - 1][first..];
                new = siblings.iter().take(FANOUT).copied().min().unwrap_or(NEVER);
            }
            old = std::mem::replace(least, new);
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

    /// Returns the lowest owner whose time is not after `now`.
    pub(super) fn due_by(&self, now: SimTime) -> Option<u32> {
        let mut i = 0;
        for level in self.levels.iter().rev() {
            i += level[i..].iter().take(FANOUT).position(|at| *at <= now)?;
            i *= FANOUT;
        }
        u32::try_from(i / FANOUT).ok()
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
            changes in prop::collection::vec((0_u32..5000, prop::option::of(0_u64..50)), 1..200),
            most in prop::sample::select(vec![3_u32, 40, 5000]),
        ) {
            let (mut earliest, mut list) = (Earliest::new(), vec![None; 5000]);
            for (owner, picos) in changes {
                let owner = owner % most;
                earliest.set(owner, picos.map(SimTime::from_picos));
                list[owner as usize] = picos.map(SimTime::from_picos);
                let first = list.iter().flatten().min().copied();
                prop_assert_eq!(earliest.first(), first);
                for now in [0, 10, 49].map(SimTime::from_picos) {
                    let due = list.iter().position(|at| at.is_some_and(|at| at <= now));
                    prop_assert_eq!(earliest.due_by(now).map(|owner| owner as usize), due);
                }
            }
        }
    }
}
