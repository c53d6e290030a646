//! Whether a launcher of MPI has started this program, and as one of how many ranks.

use std::env;

/// Variables in which launchers say how many ranks there are: Open MPI, MPICH and what speaks PMI (also `srun`), Slurm
/// with `PMIx`.
const SIZES: [&str; 3] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"];
/// Of a Slurm step that is no MPI program, only the last of them is there: then this one is not.
const SLURM_MPI: &str = "PMIX_RANK";

/// Returns the number of ranks; none if no launcher has started this program.
pub(super) fn n_ranks() -> Option<u32> {
    let size = |name: &str| env::var(name).ok()?.parse().ok();
    let [open_mpi, pmi, slurm] = SIZES;
    size(open_mpi).or_else(|| size(pmi)).or_else(|| env::var_os(SLURM_MPI).and_then(|_| size(slurm)))
}
