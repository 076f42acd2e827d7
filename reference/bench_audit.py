"""The audit of a campaign's record beside OpenSSL on the same record in the same run; called by `make bench PART=audit`.

  bench_audit.py SEKONG FOLDER [DAYS ...]

For each number of days (7, 28 and 181 if none are given; 181 are the whole campaign) a record is made by `sekong demo`, about twelve
seconds a day, and kept in FOLDER for the next time. Then `sekong verify --json` runs five times, each a new process that recomputes every
plan, deal, draw and order: seconds on the clock (median and worst), CPU seconds and MiB. The peer is what anybody must do at least:
SHA-256 and the Ed25519 signature of every entry by OpenSSL (through Python's cryptography), CPU seconds. It checks no more than that:
no release of a custodian, no cosignature, no plan, no draw.

Python 3.11, cryptography 3.4 or newer. Exit code 1 if the record does not verify, or a signature does not hold.
"""

import base64
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DAYS, RUNS, MIB, LENGTH_BYTES = (7, 28, 181), 5, 1 << 20, 2


def record(sekong, folder, days):
    """A record of so many days, made unless it is there."""
    data, done = folder / f"days-{days}", folder / f"days-{days}.made"
    if not done.exists():
        if data.exists():
            sys.exit(f"{data} is not whole: remove it and run again")
        subprocess.run([sekong, "demo", "--days", str(days), "--no-serve", "--json", "--data", data], check=True,
                       stdout=subprocess.DEVNULL)
        done.touch()
    return data


def audited(sekong, data):
    """Seconds on the clock, CPU seconds and MiB of one audit, and its verdict."""
    with tempfile.TemporaryFile() as out:
        begun = time.monotonic()
        process = subprocess.Popen([sekong, "verify", data, "--json"], stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        clock_s = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        verdict = json.loads(out.read())
    if process.returncode or not verdict["verified"]:
        sys.exit(f"{data} does not verify: {verdict['faults'][:3]}")
    return clock_s, usage.ru_utime + usage.ru_stime, 1024 * usage.ru_maxrss / MIB, verdict["size"]


def place(path, bundles):
    """The number of a bundle and how many entries it holds, by its path: x001/234 or, of a bundle that is not full, x001/234.p/12."""
    *parts, last = path.relative_to(bundles).parts
    full = not parts or not parts[-1].endswith(".p")
    numbers = [*parts, last] if full else parts
    number = int("".join(part.removeprefix("x").removesuffix(".p") for part in numbers))
    return number, 256 if full else int(last)


def entries(data):
    """The bytes of every entry of a log as files (C2SP tlog-tiles), in order; of a bundle the fullest file."""
    bundles = data / "log" / "tile" / "entries"
    fullest = {}
    for path in sorted((path for path in bundles.rglob("*") if path.is_file()), key=lambda path: place(path, bundles)):
        fullest[place(path, bundles)[0]] = path
    for path in fullest.values():
        raw = path.read_bytes()
        while raw:
            length = int.from_bytes(raw[:LENGTH_BYTES], "big")
            yield raw[LENGTH_BYTES:LENGTH_BYTES + length]
            raw = raw[LENGTH_BYTES + length:]


def least_work(data):
    """CPU seconds of SHA-256 and signatures by OpenSSL, and of how many entries. Nothing else is in the time."""
    keys, spent_s, count = {}, 0.0, 0
    for entry in entries(data):
        envelope = json.loads(entry)
        sig = base64.b64decode(envelope["sig"])
        signed = entry.replace(f',"sig":"{envelope["sig"]}"'.encode(), b"", 1)
        device = envelope["device"]
        if device not in keys:
            keys[device] = Ed25519PublicKey.from_public_bytes(bytes.fromhex(device))
        begun = time.process_time()
        hashlib.sha256(entry).digest()
        keys[device].verify(sig, b"sekong/entry/v1\n" + signed)
        spent_s += time.process_time() - begun
        count += 1
    return spent_s, count


def main(sekong, folder, *days):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    print("days  entries  clock s median  worst   CPU s  MiB  OpenSSL CPU s  audit/OpenSSL", flush=True)
    for many in [int(many) for many in days] or DAYS:
        data = record(sekong, folder, many)
        runs = [audited(sekong, data) for _ in range(RUNS)]
        clock_s, cpu_s, mib, size = ([run[part] for run in runs] for part in range(4))
        peer_s, count = least_work(data)
        if count != size[0]:
            sys.exit(f"{data} says {size[0]} entries, its bundles hold {count}")
        cpu = statistics.median(cpu_s)
        print(f"{many:4} {count:8} {statistics.median(clock_s):15.2f} {max(clock_s):6.2f} {cpu:7.2f} {max(mib):4.0f}"
              f" {peer_s:14.2f} {cpu / peer_s:14.2f}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
