# shellcheck shell=bash disable=SC2034,SC2154 # variables of one file are used in another
# Hosts. A host is the set of namespaces (network, host name, processes, mounts, shared memory) that one small process
# keeps open. When that process ends, the kernel ends every process of the host and takes its cable away: a crash
# of the script cannot leave half a host behind that nobody owns.

# NAME KIND: start the keeper of a host, and wait until it is ready
start_keeper() {
    local name=$1 kind=$2 dir=$state/hosts/$1 unshared child try
    local -a flags=(--net --uts --mount --ipc)
    # The head shares the process ids of the machine: the launcher must find the hosts' keepers from there.
    [[ $kind == node ]] && flags+=(--pid --fork --kill-child --mount-proc)
    rm -f "$dir/ready" "$dir/pid"
    setsid unshare "${flags[@]}" "$here/keeper.sh" testbed-host "$TESTBED_NAME" "$name" "$state" \
        </dev/null >"$dir/log" 2>&1 9>&- &
    unshared=$!
    disown "$unshared"
    for ((try = 0; try < 100; try++)); do
        [[ -f $dir/ready ]] && break
        kill -0 "$unshared" 2>/dev/null || die "host $name did not start: $(tail -n 3 "$dir/log")"
        sleep 0.05
    done
    [[ -f $dir/ready ]] || die "host $name was not ready within 5 s: $(tail -n 3 "$dir/log")"
    child=$unshared
    [[ $kind == node ]] && child=$(child_of "$unshared")
    echo "$child" >"$dir/pid"
    keeper_pid "$name" >/dev/null || die "host $name: its keeper is not where it should be"
}

child_of() {
    if [[ -r /proc/$1/task/$1/children ]]; then
        tr -d ' ' <"/proc/$1/task/$1/children"
    else
        pgrep -P "$1"
    fi
}

# End a host: everything that runs on it goes with its keeper.
stop_keeper() {
    local pid try
    pid=$(keeper_pid "$1") || return 0
    kill -KILL "$pid" 2>/dev/null || true
    for ((try = 0; try < 100; try++)); do
        [[ -d /proc/$pid ]] || return 0
        sleep 0.02
    done
    warn "host $1: process $pid does not end"
}

# Keepers of this testbed that no file names any more (the state was deleted, or a start was cut off)
stray_keepers() {
    local dir
    for dir in /proc/[0-9]*; do
        arguments "${dir#/proc/}" | grep -qF "keeper.sh testbed-host $TESTBED_NAME " && echo "${dir#/proc/}"
    done
    return 0
}

# INDEX: everything about one host
start_host() {
    local name ip pid
    name=$(host_name "$1")
    ip=$(host_ip "$1")
    start_keeper "$name" node
    pid=$(keeper_pid "$name")
    plug "$name" "$ip" "$pid"
    shape_port "$name" "$pid"
    ip netns attach "$name" "$pid"
}

start_head() {
    mkdir -p "$state/hosts/$head_name"
    start_keeper "$head_name" head
    plug "$head_name" 10.77.1.1 "$(keeper_pid "$head_name")"
}

# INDEX SHARE: what the launcher and `mend` need to know
record_host() {
    local name dir core list=()
    name=$(host_name "$1")
    dir=$state/hosts/$name
    mkdir -p "$dir"
    echo "$1" >"$dir/index"
    echo "$2" >"$dir/share"
    echo "${cg_base:+$cg_base/$name}" >"$dir/cgroup"
    for ((core = 0; core < opt_cores; core++)); do
        list+=($((((($1 - 1) * opt_cores) + core) % $(nproc))))
    done
    [[ $opt_pin == yes ]] || list=()
    echo "${list[*]-}" >"$dir/cpus"
    printf '%s %s\n' "$(host_ip "$1")" "$name" >>"$state/etc-hosts"
    printf '%s slots=%d\n' "$name" "$opt_cores" >>"$state/hostfile"
    printf '%s:%d\n' "$name" "$opt_cores" >>"$state/hostfile.mpich"
}
