//! Every value of a fitted model with its unit, its interval, and where it comes from.

use std::collections::BTreeMap;

use dlpc_engine::units::Unit;

use super::Fit;
use crate::fit::values::values;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The samples determine it: those of these experiments, or runs.
    Fitted(String),
    /// The samples do not determine it; why it is what it is.
    Assumed(String),
    /// It was not measured: it is that of the prior model.
    Prior,
}

/// A value of the machine model.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Key path in the model's file, for instance `messages.remote.segments[0].latency`.
    pub key: String,
    /// Value, in its unit.
    pub value: f64,
    /// Unit.
    pub unit: Unit,
    /// 95 % interval; none if nothing determines it.
    pub interval: Option<(f64, f64)>,
    /// Standard error, where the interval is not 1.96 of them.
    pub standard_error: Option<f64>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Returns all values of the fitted model, by key path.
#[must_use]
pub fn parameters(fit: &Fit) -> Vec<Parameter> {
    let mut all = values(&fit.machine);
    let noise = &fit.machine.noise;
    all.insert("noise.run_sigma".to_owned(), noise.run_sigma);
    all.insert("noise.latency_sigma".to_owned(), noise.latency_sigma);
    if let Some(records) = fit.machine.kernels.records {
        all.insert("kernels.records.bytes".to_owned(), records.bytes.as_f64());
    }
    let parameter = |(key, value): (String, f64)| Parameter {
        value,
        unit: unit(&key),
        interval: fit.intervals.get(&key).copied(),
        standard_error: fit.standard_errors.get(&key).copied(),
        origin: origin(fit, &key),
        key,
    };
    all.into_iter().map(parameter).collect()
}

/// Returns what was not measured and is the prior's, and what is taken to be that of others and why, by key path.
#[must_use]
pub fn not_fitted(fit: &Fit) -> BTreeMap<&str, &str> {
    let kept = fit.kept_from_prior.iter().map(|key| (key.as_str(), "not measured: kept from the prior model"));
    let assumed = fit.assumed.iter().map(|(key, why)| (key.as_str(), why.as_str()));
    assumed.chain(kept).collect()
}

fn unit(key: &str) -> Unit {
    let name = key.rsplit('.').next().unwrap_or(key);
    match name.split('[').next().unwrap_or(name) {
        "bandwidth" | "backplane_bandwidth" => Unit::BytesPerSecond,
        "byte_overhead" | "byte_gap" => Unit::SecondsPerByte,
        "eager_limit" | "bytes" => Unit::Bytes,
        "speed" | "slowdown" => Unit::One,
        "interval" | "duration" => Unit::Seconds,
        _ if key.starts_with("noise.") => Unit::One,
        _ => Unit::Seconds,
    }
}

fn origin(fit: &Fit, key: &str) -> Origin {
    if let Some(experiments) = fit.identified_by.get(key) {
        return Origin::Fitted(experiments.clone());
    }
    if let Some((_, why)) = fit.assumed.iter().find(|(whole, _)| is_part(key, whole)) {
        return Origin::Assumed(why.clone());
    }
    if fit.kept_from_prior.iter().any(|whole| is_part(key, whole)) {
        return Origin::Prior;
    }
    if key == "noise.run_sigma" {
        return if fit.n_launches == 0 { Origin::Prior } else { Origin::Fitted("compute".to_owned()) };
    }
    Origin::Assumed(usual(key).to_owned())
}

/// Returns whether a key path is another one or leads into it.
fn is_part(key: &str, whole: &str) -> bool {
    key.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Returns why a value is what it is if the fit does not say.
fn usual(key: &str) -> &'static str {
    match key.rsplit('.').next().unwrap_or(key) {
        "slowdown[0]" => "1: what the others are relative to",
        name if name.starts_with("slowdown") => "not measured: between those that were",
        "byte_gap" => "none: the port is the limit",
        "message_gap" => "none: trains of messages show none",
        "latency" => "none: all latency is in the segments",
        "latency_sigma" => "none: samples of messages are medians",
        _ if key.starts_with("noise.kernel_sigma") => "as noise.compute_sigma",
        _ => "no sample determines it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_path_is_part_of_the_tables_around_it() {
        assert!(is_part("messages.local.segments[0].latency", "messages.local"));
        assert!(is_part("hosts.pi.speed[3]", "hosts.pi"));
        assert!(is_part("switch", "switch"));
        assert!(!is_part("hosts.pi4.speed[0]", "hosts.pi"));
    }

    #[test]
    fn units_follow_from_the_name_of_a_value() {
        assert_eq!(unit("hosts.pi.nic.bandwidth"), Unit::BytesPerSecond);
        assert_eq!(unit("messages.remote.segments[1].byte_overhead"), Unit::SecondsPerByte);
        assert_eq!(unit("messages.remote.eager_limit"), Unit::Bytes);
        assert_eq!(unit("noise.kernel_sigma.throw_dart"), Unit::One);
        assert_eq!(unit("noise.interruptions.interval"), Unit::Seconds);
        assert_eq!(unit("kernels.throw_dart"), Unit::Seconds);
    }
}
