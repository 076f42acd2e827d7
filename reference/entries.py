"""Makes crates/log/tests/it/golden/entries.json: signed entries by another implementation.

Python 3.11, cryptography 3.4 or newer (for Ed25519). Run: python3 reference/entries.py > crates/log/tests/it/golden/entries.json
"""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SEED = bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
DEVICE = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

BODIES = [
    ("2017-01-01T00:30:59Z", {
        "province": "stung-treng", "unit": "stung-treng/00-08/plain-1", "post": "KH-LA-01", "day": "2017-01-01",
        "hour": 7, "order": "ab" * 32, "started": "2017-01-01T00:04:00Z",
        "counts": {"passed": 12, "inspected": 5, "found": 1}}),
    ("2017-01-01T01:00:00Z", {"name": "ស្ទឹងត្រែង", "quote": "\"\\/\b\f\n\r\t\u0001é", "list": [1, 0, "x", None, True, {}]}),
    ("2017-06-30T23:59:59Z", {"\u00e9": 1, "z": 2, "A": 3, "\U0001f600": 4, "\ufb33": 5}),
]


def canonical(value):
    """RFC 8785 for texts, whole numbers, lists and maps: keys by UTF-16 code units, no needless escapes."""
    if isinstance(value, dict):
        fields = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(canonical(key) + ":" + canonical(value[key]) for key in fields) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def entry(seq, prev, time, body):
    envelope = {"v": 1, "campaign": "northeast-2017", "device": DEVICE, "seq": seq, "prev": prev, "time": time,
                "kind": "inspection", "body": body}
    message = b"sekong/entry/v1\n" + canonical(envelope).encode()
    return canonical({**envelope, "sig": base64.b64encode(KEY.sign(message)).decode()})


def main():
    prev, entries = "0" * 64, []
    for seq, (time, body) in enumerate(BODIES):
        text = entry(seq, prev, time, body)
        entries.append({"time": time, "kind": "inspection", "body": body, "bytes": text})
        prev = hashlib.sha256(text.encode()).hexdigest()
    print(json.dumps({"seed": SEED.hex(), "device": DEVICE, "entries": entries}, ensure_ascii=False, indent=1))


main()
