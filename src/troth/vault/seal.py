"""Sealing: a row's held values become one column that is of no use in any other row.

AES-256-GCM (NIST SP 800-38D) under the person's own key, 96-bit random nonces. The row's identity is the associated
data, so a column moved to another person, row or version does not open. Pure: no database, no clock.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import chance

FORMAT: Final = b"\x01"
NONCE: Final = 12

# The standard library's refuses what would come back as something else, such as a moment or a number that is none.
_strict: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
# How each kind of value is written into the packed row, and read back, where JSON does not carry it as it is.
PACK: Final[Mapping[str, Callable[[Any], Any]]] = {
    "json": lambda value: msgspec.Raw(_strict(value).encode()),
    "date": date.isoformat,
    "decimal": str,
    "bytes": lambda value: base64.b64encode(value).decode(),
}
UNPACK: Final[Mapping[str, Callable[[Any], Any]]] = {
    "date": date.fromisoformat,
    "decimal": Decimal,
    "bytes": base64.b64decode,
}
TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "text": str,
    "json": (dict, list, str, int, float, bool),
    "date": date,
    "decimal": Decimal,
    "bytes": bytes,
}
_encode: Final = msgspec.json.Encoder(enc_hook=str.__str__).encode  # of text that is more than text: the text
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


class PersonKey(bytes):
    """A person's 32-byte key, and the cipher made of it: making that takes longer than opening a row."""

    @cached_property
    def cipher(self) -> AESGCM:
        return AESGCM(bytes(self))  # a copy: the cipher keeps what it is made of, and a ring of the two never ends


def seal(key: PersonKey, values: Mapping[str, Any], identity: bytes) -> bytes:
    """Return packed `values` sealed under a `key` for the row of that `identity`."""
    nonce = chance.some()[:NONCE]
    return FORMAT + nonce + key.cipher.encrypt(nonce, _encode(values), FORMAT + identity)


def unseal(key: PersonKey, sealed: bytes, identity: bytes) -> dict[str, Any]:
    """Return the packed values. Raises ValueError if the column was altered or belongs to another row."""
    if sealed[:1] != FORMAT:
        raise ValueError("not a sealed column")
    try:
        plain = key.cipher.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], FORMAT + identity)
    except InvalidTag:
        raise ValueError("sealed for another row, or altered") from None
    return _decode(plain)
