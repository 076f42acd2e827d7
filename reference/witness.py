"""Makes crates/log/tests/it/golden/add-checkpoint.txt and cosignature.txt: one request of C2SP tlog-witness and its answer,
from RFC 6962 and the texts of the specifications alone.

Run: python3 reference/witness.py   (needs the package `cryptography`)
"""

import base64
import hashlib
import pathlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN, WITNESS = "example.com/one", "witness.example/w1"
OLD, SIZE, TIME = 5, 9, 1_679_315_147


def b64(data):
    return base64.b64encode(data).decode()


def sha(data):
    return hashlib.sha256(data).digest()


def root(leaves):
    if len(leaves) == 1:
        return sha(b"\0" + leaves[0])
    half = split(len(leaves))
    return sha(b"\1" + root(leaves[:half]) + root(leaves[half:]))


def split(count):
    half = 1
    while half * 2 < count:
        half *= 2
    return half


def subproof(old, leaves, whole):
    """RFC 6962, 2.1.2."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    half = split(len(leaves))
    if old <= half:
        return subproof(old, leaves[:half], whole) + [root(leaves[half:])]
    return subproof(old - half, leaves[half:], False) + [root(leaves[:half])]


def line(name, kind, seed, message, before=b""):
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed] * 32))
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key_id = sha(name.encode() + b"\n" + bytes([kind]) + public)[:4]
    return f"— {name} {b64(key_id + before + key.sign(message))}\n"


def main():
    leaves = [bytes([index, 0]) for index in range(SIZE)]
    text = f"{ORIGIN}\n{SIZE}\n{b64(root(leaves))}\n"
    proof = "".join(b64(node) + "\n" for node in subproof(OLD, leaves, True))
    note = f"{text}\n{line(ORIGIN, 1, 1, text.encode())}"
    cosigned = f"cosignature/v1\ntime {TIME}\n{text}".encode()
    answer = line(WITNESS, 4, 2, cosigned, TIME.to_bytes(8, "big"))
    golden = pathlib.Path(__file__).parent.parent / "crates/log/tests/it/golden"
    (golden / "add-checkpoint.txt").write_text(f"old {OLD}\n{proof}\n{note}")
    (golden / "cosignature.txt").write_text(answer)


if __name__ == "__main__":
    main()
