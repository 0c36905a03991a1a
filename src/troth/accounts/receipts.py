"""What is in somebody's hand when they have said something, or given us something: a record of it, with its proof.

Nothing is stored for it. A receipt is read from the entry in the log, from the answer where there is one, and from the
version of the policy both were made under, so it says the same whenever it is fetched. The log's proof travels in it.
Source: ISO/IEC TS 27560:2023, named as in the W3C community group's guide; Kantara Consent Receipt 1.1; docs/ledger.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from troth.choices.models import Event
from troth.ledger import signer
from troth.policy import Compiled
from troth.policy.dpv import BASES, PURPOSES
from troth.policy.nouns import Choice, Purpose
from troth.policy.wording import listed
from troth.rights.packet import ruling

SCHEMA: Final = "ISO/IEC TS 27560:2023"
KANTARA: Final = "KI-CR-v1.1.0"
SAID: Final = {
    "consent": "consent given", "refusal": "consent refused", "withdrawal": "consent withdrawn",
    "objection": "objection", "signal": "opt-out signal received", "signal_off": "opt-out signal ended",
    "soft": "marketing permitted by a sale", "pause": "paused", "resume": "pause ended",
    "often": "frequency chosen",
}  # fmt: skip
SENSITIVE: Final = ("sensitive", "location")
YES: Final = "eu-gdpr:A6-1-a"  # GDPR art. 6(1)(a)
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """One answer a person gave, opened: what it was about, and the words it was put in."""

    pattern: str
    kind: str
    wording: str
    place: str
    expires: datetime | None


@dataclass(frozen=True)
class Slip:
    """One entry of somebody's that is worth a receipt."""

    number: int  # in the log
    entry: Entry
    answers: tuple[Answer, ...]

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.entry["at"])

    @property
    def said(self) -> str:
        """What kind of answer it was; empty where something was given, not said."""
        return str(self.entry.get("facts", {}).get("said", ""))

    @property
    def compiled(self) -> Compiled:
        """The version of the policy it was made under."""
        return ruling(dict(self.entry))


@dataclass(frozen=True)
class Ways:
    """Addresses a receipt names: the page of the policy as it was, and where an answer is taken back."""

    notice: str
    choices: str
    home: str


def worth_one(entry: Entry) -> bool:
    """Tell whether an entry is of something said or given: what we do with it has other pages."""
    return bool(
        entry["verb"] == "collect" and entry["allowed"] and (entry.get("items") or "said" in entry.get("facts", {}))
    )


def events_of(person: UUID, entries: Iterable[Entry]) -> dict[str, list[Event]]:
    """Return somebody's answers by the moment of their entry, as the log writes it: to the millisecond."""
    wanted = {entry["at"] for entry in entries if "said" in entry.get("facts", {})}
    found: dict[str, list[Event]] = {}
    for event in Event.objects.filter(person_id=person).order_by("at", "pk") if wanted else ():
        if (moment := _moment(event.at)) in wanted:
            found.setdefault(moment, []).append(event)
    return found


def belongs(event: Event, entry: Entry) -> bool:
    """Tell whether an answer is one of those an entry was written for."""
    facts = entry.get("facts", {})
    return bool(event.kind == facts.get("said") and event.pattern in str(facts.get("to", "")).split())


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


# -- ISO/IEC TS 27560 --------------------------------------------------------------------------------------------------


def receipt(slip: Slip, ways: Ways, proof: Mapping[str, Any]) -> dict[str, Any]:
    """Return a receipt: the whole record, and what proves that it stands in the log as it was written then."""
    return {
        "schema_version": SCHEMA, "receipt_id": str(_id(slip, "receipt")), "consent_record": record(slip, ways),
        "proof": dict(proof),
    }  # fmt: skip


def record(slip: Slip, ways: Ways) -> dict[str, Any]:
    """Return the four parts of a consent record (clause 6.3): header, processing, parties, events."""
    compiled, entry = slip.compiled, slip.entry
    controller = compiled.policy.brands[entry["brand"]].controller or compiled.policy.about.controller
    return {
        "schema_version": SCHEMA, "record_id": str(_id(slip, "record")), "pii_principal_id": entry.get("subject", ""),
        "policy_digest": entry["policy"],
        "pii_processing": [_processing(slip, name, ways, controller) for name in purposes(slip)],
        "party_identification": [_controller(compiled, controller, ways), _authority(compiled)],
        "events": _events(slip),
    }  # fmt: skip


def _id(slip: Slip, what: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"{signer.ORIGIN}/{slip.number}/{what}")


def purposes(slip: Slip) -> tuple[str, ...]:
    """Return the purposes an entry is about: all that rest on what was answered, or the one something was given for."""
    policy = slip.compiled.policy
    if not slip.said:
        return (slip.entry["purpose"],) if slip.entry["purpose"] in policy.purposes else ()
    about = {answer.pattern.partition(":")[0] for answer in slip.answers}
    return tuple(
        name for name, made in policy.purposes.items()
        if made.uses and (name in about or set(made.choice) & about or ("*" in about and made.choice))
    )  # fmt: skip


def _processing(slip: Slip, name: str, ways: Ways, controller: str) -> dict[str, Any]:
    compiled, entry = slip.compiled, slip.entry
    policy, made = compiled.policy, compiled.policy.purposes[name]
    items = sorted(compiled.book.let_through(compiled.book.items(made.uses), name)) if slip.said else entry["items"]
    categories = list(dict.fromkeys(item.partition(".")[0] for item in items))
    entity = policy.about.entities.get(controller)
    home = [entity.country] if entity and entity.country else []
    given_to = [policy.recipients[one] for one in made.recipients]
    found: dict[str, Any] = {
        "privacy_notice": ways.notice, "language": policy.about.locale, "purpose": made.say,
        "purpose_type": made.dpv or PURPOSES.get(name, ""), "lawful_basis": YES if made.choice else BASES[made.basis],
        "pii_information": [_item(compiled, item) for item in items], "pii_controllers": [controller],
        "collection_method": _collected(slip), "processing_method": made.form, "storage_locations": home,
        "processing_locations": sorted({*home, *(place for one in given_to for place in one.countries)}),
        "retention_period": [f"{policy.data[one].say or one}: {policy.data[one].keep.say()}" for one in categories],
        "services": [policy.brands[entry["brand"]].say or entry["brand"]], "jurisdiction": home,
        "recipient_third_parties": [one.say or key for one, key in zip(given_to, made.recipients, strict=True)],
        "withdrawal_method": _exit(compiled, made, ways), "privacy_rights": [one.say for one in policy.rights.values()],
        "impact_assessment": made.assessed, "authority_party": "authority",
    }  # fmt: skip
    return {key: value for key, value in found.items() if value or key in MUST}


MUST: Final = frozenset({
    "privacy_notice", "language", "purpose", "pii_information", "pii_controllers", "storage_locations",
    "retention_period", "jurisdiction", "recipient_third_parties", "withdrawal_method",
})  # fmt: skip


def _item(compiled: Compiled, item: str) -> dict[str, Any]:
    care = compiled.policy.data[item.partition(".")[0]].care
    return {"pii_type": compiled.book.labels[item].say, "pii_attribute": item, "sensitive": care in SENSITIVE}


def _collected(slip: Slip) -> str:
    if slip.said:
        return listed(list(dict.fromkeys(answer.place for answer in slip.answers)))
    source = slip.compiled.policy.sources.get(slip.entry.get("source", ""))
    return (source.say if source else "") or str(slip.entry.get("source", ""))


def _exit(compiled: Compiled, made: Purpose, ways: Ways) -> str:
    some: list[Choice] = [compiled.policy.choices[name] for name in made.choice]
    ways_out = list(dict.fromkeys(way for choice in some for way in choice.exits.values()))
    officer = compiled.policy.about.officer
    page = f"on the page of your choices, {ways.choices}"
    return "; ".join([page, *ways_out]) if some else f"there is no yes to take back; write to {officer}"


def _controller(compiled: Compiled, name: str, ways: Ways) -> dict[str, str]:
    about = compiled.policy.about
    entity = about.entities.get(name)
    return {
        "party_id": name, "party_name": entity.say if entity else name,
        "party_address": (entity.address if entity else "") or name,
        "party_contact": about.officer, "party_type": "pii_controller", "party_role": "controller",
        "party_email": about.officer, "party_url": ways.home,
    }  # fmt: skip


def _authority(compiled: Compiled) -> dict[str, str]:
    name = compiled.policy.about.authority
    return {
        "party_id": "authority", "party_name": name, "party_address": name, "party_contact": name,
        "party_type": "authority", "party_role": "supervisory authority",
    }  # fmt: skip


def _events(slip: Slip) -> list[dict[str, str]]:
    entry, who = slip.entry, slip.entry.get("subject", "")
    if not slip.said:
        source = slip.compiled.policy.sources.get(entry.get("source", ""))
        state = "notice given" if source and source.provenance in ("provided", "observed") else "received"
        return [{
            "event_time": entry["at"], "validity_duration": "until its period ends", "entity_id": who,
            "event_type": "notice", "event_state": state, "event_scope": entry["purpose"],
        }]  # fmt: skip
    return [
        {
            "event_time": entry["at"],
            "validity_duration": _moment(one.expires) if one.expires else "until it is taken back",
            "entity_id": who if entry.get("actor") == "person" else str(entry.get("actor", "")),
            "event_type": "expressed" if one.kind in ("signal", "signal_off", "soft") else "explicit",
            "event_state": SAID[one.kind], "event_scope": one.pattern, "event_wording": one.wording,
        }
        for one in slip.answers
    ]  # fmt: skip


# -- Kantara 1.1: the same, for older readers --------------------------------------------------------------------------


def kantara(slip: Slip, ways: Ways, proof: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same as a Kantara consent receipt. A view: what it cannot say is left to the other file."""
    whole = record(slip, ways)
    company = whole["party_identification"][0]
    items = [one for made in whole["pii_processing"] for one in made["pii_information"]]
    labels = slip.compiled.book.labels
    sensitive = sorted({labels[one["pii_attribute"]].say for one in items if one["sensitive"]})
    return {
        "version": KANTARA, "jurisdiction": _first(whole["pii_processing"], "jurisdiction", "GB"),
        "consentTimestamp": int(slip.at.timestamp()), "collectionMethod": _collected(slip),
        "consentReceiptID": str(_id(slip, "receipt")), "publicKey": str(proof.get("key", "")),
        "language": slip.compiled.policy.about.locale, "piiPrincipalId": whole["pii_principal_id"],
        "piiControllers": [{
            "piiController": company["party_name"], "contact": company["party_contact"],
            "email": company["party_email"],
            "address": {"streetAddress": company["party_address"]}, "phone": _phone(slip),
            "piiControllerUrl": company["party_url"], "onBehalf": False,
        }],
        "policyUrl": ways.notice,
        "services": [{
            "service": slip.compiled.policy.brands[slip.entry["brand"]].say or slip.entry["brand"],
            "purposes": [
                _purpose(slip, name, made)
                for name, made in zip(purposes(slip), whole["pii_processing"], strict=True)
            ],
        }],
        "sensitive": bool(sensitive), "spiCat": sensitive, "proof": dict(proof),
    }  # fmt: skip


def _purpose(slip: Slip, name: str, made: Mapping[str, Any]) -> dict[str, Any]:
    given = made["recipient_third_parties"]
    kinds = {"consent": "EXPLICIT", "soft": "IMPLICIT"}
    return {
        "purpose": made["purpose"], "purposeCategory": [made.get("purpose_type") or name],
        "consentType": kinds.get(slip.said, f"{SAID.get(slip.said, 'no consent needed')}").upper(),
        "piiCategory": [one["pii_type"] for one in made["pii_information"]],
        "primaryPurpose": slip.compiled.policy.purposes[name].basis == "contract",
        "termination": made["withdrawal_method"], "thirdPartyDisclosure": bool(given), "thirdPartyName": listed(given),
    }  # fmt: skip


def _phone(slip: Slip) -> str:
    lines: Mapping[str, str] = slip.compiled.policy.brands[slip.entry["brand"]].lines
    return lines.get("default", "")


def _first(some: Sequence[Mapping[str, Any]], key: str, otherwise: str) -> str:
    return next((str(one[key][0]) for one in some if one[key]), otherwise)
