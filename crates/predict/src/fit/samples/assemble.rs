//! From an estimate to a machine model.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use dlpc_engine::machine::{
    CollectiveOverrides, Forwarding, HostGroup, Interruptions, Kernel, Kernels, MachineModel, MessageTable, Nic, Noise,
    RecordCosts, Segment, Switch, Topology, Uncertainty,
};
use dlpc_engine::units::{Bytes, BytesPerSecond, Quantity, SecondsPerByte, SimDuration, significant};

use crate::calibration::experiment::WorkKernel;
use crate::calibration::plan::HostInfo;
use crate::calibration::simulated::machine_kernel;
use crate::calibration::work;
use crate::fit::samples::cores::compute;
use crate::fit::samples::messages::pairs::SegmentCosts;
use crate::fit::samples::messages::segments::TableShape;
use crate::fit::samples::parameters::{Estimate, RemoteEstimate, RemoteShape, Shape};
use crate::fit::values::{DIGITS, ratio, ratio_of, rounded};
use crate::fit::{FitError, FitOptions};

/// Largest sigma that a machine model may have.
const SIGMA_MAX: f64 = 2.0;

/// Returns the machine model of an estimate; what it lacks comes from the prior model.
///
/// A fitted model has a cut-through switch without latency, and cables without: all of it is in the segments, where the
/// samples cannot tell it apart.
///
/// # Errors
/// [`FitError::Unidentified`] if neither has it, [`FitError::Impossible`] if no machine has such a value.
pub(in crate::fit) fn assemble(
    estimate: &Estimate,
    shape: &Shape,
    options: &FitOptions<'_>,
) -> Result<MachineModel, FitError> {
    let prior = options.prior;
    let (remote, nic, switch) = if let (Some(costs), Some(shape)) = (&estimate.remote, &shape.remote) {
        between_hosts(costs, shape)?
    } else {
        let prior = prior.ok_or(FitError::Unidentified { what: "messages between hosts", needed: "two hosts" })?;
        (prior.remote.clone(), prior.host_groups[0].nic, prior.switch.clone())
    };
    let local = match (&estimate.local, &shape.local) {
        (Some(costs), Some(table)) => message_table(table, costs, |costs| costs.wire, 0.0)?,
        // Hosts of one core have no pairs, unless two ranks share it.
        _ if prior.is_none() && options.hosts.iter().all(|host| host.cores == 1) => remote.clone(),
        _ => prior
            .map(|prior| prior.local.clone())
            .ok_or(FitError::Unidentified { what: "messages within a host", needed: "a host with two cores" })?,
    };
    Ok(MachineModel {
        name: options.name.clone(),
        host_groups: host_groups(&options.hosts, estimate, nic),
        switch,
        local,
        remote,
        collectives: prior.map_or_else(CollectiveOverrides::default, |prior| prior.collectives),
        kernels: kernels(estimate, prior),
        noise: noise(estimate, prior),
        uncertainty: Uncertainty::default(),
    })
}

fn between_hosts(costs: &RemoteEstimate, shape: &RemoteShape) -> Result<(MessageTable, Nic, Switch), FitError> {
    let has_gap = &shape.network.has_gap;
    let gaps: BTreeMap<u64, f64> = costs
        .table
        .iter()
        .zip(has_gap)
        .map(|(segment, has_gap)| (segment.upto, if *has_gap { segment.wire } else { 0.0 }))
        .collect();
    let table = message_table(&shape.table, &costs.table, |segment| gaps[&segment.upto], costs.message_gap)?;
    let nic = Nic { bandwidth: rate(1.0 / costs.port)?, latency: SimDuration::ZERO, duplex: shape.network.duplex };
    let switch = Switch {
        latency: SimDuration::ZERO,
        port_bandwidth: None,
        backplane_bandwidth: costs.backplane.map(|gap| rate(1.0 / gap)).transpose()?,
        forwarding: Forwarding::CutThrough,
        topology: Topology::Star,
    };
    Ok((table, nic, switch))
}

fn message_table(
    shape: &TableShape,
    costs: &[SegmentCosts],
    byte_gap: impl Fn(&SegmentCosts) -> f64,
    message_gap: f64,
) -> Result<MessageTable, FitError> {
    let segment = |costs: &SegmentCosts| {
        Ok(Segment {
            upto: Bytes(costs.upto),
            send_overhead: rounded(costs.send_overhead),
            recv_overhead: rounded(costs.recv_overhead),
            byte_overhead: gap(costs.byte_overhead)?,
            latency: rounded(costs.latency),
            byte_gap: gap(byte_gap(costs))?,
            message_gap: rounded(message_gap),
        })
    };
    Ok(MessageTable {
        eager_limit: Bytes(shape.eager_limit.bytes),
        segments: costs.iter().map(segment).collect::<Result<_, FitError>>()?,
        calibrated_upto: Bytes(shape.largest),
    })
}

/// Groups hosts `name0`, `name1`, ... of equal cores that follow each other; every other host is a group of its own.
fn host_groups(hosts: &[HostInfo], estimate: &Estimate, nic: Nic) -> Vec<HostGroup> {
    let mut groups: Vec<HostGroup> = Vec::new();
    let mut rest = hosts;
    while let Some(first) = rest.first() {
        let stem = first.name.strip_suffix('0');
        let follows = |(i, host): (usize, &HostInfo)| {
            host.cores == first.cores && stem.is_some_and(|stem| host.name == format!("{stem}{i}"))
        };
        let n = rest.iter().enumerate().take_while(|(i, host)| follows((*i, host))).count();
        let is_free = |stem: &str| !stem.is_empty() && groups.iter().all(|group| group.name != stem);
        let (n, name) = match stem {
            Some(stem) if n >= 2 && is_free(stem) => (n, stem.to_owned()),
            Some(_) | None => (1, first.name.clone()),
        };
        let (members, others) = rest.split_at(n);
        rest = others;
        let slowdown = compute::slowdown_table(&estimate.costs.slowdown, first.cores);
        groups.push(HostGroup {
            name,
            cores: NonZeroU32::new(first.cores).unwrap_or(NonZeroU32::MIN),
            speeds: members.iter().map(|host| ratio(estimate.costs.speed(&host.name))).collect(),
            slowdown: slowdown.into_iter().map(ratio).collect(),
            nic,
        });
    }
    groups
}

fn kernels(estimate: &Estimate, prior: Option<&MachineModel>) -> Kernels {
    let before = prior.map(|prior| prior.kernels).unwrap_or_default();
    let cost = |kernel| estimate.costs.kernels.get(&kernel).map(|seconds| rounded(*seconds));
    let records =
        [WorkKernel::StoreRecord, WorkKernel::PackRecord, WorkKernel::UnpackRecord, WorkKernel::CollectRecord]
            .map(cost);
    let records = match records {
        [Some(store), Some(pack), Some(unpack), Some(collect)] => {
            let bytes = Bytes(work::RECORD_BYTES as u64);
            Some(RecordCosts { store, pack, unpack, collect, bytes })
        }
        _ => before.records,
    };
    // The kernels measured here have no work of their own beside the darts; the prior's belongs to another program.
    let setup = if cost(WorkKernel::ThrowDart).is_some() { SimDuration::ZERO } else { before.setup };
    Kernels { setup, throw_dart: cost(WorkKernel::ThrowDart).or(before.throw_dart), records }
}

fn noise(estimate: &Estimate, prior: Option<&MachineModel>) -> Noise {
    let mut noise = prior.map_or(Noise::NONE, |prior| prior.noise.clone());
    noise.cost_sigma = Noise::NONE.cost_sigma;
    let sigma = |sigma: f64| ratio_of(sigma.min(SIGMA_MAX), 4);
    if let Some(general) = estimate.noise.sigma {
        noise.compute_sigma = [sigma(general); Kernel::ALL.len()];
    }
    for (kernel, of_kernel) in &estimate.noise.kernels {
        noise.compute_sigma[machine_kernel(*kernel) as usize] = sigma(*of_kernel);
    }
    if let Some(run_sigma) = estimate.noise.run_sigma {
        noise.run_sigma = sigma(run_sigma);
    }
    if estimate.noise.sigma.is_some() {
        noise.interruptions = estimate
            .noise
            .interruptions
            .map(|times| Interruptions { interval: rounded(times.interval_s), duration: rounded(times.duration_s) });
    }
    noise
}

/// Returns a rate with [`DIGITS`] digits in Mbit/s.
fn rate(bytes_per_second: f64) -> Result<BytesPerSecond, FitError> {
    let text = format!("{} Mbit/s", significant(bytes_per_second * 8e-6, DIGITS));
    BytesPerSecond::parse(&text).map_err(|error| FitError::Impossible { what: "a bandwidth", why: error.to_string() })
}

/// Returns a gap with [`DIGITS`] digits in ns/B.
fn gap(seconds_per_byte: f64) -> Result<SecondsPerByte, FitError> {
    let text = format!("{} ns/B", significant(seconds_per_byte * 1e9, DIGITS));
    SecondsPerByte::parse(&text)
        .map_err(|error| FitError::Impossible { what: "a time per byte", why: error.to_string() })
}
