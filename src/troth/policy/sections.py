"""The sections about what we do: collect, cookies, use, share, places.

Each is written from rules, so that a sentence cannot outlive the line it stands on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .book import items_of
from .document import Block, Row, Sentence, Table, bullets, cell, cells_of
from .nouns import Cookie, Purpose, Recipient, in_force
from .question import shields_of
from .rules import CONSENT
from .view import View
from .wording import listed, say_day, sentence

ROLE_NAMES = {
    "processor": "works for us, on our instructions",
    "controller": "decides for itself what it does with it",
    "joint": "decides together with us",
    "authority": "has a legal power to ask",
    "public": "anyone may see it",
}
FORM_NAMES = {
    "hashed": ", as codes that hide the address",
    "pseudonymous": ", under a code instead of your name",
    "synthetic": ", as made-up data like it",
    "statistics": ", as totals that describe no one",
}
EXEMPT_NAMES = {
    "transmission": "Carries the page to you",
    "necessary": "The site cannot work without it",
    "emergency": "Helps in an emergency",
}
LEARNED = {
    "provided": "You tell us",
    "observed": "We see it",
    "inferred": "We work it out",
    "received": "Others tell us",
}


def collect(view: View) -> Iterator[Block]:
    """When we collect, what we hold and for how long."""
    sources = {name: s for name, s in view.policy.sources.items() if in_force(s, view.on)}
    when = tuple(
        (
            cell(_when(view, name), f"sources.{name}"),
            cell(listed(view.labels(made.takes)), f"sources.{name}"),
            cell(LEARNED[made.provenance], f"sources.{name}"),
        )
        for name, made in sources.items()
    )
    yield Table("When we collect, and what", ("When", "What", "How we learn it"), when, "sources")
    yield Table("What we hold, and for how long", ("What", "In detail", "How long"), tuple(_held(view)), "data")
    told = [(f"{view.named('sources', n)}: within {m.tell}", f"sources.{n}.tell") for n, m in sources.items() if m.tell]
    yield from bullets("Where others tell us about you, we tell you so:", told)
    asking = [view.named("sources", name) for name, made in sources.items() if made.parent]
    if asking:
        say = f"If you are under {view.policy.about.adult_from}, a parent agrees before you {listed(asking, 'or')}."
        yield Sentence(say, "policy.adult_from")


def _when(view: View, name: str) -> str:
    yours = view.policy.sources[name].provenance in ("provided", "observed")
    return f"when you {view.named('sources', name)}" if yours else view.named("sources", name)


def _held(view: View) -> Iterator[Row]:
    for name, data in view.policy.data.items():
        then = ", then it is made anonymous" if data.then == "anonymise" else ""
        why = [(data.because, f"data.{name}.because")] if data.because else []
        yield (
            cell(view.named("data", name), f"data.{name}"),
            cell(listed([item.say for _, item in items_of(data.items)]), f"data.{name}.items"),
            cells_of([(f"{data.keep.say()}{then}", f"data.{name}.keep"), *why]),
        )


def cookies(view: View) -> Iterator[Block]:
    """Everything stored on a device, and who has a say over it."""
    stored = [(n, c, made) for n, p in view.purposes.items() for c, made in p.cookies.items()]
    if stored:
        head = ("Name", "What it does", "Who sets it", "How long", "Your say")
        yield Table(
            "Everything we may leave on your device", head, tuple(_cookie(view, *one) for one in stored), "registry"
        )
        asked = [name for name, _, made in stored if not made.exempt and view.level("use", name) == CONSENT]
        if asked:
            say = "Nothing that needs your yes is set before you give it, and saying no is as easy as saying yes."
            yield Sentence(say, f"purposes.{asked[0]}")
    signals = [(view.named("choices", n), f"choices.{n}.signal") for n, c in view.policy.choices.items() if c.signal]
    yield from bullets(
        "If your browser sends the signal Global Privacy Control, we count it as a no to these:", signals
    )


def _cookie(view: View, purpose: str, name: str, made: Cookie) -> Row:
    clause = f"purposes.{purpose}.cookies.{name}"
    owner = "We do" if made.by == "us" else view.named("recipients", made.by)
    life = str(made.keep) if made.keep else "until you close the browser"
    named = cell(made.match or name, clause)._replace(lines=(Sentence(made.match or name, clause),))
    say = EXEMPT_NAMES.get(made.exempt) or view.say(purpose)
    return named, cell(made.say, clause), cell(owner, clause), cell(life, clause), cell(say, clause)


def use(view: View) -> Iterator[Block]:
    """The table everybody looks for: why, what, who, how long, your say."""
    head = ("Why", "What", "Who", "How long", "Your say")
    rows = tuple(_purpose(view, name, made) for name, made in view.purposes.items())
    yield Table("Why we use it, what, who with, how long, and your say", head, rows, "purposes")
    found = view.purposes.items()
    interests = [(f"{p.say}: {p.interest}", f"purposes.{n}.interest") for n, p in found if p.interest]
    yield from bullets("Where we rest on our own interest, it is this:", interests)
    automated = [(f"{p.say}: {p.logic}" if p.logic else p.say, f"purposes.{n}.human") for n, p in found if p.human]
    yield from bullets("A computer helps decide here, and a person looks again whenever you ask:", automated)
    walls = [
        (
            f"{view.named('data', n)}: only to {listed([view.named('purposes', p) for p in d.only_for])}",
            f"data.{n}.only_for",
        )
        for n, d in view.policy.data.items()
        if d.only_for
    ]
    yield from bullets("Some things serve one end only:", walls)
    for name, purpose in view.policy.purposes.items():
        if purpose.basis == "none":
            yield Sentence(sentence(purpose.say), f"purposes.{name}")


def _purpose(view: View, name: str, made: Purpose) -> Row:
    clause = f"purposes.{name}"
    who = view.recipients(made.recipients) if made.recipients else "no one else"
    return (
        cell(made.say, clause),
        cell("whatever the case needs" if "*" in made.uses else listed(view.labels(made.uses)), f"{clause}.uses"),
        cell(who, f"{clause}.to" if made.recipients else clause),
        cells_of(_periods(view, made)),
        cell(view.say(name), clause),
    )


def _periods(view: View, made: Purpose) -> Iterator[tuple[str, str]]:
    """Say how long, once for all categories that share a period."""
    if "*" in made.uses:
        yield "as long as each kind of data is held", "data"
        return
    used = {item.partition(".")[0] for item in view.compiled.book.items(made.uses)}
    periods: dict[str, list[str]] = {}
    for name in view.policy.data:
        if name in used:
            periods.setdefault(view.policy.data[name].keep.say(), []).append(name)
    for say, names in periods.items():
        which = "" if len(periods) == 1 else f"{listed([view.named('data', name) for name in names])}: "
        yield f"{which}{say}", f"data.{names[0]}.keep"


def share(view: View) -> Iterator[Block]:
    """Who receives data, in what role, why, and the walls around it."""
    rows = tuple(_recipient(view, n, who) for n, who in view.policy.recipients.items() if in_force(who, view.on))
    yield Table("Who may receive your data", ("Who", "In what role", "Why"), rows, "recipients")
    for name, data in view.policy.data.items():
        label = view.named("data", name)
        if data.only_to:
            yield Sentence(
                sentence(f"{label}: only to {view.recipients(data.only_to)}, nobody else"), f"data.{name}.only_to"
            )
        if "disclose" in data.never:
            yield Sentence(sentence(f"{label}: never handed to anyone"), f"data.{name}.never")
    for name, who in view.policy.recipients.items():
        if who.at_least:
            say = f"A figure we share never describes fewer than {who.at_least} people."
            yield Sentence(say, f"recipients.{name}.at_least")
        if who.needs and who.role == "authority":
            say = f"{view.named('recipients', name)}: only with {listed(who.needs)}"
            yield Sentence(sentence(say), f"recipients.{name}.needs")


def _recipient(view: View, name: str, who: Recipient) -> Row:
    clause = f"recipients.{name}"
    named = view.named("recipients", name)
    said = f"{named} ({listed(who.who)})" if who.who and who.who != (named,) else named
    own = "; it may keep a record of its own" if who.keeps_record else ""
    served = [(f"to {p.say}", f"purposes.{n}.to") for n, p in view.purposes.items() if name in p.recipients]
    role = f"{ROLE_NAMES[who.role]}{FORM_NAMES.get(who.form, '')}{own}"
    return cell(said, clause), cell(role, clause), cells_of(served or [("nothing today", clause)])


def places(view: View) -> Iterator[Block]:
    """Where data goes, and what protects it there."""
    transfers = view.compiled.book.packs[view.region].transfers
    home = transfers.home if transfers else ()
    gone = [
        (view.atlas.name(country), name, country)
        for name, who in view.policy.recipients.items()
        for country in who.countries
        if country != "*" and country not in home
    ]
    if gone:
        rows = tuple(_transfer(view, *one) for one in sorted(gone))
        yield Table("Data that leaves home, and under what", ("Where", "Who", "What protects it"), rows, "transfers")
    else:
        yield Sentence("What we hold stays at home: no recipient works anywhere else.", "recipients")
    abroad = dict.fromkeys(country for _, _, country in sorted(gone))
    powers = [(view.atlas.access(country), "recipients") for country in abroad if view.atlas.access(country)]
    yield from bullets("What authorities there may lawfully ask for:", powers)


def _transfer(view: View, label: str, name: str, country: str) -> Row:
    who, transfers = view.policy.recipients[name], view.compiled.book.packs[view.region].transfers
    shields = shields_of(who, country)
    cite, say = (
        transfers.explained(country, shields, view.on) if transfers else ("", "no special rule under the law here")
    )
    ends = [shield.until for shield in shields if shield.until]
    ground = f"{say}{f' ({cite})' if cite else ''}{f'; until {say_day(min(ends))}' if ends and cite else ''}"
    clause = f"recipients.{name}.shield" if shields else f"recipients.{name}.in"
    return (
        cell(label, f"recipients.{name}.in"),
        cell(view.named("recipients", name), f"recipients.{name}"),
        cell(ground, clause),
    )


WRITERS: dict[str, Callable[[View], Iterator[Block]]] = {
    "collect": collect, "cookies": cookies, "use": use, "share": share, "places": places,
}  # fmt: skip
