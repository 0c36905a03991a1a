"""A packet to take away: one JSON file, one page that reads well and needs nothing else, the receipts, in a ZIP."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string

from troth.ledger import actions as ledger
from troth.policy.wording import say_day

from .seeing import Packet, Thing

FORMAT = "troth-packet-1"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same bytes for the same content


def as_json(packet: Packet) -> bytes:
    """Return the packet for machines (GDPR art. 20): UTF-8, keys sorted."""
    told = {
        "format": FORMAT, "person": packet.person, "at": packet.at, "policy": packet.policy,
        "held": [{name: getattr(thing, name) for name in Thing.__slots__} for thing in packet.things],
        "acts": [{"number": number, **entry} for number, entry in packet.acts],
    }  # fmt: skip
    return (json.dumps(told, ensure_ascii=False, sort_keys=True, default=_plain) + "\n").encode()


def _plain(value: object) -> Any:  # noqa: ANN401 -- JSON is any of these
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(type(value).__name__)


def as_page(packet: Packet) -> str:
    """Return the packet for people: one self-contained page."""
    ordered = sorted(packet.things, key=lambda thing: (thing.item, thing.row))
    groups = [
        (name, [_shown(thing) for thing in some]) for name, some in groupby(ordered, lambda t: t.item.partition(".")[0])
    ]
    acts = [(say_day(datetime.fromisoformat(entry["at"]).date()), told(entry)) for _, entry in reversed(packet.acts)]
    return render_to_string("rights/packet.html", {"groups": groups, "acts": acts, "at": say_day(packet.at.date())})


def _shown(thing: Thing) -> dict[str, str]:
    value = thing.value
    if isinstance(value, dict):
        value = ", ".join(str(part) for part in value.values() if part)
    elif isinstance(value, list):
        value = ", ".join(map(str, value))
    elif isinstance(value, datetime | date):
        value = say_day(value.date() if isinstance(value, datetime) else value)
    return {
        "say": thing.say, "value": str(value), "source": thing.source.replace("_", " "),
        "seen": say_day(thing.seen_at.date()) if thing.seen_at else "",
        "gone": say_day(thing.gone_by) if thing.gone_by else "",
    }  # fmt: skip


def told(entry: dict[str, Any]) -> str:
    """Return one entry of the ledger in plain words."""
    what = {
        "collect": "taken in",
        "use": "used",
        "contact": "a message",
        "disclose": "handed over",
        "publish": "shown",
        "keep": "kept or deleted",
    }
    items = ", ".join(item.partition(".")[2].replace("_", " ") for item in entry.get("items", [])) or "nothing"
    to = f" to {entry['to'].replace('_', ' ')}" if entry.get("to") else ""
    purpose = f" for {entry['purpose'].replace('_', ' ')}" if entry.get("purpose") else ""
    by = f", by {entry['actor']}" if entry.get("actor") not in (None, "system", "person") else ""
    verdict = "" if entry["allowed"] or entry["verb"] == "keep" else f": refused ({entry.get('clause', '')})"
    return f"{items}: {what[entry['verb']]}{to}{purpose}{by}{verdict}"


def as_zip(packet: Packet) -> bytes:
    """Return everything in one file. Equal packets give equal bytes."""
    files = {"READ ME.txt": README.encode(), "data.json": as_json(packet), "data.html": as_page(packet).encode()}
    for number, _ in packet.acts:
        try:
            made = ledger.receipt(number)
        except LookupError:
            continue  # not sealed yet; it will be in the next packet
        files[f"receipts/{number}.json"] = (json.dumps(made, ensure_ascii=False, indent=1) + "\n").encode()
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
"""
