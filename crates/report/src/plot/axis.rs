//! Axes: which values they span, where their ticks are and what the ticks say.

use dlpc_engine::maths;
use dlpc_engine::units::significant;

use crate::number::decimals_for;

/// Rank count from which on the rank axis is logarithmic.
const LINEAR_RANKS_MAX: u32 = 128;
/// Most ticks on a rank axis.
const RANK_TICKS_MAX: u32 = 10;

/// How values map to lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    Log,
}

/// A labelled value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

/// One axis; `low < high`, and `0 < low` if it is logarithmic.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) scale: Scale,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<Tick>,
}

impl Axis {
    /// Returns the axis of rank counts, with integer ticks: linear up to 128 ranks, powers of two above.
    pub(super) fn ranks(fewest: u32, most: u32) -> Self {
        if LINEAR_RANKS_MAX < most {
            let margin = 1.3;
            return Self::powers_of_two(f64::from(fewest) / margin, f64::from(most) * margin);
        }
        let step = rank_step(most - fewest);
        let first = fewest.next_multiple_of(step);
        let lone_start = (2 * (first - fewest) > step).then_some(fewest);
        let ticks = lone_start.into_iter().chain((first..=most).step_by(step as usize));
        let margin = (0.025 * f64::from(most - fewest)).max(0.5);
        Self {
            scale: Scale::Linear,
            low: f64::from(fewest) - margin,
            high: f64::from(most) + margin,
            ticks: ticks.map(|ranks| Tick { value: f64::from(ranks), label: ranks.to_string() }).collect(),
        }
    }

    /// Returns a logarithmic axis with ticks at powers of two, or at round values between two of those.
    pub(super) fn powers_of_two(low: f64, high: f64) -> Self {
        let (low, high) = spread(low, high, |value| (value / 2.0, value * 2.0));
        #[expect(clippy::cast_possible_truncation, reason = "a binary exponent fits in i32")]
        let (first, last) = (maths::log2(low).ceil() as i32, maths::log2(high).floor() as i32);
        let step = usize::try_from((last - first) / 12 + 1).unwrap_or(1);
        let ticks = (first..=last).step_by(step).map(|exponent| Tick::short(2f64.powi(exponent)));
        Self::logarithmic(low, high, ticks.collect())
    }

    /// Returns a logarithmic axis with ticks at powers of ten, and at 2 and 5 times those if they are few.
    pub(super) fn powers_of_ten(low: f64, high: f64) -> Self {
        let (low, high) = spread(low, high, |value| (value / 2.0, value * 2.0));
        #[expect(clippy::cast_possible_truncation, reason = "a decimal exponent fits in i32")]
        let (first, last) = (maths::log10(low).floor() as i32, maths::log10(high).ceil() as i32);
        let factors: &[f64] = if last - first <= 4 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let ticks = (first..=last)
            .flat_map(|exponent| factors.iter().map(move |factor| factor * 10f64.powi(exponent)))
            .filter(|value| (low..=high).contains(value))
            .map(Tick::short);
        Self::logarithmic(low, high, ticks.collect())
    }

    /// Returns a logarithmic axis with these ticks, or those of a linear one if they are fewer than two.
    fn logarithmic(low: f64, high: f64, ticks: Vec<Tick>) -> Self {
        let ticks = if ticks.len() < 2 { Self::linear(low, high, 6.0).ticks } else { ticks };
        Self { scale: Scale::Log, low, high, ticks }
    }

    /// Returns a linear axis from zero to a little above `most`.
    pub(super) fn from_zero(most: f64) -> Self {
        let most = if 0.0 < most { most } else { 1.0 };
        Self::linear(0.0, 1.06 * most, 8.0)
    }

    /// Returns a linear axis from `low` to `high` with ticks at round values, at most `n_steps` steps between them.
    ///
    /// If they are equal, it spans a little to both sides.
    pub(super) fn linear(low: f64, high: f64, n_steps: f64) -> Self {
        let (low, high) = spread(low, high, |value| {
            let margin = if value == 0.0 { 1.0 } else { 0.1 * value.abs() };
            (value - margin, value + margin)
        });
        let step = round_step((high - low) / n_steps);
        let decimals = decimals_for(step, 1);
        let first = (low / step).ceil();
        let values = std::iter::successors(Some(first), |index| Some(index + 1.0)).map(|index| index * step);
        let ticks = values.take_while(|value| *value <= high).map(|value| {
            let value = if value == 0.0 { 0.0 } else { value };
            Tick { value, label: linear_label(value, step, decimals) }
        });
        Self { scale: Scale::Linear, low, high, ticks: ticks.collect() }
    }

    /// Returns an axis of equally wide slots, one per label, of which every so many are shown; slot i is at i.
    pub(super) fn slots(labels: &[String], n_shown_max: usize) -> Self {
        let step = labels.len().div_ceil(n_shown_max.max(1)).max(1);
        let ticks = (0u32..).zip(labels).step_by(step);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand slots at most")]
        let count = labels.len().max(1) as f64;
        Self {
            scale: Scale::Linear,
            low: -0.5,
            high: count - 0.5,
            ticks: ticks.map(|(slot, label)| Tick { value: f64::from(slot), label: label.clone() }).collect(),
        }
    }

    /// Returns how far along the axis `value` lies: 0 at `low`, 1 at `high`.
    pub(super) fn share(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => log_ratio(value, self.low) / log_ratio(self.high, self.low),
        }
    }

    /// Returns `count + 1` values that are equally far apart on the axis, from `from` to `to`.
    pub(super) fn between(&self, from: f64, to: f64, count: u32) -> Vec<f64> {
        (0..=count)
            .map(|index| {
                let share = f64::from(index) / f64::from(count);
                match self.scale {
                    Scale::Linear => from + share * (to - from),
                    Scale::Log => from * maths::powf(to / from, share),
                }
            })
            .collect()
    }
}

impl Tick {
    fn short(value: f64) -> Self {
        let is_plain = (1e-3..1e6).contains(&value);
        let label = if is_plain { significant(value, 7) } else { scientific(value) };
        Self { value, label }
    }
}

/// Returns the logarithm of `value / low`, also where the ratio is beyond `f64`.
fn log_ratio(value: f64, low: f64) -> f64 {
    let ratio = value / low;
    if ratio.is_finite() { maths::ln(ratio) } else { maths::ln(value) - maths::ln(low) }
}

/// Returns a range that an axis can span: that of `widened` if the two ends are the same, but for rounding.
fn spread(low: f64, high: f64, widened: impl Fn(f64) -> (f64, f64)) -> (f64, f64) {
    const NARROWEST: f64 = 1e-9;
    if high - low <= NARROWEST * low.abs().max(high.abs()) { widened(f64::midpoint(low, high)) } else { (low, high) }
}

/// Returns the label of a tick: with the decimals of its step, or as a power of ten where those are too many.
fn linear_label(value: f64, step: f64, decimals: usize) -> String {
    let is_plain = value == 0.0 || (1e-6..1e9).contains(&step);
    with_minus_sign(&if is_plain { format!("{value:.decimals$}") } else { scientific(value) })
}

/// Returns the smallest of 1, 2, 4, 8, ... that gives few enough ticks over `span` ranks.
fn rank_step(span: u32) -> u32 {
    let mut step = 1;
    while RANK_TICKS_MAX <= span / step {
        step *= 2;
    }
    step
}

/// Returns the smallest of 1, 2 and 5 times a power of ten that is at least `step`.
fn round_step(step: f64) -> f64 {
    let power = maths::powf(10f64, maths::log10(step).floor());
    [1.0, 2.0, 5.0].into_iter().map(|factor| factor * power).find(|rounded| step <= *rounded).unwrap_or(10.0 * power)
}

/// Formats a value as a number times a power of ten, for instance `2×10⁻⁵`.
fn scientific(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a decimal exponent fits in i32")]
    let exponent = (maths::log10(value.abs()) + 1e-9).floor() as i32;
    let factor = significant(value / 10f64.powi(exponent), 2);
    let power: String = exponent.to_string().chars().map(superscript).collect();
    if factor == "1" { format!("10{power}") } else { format!("{factor}×10{power}") }
}

fn superscript(digit: char) -> char {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    digit.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize])
}

fn with_minus_sign(number: &str) -> String {
    number.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn rank_ticks_are_integers() {
        assert_eq!(labels(&Axis::ranks(1, 4)), ["1", "2", "3", "4"]);
        assert_eq!(labels(&Axis::ranks(1, 32)), ["1", "4", "8", "12", "16", "20", "24", "28", "32"]);
        assert_eq!(labels(&Axis::ranks(7, 7)), ["7"]);
    }

    #[test]
    fn many_ranks_are_powers_of_two() {
        assert_eq!(labels(&Axis::ranks(1, 65_536)), ["1", "4", "16", "64", "256", "1024", "4096", "16384", "65536"]);
    }

    #[test]
    fn linear_ticks_are_round_and_have_no_rounding_error() {
        assert_eq!(labels(&Axis::from_zero(0.28)), ["0.00", "0.05", "0.10", "0.15", "0.20", "0.25"]);
        assert_eq!(labels(&Axis::linear(-11.0, 11.0, 6.0)), ["−10", "−5", "0", "5", "10"]);
    }

    #[test]
    fn decades_have_steps_of_two_and_five_if_they_are_few() {
        assert_eq!(labels(&Axis::powers_of_ten(0.9, 21.0)), ["1", "2", "5", "10", "20"]);
        assert_eq!(labels(&Axis::powers_of_ten(1e-7, 1e-2)), ["10⁻⁷", "10⁻⁶", "10⁻⁵", "10⁻⁴", "0.001", "0.01"]);
    }

    /// ln(1.5) - ln(5e-324) = 744.8, though 1.5 / 5e-324 is no `f64`.
    #[test]
    fn the_least_number_has_a_place_beside_ordinary_ones() {
        let axis = Axis::powers_of_ten(f64::from_bits(1), 2.0);
        assert!((axis.share(1.5) - 744.8 / 745.1).abs() < 1e-3, "{}", axis.share(1.5));
    }

    #[test]
    fn values_that_are_all_equal_lie_within_their_axis() {
        for value in [-3.0, 0.0, 1e-12, 0.28, 7.0, 5000.0, 1e15] {
            let axis = Axis::linear(value, value, 8.0);
            assert!((axis.share(value) - 0.5).abs() < 1e-6 && axis.ticks.len() >= 2, "{axis:?}");
        }
        for value in [1e-12, 0.28, 7.0, 5000.0, 1e15] {
            for axis in [Axis::powers_of_two(value, value), Axis::powers_of_ten(value, value)] {
                assert!((0.0..=1.0).contains(&axis.share(value)) && axis.ticks.len() >= 2, "{axis:?}");
            }
        }
    }

    #[test]
    fn a_logarithmic_axis_between_two_powers_has_round_ticks() {
        assert_eq!(labels(&Axis::powers_of_two(310.0, 390.0)), ["320", "340", "360", "380"]);
    }

    #[test]
    fn shares_run_from_zero_to_one() {
        for axis in [Axis::ranks(1, 32), Axis::ranks(1, 4096), Axis::powers_of_ten(0.01, 10.0), Axis::from_zero(0.0)] {
            assert!(axis.share(axis.low).abs() < 1e-12 && (axis.share(axis.high) - 1.0).abs() < 1e-12, "{axis:?}");
        }
    }

    #[test]
    fn crowded_slots_show_every_so_many_labels() {
        let names: Vec<String> = (1..=10).map(|ranks| ranks.to_string()).collect();
        assert_eq!(labels(&Axis::slots(&names, 5)), ["1", "3", "5", "7", "9"]);
    }
}
