#!/usr/bin/env python3
"""Holds `sekong estimate design` against R's survey on samples of random designs (Python 3.9 or newer; R 4.2.2, survey 4.1.1).

From the project's root, with the binary built:

    python3 reference/fuzz_design.py target/release/sekong --seed 1 --rounds 150

Every estimate, standard error, degrees of freedom and interval is compared, in all and by domain, to a relative 1e-9 (or 1e-9 of the largest
number of its column, where R's own subtraction leaves a rest of that size in place of zero). It prints how many samples of each design were
tried and the largest difference, and ends with 1 if something differs, or if one refuses what the other takes. Where R has no number for a
standard error, for a variance is estimated below zero, that estimate alone is to have none, and the same variance beside; where R's
variance is nothing but rounding, the error may be 0. A refusal agrees where R has no number for any standard error, and where a column is all zeros.
"""

import argparse
import collections
import json
import math
import os
import subprocess
import sys
import tempfile

TOLERANCE = 1e-9


def samples(seed, rounds, folder):
    """The samples that R makes and judges."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fuzz_design.R")
    out = os.path.join(folder, "samples.jsonl")
    subprocess.run(["Rscript", script, str(seed), str(rounds), out], check=True)
    with open(out, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def estimated(binary, sample, folder):
    """What the command says of a sample; None if it refuses it."""
    path = os.path.join(folder, "sample.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(sample, file)
    run = subprocess.run([binary, "estimate", "design", path, "--json"], capture_output=True, text=True)
    return json.loads(run.stdout) if run.returncode == 0 else None


def scale_of(sample, column):
    """The largest number of a column, for what is zero but for rounding."""
    return max((abs(value) for value in sample["y"][column]), default=0.0)


def is_rounding(value, sample, column):
    """Whether a number is zero but for rounding, beside those of its column."""
    return abs(value) <= 1e-6 * scale_of(sample, column)


def unknown(ours, wanted, sample, place):
    """Differences where R has no standard error: the figures that stand all the same, and the variance below zero."""
    column = next(name for name in place if name in sample["y"])
    for name in ("est", "df"):
        yield from differences(ours.get(name), wanted[name], sample, place + (name,))
    variance = wanted["negative_variance"]
    if ours.get("negative_variance") is None:
        is_zero = ours.get("se") == 0 and is_rounding(math.sqrt(abs(variance)), sample, column)
        yield place + ("se",), 0.0 if is_zero else float("inf")
        return
    is_none = all(ours[name] is None for name in ("se", "t95", "z95"))
    difference = abs(ours["negative_variance"] - variance) / abs(variance)
    yield place + ("negative_variance",), difference if is_none else float("inf")


def differences(ours, wanted, sample, place=()):
    """Each number that R gives, with the relative difference of ours to it."""
    if isinstance(wanted, dict) and "negative_variance" in wanted and ours:
        yield from unknown(ours, wanted, sample, place)
    elif isinstance(wanted, dict):
        for name, value in wanted.items():
            yield from differences((ours or {}).get(name), value, sample, place + (name,))
    elif isinstance(wanted, list):
        for at, value in enumerate(wanted):
            yield from differences(ours[at] if ours else None, value, sample, place + (at,))
    elif wanted is None or ours is None:
        yield place, 0.0 if ours is None and wanted is None else float("inf")
    else:
        column = next(name for name in place if name in sample["y"])
        difference = abs(ours - wanted)
        is_rest = difference <= TOLERANCE * scale_of(sample, column) and is_rounding(wanted, sample, column)
        is_none = place[-1] == "se" and ours == 0 and is_rounding(wanted, sample, column)
        yield place, 0.0 if is_rest or is_none else difference / max(abs(wanted), 1e-300)


def errors(wanted):
    """Every standard error of R's, None where it is no number, as where a variance is estimated below zero."""
    if isinstance(wanted, dict):
        if "se" in wanted:
            yield wanted["se"]
        for value in wanted.values():
            yield from errors(value)


def judge(binary, case, folder):
    """What is wrong with one sample, and the largest difference."""
    ours = estimated(binary, case["file"], folder)
    is_barren = any(not any(column) for column in case["file"]["y"].values())
    are_unknown = all(se is None for se in errors(case.get("wanted", {})))
    if ours is None and (is_barren or are_unknown):
        return [], 0.0
    if "error" in case or ours is None:
        return [f"R: {case.get('error', 'takes it')}; sekong {'refuses' if ours is None else 'takes'} it"], 0.0
    found = list(differences(ours, case["wanted"], case["file"]))
    wrong = [f"{'/'.join(map(str, place))} differs by {size:.2e}" for place, size in found if size > TOLERANCE]
    return wrong, max(size for _, size in found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=150)
    args = parser.parse_args()
    tried, refused, unknown, largest, wrong = collections.Counter(), 0, 0, 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        for case in samples(args.seed, args.rounds, folder):
            tried[case["name"]] += 1
            refused += "error" in case
            unknown += None in errors(case.get("wanted"))
            faults, size = judge(args.binary, case, folder)
            largest = max(largest, size)
            wrong += bool(faults)
            for fault in faults[:3]:
                print(f"{case['name']}: {fault}")
    for name, count in sorted(tried.items()):
        print(f"{count:5} {name}")
    total = sum(tried.values())
    print(f"{total} samples, {refused} that R refuses, {unknown} without some standard error; {wrong} differ; largest relative difference {largest:.1e}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
