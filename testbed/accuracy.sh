#!/bin/bash
# The whole loop on a testbed that is up: calibrate, measure workloads that the fit has not seen, compare, and one table.
#
#   testbed/accuracy.sh OUT [--small]
#
# OUT is a folder for the model, the measurements and the table; what it holds already is not measured again.
# --small is what CI runs: fewer launches, rank counts and scenarios. DLPC_SIM names the binary (built with MPI).
# Exit code: that of the first step that fails; 1 if the table is outside the limits of accuracy.py, 3 if the machine was not
# quiet enough to tell.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
out=${1:?usage: accuracy.sh OUT [--small]}
size=${2-}
sim=$(readlink -f -- "${DLPC_SIM:-$here/../target/release/dlpc-sim}")
[[ -x $sim ]] || { echo "accuracy: no $sim; build it with: cargo build --release --features mpi" >&2; exit 2; }

mkdir -p "$out/scenarios"
"$here/testbed" hostfile >"$out/hosts"
cluster=(--hostfile "$out/hosts" --binary "$sim")
launches=5 repeats=${REPEATS:-3} scenarios=("$here"/scenarios/*.toml)
if [[ $size == --small ]]; then
    launches=3 repeats=2
    scenarios=("$here"/scenarios/{pi-count,pi-coordinates,log-rounds,log-first-free}-small.toml)
fi

started=$SECONDS
"$here/testbed" run -- "$sim" calibrate --suite quick --launches "$launches" "${cluster[@]}" \
    --samples "$out/samples.jsonl" --report "$out/fit" --out "$out/model.toml"
echo "calibrated in $((SECONDS - started)) s"

for scenario in "${scenarios[@]}"; do
    name=$(basename "$scenario" .toml)
    cp "$scenario" "$out/scenarios/$name.toml"
    if [[ $size == --small ]]; then
        sed -i 's/^ranks = .*/ranks = [1, 2, 4, 8]/' "$out/scenarios/$name.toml"
    fi
    "$here/testbed" run -- "$sim" measure "$out/scenarios/$name.toml" "${cluster[@]}" --repeats "$repeats" \
        --analysis-by-computing --out "$out/measured/$name.csv"
    "$sim" compare "$out/scenarios/$name.toml" --measured "$out/measured/$name.csv" --out "$out/$name" >"$out/$name.txt"
done
exec "$here/accuracy.py" "$out" "$size"
