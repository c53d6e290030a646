#!/usr/bin/env python3
"""The table of an accuracy run (see accuracy.sh): errors of all scenarios, pooled, beside the noise floor.

Usage: accuracy.py OUT [--small]. Prints Markdown; exit code 1 if the pooled figures are outside the limits, 3 if they are and
the machine was not quiet (repeats of one run differ, or the same work took longer after the measurements than before): then
the figures tell nothing about the model.
"""

import json
import pathlib
import sys

# On the testbed, over all points of all scenarios. A small run has few points, so its band is not checked.
MAPE_MAX, BIAS_MAX, BAND = 0.06, 0.03, (0.80, 0.98)
# Mean noise floor of a machine with nothing else to do: 0.5 to 1.2 % were found. Disturbed by others it was 2.7 %.
FLOOR_MAX = 0.015
# By how much the same work may take longer or shorter after the measurements than before.
DRIFT_MAX = 0.03


def disturbances(out, floor):
    """What shows that the machine had something else to do."""
    if floor is not None and floor > FLOOR_MAX:
        yield f"a noise floor of {floor:.1%}, more than {FLOOR_MAX:.1%}"
    probes = [out / "probe-before", out / "probe-after"]
    if all(probe.exists() for probe in probes):
        before, after = (float(probe.read_text()) for probe in probes)
        print(f"\nThe same work on all hosts took {before:.3f} s before and {after:.3f} s after ({after / before - 1:+.1%}).")
        if abs(after / before - 1) > DRIFT_MAX:
            yield f"the same work took {after / before - 1:+.1%} after the measurements"


def figures(points):
    errors = [point["relative_error"] for point in points]
    n = len(points)
    return {
        "mape": sum(map(abs, errors)) / n,
        "bias": sum(errors) / n,
        "band": sum(point["inside_band"] for point in points) / n,
    }


def row(name, n, f, floor):
    return f"| {name} | {n} | {f['mape']:.1%} | {f['bias']:+.1%} | {f['band']:.0%} | {floor} |"


def main():
    out = pathlib.Path(sys.argv[1])
    everything = []
    floors = []
    print("| scenario | points | mean absolute error | bias | inside the 90 % band | noise floor |")
    print("|---|---|---|---|---|---|")
    for path in sorted(out.glob("*/comparison.json")):
        document = json.loads(path.read_text())
        # All points, those too that `compare` takes for outliers: nothing is left out here.
        points = document["points"]
        everything += points
        floor = document["accuracy"]["noise_floor"]
        floors += [floor] * len(points) if floor is not None else []
        print(row(path.parent.name, len(points), figures(points), "-" if floor is None else f"{floor:.1%}"))
    total = figures(everything)
    floor = sum(floors) / len(floors) if floors else None
    print(row("**all**", len(everything), total, "-" if floor is None else f"{floor:.1%}"))
    reasons = list(disturbances(out, floor))
    failures = []
    if total["mape"] > MAPE_MAX:
        failures.append(f"mean absolute error {total['mape']:.1%}, at most {MAPE_MAX:.0%} expected")
    if abs(total["bias"]) > BIAS_MAX:
        failures.append(f"bias {total['bias']:+.1%}, at most {BIAS_MAX:.0%} expected")
    if "--small" not in sys.argv and not BAND[0] <= total["band"] <= BAND[1]:
        failures.append(f"{total['band']:.0%} inside the band, {BAND[0]:.0%} to {BAND[1]:.0%} expected")
    for failure in failures:
        print(f"accuracy: {failure}", file=sys.stderr)
    if failures and reasons:
        print(f"accuracy: not judged: the machine was not quiet: {'; '.join(reasons)}", file=sys.stderr)
        return 3
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
