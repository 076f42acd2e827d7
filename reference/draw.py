#!/usr/bin/env python3
"""Reference of the draw, version 1: seeds, dice, walks, deals, custodian values and relayed orders from their
written formulas.

It shares no code with crates/draw and needs nothing but Python's standard library (3.9 or newer). It writes the
golden vectors that the tests of crates/draw compare with, byte for byte. To make them again, from the project's root:

    python3 reference/draw.py crates/draw/tests/it/golden

Every hashed message is made of length-prefixed parts: lp(x) is the length of x in bytes as a big-endian u64, then x.
"""

import hashlib
import hmac
import json
import pathlib
import sys

VERSION = 1
SCALE = 1 << 20
WORD = 1 << 64
MAX_TRIES = 1_000_000


def lp(*parts):
    """Length-prefixed parts, one after the other; texts as UTF-8."""
    out = b""
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        out += len(raw).to_bytes(8, "big") + raw
    return out


def sha256(message):
    return hashlib.sha256(message).digest()


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


# Moments: {"week": w} or {"day": "2017-01-31", "hour": h}.


def moment_texts(moment):
    if "week" in moment:
        return f"week {moment['week']}", ""
    return moment["day"], f"{moment['hour']:02}"


def moment_text(moment):
    date, hour = moment_texts(moment)
    return f"{date} {hour}:00" if hour else date


# Seeds


def draw_key(public_dice, values):
    message = lp("sekong/values/v1", public_dice)
    for custodian, value in values:
        message += lp(custodian, value)
    return sha256(message)


def die_prefix(subject):
    date, hour = moment_texts(subject["moment"])
    return lp("sekong/die/v1", subject["campaign"], subject["province"], date, hour, subject["unit"], subject["purpose"])


class Stream:
    def __init__(self, key, prefix):
        self.key = key
        self.prefix = prefix
        self.block = 0
        self.buffer = []

    def word(self):
        if not self.buffer:
            digest = mac(self.key, self.prefix + self.block.to_bytes(8, "big"))
            self.buffer = [int.from_bytes(digest[i : i + 8], "big") for i in range(0, 32, 8)]
            self.block += 1
        return self.buffer.pop(0)

    def below(self, n):
        while True:
            word = self.word()
            if word < WORD - WORD % n:
                return word % n


# Dice: an arc is {"from": [post, position] | None, "to": likewise, "flow": integer}.


def canonical(arcs):
    def order(node):
        return (0, 0, 0) if node is None else (1, node[0], node[1])

    def target(node):
        return (1, 0, 0) if node is None else (0, node[0], node[1])

    return sorted((a for a in arcs if a["flow"] > 0), key=lambda a: (order(a["from"]), target(a["to"])))


def throw(arcs, at, stream):
    steps = [a for a in canonical(arcs) if a["from"] == at]
    number = stream.below(sum(a["flow"] for a in steps))
    cumulative = 0
    for step in steps:
        cumulative += step["flow"]
        if number < cumulative:
            return step["to"]
    raise AssertionError("a number below the outflow falls on an arc")


# Walks


def walk(unit, campaign, province, day, keys):
    """Path of one unit; keys: hour of the day -> key. All hours of the vectors lie on one day."""
    entry, start, length = unit["entry_hour"], unit["start_hour"], unit["length_hours"]
    path, at, hour, purpose = [], None, entry, "enter"
    while True:
        moment = {"day": day, "hour": hour}
        subject = {
            "campaign": campaign, "province": province, "moment": moment, "unit": unit["id"], "purpose": purpose
        }
        at = throw(unit["arcs"], at, Stream(keys[hour], die_prefix(subject)))
        if at is None:
            return path
        path.append(at)
        hour, purpose = start + at[1] + 1, "step"
        if hour >= start + length:
            return path


# Simulated draws


def simulated_walk(unit, key, draw):
    """Path of one unit in a simulated draw: a stream of its own for each die."""
    path, at = [], None
    while True:
        position = str(at[1]) if at else ""
        prefix = lp("sekong/simulated-die/v1", draw.to_bytes(8, "big"), unit["id"], position)
        at = throw(unit["arcs"], at, Stream(key, prefix))
        if at is None:
            return path
        path.append(at)


# Deals


def permute(items, stream):
    items = list(items)
    for i in range(len(items) - 1, 0, -1):
        j = stream.below(i + 1)
        items[i], items[j] = items[j], items[i]
    return items


def rests(place, day, teams, units):
    resting = teams - units
    return teams > 0 and (place + day * resting) % teams < resting


def deal_week(teams, units, worked, too_close, stream):
    """(groups, permutations tried)"""
    shifts = len(units)
    sizes = [len(teams) // shifts + (1 if s < len(teams) % shifts else 0) for s in range(shifts)]
    for tries in range(1, MAX_TRIES + 1):
        order, groups = permute(teams, stream), []
        for size in sizes:
            groups.append(order[:size])
            order = order[size:]
        legal = True
        for shift, group in enumerate(groups):
            for place, team in enumerate(group):
                on_duty = not rests(place, 0, len(group), units[shift])
                if on_duty and team in worked and [worked[team], shift] in too_close:
                    legal = False
        if legal:
            return groups, tries
    raise AssertionError("no legal deal")


# Custodians


def value(secret, campaign, province, moment):
    date, hour = moment_texts(moment)
    return mac(secret, lp("sekong/value/v1", campaign, province, date, hour))


def leaf(campaign, province, moment, x):
    return sha256(b"\0" + lp(campaign, province, moment_text(moment)) + x)


def root(hashes):
    """Merkle tree hash, RFC 6962 section 2.1."""
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\1" + root(hashes[:k]) + root(hashes[k:]))


def path(index, hashes):
    """Audit path, RFC 6962 section 2.1.1."""
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if index < k:
        return path(index, hashes[:k]) + [root(hashes[k:])]
    return path(index - k, hashes[k:]) + [root(hashes[:k])]


# Relayed orders: nine digits from the number of an instruction, 0 to 999.


def table_key(secret, campaign, team, serial):
    return mac(secret, lp("sekong/table-key/v1", campaign, team, str(serial)))


def relay_code(key, day, hour, number):
    shift = Stream(key, lp("sekong/relay-shift/v1", day, f"{hour:02}")).below(1000)
    authenticator = Stream(key, lp("sekong/relay/v1", day, f"{hour:02}", f"{number:03}")).below(1_000_000)
    digits = f"{(number + shift) % 1000:03}{authenticator:06}"
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


# Vectors. Inputs are hashes of short texts, so that this file is all there is.

CAMPAIGN, PROVINCE, DAY = "river-2017", "upper-bend", "2017-03-09"
CUSTODIANS = ["court", "ombudsman", "customs", "university", "press-council"]


RELEASED, THROWN = "2017-03-10T15:50:00Z", "1234561524" * 5
# Public keys of the Ed25519 seeds 01…01 and 02…02 (RFC 8032), for their bytes alone.
SEAT_KEYS = [bytes.fromhex(key) for key in (
    "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c",
    "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394")]


MANY = 10_000


def digest_of(text):
    """What is too long to stand here in full: how long it is, and its SHA-256."""
    return {"characters": len(text), "sha256": sha256(text.encode()).hex()}


def pick(*words):
    return sha256("/".join(str(word) for word in words).encode())


def hour_of(hour):
    return {"day": DAY, "hour": hour}


def seeds():
    cases = []
    moments = [hour_of(0), hour_of(23), {"week": 0}, {"week": 25}]
    for number, moment in enumerate(moments):
        for count, purpose in [(5, "enter"), (3, "step"), (1, "deal-week"), (0, "deal-shift")]:
            dice = pick("dice", number)
            values = [[c, pick("value", number, c)] for c in CUSTODIANS[:count]]
            subject = {
                "campaign": CAMPAIGN, "province": "ភូមិ-" + str(number), "moment": moment, "unit": "unit/" + purpose,
                "purpose": purpose,
            }
            key = draw_key(dice, values)
            words, numbers = Stream(key, die_prefix(subject)), Stream(key, die_prefix(subject))
            bounds = [1, 2, 3, 10, SCALE, 3 * SCALE - 1, (1 << 63) + 1, (1 << 63) + 1, WORD - 1]
            cases.append({
                "public_dice": dice.hex(),
                "values": [[c, v.hex()] for c, v in values],
                "subject": subject,
                "key": key.hex(),
                "words": [f"{words.word():016x}" for _ in range(9)],
                "below": [[f"{n:016x}", f"{numbers.below(n):016x}"] for n in bounds],
            })
    return cases


def arc(start, end, flow):
    return {"from": start, "to": end, "flow": flow}


PLAIN = [
    arc(None, [0, 0], 500_000), arc(None, [1, 0], 300_000), arc(None, [2, 0], 248_576),
    arc([0, 0], [0, 1], 250_000), arc([0, 0], [1, 2], 150_001), arc([0, 0], None, 99_999),
    arc([1, 0], [1, 1], 200_000), arc([1, 0], [2, 1], 100_000),
    arc([2, 0], [2, 1], 248_576),
    arc([0, 1], [1, 3], 100_000), arc([0, 1], [0, 2], 150_000),
    arc([1, 1], [0, 3], 120_000), arc([1, 1], [1, 2], 80_000),
    arc([2, 1], [2, 2], 48_576), arc([2, 1], None, 100_000), arc([2, 1], [1, 1], 0), arc([2, 1], [1, 2], 200_000),
    arc([0, 2], [0, 3], 150_000),
    arc([1, 2], [1, 3], 230_001), arc([1, 2], [2, 3], 200_000),
    arc([2, 2], [2, 3], 48_576),
    arc([0, 3], None, 270_000), arc([1, 3], None, 330_001), arc([2, 3], None, 248_576),
]


def sentinel(positions):
    """Posts 0 and 1, a turn every two hours; it stays four times as often as it moves."""
    arcs = [arc(None, [0, positions[0]], SCALE // 2), arc(None, [1, positions[0]], SCALE // 2)]
    for here, there in zip(positions, positions[1:]):
        for post in (0, 1):
            arcs.append(arc([post, here], [post, there], 424_288))
            arcs.append(arc([post, here], [1 - post, there], 100_000))
    return arcs + [arc([post, positions[-1]], None, SCALE // 2) for post in (0, 1)]


UNITS = [
    {"id": "upper-bend/08-12/plain-1", "entry_hour": 8, "start_hour": 8, "length_hours": 4, "arcs": PLAIN},
    {"id": "upper-bend/08-12/even", "entry_hour": 8, "start_hour": 8, "length_hours": 4, "arcs": sentinel([0, 2])},
    {"id": "upper-bend/08-12/odd", "entry_hour": 8, "start_hour": 9, "length_hours": 3, "arcs": sentinel([0, 2])},
    {"id": "upper-bend/16-24/plain-1", "entry_hour": 16, "start_hour": 16, "length_hours": 8, "arcs": PLAIN},
    {"id": "upper-bend/16-24/odd", "entry_hour": 16, "start_hour": 17, "length_hours": 7,
     "arcs": sentinel([0, 2, 4, 6])},
]


def many_throws(count):
    """One digit a throw: the place of the arc it falls on among those that leave its node, in canonical order."""
    nodes = sorted({tuple(a["from"]) for a in PLAIN if a["from"]})
    steps = {at: [a["to"] for a in canonical(PLAIN) if a["from"] == (list(at) if at else None)] for at in [None, *nodes]}
    text = ""
    for number in range(count):
        at = [None, *nodes][number % (1 + len(nodes))]
        values = [[c, pick("many throws", number, c)] for c in CUSTODIANS[:number % 6]]
        key = draw_key(pick("many throws", number), values)
        subject = {
            "campaign": CAMPAIGN, "province": PROVINCE, "moment": hour_of(number % 24), "unit": f"plain-{number % 7}",
            "purpose": "step" if at else "enter",
        }
        to = throw(PLAIN, list(at) if at else None, Stream(key, die_prefix(subject)))
        text += str(steps[at].index(to))
    return text


def dice():
    cases = []
    nodes = [None, [0, 0], [2, 1], [1, 2], [2, 3]]
    for number in range(60):
        at = nodes[number % len(nodes)]
        key = draw_key(pick("dice", number), [])
        subject = {
            "campaign": CAMPAIGN, "province": PROVINCE, "moment": hour_of(number % 24), "unit": "plain",
            "purpose": "step" if at else "enter",
        }
        cases.append({"public_dice": pick("dice", number).hex(), "subject": subject, "from": at,
                      "to": throw(PLAIN, at, Stream(key, die_prefix(subject)))})
    return {"arcs": PLAIN, "throws": cases, "many": digest_of(many_throws(MANY))}


def path_text(path):
    return " ".join(f"{post}/{position}" for post, position in path)


def many_days(count):
    """A line a day: the paths of all units, separated by commas. Every hour has the values of five custodians."""
    lines = ""
    for number in range(count):
        public_dice = pick("many days", number)
        values = {h: [[c, pick("many days", number, h, c)] for c in CUSTODIANS] for h in range(24)}
        keys = {h: draw_key(public_dice, values[h]) for h in range(24)}
        lines += ",".join(path_text(walk(unit, CAMPAIGN, PROVINCE, DAY, keys)) for unit in UNITS) + "\n"
    return lines


def day():
    draws = []
    for number in range(12):
        public_dice = pick("day dice", number)
        values = {h: [[c, pick("day", number, h, c)] for c in CUSTODIANS[:1]] for h in range(24)}
        keys = {h: draw_key(public_dice, values[h]) for h in range(24)}
        draws.append({
            "public_dice": public_dice.hex(),
            "values": [[[c, v.hex()] for c, v in values[h]] for h in range(24)],
            "paths": [walk(unit, CAMPAIGN, PROVINCE, DAY, keys) for unit in UNITS],
        })
    return {"campaign": CAMPAIGN, "province": PROVINCE, "day": DAY, "units": UNITS, "draws": draws,
            "many": digest_of(many_days(MANY // len(UNITS)))}


def simulated(seed, number):
    """Paths of one draw as texts post/position, for the units of the day."""
    key = sha256(lp("sekong/simulation/v1", seed))
    return [path_text(simulated_walk(unit, key, number)) for unit in UNITS]


def simulation():
    """Some draws in full, and the SHA-256 of many: a line a draw, the paths separated by commas."""
    draws = []
    for number in range(60):
        seed = pick("simulation", number % 3)
        draws.append({"seed": seed.hex(), "draw": number, "paths": simulated(seed, number)})
    many = pick("simulation", "many")
    lines = "".join(",".join(simulated(many, number)) + "\n" for number in range(2 * MANY))
    return {"draws": draws, "seed_of_many": many.hex(), "many": digest_of(lines)}


def many_weeks(count):
    """A line a week, of groups separated by commas. Who worked last before is by lot, and may not begin with the first shift."""
    lines = ""
    for number in range(count):
        teams = [f"team-{t:02}" for t in range(6 + number % 10)]
        units = [number % 3, 1 + number % 2, number % 4 // 2]
        subject = {"campaign": CAMPAIGN, "province": PROVINCE, "moment": {"week": number % 26}, "unit": "pool",
                   "purpose": "deal-week"}
        worked = {team: pick("worked", number, team)[0] % 3 for team in teams[::3]}
        stream = Stream(draw_key(pick("many weeks", number), []), die_prefix(subject))
        groups, _tries = deal_week(teams, units, worked, [[2, 0]], stream)
        lines += ",".join(" ".join(group) for group in groups) + "\n"
    return lines


def many_shifts(count):
    """A line a shift: the teams in the order of the units."""
    lines = ""
    for number in range(count):
        teams = [f"team-{t:02}" for t in range(number % 13)]
        subject = {"campaign": CAMPAIGN, "province": PROVINCE, "moment": hour_of(8 * (number % 3)), "unit": "pool",
                   "purpose": "deal-shift"}
        stream = Stream(draw_key(pick("many shifts", number), []), die_prefix(subject))
        lines += " ".join(permute(teams, stream)) + "\n"
    return lines


def deals():
    weeks, shifts = [], []
    for number, (count, units) in enumerate([(12, [3, 3, 3]), (11, [2, 3, 3]), (7, [5]), (4, [0, 1]), (1, [1]), (0, [0])]):
        teams = [f"team-{t:02}" for t in range(count)]
        worked, too_close = {}, []
        for week in range(4):
            subject = {"campaign": CAMPAIGN, "province": PROVINCE, "moment": {"week": week}, "unit": f"pool-{number}",
                       "purpose": "deal-week"}
            public_dice = pick("week", number, week)
            stream = Stream(draw_key(public_dice, []), die_prefix(subject))
            groups, tries = deal_week(teams, units, worked, too_close, stream)
            duty = [[[t for p, t in enumerate(g) if not rests(p, d, len(g), units[s])] for s, g in enumerate(groups)]
                    for d in range(7)]
            weeks.append({"public_dice": public_dice.hex(), "subject": subject, "teams": teams, "units": units,
                          "worked": dict(worked), "too_close": list(too_close), "groups": groups, "tries": tries,
                          "on_duty": duty})
            worked = {t: s for s, group in enumerate(duty[6]) for t in group}
            too_close = [[len(units) - 1, 0]] if len(units) > 1 else []
    for count in [0, 1, 2, 5, 9]:
        teams = [f"team-{t:02}" for t in range(count)]
        subject = {"campaign": CAMPAIGN, "province": PROVINCE, "moment": hour_of(16), "unit": "pool-0",
                   "purpose": "deal-shift"}
        public_dice = pick("shift", count)
        shifts.append({"public_dice": public_dice.hex(), "subject": subject, "teams": teams,
                       "dealt": permute(teams, Stream(draw_key(public_dice, []), die_prefix(subject)))})
    return {"weeks": weeks, "shifts": shifts, "many_weeks": digest_of(many_weeks(MANY)),
            "many_shifts": digest_of(many_shifts(MANY))}


def custodian():
    secret, provinces = pick("secret"), ["upper-bend", "lower-bend"]
    moments = [{"week": 0}, {"week": 1}] + [{"day": d, "hour": h} for d in ("2017-03-09", "2017-03-10") for h in range(24)]
    listed = [(province, moment) for province in provinces for moment in moments]
    values = [value(secret, CAMPAIGN, province, moment) for province, moment in listed]
    leaves = [leaf(CAMPAIGN, province, moment, x) for (province, moment), x in zip(listed, values)]
    signing_seed = mac(secret, lp("sekong/custodian-key/v1", CAMPAIGN))
    return {
        "campaign": CAMPAIGN, "provinces": provinces, "moments": moments, "secret": secret.hex(),
        "signing_seed": signing_seed.hex(), "root": root(leaves).hex(),
        "values": [{"province": p, "moment": m, "value": x.hex(), "leaf": h.hex()}
                   for (p, m), x, h in zip(listed, values, leaves)],
        "paths": [{"index": i, "path": [h.hex() for h in path(i, leaves)]} for i in (0, 1, 49, 50, 63, 64, 98, 99)],
        "commitment_message": lp("sekong/commitment/v1", CAMPAIGN, "court", root(leaves),
                                 len(leaves).to_bytes(8, "big")).hex(),
        "release_message": lp("sekong/release/v1", CAMPAIGN, "court", "lower-bend", moment_text(moments[-1]),
                              pick("basis"), pick("absences"), values[-1], RELEASED).hex(),
        "release_message_with_die": lp("sekong/release/v1", CAMPAIGN, "court", "lower-bend", moment_text(moments[-1]),
                                       pick("basis"), pick("absences"), values[-1], RELEASED, pick("die")).hex(),
        "seat_key_message": lp("sekong/seat-key/v1", CAMPAIGN, "police", SEAT_KEYS[0], SEAT_KEYS[1]).hex(),
        "outage_message": lp("sekong/outage/v1", CAMPAIGN, "court", RELEASED, "2017-03-10T16:50:00Z").hex(),
        "daily_die": sha256(lp("sekong/daily/v1", pick("dice"), "0451")).hex(),
        "throw_value": sha256(lp("sekong/throw-value/v1", THROWN)).hex(),
        "throw_message": lp("sekong/throw/v1", CAMPAIGN, moment_text(moments[-1]), THROWN, pick("silence"),
                            pick("other silence")).hex(),
    }


def relay():
    """Codes as texts `table day hour number code`; every nineteenth in full, all by the SHA-256 of their lines."""
    secret = pick("tables")
    tables = []
    for team, serial in [("team-01", 0), ("team-01", 1), ("team-02", 0), ("ក្រុម/២", 4_294_967_295)]:
        key = table_key(secret, CAMPAIGN, team, serial)
        tables.append({"team": team, "serial": serial, "key": key.hex(),
                       "commitment": sha256(lp("sekong/table/v1", key)).hex()})
    days, hours = ["2016-12-31", "2017-01-01", "2017-06-30"], [0, 1, 6, 9, 12, 19, 23]
    numbers = [0, 1, 2, 9, 10, 17, 99, 100, 500, 501, 996, 997, 999]
    lines = []
    for number in numbers:
        for hour in hours:
            for day in days:
                for place, table in enumerate(tables):
                    code = relay_code(bytes.fromhex(table["key"]), day, hour, number)
                    lines.append(f"{place} {day} {hour:02} {number:03} {code}")
    return {
        "campaign": CAMPAIGN, "secret": secret.hex(), "tables": tables, "days": days, "hours": hours,
        "numbers": numbers, "codes": len(lines), "sha256": sha256("".join(x + "\n" for x in lines).encode()).hex(),
        "some": lines[::19],
    }


def main(folder):
    folder = pathlib.Path(folder)
    made_by = f"reference/draw.py version {VERSION}: python3 reference/draw.py crates/draw/tests/it/golden"
    for make in (seeds, dice, day, simulation, deals, custodian, relay):
        text = json.dumps({"made_by": made_by, make.__name__: make()}, ensure_ascii=False, indent=1)
        (folder / f"{make.__name__}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
