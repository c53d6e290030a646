//! Values as text: quantities, which are read back as the same value, and residuals.

use dlpc_engine::maths;
use dlpc_engine::units::{Bytes, BytesPerSecond, Quantity, SecondsPerByte, SimDuration, significant};

use crate::fit::Residual;

/// Digits of the bounds of an interval.
const BOUND_DIGITS: i32 = 4;
/// Most digits that an `f64` needs.
const DIGITS_MAX: usize = 17;

/// Returns a time in the largest unit in which it is at least one, exactly.
pub(super) fn time(duration: SimDuration) -> String {
    let picos = duration.as_picos();
    let units: [(u64, &str); 5] =
        [(1_000_000_000_000, "s"), (1_000_000_000, "ms"), (1_000_000, "us"), (1000, "ns"), (1, "ps")];
    let (scale, unit) = units.into_iter().find(|(scale, _)| *scale <= picos).unwrap_or((1_000_000, "us"));
    let n_decimals = scale.ilog10() as usize;
    let text = format!("{}.{:0n_decimals$}", picos / scale, picos % scale);
    format!("{} {unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Returns a rate in Mbit/s with as few digits as give the same rate.
pub(super) fn rate(rate: BytesPerSecond) -> String {
    let mbit = |digits| format!("{} Mbit/s", significant(rate.as_f64() * 8e-6, digits));
    let exact = (1..=DIGITS_MAX).map(mbit).find(|text| BytesPerSecond::parse(text) == Ok(rate));
    exact.unwrap_or_else(|| format!("{} B/s", rate.as_f64()))
}

/// Returns a gap in ns/B with as few digits as give the same gap.
pub(super) fn gap(gap: SecondsPerByte) -> String {
    let nanos = |digits| format!("{} ns/B", significant(gap.as_f64() * 1e9, digits));
    let exact = (1..=DIGITS_MAX).map(nanos).find(|text| SecondsPerByte::parse(text) == Ok(gap));
    exact.unwrap_or_else(|| format!("{:e} s/B", gap.as_f64()))
}

/// Returns a size in the largest unit of which it is a multiple, powers of 1024 before those of 1000.
pub(super) fn size(bytes: Bytes) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1_000_000, "MB"), (1 << 10, "KiB")];
    let unit = units.into_iter().find(|(scale, _)| bytes.0 > 0 && bytes.0.is_multiple_of(*scale));
    unit.map_or_else(|| format!("{} B", bytes.0), |(scale, unit)| format!("{} {unit}", bytes.0 / scale))
}

/// Returns the bounds of the value at a key path, rounded outwards, in its own kind of quantity.
pub(super) fn bounds(key: &str, bounds: (f64, f64)) -> [String; 2] {
    let name = key.rsplit('.').next().unwrap_or(key);
    let name = name.split('[').next().unwrap_or(name);
    let (low, high) = outwards(bounds);
    match name {
        "bandwidth" | "backplane_bandwidth" => {
            let (low, high) = outwards((bounds.0 * 8e-6, bounds.1 * 8e-6));
            [low, high].map(|mbit| format!("{mbit} Mbit/s"))
        }
        "byte_overhead" | "byte_gap" => {
            let (low, high) = outwards((bounds.0 * 1e9, bounds.1 * 1e9));
            [low, high].map(|nanos| format!("{nanos} ns/B"))
        }
        "eager_limit" => [bounds.0, bounds.1].map(|bytes| format!("{bytes} B")),
        "speed" | "slowdown" => [low, high].map(|ratio| ratio.to_string()),
        _ if key.starts_with("noise.") && name != "interval" && name != "duration" => {
            [low, high].map(|ratio| ratio.to_string())
        }
        _ => {
            let (low, high) = time_bounds(bounds);
            [time(low), time(high)]
        }
    }
}

/// Returns the bounds of a time, rounded outwards.
pub(super) fn time_bounds(bounds: (f64, f64)) -> (SimDuration, SimDuration) {
    let (low, high) = outwards((bounds.0 * 1e12, bounds.1 * 1e12));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and the cast saturates")]
    let (low, high) = (low.floor() as u64, high.ceil() as u64);
    (SimDuration::from_picos(low), SimDuration::from_picos(high))
}

/// Rounds to [`BOUND_DIGITS`] digits, down and up.
fn outwards((low, high): (f64, f64)) -> (f64, f64) {
    let rounded = |value: f64, round: fn(f64) -> f64| {
        if value <= 0.0 || !value.is_finite() {
            return value.max(0.0);
        }
        #[expect(clippy::cast_possible_truncation, reason = "a decimal exponent fits in i32")]
        let exponent = maths::log10(value).floor() as i32 - (BOUND_DIGITS - 1);
        // Through text: a power of ten is no exact f64, the rounded number has few digits.
        let digits = round(value / 10_f64.powi(exponent));
        format!("{digits}e{exponent}").parse().unwrap_or(value)
    };
    (rounded(low, f64::floor), rounded(high, f64::ceil))
}

/// Returns what the provenance says of the residuals of one kind.
pub(super) fn residual(residual: &Residual) -> String {
    let Residual { n_samples, mean_absolute, median_absolute, median, scatter, n_outliers, .. } = residual;
    let outliers = if *n_outliers == 0 { String::new() } else { format!(", {n_outliers} outliers") };
    let [mean, middle, bias, scatter] = [mean_absolute, median_absolute, median, scatter].map(|ratio| 100.0 * ratio);
    format!(
        "off by {mean:.2} % in the mean, {middle:.2} % in the median; bias {bias:+.2} %, scatter {scatter:.2} %, \
         {n_samples} samples{outliers}"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_those_that_people_write() {
        assert_eq!(time(SimDuration::from_picos(34_100_000_000)), "34.1 ms");
        assert_eq!(time(SimDuration::from_micros(60)), "60 us");
        assert_eq!(time(SimDuration::ZERO), "0 us");
        assert_eq!(rate(BytesPerSecond::from_mbit(94.4)), "94.4 Mbit/s");
        assert_eq!(size(Bytes(65_536)), "64 KiB");
        assert_eq!(size(Bytes(1500)), "1500 B");
        assert_eq!(size(Bytes(32_000_000)), "32 MB");
        assert_eq!(SecondsPerByte::parse("0.4 ns/B").map(gap).as_deref(), Ok("0.4 ns/B"));
    }

    #[test]
    fn bounds_are_rounded_outwards() {
        assert_eq!(bounds("hosts.pi.nic.bandwidth", (11.793_28e6, 11.801_31e6)), ["94.34 Mbit/s", "94.42 Mbit/s"]);
        assert_eq!(bounds("kernels.throw_dart", (2.740_19e-6, 2.799_92e-6)), ["2.74 us", "2.8 us"]);
        assert_eq!(bounds("hosts.pi.speed[3]", (0.912_345, 0.923_456)), ["0.9123", "0.9235"]);
        assert_eq!(bounds("messages.local.segments[0].latency", (0.0, 1.234_56e-6)), ["0 us", "1.235 us"]);
    }

    proptest! {
        #[test]
        // Above 100 s the rounding of an f64 product comes near a picosecond; no cost of a message or kernel is so long.
        fn every_time_is_read_back(picos in 0..100_000_000_000_000_u64) {
            let duration = SimDuration::from_picos(picos);
            prop_assert_eq!(SimDuration::parse(&time(duration)), Ok(duration));
        }

        #[test]
        fn every_rate_and_gap_is_read_back(bandwidth in 1.0..1e12_f64, seconds in 1e-12..1.0_f64) {
            let exact = BytesPerSecond::new(bandwidth).expect("a rate");
            prop_assert_eq!(BytesPerSecond::parse(&rate(exact)), Ok(exact));
            let exact = SecondsPerByte::new(seconds).expect("a gap");
            prop_assert_eq!(SecondsPerByte::parse(&gap(exact)), Ok(exact));
        }
    }
}
