"""Passkeys (WebAuthn, level 3): made and used on the brand's own host, found by a keyed hash, nothing to be typed.

A challenge is a signed random number on the page: asking for a page writes nothing. It is good for five minutes, for
one host and one purpose, and once.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn
from uuid import UUID

import webauthn
from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, generate_challenge, options_to_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from troth.doors.collect import collect
from troth.doors.errors import Refused
from troth.doors.use import use
from troth.vault.marks import mark

from . import throttle
from .actions import account_of
from .errors import BadForm, NotSignedIn
from .models import Passkey

GOOD_FOR: Final = 300  # seconds, of a challenge
MOST: Final = 20  # passkeys of one account
LONGEST: Final = 20_000  # characters of an answer; one with its certificates stays below
FAILED: Final = "This passkey could not be checked. Nothing was changed; please try once more."


@dataclass(frozen=True)
class Site:
    """Where a passkey is for: WebAuthn's relying party, and the origin its answers must name."""

    id: str
    origin: str

    @property
    def fit(self) -> bool:
        """Tell whether there can be passkeys here: never for a bare number of a machine."""
        try:
            ipaddress.ip_address(self.id.strip("[]"))
        except ValueError:
            return True
        return False


def site(request: HttpRequest) -> Site:
    host = request.get_host()
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return Site(name, f"{request.scheme}://{host}")


def _challenge(what: str) -> tuple[bytes, str]:
    """Return a new challenge, and how a page carries it."""
    made = generate_challenge()
    return made, signing.dumps(bytes_to_base64url(made), salt=f"troth.accounts.passkeys.{what}")


def _challenged(carried: str, what: str, at: datetime) -> bytes:
    """Return the challenge a page carried. Raises BadForm for one we did not make, an old one, or a second use."""
    try:
        told = signing.loads(carried, salt=f"troth.accounts.passkeys.{what}", max_age=GOOD_FOR)
    except signing.BadSignature:
        raise BadForm({"": "This page was open for too long. Please try once more."}) from None
    if not throttle.once(told, at):
        raise BadForm({"": "This page was sent already. Please try once more."})
    return base64url_to_bytes(told)


# -- making one --------------------------------------------------------------------------------------------------------


def to_make(person: UUID, name: str, where: Site, shop: str, brand: str, at: datetime) -> tuple[str, str]:
    """Return what a browser needs to make a passkey, as JSON, and the challenge the page carries."""
    challenge, carried = _challenge(f"make.{person.hex}")
    options = webauthn.generate_registration_options(
        rp_id=where.id, rp_name=shop, user_name=name or shop, user_id=_handle(person), challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(told["id"])) for _, told in mine(person, brand, at)
        ],
    )  # fmt: skip
    return options_to_json(options), carried


def _handle(person: UUID) -> bytes:
    """Return what an authenticator knows somebody by: random-looking, and nothing we use anywhere else."""
    return salted_hmac("troth.accounts.passkeys.handle", person.hex, algorithm="sha256").digest()


def add(person: UUID, answer: str, carried: str, name: str, where: Site, brand: str, at: datetime) -> Passkey:
    """Keep a passkey a browser made. Raises BadForm; nothing is changed then."""
    challenge = _challenged(carried, f"make.{person.hex}", at)
    if len(mine(person, brand, at)) >= MOST:
        raise BadForm({"": f"An account has up to {MOST} passkeys. Please remove one first."})
    try:
        made = webauthn.verify_registration_response(
            credential=_parsed(answer), expected_challenge=challenge, expected_rp_id=where.id,
            expected_origin=where.origin, require_user_verification=True,
        )  # fmt: skip
    except Exception as no:  # noqa: BLE001 -- whatever a stranger's bytes make the library say
        _failed(no)
    row = Passkey(person_id=person, mark=_mark(made.credential_id), brand=brand, site=where.id, made_at=at)
    row.count = made.sign_count
    row.passkey = {
        "id": bytes_to_base64url(made.credential_id), "key": bytes_to_base64url(made.credential_public_key),
        "kind": made.credential_device_type.value, "name": name,
    }  # fmt: skip
    try:
        with collect("sign_in", source="account", brand=brand, person=person, actor="person", at=at) as c:
            return c.save(row)
    except IntegrityError:
        raise BadForm({"": "This passkey is kept already."}) from None


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST:
        raise ValueError
    told = json.loads(answer)
    if not isinstance(told, dict):
        raise TypeError
    return told


def _failed(no: BaseException) -> NoReturn:
    raise BadForm({"": FAILED}) from no


def _mark(credential: bytes) -> bytes:
    return mark("passkey", bytes_to_base64url(credential))


# -- using one ---------------------------------------------------------------------------------------------------------


def to_use(where: Site) -> tuple[str, str]:
    """Return what a browser needs to find a passkey of this host, as JSON, and the challenge the page carries."""
    challenge, carried = _challenge("use")
    options = webauthn.generate_authentication_options(
        rp_id=where.id, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return options_to_json(options), carried


def check(answer: str, carried: str, where: Site, brand: str, at: datetime) -> UUID:
    """Return whose passkey signed our challenge. Both steps in one: it is something one has, and is unlocked.

    Raises NotSignedIn, BadForm.
    """
    challenge = _challenged(carried, "use", at)
    try:
        told = _parsed(answer)
        row = Passkey.objects.filter(mark=_mark(base64url_to_bytes(told["id"])), site=where.id, ended_at=None).first()
    except Exception as no:  # noqa: BLE001 -- whatever a stranger's bytes make the library say
        _failed(no)
    if row is None or not account_of(row.person_id):
        raise NotSignedIn
    with transaction.atomic():
        row = Passkey.objects.select_for_update().get(pk=row.pk)
        try:
            key = _key(row, brand, at)
            done = webauthn.verify_authentication_response(
                credential=told, expected_challenge=challenge, expected_rp_id=where.id, expected_origin=where.origin,
                credential_public_key=key, credential_current_sign_count=row.count, require_user_verification=True,
            )  # fmt: skip
        except Exception as no:
            raise NotSignedIn from no
        Passkey.objects.filter(pk=row.pk).update(count=done.new_sign_count, used_at=at)
    owner: UUID = row.person_id
    return owner


def _key(row: Passkey, brand: str, at: datetime) -> bytes:
    """Raises Refused."""
    with use("sign_in", brand=brand, person=row.person_id, actor="person", at=at) as u:
        return base64url_to_bytes(u.open(row.passkey)["key"])


# -- keeping them ------------------------------------------------------------------------------------------------------


def mine(person: UUID, brand: str, at: datetime) -> list[tuple[Passkey, dict[str, str]]]:
    """Return somebody's passkeys, the newest first, with what each is called."""
    rows = list(Passkey.objects.filter(person_id=person, ended_at=None).order_by("-made_at", "-pk"))
    if not rows:
        return []
    try:
        with use("sign_in", brand=brand, person=person, actor="person", at=at) as u:
            return [(row, u.open(row.passkey)) for row in rows]
    except Refused:
        return []


def rename(person: UUID, passkey: UUID, name: str, brand: str, at: datetime) -> bool:
    """Call a passkey something else. False if it is none of theirs."""
    found = dict(mine(person, brand, at))
    row = next((row for row in found if row.pk == passkey), None)
    if row is None:
        return False
    row.passkey = found[row] | {"name": name}
    with collect("sign_in", source="account", brand=brand, person=person, actor="person", at=at) as c:
        c.save(row)
    return True


def remove(person: UUID, passkey: UUID, brand: str, at: datetime) -> bool:
    """Remove a passkey: its key is emptied at once, the row goes with the account. False if it is none of theirs."""
    row = Passkey.objects.filter(person_id=person, pk=passkey, ended_at=None).first()
    if row is None:
        return False
    row.passkey, row.ended_at = {}, at
    with collect("sign_in", source="account", brand=brand, person=person, actor="person", at=at) as c:
        c.save(row)
    return True
