//! The sequential producer: completes one file after the other, whatever the ranks do.

use rand::rngs::ChaCha8Rng;

use crate::random::exponential;
use crate::units::{SimDuration, SimTime};

/// When a producer completes its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Production {
    /// Files in all.
    pub items: u32,
    /// When the first file is complete.
    pub first: SimDuration,
    /// Time from one file to the next.
    pub interval: SimDuration,
    /// Mean of the exponentially distributed time by which each interval is longer.
    pub jitter: SimDuration,
}

/// A producer at work.
#[derive(Debug)]
pub(super) struct Producer {
    production: Production,
    rng: ChaCha8Rng,
    /// Files that are complete.
    pub(super) complete: u32,
}

impl Producer {
    pub(super) fn new(production: Production, rng: ChaCha8Rng) -> Self {
        Self { production, rng, complete: 0 }
    }

    /// Returns when the next file will be complete; none after the last.
    pub(super) fn next_at(&mut self, now: SimTime) -> Option<SimTime> {
        if self.complete == self.production.items {
            return None;
        }
        let since_now = if self.complete == 0 { self.production.first } else { self.production.interval };
        Some(now + since_now + exponential(&mut self.rng, self.production.jitter))
    }
}
