//! Calibration experiments: what is run, and which time is taken.
//!
//! Every experiment has two executors: the MPI kernels (real hardware) and `simulated` (the simulator on a given
//! machine model), so that a fitted model can be checked against the samples that it was fitted to.

use serde::{Deserialize, Serialize};

/// Which two ranks exchange messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairClass {
    /// Ranks of one host.
    Local,
    /// Ranks of different hosts.
    Remote,
}

/// The compute kernels of the workloads, as they can be timed alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkKernel {
    /// Throwing darts; the unit is a dart.
    ThrowDart,
    /// Storing the record of a dart; the unit is a record.
    StoreRecord,
    /// Packing records; the unit is a record.
    PackRecord,
    /// Unpacking records; the unit is a record.
    UnpackRecord,
    /// Reducing records; the unit is a record.
    CollectRecord,
}

impl WorkKernel {
    /// All kernels.
    pub const ALL: [Self; 5] =
        [Self::ThrowDart, Self::StoreRecord, Self::PackRecord, Self::UnpackRecord, Self::CollectRecord];
}

/// One experiment. The doc comment of each says which time is its result; all clocks are differences on one rank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Experiment {
    /// A message there and one of the same size back, the receive posted before: half of the round trip.
    PingPong {
        /// Which pair.
        class: PairClass,
        /// Size of each message.
        bytes: u64,
    },
    /// One blocking send to a rank that posts its receive only `recv_delay_s` after the send was called: the time inside
    /// the send call. Eager: the send overhead. Rendezvous: at least the delay, which tells the two apart.
    Send {
        /// Which pair.
        class: PairClass,
        /// Size of the message.
        bytes: u64,
        /// Delay of the receive.
        recv_delay_s: f64,
    },
    /// One blocking receive of an eager message that has been there for long: the time inside the receive call.
    Recv {
        /// Which pair.
        class: PairClass,
        /// Size of the message.
        bytes: u64,
    },
    /// `n` messages one after the other with a pause of `delay_s` of computing between them, then an empty one back:
    /// PRTT(n, d, s) of Netgauge, from before the first send to after the last receive.
    Train {
        /// Which pair.
        class: PairClass,
        /// Size of each message.
        bytes: u64,
        /// Messages.
        n: u32,
        /// Pause between two.
        delay_s: f64,
    },
    /// `senders` ranks, each on a host of its own, send one message to a rank of another host, which has asked each of
    /// them with an empty message: from before the first question to after the last receive.
    FanIn {
        /// Senders.
        senders: u32,
        /// Size of each message.
        bytes: u64,
    },
    /// `pairs` disjoint pairs of ranks, each rank on a host of its own, play ping-pong at once: half of the round trip
    /// of the first pair.
    Pairs {
        /// Pairs.
        pairs: u32,
        /// Size of each message.
        bytes: u64,
    },
    /// Two ranks send to each other at once: from before the start of both to the end of both, on the first rank.
    Exchange {
        /// Which pair.
        class: PairClass,
        /// Size of each message.
        bytes: u64,
    },
    /// `busy` ranks of one host run the same kernel on `units` units at once: the time of the rank that reports. MPI kernels
    /// take the units of a plan again and again, for long enough; a sample says how many they came to.
    Compute {
        /// What is computed.
        kernel: WorkKernel,
        /// Ranks at work on the host.
        busy: u32,
        /// Darts or records of one repetition.
        units: u64,
    },
    /// The same small work of `darts` darts again and again on one otherwise idle host: the median; every single time
    /// is in [`super::sample::Sample::each_s`].
    FixedWork {
        /// Darts of one quantum.
        darts: u64,
        /// Repetitions.
        n: u32,
    },
}

impl Experiment {
    /// Returns the size of its messages; none if it has none.
    #[must_use]
    pub const fn bytes(&self) -> Option<u64> {
        match *self {
            Self::PingPong { bytes, .. }
            | Self::Send { bytes, .. }
            | Self::Recv { bytes, .. }
            | Self::Train { bytes, .. }
            | Self::FanIn { bytes, .. }
            | Self::Pairs { bytes, .. }
            | Self::Exchange { bytes, .. } => Some(bytes),
            Self::Compute { .. } | Self::FixedWork { .. } => None,
        }
    }

    /// Returns the name of the kind of experiment, as in the file.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PingPong { .. } => "ping_pong",
            Self::Send { .. } => "send",
            Self::Recv { .. } => "recv",
            Self::Train { .. } => "train",
            Self::FanIn { .. } => "fan_in",
            Self::Pairs { .. } => "pairs",
            Self::Exchange { .. } => "exchange",
            Self::Compute { .. } => "compute",
            Self::FixedWork { .. } => "fixed_work",
        }
    }
}

/// One line of the plan that a launch of the kernels gets on standard input of rank 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanLine {
    /// Number of the experiment in the whole calibration: the key by which an interrupted one is resumed.
    pub id: u64,
    /// What to run.
    pub experiment: Experiment,
    /// Times to repeat it; the sample is the median.
    pub repeats: u32,
}
