//! Estimating pi by throwing darts, as the DLPC's programs did it (docs/model.md, workloads).

use dlpc_engine::machine::{CollectiveOverrides, Kernel};
use dlpc_engine::program::collective::selection;
use dlpc_engine::program::script::{Script, Step};
use dlpc_engine::units::Bytes;

use super::{Pi, Returns};

/// One C integer: the count itself, or the size that precedes a gatherv.
const COUNT_BYTES: Bytes = Bytes(8);
const SIZE_BYTES: Bytes = Bytes(4);

/// Every rank throws `ceil(darts / ranks)` darts; then the counts, or all records, go to rank 0, which reduces them.
pub(super) fn script(pi: &Pi, n_ranks: u32, overrides: CollectiveOverrides) -> Script {
    let darts = pi.darts.div_ceil(n_ranks.into());
    let mut steps = vec![
        Step::Compute(Kernel::Setup, pi.setup),
        Step::Compute(Kernel::ThrowDart, pi.throw_dart.saturating_mul(darts)),
    ];
    match pi.returns {
        Returns::Count => {
            steps.push(Step::Collective(selection::gather(n_ranks, COUNT_BYTES, overrides)));
        }
        Returns::Coordinates(record) => {
            let all = darts.saturating_mul(n_ranks.into());
            steps.extend([
                Step::Compute(Kernel::StoreRecord, record.store.saturating_mul(darts)),
                Step::Compute(Kernel::PackRecord, record.pack.saturating_mul(darts)),
                Step::Collective(selection::gather(n_ranks, SIZE_BYTES, overrides)),
                Step::Collective(selection::gatherv(record.bytes.saturating_mul(darts), overrides)),
                Step::ComputeOnRankZero(Kernel::UnpackRecord, record.unpack.saturating_mul(all)),
                Step::ComputeOnRankZero(Kernel::CollectRecord, record.collect.saturating_mul(all)),
            ]);
        }
    }
    Script::new(steps, n_ranks)
}
