#!/bin/bash
# The whole loop on a testbed that is up: calibrate, measure workloads that the fit has not seen, compare, and one table.
#
#   testbed/accuracy.sh OUT [--small]
#
# OUT is a folder for the model, the measurements and the table; what it holds already is not measured again.
# --small is what CI runs: fewer launches, rank counts and scenarios. DLPC_SIM names the binary (built with MPI), REPEATS how
# often each point is measured, RANKS other rank counts, for instance "[1, 2, 4, 8, 12, 16]" on hosts of two cores.
# Exit code: that of the first step that fails; 1 if the table is outside the limits of accuracy.py, 3 if it is, and the
# machine was not quiet enough to tell why.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
out=${1:?usage: accuracy.sh OUT [--small]}
size=${2-}
sim=$(readlink -f -- "${DLPC_SIM:-$here/../target/release/dlpc-sim}")
[[ -x $sim ]] || { echo "accuracy: no $sim; build it with: cargo build --release --features mpi" >&2; exit 2; }

mkdir -p "$out/scenarios"
"$here/testbed" hostfile >"$out/hosts"
cluster=(--hostfile "$out/hosts" --binary "$sim")
launches=5 repeats=${REPEATS:-3} ranks=${RANKS-} scenarios=("$here"/scenarios/*.toml)
if [[ $size == --small ]]; then
    launches=3 ranks=${RANKS:-[1, 2, 4, 8]}
    scenarios=("$here"/scenarios/{pi-count,pi-coordinates,log-rounds,log-first-free}-small.toml)
fi

# The same work on all hosts at once, in seconds: the median of five runs. A machine that is slower after the measurements than
# it was before has changed under them.
probe() {
    local work='{"pi":{"darts":200000000,"returns_coordinates":false,"seed":1}}' n
    n=$(grep -c . "$out/hosts")
    for _ in 1 2 3 4 5; do
        "$here/testbed" run -- mpirun --hostfile "$out/hosts" --map-by node -np "$n" \
            "$sim" kernel workload --expect-ranks "$n" <<<"$work"
    done | python3 -c 'import json, statistics, sys; print(statistics.median(json.loads(line)["seconds"] for line in sys.stdin))'
}

started=$SECONDS
[[ -s $out/probe-before ]] || probe >"$out/probe-before"
"$here/testbed" run -- "$sim" calibrate --suite quick --launches "$launches" "${cluster[@]}" \
    --samples "$out/samples.jsonl" --report "$out/fit" --out "$out/model.toml"
echo "calibrated in $((SECONDS - started)) s"

for scenario in "${scenarios[@]}"; do
    name=$(basename "$scenario" .toml)
    cp "$scenario" "$out/scenarios/$name.toml"
    if [[ -n $ranks ]]; then
        sed -i "s/^ranks = .*/ranks = $ranks/" "$out/scenarios/$name.toml"
    fi
    computing=()
    if grep -q '^\[workload.log_stream\]' "$scenario"; then computing=(--analysis-by-computing); fi
    "$here/testbed" run -- "$sim" measure "$out/scenarios/$name.toml" "${cluster[@]}" --repeats "$repeats" \
        "${computing[@]}" --out "$out/measured/$name.csv"
    "$sim" compare "$out/scenarios/$name.toml" --measured "$out/measured/$name.csv" --out "$out/$name" >"$out/$name.txt"
done
probe >"$out/probe-after"
exec "$here/accuracy.py" "$out" "$size"
