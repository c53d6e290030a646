//! The kernels of the workloads, and what they cost.

use crate::named;
use crate::units::{Bytes, SimDuration};

named! {
    /// What a compute op does; names its noise and its share in the breakdown.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum Kernel as "Kernel" {
        Setup = "setup" => "Fixed work of each rank.",
        ThrowDart = "throw_dart" => "Throwing darts.",
        StoreRecord = "store_record" => "Storing records.",
        PackRecord = "pack_record" => "Packing records.",
        UnpackRecord = "unpack_record" => "Unpacking records on rank 0.",
        CollectRecord = "collect_record" => "Reducing records on rank 0.",
        Analyse = "analyse" => "Analysing log files.",
        Custom = "custom" => "Compute phases of the workload `custom`.",
        Recorded = "recorded" => "What a recorded program computes.",
        Traced = "traced" => "Computing of the workload `trace`.",
    }
}

impl Kernel {
    /// Returns the number of the random stream that its cost is drawn from. It is part of every result: a new kernel gets a
    /// new number, wherever it stands in [`Self::ALL`].
    #[must_use]
    pub const fn stream_number(self) -> u32 {
        match self {
            Self::Setup => 0,
            Self::ThrowDart => 1,
            Self::StoreRecord => 2,
            Self::PackRecord => 3,
            Self::UnpackRecord => 4,
            Self::CollectRecord => 5,
            Self::Analyse => 6,
            Self::Custom => 7,
            Self::Recorded => 8,
            Self::Traced => 9,
        }
    }

    /// Returns the key path of its cost in the machine model, if that is where it is.
    #[must_use]
    pub fn cost_key(self) -> Option<&'static str> {
        COSTED.iter().find(|costed| costed.kernel == self).map(|costed| costed.key)
    }

    /// Returns the key path of its sigma in the machine model.
    #[must_use]
    pub fn sigma_key(self) -> String {
        format!("noise.kernel_sigma.{}", self.name())
    }
}

/// A kernel whose cost is in the machine model; that of others is in the scenario.
#[derive(Debug, Clone, Copy)]
pub struct Costed {
    /// The kernel.
    pub kernel: Kernel,
    /// Key path of its cost in the machine model.
    pub key: &'static str,
    place: Place,
}

/// The kernels whose costs are in the machine model: all that says where they are.
pub const COSTED: [Costed; 6] = [
    costed(Kernel::Setup, "kernels.setup", |all| Some(&mut all.setup)),
    costed(Kernel::ThrowDart, "kernels.throw_dart", |all| all.throw_dart.as_mut()),
    costed(Kernel::StoreRecord, "kernels.records.store", |all| Some(&mut all.records.as_mut()?.store)),
    costed(Kernel::PackRecord, "kernels.records.pack", |all| Some(&mut all.records.as_mut()?.pack)),
    costed(Kernel::UnpackRecord, "kernels.records.unpack", |all| Some(&mut all.records.as_mut()?.unpack)),
    costed(Kernel::CollectRecord, "kernels.records.collect", |all| Some(&mut all.records.as_mut()?.collect)),
];

/// Where the cost of a kernel is, if it is there.
type Place = fn(&mut Kernels) -> Option<&mut SimDuration>;

const fn costed(kernel: Kernel, key: &'static str, place: Place) -> Costed {
    Costed { kernel, key, place }
}

/// Costs of the workloads' kernels on a core of speed 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kernels {
    /// Fixed work of each rank and run.
    pub setup: SimDuration,
    /// Per dart; a model without it cannot run `pi`.
    pub throw_dart: Option<SimDuration>,
    /// Costs of records; a model without them cannot run `pi` with `returns = "coordinates"`.
    pub records: Option<RecordCosts>,
}

impl Kernels {
    /// Returns the cost of a kernel, if it is here.
    #[must_use]
    pub fn cost(mut self, kernel: Kernel) -> Option<SimDuration> {
        self.cost_mut(kernel).copied()
    }

    /// Returns the place of the cost of a kernel, if it is here.
    pub fn cost_mut(&mut self, kernel: Kernel) -> Option<&mut SimDuration> {
        let costed = COSTED.iter().find(|costed| costed.kernel == kernel)?;
        (costed.place)(self)
    }

    /// Returns the kernels whose costs are here, with them.
    pub fn costs(self) -> impl Iterator<Item = (Costed, SimDuration)> {
        COSTED.into_iter().filter_map(move |costed| Some((costed, self.cost(costed.kernel)?)))
    }
}

/// Costs of one dart's record (index, rank, x, y, inside) as the program returns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordCosts {
    /// Time to store one, on every rank.
    pub store: SimDuration,
    /// Time to pack one, on every rank.
    pub pack: SimDuration,
    /// Time to unpack one, on rank 0.
    pub unpack: SimDuration,
    /// Time to reduce one, on rank 0.
    pub collect: SimDuration,
    /// Size of a packed record.
    pub bytes: Bytes,
}
