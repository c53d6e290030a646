#!/bin/bash
# Runs as the first process of an emulated host, inside its namespaces, until the host is switched off.
# Arguments: testbed-host TESTBED HOST STATE
set -euo pipefail
host=$3
state=$4

hostname "$host"
mount --bind "$state/etc-hosts" /etc/hosts
if [[ $$ -eq 1 ]]; then # not on the head, which shares the machine's processes
    mount -t tmpfs -o mode=1777 tmpfs /dev/shm
fi
touch "$state/hosts/$host/ready"

# bash collects the processes whose parent has gone
while :; do
    sleep 3600 &
    wait $! || true
done
