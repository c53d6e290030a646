//! Functions of real numbers whose results are the same on every machine.
//!
//! Rust leaves `f64::ln` and its kind to the C library of the platform, and those of x86-64 and Arm differ in the last
//! digit: a prediction made on the cluster would not be the one made on the desk. These are computed in software. What
//! IEEE 754 rounds correctly everywhere (`+`, `*`, `/`, `sqrt`, and so `powi`) needs no place here.
//!
//! `rand_distr` calls the platform's functions in the rare tails of its distributions.

/// Returns the natural logarithm.
#[must_use]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Returns the binary logarithm.
#[must_use]
pub fn log2(x: f64) -> f64 {
    libm::log2(x)
}

/// Returns the decimal logarithm.
#[must_use]
pub fn log10(x: f64) -> f64 {
    libm::log10(x)
}

/// Returns e to the power of `x`.
#[must_use]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// Returns `x` to the power of `y`.
#[must_use]
pub fn powf(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// Returns the cube root.
#[must_use]
pub fn cbrt(x: f64) -> f64 {
    libm::cbrt(x)
}

/// Returns the length of the hypotenuse over `x` and `y`.
#[must_use]
pub fn hypot(x: f64, y: f64) -> f64 {
    libm::hypot(x, y)
}

/// Returns the sine of an angle in radians.
#[must_use]
pub fn sin(angle: f64) -> f64 {
    libm::sin(angle)
}

/// Returns the cosine of an angle in radians.
#[must_use]
pub fn cos(angle: f64) -> f64 {
    libm::cos(angle)
}

/// Returns the angle of the point `(x, y)`, in radians from -pi to pi.
#[must_use]
pub fn atan2(y: f64, x: f64) -> f64 {
    libm::atan2(y, x)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{LN_10, LOG2_10, LOG10_2};

    use super::*;

    /// The nearest numbers to the true values, by a calculator with 30 digits; a machine that gives others makes other
    /// predictions.
    #[test]
    fn results_are_the_same_bits_everywhere() {
        let found = [ln(10.0), log2(10.0), log10(2.0), exp(1.5), powf(10.0, 0.3), cbrt(10.0)];
        let expected =
            [LN_10, LOG2_10, LOG10_2, 4.481_689_070_338_064_5, 1.995_262_314_968_879_5, 2.154_434_690_031_884];
        assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits));
        let found = [hypot(1.0, 3.0), sin(1.0), cos(1.0), atan2(2.0, 3.0)];
        let expected =
            [3.162_277_660_168_379_5, 0.841_470_984_807_896_5, 0.540_302_305_868_139_8, 0.588_002_603_547_567_5];
        assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits));
    }
}
