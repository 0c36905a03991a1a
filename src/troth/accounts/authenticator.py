"""An authenticator app as the second step (TOTP, RFC 6238), and codes to keep for the day it is lost.

The secret is shown once, on the page that sets it up, and kept only when a first code was right.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b32decode, b32encode, b64encode
from datetime import datetime
from typing import Final
from uuid import UUID

import pyotp
import segno
from django.core import signing
from django.db import transaction
from django.utils.safestring import SafeString

from troth.doors.collect import collect
from troth.doors.errors import Refused
from troth.doors.use import use

from . import rules
from .errors import BadForm
from .models import Authenticator

GOOD_FOR: Final = 900  # seconds, of the page that sets it up
CODES: Final = 10
WRONG: Final = "This code is not right, or it was used already. Please wait for the next one."


def on(person: UUID) -> bool:
    return Authenticator.objects.filter(person_id=person, on=True).exists()


def to_set_up(person: UUID) -> tuple[str, str]:
    """Return a new secret in base32, and how the page carries it until a first code was right."""
    secret = b32encode(secrets.token_bytes(20)).decode()
    return secret, signing.dumps(secret, salt=f"troth.accounts.authenticator.{person.hex}")


def carried_secret(person: UUID, carried: str) -> str:
    """Return the secret a page carried. Raises BadForm."""
    try:
        secret: str = signing.loads(carried, salt=f"troth.accounts.authenticator.{person.hex}", max_age=GOOD_FOR)
    except signing.BadSignature:
        raise BadForm({"code": "This page was open for too long. Please begin anew."}) from None
    return secret


def picture(secret: str, shop: str, name: str) -> SafeString:
    """Return the secret as a picture for an app to read: an SVG of black squares, drawn here."""
    way = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=shop)
    drawn = segno.make(way, error="m", micro=False)
    return SafeString(drawn.svg_inline(scale=4, border=4, light="#fff", omitsize=True))


def set_up(person: UUID, carried: str, code: str, brand: str, at: datetime) -> list[str]:
    """Switch the second step on with a first right code. Returns the codes to keep, shown once. Raises BadForm."""
    secret = carried_secret(person, carried)
    step = _step(secret, code, at, after=0)
    if step is None:
        raise BadForm({"code": WRONG})
    codes, hashes = _codes()
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().filter(person_id=person).first()
        row = row or Authenticator(person_id=person)
        row.on, row.step, row.secret, row.codes = True, step, b32decode(secret), {"left": hashes}
        with collect("sign_in", source="account", brand=brand, person=person, actor="person", at=at) as c:
            c.save(row)
    return codes


def _codes() -> tuple[list[str], list[str]]:
    """Return new codes of 80 bits each, as they are written down, and their hashes. So long a number needs no salt."""
    plain = [b32encode(secrets.token_bytes(10)).decode() for _ in range(CODES)]
    return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in plain], [_hash(code) for code in plain]


def _hash(code: str) -> str:
    # Not in hexadecimal: one in two hundred such numbers holds what looks like a card's, and the door would refuse it.
    return b64encode(hashlib.sha256(code.encode()).digest()).decode()


def _step(secret: str, code: str, at: datetime, *, after: int) -> int | None:
    """Return the step a code is right for: now, or one to either side, as clocks differ; none that was used."""
    now = int(at.timestamp()) // rules.STEP
    one = pyotp.TOTP(secret)
    right = [n for n in (now - 1, now, now + 1) if hmac.compare_digest(one.generate_otp(n), code)]
    return next((n for n in right if n > after), None)


@transaction.atomic
def check(person: UUID, code: str, brand: str, at: datetime) -> bool:
    """Tell whether a code is right, and use it up. Two who send the same one: one of them."""
    row = Authenticator.objects.select_for_update().filter(person_id=person, on=True).first()
    if row is None:
        return False
    try:
        with use("sign_in", brand=brand, person=person, actor="person", at=at) as u:
            secret, codes = u.open(row.secret, row.codes)
    except Refused:
        return False
    if len(code) == 6:
        step = _step(b32encode(secret).decode(), code, at, after=row.step)
        return step is not None and bool(Authenticator.objects.filter(pk=row.pk).update(step=step))
    left = [one for one in codes["left"] if not hmac.compare_digest(one, _hash(code))]
    if len(left) == len(codes["left"]):
        return False
    row.codes = {"left": left}
    with collect("sign_in", source="account", brand=brand, person=person, actor="person", at=at) as c:
        c.save(row)
    return True


@transaction.atomic
def switch_off(person: UUID, brand: str, at: datetime) -> bool:
    """Switch the second step off; secret and codes are emptied at once. False if it was off."""
    row = Authenticator.objects.select_for_update().filter(person_id=person, on=True).first()
    if row is None:
        return False
    row.on, row.secret, row.codes = False, b"", {}
    with collect("sign_in", source="account", brand=brand, person=person, actor="person", at=at) as c:
        c.save(row)
    return True
