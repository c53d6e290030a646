//! Where in the program the ranks compute: from one call to the next; and which part of a run is its time.

use std::collections::BTreeMap;
use std::fmt;

use dlpc_engine::named;

use super::recording::{Run, Step};

named! {
    /// Which part of a run its time is.
    pub enum Timed as "Timed" {
        Run = "run" => "All of it, from `MPI_Init` to `MPI_Finalize` of the last rank.",
        Program = "program" => "From the first to the last look at a clock that rank 0 takes.",
    }
}

/// What ranks compute from a call at one place in the program to the next call, at another place or at the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phase {
    /// Place of the call before; none at the start, or where it is not known.
    pub after: Option<String>,
    /// Place of the call after; none at the end, or where it is not known.
    pub upto: Option<String>,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.after.as_deref().map(short), self.upto.as_deref().map(short)) {
            (None, None) => write!(f, "all of the program"),
            (None, Some(upto)) => write!(f, "the start to {upto}"),
            (Some(after), None) => write!(f, "{after} to the end"),
            (Some(after), Some(upto)) if after == upto => write!(f, "{after}"),
            (Some(after), Some(upto)) => write!(f, "{after} to {upto}"),
        }
    }
}

/// Returns the place without the folder that its source is in.
#[must_use]
pub fn short(site: &str) -> &str {
    if site.contains(" in ") { site } else { site.rsplit('/').next().unwrap_or(site) }
}

/// A phase by the numbers of its places in a run.
pub(super) type Between = (Option<u32>, Option<u32>);

impl Run {
    /// Returns for each computing step of a rank, in their order, which phase it is of.
    pub(super) fn between(&self, rank: usize) -> Vec<Between> {
        let mut after = None;
        let mut found: Vec<Between> = Vec::new();
        let mut is_open = false;
        for step in &self.ranks[rank] {
            match step {
                Step::Compute(_) => {
                    found.push((after, None));
                    is_open = true;
                }
                Step::At(site) => {
                    if is_open {
                        found.last_mut().expect("invariant: it is open").1 = Some(*site);
                        is_open = false;
                    }
                    after = Some(*site);
                }
                Step::Sleep(_) | Step::Call(_) | Step::Clock => {
                    if is_open {
                        found.last_mut().expect("invariant: it is open").1 = after;
                        is_open = false;
                    }
                }
            }
        }
        found
    }

    /// Returns a phase by the names of its places.
    pub(super) fn named(&self, (after, upto): Between) -> Phase {
        let name = |site: Option<u32>| site.map(|site| self.sites[site as usize].clone());
        Phase { after: name(after), upto: name(upto) }
    }

    /// Returns a phase by the numbers of its places; none if the run has not been there.
    pub(super) fn numbered(&self, phase: &Phase) -> Option<Between> {
        let number = |site: &Option<String>| match site {
            Some(name) => self.sites.iter().position(|site| site == name).map(|i| u32::try_from(i).ok()),
            None => Some(None),
        };
        Some((number(&phase.after)?, number(&phase.upto)?))
    }

    /// Returns the CPU time of all ranks in each phase, in ns.
    #[must_use]
    pub fn phases(&self) -> BTreeMap<Phase, u64> {
        let mut sums: BTreeMap<Between, u64> = BTreeMap::new();
        for (rank, steps) in self.ranks.iter().enumerate() {
            let nanos =
                steps.iter().filter_map(|step| if let Step::Compute(nanos) = step { Some(*nanos) } else { None });
            for (between, nanos) in self.between(rank).into_iter().zip(nanos) {
                let sum = sums.entry(between).or_default();
                *sum = sum.saturating_add(nanos);
            }
        }
        sums.into_iter().map(|(between, nanos)| (self.named(between), nanos)).collect()
    }

    /// Returns the numbers of the steps in which rank 0 looks at a clock first and last; none if it does not twice.
    pub(super) fn timed_steps(&self) -> Option<(usize, usize)> {
        let looks = || self.ranks[0].iter().enumerate().filter(|(_, step)| **step == Step::Clock).map(|(i, _)| i);
        let (first, last) = (looks().next()?, looks().next_back()?);
        (first < last).then_some((first, last))
    }

    /// Returns the places in which rank 0 looks at a clock first and last; none if it does not twice.
    #[must_use]
    pub fn timed_between(&self) -> Option<(Option<&str>, Option<&str>)> {
        let (first, last) = self.timed_steps()?;
        let site = |end: usize| {
            let latest = self.ranks[0][..end].iter().rev();
            let number = latest.into_iter().find_map(|step| if let Step::At(site) = step { Some(*site) } else { None });
            number.map(|site| self.sites[site as usize].as_str())
        };
        Some((site(first), site(last)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        let mut run = Run::new(1);
        run.add(0, Step::Compute(1));
        for (site, nanos) in [("x.py:2", 20), ("x.py:2", 300), ("x.py:3", 4000)] {
            run.at(0, site);
            run.clock(0);
            run.add(0, Step::Compute(nanos));
        }
        run
    }

    #[test]
    fn computing_is_between_the_calls_before_and_after_it() {
        let found: Vec<(String, u64)> =
            run().phases().into_iter().map(|(phase, nanos)| (phase.to_string(), nanos)).collect();
        let expected =
            [("the start to x.py:2", 1), ("x.py:2", 20), ("x.py:2 to x.py:3", 300), ("x.py:3 to the end", 4000)];
        assert_eq!(found, expected.map(|(phase, nanos)| (phase.to_owned(), nanos)));
    }

    #[test]
    fn a_program_times_itself_from_its_first_to_its_last_look_at_a_clock() {
        assert_eq!(run().timed_between(), Some((Some("x.py:2"), Some("x.py:3"))));
        let mut once = Run::new(1);
        once.clock(0);
        assert_eq!(once.timed_between(), None);
    }

    /// A loop that waits for a time looks at the clock again and again: the first and the last look are kept.
    #[test]
    fn looks_in_a_loop_are_two() {
        let mut run = Run::new(1);
        for _ in 0..10 {
            run.at(0, "x.c:7");
            run.clock(0);
            run.add(0, Step::Compute(5));
        }
        let Step::At(_) = run.ranks[0][0] else { panic!("{:?}", run.ranks) };
        let expected = [Step::Clock, Step::Compute(45), Step::Clock, Step::Compute(5)];
        assert_eq!(run.ranks[0][1..], expected);
    }
}
