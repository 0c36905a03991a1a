"""What an account is made of. Nothing here says who somebody is: their identifiers do, in the vault."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from troth.vault.held import held
from troth.vault.models import HeldRow, PersonRow, Plain

SAME = "the same few words for everybody"


class Account(HeldRow):
    """One account of one person, good at every brand. Its password may be missing: a passkey is enough.

    The password is Argon2id's own text, which carries salt and cost; it is sealed all the same.
    """

    person_id = models.UUIDField(unique=True)
    brand = models.SlugField(max_length=40)  # where it was opened
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()  # the password

    password = held("secrets.password")

    plain: ClassVar = {
        "brand": Plain(SAME),
        "opened_at": Plain("when it was opened"),
        "changed_at": Plain("when the password was chosen"),
    }


class Session(HeldRow):
    """One browser that is signed in, or was. The number in its cookie is kept as a hash alone."""

    mark = models.BinaryField(max_length=32, unique=True)
    brand = models.SlugField(max_length=40)
    half = models.BooleanField(default=False)  # the password was right; the second step is still to come
    used_at = models.DateTimeField()
    until = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)

    device = held("sign_ins.sign_in_device")

    plain: ClassVar = {
        "mark": Plain("a hash of a random number"),
        "brand": Plain(SAME, "sign_ins.sign_in_times"),
        "used_at": Plain("when something was last sent in it", "sign_ins.sign_in_times"),
        "until": Plain("when it ends by itself"),
        "ended_at": Plain("when it was ended", "sign_ins.sign_in_times"),
    }


class Passkey(HeldRow):
    """One passkey: found by a keyed hash of its credential's number; the public key and the rest are sealed."""

    mark = models.BinaryField(max_length=32)
    brand = models.SlugField(max_length=40)
    site = models.CharField(max_length=253)  # the host it is for: WebAuthn's relying party id
    count = models.BigIntegerField(default=0)  # of signatures, as the authenticator says
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    passkey = held("secrets.passkey", "json")  # {"id", "key", "kind", "name"}

    plain: ClassVar = {
        "mark": Plain("a keyed hash: recognises a credential that is shown to it"),
        "brand": Plain(SAME),
        "site": Plain("a host of ours"),
        "made_at": Plain("when it was made"),
        "used_at": Plain("when it was last used", "sign_ins.sign_in_times"),
        "ended_at": Plain("when it was removed"),
    }

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mark"], condition=Q(ended_at=None), name="one_credential_one_passkey")
        ]


class Authenticator(HeldRow):
    """An authenticator app as the second step, and codes for the day it is lost. One a person.

    To the policy its secret is a password that two machines share.
    """

    person_id = models.UUIDField(unique=True)
    on = models.BooleanField(default=False)  # from the first right code on
    step = models.BigIntegerField(default=0)  # of the last code used: none counts twice

    secret = held("secrets.password", "bytes")
    codes = held("secrets.password", "json")  # {"left": [SHA-256 of each code, base64]}


class Link(PersonRow):
    """A link we sent by mail: used once, and only in time. Kept as a hash."""

    mark = models.BinaryField(max_length=32, unique=True)
    kind = models.CharField(max_length=6)
    brand = models.SlugField(max_length=40)
    address_id = models.UUIDField(null=True)  # the identifier it was sent to
    until = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    plain: ClassVar = {
        "mark": Plain("a hash of a random number"),
        "kind": Plain(SAME),
        "brand": Plain(SAME),
        "until": Plain("when it ends by itself"),
        "used_at": Plain("when it was used"),
    }


class Agreement(HeldRow):
    """What a parent was asked for a child, and said. The row is the child's; so is the parent's address, in the vault.

    `decide` sees a yes as a flag of the person, set and taken away in the same transaction as `state`.
    """

    brand = models.SlugField(max_length=40)
    state = models.CharField(max_length=9, default="asked")  # asked, agreed, refused, withdrawn
    asked_at = models.DateTimeField()
    said_at = models.DateTimeField(null=True)
    address_id = models.UUIDField()  # the identifier the question was sent to

    name = held("parent.parent_name")
    words = held("parent.parent_agreement", "json")  # [{"said", "at", "wording"}], the proof

    plain: ClassVar = {
        "brand": Plain(SAME, "parent.parent_agreement"),
        "state": Plain("decides; nothing may be filtered by opening it", "parent.parent_agreement"),
        "asked_at": Plain("when the parent was asked", "parent.parent_agreement"),
        "said_at": Plain("when the parent answered", "parent.parent_agreement"),
    }


class Tries(models.Model):
    """How often something was tried from one network address or for one account, today."""

    mark = models.BinaryField(primary_key=True, max_length=32)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    nobodys: ClassVar = "a keyed hash with a key of the day; deleted after a day"
    plain: ClassVar = {"last_at": "a moment"}
