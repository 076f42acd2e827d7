"""The solver beside HiGHS on the same games in the same run; called by `make bench`.

  bench_plan.py SEKONG [POSTS ...]

For each number of posts and each of three seeds (reference/geometric.py): CPU seconds and largest resident size of
`sekong game solve --gap 0.005 --threads 1`, the whole process from reading the file to writing the plan; CPU seconds of
HiGHS' dual simplex for the additive bound alone, and the size of its process. The gap is that of the written plan, by
`sekong check`. With one bribed team, in games with two crews at least, the solver runs beside itself without. Last the dice of
a solved plan of 200 posts, CPU milliseconds a province-hour, by `sekong draw simulate`.

Of games up to 500 posts, which take milliseconds, each time is the median of three runs.

Exit code 1 if HiGHS and the solver disagree about the additive bound.
"""

import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
SEEDS = (1, 2, 3)
PEERED = (100, 500, 2000)
ALONE = (10000,)
# Up to so many posts a time is the median of so many runs.
REPEATED_POSTS, RUNS = 500, 3
DICE_POSTS, HOURS = 200, 24
MIB = 1 << 20


def measured(command):
    """CPU seconds, largest resident bytes and standard output of a command."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(map(str, command))} failed with {process.returncode}")
        out.seek(0)
        return usage.ru_utime + usage.ru_stime, 1024 * usage.ru_maxrss, out.read().decode()


def solve(sekong, game, plan, posts):
    command = [sekong, "game", "solve", game, "--out", plan, "--gap", "0.005", "--threads", "1", "--json"]
    runs = [measured(command) for _ in range(runs_of(posts))]
    _, _, text = measured([sekong, "check", plan, "--game", game, "--json"])
    return statistics.median(seconds for seconds, _, _ in runs), max(size for _, size, _ in runs), json.loads(text)


def runs_of(posts):
    return RUNS if posts <= REPEATED_POSTS else 1


def bound(game, posts):
    """What HiGHS says; the time is the median of its runs."""
    runs = [json.loads(geometric("bound", game).splitlines()[-1]) for _ in range(runs_of(posts))]
    return runs[0] | {"seconds": statistics.median(run["seconds"] for run in runs)}


def geometric(*arguments):
    return measured([sys.executable, HERE / "geometric.py", *map(str, arguments)])[2]


def compared(sekong, posts, seed, folder):
    game, plan = folder / "game.json", folder / "plan.json"
    geometric("game", posts, seed, 0, game)
    seconds, size, checked = solve(sekong, game, plan, posts)
    row = {"posts": posts, "seed": seed, "sekong_s": seconds, "sekong_bytes": size, "gap": checked["gap"]}
    if posts in PEERED:
        peer = bound(game, posts)
        off = peer["bound"] - checked["lower"]
        row |= {"highs_s": peer["seconds"], "highs_bytes": peer["bytes"], "columns": peer["columns"], "below": off / peer["bound"]}
        if not -1e-6 * peer["bound"] <= off <= 0.01 * peer["bound"]:
            sys.exit(f"{posts} posts, seed {seed}: HiGHS finds the bound {peer['bound']}, the plan certifies {checked['lower']}")
    return row


def bribed(sekong, posts, folder):
    seconds = []
    for bought in (0, 1):
        game = folder / "game.json"
        geometric("game", posts, SEEDS[0], bought, game, 2, 3)
        seconds.append(solve(sekong, game, folder / "plan.json", posts)[0])
    return seconds


def dice(sekong, folder):
    """CPU milliseconds for the dice of a province-hour at 200 posts: what more draws add to the time of few."""
    game, plan, out = (folder / name for name in ("game.json", "plan.json", "rosters.jsonl"))
    geometric("game", DICE_POSTS, SEEDS[0], 0, game)
    solve(sekong, game, plan, DICE_POSTS)
    few, many = 10, 1010
    draw = lambda count: measured(
        [sekong, "draw", "simulate", plan, "--seed-hex", "00" * 32, "--count", str(count), "--out", out])[0]
    return 1000 * (draw(many) - draw(few)) / (many - few) / HOURS


def exponent(rows, key):
    """Least squares of log seconds on log posts."""
    points = [(math.log(row["posts"]), math.log(row[key])) for row in rows if key in row]
    mean_x, mean_y = (sum(axis) / len(points) for axis in zip(*points))
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def main():
    sekong, sizes = sys.argv[1], [int(size) for size in sys.argv[2:]] or [*PEERED, *ALONE]
    rows = []
    print("posts seed  arcs      sekong CPU s   HiGHS CPU s   ratio   sekong MiB  HiGHS MiB  ratio   gap %", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for posts in sizes:
            for seed in SEEDS if posts in PEERED else SEEDS[:1]:
                row = compared(sekong, posts, seed, folder)
                rows.append(row)
                line = f"{posts:5} {seed:4}  "
                own = f"{row['sekong_bytes'] / MIB:10.0f}"
                if "highs_s" in row:
                    line += f"{row['columns']:8}  {row['sekong_s']:12.3f}  {row['highs_s']:12.3f}  {row['highs_s'] / row['sekong_s']:6.1f}"
                    line += f"   {own} {row['highs_bytes'] / MIB:10.0f}  {row['highs_bytes'] / row['sekong_bytes']:5.1f}"
                else:
                    line += f"{'':8}  {row['sekong_s']:12.3f}  {'':12}  {'':6}   {own} {'':10}  {'':5}"
                print(f"{line}   {100 * row['gap']:.4f}", flush=True)
        if len({row["posts"] for row in rows}) > 1:
            print(f"growth: seconds as posts^{exponent(rows, 'sekong_s'):.2f}; HiGHS posts^{exponent(rows, 'highs_s'):.2f}")
        for posts in (size for size in sizes if size in PEERED):
            plain, bought = bribed(sekong, posts, folder)
            print(f"{posts:5} posts, one team bribed: {bought:.3f} s beside {plain:.3f} s plain, {bought / plain:.2f} times", flush=True)
        print(f"{DICE_POSTS:5} posts: {dice(sekong, folder):.3f} ms of dice a province-hour")


if __name__ == "__main__":
    main()
