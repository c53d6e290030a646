//! What a file says of values beside them: bounds and residuals.

use dlpc_engine::maths;
use dlpc_engine::units::SimDuration;

use crate::fit::Residual;
use crate::input::time;

/// Digits of the bounds of an interval.
const BOUND_DIGITS: i32 = 4;

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
    use super::*;

    #[test]
    fn bounds_are_rounded_outwards() {
        assert_eq!(bounds("hosts.pi.nic.bandwidth", (11.793_28e6, 11.801_31e6)), ["94.34 Mbit/s", "94.42 Mbit/s"]);
        assert_eq!(bounds("kernels.throw_dart", (2.740_19e-6, 2.799_92e-6)), ["2.74 us", "2.8 us"]);
        assert_eq!(bounds("hosts.pi.speed[3]", (0.912_345, 0.923_456)), ["0.9123", "0.9235"]);
        assert_eq!(bounds("messages.local.segments[0].latency", (0.0, 1.234_56e-6)), ["0 us", "1.235 us"]);
    }
}
