//! Bytes served so far, as a fixed-point number: sums and differences are exact, so equal flows stay equal.

use crate::units::{Bytes, SimDuration};

/// Bytes in units of 2^-64 byte. A counter wraps around after 2^64 bytes only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Progress(u128);

const UNITS_PER_BYTE: f64 = 18_446_744_073_709_551_616.0;

impl Progress {
    pub(super) const ZERO: Self = Self(0);

    pub(super) fn of_bytes(bytes: Bytes) -> Self {
        Self(u128::from(bytes.0) << 64)
    }

    /// What `rate` bytes per second serve in a time.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative; the cast saturates")]
    pub(super) fn of_rate(rate: f64, elapsed: SimDuration) -> Self {
        Self((rate * elapsed.as_seconds() * UNITS_PER_BYTE) as u128)
    }

    /// Returns the sum; a difference that was negative comes out right, as both wrap.
    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    /// Returns the difference, which may wrap to stand for a negative one.
    pub(super) fn minus(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }

    /// Returns what is left from `served` to here; nothing if it is already past.
    pub(super) fn after(self, served: Self) -> Self {
        Self(self.0.saturating_sub(served.0))
    }

    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53 units, then to 1 part in 10^16")]
    pub(super) fn as_bytes(self) -> f64 {
        self.0 as f64 / UNITS_PER_BYTE
    }

    /// Returns a number that is likely to differ for another progress.
    #[expect(clippy::cast_possible_truncation, reason = "both halves count")]
    pub(super) fn number(self) -> u64 {
        self.0 as u64 ^ (self.0 >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rate_serves_is_exact_to_the_last_bit_of_a_float() {
        // 12.5 B/us for 80 us are 1000 B.
        let served = Progress::of_rate(12.5e6, SimDuration::from_micros(80));
        assert!(Progress::of_bytes(Bytes(1000)).after(served).as_bytes() < 1e-12);
    }

    #[test]
    fn the_same_bytes_on_any_counter_are_left_to_the_last_bit() {
        let third = Progress::of_rate(1.0 / 3.0, SimDuration::from_seconds(1));
        let late = Progress::of_bytes(Bytes(1 << 40)).plus(third);
        let bytes = Progress::of_bytes(Bytes(1000));
        let left = bytes.minus(third).as_bytes();
        assert_eq!(late.plus(bytes).after(late.plus(third)).as_bytes().to_bits(), left.to_bits());
    }
}
