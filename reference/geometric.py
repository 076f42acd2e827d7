"""Large games on random maps, and what HiGHS needs for their additive bound: the peer of `make bench`.

  geometric.py game POSTS SEED BRIBED OUT.json [LEAST MOST]   writes a game; LEAST to MOST crews a shift and base
  geometric.py bound GAME.json                     its additive bound by HiGHS' dual simplex: a line of JSON

The additive bound: the smuggler's best payoff if units could be coordinated at no loss, c_j = sum_u q_u x_uj (DESIGN 5).
`bound` reads the file, builds the programme and solves it in a process of its own, so that time and memory are its own too:
`seconds` are CPU seconds of the solver alone, `bytes` the process's largest resident size.

Python 3.11, highspy 1.16.0, numpy 2.4.6.
"""

import json
import math
import random
import resource
import sys
import time
from collections import defaultdict

HOURS, SHIFTS, LENGTH = 24, (0, 8, 16), 8
NEIGHBOURS = 9
REACHED = 15


class Grid:
    """Places in squares of a given side, so that what is near is found without looking at everything."""

    def __init__(self, places, side):
        self.places, self.side, self.squares = places, side, defaultdict(list)
        for at, (x, y) in enumerate(places):
            self.squares[int(x / side), int(y / side)].append(at)

    def near(self, place, radius):
        x, y = place
        reach = math.ceil(radius / self.side)
        column, row = int(x / self.side), int(y / self.side)
        for i in range(column - reach, column + reach + 1):
            for j in range(row - reach, row + reach + 1):
                yield from (at for at in self.squares.get((i, j), ()) if math.dist(place, self.places[at]) <= radius)


def game(posts, seed, bribed, crews=(1, 2)):
    """Posts at random places; about nine within two hours; a tenth are bases with one or two crews a shift."""
    dice = random.Random(seed)
    places = [(dice.random(), dice.random()) for _ in range(posts)]
    names = [f"p{at:05}" for at in range(posts)]
    radius = math.sqrt(NEIGHBOURS / (math.pi * posts))
    grid = Grid(places, radius)
    far = lambda one, other: math.dist(places[one], places[other])
    travel = [
        [names[one], names[other], 1 if far(one, other) <= radius / 2 else 2]
        for one in range(posts) for other in sorted(grid.near(places[one], radius)) if one < other
    ]
    bases = sorted(dice.sample(range(posts), max(1, posts // 10)))
    base_grid = Grid([places[base] for base in bases], 3 * radius)
    reach = {base: {base} for base in bases}
    for post in range(posts):
        wide, near = 3 * radius, []
        while not near:
            near, wide = list(base_grid.near(places[post], wide)), 2 * wide
        reach[min((bases[at] for at in near), key=lambda base: far(base, post))].add(post)
    units = []
    for base in bases:
        wide = sorted(grid.near(places[base], 2 * radius), key=lambda post: far(base, post))
        own = [names[post] for post in sorted(reach[base] | set(wide[:REACHED]))]
        for start in SHIFTS:
            for crew in range(dice.randint(*crews)):
                units.append({
                    "id": f"{names[base]}-{start:02}-{crew}", "province": "all", "pool": names[base], "detect": 0.8,
                    "start": start, "length": LENGTH, "enter": own, "leave": own, "reach": own,
                })
    value = [[round(dice.uniform(1, 10), 2) for _ in range(HOURS)] for _ in range(posts)]
    return {
        "slots": HOURS, "posts": names, "provinces": {"all": names}, "value": value, "capture": 5, "travel_hours": travel,
        "units": units, "floor": 0, "bribed": bribed,
    }


class Programme:
    """The additive bound as a linear programme: columns are arcs and the bound, rows are places and slots."""

    def __init__(self, game):
        self.hours = {}
        for one, other, hours in game["travel_hours"]:
            self.hours.setdefault(one, []).append((other, hours))
            self.hours.setdefault(other, []).append((one, hours))
        self.rows, self.low, self.high, self.columns = [], [], [], 1
        self.slots = defaultdict(list)
        for unit in game["units"]:
            self.add_unit(unit)
        for post, values in zip(game["posts"], game["value"]):
            for hour, value in enumerate(values):
                stake = value + game["capture"]
                seen = [(column, stake * detect) for column, detect in self.slots[post, hour]]
                self.row(value, math.inf, [(0, 1.0), *seen])

    def row(self, low, high, terms):
        self.rows.append(terms)
        self.low.append(low)
        self.high.append(high)

    def add_unit(self, unit):
        reach = set(unit["reach"])
        into, out = defaultdict(list), defaultdict(list)

        def arc(origin, target):
            out[origin].append(self.columns)
            if target is not None:
                into[target].append(self.columns)
                post, k = target
                self.slots[post, (unit["start"] + k) % HOURS].append((self.columns, unit["detect"]))
            self.columns += 1

        for post in unit["enter"]:
            arc(None, (post, 0))
        for k in range(unit["length"]):
            for post in unit["reach"]:
                for other, hours in [(post, 0), *self.hours.get(post, [])]:
                    if other in reach and k + 1 + hours < unit["length"]:
                        arc((post, k), (other, k + 1 + hours))
                if post in unit["leave"]:
                    arc((post, k), None)
        self.row(1, 1, [(column, 1.0) for column in out[None]])
        for post in unit["reach"]:
            for k in range(unit["length"]):
                node = (post, k)
                self.row(0, 0, [(c, 1.0) for c in into[node]] + [(c, -1.0) for c in out[node]])

    def solve(self):
        import highspy
        import numpy as np

        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = self.columns, len(self.rows)
        model.col_cost_ = np.eye(1, self.columns)[0]
        model.col_lower_ = np.concatenate([[-1e6], np.zeros(self.columns - 1)])
        model.col_upper_ = np.full(self.columns, highspy.kHighsInf)
        model.row_lower_ = np.array(self.low, float)
        model.row_upper_ = np.array([highspy.kHighsInf if bound == math.inf else bound for bound in self.high])
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0, *map(len, self.rows)])
        model.a_matrix_.index_ = np.array([column for row in self.rows for column, _ in row])
        model.a_matrix_.value_ = np.array([number for row in self.rows for _, number in row])
        self.rows, self.slots = [], {}
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("solver", "simplex")
        solver.passModel(model)
        begun = time.process_time()
        solver.run()
        seconds = time.process_time() - begun
        return solver.getInfo().objective_function_value, seconds


def bound(path):
    with open(path) as file:
        programme = Programme(json.load(file))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    value, seconds = programme.solve()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "columns": programme.columns, "bound": value, "seconds": round(seconds, 3),
        "bytes": 1024 * after, "bytes_before": 1024 * before,
    }


def main():
    if sys.argv[1] == "game":
        posts, seed, bribed = map(int, sys.argv[2:5])
        with open(sys.argv[5], "w") as file:
            json.dump(game(posts, seed, bribed, tuple(map(int, sys.argv[6:8])) or (1, 2)), file, separators=(",", ":"))
    else:
        print(json.dumps(bound(sys.argv[2])))


if __name__ == "__main__":
    main()
