//! Clocks: how many bytes each flow at one bottleneck has been served.

use super::agenda::Agenda;
use super::progress::Progress;
use crate::units::{SimDuration, SimTime};

/// Counts the bytes that each flow at one bottleneck is served; a change of their rate is one change of the clock.
#[derive(Debug)]
pub(super) struct Clock {
    /// Bytes per second of each flow.
    pub(super) rate: f64,
    /// Bytes served by `since`.
    served: Progress,
    since: SimTime,
    /// For each class on this clock, when its first flow ends.
    pub(super) ends: Agenda<Progress>,
    pub(super) is_noted: bool,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { rate: 0.0, served: Progress::ZERO, since: SimTime::ZERO, ends: Agenda::new(), is_noted: false }
    }

    /// Starts again from zero, with nobody on the clock.
    pub(super) fn reset(&mut self) {
        self.rate = 0.0;
        self.served = Progress::ZERO;
        self.ends.clear();
    }

    /// Counts up to `now` and returns the bytes served.
    pub(super) fn advance(&mut self, now: SimTime) -> Progress {
        if now > self.since {
            self.served = self.served.plus(Progress::of_rate(self.rate, now - self.since));
        }
        self.since = now;
        self.served
    }

    pub(super) fn set_rate(&mut self, now: SimTime, rate: f64) {
        self.advance(now);
        self.rate = rate;
    }

    /// Returns when the clock reaches `end` (docs/model.md eq. 16).
    pub(super) fn reaches(&self, end: Progress) -> SimTime {
        self.since + SimDuration::from_seconds_ceil(end.bytes_after(self.served) / self.rate)
    }
}
