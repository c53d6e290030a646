#!/bin/bash
# Launcher agent for mpirun (plm_rsh_agent) and mpiexec.hydra (-launcher-exec): stands in for ssh.
# Usage: agent.sh [ssh options] HOST COMMAND...
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=lib/common.sh
. "$here/lib/common.sh"

while [[ ${1-} == -* ]]; do
    case $1 in
        -l | -p | -o | -i | -F) shift 2 ;; # options with a value
        *) shift ;;
    esac
done
[[ $# -ge 2 ]] || die "usage: agent.sh HOST COMMAND..."
need_up
host=$(resolve_host "${1##*@}") # hydra writes user@host
shift
pid=$(keeper_pid "$host") || {
    echo "testbed: connect to host $host: No route to host (it is switched off)" >&2
    exit 255
}

cgroup=$(get "$host" cgroup)
if [[ -n $cgroup ]]; then
    echo 0 >"$cgroup/system/cgroup.procs"
fi
export TESTBED_NAME TESTBED_STATE HOSTNAME=$host TESTBED_CWD=$PWD
# As ssh does: the words are joined, and a shell on the other side reads them. Its directory is this one, as on a
# cluster with a shared home.
# shellcheck disable=SC2016 # expanded on the other side
exec nsenter --target "$pid" --net --uts --ipc --mount --pid -- \
    /bin/sh -c 'cd "$TESTBED_CWD" 2>/dev/null || cd /; unset TESTBED_CWD; eval "$1"' sh "$*"
