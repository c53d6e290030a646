//! Which values of a fitted model the samples determine, from which experiments, and which they do not.

use std::collections::BTreeMap;

use dlpc_engine::machine::{COSTED, Costed, Kernel, MachineModel};

use crate::calibration::experiment::WorkKernel;
use crate::calibration::simulated::machine_kernel;
use crate::fit::FitOptions;
use crate::fit::samples::messages::pairs::Copying;
use crate::fit::samples::messages::segments::TableShape;
use crate::fit::samples::parameters::{Estimate, PortSource, Shape};
use crate::fit::values::values;

/// Where the values of a model come from, by key path.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::fit) struct Identified {
    /// Fitted values and the experiments that determine them.
    pub(in crate::fit) fitted: BTreeMap<String, String>,
    /// Values that are taken to be those of others, because no experiment tells them apart.
    pub(in crate::fit) assumed: BTreeMap<String, String>,
    /// Tables and values that the samples do not show: they come from the prior model, if there is one.
    pub(in crate::fit) kept: Vec<String>,
}

/// Tells the values of `machine` apart.
pub(in crate::fit) fn identified(
    machine: &MachineModel,
    estimate: &Estimate,
    shape: &Shape,
    options: &FitOptions<'_>,
) -> Identified {
    let mut found = Identified::default();
    hosts(machine, estimate, shape, &mut found);
    if let Some(table) = &shape.local {
        message_table("messages.local", table, &vec![true; table.uptos.len()], &mut found);
    } else if options.prior.is_some() {
        found.kept.push("messages.local".to_owned());
    } else {
        let as_remote = "as between hosts: no host has two cores";
        found.assumed.insert("messages.local".to_owned(), as_remote.to_owned());
    }
    if let Some(remote) = &shape.remote {
        message_table("messages.remote", &remote.table, &remote.network.has_gap, &mut found);
        if remote.network.has_message_gap {
            for i in 0..remote.table.uptos.len() {
                found.fit(format!("messages.remote.segments[{i}].message_gap"), "train");
            }
        }
        let no_latency = "all latency is in the segments: the samples cannot tell it apart";
        found.assumed.insert("switch".to_owned(), no_latency.to_owned());
    } else {
        found.kept.extend(["messages.remote".to_owned(), "switch".to_owned()]);
    }
    kernels(estimate, options, &mut found);
    let all = values(machine);
    found.fitted.retain(|key, _| all.contains_key(key));
    found
}

impl Identified {
    fn fit(&mut self, key: String, experiments: &str) {
        self.fitted.insert(key, experiments.to_owned());
    }
}

fn hosts(machine: &MachineModel, estimate: &Estimate, shape: &Shape, found: &mut Identified) {
    for group in &machine.host_groups {
        let at = format!("hosts.{}", group.name);
        for (i, name) in group.host_names().iter().enumerate() {
            if estimate.costs.speeds.contains_key(name) {
                found.fit(format!("{at}.speed[{i}]"), "compute");
            } else {
                found.assumed.insert(format!("{at}.speed[{i}]"), "not measured: as the median host".to_owned());
            }
        }
        for i in 1..group.slowdown.len() {
            if estimate.costs.slowdown.keys().any(|busy| *busy as usize == i + 1) {
                found.fit(format!("{at}.slowdown[{i}]"), "compute");
            }
        }
        match &shape.remote {
            Some(remote) => {
                let experiments = match remote.network.port {
                    PortSource::OneFlow => "ping_pong remote",
                    PortSource::FanIn => "fan_in",
                    PortSource::Both { .. } => "ping_pong remote, fan_in",
                };
                found.fit(format!("{at}.nic.bandwidth"), experiments);
            }
            None => found.kept.push(format!("{at}.nic")),
        }
    }
    found.fit("switch.backplane_bandwidth".to_owned(), "pairs");
}

fn message_table(at: &str, table: &TableShape, has_gap: &[bool], found: &mut Identified) {
    let class = at.trim_start_matches("messages.");
    found.fit(format!("{at}.eager_limit"), &format!("send {class}"));
    for (i, has_gap) in has_gap.iter().enumerate().take(table.uptos.len()) {
        let at = format!("{at}.segments[{i}]");
        if i < table.n_eager {
            found.fit(format!("{at}.send_overhead"), &format!("send {class}"));
            found.fit(format!("{at}.recv_overhead"), &format!("recv {class}"));
            if table.copying == Copying::BesidesTheWire {
                found.fit(format!("{at}.byte_overhead"), &format!("send {class}, recv {class}"));
            } else {
                let why = "none: cores copy while the wire carries other bytes of the message";
                found.assumed.insert(format!("{at}.byte_overhead"), why.to_owned());
            }
        } else {
            let as_eager = format!("as segments[{}]: a rendezvous shows only the sum of all parts", table.n_eager - 1);
            for name in ["send_overhead", "recv_overhead", "byte_overhead"] {
                found.assumed.insert(format!("{at}.{name}"), as_eager.clone());
            }
        }
        found.fit(format!("{at}.latency"), &format!("ping_pong {class}"));
        if *has_gap {
            found.fit(format!("{at}.byte_gap"), &format!("ping_pong {class}"));
        }
    }
}

fn kernels(estimate: &Estimate, options: &FitOptions<'_>, found: &mut Identified) {
    // The four costs of records come together: without one of them, all are the prior's.
    let of_records = WorkKernel::ALL.into_iter().filter(|kernel| *kernel != WorkKernel::ThrowDart);
    let has_records = of_records.into_iter().all(|kernel| estimate.costs.kernels.contains_key(&kernel));
    // Set-up is not measured.
    for Costed { kernel, key, .. } in COSTED.into_iter().filter(|costed| costed.kernel != Kernel::Setup) {
        let is_measured = estimate.costs.kernels.keys().any(|measured| machine_kernel(*measured) == kernel);
        if is_measured && (has_records || kernel == Kernel::ThrowDart) {
            found.fit(key.to_owned(), "compute");
        } else {
            found.kept.push(key.to_owned());
        }
        if estimate.noise.kernels.keys().any(|measured| machine_kernel(*measured) == kernel) {
            found.fit(kernel.sigma_key(), "compute");
        }
    }
    if estimate.noise.sigma.is_some() {
        found.fit("noise.compute_sigma".to_owned(), "fixed_work");
    } else {
        found.kept.push("noise".to_owned());
    }
    for name in ["interval", "duration"] {
        found.fit(format!("noise.interruptions.{name}"), "fixed_work");
    }
    found.assumed.insert("kernels.setup".to_owned(), "none: the measured kernels have no work of their own".to_owned());
    found.assumed.insert("kernels.records.bytes".to_owned(), "as the measured kernels pack a record".to_owned());
    if options.prior.is_some_and(|prior| prior.noise.latency_sigma > 0.0) {
        found.kept.push("noise.latency_sigma".to_owned());
    }
}
