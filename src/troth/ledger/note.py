"""The signed head of the log: a checkpoint in the C2SP tlog-checkpoint form, signed with Ed25519 (RFC 8032).

example.house/ledger
1042
<root, base64>

— example.house/ledger <key id and signature, base64>
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .errors import BadCheckpoint

DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How long the log is and what its root is."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def key_id(origin: str, public: bytes) -> bytes:
    """Return the four bytes that tell a key apart (C2SP signed-note)."""
    return sha256(origin.encode() + b"\n\x01" + public).digest()[:4]


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return a checkpoint as a signed note."""
    text, public = checkpoint.text(), key.public_key().public_bytes_raw()
    signed = key_id(checkpoint.origin, public) + key.sign(text.encode())
    return f"{text}\n{DASH}{checkpoint.origin} {base64.b64encode(signed).decode()}\n"


def read(note: str, public: bytes) -> Checkpoint:
    """Return the checkpoint of a signed note. Raises BadCheckpoint if it is not one, or not signed with this key."""
    text, blank, signature = note.partition("\n\n")
    lines = text.split("\n")
    try:
        origin, size, root = lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
        line = next(one for one in signature.split("\n") if one.startswith(f"{DASH}{origin} "))
        signed = base64.b64decode(line.rpartition(" ")[2], validate=True)
        whole = blank and len(root) == 32 and size >= 0 and str(size) == lines[1]
        signed = signed if whole and signed[:4] == key_id(origin, public) else b""
        Ed25519PublicKey.from_public_bytes(public).verify(signed[4:], f"{text}\n".encode())
    except (ValueError, IndexError, StopIteration, binascii.Error, InvalidSignature):
        raise BadCheckpoint("This is not a checkpoint of this ledger, or its signature does not hold.") from None
    return Checkpoint(origin, size, root)
