//! From the checked machine model back to the raw one, and to the text of its file.

use std::collections::BTreeMap;

use dlpc_engine::machine::{
    CollectiveOverrides, Forwarding, HostGroup, Kernel, Kernels, MachineModel, MessageTable, Nic, Noise, Segment,
    Switch, Topology,
};
use dlpc_engine::named::Named;
use dlpc_engine::units::SimDuration;

use super::provenance::Provenance;
use super::raw::{
    RawCollectives, RawForwarding, RawHostGroup, RawInterruptions, RawKernelSigma, RawKernels, RawMachine,
    RawMessageTable, RawMessages, RawNic, RawNoise, RawRecords, RawSegment, RawSwitch, RawTree,
};
use crate::input::toml::document::FORMAT;
use crate::input::toml::spanned::{Keyed, Spanned};
use crate::written::quantity::InFile as _;
use crate::written::word::Word;

/// Returns a machine model as its file, which is read as the same model.
///
/// # Panics
/// Never: every value of a machine model can be written.
pub(crate) fn machine_text(
    machine: &MachineModel,
    provenance: Provenance,
    standard_errors: &BTreeMap<&str, SimDuration>,
) -> String {
    toml::to_string(&raw_machine(machine, provenance, standard_errors))
        .expect("invariant: keys are strings and nothing fails to serialise")
}

fn raw_machine(
    machine: &MachineModel,
    mut provenance: Provenance,
    standard_errors: &BTreeMap<&str, SimDuration>,
) -> RawMachine {
    let hosts = machine.host_groups.iter().map(|group| (group.name.as_str(), Spanned::from(host_group(group))));
    let intervals = std::mem::take(&mut provenance.intervals);
    let errors = standard_errors.iter().map(|(key, error)| (*key, Spanned::from(error.written())));
    RawMachine {
        format: given(FORMAT),
        name: given(machine.name.clone()),
        title: provenance.title.take().map(Spanned::from),
        hosts: given(hosts.collect::<Keyed<_>>()),
        switch: given(switch(&machine.switch)),
        messages: given(RawMessages {
            local: given(message_table(&machine.local)),
            remote: given(message_table(&machine.remote)),
        }),
        collectives: (machine.collectives != CollectiveOverrides::default())
            .then(|| collectives(machine.collectives).into()),
        kernels: given(kernels(machine.kernels)),
        noise: noise(&machine.noise).map(Spanned::from),
        provenance: given(provenance),
        intervals: given(intervals.into_iter().map(|(key, bounds)| (key, Spanned::from(bounds))).collect::<Keyed<_>>()),
        standard_errors: (!standard_errors.is_empty()).then(|| Spanned::from(errors.collect::<Keyed<_>>())),
    }
}

/// Returns a value as a key of a raw struct has it.
#[expect(clippy::unnecessary_wraps, reason = "all keys of raw structs may be absent")]
fn given<T, P: From<T>>(value: T) -> Option<P> {
    Some(value.into())
}

fn word<E: Named>(word: E) -> Option<Spanned<Word<E>>> {
    given(Word(word))
}

fn host_group(group: &HostGroup) -> RawHostGroup {
    let Nic { bandwidth, latency, duplex } = group.nic;
    RawHostGroup {
        count: u32::try_from(group.speeds.len()).ok().map(Spanned::from),
        cores: given(group.cores.get()),
        speed: unless_one(&group.speeds),
        slowdown: unless_one(&group.slowdown),
        nic: given(RawNic { bandwidth: given(bandwidth), latency: given(latency), duplex: word(duplex) }),
    }
}

/// Returns speeds or slowdowns, unless all are 1, which is their default.
fn unless_one(values: &[f64]) -> Option<Spanned<Vec<Spanned<f64>>>> {
    let is_default = values.iter().all(|value| value.to_bits() == 1_f64.to_bits());
    (!is_default).then(|| values.iter().copied().map(Spanned::from).collect::<Vec<_>>().into())
}

fn switch(switch: &Switch) -> RawSwitch {
    let (forwarding, frame) = match switch.forwarding {
        Forwarding::StoreAndForward { frame } => (RawForwarding::StoreAndForward, given(frame)),
        Forwarding::CutThrough => (RawForwarding::CutThrough, None),
    };
    RawSwitch {
        latency: given(switch.latency),
        port_bandwidth: switch.port_bandwidth.map(Into::into),
        backplane_bandwidth: switch.backplane_bandwidth.map(Into::into),
        forwarding: given(forwarding),
        frame,
        tree: match switch.topology {
            Topology::Star => None,
            Topology::Tree { hosts_per_leaf, uplink_bandwidth, uplink_latency } => given(RawTree {
                hosts_per_leaf: given(hosts_per_leaf.get()),
                uplink_bandwidth: given(uplink_bandwidth),
                uplink_latency: given(uplink_latency),
            }),
        },
    }
}

fn message_table(table: &MessageTable) -> RawMessageTable {
    RawMessageTable {
        eager_limit: given(table.eager_limit),
        calibrated_upto: given(table.calibrated_upto),
        segments: given(table.segments.iter().map(|of| segment(of).into()).collect::<Vec<_>>()),
    }
}

fn segment(segment: &Segment) -> RawSegment {
    RawSegment {
        upto: (segment.upto.0 < u64::MAX).then(|| segment.upto.into()),
        send_overhead: given(segment.send_overhead),
        recv_overhead: given(segment.recv_overhead),
        byte_overhead: given(segment.byte_overhead),
        latency: given(segment.latency),
        byte_gap: given(segment.byte_gap),
        message_gap: given(segment.message_gap),
    }
}

fn collectives(collectives: CollectiveOverrides) -> RawCollectives {
    RawCollectives {
        library: collectives.library.and_then(word),
        barrier: collectives.barrier.and_then(word),
        bcast: collectives.bcast.and_then(word),
        scatter: collectives.scatter.and_then(word),
        gather: collectives.gather.and_then(word),
        reduce: collectives.reduce.and_then(word),
        allreduce: collectives.allreduce.and_then(word),
        allgather: collectives.allgather.and_then(word),
        allgatherv: collectives.allgatherv.and_then(word),
        alltoall: collectives.alltoall.and_then(word),
        reduce_scatter: collectives.reduce_scatter.and_then(word),
        reduce_scatter_block: collectives.reduce_scatter_block.and_then(word),
    }
}

fn kernels(kernels: Kernels) -> RawKernels {
    RawKernels {
        setup: given(kernels.setup),
        throw_dart: kernels.throw_dart.map(Into::into),
        records: kernels.records.and_then(|records| {
            given(RawRecords {
                store: given(records.store),
                pack: given(records.pack),
                unpack: given(records.unpack),
                collect: given(records.collect),
                bytes: given(records.bytes),
            })
        }),
    }
}

/// Returns the noise; none if there is none.
fn noise(noise: &Noise) -> Option<RawNoise> {
    let is_zero = noise.compute_sigma == Noise::NONE.compute_sigma
        && noise.run_sigma <= 0.0
        && noise.latency_sigma <= 0.0
        && noise.interruptions.is_none();
    // The sigma of custom phases stands for all that have none of their own.
    let general = noise.sigma(Kernel::Custom);
    let own = Kernel::ALL.into_iter().filter(|kernel| noise.sigma(*kernel).to_bits() != general.to_bits());
    let own: BTreeMap<&str, f64> = own.map(|kernel| (kernel.name(), noise.sigma(kernel))).collect();
    (!is_zero).then(|| RawNoise {
        compute_sigma: given(general),
        run_sigma: (0.0 < noise.run_sigma).then(|| noise.run_sigma.into()),
        latency_sigma: given(noise.latency_sigma),
        kernel_sigma: (!own.is_empty()).then(|| RawKernelSigma(own.into_iter().collect()).into()),
        interruptions: noise.interruptions.and_then(|interruptions| {
            given(RawInterruptions { interval: given(interruptions.interval), duration: given(interruptions.duration) })
        }),
    })
}
