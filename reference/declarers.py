#!/usr/bin/env python3
"""Reference of the standing test per declarer: every permutation of every shift, counted out.

It shares no code with crates/estimate and needs nothing but Python's standard library (3.9 or newer). To make the golden
figures again, from the project's root:

    python3 reference/declarers.py crates/estimate/tests/it/golden/declarers.json

Chances are exact fractions until they are written. The e-values are sums of powers in floating point.
"""

import json
import math
import random
import sys
from collections import Counter, defaultdict
from fractions import Fraction
from itertools import permutations

THETAS = [2.0**power for power in (-4, -2, -1, -0.5, 0.5, 1, 2, 4)]


def mid_ranks(worths):
    """Ranks from 1 by sorting; equal worths share the mean of their ranks."""
    order = sorted(worths)
    places = defaultdict(list)
    for place, worth in enumerate(order, 1):
        places[worth].append(place)
    return [Fraction(sum(places[worth]), len(places[worth])) for worth in worths]


def centred(worths):
    """Twice the mid-rank less n + 1."""
    return [2 * rank - (len(worths) + 1) for rank in mid_ranks(worths)]


def lot(scores, size):
    """How often each sum falls to the first `size` teams, over all permutations."""
    return Counter(sum(dealt[:size]) for dealt in permutations(scores))


def convolved(one, other):
    sums = Counter()
    for left, count in one.items():
        for right, times in other.items():
            sums[left + right] += count * times
    return sums


def removals(case, declarer):
    """Per shift on which the declarer removed somebody, in order: key, worths, scores, places removed."""
    for shift in sorted(case["shifts"], key=lambda shift: (shift["day"], shift["shift"], shift["pool"])):
        teams = [team for team, _ in shift["dealt"]]
        worths = [worth for _, worth in shift["dealt"]]
        away = [teams.index(team) for team, by in shift["absent"] if by == declarer]
        if away:
            yield (shift["day"], shift["shift"], shift["pool"]), worths, centred(worths), away


def tails(removed):
    sums, score = Counter({Fraction(0): 1}), Fraction(0)
    for _, _, scores, away in removed:
        sums = convolved(sums, lot(scores, len(away)))
        score += sum(scores[place] for place in away)
    total = sum(sums.values())
    low = Fraction(sum(count for value, count in sums.items() if value <= score), total)
    high = Fraction(sum(count for value, count in sums.items() if value >= score), total)
    return low, high


def factor(theta, scores, away):
    """theta^H over its mean over all permutations."""
    scale = max(len(scores) - 1, 1)
    grown = lambda score: theta ** (float(score) / scale)
    every = [grown(sum(dealt[: len(away)])) for dealt in permutations(scores)]
    return grown(sum(scores[place] for place in away)) * len(every) / math.fsum(every)


def course(removed):
    """The e-value after each shift."""
    wealth = [1 / len(THETAS)] * len(THETAS)
    for key, _, scores, away in removed:
        wealth = [part * factor(theta, scores, away) for part, theta in zip(wealth, THETAS)]
        yield key, math.fsum(wealth)


def finding(case, declarer):
    removed = list(removals(case, declarer))
    low, high = tails(removed)
    path = list(course(removed))
    flag_at = len(case["declarers"]) / case["alpha"]
    absences = sum(len(away) for *_, away in removed)
    own = sum(Fraction(worths[place]) for _, worths, _, away in removed for place in away)
    every = sum(len(away) * sum(map(Fraction, worths)) / len(worths) for _, worths, _, away in removed)
    return {
        "declarer": declarer,
        "absences": absences,
        "shifts": len(removed),
        "worths": [float(own / absences), float(every / absences)] if absences else None,
        "p": [float(low), float(high), float(min(2 * min(low, high), 1))],
        "e_value": path[-1][1] if path else 1.0,
        "e_value_highest": max([1.0] + [value for _, value in path]),
        "flagged": next((list(key) for key, value in path if value >= flag_at), None),
    }


def shift(rng, at, steers):
    """One shift of two to five teams; office A removes the best unit's team if it steers; else at random."""
    teams = [f"team-{number}" for number in range(rng.randint(2, 5))]
    worths = [rng.choice([0.0, 0.5, 1.0, 1.25, 2.0, rng.uniform(-3, 9)]) for _ in teams]
    best = teams[worths.index(max(worths))]
    absent = [[team, "office A"] for team in teams if rng.random() < 0.2 or (steers and team == best)]
    absent += [[team, "office B"] for team in teams if rng.random() < 0.2]
    rng.shuffle(absent)
    day = f"2017-01-{1 + at // 3:02}"
    dealt = [list(pair) for pair in zip(teams, worths)]
    return {"day": day, "shift": f"{8 * (at % 3):02}", "pool": "pool", "dealt": dealt, "absent": absent}


# Seed, shifts, whether office A steers, α.
CASES = [(1, 1, 0, 0.05), (2, 2, 0, 0.05), (3, 5, 0, 0.5), (4, 9, 0, 0.9), (5, 12, 1, 0.9), (6, 40, 1, 0.05)]


def golden():
    for seed, count, steers, alpha in CASES:
        rng = random.Random(seed)
        shifts = [shift(rng, at, steers) for at in range(count)]
        rng.shuffle(shifts)
        case = {"alpha": alpha, "declarers": ["office A", "office B", "office C"], "shifts": shifts}
        case["findings"] = [finding(case, declarer) for declarer in case["declarers"]]
        yield case


if __name__ == "__main__":
    with open(sys.argv[1], "w") as file:
        cases = ",\n".join(json.dumps(case, separators=(",", ":")) for case in golden())
        file.write(f"[\n{cases}\n]\n")
