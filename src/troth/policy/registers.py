"""The registers a policy compiles to: record of processing, choices, cookies, store labels, disclosures, data map.

Each is a tuple of frozen rows that name the line they rest on. What people must be asked, and what a wall holds back,
is the engine's answer: no rule is written here a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from .book import controller_of
from .demands import Case, contracts, representative, retention
from .engine import Compiled
from .flows import OTHERS, SOLD, Flow, anywhere, bringing, categories, flows, lately, said, through
from .labels import label_tables
from .law import ANYWHERE, LawPack
from .nouns import Purpose, Source, in_force
from .question import shields_of
from .rows import (
    AppleLabel,
    Disclosure,
    Edge,
    GoogleLabel,
    Labels,
    Processing,
    Slot,
    Stored,
    Transfer,
    to_csv,
    to_json,
    to_table,
)
from .sections_yours import section_of, stands
from .slots import MODES, choices_grid, cookie_table
from .view import View
from .wording import listed, say_day

HIGH_RISK = {"profiling", "automated", "credit", "children", "location", "matching"}  # GDPR art. 35(3), WP 248
SENSITIVE = ("sensitive", "location", "secret")  # Cal. Civ. Code 1798.140(ae)
PEOPLE = {
    "provided": "customers and others who turn to us",
    "observed": "visitors to our places",
    "inferred": "customers and visitors we draw conclusions about",
    "received": "people others tell us about",
}
YEAR = timedelta(days=366)


# -- the record of processing -----------------------------------------------------------------------------------------


def ropa(compiled: Compiled, on: date, seen: frozenset[str] = frozenset()) -> tuple[Processing, ...]:
    """Return the record of processing: a row a purpose in force and controller. Source: GDPR art. 30(1).

    Basis, source, assessment and choice are more than the article asks for: it is what the ICO looks for.
    """
    policy = compiled.policy
    controllers: dict[str, list[str]] = {}
    for brand, made in policy.brands.items():
        if in_force(made, on):
            controllers.setdefault(controller_of(policy, brand), []).append(brand)
    views = [(View(compiled, brands[0], ANYWHERE, on, seen=seen), brands) for brands in controllers.values()]
    return tuple(_processing(view, brands, name) for view, brands in views for name in view.purposes)


def _processing(view: View, brands: Sequence[str], name: str) -> Processing:
    made, about = view.policy.purposes[name], view.policy.about
    items = through(view, "use", name, made.uses)
    given = flows(view, {name: made}, view.on)
    sources = {n: s for n, s in bringing(view, items).items() if s.begin <= view.on}
    moves = tuple(move for flow in given for move in _transfers(view, flow))
    return Processing(
        purpose=name,
        say=made.say,
        was=made.was,
        controller=view.controller,
        brands=tuple(view.named("brands", brand) for brand in brands),
        joint=tuple(_who(view, flow) for flow in given if flow.who.role == "joint"),
        representatives=tuple(f"{law}: {who}" for law, who in about.representatives.items()),
        officer=about.officer,
        basis=made.basis or "choice",
        choices=tuple(f"choices.{choice}" for choice in made.choice),
        interest=made.interest,
        assessed=made.assessed,
        review=made.review,
        people=people(made, sources.values()),
        data=tuple(view.labels(items)),
        sources=tuple(view.named("sources", source) for source in sources),
        recipients=tuple(_who(view, flow) for flow in given),
        transfers=moves,
        erasure=tuple(_erasure(view, made, items)),
        security=tuple(_security(view, made, items)),
        gaps=tuple(_gaps(view, name, items, given, moves)),
        clause=f"purposes.{name}",
    )


def people(purpose: Purpose, sources: Iterable[Source]) -> tuple[str, ...]:
    """Return the kinds of people a purpose is about (art. 30(1)(c)).

    The policy has no word for them, so they follow from how their data comes: told by themselves, seen, or received
    from others; and from the kind of purpose.
    """
    found = {source.provenance for source in sources}
    young = ["children and their parents"] if "children" in purpose.kind else []
    return (*(say for provenance, say in PEOPLE.items() if provenance in found), *young)


def _who(view: View, flow: Flow) -> str:
    names = f" ({listed(flow.who.who)})" if flow.who.who else ""
    return f"{view.named('recipients', flow.to)}{names}, {flow.who.role}, in {listed(flow.who.countries)}"


def _erasure(view: View, made: Purpose, items: frozenset[str]) -> Iterator[str]:
    for name in categories(view, items):
        data = view.policy.data[name]
        then = ", then made anonymous" if data.then == "anonymise" else ""
        yield f"{view.named('data', name)}: {data.keep.say()}{then}"
    if made.retains:
        yield f"kept even after a request to erase: {listed(view.labels(made.retains))}"


def _security(view: View, made: Purpose, items: frozenset[str]) -> Iterator[str]:
    """Yield what protects the data: its form and handling, then the policy's statements on safeguards in force."""
    if made.form != "plain":
        yield f"{made.form} data only"
    for name in categories(view, items):
        if handle := view.policy.data[name].handle:
            yield f"{view.named('data', name)}: {listed(handle)}"
    for claim in view.policy.statements.values():
        if section_of(claim) == "safeguards" and not claim.question and stands(view, claim):
            yield claim.say


def _transfers(view: View, flow: Flow) -> Iterator[Transfer]:
    if flow.who.form == "statistics":
        return
    for country in flow.who.countries:
        for pack in view.compiled.book.packs.values():
            if pack.transfers and country != "*":
                yield from _transfer(view, flow, country, pack)


def _transfer(view: View, flow: Flow, country: str, pack: LawPack) -> Iterator[Transfer]:
    law, shields = pack.transfers, shields_of(flow.who, country)
    if law is None or (ground := law.ground(country, shields, view.on)) == law.cite:
        return  # home, or a law that is not in force
    name = view.named("recipients", flow.to)
    if law.ground(country, (), view.on):
        ends = [one.end for one in law.adequate if country in one.to and in_force(one, view.on)]
        until = min(ends, default=date.max)
        yield Transfer(name, country, pack.name, ground, "", until if until < date.max else None)
        return
    shield = next((one for one in shields if law.ground(country, (one,), view.on)), None)
    papers = listed([*filter(None, (shield.ref or shield.scheme, shield.assessed))]) if shield else ""
    yield Transfer(name, country, pack.name, ground, papers, shield.until if shield else None)


def _gaps(
    view: View, name: str, items: frozenset[str], given: Sequence[Flow], moves: Sequence[Transfer]
) -> Iterator[str]:
    """Yield what the row lacks. Demands the law packs know are asked of them."""
    made, case = view.policy.purposes[name], Case(view.compiled, view.on)
    if made.basis == "interest" and not made.interest:
        yield "rests on an interest, and does not say which (art. 13(1)(d))"
    if HIGH_RISK & view.compiled.book.kinds[name] and not made.assessed:
        yield "no impact assessment (art. 35(3))"
    if made.review and made.review <= view.on:
        yield f"the assessment was due for review on {say_day(made.review)} (art. 35(11))"
    loose = {clause.removeprefix("recipients.") for clause in contracts(case)}
    loose |= {flow.to for flow in given if flow.who.role == "joint" and not flow.who.contract}
    yield from (f"{view.named('recipients', f.to)}: no contract in force (art. 26, 28)" for f in given if f.to in loose)
    yield from (f"{move.to}: no ground for {move.country} under {move.law}" for move in moves if not move.ground)
    endless = set(retention(case))
    for category in categories(view, items):
        if f"data.{category}.keep" in endless:
            yield f"{view.named('data', category)}: no retention (art. 30(1)(f))"
    known = frozenset().union(*(view.compiled.book.items(s.takes) for s in view.policy.sources.values()))
    if bare := sorted(items - known):
        yield f"no source: {listed(view.labels(bare))}"
    for pack in view.compiled.book.packs.values():
        asked = any(one.check == "representative is named" and one.in_force(view.on) for one in pack.demands)
        if asked and [*representative(case._replace(pack=pack))]:
            yield f"no representative under {pack.name} (art. 27)"


# -- what else is listed ----------------------------------------------------------------------------------------------


def disclosure_categories(compiled: Compiled, on: date) -> tuple[Disclosure, ...]:
    """Return what was collected, disclosed, and sold or shared in the twelve months up to `on`, category by category.

    Sold or shared: a third party gets it for a purpose of the kind adverts or sale, whether or not people must first
    say yes. All else is disclosed for a business purpose; statistics describe no one and are neither.
    Source: Cal. Civ. Code 1798.110(c), 1798.115(c), 1798.130(a)(5); 11 CCR 7011(e).
    """
    view = anywhere(compiled, on)
    live = {n: p for n, p in view.policy.purposes.items() if p.uses and lately(p, on - YEAR, on)}
    used = {name: through(view, "use", name, made.uses) for name, made in live.items() if "*" not in made.uses}
    given = [flow for flow in flows(view, live, on - YEAR) if flow.who.form != "statistics"]
    return tuple(_disclosure(view, category, used, given) for category in view.policy.data)


def _disclosure(view: View, category: str, used: Mapping[str, frozenset[str]], given: Sequence[Flow]) -> Disclosure:
    data, items = view.policy.data[category], view.compiled.book.items([category])
    here = [flow for flow in given if flow.items & items]
    kinds = view.compiled.book.kinds
    sold = [flow for flow in here if flow.who.role in OTHERS and SOLD & kinds[flow.purpose]]
    sources = {n: s for n, s in bringing(view, items).items() if lately(s, view.on - YEAR, view.on)}
    return Disclosure(
        view.named("data", category),
        said(view, items),
        data.care in SENSITIVE,
        tuple(view.named("sources", name) for name in sources),
        tuple(view.policy.purposes[name].say for name, some in used.items() if some & items),
        tuple(dict.fromkeys(view.named("recipients", flow.to) for flow in here if flow not in sold)),
        tuple(dict.fromkeys(view.named("recipients", flow.to) for flow in sold)),
        data.keep.say(),
        f"data.{category}",
    )


def data_map(compiled: Compiled, on: date) -> tuple[Edge, ...]:
    """Return every step data takes on a day: source, data, purpose, recipient, place."""
    return tuple(_edges(anywhere(compiled, on)))


def _edges(view: View) -> Iterator[Edge]:
    book = view.compiled.book
    for name, source in view.policy.sources.items():
        if in_force(source, view.on):
            yield from _by_category(view, book.items(source.takes), f"sources.{name}", "")
    for name, purpose in view.purposes.items():
        yield from _by_category(view, through(view, "use", name, purpose.uses), "", f"purposes.{name}")
    receiving = flows(view, view.purposes, view.on)
    for flow in receiving:
        clause = f"purposes.{flow.purpose}"
        yield Edge(clause, f"recipients.{flow.to}", said(view, flow.items), clause)
    for to, who in {flow.to: flow.who for flow in receiving}.items():
        for country in who.countries:
            yield Edge(f"recipients.{to}", f"places.{country}", (), f"recipients.{to}")


def _by_category(view: View, items: frozenset[str], begin: str, end: str) -> Iterator[Edge]:
    """Yield the steps to or from each category: the end left empty is the category."""
    for category in categories(view, items):
        some, data = items & view.compiled.book.items([category]), f"data.{category}"
        yield Edge(begin or data, end or data, said(view, some), begin or end)


__all__ = [
    "MODES", "AppleLabel", "Disclosure", "Edge", "GoogleLabel", "Labels", "Processing", "Slot", "Stored", "Transfer",
    "choices_grid", "cookie_table", "data_map", "disclosure_categories", "label_tables", "ropa", "to_csv", "to_json",
    "to_table",
]  # fmt: skip
