//! Queueing theory of log streams: the least rank count that keeps up with the producer in the long run.

use dlpc_engine::maths;

/// A stream of files, as queueing theory sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// Mean time between two files, in seconds.
    pub interval_s: f64,
    /// Service times of one file on a core of speed 1, sorted: a sample of their distribution, not empty.
    pub services_s: Vec<f64>,
    /// Speed of the core of each rank, as far as there are ranks.
    pub speeds: Vec<f64>,
}

impl Queue {
    /// Returns the least number of ranks that keeps up in rounds: a round of *n* files takes as long as the slowest of
    /// them and must not outlast *n* intervals (docs/model.md eq. 45). None if all ranks are too few.
    #[must_use]
    pub fn least_in_rounds(&self) -> Option<u32> {
        // The slowest of several takes at least as long as the mean, which is found faster; but for rounding.
        let least_s = dlpc_engine::stats::mean(&self.services_s) * (1.0 - 1e-9);
        let mut slowest = f64::INFINITY;
        (1..=self.n_ranks()).find(|n| {
            slowest = slowest.min(self.speeds[*n as usize - 1]);
            let limit_s = f64::from(*n) * self.interval_s * slowest;
            least_s <= limit_s && expected_max(&self.services_s, *n) <= limit_s
        })
    }

    /// Returns the least number of ranks that keeps up if the first free worker takes the next file: all workers
    /// together must serve more files than come, and rank 0 only hands them out unless it is alone (docs/model.md eq.
    /// 46). None if all ranks are too few.
    #[must_use]
    pub fn least_first_free(&self) -> Option<u32> {
        (1..=self.n_ranks()).find(|n| {
            let workers = if *n == 1 { &self.speeds[..1] } else { &self.speeds[1..*n as usize] };
            let mean_s = dlpc_engine::stats::mean(&self.services_s);
            let load = mean_s / (self.interval_s * workers.iter().sum::<f64>());
            // A single rank looks for the next file when it is done with one, so it may be busy all the time.
            if *n == 1 { load <= 1.0 } else { load < 1.0 }
        })
    }

    fn n_ranks(&self) -> u32 {
        u32::try_from(self.speeds.len()).expect("invariant: fewer than 2^32 ranks")
    }
}

/// Returns the mean of the largest of `n` independent draws from the sorted sample `sorted`.
///
/// `sum of x_i ((i/m)^n - ((i-1)/m)^n)` over the m values in ascending order: the largest is at most `x_i` with
/// probability (i/m)^n.
///
/// ```
/// // Two draws from {1, 2}: 2 with probability 3/4, so 1/4 + 2 * 3/4
/// assert!((dlpc_predict::analysis::queueing::expected_max(&[1.0, 2.0], 2) - 1.75).abs() < 1e-12);
/// ```
#[must_use]
pub fn expected_max(sorted: &[f64], n: u32) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand samples")]
    let reaches = |i: usize| maths::powf(i as f64 / sorted.len() as f64, f64::from(n));
    sorted.iter().enumerate().map(|(i, value)| value * (reaches(i + 1) - reaches(i))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(interval_s: f64, service_s: f64) -> Queue {
        Queue { interval_s, services_s: vec![service_s], speeds: vec![1.0; 32] }
    }

    #[test]
    fn rounds_need_service_over_interval_ranks() {
        // 60 s each, one every 5 s: a round of 12 takes 60 s, in which 12 come.
        assert_eq!(queue(5.0, 60.0).least_in_rounds(), Some(12));
    }

    #[test]
    fn first_free_needs_a_dispatcher_and_a_little_slack() {
        // 12 workers would be busy all the time; 13 and rank 0 are 14.
        assert_eq!(queue(5.0, 60.0).least_first_free(), Some(14));
    }

    #[test]
    fn one_rank_is_enough_for_a_slow_producer() {
        assert_eq!((queue(5.0, 1.0).least_in_rounds(), queue(5.0, 1.0).least_first_free()), (Some(1), Some(1)));
    }

    #[test]
    fn no_rank_count_may_be_enough() {
        assert_eq!(queue(1.0, 60.0).least_in_rounds(), None);
    }

    #[test]
    fn what_scatters_makes_rounds_longer_than_their_mean() {
        // Half 1 s, half 3 s, one every 2 s: first free, 1 rank is busy all the time; two in a round take 2.5 s of 4 s.
        let queue = Queue { services_s: vec![1.0, 3.0], ..queue(1.3, 1.0) };
        // n = 1: 2 <= 1.3? no. n = 2: 1 * 1/4 + 3 * 3/4 = 2.5 <= 2.6
        assert_eq!(queue.least_in_rounds(), Some(2));
    }
}
