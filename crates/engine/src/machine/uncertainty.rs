//! What a calibration does not know of a machine, besides the costs of its kernels.

/// Relative standard errors of hosts, ports and messages; zero where nothing is said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Uncertainty {
    /// Of the bandwidth of all ports: a calibration finds one for all.
    pub bandwidth: f64,
    /// Of the speed of each host, through all groups; empty if all are known.
    pub speeds: Vec<f64>,
    /// Of the segments of messages within a host, in their order; empty if all are known.
    pub local: Vec<SegmentUncertainty>,
    /// Of the segments of messages between hosts; empty if all are known.
    pub remote: Vec<SegmentUncertainty>,
}

/// Relative standard errors of the costs of one segment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SegmentUncertainty {
    /// Of what does not depend on the size: `send_overhead`, `recv_overhead` and `latency` together.
    pub fixed: f64,
    /// Of `byte_overhead`.
    pub per_byte: f64,
}

impl Uncertainty {
    /// Returns whether nothing is uncertain.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        let is_known = |segment: &SegmentUncertainty| segment.fixed <= 0.0 && segment.per_byte <= 0.0;
        self.bandwidth <= 0.0
            && self.speeds.iter().all(|sigma| *sigma <= 0.0)
            && self.local.iter().chain(&self.remote).all(is_known)
    }
}
