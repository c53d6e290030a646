//! In which order runs are measured: at random, so that a drift of the cluster is not taken for an effect of the ranks.

use dlpc_engine::random::{Purpose, Streams};
use rand::seq::SliceRandom;

/// One run to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// Rank count.
    pub ranks: u32,
    /// Number of the repetition, from 0.
    pub repeat: u32,
}

/// Returns every repetition of every rank count: all first repetitions in random order, then all second ones, ...
#[must_use]
pub fn shuffled(ranks: &[u32], repeats: u32, seed: u64) -> Vec<Run> {
    let mut all = Vec::new();
    for repeat in 0..repeats {
        let mut runs: Vec<Run> = ranks.iter().map(|ranks| Run { ranks: *ranks, repeat }).collect();
        runs.shuffle(&mut Streams::new(seed, repeat).stream(Purpose::Plan, 0));
        all.extend(runs);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_comes_once_and_repetitions_stay_apart() {
        let runs = shuffled(&[1, 2, 3, 4], 2, 7);
        assert!(runs[..4].iter().all(|run| run.repeat == 0) && runs[4..].iter().all(|run| run.repeat == 1));
        let mut ranks: Vec<u32> = runs[..4].iter().map(|run| run.ranks).collect();
        ranks.sort_unstable();
        assert_eq!(ranks, [1, 2, 3, 4]);
        assert_ne!(shuffled(&[1, 2, 3, 4, 5, 6], 1, 1), shuffled(&[1, 2, 3, 4, 5, 6], 1, 2));
    }
}
