# shellcheck shell=bash disable=SC2034,SC2154 # variables of one file are used in another
# Names, the state on disk, messages, and the parsing of quantities.

TESTBED_NAME=${TESTBED_NAME:-dlpc}
TESTBED_STATE=${TESTBED_STATE:-/run/dlpc-testbed}
state=$TESTBED_STATE/$TESTBED_NAME
subnet=10.77.0.0/16
head_name=$TESTBED_NAME-head
switch_ns=$TESTBED_NAME-switch

say() { printf 'testbed: %s\n' "$*" >&2; }
warn() { printf 'testbed: warning: %s\n' "$*" >&2; }
die() {
    printf 'testbed: error: %s\n' "$*" >&2
    exit 1
}

need_root() {
    [[ $(id -u) -eq 0 ]] || die "network namespaces and cgroups need root: run this with sudo"
}

need_up() {
    [[ -f $state/ready ]] || die "no testbed '$TESTBED_NAME' is up; start one with: $0 up --hosts 8"
}

# One command at a time changes the testbed; the lock goes with the process. Long-lived children close fd 9.
take_lock() {
    mkdir -p "$TESTBED_STATE"
    exec 9>"$TESTBED_STATE/$TESTBED_NAME.lock"
    flock -w 60 9 || die "another testbed command has held the lock for 60 s"
}

host_name() { printf '%s%d' "$TESTBED_NAME" "$1"; }
host_ip() { printf '10.77.0.%d' "$1"; }
get() { cat "$state/hosts/$1/$2"; } # a stored fact of a host

all_hosts() {
    local i
    for ((i = 1; i <= $(cat "$state/n_hosts"); i++)); do host_name "$i" && echo; done
}

# dlpc3, 3 or 10.77.0.3 -> dlpc3
resolve_host() {
    local name=$1
    case $name in
        10.77.0.*) name=$TESTBED_NAME${name##*.} ;;
        *[!0-9]*) ;;
        *) name=$TESTBED_NAME$name ;;
    esac
    [[ -d $state/hosts/$name ]] || die "no host '$1' in testbed '$TESTBED_NAME' (hosts: $(all_hosts | tr '\n' ' '))"
    printf '%s' "$name"
}

arguments() { { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null || true; } # of a process

# The process that keeps a host alive; fails when it is gone. The name in its arguments tells a reused process id.
keeper_pid() {
    local pid file=$state/hosts/$1/pid
    [[ -s $file ]] || return 1
    pid=$(<"$file")
    arguments "$pid" | grep -qF "testbed-host $TESTBED_NAME $1 " || return 1
    printf '%s' "$pid"
}

# 94mbit, "94 Mbit/s", 1gbit -> bits per second
parse_rate() {
    awk -v text="$1" 'BEGIN {
        t = tolower(text); gsub(/[ _]/, "", t); sub(/\/s$|ps$/, "", t)
        if (match(t, /^[0-9]+(\.[0-9]+)?/) == 0) exit 1
        n = substr(t, 1, RLENGTH); u = substr(t, RLENGTH + 1)
        f["bit"] = 1; f["kbit"] = 1e3; f["mbit"] = 1e6; f["gbit"] = 1e9
        if (!(u in f)) exit 1
        printf "%.0f", n * f[u] }'
}

# 5ms, 200us -> microseconds
parse_us() {
    awk -v text="$1" 'BEGIN {
        if (match(text, /^[0-9]+(\.[0-9]+)?/) == 0) exit 1
        n = substr(text, 1, RLENGTH); u = substr(text, RLENGTH + 1); gsub(/ /, "", u)
        f["us"] = 1; f["ms"] = 1e3; f["s"] = 1e6
        if (!(u in f)) exit 1
        printf "%.0f", n * f[u] }'
}

# A number above 0 and, when a second argument is there, not above it
is_positive() {
    awk -v x="$1" -v max="${2:-1e9}" 'BEGIN { exit !(x ~ /^[0-9]*\.?[0-9]+$/ && x + 0 > 0 && x + 0 <= max + 0) }'
}

calc() { awk "BEGIN { printf \"%.10g\", $* }"; }
