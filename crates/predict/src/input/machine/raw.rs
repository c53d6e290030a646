//! The machine model as it stands in the file: keys, units, defaults and ranges. Doc comments become the schema and
//! docs.

use std::borrow::Cow;

use dlpc_engine::machine::{
    AllgatherAlgorithm, AllgathervAlgorithm, AllreduceAlgorithm, AlltoallAlgorithm, BarrierAlgorithm, BcastAlgorithm,
    CollectiveLibrary, Duplex, GatherAlgorithm, Kernel, ReduceAlgorithm, ReduceScatterAlgorithm,
    ReduceScatterBlockAlgorithm, ScatterAlgorithm,
};
use dlpc_engine::named::Named as _;
use dlpc_engine::units::{Bytes, BytesPerSecond, SecondsPerByte, SimDuration};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::provenance::Provenance;
use crate::input::toml::spanned::{Keyed, Spanned};
use crate::written::quantity::Quantified;
use crate::written::word::Word;

/// One cluster, as calibrated or as taken from literature.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawMachine {
    /// Version of the file format.
    #[schemars(required, range(min = 1, max = 1), extend("examples" = [1]))]
    pub(in crate::input) format: Option<Spanned<u32>>,
    /// Short name, for tables and plots.
    #[schemars(required, extend("examples" = ["dlpc-2020"], "pattern" = crate::input::toml::leaf::ONE_LINE))]
    pub(in crate::input) name: Option<Spanned<String>>,
    /// What the cluster is, in one line.
    #[schemars(extend("pattern" = crate::input::toml::leaf::ONE_LINE))]
    pub(in crate::input) title: Option<Spanned<String>>,
    /// Groups of equal hosts, by name; a group `pi` of 8 has the hosts `pi0` to `pi7`, a group of 1 the host `pi`.
    #[schemars(required, extend("minProperties" = 1))]
    pub(in crate::input) hosts: Option<Spanned<Keyed<Spanned<RawHostGroup>>>>,
    /// The switch, or the switches, between the hosts.
    #[schemars(required)]
    pub(in crate::input) switch: Option<Spanned<RawSwitch>>,
    /// Costs of messages.
    #[schemars(required)]
    pub(in crate::input) messages: Option<Spanned<RawMessages>>,
    /// Collective algorithms; those left out are chosen by size and ranks as the MPI library does.
    pub(in crate::input) collectives: Option<Spanned<RawCollectives>>,
    /// Costs of the workloads' kernels on a core of speed 1.
    pub(in crate::input) kernels: Option<Spanned<RawKernels>>,
    /// Random delays of cores and network.
    pub(in crate::input) noise: Option<Spanned<RawNoise>>,
    /// Where the values come from.
    pub(in crate::input) provenance: Option<Spanned<Provenance>>,
    /// 95 % interval of a value, by its key path: `"hosts.pi.nic.bandwidth" = ["94.1 Mbit/s", "94.6 Mbit/s"]`. Each
    /// replication draws kernel costs, bandwidth, speeds of hosts and costs of messages from theirs, so that the band holds
    /// what is not known (docs/model.md eq. 26 and 48); other values keep theirs for the reader.
    pub(in crate::input) intervals: Option<Spanned<Keyed<Spanned<[String; 2]>>>>,
    /// Standard error of a kernel's cost, by its key path: predictions draw from it instead of from the interval, which
    /// few measured runs make wider than a normal distribution would.
    pub(in crate::input) standard_errors: Option<Spanned<Keyed<Spanned<String>>>>,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawHostGroup {
    /// Number of hosts.
    #[schemars(required, range(min = 1, max = 10_000_000), extend("examples" = [8]))]
    pub(in crate::input) count: Option<Spanned<u32>>,
    /// Cores of each host.
    #[schemars(required, range(min = 1, max = 65_536), extend("examples" = [4]))]
    pub(in crate::input) cores: Option<Spanned<u32>>,
    /// Relative speed of the hosts: one number for all, or one for each host.
    #[schemars(
        length(min = 1),
        inner(range(min = 0.000_001, max = 1_000_000)),
        extend("x-one-or-list" = true, "default" = 1.0)
    )]
    pub(in crate::input) speed: Option<Spanned<Vec<Spanned<f64>>>>,
    /// Factor by which work takes longer with 1, 2, ... busy cores: one number per core, the first 1, not decreasing;
    /// all 1 if left out.
    #[schemars(length(min = 1), inner(range(min = 1, max = 1_000_000)))]
    pub(in crate::input) slowdown: Option<Spanned<Vec<Spanned<f64>>>>,
    /// Network interface of each host.
    #[schemars(required)]
    pub(in crate::input) nic: Option<Spanned<RawNic>>,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawNic {
    /// Payload bandwidth in each direction (full duplex) or in total (half duplex).
    #[schemars(required, extend("examples" = ["94.4 Mbit/s"]))]
    pub(in crate::input) bandwidth: Option<Quantified<BytesPerSecond>>,
    /// Latency of cable and interface, per traversal.
    #[schemars(extend("default" = "0 us"))]
    pub(in crate::input) latency: Option<Quantified<SimDuration>>,
    /// Whether both directions share the bandwidth.
    #[schemars(extend("default" = "full"))]
    pub(in crate::input) duplex: Option<Spanned<Word<Duplex>>>,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawSwitch {
    /// Latency of one switch traversal.
    #[schemars(required, extend("examples" = ["5 us"]))]
    pub(in crate::input) latency: Option<Quantified<SimDuration>>,
    /// Bandwidth of one port and direction, if it can be lower than that of the hosts.
    pub(in crate::input) port_bandwidth: Option<Quantified<BytesPerSecond>>,
    /// Total bandwidth of one switch, if it can be lower than that of its ports.
    pub(in crate::input) backplane_bandwidth: Option<Quantified<BytesPerSecond>>,
    /// When a frame leaves the switch.
    #[schemars(extend("default" = "store-and-forward"))]
    pub(in crate::input) forwarding: Option<Spanned<RawForwarding>>,
    /// Payload of a full frame (store-and-forward); above zero.
    #[schemars(extend("default" = "1500 B"))]
    pub(in crate::input) frame: Option<Quantified<Bytes>>,
    /// Leaf switches below one root switch; left out: all hosts on one switch.
    pub(in crate::input) tree: Option<Spanned<RawTree>>,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::input) enum RawForwarding {
    /// After the whole frame has arrived.
    StoreAndForward,
    /// As soon as the address is known; the delay is part of the switch latency.
    CutThrough,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawTree {
    /// Hosts on each leaf switch, filled one after the other.
    #[schemars(required, range(min = 1), extend("examples" = [24]))]
    pub(in crate::input) hosts_per_leaf: Option<Spanned<u32>>,
    /// Bandwidth of the cable from a leaf to the root, per direction.
    #[schemars(required, extend("examples" = ["1 Gbit/s"]))]
    pub(in crate::input) uplink_bandwidth: Option<Quantified<BytesPerSecond>>,
    /// Latency of that cable.
    #[schemars(extend("default" = "0 us"))]
    pub(in crate::input) uplink_latency: Option<Quantified<SimDuration>>,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawMessages {
    /// Messages between two ranks of one host (shared memory).
    #[schemars(required)]
    pub(in crate::input) local: Option<Spanned<RawMessageTable>>,
    /// Messages between ranks of different hosts.
    #[schemars(required)]
    pub(in crate::input) remote: Option<Spanned<RawMessageTable>>,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawMessageTable {
    /// Largest message that is sent eagerly; above it, rendezvous.
    #[schemars(required, extend("examples" = ["4 KiB"]))]
    pub(in crate::input) eager_limit: Option<Quantified<Bytes>>,
    /// Largest message that was measured; predictions with larger ones say so.
    #[schemars(required, extend("examples" = ["4 MiB"]))]
    pub(in crate::input) calibrated_upto: Option<Quantified<Bytes>>,
    /// Costs by message size, ascending.
    #[schemars(required, length(min = 1))]
    pub(in crate::input) segments: Option<Spanned<Vec<Spanned<RawSegment>>>>,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawSegment {
    /// Largest message of the segment; the last segment may leave it out.
    #[schemars(extend("examples" = ["4 KiB"]))]
    pub(in crate::input) upto: Option<Quantified<Bytes>>,
    /// Time that the sender's core is busy, without the part that grows with the size.
    #[schemars(required, extend("examples" = ["2 us"]))]
    pub(in crate::input) send_overhead: Option<Quantified<SimDuration>>,
    /// Time that the receiver's core is busy, without the part that grows with the size.
    #[schemars(required, extend("examples" = ["2 us"]))]
    pub(in crate::input) recv_overhead: Option<Quantified<SimDuration>>,
    /// Time per byte that a core is busy, on either side.
    #[schemars(extend("default" = "0 ns/B"))]
    pub(in crate::input) byte_overhead: Option<Quantified<SecondsPerByte>>,
    /// End-to-end latency of the software stack, beyond that of cables and switches.
    #[schemars(required, extend("examples" = ["30 us"]))]
    pub(in crate::input) latency: Option<Quantified<SimDuration>>,
    /// Least time per byte of one message at the end points.
    #[schemars(extend("default" = "0 ns/B"))]
    pub(in crate::input) byte_gap: Option<Quantified<SecondsPerByte>>,
    /// Least time between two messages of one host (network model `loggops`).
    #[schemars(extend("default" = "0 us"))]
    pub(in crate::input) message_gap: Option<Quantified<SimDuration>>,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawCollectives {
    /// Library whose rules choose; Open MPI 4.1 if it is left out.
    pub(in crate::input) library: Option<Spanned<Word<CollectiveLibrary>>>,
    /// Algorithm of barrier.
    pub(in crate::input) barrier: Option<Spanned<Word<BarrierAlgorithm>>>,
    /// Algorithm of bcast.
    pub(in crate::input) bcast: Option<Spanned<Word<BcastAlgorithm>>>,
    /// Algorithm of scatter (scatterv is linear).
    pub(in crate::input) scatter: Option<Spanned<Word<ScatterAlgorithm>>>,
    /// Algorithm of gather (gatherv is linear).
    pub(in crate::input) gather: Option<Spanned<Word<GatherAlgorithm>>>,
    /// Algorithm of reduce.
    pub(in crate::input) reduce: Option<Spanned<Word<ReduceAlgorithm>>>,
    /// Algorithm of allreduce.
    pub(in crate::input) allreduce: Option<Spanned<Word<AllreduceAlgorithm>>>,
    /// Algorithm of allgather.
    pub(in crate::input) allgather: Option<Spanned<Word<AllgatherAlgorithm>>>,
    /// Algorithm of allgatherv.
    pub(in crate::input) allgatherv: Option<Spanned<Word<AllgathervAlgorithm>>>,
    /// Algorithm of alltoall.
    pub(in crate::input) alltoall: Option<Spanned<Word<AlltoallAlgorithm>>>,
    /// Algorithm of `reduce_scatter`.
    pub(in crate::input) reduce_scatter: Option<Spanned<Word<ReduceScatterAlgorithm>>>,
    /// Algorithm of `reduce_scatter_block`.
    pub(in crate::input) reduce_scatter_block: Option<Spanned<Word<ReduceScatterBlockAlgorithm>>>,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawKernels {
    /// Fixed work of each rank and run, within the program's own clock.
    #[schemars(extend("default" = "0 s"))]
    pub(in crate::input) setup: Option<Quantified<SimDuration>>,
    /// Time to throw one dart; needed by the workload `pi`.
    pub(in crate::input) throw_dart: Option<Quantified<SimDuration>>,
    /// Costs of the record of one dart; needed by the workload `pi` with `returns = "coordinates"`.
    pub(in crate::input) records: Option<Spanned<RawRecords>>,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawRecords {
    /// Time to store a record, on every rank.
    #[schemars(required)]
    pub(in crate::input) store: Option<Quantified<SimDuration>>,
    /// Time to pack a record, on every rank.
    #[schemars(required)]
    pub(in crate::input) pack: Option<Quantified<SimDuration>>,
    /// Time to unpack a record, on rank 0.
    #[schemars(required)]
    pub(in crate::input) unpack: Option<Quantified<SimDuration>>,
    /// Time to reduce a record, on rank 0.
    #[schemars(required)]
    pub(in crate::input) collect: Option<Quantified<SimDuration>>,
    /// Size of a packed record.
    #[schemars(required, extend("examples" = ["30 B"]))]
    pub(in crate::input) bytes: Option<Quantified<Bytes>>,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawNoise {
    /// Sigma of the lognormal factor (median 1) on each compute op.
    #[schemars(range(min = 0, max = 2), extend("default" = 0.0))]
    pub(in crate::input) compute_sigma: Option<Spanned<f64>>,
    /// Sigma of the lognormal factor (median 1) on all compute ops of one run: how runs differ as a whole.
    #[schemars(range(min = 0, max = 2), extend("default" = 0.0))]
    pub(in crate::input) run_sigma: Option<Spanned<f64>>,
    /// Sigma of the lognormal factor (median 1) on the latency of each message between hosts.
    #[schemars(range(min = 0, max = 2), extend("default" = 0.0))]
    pub(in crate::input) latency_sigma: Option<Spanned<f64>>,
    /// Sigma of single kernels, instead of `compute_sigma`.
    pub(in crate::input) kernel_sigma: Option<Spanned<RawKernelSigma>>,
    /// Interruptions of computing cores by the operating system.
    pub(in crate::input) interruptions: Option<Spanned<RawInterruptions>>,
}

/// A sigma for each kernel, by its name.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::input) struct RawKernelSigma(pub(in crate::input) Keyed<f64>);

impl RawKernelSigma {
    /// Returns the kernels that have one, in the order of the file.
    pub(in crate::input) fn of_kernels(&self) -> impl Iterator<Item = (Kernel, f64)> {
        let kernel = |name: &str| Kernel::ALL.into_iter().find(|kernel| kernel.name() == name);
        self.0.0.iter().filter_map(move |(name, sigma)| Some((kernel(&name.value)?, *sigma)))
    }
}

impl JsonSchema for RawKernelSigma {
    fn schema_name() -> Cow<'static, str> {
        "RawKernelSigma".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let sigma = |kernel: Kernel| {
            let about = kernel.meaning();
            json!({ "type": "number", "format": "double", "description": about, "minimum": 0, "maximum": 2 })
        };
        let of_kernels: Map<String, Value> =
            Kernel::ALL.into_iter().map(|kernel| (kernel.name().to_owned(), sigma(kernel))).collect();
        json_schema!({ "type": "object", "additionalProperties": false, "properties": of_kernels })
    }
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawInterruptions {
    /// Mean time between two, exponentially distributed; above zero.
    #[schemars(required, extend("examples" = ["10 ms"]))]
    pub(in crate::input) interval: Option<Quantified<SimDuration>>,
    /// Length of each.
    #[schemars(required, extend("examples" = ["20 us"]))]
    pub(in crate::input) duration: Option<Quantified<SimDuration>>,
}
