# shellcheck shell=bash disable=SC2034,SC2154 # variables of one file are used in another
# The switch: a bridge in a network namespace of its own, and one shaped cable (a veth pair) per host.
#
# --rate is payload: what a TCP stream of full frames delivers. 1448 bytes of payload (MTU 1500, less IP, TCP and
# time-stamp headers) take 1538 byte times on Ethernet (14 header, 4 checksum, 8 preamble, 12 gap). tbf is told
# of the 24 bytes that it does not see and of the smallest frame, so that small messages and acknowledgements cost what
# they cost on a real wire: --rate 94mbit is a line rate of 99.84 Mbit/s.

# PAYLOAD_BITS -> line rate
line_rate() { calc "int($1 * 1538 / 1448)"; }

# PREFIX DEVICE: shape what leaves DEVICE, in the namespace that the words of PREFIX enter
shape() {
    local -a in
    local device=$2 parent=root
    read -ra in <<<"$1"
    if [[ $opt_rate != none ]]; then
        "${in[@]}" tc qdisc add dev "$device" root handle 1: tbf rate "$(line_rate "$opt_rate")bit" \
            burst "$opt_burst" limit "$opt_buffer" overhead 24 mpu 84
        parent="parent 1:1"
    fi
    if [[ $opt_latency_us -gt 0 ]]; then
        # shellcheck disable=SC2086 # two words
        "${in[@]}" tc qdisc add dev "$device" $parent handle 10: netem delay "${opt_latency_us}us" limit 20000
    fi
}

# Is this queueing discipline in the kernel? Tried on a loopback in a namespace of its own.
has_qdisc() {
    local -a spec
    case $1 in
        tbf) spec=(tbf rate 100mbit burst 3076 limit 100000 overhead 24 mpu 84) ;;
        netem) spec=(netem delay 1ms) ;;
    esac
    unshare --net tc qdisc add dev lo root "${spec[@]}" 2>/dev/null
}

make_switch() {
    ip netns add "$switch_ns"
    ip -n "$switch_ns" link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
    ip -n "$switch_ns" link set br0 up
}

# NAME IP PID: a cable from the switch to the network namespace of PID. The port is called after the host.
plug() {
    local name=$1 ip=$2 pid=$3
    local -a inside=(nsenter --target "$pid" --net)
    ip -n "$switch_ns" link add "$name" type veth peer name eth0 netns "$pid"
    ip -n "$switch_ns" link set "$name" master br0 gso_max_segs 1 up
    "${inside[@]}" ip link set lo up
    # Cheap boards have no segmentation offload; with it, one 64 kB block would pass tbf as a lump.
    "${inside[@]}" ip link set eth0 gso_max_segs 1 up
    "${inside[@]}" ip address add "$ip/${subnet#*/}" dev eth0
    # What Linux does on a Pi, whatever the defaults of this machine are. What earlier connections learned is not
    # kept, so that runs are alike.
    "${inside[@]}" sh -c 'cd /proc/sys/net/ipv4
        echo 1 >tcp_timestamps
        echo 1 >tcp_no_metrics_save
        echo "4096 131072 6291456" >tcp_rmem
        echo "4096 16384 4194304" >tcp_wmem
        echo cubic >tcp_congestion_control 2>/dev/null || true'
}

# HOST PID: both directions of its port
shape_port() {
    shape "nsenter --target $2 --net" eth0
    shape "ip netns exec $switch_ns" "$1"
}

unplug() { ip -n "$switch_ns" link delete "$1" 2>/dev/null || true; }

# HOST: frames that the switch had no room for
drops() {
    ip netns exec "$switch_ns" tc -s qdisc show dev "$1" 2>/dev/null |
        awk '/dropped/ { sub(/.*dropped /, ""); sub(/,.*/, ""); n += $0 } END { print n + 0 }'
}
