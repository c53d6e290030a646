//! The machine-model file of a fit.

mod noise;
mod text;

use std::collections::BTreeMap;

use dlpc_engine::machine::{
    AllgatherAlgorithm, AllreduceAlgorithm, AlltoallAlgorithm, BarrierAlgorithm, CollectiveOverrides, Duplex,
    Forwarding, HostGroup, Kernel, MachineModel, MessageTable, RecordCosts, Switch, Topology, TreeAlgorithm,
    Uncertainty,
};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::{Fit, model};
use crate::input;

/// Where the samples of a fit come from: what a fit itself cannot know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileProvenance {
    /// When the model was made.
    pub created: Option<String>,
    /// Where the cluster stands.
    pub place: Option<String>,
    /// MPI library.
    pub mpi: Option<String>,
    /// File with the samples.
    pub samples: Option<String>,
    /// Its SHA-256 hash, in hexadecimal.
    pub samples_sha256: Option<String>,
    /// Name of the prior machine model.
    pub prior: Option<String>,
    /// Where the prior's values come from, by key path.
    pub prior_sources: BTreeMap<String, String>,
    /// 95 % intervals of the prior's values, by key path.
    pub prior_intervals: BTreeMap<String, [String; 2]>,
    /// Command that makes the model.
    pub command: Option<String>,
    /// What the model was fitted to, if not to the samples of a calibration.
    pub runs: Option<FittedTo>,
}

/// Runs of whole programs that a model was fitted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FittedTo {
    /// Rank counts, ascending.
    pub ranks: Vec<u32>,
    /// Names of the measurements.
    pub measurements: Vec<String>,
}

const SAMPLES_METHOD: &str = "fit: robust least squares by segment, segments by BIC, contention by inverting the \
simulator; intervals: bootstrap over launches, Student's t";
const RUNS_METHOD: &str = "fit: robust least squares of simulated makespans, weighted by reading error and scatter; \
intervals: standard errors, Student's t; hardware and messages from the prior";

/// Returns the fit as a machine-model file, which [`input::load_machine`] reads as the same model.
///
/// # Panics
/// Never: every value of a machine model can be written.
#[must_use]
pub fn to_toml(fit: &Fit, provenance: &FileProvenance) -> String {
    let document = document(fit, provenance);
    let body = toml::to_string(&document).expect("invariant: keys are strings and nothing fails to serialise");
    let made_from = match &provenance.runs {
        Some(runs) => format!("{} runs of whole programs: {}", fit.n_samples, runs.measurements.join(", ")),
        None => format!("{} samples of {} launches", fit.n_samples, fit.n_launches),
    };
    format!("# Made by dlpc-sim calibrate from {made_from}.\n{body}")
}

/// Returns the relative standard error of each kernel's cost, as a reader of the file would find it.
pub(super) fn cost_sigma(machine: &MachineModel, intervals: &BTreeMap<String, (f64, f64)>) -> [f64; Kernel::ALL.len()] {
    let mut sigma = [0.0; Kernel::ALL.len()];
    for (costed, cost) in machine.kernels.costs() {
        if let Some(bounds) = intervals.get(costed.key) {
            let (low, high) = text::time_bounds(*bounds);
            sigma[costed.kernel as usize] = input::relative_sigma(low, high, cost);
        }
    }
    sigma
}

/// Returns how well hosts, ports and messages are known, as a reader of the file would find it.
pub(super) fn uncertainty(machine: &MachineModel, intervals: &BTreeMap<String, (f64, f64)>) -> Uncertainty {
    let bounds: Vec<(&str, [String; 2])> =
        intervals.iter().map(|(key, bounds)| (key.as_str(), text::bounds(key, *bounds))).collect();
    input::uncertainty(machine, bounds.iter().map(|(key, bounds)| (*key, bounds)))
}

/// Entries in their own order.
struct Ordered<T>(Vec<(String, T)>);

impl<T: Serialize> Serialize for Ordered<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    name: &'a str,
    title: &'a str,
    hosts: Ordered<GroupDto>,
    switch: SwitchDto,
    messages: MessagesDto,
    #[serde(skip_serializing_if = "Option::is_none")]
    collectives: Option<CollectivesDto>,
    kernels: KernelsDto,
    #[serde(skip_serializing_if = "Option::is_none")]
    noise: Option<noise::NoiseDto>,
    provenance: ProvenanceDto<'a>,
    intervals: BTreeMap<&'a str, [String; 2]>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    standard_errors: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
struct GroupDto {
    count: usize,
    cores: u32,
    #[serde(skip_serializing_if = "all_are_one")]
    speed: Vec<f64>,
    #[serde(skip_serializing_if = "all_are_one")]
    slowdown: Vec<f64>,
    nic: NicDto,
}

#[derive(Serialize)]
struct NicDto {
    bandwidth: String,
    latency: String,
    duplex: &'static str,
}

#[derive(Serialize)]
struct SwitchDto {
    latency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    port_bandwidth: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backplane_bandwidth: Option<String>,
    forwarding: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<TreeDto>,
}

#[derive(Serialize)]
struct TreeDto {
    hosts_per_leaf: u32,
    uplink_bandwidth: String,
    uplink_latency: String,
}

#[derive(Serialize)]
struct MessagesDto {
    local: TableDto,
    remote: TableDto,
}

#[derive(Serialize)]
struct TableDto {
    eager_limit: String,
    calibrated_upto: String,
    segments: Vec<SegmentDto>,
}

#[derive(Serialize)]
struct SegmentDto {
    #[serde(skip_serializing_if = "Option::is_none")]
    upto: Option<String>,
    send_overhead: String,
    recv_overhead: String,
    byte_overhead: String,
    latency: String,
    byte_gap: String,
    message_gap: String,
}

#[derive(Serialize)]
struct CollectivesDto {
    #[serde(skip_serializing_if = "Option::is_none")]
    barrier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bcast: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scatter: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gather: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reduce: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allreduce: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allgather: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alltoall: Option<&'static str>,
}

#[derive(Serialize)]
struct KernelsDto {
    setup: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    throw_dart: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<RecordsDto>,
}

#[derive(Serialize)]
struct RecordsDto {
    store: String,
    pack: String,
    unpack: String,
    collect: String,
    bytes: String,
}

#[derive(Serialize)]
struct ProvenanceDto<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mpi: Option<&'a str>,
    tool_version: &'static str,
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    launches: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    samples: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    samples_sha256: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
    #[serde(skip_serializing_if = "<[u32]>::is_empty")]
    fitted_ranks: &'a [u32],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    fitted_measurements: &'a [String],
    residuals: BTreeMap<&'a str, String>,
    sources: BTreeMap<&'a str, String>,
}

/// Returns whether every value is the default of speeds and slowdowns.
fn all_are_one(values: &[f64]) -> bool {
    values.iter().all(|value| value.to_bits() == 1_f64.to_bits())
}

fn document<'a>(fit: &'a Fit, provenance: &'a FileProvenance) -> Document<'a> {
    let machine = &fit.machine;
    Document {
        format: 1,
        name: &machine.name,
        title: &fit.title,
        hosts: Ordered(machine.host_groups.iter().map(|group| (group.name.clone(), host_group(group))).collect()),
        switch: switch(&machine.switch),
        messages: MessagesDto { local: message_table(&machine.local), remote: message_table(&machine.remote) },
        collectives: (machine.collectives != CollectiveOverrides::default()).then(|| collectives(machine.collectives)),
        kernels: KernelsDto {
            setup: text::time(machine.kernels.setup),
            throw_dart: machine.kernels.throw_dart.map(text::time),
            records: machine.kernels.records.map(records),
        },
        noise: noise::of(&machine.noise),
        provenance: provenance_of(fit, provenance),
        intervals: intervals(fit, provenance),
        standard_errors: fit
            .standard_errors
            .iter()
            .map(|(key, error)| (key.as_str(), text::time(model::rounded(*error))))
            .collect(),
    }
}

/// Returns the intervals of fitted values, and those that the prior gives the values that are kept.
fn intervals<'a>(fit: &'a Fit, provenance: &'a FileProvenance) -> BTreeMap<&'a str, [String; 2]> {
    let from_prior = provenance.prior_intervals.iter().filter(|(key, _)| is_kept(fit, key));
    let from_prior = from_prior.map(|(key, bounds)| (key.as_str(), bounds.clone()));
    from_prior.chain(fit.intervals.iter().map(|(key, bounds)| (key.as_str(), text::bounds(key, *bounds)))).collect()
}

fn host_group(group: &HostGroup) -> GroupDto {
    GroupDto {
        count: group.speeds.len(),
        cores: group.cores.get(),
        speed: group.speeds.clone(),
        slowdown: group.slowdown.clone(),
        nic: NicDto {
            bandwidth: text::rate(group.nic.bandwidth),
            latency: text::time(group.nic.latency),
            duplex: match group.nic.duplex {
                Duplex::Full => "full",
                Duplex::Half => "half",
            },
        },
    }
}

fn switch(switch: &Switch) -> SwitchDto {
    let (forwarding, frame) = match switch.forwarding {
        Forwarding::StoreAndForward { frame } => ("store-and-forward", Some(text::size(frame))),
        Forwarding::CutThrough => ("cut-through", None),
    };
    SwitchDto {
        latency: text::time(switch.latency),
        port_bandwidth: switch.port_bandwidth.map(text::rate),
        backplane_bandwidth: switch.backplane_bandwidth.map(text::rate),
        forwarding,
        frame,
        tree: match switch.topology {
            Topology::Star => None,
            Topology::Tree { hosts_per_leaf, uplink_bandwidth, uplink_latency } => Some(TreeDto {
                hosts_per_leaf: hosts_per_leaf.get(),
                uplink_bandwidth: text::rate(uplink_bandwidth),
                uplink_latency: text::time(uplink_latency),
            }),
        },
    }
}

fn message_table(table: &MessageTable) -> TableDto {
    let segments = table.segments.iter().map(|segment| SegmentDto {
        upto: (segment.upto.0 < u64::MAX).then(|| text::size(segment.upto)),
        send_overhead: text::time(segment.send_overhead),
        recv_overhead: text::time(segment.recv_overhead),
        byte_overhead: text::gap(segment.byte_overhead),
        latency: text::time(segment.latency),
        byte_gap: text::gap(segment.byte_gap),
        message_gap: text::time(segment.message_gap),
    });
    TableDto {
        eager_limit: text::size(table.eager_limit),
        calibrated_upto: text::size(table.calibrated_upto),
        segments: segments.collect(),
    }
}

fn collectives(collectives: CollectiveOverrides) -> CollectivesDto {
    let tree = |algorithm: Option<TreeAlgorithm>| {
        algorithm.map(|algorithm| match algorithm {
            TreeAlgorithm::Linear => "linear",
            TreeAlgorithm::Binomial => "binomial",
        })
    };
    CollectivesDto {
        barrier: collectives.barrier.map(|algorithm| match algorithm {
            BarrierAlgorithm::Linear => "linear",
            BarrierAlgorithm::RecursiveDoubling => "recursive-doubling",
            BarrierAlgorithm::Dissemination => "dissemination",
        }),
        bcast: tree(collectives.bcast),
        scatter: tree(collectives.scatter),
        gather: tree(collectives.gather),
        reduce: tree(collectives.reduce),
        allreduce: collectives.allreduce.map(|algorithm| match algorithm {
            AllreduceAlgorithm::Linear => "linear",
            AllreduceAlgorithm::RecursiveDoubling => "recursive-doubling",
        }),
        allgather: collectives.allgather.map(|algorithm| match algorithm {
            AllgatherAlgorithm::Ring => "ring",
            AllgatherAlgorithm::RecursiveDoubling => "recursive-doubling",
            AllgatherAlgorithm::Bruck => "bruck",
            AllgatherAlgorithm::Neighbor => "neighbor",
        }),
        alltoall: collectives.alltoall.map(|algorithm| match algorithm {
            AlltoallAlgorithm::Linear => "linear",
            AlltoallAlgorithm::Pairwise => "pairwise",
            AlltoallAlgorithm::Bruck => "bruck",
        }),
    }
}

fn records(records: RecordCosts) -> RecordsDto {
    RecordsDto {
        store: text::time(records.store),
        pack: text::time(records.pack),
        unpack: text::time(records.unpack),
        collect: text::time(records.collect),
        bytes: text::size(records.bytes),
    }
}

fn provenance_of<'a>(fit: &'a Fit, provenance: &'a FileProvenance) -> ProvenanceDto<'a> {
    ProvenanceDto {
        created: provenance.created.as_deref(),
        place: provenance.place.as_deref(),
        mpi: provenance.mpi.as_deref(),
        tool_version: env!("CARGO_PKG_VERSION"),
        method: if provenance.runs.is_some() { RUNS_METHOD } else { SAMPLES_METHOD },
        command: provenance.command.as_deref(),
        launches: provenance.runs.is_none().then_some(fit.n_launches),
        samples: provenance.samples.as_deref(),
        samples_sha256: provenance.samples_sha256.as_deref(),
        warnings: &fit.warnings,
        fitted_ranks: provenance.runs.as_ref().map_or(&[], |runs| &runs.ranks),
        fitted_measurements: provenance.runs.as_ref().map_or(&[], |runs| &runs.measurements),
        residuals: fit.residuals.iter().map(|(kind, residual)| (kind.as_str(), text::residual(residual))).collect(),
        sources: sources(fit, provenance),
    }
}

fn sources<'a>(fit: &'a Fit, provenance: &'a FileProvenance) -> BTreeMap<&'a str, String> {
    let kept = match &provenance.prior {
        Some(prior) => format!("not measured: kept from `{prior}`"),
        None => "not measured".to_owned(),
    };
    // What the prior says of a kept value, or of a part of a kept table, says more than that it was kept.
    let from_prior = provenance.prior_sources.iter().filter(|(key, _)| is_kept(fit, key));
    let from_prior = from_prior.map(|(key, source)| (key.as_str(), source.clone()));
    let fitted = fit.identified_by.iter().map(|(key, experiments)| (key.as_str(), format!("fit: {experiments}")));
    let assumed = fit.assumed.iter().map(|(key, why)| (key.as_str(), format!("assumed: {why}")));
    let kept = fit.kept_from_prior.iter().map(|key| (key.as_str(), kept.clone()));
    fitted.chain(assumed).chain(kept).chain(from_prior).collect()
}

/// Returns whether the value of a key path, or all of the table that it is in, comes from the prior.
fn is_kept(fit: &Fit, key: &str) -> bool {
    fit.kept_from_prior.iter().any(|kept| is_part(key, kept))
}

/// Returns whether a key path is another one or leads into it.
fn is_part(key: &str, whole: &str) -> bool {
    key.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
