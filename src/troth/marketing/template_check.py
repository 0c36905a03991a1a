"""What the words of a campaign must hold, and must not, before anybody is counted for it. Pure.

    problems(Draft("email", marketing=True, subject="…", text="… {stop} … {sender}, {address}"), compiled)

Source: R25, R67, R70; PECR regs 22-24; CAN-SPAM; CNIL on open tracking; ICO on promotional content in service messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from troth.policy import Compiled

FIELDS: Final = {
    "name": "what they are called; write {name|reader}, so that something stands there where we know no name",
    "sender": "which brand and company writes",
    "address": "its postal address",
    "stop": "the way out, as this channel has it",
    "why": "the page that says why they got it",
    "choices": "the page with all their choices",
}
NEEDS: Final = {  # what each channel's marketing must show
    "email": ("sender", "address", "stop", "why"),
    "sms": ("sender", "stop"),
    "phone": ("sender", "stop"),
    "post": ("sender", "address", "stop", "why"),
    "chat": ("sender", "stop"),
}
SUBJECTS: Final = ("email", "post")
MOST: Final = {"email": 20_000, "sms": 300, "phone": 3_000, "post": 3_000, "chat": 400}  # characters
TRIGGERS: Final = ("order", "case", "safety", "legal")  # what a service message may be about (R70)
FIELD: Final = re.compile(r"\{(\w*)(?:\|([^{}|]{1,40}))?\}")
TAG: Final = re.compile(r"<\s*/?\s*[A-Za-z!]")
LINK: Final = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s<>\"]+|\bwww\.[^\s<>\"]+")
PLAIN_TAGS: Final = frozenset({"utm_source", "utm_medium", "utm_campaign", "utm_content", "page", "size", "colour"})
PROMOTES: Final = re.compile(
    r"\d\s*%\s*(?:off|discount)|\b(?:special|latest|exclusive|limited)\s+offers?\b|\bon\s+offer\b|\bdiscounts?\b|\bsales?\b"
    r"|\bvouchers?\b|\bcoupons?\b|\bpromo(?:tion(?:al)?|\s*code)?s?\b|\bshop\s+now\b|\bbuy\s+(?:now|one|more)\b"
    r"|\bnew\s+(?:collection|season|arrivals?|in)\b|\byou\s+(?:may|might)\s+also\s+like\b|\brecommended\s+for\s+you\b"
    r"|\bbestsellers?\b|\bfree\s+(?:gift|delivery)\b|\bsave\s+(?:\S+\s+)?[£$€]?\d|\brefer\s+a\s+friend\b|\btreat\s+yourself\b"
    r"|\bdon.t\s+miss\b|\bwhile\s+stocks\s+last\b",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """The words of a campaign, before anybody's name is in them."""

    channel: str
    marketing: bool
    subject: str
    text: str
    trigger: str = ""


def problems(draft: Draft) -> tuple[str, ...]:
    """Return a sentence for each thing that is wrong with a draft; nothing if it may be sent."""
    found = (
        *_shape(draft),
        *_fields(draft),
        *_links(draft),
        *(_marketing(draft) if draft.marketing else _service(draft)),
    )
    return tuple(dict.fromkeys(found))


def _shape(draft: Draft) -> Iterator[str]:
    most = MOST.get(draft.channel, 0)
    if not draft.text.strip():
        yield "There are no words yet."
    if len(draft.text) > most:
        yield f"That is longer than {most:,} characters, the most that goes by {draft.channel}."
    if draft.channel in SUBJECTS and not draft.subject.strip():
        yield "It needs a subject."
    if not draft.subject.isprintable():
        yield "A subject is one line of signs that can be seen."
    if any(ord(sign) < 32 and sign not in "\n\t" for sign in draft.text):
        yield "The text holds signs that cannot be seen: type it anew."
    if TAG.search(draft.text) or TAG.search(draft.subject):
        yield (
            "Write plain words and whole links: we make the page from them. A picture or a tag fetched from elsewhere "
            "would tell who opened it, and nobody was asked about that here."
        )


def _fields(draft: Draft) -> Iterator[str]:
    for name, instead in FIELD.findall(draft.text + draft.subject):
        if name not in FIELDS:
            yield f"There is no field {{{name}}}. There are: {', '.join(FIELDS)}."
        elif name == "name" and not instead:
            yield "Say what stands where we know no name: {name|reader}."
        elif name != "name" and instead:
            yield f"{{{name}}} always has a value: write it without a second word."
    if re.search(r"[{}]", FIELD.sub("", draft.text + draft.subject)):
        yield "A brace stands alone. Fields are written as {stop}."


def _links(draft: Draft) -> Iterator[str]:
    """A link carries no identity: there is no question in the policy to which somebody could have said yes (R25)."""
    for link in LINK.findall(draft.text):
        try:
            parts = urlsplit(link if "://" in link else f"https://{link}")
            tags = parse_qsl(parts.query, keep_blank_values=True)
        except ValueError:
            yield "One of the links cannot be read."
            continue
        if parts.scheme != "https":
            yield "Links begin with https://."
        if parts.username or parts.password:
            yield "A link with a name or password before the host misleads: take it out."
        strange = sorted({name for name, value in tags if name not in PLAIN_TAGS or len(value) > 40})
        if strange or "{" in link:
            yield (
                "A link may carry no more than which campaign it is of (utm_source, utm_medium, utm_campaign, "
                f"utm_content). Take out: {', '.join(strange)[:80] or 'the field in it'}."
            )


def _marketing(draft: Draft) -> Iterator[str]:
    there = {name for name, _ in FIELD.findall(draft.text)}
    for name in NEEDS.get(draft.channel, ()):
        if name not in there:
            yield f"Each message of this kind shows {FIELDS[name]}: put {{{name}}} into the text."
    if draft.channel not in NEEDS:
        yield f"There is no way to send anything by {draft.channel or 'no channel'}."


def _service(draft: Draft) -> Iterator[str]:
    if draft.trigger not in TRIGGERS:
        yield f"A service message is about one of these: {', '.join(TRIGGERS)}. Say which."
    found = PROMOTES.search(f"{draft.subject}\n{draft.text}")
    if found:
        yield f'"{found[0]}" sells. What sells is marketing, whatever else it says: take it out, or send it as news.'


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its fields filled in, in one pass: what a value holds is never read as a field.

    >>> filled("Dear {name|reader}, {stop}", {"name": "", "stop": "Reply STOP"})
    'Dear reader, Reply STOP'
    """
    return FIELD.sub(lambda found: values.get(found[1], "") or found[2] or "", text)


def called(name: object) -> str:
    r"""Return a name as a greeting may hold it; nothing for one that is none.

    >>> called("Ada\\n Marlow"), called("see https://x.example"), called(None)
    ('Ada Marlow', '', '')
    """
    plain = " ".join(str(name or "").split())
    fine = plain.isprintable() and len(plain) <= 60 and not re.search(r"[/@<>{}\\]|\bwww\.", plain)
    return plain if fine else ""


def sender(compiled: Compiled, brand: str, company: str = "") -> str:
    """Return who writes: the brand, and the company behind it."""
    about, made = compiled.policy.about, compiled.policy.brands[brand]
    home = company or made.controller or about.controller
    entity = about.entities.get(home)
    said, name = made.say or brand.title(), (entity.say or home) if entity else home
    return said if said == name else f"{said}, {name}"


def address(compiled: Compiled, brand: str) -> str:
    """Return where a letter reaches the sender."""
    about, made = compiled.policy.about, compiled.policy.brands[brand]
    entity = about.entities.get(made.controller or about.controller)
    return made.address or (entity.address if entity else "")
