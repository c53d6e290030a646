//! Named random streams: each draw depends on seed, replication, who draws and what for, and on nothing else.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution as _, Exp, Normal, Uniform};

use crate::maths;
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

/// What a stream is drawn for. The numbers are part of every result: none is changed or used again for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Factors on the compute ops of a rank.
    Compute = 0,
    /// Interruptions of a rank's core.
    Interruptions = 1,
    /// Latency of the messages that a rank sends.
    Latency = 2,
    /// Service time of a log file.
    Service = 3,
    /// Jitter of the producer.
    Producer = 4,
    /// True cost of a kernel, which is known within an interval only; the index is the kernel's stream number.
    Cost = 5,
    /// Disturbance of a simulated measurement.
    Measurement = 6,
    /// Choices of a plan: which experiments, in which order.
    Plan = 7,
    /// How fast a run is as a whole.
    Run = 8,
    /// True bandwidth of the ports.
    Ports = 9,
    /// True costs of messages; the index is the table: 0 within a host, 1 between hosts.
    Messages = 10,
    /// True speed of a host; the index is the host.
    Speed = 11,
    /// True speed of a core of the cluster against that of the computer that recorded a program.
    Scale = 12,
    /// Factor on the work of a rank in a phase; the index holds both.
    Imbalance = 13,
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
    /// `ChaCha8` is the same on every platform; the stream number is replication (32 bit), highest bit of the purpose,
    /// index (28 bit) and the other 3 bits of the purpose, so that adding a rank or a replication shifts no other.
    ///
    /// # Panics
    /// If `index` is not below 2^28.
    #[must_use]
    pub fn stream(self, purpose: Purpose, index: u32) -> ChaCha8Rng {
        assert!(index < 1 << 28, "bug: index {index} does not fit in a stream number");
        let (high, low) = (purpose as u64 >> 3, purpose as u64 & 7);
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(u64::from(self.replication) << 32 | high << 31 | u64::from(index) << 3 | low);
        rng
    }

    /// Draws a lognormal factor with median 1 that holds for a whole replication; its partner gets the reciprocal.
    ///
    /// # Panics
    /// If `sigma` is not finite, or `index` not below 2^28.
    #[must_use]
    pub fn mirrored_factor(self, purpose: Purpose, index: u32, sigma: f64) -> f64 {
        if sigma <= 0.0 {
            return 1.0;
        }
        let (streams, mirror) = self.antithetic();
        let factor = lognormal_factor(&mut streams.stream(purpose, index), sigma);
        match mirror {
            Mirror::Plain => factor,
            Mirror::Mirrored => 1.0 / factor,
        }
    }
}

/// Draws a lognormal factor with median 1.
///
/// # Panics
/// If `sigma` is negative or not finite.
pub fn lognormal_factor(rng: &mut ChaCha8Rng, sigma: f64) -> f64 {
    let normal = Normal::new(0.0, sigma).expect("invariant: sigma is checked on input");
    maths::exp(normal.sample(rng))
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
            Self::Lognormal { median, sigma } => median.scaled_by(lognormal_factor(rng, sigma)),
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
            // Its lower three bits are those of `Compute`.
            draw(1, 2, Purpose::Run, 3),
        ] {
            assert_ne!(first, other);
        }
    }

    /// A change of these numbers changes predictions: it needs a reason and a line in CHANGELOG.md.
    #[test]
    fn the_first_draw_of_each_stream_is_always_the_same() {
        let draw = |purpose, index| Streams::new(1, 2).stream(purpose, index).next_u64();
        for (purpose, index, expected) in [
            (Purpose::Compute, 0, 0xb193_076e_a545_c5c3),
            (Purpose::Compute, 3, 0x601e_0950_9fd2_5b5a),
            (Purpose::Interruptions, 3, 0x8d78_69ac_f8d1_fbb6),
            (Purpose::Latency, 3, 0x7e51_fe13_1da3_b61c),
            (Purpose::Service, 3, 0x1641_252f_971a_b38a),
            (Purpose::Producer, 0, 0xe00a_2c94_380d_5372),
            (Purpose::Cost, 0, 0x1970_faf3_a423_9bac),
            (Purpose::Cost, 7, 0x1686_2d82_4b17_734e),
            (Purpose::Measurement, 0, 0x1d18_10d2_0a6b_7bfb),
            (Purpose::Plan, 0, 0xcb3b_d9a9_103b_3df2),
            (Purpose::Run, 0, 0x413b_19bb_e4e6_849e),
            (Purpose::Ports, 0, 0x3877_e18a_e610_c161),
            (Purpose::Messages, 0, 0x420b_dde4_9e60_8927),
            (Purpose::Messages, 1, 0xee2e_ede9_169f_aad8),
            (Purpose::Speed, 0, 0x37b0_cfbb_1800_d3e8),
            (Purpose::Speed, 3, 0xe5f2_dbb6_b144_c68b),
            (Purpose::Scale, 0, 0x018d_8d97_a7a3_25ee),
            (Purpose::Imbalance, 5, 0xea60_1c74_e987_a136),
        ] {
            let found = draw(purpose, index);
            assert_eq!(found, expected, "{purpose:?} {index}: {found:#x}");
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
