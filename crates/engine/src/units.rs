//! Quantities with units, and the only parser for them.
//!
//! Time is an integer count of picoseconds (1 ps steps, range 213 days). Rates and gaps are `f64`, because physics is
//! computed in `f64` and converted to time in one place, [`SimDuration::from_seconds_ceil`], rounding up.

mod parse;
mod unit;

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use self::parse::TIME_UNITS;
pub use self::parse::{Quantity, UnitError, size_unit, time_unit};
pub use self::unit::Unit;
use crate::maths;

const PICOS_PER_SECOND: f64 = 1e12;

/// Instant of simulated time: picoseconds since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimTime(u64);

/// Length of simulated time in picoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimDuration(u64);

/// Number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(pub u64);

/// Rate of data in bytes per second: positive and finite.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct BytesPerSecond(f64);

/// Time per byte in seconds (the G and O of `LogGOPS`): not negative, finite.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct SecondsPerByte(f64);

/// Speed of computing in floating point operations per second: positive and finite.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct FlopsPerSecond(f64);

impl SimTime {
    /// Start of the run.
    pub const ZERO: Self = Self(0);

    /// Returns the instant that lies `picos` ps after the start of the run.
    #[must_use]
    pub const fn from_picos(picos: u64) -> Self {
        Self(picos)
    }

    /// Returns the picoseconds since the start of the run.
    #[must_use]
    pub const fn as_picos(self) -> u64 {
        self.0
    }

    /// Returns the seconds since the start of the run.
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        SimDuration(self.0).as_seconds()
    }

    /// Returns the instant `duration` later, or `None` past the end of simulated time.
    #[must_use]
    pub fn checked_add(self, duration: SimDuration) -> Option<Self> {
        self.0.checked_add(duration.0).map(Self)
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;

    /// Saturates at the end of simulated time, which the engine reports as an error.
    fn add(self, duration: SimDuration) -> Self {
        Self(self.0.saturating_add(duration.0))
    }
}

impl Sub for SimTime {
    type Output = SimDuration;

    fn sub(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.checked_sub(earlier.0).expect("invariant: simulated time never goes back"))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longest representable duration, 213 days.
    pub const MAX: Self = Self(u64::MAX);

    /// Returns a duration of `picos` ps.
    #[must_use]
    pub const fn from_picos(picos: u64) -> Self {
        Self(picos)
    }

    /// Returns a duration of `micros` µs.
    ///
    /// # Panics
    /// If the duration exceeds 213 days.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros.checked_mul(1_000_000).expect("duration within 213 days"))
    }

    /// Returns a duration of `millis` ms.
    ///
    /// # Panics
    /// If the duration exceeds 213 days.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.checked_mul(1_000_000_000).expect("duration within 213 days"))
    }

    /// Returns a duration of whole `seconds`.
    ///
    /// # Panics
    /// If the duration exceeds 213 days.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.checked_mul(1_000_000_000_000).expect("duration within 213 days"))
    }

    /// Returns the shortest duration that is not below `seconds` (up to the last bit of an `f64`); the one place where
    /// physics becomes time.
    ///
    /// A product such as `0.1 s * 3` may exceed a whole picosecond by a rounding error of `f64`; an excess of at most
    /// 1e-4 ps or 4 units in the last place is not rounded up to the next picosecond. Saturates at [`Self::MAX`], also for
    /// infinity; simulations that reach it end with an error.
    ///
    /// ```
    /// use dlpc_engine::units::SimDuration;
    /// assert_eq!(SimDuration::from_seconds_ceil(1e-6), SimDuration::from_micros(1));
    /// assert_eq!(SimDuration::from_seconds_ceil(1.2e-12), SimDuration::from_picos(2));
    /// ```
    ///
    /// # Panics
    /// If `seconds` is negative or not a number: quantities are checked where they enter.
    #[must_use]
    pub fn from_seconds_ceil(seconds: f64) -> Self {
        assert!(seconds >= 0.0, "bug: negative duration {seconds} s");
        let picos = seconds * PICOS_PER_SECOND;
        if picos.is_infinite() {
            return Self::MAX;
        }
        let tolerance = (4.0 * f64::EPSILON * picos).max(1e-4);
        let least = (picos - tolerance).max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
        let whole = least as u64;
        // `f64::ceil` is a call on processors without an instruction for it.
        #[expect(clippy::cast_precision_loss, reason = "only whole numbers, which have no next one, are large")]
        Self(whole.saturating_add(u64::from((whole as f64) < least)))
    }

    /// Returns the duration in picoseconds.
    #[must_use]
    pub const fn as_picos(self) -> u64 {
        self.0
    }

    /// Returns the duration in seconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact to 2^53 ps = 2.5 h, then to 1 part in 10^16")]
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / PICOS_PER_SECOND
    }

    /// Returns the sum, or `None` above 213 days.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Returns `count` times this duration, or `None` above 213 days.
    #[must_use]
    pub fn checked_mul(self, count: u64) -> Option<Self> {
        self.0.checked_mul(count).map(Self)
    }

    /// Returns `count` times this duration, at most [`Self::MAX`].
    #[must_use]
    pub fn saturating_mul(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// Returns the difference, or zero if `other` is longer.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Returns this duration times `factor`, rounded up to 1 ps; at most [`Self::MAX`]. No time stays no time, and what is
    /// too long to be counted stays so.
    ///
    /// # Panics
    /// If `factor` is negative or not a number.
    #[must_use]
    pub fn scaled_by(self, factor: f64) -> Self {
        let is_without_end = self == Self::MAX && factor > 0.0;
        if is_without_end || (self == Self::ZERO && factor.is_infinite()) {
            return self;
        }
        Self::from_seconds_ceil(self.as_seconds() * factor)
    }
}

impl Add for SimDuration {
    type Output = Self;

    /// Saturates at [`SimDuration::MAX`].
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for SimDuration {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for SimDuration {
    fn sum<I: Iterator<Item = Self>>(durations: I) -> Self {
        durations.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for SimDuration {
    /// Writes the duration in the largest unit that keeps it at or above one, with at most four significant digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scale, unit) = TIME_UNITS
            .iter()
            .filter(|(name, _)| !matches!(*name, "min" | "h" | "d" | "µs"))
            .find(|(_, scale)| self.as_seconds() >= *scale)
            .map_or((1.0, "s"), |(name, scale)| (*scale, *name));
        write!(f, "{} {unit}", significant(self.as_seconds() / scale, 4))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimDuration(self.0).fmt(f)
    }
}

impl Bytes {
    /// Returns the count as `f64`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact to 8 PiB")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64
    }

    /// Returns `count` times as many bytes, at most `u64::MAX`.
    #[must_use]
    pub fn saturating_mul(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

impl Add for Bytes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::iter::Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self(0), Add::add)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scale, unit) = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
            .into_iter()
            .find(|(scale, _)| self.as_f64() >= *scale)
            .unwrap_or((1.0, "B"));
        write!(f, "{} {unit}", significant(self.as_f64() / scale, 4))
    }
}

impl BytesPerSecond {
    /// Returns a rate, or `None` unless it is positive and finite.
    #[must_use]
    pub fn new(bytes_per_second: f64) -> Option<Self> {
        (bytes_per_second > 0.0 && bytes_per_second.is_finite()).then_some(Self(bytes_per_second))
    }

    /// Returns a rate of `mbit` million bits per second.
    ///
    /// # Panics
    /// If `mbit` is not positive and finite.
    #[must_use]
    pub fn from_mbit(mbit: f64) -> Self {
        Self::new(mbit * 1e6 / 8.0).expect("a positive rate")
    }

    /// Returns the rate in bytes per second.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.0
    }

    /// Returns how long `bytes` take at this rate, in seconds.
    #[must_use]
    pub fn seconds_for(self, bytes: Bytes) -> f64 {
        bytes.as_f64() / self.0
    }
}

impl fmt::Display for BytesPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0 * 8.0;
        let (scale, unit) = [(1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")]
            .into_iter()
            .find(|(scale, _)| bits >= *scale)
            .unwrap_or((1.0, "bit/s"));
        write!(f, "{} {unit}", significant(bits / scale, 4))
    }
}

impl SecondsPerByte {
    /// No time per byte.
    pub const ZERO: Self = Self(0.0);

    /// Returns a gap, or `None` if it is negative or not finite.
    #[must_use]
    pub fn new(seconds_per_byte: f64) -> Option<Self> {
        (seconds_per_byte >= 0.0 && seconds_per_byte.is_finite()).then_some(Self(seconds_per_byte))
    }

    /// Returns the gap in seconds per byte.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.0
    }

    /// Returns the time that `bytes` take, in seconds.
    #[must_use]
    pub fn seconds_for(self, bytes: Bytes) -> f64 {
        self.0 * bytes.as_f64()
    }
}

impl FlopsPerSecond {
    /// Returns a speed, or `None` unless it is positive and finite.
    #[must_use]
    pub fn new(flops_per_second: f64) -> Option<Self> {
        (flops_per_second > 0.0 && flops_per_second.is_finite()).then_some(Self(flops_per_second))
    }

    /// Returns operations per second.
    #[must_use]
    pub const fn as_f64(self) -> f64 {
        self.0
    }

    /// Returns how long so many floating point operations take.
    #[must_use]
    pub fn time_for(self, flops: f64) -> SimDuration {
        SimDuration::from_seconds_ceil(flops / self.0)
    }
}

/// Formats `value` with `digits` significant digits and without trailing zeros.
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    #[expect(clippy::cast_possible_truncation, reason = "a decimal exponent fits in i32")]
    let magnitude = maths::log10(value.abs()).floor() as i32;
    let decimals = usize::try_from(i32::try_from(digits).unwrap_or(i32::MAX) - 1 - magnitude).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_physics_up_but_not_its_floating_point_error() {
        assert_eq!(SimDuration::from_seconds_ceil(0.1 + 0.2), SimDuration::from_millis(300));
        assert_eq!(SimDuration::from_seconds_ceil(1.5e-12), SimDuration::from_picos(2));
        assert_eq!(SimDuration::from_seconds_ceil(0.0), SimDuration::ZERO);
    }

    #[test]
    fn what_is_longer_than_any_duration_is_the_longest_one() {
        for seconds in [1e30, f64::MAX, f64::INFINITY] {
            assert_eq!(SimDuration::from_seconds_ceil(seconds), SimDuration::MAX, "{seconds}");
        }
        assert_eq!(SimDuration::from_micros(1).scaled_by(f64::INFINITY), SimDuration::MAX);
        assert_eq!(SimDuration::ZERO.scaled_by(f64::INFINITY), SimDuration::ZERO);
        assert_eq!(SimDuration::MAX.scaled_by(0.25), SimDuration::MAX);
        assert_eq!(FlopsPerSecond(1e-300).time_for(1e308), SimDuration::MAX);
    }

    #[test]
    fn writes_durations_and_rates_for_people() {
        assert_eq!(SimDuration::from_micros(1500).to_string(), "1.5 ms");
        assert_eq!(SimDuration::ZERO.to_string(), "0 s");
        assert_eq!(SimDuration::from_seconds(1200).to_string(), "1200 s");
        assert_eq!(BytesPerSecond::from_mbit(94.4).to_string(), "94.4 Mbit/s");
        assert_eq!(Bytes(31_000_000).to_string(), "31 MB");
    }
}
