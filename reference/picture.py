#!/usr/bin/env python3
"""Draws docs/day.svg: one simulated day, plan and fact on one line a post.

Reads a data folder made by `sekong demo --data DIR --no-serve` with nothing but the Python 3 standard library, from the
published log and bodies alone. Remake:  python3 reference/picture.py DIR campaigns/northeast-2017 > docs/day.svg
"""

import json
import sys
import tomllib
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

CELL, ROW, LEFT, TOP, GAP = 30, 22, 286, 62, 26


def entries(log):
    """All entries of a log folder, in order; full bundles before the partial one."""
    size = int((log / "checkpoint").read_text().splitlines()[1])
    for start in range(0, size, 256):
        number, width = start // 256, min(256, size - start)
        name = f"{number:03}" + ("" if width == 256 else f".p/{width}")
        data, at = (log / "tile" / "entries" / name).read_bytes(), 0
        while at < len(data):
            length = int.from_bytes(data[at : at + 2], "big")
            yield json.loads(data[at + 2 : at + 2 + length])
            at += 2 + length


def inclusion(plan):
    """Probability that at least one unit inspects, by (post, hour); absent where no unit can come."""
    missed = {}
    for unit, of_game in zip(plan["units"], plan["game"]["units"]):
        visits = {}
        for arc in unit["arcs"]:
            if arc["to"]:
                post, position = arc["to"]
                key = (post, (of_game["start"] + position) % plan["game"]["slots"])
                visits[key] = visits.get(key, 0) + arc["flow"] / plan["scale"]
        for key, chance in visits.items():
            missed[key] = missed.get(key, 1.0) * (1.0 - chance)
    return {key: 1.0 - chance for key, chance in missed.items()}


def facts(folder, day):
    """Marks of the day by (post, hour): what the draw placed, and what became of it."""
    placed, reports, zone = {}, {}, timedelta(hours=7)
    for entry in entries(folder / "log"):
        body = entry["body"]
        if entry["kind"] == "orders" and body["day"] == day:
            for order in json.loads((folder / "bodies" / body["body"]).read_text())["orders"]:
                if order["thrown"] and order["next"]:
                    placed[(order["unit"], order["next"][1])] = order["next"][0]
        if entry["kind"] == "inspection" and body["day"] == day:
            started = datetime.fromisoformat(body["started"].replace("Z", "+00:00")) + zone
            reports[(body["unit"], body["hour"])] = started.minute > 15
    marks = {}
    for (unit, hour), post in placed.items():
        late = reports.get((unit, hour))
        mark = "○" if late is None else "◐" if late else "●"
        marks.setdefault((post, hour), []).append(mark)
    return marks


def rows(folder, campaign):
    toml = tomllib.loads((campaign / "campaign.toml").read_text())
    names = {f["properties"]["id"]: f["properties"] for f in
             json.loads((campaign / toml["files"]["crossings"]).read_text())["features"]}
    day = str(toml["campaign"]["first_day"])
    plans = {}
    for entry in entries(folder / "log"):
        if entry["kind"] == "plan" and entry["body"]["day"] == day:
            body = (folder / "bodies" / entry["body"]["plan"]).read_text()
            plans[entry["body"]["province"]] = json.loads(body)
    marks = facts(folder, day)
    for province in toml["province"]:
        yield province["name_en"], None, None, None
        chances = inclusion(plans[province["id"]])
        for post in (p for p in toml["post"] if p["province"] == province["id"]):
            about = names[post["id"]]
            hollow = about["coord_status"] == "none"
            name = about["name_en"].split(" (")[0].split(" - ")[0]
            where = "documented" if about["documented"] else "stand-in" if post["id"].startswith("VIL") else "derived"
            yield (f"{'◇' if hollow else '◆'} {name}", where, {h: chances.get((post["id"], h)) for h in range(24)},
                   {h: "".join(marks.get((post["id"], h), [])) for h in range(24)})


def svg(table, day):
    out, y = [], TOP
    for name, where, chances, marks in table:
        if chances is None:
            y += GAP
            out.append(f'<text x="12" y="{y - 7}" class="p">{escape(name)}</text>')
            continue
        out.append(f'<text x="12" y="{y + 15}">{escape(name)}</text>'
                   f'<text x="{LEFT - 8}" y="{y + 15}" class="w" text-anchor="end">{where}</text>')
        for hour in range(24):
            x, chance = LEFT + hour * CELL, chances[hour]
            if chance is None:
                out.append(f'<rect x="{x}" y="{y}" width="{CELL - 1}" height="{ROW - 1}" fill="url(#none)"/>')
                continue
            shade = round(248 - 118 * chance), round(250 - 82 * chance), round(252 - 40 * chance)
            out.append(f'<rect x="{x}" y="{y}" width="{CELL - 1}" height="{ROW - 1}" fill="rgb{shade}"/>'
                       f'<text x="{x + 3}" y="{y + 9}" class="n">{100 * chance:.0f}</text>'
                       f'<text x="{x + CELL / 2}" y="{y + 18}" class="m">{marks[hour]}</text>')
        y += ROW
    width, height = LEFT + 24 * CELL + 14, y + 40
    hours = "".join(f'<text x="{LEFT + h * CELL + CELL / 2}" y="{TOP + 12}" class="h">{h:02}</text>' for h in range(24))
    legend = ("shade and figure: chance in per cent that the plan inspects the post in that hour   ● inspected in time   "
              "◐ begun late   ○ missed   hatched: no unit may come   ◇ place not documented")
    return f'''<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">
<defs><pattern id="none" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="6" height="6" fill="#f4f4f4"/><line x1="0" y1="0" x2="0" y2="6" stroke="#c9c9c9" stroke-width="2"/></pattern></defs>
<style>text{{font:13px "Noto Sans","DejaVu Sans",sans-serif;fill:#1d2530}}.t{{font-size:17px;font-weight:600}}
.p{{font-weight:600;fill:#5a3d00}}.w,.l{{font-size:11px;fill:#5b6675}}.n{{font-size:8.5px;fill:#44505f}}
.m{{font-size:11px;text-anchor:middle;fill:#7a1420}}.h{{font-size:11px;text-anchor:middle;fill:#5b6675}}</style>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="12" y="28" class="t">Plan and fact, {day}, simulated teams</text>
<text x="12" y="46" class="l">Every hour a lot moves the teams. The plan is public; the dice are sealed until ten minutes before.</text>
{hours}{"".join(out)}
<text x="12" y="{y + 24}" class="l">{legend}</text>
</svg>'''


if __name__ == "__main__":
    data, campaign_folder = Path(sys.argv[1]), Path(sys.argv[2])
    first_day = tomllib.loads((campaign_folder / "campaign.toml").read_text())["campaign"]["first_day"]
    print(svg(list(rows(data, campaign_folder)), first_day))
