//! From the raw machine model to the checked one.
//!
//! A key that is absent here although it is required has been reported before.

pub(super) mod host_names;
pub(super) mod intervals;
pub(super) mod messages;
pub(super) mod provenance;
pub(super) mod raw;
pub(super) mod spelling;
pub(super) mod uncertainty;
pub(super) mod writer;

use std::num::NonZeroU32;

use dlpc_engine::machine::{
    CollectiveOverrides, Forwarding, HostGroup, Interruptions, Kernel, Kernels, MachineModel, Nic, Noise, RecordCosts,
    Switch, Topology, Uncertainty,
};
use dlpc_engine::units::{Bytes, SimDuration};

use self::raw::{
    RawCollectives, RawForwarding, RawHostGroup, RawInterruptions, RawKernels, RawMachine, RawNic, RawNoise,
    RawRecords, RawSwitch, RawTree,
};
use crate::diagnostic::{Diagnostics, Problem};
use crate::input::toml::spanned::{Keyed, Spanned};
use crate::written::word::Word;

/// Most hosts of all groups together.
const HOSTS_MAX: usize = 10_000_000;

/// Returns the checked machine model, or none if there is a problem.
pub(super) fn validate(raw: &RawMachine, diagnostics: &mut Diagnostics) -> Option<MachineModel> {
    let name = raw.name.as_ref().map(|name| name.value.clone());
    let host_groups = raw.hosts.as_ref().and_then(|hosts| host_groups(&hosts.value, diagnostics));
    let switch = raw.switch.as_ref().and_then(|raw| switch(&raw.value, diagnostics));
    let tables = raw.messages.as_ref().map(|tables| &tables.value);
    let local = tables.and_then(|tables| messages::validate(tables.local.as_ref()?, "messages.local", diagnostics));
    let remote = tables.and_then(|tables| messages::validate(tables.remote.as_ref()?, "messages.remote", diagnostics));
    let collectives = raw.collectives.as_ref().map(|raw| collectives(&raw.value)).unwrap_or_default();
    let kernels = raw.kernels.as_ref().map_or(Some(Kernels::default()), |raw| kernels(&raw.value));
    let noise = raw.noise.as_ref().map_or(Some(Noise::NONE), |raw| noise(&raw.value, diagnostics));
    let (kernels, mut noise) = (kernels?, noise?);
    if let Some(raw) = &raw.intervals {
        noise.cost_sigma = intervals::cost_sigma(&raw.value, &kernels, diagnostics);
    }
    if let Some(raw) = &raw.standard_errors {
        intervals::standard_errors(&raw.value, &kernels, &mut noise.cost_sigma, diagnostics);
    }
    let mut machine = MachineModel {
        name: name?,
        host_groups: host_groups?,
        switch: switch?,
        local: local?,
        remote: remote?,
        collectives,
        kernels,
        noise,
        uncertainty: Uncertainty::default(),
    };
    if let Some(raw) = &raw.intervals {
        machine.uncertainty = uncertainty::validate(&raw.value, &machine, diagnostics);
    }
    Some(machine)
}

fn host_groups(raw: &Keyed<Spanned<RawHostGroup>>, diagnostics: &mut Diagnostics) -> Option<Vec<HostGroup>> {
    let mut groups = Vec::new();
    let mut n_hosts = 0;
    for (name, group) in &raw.0 {
        check_name(name, diagnostics);
        n_hosts += group.value.count.map_or(0, |count| count.value as usize);
        if n_hosts > HOSTS_MAX {
            let message = format!("the groups up to `{}` have {n_hosts} hosts, more than {HOSTS_MAX}", name.value);
            diagnostics.push(Problem::error("machine::out_of_range", name.span, message));
            return None;
        }
        groups.extend(host_group(&name.value, &group.value, diagnostics));
    }
    if groups.is_empty() || groups.len() < raw.0.len() {
        return None;
    }
    if let Some((i, shared)) = host_names::duplicate(&groups) {
        let message = format!("two hosts are called `{shared}`");
        let problem = Problem::error("machine::duplicate_host", raw.0[i].0.span, message);
        diagnostics.push(problem.help("a group `pi` of 8 has the hosts pi0 to pi7, a group of 1 the host `pi`"));
        return None;
    }
    Some(groups)
}

fn check_name(name: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.value.is_empty() || !name.value.chars().all(is_word) {
        let problem = Problem::error("machine::bad_name", name.span, format!("`{}` is no name for hosts", name.value));
        diagnostics.push(problem.help("use letters, digits, `-`, `_` and `.`"));
    }
}

fn host_group(name: &str, raw: &RawHostGroup, diagnostics: &mut Diagnostics) -> Option<HostGroup> {
    let cores = raw.cores.and_then(|cores| NonZeroU32::new(cores.value));
    let speeds = raw.count.and_then(|count| speeds(count.value as usize, raw.speed.as_ref()?, diagnostics));
    let slowdown = cores.and_then(|cores| slowdown(cores, raw.slowdown.as_ref(), diagnostics));
    let nic = raw.nic.as_ref().and_then(|raw| nic(&raw.value));
    Some(HostGroup { name: name.to_owned(), cores: cores?, speeds: speeds?, slowdown: slowdown?, nic: nic? })
}

fn speeds(count: usize, raw: &Spanned<Vec<Spanned<f64>>>, diagnostics: &mut Diagnostics) -> Option<Vec<f64>> {
    match raw.value.as_slice() {
        [speed] => Some(vec![speed.value; count]),
        speeds if speeds.len() == count => Some(speeds.iter().map(|speed| speed.value).collect()),
        speeds => {
            let message = format!("{} speeds for {count} hosts", speeds.len());
            let problem = Problem::error("machine::wrong_length", raw.span, message);
            diagnostics.push(problem.help("write one number for all hosts, or one for each host"));
            None
        }
    }
}

fn slowdown(
    cores: NonZeroU32,
    raw: Option<&Spanned<Vec<Spanned<f64>>>>,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<f64>> {
    let cores = cores.get() as usize;
    let Some(raw) = raw else { return Some(vec![1.0; cores]) };
    let factors: Vec<f64> = raw.value.iter().map(|factor| factor.value).collect();
    let problem = if factors.len() != cores {
        let message = format!("{} slowdown factors for {cores} cores", factors.len());
        let problem = Problem::error("machine::wrong_length", raw.span, message);
        Some(problem.help("write one factor for each number of busy cores: 1, 2, ..."))
    } else if factors[0] > 1.0 {
        let message = format!("the slowdown with one busy core is {}, not 1", factors[0]);
        let problem = Problem::error("machine::out_of_range", raw.value[0].span, message);
        Some(problem.label("expected 1").help("divide all factors by the first"))
    } else {
        factors.windows(2).position(|pair| pair[1] < pair[0]).map(|i| {
            let message = format!("the slowdown decreases from {} to {}", factors[i], factors[i + 1]);
            let problem = Problem::error("machine::out_of_range", raw.value[i + 1].span, message);
            problem.label("expected no less than the factor before")
        })
    };
    match problem {
        None => Some(factors),
        Some(problem) => {
            diagnostics.push(problem);
            None
        }
    }
}

fn nic(raw: &RawNic) -> Option<Nic> {
    Some(Nic { bandwidth: raw.bandwidth?.value, latency: raw.latency?.value, duplex: word(raw.duplex?) })
}

fn switch(raw: &RawSwitch, diagnostics: &mut Diagnostics) -> Option<Switch> {
    let frame = raw.frame.and_then(|frame| {
        if frame.value == Bytes(0) {
            let problem = Problem::error("machine::out_of_range", frame.span, "`switch.frame` is zero");
            diagnostics.push(problem.label("expected above zero"));
            return None;
        }
        Some(frame.value)
    });
    let topology = raw.tree.as_ref().map_or(Some(Topology::Star), |raw| tree(&raw.value));
    let forwarding = match raw.forwarding?.value {
        RawForwarding::StoreAndForward => Forwarding::StoreAndForward { frame: frame? },
        RawForwarding::CutThrough => Forwarding::CutThrough,
    };
    Some(Switch {
        latency: raw.latency?.value,
        port_bandwidth: raw.port_bandwidth.map(|bandwidth| bandwidth.value),
        backplane_bandwidth: raw.backplane_bandwidth.map(|bandwidth| bandwidth.value),
        forwarding,
        topology: topology?,
    })
}

fn tree(raw: &RawTree) -> Option<Topology> {
    Some(Topology::Tree {
        hosts_per_leaf: NonZeroU32::new(raw.hosts_per_leaf?.value)?,
        uplink_bandwidth: raw.uplink_bandwidth?.value,
        uplink_latency: raw.uplink_latency?.value,
    })
}

fn collectives(raw: &RawCollectives) -> CollectiveOverrides {
    CollectiveOverrides {
        library: raw.library.map(word),
        barrier: raw.barrier.map(word),
        bcast: raw.bcast.map(word),
        scatter: raw.scatter.map(word),
        gather: raw.gather.map(word),
        reduce: raw.reduce.map(word),
        allreduce: raw.allreduce.map(word),
        allgather: raw.allgather.map(word),
        allgatherv: raw.allgatherv.map(word),
        alltoall: raw.alltoall.map(word),
        reduce_scatter: raw.reduce_scatter.map(word),
        reduce_scatter_block: raw.reduce_scatter_block.map(word),
    }
}

fn word<E>(raw: Spanned<Word<E>>) -> E {
    raw.value.0
}

fn kernels(raw: &RawKernels) -> Option<Kernels> {
    let records = match &raw.records {
        None => None,
        Some(raw) => Some(records(&raw.value)?),
    };
    Some(Kernels { setup: raw.setup?.value, throw_dart: raw.throw_dart.map(|cost| cost.value), records })
}

fn records(raw: &RawRecords) -> Option<RecordCosts> {
    Some(RecordCosts {
        store: raw.store?.value,
        pack: raw.pack?.value,
        unpack: raw.unpack?.value,
        collect: raw.collect?.value,
        bytes: raw.bytes?.value,
    })
}

fn noise(raw: &RawNoise, diagnostics: &mut Diagnostics) -> Option<Noise> {
    let interruptions = match &raw.interruptions {
        None => None,
        Some(raw) => Some(interruptions(&raw.value, diagnostics)?),
    };
    let mut compute_sigma = [raw.compute_sigma?.value; Kernel::ALL.len()];
    if let Some(raw) = &raw.kernel_sigma {
        for (kernel, sigma) in raw.value.of_kernels() {
            compute_sigma[kernel as usize] = sigma;
        }
    }
    let (run_sigma, latency_sigma) = (raw.run_sigma?.value, raw.latency_sigma?.value);
    Some(Noise { compute_sigma, run_sigma, interruptions, latency_sigma, ..Noise::NONE })
}

fn interruptions(raw: &RawInterruptions, diagnostics: &mut Diagnostics) -> Option<Interruptions> {
    let (interval, duration) = (raw.interval?, raw.duration?);
    if interval.value == SimDuration::ZERO {
        let message = "`noise.interruptions.interval` is zero";
        let problem = Problem::error("machine::out_of_range", interval.span, message);
        diagnostics.push(problem.label("expected above zero"));
        return None;
    }
    Some(Interruptions { interval: interval.value, duration: duration.value })
}
