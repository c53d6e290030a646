//! What there is to find: the kind of a machine, and its parameters.

use dlpc_engine::machine::Duplex;

use super::cores::{ComputeCosts, ComputeNoise};
use super::pairs::SegmentCosts;
use super::segments::TableShape;

/// What kind of machine it is: found once from all samples, the same for every resample.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Shape {
    pub(super) local: Option<TableShape>,
    pub(super) remote: Option<RemoteShape>,
    pub(super) has_interruptions: bool,
}

/// Kind of the network between hosts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RemoteShape {
    pub(super) table: TableShape,
    pub(super) network: NetworkShape,
}

/// All parameters, in seconds and bytes, of cores of speed 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Estimate {
    pub(super) costs: ComputeCosts,
    pub(super) noise: ComputeNoise,
    pub(super) local: Option<Vec<SegmentCosts>>,
    pub(super) remote: Option<RemoteEstimate>,
}

/// Parameters of messages between hosts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RemoteEstimate {
    pub(super) table: Vec<SegmentCosts>,
    /// Seconds per byte of a port.
    pub(super) port: f64,
    /// Seconds per byte of the switch.
    pub(super) backplane: Option<f64>,
    /// Seconds between two messages.
    pub(super) message_gap: f64,
}

/// What limits transfers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NetworkShape {
    pub(super) port: PortSource,
    /// Segments whose messages are slower alone than the port.
    pub(super) has_gap: Vec<bool>,
    pub(super) duplex: Duplex,
    pub(super) has_backplane: bool,
    pub(super) has_message_gap: bool,
}

/// From what the bandwidth of a port is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum PortSource {
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
