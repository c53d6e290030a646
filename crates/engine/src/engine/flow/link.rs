//! What the flow network keeps of each link.

/// A link in one cache line: who is on it, and what is known of it.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct LinkState {
    /// Bytes per second.
    pub(super) capacity: f64,
    /// Flows that cross it.
    pub(super) n_flows: u32,
    /// Flows that cross it and have their bottleneck here.
    pub(super) n_own: u32,
    /// Classes that cross it.
    pub(super) classes: Vec<u32>,
    /// As long as the share is not above it, no flow that has its bottleneck here meets its cap or another full link.
    /// Holds for a simple link only.
    pub(super) limit: f64,
    /// All its flows have their bottleneck here, and all the other links that they cross are loose.
    pub(super) is_simple: bool,
    /// Nobody has its bottleneck here, and no flow has more than an even share of the link, nor will get more without a
    /// look at this link.
    pub(super) is_loose: bool,
    /// Its flows have to be shared out anew.
    pub(super) is_dirty: bool,
    /// In the trial of this number it has this place.
    pub(super) epoch: u32,
    pub(super) place: u32,
}

const _: () = assert!(size_of::<LinkState>() == 64, "a link fits in one cache line");

/// Rates that differ by less than this ratio are the same.
pub(super) const TOLERANCE: f64 = 1e-12;

impl LinkState {
    pub(super) fn new(capacity: f64) -> Self {
        Self {
            capacity,
            n_flows: 0,
            n_own: 0,
            classes: Vec::new(),
            limit: f64::INFINITY,
            is_simple: true,
            is_loose: true,
            is_dirty: false,
            epoch: 0,
            place: 0,
        }
    }

    /// Nobody is on the link any more.
    pub(super) fn clear(&mut self) {
        self.limit = f64::INFINITY;
        self.is_simple = true;
        self.is_loose = true;
    }

    /// Returns the even share of each flow, in bytes per second.
    pub(super) fn fair_share(&self) -> f64 {
        self.capacity / f64::from(self.n_flows)
    }

    pub(super) fn is_bottleneck(&self) -> bool {
        self.n_own > 0
    }
}
