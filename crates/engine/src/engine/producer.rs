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

/// A producer at work. It goes on whatever the ranks do, so it needs no events: whoever looks sees what is complete.
#[derive(Debug)]
pub(super) struct Producer {
    production: Production,
    rng: ChaCha8Rng,
    complete: u32,
    /// When the next file will be complete; past the last one, meaningless.
    next_at: SimTime,
}

impl Producer {
    pub(super) fn new(production: Production, mut rng: ChaCha8Rng) -> Self {
        let next_at = SimTime::ZERO + production.first + exponential(&mut rng, production.jitter);
        Self { production, rng, complete: 0, next_at }
    }

    /// Returns when each file will be complete.
    pub(super) fn completions(mut self) -> Vec<SimTime> {
        let mut completions = Vec::new();
        while self.complete < self.production.items {
            completions.push(self.next_at);
            self.advance();
        }
        completions
    }

    /// Returns how many files are complete at `now` (docs/model.md eq. 12); what is completed at an instant can be seen at
    /// that instant.
    pub(super) fn complete_by(&mut self, now: SimTime) -> u32 {
        while self.complete < self.production.items && self.next_at <= now {
            self.advance();
        }
        self.complete
    }

    fn advance(&mut self) {
        self.complete += 1;
        self.next_at = self.next_at + self.production.interval + exponential(&mut self.rng, self.production.jitter);
    }
}
