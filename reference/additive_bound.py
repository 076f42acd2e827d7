"""Games of middling size with their additive bounds by HiGHS, for crates/plan/tests/it/additive.rs.

Python 3.11, highspy 1.16.0, numpy 2.4.6; seconds. Remake:
python3 reference/additive_bound.py crates/plan/tests/it/golden/additive.json
"""

import json
import sys

from geometric import Programme, game

# Posts, seed, fewest and most crews a shift and base.
GAMES = [(20, 1, (6, 8)), (60, 2, (1, 2)), (60, 3, (4, 4)), (80, 4, (2, 3)), (100, 5, (1, 2))]


def golden():
    games = [game(posts, seed, 0, crews) for posts, seed, crews in GAMES]
    return [{"game": of, "bound": Programme(of).solve()[0]} for of in games]


if __name__ == "__main__":
    with open(sys.argv[1], "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(one, separators=(",", ":")) for one in golden()) + "\n]\n")
