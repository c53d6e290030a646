#!/usr/bin/env python3
"""The table of an accuracy run (see accuracy.sh): errors of all scenarios, pooled, beside the noise floor.

Usage: accuracy.py OUT [--small]. Prints Markdown; exit code 1 if the pooled figures are outside the limits, 3 if repeats of
the same run differ so much that the machine cannot have been quiet: then the figures say nothing about the model.
"""

import json
import pathlib
import sys

# On the testbed, over all points of all scenarios. A small run has few points, so its band is not checked.
MAPE_MAX, BIAS_MAX, BAND = 0.06, 0.03, (0.80, 0.98)
# Mean noise floor of a machine with nothing else to do: 0.5 to 1.2 % were found. Disturbed by others it was 2.7 %.
FLOOR_MAX = 0.015


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
    floor = f"{sum(floors) / len(floors):.1%}" if floors else "-"
    print(row("**all**", len(everything), total, floor))
    if floors and sum(floors) / len(floors) > FLOOR_MAX:
        print(f"accuracy: not judged: a noise floor of {floor}, more than {FLOOR_MAX:.1%}: the machine was not quiet", file=sys.stderr)
        return 3
    failures = []
    if total["mape"] > MAPE_MAX:
        failures.append(f"mean absolute error {total['mape']:.1%}, at most {MAPE_MAX:.0%} expected")
    if abs(total["bias"]) > BIAS_MAX:
        failures.append(f"bias {total['bias']:+.1%}, at most {BIAS_MAX:.0%} expected")
    if "--small" not in sys.argv and not BAND[0] <= total["band"] <= BAND[1]:
        failures.append(f"{total['band']:.0%} inside the band, {BAND[0]:.0%} to {BAND[1]:.0%} expected")
    for failure in failures:
        print(f"accuracy: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
