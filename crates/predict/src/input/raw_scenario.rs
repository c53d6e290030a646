//! The scenario as it stands in the file: keys, units, defaults and ranges. Doc comments become the schema and docs.

use std::borrow::Cow;

use dlpc_engine::platform::NetworkKind;
use dlpc_engine::units::{Bytes, SimDuration};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::quantity::Quantified;
use super::spanned::Spanned;
use super::word::Word;

/// Largest rank count.
pub(super) const RANKS_MAX: u32 = 10_000_000;

/// What to run, on which cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScenario {
    /// Version of the file format.
    #[schemars(required, range(min = 1, max = 1), extend("examples" = [1]))]
    #[expect(dead_code, reason = "checked before the rest of the file is read")]
    pub(super) format: Option<Spanned<u32>>,
    /// Title of tables and plots; one line, without control characters.
    #[schemars(required, extend("examples" = ["Throwing darts, returning only the count"], "pattern" = super::leaf::ONE_LINE))]
    pub(super) title: Option<Spanned<String>>,
    /// File of the machine model, seen from the folder of this file.
    #[schemars(required, extend("examples" = ["../models/dlpc-2020.toml"]))]
    #[expect(dead_code, reason = "read before the rest of the file, to report the problems of both files")]
    pub(super) machine: Option<Spanned<String>>,
    /// File of the measured curve (CSV) that is drawn over the prediction, seen from the folder of this file.
    #[expect(dead_code, reason = "read before the rest of the file, to report the problems of both files")]
    pub(super) measured: Option<Spanned<String>>,
    /// At which rank counts, where and how often.
    #[schemars(required)]
    pub(super) run: Option<Spanned<RawRun>>,
    /// The program; exactly one of the tables below.
    #[schemars(required)]
    pub(super) workload: Option<Spanned<RawWorkload>>,
    /// Keys of the machine model that differ in this scenario; merged over the machine file before it is checked.
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    #[serde(default)]
    #[expect(dead_code, reason = "merged into the machine model before it is read")]
    pub(super) machine_override: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRun {
    /// Rank counts: a range such as `"1..=32"`, a number, or a list of both.
    #[schemars(required, length(min = 1), extend("x-one-or-list" = true, "examples" = ["1..=32"]))]
    pub(super) ranks: Option<Spanned<Vec<Spanned<RawRanks>>>>,
    /// Which rank runs on which host; exactly one of the keys below, or a word as short form of `order`.
    #[schemars(extend("default" = "by-slot"))]
    pub(super) placement: Option<Spanned<RawPlacement>>,
    /// Whether there may be more ranks than slots; without it that is an error.
    #[schemars(extend("default" = false))]
    pub(super) oversubscribe: Option<Spanned<bool>>,
    /// Replications per rank count, each with other noise; without noise in the machine model one is enough.
    #[schemars(range(min = 1, max = 1_000_000), extend("default" = 200))]
    pub(super) replications: Option<Spanned<u32>>,
    /// Seed of all random numbers; the same seed gives the same result.
    #[schemars(extend("default" = 1))]
    pub(super) seed: Option<Spanned<u64>>,
    /// Network model.
    #[schemars(extend("default" = "flow"))]
    pub(super) network: Option<Spanned<Word<NetworkKind>>>,
}

/// A rank count, or text with ranges and rank counts.
#[derive(Debug)]
pub(super) enum RawRanks {
    Count(u64),
    Text(String),
}

impl<'de> Deserialize<'de> for RawRanks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RanksVisitor)
    }
}

struct RanksVisitor;

impl Visitor<'_> for RanksVisitor {
    type Value = RawRanks;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a rank count or a range of rank counts")
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<RawRanks, E> {
        Ok(RawRanks::Count(count))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawRanks, E> {
        Ok(RawRanks::Text(text.to_owned()))
    }
}

impl JsonSchema for RawRanks {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Ranks".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "minimum": 1, "maximum": RANKS_MAX })
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-short-for" = "order", "minProperties" = 1, "maxProperties" = 1))]
pub(super) struct RawPlacement {
    /// Rule by which ranks fill the hosts.
    pub(super) order: Option<Spanned<RawOrder>>,
    /// File with a line `pi0 slots=4`, `pi0:4` or `pi0` for each host, as Open MPI and MPICH read it, seen from the folder of this file; filled by slot.
    pub(super) hostfile: Option<Spanned<String>>,
    /// File with a line `rank 0=pi0 slot=0` for each rank (Open MPI), seen from the folder of this file; a rank runs on the cores of its slot only.
    pub(super) rankfile: Option<Spanned<String>>,
    /// Host of each rank.
    #[schemars(length(min = 1))]
    pub(super) hosts: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawOrder {
    /// All cores of the first host, then those of the second, ...
    BySlot,
    /// One rank on each host, then a second one on each, ...; hosts whose cores are all used are passed over.
    ByNode,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(super) struct RawWorkload {
    /// Estimating pi by throwing darts.
    pub(super) pi: Option<Spanned<RawPi>>,
    /// Analysing log files that a sequential producer writes.
    pub(super) log_stream: Option<Spanned<RawLogStream>>,
    /// Phases that this file describes.
    pub(super) custom: Option<Spanned<RawCustom>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPi {
    /// Darts of all ranks together; each rank throws `ceil(darts / ranks)`.
    #[schemars(required, range(min = 1, max = 1_000_000_000_000_000_u64), extend("examples" = [1_000_000]))]
    pub(super) darts: Option<Spanned<u64>>,
    /// What the ranks send to rank 0.
    #[schemars(required, extend("examples" = ["count"]))]
    pub(super) returns: Option<Spanned<RawReturns>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawReturns {
    /// One integer.
    Count,
    /// A record per dart, which rank 0 unpacks and reduces.
    Coordinates,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLogStream {
    /// Log files in all.
    #[schemars(required, range(min = 1, max = 100_000_000), extend("examples" = [20]))]
    pub(super) items: Option<Spanned<u32>>,
    /// Time between two log files; zero: all are there at once.
    #[schemars(required, extend("examples" = ["5 s"]))]
    pub(super) interval: Option<Quantified<SimDuration>>,
    /// Service time of one log file on a core of speed 1: a time, or exactly one of the keys below.
    #[schemars(required, extend("examples" = ["60 s"]))]
    pub(super) analysis: Option<Spanned<RawDistribution>>,
    /// When the first log file is complete.
    #[schemars(extend("default" = "0 s"))]
    pub(super) first: Option<Quantified<SimDuration>>,
    /// Mean of a random addition to each interval, exponentially distributed.
    #[schemars(extend("default" = "0 s"))]
    pub(super) jitter: Option<Quantified<SimDuration>>,
    /// How often rank 0 looks for new log files; above zero.
    #[schemars(extend("default" = "1 s"))]
    pub(super) poll: Option<Quantified<SimDuration>>,
    /// Size of the message that names a log file.
    #[schemars(extend("default" = "64 B"))]
    pub(super) item_bytes: Option<Quantified<Bytes>>,
    /// Size of the message with the result of one analysis.
    #[schemars(extend("default" = "64 B"))]
    pub(super) result_bytes: Option<Quantified<Bytes>>,
    /// Who takes the next log file.
    #[schemars(extend("default" = "rounds"))]
    pub(super) dispatch: Option<Spanned<RawDispatch>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawDispatch {
    /// Rank 0 scatters what is there, all analyse, rank 0 gathers; then the next round.
    Rounds,
    /// Rank 0 hands the next log file to the first idle worker.
    FirstFree,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-short-for" = "constant", "minProperties" = 1, "maxProperties" = 1))]
pub(super) struct RawDistribution {
    /// Always the same.
    pub(super) constant: Option<Quantified<SimDuration>>,
    /// Uniform between two times.
    pub(super) uniform: Option<Spanned<RawUniform>>,
    /// Exponential.
    pub(super) exponential: Option<Spanned<RawExponential>>,
    /// Lognormal.
    pub(super) lognormal: Option<Spanned<RawLognormal>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUniform {
    /// Shortest time.
    #[schemars(required)]
    pub(super) low: Option<Quantified<SimDuration>>,
    /// Longest time, not below `low`.
    #[schemars(required)]
    pub(super) high: Option<Quantified<SimDuration>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExponential {
    /// Mean time.
    #[schemars(required)]
    pub(super) mean: Option<Quantified<SimDuration>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLognormal {
    /// Median time.
    #[schemars(required)]
    pub(super) median: Option<Quantified<SimDuration>>,
    /// Standard deviation of the logarithm of the time.
    #[schemars(required, range(min = 0, max = 5), extend("examples" = [0.2]))]
    pub(super) sigma: Option<Spanned<f64>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCustom {
    /// What each rank does, in this order; exactly one key in each.
    #[schemars(required, length(min = 1))]
    pub(super) phases: Option<Spanned<Vec<Spanned<RawPhase>>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(super) struct RawPhase {
    /// Work on a core.
    pub(super) compute: Option<Spanned<RawCompute>>,
    /// The core is idle for this time.
    pub(super) sleep: Option<Quantified<SimDuration>>,
    /// All ranks wait for each other; write `barrier = {}`.
    pub(super) barrier: Option<Spanned<RawBarrier>>,
    /// Rank 0 sends the same bytes to all.
    pub(super) bcast: Option<Spanned<RawBytes>>,
    /// Rank 0 sends each rank its own bytes.
    pub(super) scatter: Option<Spanned<RawBytes>>,
    /// Rank 0 receives bytes of each rank, of a number that it knows.
    pub(super) gather: Option<Spanned<RawBytes>>,
    /// Rank 0 receives bytes of each rank, always one after the other.
    pub(super) gatherv: Option<Spanned<RawBytes>>,
    /// Rank 0 sends each rank its own bytes, always one after the other.
    pub(super) scatterv: Option<Spanned<RawBytes>>,
    /// A vector is summed up on rank 0.
    pub(super) reduce: Option<Spanned<RawBytes>>,
    /// A vector is summed up on all ranks.
    pub(super) allreduce: Option<Spanned<RawBytes>>,
    /// Every rank gets the bytes of every rank.
    pub(super) allgather: Option<Spanned<RawBytes>>,
    /// Each rank sends bytes to every other rank, of a number for each of them.
    pub(super) alltoall: Option<Spanned<RawBytes>>,
    /// Each rank sends to the next one and receives from the previous one, at once.
    pub(super) ring: Option<Spanned<RawBytes>>,
    /// Each rank swaps bytes with the previous rank and the next one, at once; the first and the last one have one
    /// neighbour.
    pub(super) halo: Option<Spanned<RawBytes>>,
    /// Phases that are repeated.
    pub(super) repeat: Option<Spanned<RawRepeat>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCompute {
    /// Work on a core of speed 1, of each rank or of all together.
    #[schemars(required, extend("examples" = ["10 ms"]))]
    pub(super) work: Option<Quantified<SimDuration>>,
    /// Who does it.
    #[schemars(extend("default" = "each-rank"))]
    pub(super) share: Option<Spanned<RawShare>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawShare {
    /// Each rank does all of it.
    EachRank,
    /// The ranks divide it evenly.
    Divided,
    /// Rank 0 does it, the others go on.
    RankZero,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBarrier {}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBytes {
    /// Bytes of each rank, or of all together.
    #[schemars(required, extend("examples" = ["1 MiB"]))]
    pub(super) bytes: Option<Quantified<Bytes>>,
    /// Whose bytes they are.
    #[schemars(extend("default" = "each-rank"))]
    pub(super) share: Option<Spanned<RawBytesShare>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawBytesShare {
    /// Each rank has all of them.
    EachRank,
    /// The ranks divide them evenly.
    Divided,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRepeat {
    /// How often.
    #[schemars(required, range(min = 1, max = 1_000_000_000), extend("examples" = [10]))]
    pub(super) times: Option<Spanned<u32>>,
    /// What; phases as above, at most 8 `repeat` within each other.
    #[schemars(required, length(min = 1))]
    pub(super) phases: Option<Spanned<Vec<Spanned<RawPhase>>>>,
}
