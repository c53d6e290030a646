//! Noise of the cores and jitter of the network, drawn from named streams.

use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution as _, Poisson};

use crate::machine::{Interruptions, Kernel, Noise};
use crate::program::RankId;
use crate::random::{Purpose, Streams, lognormal_factor};
use crate::units::SimDuration;

/// Work with its noise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Disturbed {
    pub(super) work: SimDuration,
    /// How much longer it is than without noise; zero if it is shorter.
    pub(super) noise: SimDuration,
}

/// Random delays of one run. Streams exist only where the machine model has noise.
#[derive(Debug)]
pub(super) struct NoiseSource {
    noise: Noise,
    /// Factor on the cost of each kernel in this run: how far the fitted cost is off, and how fast this run is as a whole.
    cost_factors: [f64; Kernel::ALL.len()],
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
            cost_factors: cost_factors(noise, streams),
            compute: open(Purpose::Compute, noise.compute_sigma.iter().any(|sigma| *sigma > 0.0)),
            interruptions: open(Purpose::Interruptions, noise.interruptions.is_some()),
            latency: open(Purpose::Latency, noise.latency_sigma > 0.0),
            noise: noise.clone(),
        }
    }

    /// Returns how long `work` of `kernel` takes this time, and how much of it is noise (docs/model.md eq. 10 and 11).
    pub(super) fn disturb(&mut self, rank: RankId, kernel: Kernel, work: SimDuration) -> Disturbed {
        let sigma = self.noise.sigma(kernel);
        let mut factor = self.cost_factors[kernel as usize];
        let is_certain = sigma <= 0.0 && self.noise.cost_sigma[kernel as usize] <= 0.0 && self.noise.run_sigma <= 0.0;
        if sigma > 0.0 {
            factor *= lognormal_factor(&mut self.compute[rank.0 as usize], sigma);
        }
        let mut disturbed = if is_certain { work } else { work.scaled_by(factor) };
        if let Some(interruptions) = self.noise.interruptions {
            disturbed += interrupted_for(&mut self.interruptions[rank.0 as usize], interruptions, disturbed);
        }
        let undisturbed = if is_certain { work } else { work.scaled_by(self.cost_factors[kernel as usize]) };
        Disturbed { work: disturbed, noise: disturbed.saturating_sub(undisturbed) }
    }

    /// Returns the latency of a message of `rank` this time (docs/model.md eq. 18).
    #[inline]
    pub(super) fn jitter(&mut self, rank: RankId, latency: SimDuration) -> SimDuration {
        if self.noise.latency_sigma <= 0.0 {
            return latency;
        }
        latency.scaled_by(lognormal_factor(&mut self.latency[rank.0 as usize], self.noise.latency_sigma))
    }
}

fn cost_factors(noise: &Noise, streams: Streams) -> [f64; Kernel::ALL.len()] {
    let run = streams.mirrored_factor(Purpose::Run, 0, noise.run_sigma);
    Kernel::ALL.map(|kernel| run * cost_factor(noise, streams, kernel))
}

/// Draws the factor by which the true cost of a kernel differs from the fitted one: the same for all ranks of a run
/// (docs/model.md eq. 26).
fn cost_factor(noise: &Noise, streams: Streams, kernel: Kernel) -> f64 {
    streams.mirrored_factor(Purpose::Cost, kernel.stream_number(), noise.cost_sigma[kernel as usize])
}

/// Draws the total length of the interruptions during `work`: their number is Poisson distributed.
fn interrupted_for(rng: &mut ChaCha8Rng, interruptions: Interruptions, work: SimDuration) -> SimDuration {
    let mean = work.as_seconds() / interruptions.interval.as_seconds();
    let Ok(poisson) = Poisson::new(mean) else {
        // No interruption at all, or so many that their number hardly scatters.
        return interruptions.duration.scaled_by(mean);
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count, not negative")]
    let n = poisson.sample(rng) as u64;
    interruptions.duration.saturating_mul(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths;

    /// The standard normal value that was drawn for each kernel, by its name.
    fn drawn(noise: &Noise, sigma: f64) -> Vec<String> {
        let factors = Kernel::ALL.into_iter().zip(cost_factors(noise, Streams::new(1, 0)));
        factors.map(|(kernel, factor)| format!("{} {:.6}", kernel.name(), maths::ln(factor) / sigma)).collect()
    }

    /// By name, so that one kernel more, or another order, changes nothing.
    #[test]
    fn the_draw_of_each_kernel_is_always_the_same() {
        let found = drawn(&Noise { cost_sigma: [0.1; Kernel::ALL.len()], ..Noise::NONE }, 0.1);
        for expected in [
            "setup -0.251380",
            "throw_dart 0.048036",
            "store_record 1.291479",
            "pack_record 1.067132",
            "unpack_record -0.034264",
            "collect_record -0.831089",
            "analyse 0.706985",
            "custom 0.249079",
        ] {
            assert!(found.iter().any(|found| found == expected), "{expected} is not among {found:#?}");
        }
    }

    #[test]
    fn the_draw_of_the_run_is_always_the_same_and_one_for_all_kernels() {
        let found = drawn(&Noise { run_sigma: 0.1, ..Noise::NONE }, 0.1);
        assert!(found.iter().all(|found| found.ends_with(" 0.506620")), "{found:#?}");
    }

    #[test]
    fn no_two_kernels_share_a_stream() {
        let numbers: std::collections::BTreeSet<u32> = Kernel::ALL.map(Kernel::stream_number).into();
        assert_eq!(numbers.len(), Kernel::ALL.len());
    }
}
