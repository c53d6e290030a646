//! What there is to find: the kind of a machine, and its parameters.

use dlpc_engine::machine::Duplex;

use crate::fit::samples::cores::{ComputeCosts, ComputeNoise};
use crate::fit::samples::messages::pairs::SegmentCosts;
use crate::fit::samples::messages::segments::TableShape;

/// What kind of machine it is: found once from all samples, the same for every resample.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::fit) struct Shape {
    pub(in crate::fit) local: Option<TableShape>,
    pub(in crate::fit) remote: Option<RemoteShape>,
    pub(in crate::fit) has_interruptions: bool,
}

/// Kind of the network between hosts.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::fit) struct RemoteShape {
    pub(in crate::fit) table: TableShape,
    pub(in crate::fit) network: NetworkShape,
}

/// All parameters, in seconds and bytes, of cores of speed 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::fit) struct Estimate {
    pub(in crate::fit) costs: ComputeCosts,
    pub(in crate::fit) noise: ComputeNoise,
    pub(in crate::fit) local: Option<Vec<SegmentCosts>>,
    pub(in crate::fit) remote: Option<RemoteEstimate>,
}

/// Parameters of messages between hosts.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::fit) struct RemoteEstimate {
    pub(in crate::fit) table: Vec<SegmentCosts>,
    /// Seconds per byte of a port.
    pub(in crate::fit) port: f64,
    /// Seconds per byte of the switch.
    pub(in crate::fit) backplane: Option<f64>,
    /// Seconds between two messages.
    pub(in crate::fit) message_gap: f64,
}

/// What limits transfers.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::fit) struct NetworkShape {
    pub(in crate::fit) port: PortSource,
    /// Segments whose messages are slower alone than the port.
    pub(in crate::fit) has_gap: Vec<bool>,
    pub(in crate::fit) duplex: Duplex,
    pub(in crate::fit) has_backplane: bool,
    pub(in crate::fit) has_message_gap: bool,
}

/// From what the bandwidth of a port is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::fit) enum PortSource {
    /// One message alone: nothing else was measured, or the others say less.
    OneFlow,
    /// Many senders to one receiver.
    FanIn,
    /// Both, with this share of the first.
    Both {
        /// Weight of one message alone.
        one_flow: f64,
    },
}
