//! Clocks: how many bytes each flow at one bottleneck has been served.

use super::agenda::Agenda;
use super::progress::Progress;
use crate::engine::memo::{Memo, MemoKey};
use crate::units::{SimDuration, SimTime};

/// Counts the bytes that each flow at one bottleneck is served; a change of their rate is one change of the clock.
#[derive(Debug)]
pub(super) struct Clock {
    /// Bytes per second of each flow.
    pub(super) rate: f64,
    /// Bytes served by `since`.
    served: Progress,
    since: SimTime,
    /// For each class on this clock, when its first flow ends. Most links are nobody's bottleneck, so that it has no memory
    /// until it is needed.
    ends: Option<Box<Agenda<Progress>>>,
    pub(super) is_noted: bool,
}

/// What the same rate serves in the same time, and how long it takes for the same bytes: in a cluster of equal hosts, many
/// clocks ask for the same.
#[derive(Debug)]
pub(super) struct Known {
    served: Memo<At<SimDuration>, Progress>,
    durations: Memo<At<Progress>, SimDuration>,
}

/// A time or bytes, at a rate in bytes per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct At<T> {
    what: T,
    rate_bits: u64,
}

impl MemoKey for At<SimDuration> {
    fn number(self) -> u64 {
        self.what.as_picos() ^ self.rate_bits
    }
}

impl MemoKey for At<Progress> {
    fn number(self) -> u64 {
        self.what.number() ^ self.rate_bits
    }
}

impl Known {
    pub(super) fn new() -> Self {
        Self { served: Memo::new(), durations: Memo::new() }
    }
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { rate: 0.0, served: Progress::ZERO, since: SimTime::ZERO, ends: None, is_noted: false }
    }

    /// Starts again from zero, with nobody on the clock.
    pub(super) fn reset(&mut self) {
        self.rate = 0.0;
        self.served = Progress::ZERO;
        if let Some(ends) = &mut self.ends {
            ends.clear();
        }
    }

    /// Notes when the first flow of a class with this stamp ends.
    pub(super) fn push_end(&mut self, end: Progress, class: u32, stamp: u32, stamp_of: impl Fn(u32) -> u32) {
        self.ends.get_or_insert_with(|| Box::new(Agenda::new())).push(end, class, stamp, stamp_of);
    }

    /// Returns the class whose flow ends first, and when; `stamp_of` gives the present stamp of each class.
    pub(super) fn first_end(&mut self, stamp_of: impl Fn(u32) -> u32) -> Option<(Progress, u32)> {
        self.ends.as_mut()?.first(stamp_of)
    }

    /// Takes the first end.
    pub(super) fn pop_end(&mut self) {
        if let Some(ends) = &mut self.ends {
            ends.pop();
        }
    }

    /// Counts up to `now` and returns the bytes served.
    pub(super) fn advance(&mut self, now: SimTime, known: &mut Known) -> Progress {
        if now > self.since {
            let (rate, elapsed) = (self.rate, now - self.since);
            let key = At { what: elapsed, rate_bits: rate.to_bits() };
            self.served = self.served.plus(*known.served.get(key, || Progress::of_rate(rate, elapsed)));
        }
        self.since = now;
        self.served
    }

    pub(super) fn set_rate(&mut self, now: SimTime, rate: f64, known: &mut Known) {
        self.advance(now, known);
        self.rate = rate;
    }

    /// Returns when the clock reaches `end` (docs/model.md eq. 16).
    pub(super) fn reaches(&self, end: Progress, known: &mut Known) -> SimTime {
        let (rate, left) = (self.rate, end.after(self.served));
        let key = At { what: left, rate_bits: rate.to_bits() };
        self.since + *known.durations.get(key, || SimDuration::from_seconds_ceil(left.as_bytes() / rate))
    }
}
