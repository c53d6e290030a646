//! Phases: what all ranks do together, call by call, as MPI programs are described; they become a script.

use super::collective::selection;
use super::script::{Script, Step};
use crate::machine::{CollectiveOverrides, Kernel};
use crate::named;
use crate::units::{Bytes, SimDuration};

/// One phase of a program. Rank 0 is the root of rooted collectives.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Work on a core of speed 1.
    Compute {
        /// Work, of every rank or of all together.
        work: SimDuration,
        /// Who does it.
        share: Share,
    },
    /// The core is idle.
    Sleep(SimDuration),
    /// Barrier.
    Barrier,
    /// Bcast of this many bytes from rank 0.
    Bcast(Bytes),
    /// Scatter of this many bytes to each rank.
    Scatter(Bytes),
    /// Gather of this many bytes from each rank, all ranks the same and known to the root.
    Gather(Bytes),
    /// Gatherv of this many bytes from each rank.
    Gatherv(Bytes),
    /// Scatterv of this many bytes to each rank.
    Scatterv(Bytes),
    /// Reduce of a vector of this many bytes to rank 0.
    Reduce(Bytes),
    /// Allreduce of a vector of this many bytes.
    Allreduce(Bytes),
    /// Allgather of a block of this many bytes of each rank.
    Allgather(Bytes),
    /// Alltoall of a block of this many bytes from each rank to each other one.
    Alltoall(Bytes),
    /// Each rank sends this many bytes to the next one and receives from the previous one, at once.
    Ring(Bytes),
    /// Each rank swaps this many bytes with the previous rank and the next one; the first and the last one have one
    /// neighbour.
    Halo(Bytes),
    /// A phase with bytes, which are those of all ranks together: each has an equal part.
    Divided(Box<Phase>),
    /// Phases that are repeated.
    Repeat {
        /// How often.
        times: u32,
        /// What.
        phases: Vec<Phase>,
    },
}

impl Phase {
    /// Returns the phase with one of `n_ranks` equal parts of its bytes, rounded up.
    #[must_use]
    pub fn part_of_each(&self, n_ranks: u32) -> Self {
        self.resized(&|bytes| Bytes(bytes.0.div_ceil(n_ranks.into())))
    }

    /// Returns the phase with other bytes, if it has any.
    #[must_use]
    pub fn resized(&self, size: &dyn Fn(Bytes) -> Bytes) -> Self {
        match self {
            Self::Bcast(bytes) => Self::Bcast(size(*bytes)),
            Self::Scatter(bytes) => Self::Scatter(size(*bytes)),
            Self::Gather(bytes) => Self::Gather(size(*bytes)),
            Self::Gatherv(bytes) => Self::Gatherv(size(*bytes)),
            Self::Scatterv(bytes) => Self::Scatterv(size(*bytes)),
            Self::Reduce(bytes) => Self::Reduce(size(*bytes)),
            Self::Allreduce(bytes) => Self::Allreduce(size(*bytes)),
            Self::Allgather(bytes) => Self::Allgather(size(*bytes)),
            Self::Alltoall(bytes) => Self::Alltoall(size(*bytes)),
            Self::Ring(bytes) => Self::Ring(size(*bytes)),
            Self::Halo(bytes) => Self::Halo(size(*bytes)),
            Self::Divided(phase) => Self::Divided(Box::new(phase.resized(size))),
            Self::Compute { .. } | Self::Sleep(_) | Self::Barrier | Self::Repeat { .. } => self.clone(),
        }
    }

    /// Returns the phase with another time, if it has one.
    #[must_use]
    pub fn retimed(&self, time: SimDuration) -> Self {
        match self {
            Self::Compute { share, .. } => Self::Compute { work: time, share: *share },
            Self::Sleep(_) => Self::Sleep(time),
            other => other.clone(),
        }
    }
}

named! {
    /// Who does the work of a compute phase.
    pub enum Share as "Share" {
        EachRank = "each-rank" => "Each rank does all of it.",
        Divided = "divided" => "The ranks divide it evenly.",
        RankZero = "rank-zero" => "Rank 0 does it, the others go on.",
    }
}

/// Turns phases into a script.
pub(super) fn compile(phases: &[Phase], n_ranks: u32, overrides: CollectiveOverrides) -> Script {
    let mut steps = Vec::new();
    for phase in phases {
        compile_phase(phase, n_ranks, overrides, 0, &mut steps);
    }
    Script::new(steps, n_ranks)
}

fn compile_phase(phase: &Phase, n_ranks: u32, overrides: CollectiveOverrides, depth: usize, steps: &mut Vec<Step>) {
    let step = match phase {
        Phase::Compute { work, share } => match share {
            Share::EachRank => Step::Compute(Kernel::Custom, *work),
            Share::Divided => Step::Compute(Kernel::Custom, divided(*work, n_ranks)),
            Share::RankZero => Step::ComputeOnRankZero(Kernel::Custom, *work),
        },
        Phase::Sleep(duration) => Step::Sleep(*duration),
        Phase::Barrier => Step::Collective(selection::barrier(n_ranks, overrides)),
        Phase::Bcast(bytes) => Step::Collective(selection::bcast(n_ranks, *bytes, overrides)),
        Phase::Scatter(bytes) => Step::Collective(selection::scatter(n_ranks, *bytes, overrides)),
        Phase::Scatterv(bytes) => Step::Collective(selection::scatterv(*bytes, overrides)),
        Phase::Gather(bytes) => Step::Collective(selection::gather(n_ranks, *bytes, overrides)),
        Phase::Gatherv(bytes) => Step::Collective(selection::gatherv(*bytes, overrides)),
        Phase::Reduce(bytes) => Step::Collective(selection::reduce(n_ranks, *bytes, overrides)),
        Phase::Allreduce(bytes) => Step::Collective(selection::allreduce(n_ranks, *bytes, overrides)),
        Phase::Allgather(bytes) => Step::Collective(selection::allgather(n_ranks, *bytes, overrides)),
        Phase::Alltoall(bytes) => Step::Collective(selection::alltoall(n_ranks, *bytes, overrides)),
        Phase::Ring(bytes) => Step::Collective(selection::ring(*bytes)),
        Phase::Halo(bytes) => Step::Collective(selection::halo(*bytes)),
        Phase::Divided(phase) => return compile_phase(&phase.part_of_each(n_ranks), n_ranks, overrides, depth, steps),
        Phase::Repeat { times, phases } => {
            if *times == 0 || phases.is_empty() {
                return;
            }
            let to = steps.len();
            for phase in phases {
                compile_phase(phase, n_ranks, overrides, depth + 1, steps);
            }
            Step::Again { to, times: *times, depth }
        }
    };
    steps.push(step);
}

fn divided(work: SimDuration, n_ranks: u32) -> SimDuration {
    SimDuration::from_picos(work.as_picos().div_ceil(n_ranks.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::RankId;

    /// The ops that all ranks are given, one after the other.
    fn counted(script: &mut Script, n_ranks: u32) -> u64 {
        (0..n_ranks).map(|rank| (0..).map_while(|_: u64| script.next(RankId(rank))).count() as u64).sum()
    }

    #[test]
    fn the_ops_of_a_script_are_counted_without_going_through_it() {
        let compute = |share| Phase::Compute { work: SimDuration::from_micros(1), share };
        let phases = |bytes| {
            let collectives = [
                Phase::Barrier,
                Phase::Bcast(bytes),
                Phase::Scatter(bytes),
                Phase::Scatterv(bytes),
                Phase::Gather(bytes),
                Phase::Gatherv(bytes),
                Phase::Reduce(bytes),
                Phase::Allreduce(bytes),
                Phase::Allgather(bytes),
                Phase::Alltoall(bytes),
                Phase::Ring(bytes),
            ];
            let others =
                [compute(Share::EachRank), compute(Share::RankZero), Phase::Sleep(SimDuration::from_micros(1))];
            collectives.into_iter().chain(others).collect::<Vec<_>>()
        };
        for n_ranks in (1..=20).chain([64, 130]) {
            // By these sizes each collective has each of its algorithms at some rank count.
            for bytes in [0, 3, 600, 40_000, 700_000].map(Bytes) {
                let mut all = phases(bytes);
                for phase in &all {
                    let mut script = compile(std::slice::from_ref(phase), n_ranks, CollectiveOverrides::default());
                    assert_eq!(script.n_ops(), counted(&mut script, n_ranks), "{phase:?} at {n_ranks} ranks");
                }
                let inner = Phase::Repeat { times: 3, phases: vec![Phase::Barrier, compute(Share::RankZero)] };
                all.push(Phase::Repeat { times: 2, phases: vec![inner, Phase::Ring(bytes)] });
                let mut script = compile(&all, n_ranks, CollectiveOverrides::default());
                assert_eq!(script.n_ops(), counted(&mut script, n_ranks), "all at {n_ranks} ranks");
            }
        }
    }

    #[test]
    fn what_would_be_too_many_ops_to_count_is_the_most() {
        let innermost = Phase::Repeat { times: u32::MAX, phases: vec![Phase::Barrier] };
        let inner = Phase::Repeat { times: u32::MAX, phases: vec![innermost] };
        let phases = [Phase::Repeat { times: u32::MAX, phases: vec![inner] }];
        assert_eq!(compile(&phases, 8, CollectiveOverrides::default()).n_ops(), u64::MAX);
    }
}
