//! Noise of the cores and jitter of the network, drawn from named streams.

use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution as _, Poisson};

use crate::machine::{Interruptions, Kernel, Noise};
use crate::program::RankId;
use crate::random::{Purpose, Streams, lognormal_factor};
use crate::units::SimDuration;

/// Random delays of one run. Streams exist only where the machine model has noise.
#[derive(Debug)]
pub(super) struct NoiseSource {
    noise: Noise,
    compute: Vec<ChaCha8Rng>,
    interruptions: Vec<ChaCha8Rng>,
    latency: Vec<ChaCha8Rng>,
}

impl NoiseSource {
    pub(super) fn new(noise: &Noise, streams: Streams, n_ranks: u32) -> Self {
        let open = |purpose, is_needed: bool| -> Vec<ChaCha8Rng> {
            let n = if is_needed { n_ranks } else { 0 };
            (0..n).map(|rank| streams.stream(purpose, rank)).collect()
        };
        Self {
            compute: open(Purpose::Compute, noise.compute_sigma.iter().any(|sigma| *sigma > 0.0)),
            interruptions: open(Purpose::Interruptions, noise.interruptions.is_some()),
            latency: open(Purpose::Latency, noise.latency_sigma > 0.0),
            noise: noise.clone(),
        }
    }

    /// Returns how long `work` of `kernel` takes this time (docs/model.md eq. 10 and 11).
    pub(super) fn disturb(&mut self, rank: RankId, kernel: Kernel, work: SimDuration) -> SimDuration {
        let sigma = self.noise.sigma(kernel);
        let mut disturbed = work;
        if sigma > 0.0 {
            disturbed = work.scaled_by(lognormal_factor(&mut self.compute[rank.0 as usize], sigma));
        }
        if let Some(interruptions) = self.noise.interruptions {
            disturbed += interrupted_for(&mut self.interruptions[rank.0 as usize], interruptions, disturbed);
        }
        disturbed
    }

    /// Returns the latency of a message of `rank` this time.
    pub(super) fn jitter(&mut self, rank: RankId, latency: SimDuration) -> SimDuration {
        if self.noise.latency_sigma <= 0.0 {
            return latency;
        }
        latency.scaled_by(lognormal_factor(&mut self.latency[rank.0 as usize], self.noise.latency_sigma))
    }
}

/// Draws the total length of the interruptions during `work`: their number is Poisson distributed.
fn interrupted_for(rng: &mut ChaCha8Rng, interruptions: Interruptions, work: SimDuration) -> SimDuration {
    let mean = work.as_seconds() / interruptions.interval.as_seconds();
    let Ok(poisson) = Poisson::new(mean) else { return SimDuration::ZERO };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count, not negative")]
    let n = poisson.sample(rng) as u64;
    interruptions.duration.saturating_mul(n)
}
