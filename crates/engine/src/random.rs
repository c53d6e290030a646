//! Named random streams: each draw depends on seed, replication, who draws and what for, and on nothing else.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution as _, Exp, LogNormal, Normal, Uniform};

use crate::units::SimDuration;

/// Distribution of a duration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Constant(SimDuration),
    /// Uniform between two durations.
    Uniform {
        /// Shortest.
        low: SimDuration,
        /// Longest, not below `low`.
        high: SimDuration,
    },
    /// Exponential.
    Exponential {
        /// Mean.
        mean: SimDuration,
    },
    /// Lognormal.
    Lognormal {
        /// Median.
        median: SimDuration,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
}

/// All random streams of one replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    seed: u64,
    replication: u32,
}

/// What a stream is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Factors on the compute ops of a rank.
    Compute,
    /// Interruptions of a rank's core.
    Interruptions,
    /// Latency of the messages that a rank sends.
    Latency,
    /// Service time of a log file.
    Service,
    /// Jitter of the producer.
    Producer,
    /// True cost of a kernel, which is known within an interval only; the index is the kernel.
    Cost,
    /// Disturbance of a simulated measurement.
    Measurement,
    /// Choices of a plan: which experiments, in which order.
    Plan,
}

/// Whether a replication takes the draws of its antithetic pair as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mirror {
    /// As they are.
    Plain,
    /// With the opposite sign.
    Mirrored,
}

impl Streams {
    /// Returns the streams of one replication.
    #[must_use]
    pub fn new(seed: u64, replication: u32) -> Self {
        Self { seed, replication }
    }

    /// Returns the streams that this replication shares with its partner (0 with 1, 2 with 3, ...), and whether it is
    /// the one that mirrors the draws.
    ///
    /// Antithetic variates (Hammersley and Morton, 1956): where one replication draws z, its partner takes -z, so that
    /// the median over replications settles sooner.
    #[must_use]
    pub fn antithetic(self) -> (Self, Mirror) {
        let mirror = if self.replication.is_multiple_of(2) { Mirror::Plain } else { Mirror::Mirrored };
        (Self { replication: self.replication & !1, ..self }, mirror)
    }

    /// Returns the stream of rank or item `index` for `purpose`.
    ///
    /// `ChaCha8` is the same on every platform; the stream number is replication (32 bit), index (29 bit) and purpose
    /// (3 bit), so that adding a rank or a replication shifts no other.
    ///
    /// # Panics
    /// If `index` exceeds 2^29.
    #[must_use]
    pub fn stream(self, purpose: Purpose, index: u32) -> ChaCha8Rng {
        assert!(index < 1 << 29, "bug: index {index} does not fit in a stream number");
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(u64::from(self.replication) << 32 | u64::from(index) << 3 | purpose as u64);
        rng
    }
}

/// Draws a lognormal factor with median 1.
///
/// # Panics
/// If `sigma` is negative or not finite.
pub fn lognormal_factor(rng: &mut ChaCha8Rng, sigma: f64) -> f64 {
    let normal = Normal::new(0.0, sigma).expect("invariant: sigma is checked on input");
    normal.sample(rng).exp()
}

/// Draws an exponentially distributed duration; zero if its mean is.
///
/// # Panics
/// Never: a mean above zero is a valid parameter.
pub fn exponential(rng: &mut ChaCha8Rng, mean: SimDuration) -> SimDuration {
    if mean == SimDuration::ZERO {
        return SimDuration::ZERO;
    }
    let exp = Exp::new(1.0 / mean.as_seconds()).expect("invariant: a positive mean");
    SimDuration::from_seconds_ceil(exp.sample(rng))
}

impl Distribution {
    /// Draws a duration.
    ///
    /// # Panics
    /// Never for a distribution from a checked scenario.
    pub fn sample(&self, rng: &mut ChaCha8Rng) -> SimDuration {
        match *self {
            Self::Constant(duration) => duration,
            Self::Uniform { low, high } => {
                let uniform = Uniform::new_inclusive(low.as_picos(), high.as_picos());
                SimDuration::from_picos(uniform.expect("invariant: low is not above high").sample(rng))
            }
            Self::Exponential { mean } => exponential(rng, mean),
            Self::Lognormal { median, sigma } => {
                let lognormal = LogNormal::new(0.0, sigma).expect("invariant: sigma is checked on input");
                median.scaled_by(lognormal.sample(rng))
            }
        }
    }

    /// Returns whether every draw is the same.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        match self {
            Self::Constant(_) => true,
            Self::Uniform { low, high } => low == high,
            Self::Exponential { mean } => *mean == SimDuration::ZERO,
            Self::Lognormal { sigma, .. } => *sigma == 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn a_stream_depends_on_its_name_and_on_nothing_else() {
        let draw =
            |seed, replication, purpose, index| Streams::new(seed, replication).stream(purpose, index).next_u64();
        let first = draw(1, 2, Purpose::Compute, 3);
        assert_eq!(first, draw(1, 2, Purpose::Compute, 3));
        for other in [
            draw(2, 2, Purpose::Compute, 3),
            draw(1, 3, Purpose::Compute, 3),
            draw(1, 2, Purpose::Latency, 3),
            draw(1, 2, Purpose::Compute, 4),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_lognormal_factor_has_median_one() {
        let mut rng = Streams::new(7, 0).stream(Purpose::Compute, 0);
        let below = (0..10_000).filter(|_| lognormal_factor(&mut rng, 0.5) < 1.0).count();
        // Binomial(10,000, 1/2) has standard deviation 50: 5000 +- 5 sigma
        assert!((4750..=5250).contains(&below), "{below} of 10,000 below the median");
    }
}
