#!/bin/bash
# Puts a rank on its emulated core, and becomes the rank. Open MPI calls it by itself (orte_fork_agent);
# with MPICH write it before the program: mpiexec -n 8 "$TESTBED_CORE" ./program
set -euo pipefail
host=$(uname -n)
dir=${TESTBED_STATE:?}/${TESTBED_NAME:?}/hosts/$host
rank=${OMPI_COMM_WORLD_LOCAL_RANK:-${MPI_LOCALRANKID:-${PMI_LOCAL_RANK:-0}}}
cores=$(<"$TESTBED_STATE/$TESTBED_NAME/cores")
core=$((rank % cores)) # more ranks than cores share them, as they would on a board
cgroup=$(<"$dir/cgroup")
read -ra cpus <"$dir/cpus" || true

if [[ -n $cgroup ]]; then
    echo 0 >"$cgroup/core$core/cgroup.procs"
fi
if [[ -n ${TESTBED_IDLE_LIB-} ]]; then
    export LD_PRELOAD="$TESTBED_IDLE_LIB${LD_PRELOAD:+:$LD_PRELOAD}"
    export OMPI_MCA_mpi_yield_when_idle=1
fi
if [[ -n ${cpus[core]-} ]]; then
    exec taskset -c "${cpus[core]}" "$@"
fi
exec "$@"
