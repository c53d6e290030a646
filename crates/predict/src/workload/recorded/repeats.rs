//! Several recordings of one run: whatever else this computer does makes CPU times longer, never shorter.

use super::recording::{Run, Step};

impl Run {
    /// Returns a run with the shorter CPU time of each step of two, if their ranks did the same; otherwise the one that has
    /// taken less CPU time in all.
    #[must_use]
    pub fn least(mut self, other: Self) -> Self {
        if self.does_as(&other) {
            for (steps, others) in self.ranks.iter_mut().zip(&other.ranks) {
                for (step, other) in steps.iter_mut().zip(others) {
                    if let (Step::Compute(nanos), Step::Compute(others)) = (step, other) {
                        *nanos = (*nanos).min(*others);
                    }
                }
            }
            return self;
        }
        if self.cpu_nanos() <= other.cpu_nanos() { self } else { other }
    }

    /// Returns whether two runs differ in CPU times only.
    fn does_as(&self, other: &Self) -> bool {
        let is_same = |(step, other): (&Step, &Step)| match (step, other) {
            (Step::Compute(_), Step::Compute(_)) => true,
            (step, other) => step == other,
        };
        let do_same = |(steps, others): (&Vec<Step>, &Vec<Step>)| {
            steps.len() == others.len() && steps.iter().zip(others).all(is_same)
        };
        (&self.sites, &self.communicators) == (&other.sites, &other.communicators)
            && self.ranks.len() == other.ranks.len()
            && self.ranks.iter().zip(&other.ranks).all(do_same)
    }

    /// Returns the CPU time of all ranks, in ns.
    fn cpu_nanos(&self) -> u64 {
        let nanos = |step: &Step| if let Step::Compute(nanos) = step { *nanos } else { 0 };
        self.ranks.iter().flatten().map(nanos).fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use dlpc_engine::units::SimDuration;

    use super::*;

    fn run(steps: &[Step]) -> Run {
        Run { ranks: vec![steps.to_vec()], ..Run::new(1) }
    }

    #[test]
    fn each_step_counts_as_long_as_it_took_least() {
        let sleep = Step::Sleep(SimDuration::from_millis(1));
        let one = run(&[Step::Compute(5), sleep.clone(), Step::Compute(20)]);
        let other = run(&[Step::Compute(7), sleep.clone(), Step::Compute(12)]);
        assert_eq!(one.least(other), run(&[Step::Compute(5), sleep, Step::Compute(12)]));
    }

    #[test]
    fn of_runs_that_did_not_do_the_same_the_one_that_computed_less_counts() {
        let (one, other) = (run(&[Step::Compute(5), Step::Clock, Step::Compute(9)]), run(&[Step::Compute(13)]));
        assert_eq!(one.clone().least(other.clone()), other);
        assert_eq!(other.clone().least(one), other);
    }
}
