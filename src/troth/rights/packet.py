"""A packet to take away: one JSON file, one page that reads well and needs nothing else, the receipts, in a ZIP."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby, islice
from typing import Any

import msgspec
from django.template.loader import render_to_string

from troth.doors import policies
from troth.ledger import actions as ledger
from troth.policy import Compiled
from troth.policy.acts import FLAGS
from troth.policy.wording import listed, say_day

from .seeing import Holding, Packet, named
from .telling import day_of, told

FORMAT = "troth-packet-1"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same bytes for the same content
COPIES = ("Folded",)  # worked out from other rows that are on the page; in the data they stand all the same
Entry = dict[str, Any]


def as_json(packet: Packet) -> bytes:
    """Return the packet for machines (GDPR art. 20): UTF-8. README says what its names mean."""
    labels = packet.compiled.book.labels
    items = sorted(set[str]().union(*(row.values for row in packet.held)))
    whole = {
        "format": FORMAT, "person": packet.person, "at": packet.at, "policy": packet.compiled.digest,
        "items": {i: {"say": labels[i].say, "category": _category(i, packet.compiled)} for i in items},
        "held": packet.held,
        "acts": [{"number": number, **entry} for number, entry in packet.acts],
        "disclosures": [number for number, _ in packet.disclosures], "looks": [number for number, _ in packet.looks],
    }  # fmt: skip
    return msgspec.json.encode(whole) + b"\n"


def as_page(packet: Packet) -> str:
    """Return the packet for people: one self-contained page."""
    return render_to_string("rights/packet.html", shown(packet))


def shown(packet: Packet, latest: int | None = None) -> dict[str, Any]:
    """Return what a page of the packet shows: each item by category, and the acts, or only the `latest` of them."""
    lines = sorted(
        ((item, row) for row in packet.held if row.model not in COPIES for item in row.values),
        key=lambda line: (line[0], line[1].row),
    )
    groups = [
        (name, _category(f"{name}.", packet.compiled), [_shown(*line, packet.compiled) for line in some])
        for name, some in groupby(lines, lambda line: line[0].partition(".")[0])
    ]
    lists = (
        ("given", "Who received any of it", packet.disclosures, "Nobody outside our companies."),
        ("looks", "Who of us looked", packet.looks, "Nobody of our staff."),
        ("acts", "Everything that was decided", packet.acts, "Nothing yet."),
    )
    said = [(key, title, list(islice(_told(acts), latest)), none) for key, title, acts, none in lists]
    return {"groups": groups, "lists": said, "at": say_day(packet.at.date())}


def _told(acts: list[tuple[int, Entry]]) -> Iterator[tuple[int, str, str]]:
    """Yield the number, day and plain words of entries, newest first."""
    for number, entry in reversed(acts):
        yield number, day_of(entry), told(entry, ruling(entry))


def ruling(entry: Entry) -> Compiled:
    """Return the version of the policy an entry was decided by; the one of its day where that is not here."""
    versions = policies.archive().versions
    found = [version for version in versions if version.digest == entry.get("policy")]
    return found[-1] if found else versions[-1]


def _category(item: str, compiled: Compiled) -> str:
    name = item.partition(".")[0]
    return compiled.policy.data[name].say or name.replace("_", " ")


def _shown(item: str, row: Holding, compiled: Compiled) -> dict[str, Any]:
    """Return one line of the page: what a record holds of one item, where it came from and until when it stays."""
    gone_by = row.gone_by.get(item.partition(".")[0])
    seen = f", {say_day(row.seen_at.date())}" if row.seen_at else ""
    gone = f"gone by {say_day(gone_by)}" if gone_by else ""
    parts = [came(row.source, compiled) + seen if row.source else "", gone]
    values = [(named(item, name), written(item, value)) for name, value in row.values[item].items()]
    return {"say": compiled.book.labels[item].say, "values": values, "about": "; ".join(filter(None, parts))}


def came(name: str, compiled: Compiled) -> str:
    """Return where something came from, in the words of the policy."""
    source = compiled.policy.sources.get(name)
    if source is None or not source.say:
        return f"from {name.replace('_', ' ')}"
    return f"from {source.say}" if source.provenance in ("inferred", "received") else f"when you {source.say}"


def written(item: str, value: object) -> str:
    """Return a value as people write it."""
    if isinstance(value, str):
        return value
    if item == "consents.choice_answers" and type(value) is int:
        return listed([name for name, bit in FLAGS.items() if value & bit])
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime | date):
        return say_day(value.date() if isinstance(value, datetime) else value)
    return ", ".join(_leaves(value))


def _leaves(value: object) -> Iterator[str]:
    """Yield what stands at the ends of a value, however it is nested."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    elif value not in (None, ""):
        yield value.hex() if isinstance(value, bytes) else str(value)


def as_zip(packet: Packet) -> bytes:
    """Return everything in one file. Equal packets give equal bytes. Seal the ledger first."""
    files = {"READ ME.txt": README.encode(), "data.json": as_json(packet), "data.html": as_page(packet).encode()}
    made = ledger.receipts([number for number, _ in packet.acts])  # one that is not sealed yet is in the next packet
    for number in sorted(made):
        files[f"receipts/{number}.json"] = (json.dumps(made[number], ensure_ascii=False, indent=1) + "\n").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


README = """What is in here

data.html      everything we hold about you, to read: open it in any browser, it needs no network
data.json      the same for a program, and for another company if you take it there
receipts/      for each act with your data a proof that it stands in our log as it was written that day;
               our page /receipts/ checks them on your own device

Passwords, passkeys and answers to security questions are in none of them: nobody can read those.

The names in data.json

format         troth-packet-1
person, at     the number we know you by, and when this was made
policy         SHA-256 of the policy in force then
items          what each item is called, and the category it is in
held           one entry for each record:
  kind, row    what sort of record it is, and its own number
  source       where it came from, as our policy names it; seen_at: when
  gone_by      by category, the day by which it is gone; none while its period has not begun
  values       by item, the fields of the record and what stands in them; of a picture, its bytes in base64
acts           every decision about your data, oldest first, as it is written in our log
disclosures    the numbers of those acts by which something was handed over
looks          the numbers of those by which somebody of our staff looked
"""
