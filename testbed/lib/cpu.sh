# shellcheck shell=bash disable=SC2034,SC2154 # variables of one file are used in another
# Slow cores. Every emulated core is a cgroup with a CPU quota of its own, so that a rank runs at one fraction of a
# real core whatever the other ranks do. A quota for the whole host would not: one rank alone on a 4-core host
# would get the time of four. Each host also has a cgroup "system", with the time of all its cores, for everything
# that is not a rank: the MPI daemons and what `exec` starts.

# Sets cg_kind to v1, v2 or none, and cg_base to the directory for all cgroups of this testbed.
find_cgroups() {
    local mount
    cg_kind=none
    cg_base=
    mount=$(awk '$3 == "cgroup" && $4 ~ /(^|,)cpu(,|$)/ { print $2; exit }' /proc/mounts)
    if [[ -n $mount ]]; then
        cg_kind=v1
    else
        mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
        [[ -n $mount ]] && grep -qw cpu "$mount/cgroup.controllers" && cg_kind=v2
    fi
    if [[ $cg_kind != none ]] && ! mkdir -p "$mount/dlpc-testbed/$TESTBED_NAME" 2>/dev/null; then
        cg_kind=none
    fi
    [[ $cg_kind == none ]] && return
    cg_base=$mount/dlpc-testbed/$TESTBED_NAME
    [[ $cg_kind == v2 ]] || { set_weight "${cg_base%/*}" && set_weight "$cg_base"; return; }
    # The cpu controller must be passed down level by level.
    local dir
    for dir in "$mount" "$mount/dlpc-testbed" "$cg_base"; do
        if ! echo +cpu >"$dir/cgroup.subtree_control" 2>/dev/null; then
            cg_kind=none
            return
        fi
    done
    set_weight "${cg_base%/*}"
    set_weight "$cg_base"
}

# DIR: other work on this machine must not slow the emulated cores; they go first, and their quotas keep them in bounds.
set_weight() {
    if [[ $cg_kind == v2 ]]; then echo 10000 >"$1/cpu.weight"; else echo 262144 >"$1/cpu.shares"; fi
}

# DIR CORES: the time of CORES real cores (a fraction is allowed). Quotas under 1 ms are not accepted by the kernel,
# so a small share gets a longer period. What a core could not use because others of this machine ran first, it may use
# in the next period (burst); without that it would be slower the more hosts compute.
set_quota() {
    local quota period
    read -r quota period < <(awk -v c="$2" -v p="$opt_period_us" 'BEGIN {
        if (c * p < 1000) p = 1000 / c
        printf "%.0f %.0f\n", c * p, p }')
    if [[ $cg_kind == v2 ]]; then
        echo "$quota $period" >"$1/cpu.max"
        echo "$quota" >"$1/cpu.max.burst" 2>/dev/null || true
    else
        echo "$period" >"$1/cpu.cfs_period_us"
        echo "$quota" >"$1/cpu.cfs_quota_us"
        echo "$quota" >"$1/cpu.cfs_burst_us" 2>/dev/null || true
    fi
}

# HOST SHARE: cgroups of one host
make_host_cgroups() {
    local dir=$cg_base/$1 core
    [[ $cg_kind == none ]] && return
    mkdir -p "$dir"
    set_weight "$dir"
    [[ $cg_kind == v1 ]] || echo +cpu >"$dir/cgroup.subtree_control"
    mkdir -p "$dir/system"
    set_quota "$dir/system" "$(calc "$2 * $opt_cores")"
    for ((core = 0; core < opt_cores; core++)); do
        mkdir -p "$dir/core$core"
        set_quota "$dir/core$core" "$2"
    done
}

# All processes in the cgroups of this testbed are its own: end them, and remove the cgroups, innermost first.
remove_cgroups() {
    local try
    [[ $cg_kind != none && -d $cg_base ]] || return 0
    for try in 1 2 3 4 5 6 7 8 9 10; do
        find "$cg_base" -name cgroup.procs -exec cat {} + | grep -vx 0 | xargs -r kill -KILL 2>/dev/null || true
        find "$cg_base" -depth -type d -exec rmdir {} \; 2>/dev/null || true
        [[ -d $cg_base ]] || break
        sleep "0.$try"
    done
    rmdir "${cg_base%/*}" 2>/dev/null || true
    [[ ! -d $cg_base ]] || warn "cgroups remain in $cg_base"
}

# HOST: the share of periods in which one of its cores was stopped by its quota
throttled() {
    [[ $cg_kind != none ]] || { echo -; return; }
    cat "$cg_base/$1"/core*/cpu.stat 2>/dev/null |
        awk '$1 == "nr_periods" { n += $2 } $1 == "nr_throttled" { t += $2 }
             END { if (n) printf "%d%%", 100 * t / n; else print "-" }'
}
