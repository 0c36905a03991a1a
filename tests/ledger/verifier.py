"""A second verifier, written from docs/ledger.md alone. It shares no code with the product."""

import base64
import hashlib
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def holds(text, trusted):
    """Tell whether a receipt holds under a trusted base64 key."""
    try:
        receipt = json.loads(text)
        if receipt["format"] != "troth-receipt-1" or receipt["key"] != trusted:
            return False
        key = base64.b64decode(receipt["key"], validate=True)
        body, _, tail = receipt["head"].partition("\n\n")
        origin, size, root = body.split("\n")
        assert tail.startswith(f"— {origin} ")
        assert tail.endswith("\n")
        signature = base64.b64decode(tail.split(" ")[2].strip(), validate=True)
        assert signature[:4] == hashlib.sha256(origin.encode() + b"\n\x01" + key).digest()[:4]
        Ed25519PublicKey.from_public_bytes(key).verify(signature[4:], (body + "\n").encode())
        found = hashlib.sha256(b"\0" + receipt["entry"].encode()).digest()
        fn, sn = receipt["place"], int(size) - 1
        assert 0 <= fn <= sn
        for step in receipt["path"]:
            other = base64.b64decode(step, validate=True)
            assert sn != 0
            if fn % 2 == 1 or fn == sn:
                found = hashlib.sha256(b"\1" + other + found).digest()
                while fn % 2 == 0 and fn != 0:
                    fn, sn = fn >> 1, sn >> 1
            else:
                found = hashlib.sha256(b"\1" + found + other).digest()
            fn, sn = fn >> 1, sn >> 1
        return sn == 0 and found == base64.b64decode(root, validate=True)
    except (AssertionError, KeyError, ValueError, TypeError, InvalidSignature):
        return False
