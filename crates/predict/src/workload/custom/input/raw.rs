//! `custom` as it stands in the file.

use dlpc_engine::program::phase::Share;
use dlpc_engine::units::{Bytes, SimDuration};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::workload::custom::farm::Deal;
use crate::workload::custom::imbalance::{Drawn, RawImbalance};
use crate::workload::custom::phase::Outside;
use crate::workload::service::RawDistribution;
use crate::written::Spanned;
use crate::written::formula::{Count, Formula, Truth, Whole};
use crate::written::keyed::Keyed;
use crate::written::number::NumberOrText;
use crate::written::word::Word;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::workload) struct RawCustom {
    /// Numbers and quantities that expressions of the phases use by these names.
    pub(super) parameters: Option<Spanned<Keyed<Spanned<NumberOrText>>>>,
    /// Lists of such numbers or quantities, whose entries expressions use: `load[rank]`, counted from 0.
    pub(super) lists: Option<Spanned<Keyed<Spanned<Vec<NumberOrText>>>>>,
    /// What each rank does, in this order; exactly one key in each, and `if`.
    #[schemars(required, length(min = 1))]
    pub(in crate::workload::custom) phases: Option<Spanned<Vec<Spanned<RawPhase>>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 2, "x-besides" = ["if"]))]
pub(in crate::workload::custom) struct RawPhase {
    /// Condition for the phase: ranks on which it does not hold go on with the next one.
    #[serde(rename = "if")]
    pub(super) when: Option<Formula<Truth>>,
    /// Work on a core.
    pub(super) compute: Option<Spanned<RawCompute>>,
    /// The core is idle for this time.
    pub(super) sleep: Option<Formula<SimDuration>>,
    /// A message is sent to a rank.
    pub(super) send: Option<Spanned<RawSend>>,
    /// A message of a rank is received.
    pub(super) recv: Option<Spanned<RawRecv>>,
    /// A message is sent to a rank while one of a rank is received.
    pub(super) sendrecv: Option<Spanned<RawSendrecv>>,
    /// A send is started; `waitall` waits for it, or the end of the program.
    pub(super) isend: Option<Spanned<RawSend>>,
    /// A receive is started; `waitall` waits for it, or the end of the program.
    pub(super) irecv: Option<Spanned<RawRecv>>,
    /// The rank waits for all that it has started; write `waitall = {}`.
    pub(super) waitall: Option<Spanned<RawWaitall>>,
    /// All ranks wait for each other; write `barrier = {}`.
    pub(super) barrier: Option<Spanned<RawBarrier>>,
    /// The root sends the same bytes to all.
    pub(super) bcast: Option<Spanned<RawRooted>>,
    /// The root sends each rank its own bytes.
    pub(super) scatter: Option<Spanned<RawRooted>>,
    /// The root receives bytes of each rank, of a number that it knows.
    pub(super) gather: Option<Spanned<RawRooted>>,
    /// The root receives bytes of each rank, always one after the other; `bytes` may depend on `rank`.
    pub(super) gatherv: Option<Spanned<RawRooted>>,
    /// The root sends each rank its own bytes, always one after the other; `bytes` may depend on `rank`.
    pub(super) scatterv: Option<Spanned<RawRooted>>,
    /// A vector is summed up on the root.
    pub(super) reduce: Option<Spanned<RawRooted>>,
    /// A vector is summed up on all ranks.
    pub(super) allreduce: Option<Spanned<RawShared>>,
    /// Every rank gets the bytes of every rank.
    pub(super) allgather: Option<Spanned<RawShared>>,
    /// The same, where `bytes` depends on `rank`.
    pub(super) allgatherv: Option<Spanned<RawShared>>,
    /// Each rank sends bytes to every other rank, of a number for each of them.
    pub(super) alltoall: Option<Spanned<RawShared>>,
    /// The same, where `bytes` depends on `rank`, and on `to`, the rank that gets them.
    pub(super) alltoallv: Option<Spanned<RawShared>>,
    /// A vector is summed up, and each rank gets a block of it, of so many bytes.
    pub(super) reduce_scatter: Option<Spanned<RawShared>>,
    /// Each rank gets the sum of a vector over the ranks up to its own.
    pub(super) scan: Option<Spanned<RawShared>>,
    /// Each rank sends to the next one and receives from the previous one, at once.
    pub(super) ring: Option<Spanned<RawBytes>>,
    /// Each rank swaps bytes with its neighbours on a grid, at once; the first and the last one of a row have one neighbour
    /// in it.
    pub(super) halo: Option<Spanned<RawHalo>>,
    /// Rank 0 hands out tasks, whose results come back.
    pub(super) task_farm: Option<Spanned<RawFarm>>,
    /// Phases that are repeated.
    pub(super) repeat: Option<Spanned<RawRepeat>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCompute {
    /// Work on a core of speed 1, of each rank or of all together.
    #[schemars(required, extend("examples" = ["10 ms"]))]
    pub(super) work: Option<Formula<SimDuration>>,
    /// Who does it.
    #[schemars(extend("default" = "each-rank"))]
    pub(super) share: Option<Spanned<Word<Share>>>,
    /// Factor on the work of each rank, at random; exactly one of the keys below.
    pub(super) imbalance: Option<Spanned<RawImbalance>>,
    /// When the factor is drawn.
    #[schemars(extend("default" = "once"))]
    pub(super) drawn: Option<Spanned<Word<Drawn>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSend {
    /// Rank that gets it.
    #[schemars(required, extend("examples" = ["rank + 1"]))]
    pub(super) to: Option<Formula<Whole>>,
    /// Bytes of the message.
    #[schemars(required, extend("examples" = ["1 MiB"]))]
    pub(super) bytes: Option<Formula<Bytes>>,
    /// What a rank that does not exist stands for.
    #[schemars(extend("default" = "error"))]
    pub(super) outside: Option<Spanned<Word<Outside>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRecv {
    /// Rank that sends it.
    #[schemars(required, extend("examples" = ["rank - 1"]))]
    pub(super) from: Option<Formula<Whole>>,
    /// What a rank that does not exist stands for.
    #[schemars(extend("default" = "error"))]
    pub(super) outside: Option<Spanned<Word<Outside>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSendrecv {
    /// Rank that gets the message.
    #[schemars(required, extend("examples" = ["rank + 1"]))]
    pub(super) to: Option<Formula<Whole>>,
    /// Rank that sends the other one.
    #[schemars(required, extend("examples" = ["rank - 1"]))]
    pub(super) from: Option<Formula<Whole>>,
    /// Bytes that are sent.
    #[schemars(required, extend("examples" = ["1 MiB"]))]
    pub(super) bytes: Option<Formula<Bytes>>,
    /// What a rank that does not exist stands for.
    #[schemars(extend("default" = "error"))]
    pub(super) outside: Option<Spanned<Word<Outside>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWaitall {}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBarrier {
    /// Ranks on which this has the same value wait for each other; without it, all do.
    pub(super) group: Option<Formula<Whole>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBytes {
    /// Bytes of each rank, or of all together.
    #[schemars(required, extend("examples" = ["1 MiB"]))]
    pub(super) bytes: Option<Formula<Bytes>>,
    /// Whose bytes they are.
    #[schemars(extend("default" = "each-rank"))]
    pub(super) share: Option<Spanned<RawBytesShare>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawShared {
    /// Bytes of each rank, or of all together.
    #[schemars(required, extend("examples" = ["1 MiB"]))]
    pub(super) bytes: Option<Formula<Bytes>>,
    /// Whose bytes they are.
    #[schemars(extend("default" = "each-rank"))]
    pub(super) share: Option<Spanned<RawBytesShare>>,
    /// Ranks on which this has the same value do it together; without it, all do.
    pub(super) group: Option<Formula<Whole>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRooted {
    /// Bytes of each rank, or of all together.
    #[schemars(required, extend("examples" = ["1 MiB"]))]
    pub(super) bytes: Option<Formula<Bytes>>,
    /// Whose bytes they are.
    #[schemars(extend("default" = "each-rank"))]
    pub(super) share: Option<Spanned<RawBytesShare>>,
    /// The root; with `group`, its place in the group, counted from 0.
    #[schemars(extend("default" = 0))]
    pub(super) root: Option<Formula<Whole>>,
    /// Ranks on which this has the same value do it together; without it, all do.
    pub(super) group: Option<Formula<Whole>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHalo {
    /// Bytes to each neighbour, or of all ranks together; may depend on `along`, the dimension, counted from 0.
    #[schemars(required, extend("examples" = ["1 MiB"]))]
    pub(super) bytes: Option<Formula<Bytes>>,
    /// Whose bytes they are.
    #[schemars(extend("default" = "each-rank"))]
    pub(super) share: Option<Spanned<RawBytesShare>>,
    /// Dimensions of a grid that is as near to a square as it can be, ranks numbered along the last one first.
    #[schemars(extend("default" = 1), range(min = 1, max = 3))]
    pub(super) dimensions: Option<Spanned<u32>>,
    /// Sides of the grid, one for each dimension, if they are others; their product is the number of ranks.
    #[schemars(length(min = 1, max = 3))]
    pub(super) grid: Option<Spanned<Vec<Formula<Whole>>>>,
    /// Whether the first and the last rank of a row are neighbours.
    #[schemars(extend("default" = false))]
    pub(super) periodic: Option<Spanned<bool>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFarm {
    /// Tasks in all.
    #[schemars(required, extend("examples" = [1000]))]
    pub(super) tasks: Option<Formula<Count>>,
    /// Work of one task on a core of speed 1: a time, or exactly one of the keys below.
    #[schemars(required, extend("examples" = ["10 ms"]))]
    pub(super) service: Option<Spanned<RawDistribution>>,
    /// Who does which task.
    #[schemars(extend("default" = "first-free"))]
    pub(super) dispatch: Option<Spanned<Word<Deal>>>,
    /// Size of the message with a task.
    #[schemars(extend("default" = "64 B"))]
    pub(super) item_bytes: Option<Formula<Bytes>>,
    /// Size of the message with the result of a task.
    #[schemars(extend("default" = "64 B"))]
    pub(super) result_bytes: Option<Formula<Bytes>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
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
    #[schemars(required, extend("examples" = [10]))]
    pub(super) times: Option<Formula<Count>>,
    /// Name, for expressions in the phases, of the number of the repeat, counted from 0.
    pub(super) variable: Option<Spanned<String>>,
    /// What; phases as above, at most 8 `repeat` within each other.
    #[schemars(required, length(min = 1))]
    pub(super) phases: Option<Spanned<Vec<Spanned<RawPhase>>>>,
}
