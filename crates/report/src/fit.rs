//! The report of a fit: what it consists of, and how its numbers are written.

use dlpc_engine::units::{Bytes, SimDuration, Unit, significant};

use dlpc_predict::fit::Fit;
use dlpc_predict::fit::evidence::Series;
use dlpc_predict::fit::origin::{Origin, Parameter};

/// Digits of values and of the bounds of intervals.
const DIGITS: usize = 4;

/// What the report of a fit consists of.
#[derive(Debug, Clone, Copy)]
pub struct FitDocument<'a> {
    /// The fit.
    pub fit: &'a Fit,
    /// Every value of its model.
    pub parameters: &'a [Parameter],
    /// Its samples.
    pub series: &'a [Series],
    /// What it was fitted to.
    pub method: Method,
    /// The file of samples, or the measured runs.
    pub source: &'a str,
    /// The command that fits again.
    pub command: &'a str,
}

/// What a model was fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Samples of calibration experiments.
    Samples,
    /// Times of whole programs.
    Runs,
}

impl FitDocument<'_> {
    /// Returns how many samples lie too far off to count.
    #[must_use]
    pub fn n_outliers(&self) -> usize {
        self.series.iter().flat_map(|series| &series.points).filter(|point| point.is_outlier).count()
    }

    /// Returns the sizes of the smallest and largest message that was measured, by class of pairs: `local`, `remote`.
    #[must_use]
    pub fn calibrated_bytes(&self) -> Vec<(&'static str, u64, u64)> {
        let range = |class: &'static str, upto: Bytes| {
            let kind = format!("ping_pong {class}");
            let sizes = self.series.iter().filter(|series| series.kind == kind).flat_map(|series| &series.points);
            let least = sizes.map(|point| point.x).fold(f64::INFINITY, f64::min);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of bytes")]
            least.is_finite().then_some((class, least as u64, upto.0))
        };
        let machine = &self.fit.machine;
        let classes = [("local", machine.local.calibrated_upto), ("remote", machine.remote.calibrated_upto)];
        classes.into_iter().filter_map(|(class, upto)| range(class, upto)).collect()
    }
}

/// Returns a value with its unit, as a person reads it.
pub(super) fn value(value: f64, unit: Unit) -> String {
    match unit {
        Unit::One => significant(value, DIGITS),
        Unit::Seconds if value > 0.0 => SimDuration::from_seconds_ceil(value).to_string(),
        Unit::Seconds => "0 s".to_owned(),
        Unit::Bytes => format!("{} B", significant(value, 9)),
        Unit::BytesPerSecond => format!("{} Mbit/s", significant(value * 8e-6, DIGITS)),
        Unit::SecondsPerByte => format!("{} ns/B", significant(value * 1e9, DIGITS)),
        Unit::FlopsPerSecond => format!("{} Gflop/s", significant(value * 1e-9, DIGITS)),
    }
}

/// Returns the 95 % interval of a value, `low – high`; empty if it has none.
pub(super) fn interval(parameter: &Parameter) -> String {
    let bounds = parameter.interval.map(|(low, high)| {
        let [low, high] = [low, high].map(|bound| value(bound, parameter.unit));
        format!("{low} – {high}")
    });
    bounds.unwrap_or_default()
}

/// Returns half the width of the interval over the value, as a percentage; empty if it has none.
pub(super) fn uncertainty(parameter: &Parameter) -> String {
    let half = parameter.interval.map(|(low, high)| (high - low) / 2.0 / parameter.value);
    half.filter(|half| half.is_finite()).map(|half| format!("{} %", significant(100.0 * half, 2))).unwrap_or_default()
}

/// Returns how a value was got, in a word.
pub(super) const fn origin_word(origin: &Origin) -> &'static str {
    match origin {
        Origin::Fitted(_) => "fitted",
        Origin::Assumed(_) => "assumed",
        Origin::Prior => "prior",
    }
}

/// Returns from what a value is known, or why it is what it is.
pub(super) fn origin_reason(origin: &Origin) -> &str {
    match origin {
        Origin::Fitted(text) | Origin::Assumed(text) => text,
        Origin::Prior => "not measured: kept from the prior model",
    }
}

/// Returns in a sentence what a fit is made of.
pub(super) fn summary(document: &FitDocument<'_>) -> String {
    let fit = document.fit;
    let n_hosts = fit.machine.host_names().len();
    let hosts = if n_hosts == 1 { "1 host".to_owned() } else { format!("{n_hosts} hosts") };
    let n_outliers = document.n_outliers();
    let outliers = if n_outliers == 1 { "1 outlier".to_owned() } else { format!("{n_outliers} outliers") };
    match document.method {
        Method::Samples => {
            let launches =
                if fit.n_launches == 1 { "1 launch".to_owned() } else { format!("{} launches", fit.n_launches) };
            format!("Fitted to {} samples of {launches} on {hosts}; {outliers}.", fit.n_samples)
        }
        Method::Runs => format!("Fitted to {} measured runs on {hosts}; {outliers}.", fit.n_samples),
    }
}

/// Returns the sentence on how well the fitted model repeats what was measured, by mean absolute errors as `compare`.
pub(super) fn verdict(document: &FitDocument<'_>) -> String {
    let residuals = &document.fit.residuals;
    let worst = residuals.iter().max_by(|a, b| a.1.mean_absolute.total_cmp(&b.1.mean_absolute));
    let Some((kind, worst)) = worst else { return "Nothing that was measured can be simulated.".to_owned() };
    let n_poor = residuals.values().filter(|residual| residual.mean_absolute > 0.05).count();
    let n_all = residuals.len();
    let error = 100.0 * worst.mean_absolute;
    let what = match (n_poor, n_all) {
        (0, 1) => return format!("The fitted model repeats {kind} within {error:.1} % in the mean."),
        (_, 1) => return format!("The fitted model is off by {error:.1} % in the mean for {kind}."),
        (0, _) => format!("The fitted model repeats all {n_all} kinds of measurements within 5 % in the mean"),
        _ => format!(
            "The fitted model is off by more than 5 % in the mean for {n_poor} of {n_all} kinds of measurements"
        ),
    };
    format!("{what}; {kind} is furthest off ({error:.1} %).")
}

/// Returns the range of message sizes in which the model was calibrated, in sentences; empty without messages.
pub(super) fn calibrated_range(document: &FitDocument<'_>) -> String {
    let sentence = |(class, least, most): (&str, u64, u64)| {
        let place = if class == "local" { "within a host" } else { "between hosts" };
        format!("Messages {place} were measured from {least} B to {most} B.")
    };
    document.calibrated_bytes().into_iter().map(sentence).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_unit_that_people_use() {
        assert_eq!(value(11.75e6, Unit::BytesPerSecond), "94 Mbit/s");
        assert_eq!(value(5.425_62e-9, Unit::SecondsPerByte), "5.426 ns/B");
        assert_eq!(value(65_536.0, Unit::Bytes), "65536 B");
        assert_eq!(value(0.0, Unit::Seconds), "0 s");
        assert_eq!(value(2.5718e-8, Unit::Seconds), "25.72 ns");
        assert_eq!(value(0.519_872, Unit::One), "0.5199");
    }

    #[test]
    fn an_interval_of_a_value_at_zero_has_no_relative_width() {
        let zero = Parameter {
            key: "x".to_owned(),
            value: 0.0,
            unit: Unit::Seconds,
            interval: Some((0.0, 4e-6)),
            standard_error: None,
            origin: Origin::Prior,
        };
        assert_eq!((interval(&zero).as_str(), uncertainty(&zero).as_str()), ("0 s – 4 us", ""));
    }
}
