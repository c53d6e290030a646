//! The numbers of a machine model by key path, and how many digits a fit gives them.

use std::collections::BTreeMap;

use dlpc_engine::machine::{Kernel, MachineModel};
use dlpc_engine::units::SimDuration;

/// Digits of rates and ratios in a fitted model: more would claim too much, fewer would show in the residuals.
pub(super) const DIGITS: usize = 6;

/// Returns every number of a machine model by its key path, in SI units: what intervals are given for.
#[must_use]
pub fn values(machine: &MachineModel) -> BTreeMap<String, f64> {
    let mut values = BTreeMap::new();
    for group in &machine.host_groups {
        let at = format!("hosts.{}", group.name);
        for (i, speed) in group.speeds.iter().enumerate() {
            values.insert(format!("{at}.speed[{i}]"), *speed);
        }
        for (i, factor) in group.slowdown.iter().enumerate() {
            values.insert(format!("{at}.slowdown[{i}]"), *factor);
        }
        values.insert(format!("{at}.nic.bandwidth"), group.nic.bandwidth.as_f64());
        values.insert(format!("{at}.nic.latency"), group.nic.latency.as_seconds());
    }
    values.insert("switch.latency".to_owned(), machine.switch.latency.as_seconds());
    if let Some(backplane) = machine.switch.backplane_bandwidth {
        values.insert("switch.backplane_bandwidth".to_owned(), backplane.as_f64());
    }
    for (class, table) in [("local", &machine.local), ("remote", &machine.remote)] {
        values.insert(format!("messages.{class}.eager_limit"), table.eager_limit.as_f64());
        for (i, segment) in table.segments.iter().enumerate() {
            let at = format!("messages.{class}.segments[{i}]");
            values.insert(format!("{at}.send_overhead"), segment.send_overhead.as_seconds());
            values.insert(format!("{at}.recv_overhead"), segment.recv_overhead.as_seconds());
            values.insert(format!("{at}.byte_overhead"), segment.byte_overhead.as_f64());
            values.insert(format!("{at}.latency"), segment.latency.as_seconds());
            values.insert(format!("{at}.byte_gap"), segment.byte_gap.as_f64());
            values.insert(format!("{at}.message_gap"), segment.message_gap.as_seconds());
        }
    }
    kernel_values(machine, &mut values);
    values
}

fn kernel_values(machine: &MachineModel, values: &mut BTreeMap<String, f64>) {
    values.extend(machine.kernels.costs().map(|(costed, cost)| (costed.key.to_owned(), cost.as_seconds())));
    values.insert("noise.compute_sigma".to_owned(), machine.noise.sigma(Kernel::Custom));
    values.extend(Kernel::ALL.map(|kernel| (kernel.sigma_key(), machine.noise.sigma(kernel))));
    if let Some(interruptions) = machine.noise.interruptions {
        values.insert("noise.interruptions.interval".to_owned(), interruptions.interval.as_seconds());
        values.insert("noise.interruptions.duration".to_owned(), interruptions.duration.as_seconds());
    }
}

/// Returns a duration with [`DIGITS`] digits, in whole picoseconds.
pub(super) fn rounded(seconds: f64) -> SimDuration {
    duration(ratio(seconds))
}

/// Returns a number with [`DIGITS`] digits.
pub(super) fn ratio(value: f64) -> f64 {
    ratio_of(value, DIGITS)
}

/// Returns a number with so many significant digits.
pub(super) fn ratio_of(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}

/// Returns a duration, rounded to 1 ps.
pub(super) fn duration(seconds: f64) -> SimDuration {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    let picos = (seconds * 1e12).round().max(0.0) as u64;
    SimDuration::from_picos(picos)
}
