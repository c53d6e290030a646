//! What a piece of the critical path is spent on.

use dlpc_engine::machine::Kernel;

/// What a piece of the critical path is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Computing that the ranks share.
    Compute,
    /// Fixed work of each rank, the same at any rank count.
    Setup,
    /// Packing records for sending.
    Pack,
    /// Work that only rank 0 does: unpacking and reducing.
    SerialTail,
    /// Cores busy with sending and receiving messages.
    Overhead,
    /// Latency of cables, switches and software stack.
    Latency,
    /// Bytes on the way, at the bandwidth that the transfer got.
    Bandwidth,
    /// Request and answer of a rendezvous on the way: the data is held back until the receiver is ready.
    Rendezvous,
    /// Waiting for the producer of log files.
    Producer,
    /// Waiting for the slowest of the round: a log file is complete and a rank is free, but the round is not over.
    Round,
    /// Sleeping between two looks although a log file is complete, or because the program says so.
    Sleep,
    /// Busy cores of a host that slow each other down.
    Contention,
    /// More ranks at work than cores.
    Oversubscription,
    /// Noise of cores and jitter of the network: by how much a step was longer than without.
    Noise,
    /// Not known: the run has too many events to be traced.
    Untraced,
}

impl Cause {
    /// All causes, in the order of tables and stacked plots.
    pub const ALL: [Self; 15] = [
        Self::Compute,
        Self::Setup,
        Self::Pack,
        Self::SerialTail,
        Self::Overhead,
        Self::Latency,
        Self::Bandwidth,
        Self::Rendezvous,
        Self::Producer,
        Self::Round,
        Self::Sleep,
        Self::Contention,
        Self::Oversubscription,
        Self::Noise,
        Self::Untraced,
    ];

    /// Returns what a kernel is.
    #[must_use]
    pub const fn of_kernel(kernel: Kernel) -> Self {
        match kernel {
            Kernel::ThrowDart | Kernel::StoreRecord | Kernel::Analyse | Kernel::Custom => Self::Compute,
            Kernel::Setup => Self::Setup,
            Kernel::PackRecord => Self::Pack,
            Kernel::UnpackRecord | Kernel::CollectRecord => Self::SerialTail,
        }
    }

    /// Returns the key in CSV and JSON.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Setup => "setup",
            Self::Pack => "pack",
            Self::SerialTail => "serial_tail",
            Self::Overhead => "overhead",
            Self::Latency => "latency",
            Self::Bandwidth => "bandwidth",
            Self::Rendezvous => "rendezvous",
            Self::Producer => "producer",
            Self::Round => "round",
            Self::Sleep => "sleep",
            Self::Contention => "contention",
            Self::Oversubscription => "oversubscription",
            Self::Noise => "noise",
            Self::Untraced => "untraced",
        }
    }

    /// Returns the name in tables and plots.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Setup => "setup",
            Self::Pack => "pack",
            Self::SerialTail => "serial tail on rank 0",
            Self::Overhead => "message overhead",
            Self::Latency => "latency",
            Self::Bandwidth => "bandwidth",
            Self::Rendezvous => "rendezvous wait",
            Self::Producer => "producer",
            Self::Round => "slowest of the round",
            Self::Sleep => "sleep",
            Self::Contention => "busy cores",
            Self::Oversubscription => "oversubscription",
            Self::Noise => "noise",
            Self::Untraced => "not traced",
        }
    }
}
