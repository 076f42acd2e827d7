"""Plans by another way: a linear programme around the plan before, again and again, from eight random starts.

The solver of crates/plan learns by regret matching; this looks for the same plans by trust-region relinearisation of the
product formula (DESIGN: c_j = 1 - prod_u (1 - q_u x_uj), the largest q_u x_uj of each slot bought), with HiGHS for the
linear programmes. It shares no code and no idea with the solver, so that neither can be wrong in the other's way.

Python 3.11, highspy 1.16.0, numpy 2.4.6; a minute. Remake:  python3 reference/relinearise.py crates/plan/tests/it/golden/relinearised.json
"""

import json
import math
import pathlib
import random
import sys
from collections import defaultdict

import highspy
import numpy as np

HOURS = 8
STARTS = 8
ROUNDS_MAX = 60
TRUST_FIRST, TRUST_LAST = 0.3, 1e-5

# Posts, bases, crews a base, teams bought, seed.
GAMES = [(8, 2, 2, 0, 1), (12, 2, 2, 0, 2), (12, 2, 3, 1, 3), (16, 3, 2, 0, 4), (16, 3, 3, 1, 5)]


def geometric_game(posts, bases, crews, bribed, seed):
    """Posts at random places, each served from the nearest base and by its neighbours, travel by distance."""
    dice = random.Random(seed)
    places = [(dice.random(), dice.random()) for _ in range(posts)]
    names = [f"p{i:02}" for i in range(posts)]
    base = dice.sample(range(posts), bases)
    radius = math.sqrt(9 / (math.pi * posts))
    far = lambda i, j: math.dist(places[i], places[j])
    travel = [
        [names[i], names[j], 1 if far(i, j) <= radius / 2 else 2]
        for i in range(posts) for j in range(i + 1, posts) if far(i, j) <= radius
    ]
    units = []
    for b in base:
        near = {j for j in range(posts) if min(base, key=lambda other: far(other, j)) == b}
        reach = [names[j] for j in sorted(near | {j for j in range(posts) if far(b, j) <= 1.5 * radius})]
        for crew in range(crews):
            units.append({
                "id": f"{names[b]}-{crew}", "province": "all", "pool": names[b], "detect": 0.8, "start": 0, "length": HOURS,
                "enter": reach, "leave": reach, "reach": reach,
            })
    value = [[round(dice.uniform(1, 10), 2) for _ in range(HOURS)] for _ in range(posts)]
    return {
        "slots": HOURS, "posts": names, "provinces": {"all": names}, "value": value, "capture": 5, "travel_hours": travel,
        "units": units, "floor": 0, "bribed": bribed,
    }


class Unit:
    """A unit's graph: arcs between (post, position) and the columns that they have in the programme."""

    def __init__(self, unit, hours, first_column):
        self.detect = unit["detect"]
        self.nodes = [(post, k) for k in range(unit["length"]) for post in unit["reach"]]
        self.arcs = [(None, (post, 0)) for post in unit["enter"]]
        for post, k in self.nodes:
            for other in unit["reach"]:
                later = k + 1 if other == post else k + 1 + hours.get((post, other), math.inf)
                if later < unit["length"]:
                    self.arcs.append(((post, k), (other, later)))
            if post in unit["leave"]:
                self.arcs.append(((post, k), None))
        self.columns = range(first_column, first_column + len(self.arcs))
        self.into, self.out = defaultdict(list), defaultdict(list)
        for column, (origin, target) in zip(self.columns, self.arcs):
            self.out[origin].append(column)
            self.into[target].append(column)

    def random_flow(self, dice):
        """A walk that turns at random."""
        flow, mass = {}, defaultdict(float, {None: 1.0})
        for node in [None, *sorted(self.nodes, key=lambda node: node[1])]:
            shares = dice.dirichlet(np.ones(len(self.out[node]))) if self.out[node] else []
            for column, share in zip(self.out[node], shares):
                flow[column] = mass[node] * share
                target = self.arcs[column - self.columns.start][1]
                if target is not None:
                    mass[target] += flow[column]
        return flow


class Game:
    def __init__(self, game):
        hours = {}
        for one, other, h in game["travel_hours"]:
            hours[one, other] = hours[other, one] = h
        self.units, columns = [], 0
        for unit in game["units"]:
            self.units.append(Unit(unit, hours, columns))
            columns += len(self.units[-1].arcs)
        self.columns, self.bribed = columns, game["bribed"]
        self.stake, self.swing, self.visitors = {}, {}, defaultdict(list)
        for post, values in zip(game["posts"], game["value"]):
            for hour, value in enumerate(values):
                self.stake[post, hour], self.swing[post, hour] = value, value + game["capture"]
        for unit in self.units:
            for node in unit.nodes:
                self.visitors[node].append(unit)

    def visits(self, flow):
        return {(unit, node): sum(flow[column] for column in unit.into[node]) for unit in self.units for node in unit.nodes}

    def worst(self, flow):
        """The smuggler's best payoff: at each slot the strongest visits are bought."""
        visits = self.visits(flow)
        payoffs = []
        for slot, stake in self.stake.items():
            strengths = sorted(unit.detect * visits[unit, slot] for unit in self.visitors[slot])
            kept = strengths[: len(strengths) - self.bribed] if self.bribed else strengths
            payoffs.append(stake - self.swing[slot] * (1 - math.prod(1 - strength for strength in kept)))
        return max(payoffs)

    def step(self, flow, trust):
        """The best plan of the formula's tangent at `flow`, no visit further from it than `trust`."""
        visits, value = self.visits(flow), self.columns
        programme = highspy.Highs()
        programme.setOptionValue("output_flag", False)
        lowest, highest = np.zeros(self.columns + 1), np.ones(self.columns + 1)
        lowest[value], highest[value] = -1e6, 1e6
        programme.addVars(self.columns + 1, lowest, highest)
        programme.changeColCost(value, 1.0)

        def row(low, high, terms):
            programme.addRow(low, high, len(terms), np.array(list(terms)), np.array(list(terms.values()), float))

        for unit in self.units:
            row(1, 1, {column: 1 for column in unit.out[None]})
            for node in unit.nodes:
                row(0, 0, {column: 1 for column in unit.into[node]} | {column: -1 for column in unit.out[node]})
                near = visits[unit, node]
                row(max(0, near - trust), min(1, near + trust), {column: 1 for column in unit.into[node]})
        for slot, stake in self.stake.items():
            for bought in self.visitors[slot] if self.bribed else [None]:
                kept = [unit for unit in self.visitors[slot] if unit is not bought]
                missed = [1 - unit.detect * visits[unit, slot] for unit in kept]
                bound, terms = stake - self.swing[slot] * (1 - math.prod(missed)), {value: 1.0}
                for at, unit in enumerate(kept):
                    slope = self.swing[slot] * unit.detect * math.prod(missed[:at] + missed[at + 1 :])
                    bound += slope * visits[unit, slot]
                    terms |= {column: slope for column in unit.into[slot]}
                row(bound, math.inf, terms)
        programme.run()
        return programme.getSolution().col_value[: self.columns]

    def descend(self, flow):
        best, trust = self.worst(flow), TRUST_FIRST
        for _ in range(ROUNDS_MAX):
            if trust < TRUST_LAST:
                break
            tried = self.step(flow, trust)
            payoff = self.worst(tried)
            if payoff < best - 1e-10:
                flow, best, trust = tried, payoff, min(1.0, 1.5 * trust)
            else:
                trust *= 0.4
        return best


def main():
    solved = []
    for shape in GAMES:
        description = geometric_game(*shape)
        game, dice = Game(description), np.random.default_rng(shape[-1])
        uppers = []
        for _ in range(STARTS):
            flow = {column: share for unit in game.units for column, share in unit.random_flow(dice).items()}
            uppers.append(round(game.descend([flow[column] for column in range(game.columns)]), 9))
        solved.append({"game": description, "uppers": uppers})
    # Not to standard output: HiGHS greets there.
    pathlib.Path(sys.argv[1]).write_text(json.dumps(solved, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
