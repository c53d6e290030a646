//! What the intervals of a machine-model file say of hosts, ports and messages.

use dlpc_engine::machine::{MachineModel, MessageTable, SegmentUncertainty, Uncertainty};
use dlpc_engine::units::{BytesPerSecond, Quantity, SecondsPerByte, SimDuration, UnitError};

use super::intervals::HALF_WIDTH_SIGMAS;
use crate::diagnostic::{Diagnostics, Problem};
use crate::input::toml::spanned::{Keyed, Spanned};
use crate::written::quantity;

/// Largest relative standard error that is drawn: a value known to a factor of 7.
const SIGMA_MAX: f64 = 2.0;

/// What an interval is about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Bandwidth,
    Speed { host: usize },
    Fixed { class: Class, segment: usize },
    PerByte { class: Class, segment: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Local,
    Remote,
}

/// Returns the uncertainty that the intervals in a file mean; reports those that cannot be read.
pub(in crate::input) fn validate(
    raw: &Keyed<Spanned<[String; 2]>>,
    machine: &MachineModel,
    diagnostics: &mut Diagnostics,
) -> Uncertainty {
    for (key, bounds) in &raw.0 {
        if let Some((place, value)) = place_of(machine, &key.value) {
            match half_width(place, &bounds.value) {
                Err(error) => {
                    let message = format!("the interval of `{}`: {error}", key.value);
                    let code = format!("machine::{}", quantity::code(&error));
                    diagnostics.push(Problem::error(code, bounds.span, message).help(error.help()));
                }
                Ok((low, high)) if !(low <= value && value <= high) => {
                    let [low, high] = &bounds.value;
                    let message = format!("the interval of `{}`, {low} to {high}, does not hold its value", key.value);
                    let problem = Problem::error("machine::out_of_range", bounds.span, message);
                    diagnostics
                        .push(problem.help("write the lower bound, then the upper bound, with the value between them"));
                }
                Ok(_) => {}
            }
        }
    }
    uncertainty(machine, raw.0.iter().map(|(key, bounds)| (key.value.as_str(), &bounds.value)))
}

/// Returns the uncertainty that 95 % intervals mean, given by key path and as text; those of kernels are not looked at.
///
/// The parts of a message that do not depend on its size have one relative error together, that of their sum: single ones may
/// be zero, and what one has too much, another has too little.
pub(crate) fn uncertainty<'a>(
    machine: &MachineModel,
    intervals: impl Iterator<Item = (&'a str, &'a [String; 2])>,
) -> Uncertainty {
    let n_hosts = machine.host_groups.iter().map(|group| group.speeds.len()).sum();
    let mut bandwidth = 0.0_f64;
    let mut speeds = vec![0.0; n_hosts];
    let mut tables = [&machine.local, &machine.remote].map(|table| vec![Variance::default(); table.segments.len()]);
    for (key, bounds) in intervals {
        let Some((place, value)) = place_of(machine, key) else { continue };
        let Ok((low, high)) = half_width(place, bounds) else { continue };
        let error = (high - low) / 2.0 / HALF_WIDTH_SIGMAS;
        match place {
            Place::Bandwidth => bandwidth = bandwidth.max(relative(error, value)),
            Place::Speed { host } => speeds[host] = relative(error, value),
            Place::Fixed { class, segment } => tables[class as usize][segment].fixed += error.powi(2),
            Place::PerByte { class, segment } => tables[class as usize][segment].per_byte += error.powi(2),
        }
    }
    let [local, remote] = tables;
    let all_zero = speeds.iter().all(|sigma: &f64| *sigma <= 0.0);
    Uncertainty {
        bandwidth,
        speeds: if all_zero { Vec::new() } else { speeds },
        local: segments(&machine.local, &local),
        remote: segments(&machine.remote, &remote),
    }
}

/// Squares of absolute standard errors of one segment.
#[derive(Debug, Clone, Copy, Default)]
struct Variance {
    fixed: f64,
    per_byte: f64,
}

fn segments(table: &MessageTable, variances: &[Variance]) -> Vec<SegmentUncertainty> {
    let sigmas: Vec<SegmentUncertainty> = table
        .segments
        .iter()
        .zip(variances)
        .map(|(segment, variance)| {
            let fixed = [segment.send_overhead, segment.recv_overhead, segment.latency].map(SimDuration::as_seconds);
            SegmentUncertainty {
                fixed: relative(variance.fixed.sqrt(), fixed.iter().sum()),
                per_byte: relative(variance.per_byte.sqrt(), segment.byte_overhead.as_f64()),
            }
        })
        .collect();
    let is_known = sigmas.iter().all(|sigma| *sigma == SegmentUncertainty::default());
    if is_known { Vec::new() } else { sigmas }
}

/// Returns an error over its value; zero for a value of zero.
fn relative(error: f64, value: f64) -> f64 {
    if value <= 0.0 { 0.0 } else { (error / value).min(SIGMA_MAX) }
}

/// Returns the bounds in SI units.
fn half_width(place: Place, bounds: &[String; 2]) -> Result<(f64, f64), UnitError> {
    let [low, high] = bounds;
    Ok((in_si(place, low)?, in_si(place, high)?))
}

fn in_si(place: Place, text: &str) -> Result<f64, UnitError> {
    match place {
        Place::Bandwidth => BytesPerSecond::parse(text).map(BytesPerSecond::as_f64),
        Place::Speed { .. } => {
            text.trim().parse().map_err(|_| UnitError::NotANumber { text: text.to_owned(), example: "0.98".to_owned() })
        }
        Place::Fixed { .. } => SimDuration::parse(text).map(SimDuration::as_seconds),
        Place::PerByte { .. } => SecondsPerByte::parse(text).map(SecondsPerByte::as_f64),
    }
}

/// Returns what a key path is about and its value in SI units; none for values that are not drawn.
fn place_of(machine: &MachineModel, path: &str) -> Option<(Place, f64)> {
    let (head, name) = path.rsplit_once('.')?;
    if let Some(group) = head.strip_prefix("hosts.") {
        return host_place(machine, group, name);
    }
    let (class, rest) = match head.strip_prefix("messages.")?.split_once('.')? {
        ("local", rest) => (Class::Local, rest),
        ("remote", rest) => (Class::Remote, rest),
        _ => return None,
    };
    let table = match class {
        Class::Local => &machine.local,
        Class::Remote => &machine.remote,
    };
    let segment = index(rest, "segments")?;
    let costs = table.segments.get(segment)?;
    let fixed = |cost: SimDuration| Some((Place::Fixed { class, segment }, cost.as_seconds()));
    match name {
        "send_overhead" => fixed(costs.send_overhead),
        "recv_overhead" => fixed(costs.recv_overhead),
        "latency" => fixed(costs.latency),
        "byte_overhead" => Some((Place::PerByte { class, segment }, costs.byte_overhead.as_f64())),
        _ => None,
    }
}

fn host_place(machine: &MachineModel, group: &str, name: &str) -> Option<(Place, f64)> {
    if name == "bandwidth" {
        let group = group.strip_suffix(".nic")?;
        let group = machine.host_groups.iter().find(|of| of.name == group)?;
        return Some((Place::Bandwidth, group.nic.bandwidth.as_f64()));
    }
    let i = index(name, "speed")?;
    let mut first = 0;
    for of in &machine.host_groups {
        if of.name == group {
            return Some((Place::Speed { host: first + i }, *of.speeds.get(i)?));
        }
        first += of.speeds.len();
    }
    None
}

/// Returns the number in `name[3]`.
fn index(text: &str, name: &str) -> Option<usize> {
    text.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}
