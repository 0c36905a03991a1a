"""What a policy file may not leave out or contradict. Each finding names the line and what to write instead.

Lint asks whether the policy is whole and of one piece; whether the law would overrule it is `check`'s question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from .book import Book
from .document import Page
from .engine import Compiled
from .errors import Problem, did_you_mean, quoted
from .nouns import SECTIONS, Dated
from .page import compile_page
from .statements import CHECKS

MOST_CHOICES = 4  # of one purpose
Finding = tuple[str, str, str]  # clause, what is wrong, what to do


def lint(compiled: Compiled, on: date) -> list[Problem]:
    """Return every finding, in the order of the file. An empty list means the policy is whole."""
    book = compiled.book
    found = [finding for rule in RULES for finding in rule(book)]
    if not found:  # a page is only written from a policy that is of one piece
        found = list(pages(compiled, on))
    return sorted({book.file.problem(*finding) for finding in found})


# -- data -----------------------------------------------------------------------------------------------------------


def names_are_unique(book: Book) -> Iterator[Finding]:
    """An item belongs to one category, so that its bare name means one thing."""
    policy = book.policy
    many = Counter(full.partition(".")[2] for full in book.labels)
    for full in book.labels:
        category, _, item = full.partition(".")
        if many[item] > 1:
            yield f"data.{category}.items", f"{quoted(item)} is in more than one category", "Give each its own name."
        if item in policy.data and item != category:
            yield f"data.{category}.items", f"{quoted(item)} is also the name of a category", "Rename one of them."
    for name, purpose in policy.purposes.items():
        if name in policy.choices and name not in purpose.choice:
            yield f"purposes.{name}", f"{quoted(name)} is also a choice it does not rest on", "Rename one of them."


def items_are_whole(book: Book) -> Iterator[Finding]:
    """Every item has a source and a use; its retention the loader has already asked for."""
    policy = book.policy
    brought = _union(book, (s.takes for s in policy.sources.values()))
    # "*" under a duty is whatever a case may need: it gives no item its reason to be held.
    used = _union(book, (p.uses for p in policy.purposes.values() if "*" not in p.uses or p.basis != "law"))
    for full, item in book.labels.items():
        clause = f"data.{full.partition('.')[0]}.items"
        if full not in brought:
            yield clause, f"{quoted(item.say)} has no source", "Add it to a line of [sources], or take it out."
        if full not in used:
            yield clause, f"{quoted(item.say)} has no use", 'Add it to the "uses" of a purpose, or take it out.'


def _union(book: Book, names: Iterable[tuple[str, ...]]) -> frozenset[str]:
    return frozenset().union(*(book.items(n) for n in names))


def walls_stand(book: Book) -> Iterator[Finding]:
    """A wall beats a use: a purpose does not claim what a wall keeps from it."""
    for name, purpose in book.policy.purposes.items():
        if "*" in purpose.uses:
            continue
        for category in sorted({item.partition(".")[0] for item in book.items(purpose.uses)}):
            data = book.policy.data[category]
            if data.only_for and name not in data.only_for:
                hint = f"Take {category} out of the purpose, or add {name} to the wall."
                yield (
                    f"purposes.{name}.uses",
                    f"uses {quoted(category)}, which data.{category}.only_for keeps for others",
                    hint,
                )
            if name in data.never or "use" in data.never:
                hint = f"Take {category} out of the purpose, or mend the wall."
                yield f"purposes.{name}.uses", f"uses {quoted(category)}, which data.{category}.never forbids", hint
        for to in purpose.recipients:
            who, may = book.who(to), book.receives(purpose, to) or frozenset()
            open_to = [i for i in may if not (only := book.policy.data[i.partition(".")[0]].only_to) or to in only]
            if not open_to:
                yield f"purposes.{name}.to", f"names {quoted(to)}, but walls leave it nothing", "Take it out."
            if who.only_for and name not in who.only_for:
                yield (
                    f"purposes.{name}.to",
                    f"names {quoted(to)}, which recipients.{to}.only_for keeps for others",
                    "Take it out.",
                )


# -- sources and forms ----------------------------------------------------------------------------------------------


def forms_fit(book: Book) -> Iterator[Finding]:
    """A form asks only for what its source may take and one of its purposes uses."""
    for name, source in book.policy.sources.items():
        takes = book.items(source.takes)
        for form, made in source.forms.items():
            clause = f"sources.{name}.forms.{form}"
            asks = book.items((*made.asks, *made.may))
            if wide := sorted(asks - takes):
                yield (
                    clause,
                    f"asks for {_say(book, wide)}, which the source may not bring",
                    f'Add it to "takes" of {name}, or do not ask.',
                )
            used = _union(book, (book.policy.purposes[p].uses for p in made.purposes))
            if idle := sorted(asks - used):
                yield (
                    clause,
                    f"asks for {_say(book, idle)}, which none of its purposes uses",
                    "Ask less, or name the purpose.",
                )


def _say(book: Book, items: list[str]) -> str:
    return ", ".join(book.labels[item].say for item in items)


# -- purposes, choices, recipients ----------------------------------------------------------------------------------


def purposes_rest(book: Book) -> Iterator[Finding]:
    """A purpose rests on a basis or on choices, never on both or neither."""
    for name, purpose in book.policy.purposes.items():
        clause = f"purposes.{name}"
        if purpose.basis and purpose.choice:
            yield clause, 'has both a "basis" and a "choice"', "Keep one: a choice is off until yes, a basis is on."
        if len(purpose.choice) > MOST_CHOICES:
            yield f"{clause}.choice", f"rests on more than {MOST_CHOICES} choices", "Nobody can follow that; split it."
        if not purpose.basis and not purpose.choice:
            yield clause, 'has neither a "basis" nor a "choice"', "Say which it rests on."
        if purpose.basis == "none" and purpose.uses:
            yield f"{clause}.uses", 'has the basis "none" and yet uses data', "Leave uses empty, or give it a basis."
        if purpose.basis != "none" and not purpose.uses:
            yield f"{clause}.uses", "uses nothing", "Name what it uses, or take the purpose out."


def purposes_stay_within(book: Book) -> Iterator[Finding]:
    """A purpose shows, hands over and stores on devices only what it uses."""
    for name, purpose in book.policy.purposes.items():
        uses, clause = book.items(purpose.uses), f"purposes.{name}"
        parts = [("shows", "shows", purpose.shows)]
        if isinstance(purpose.recipients, dict):
            parts += [(f"to.{to}", "gives", items) for to, items in purpose.recipients.items()]
        parts += [(f"cookies.{cookie}", "stores", made.items) for cookie, made in purpose.cookies.items()]
        for key, verb, items in parts:
            if more := sorted(book.items(items) - uses):
                what = f"{verb} {_say(book, more)}, which the purpose does not use"
                yield f"{clause}.{key}", what, "Add it to uses, or keep it back."


def choices_fit(book: Book) -> Iterator[Finding]:
    """Every choice serves a purpose and is of one piece. That its no equals its yes is `check`'s question."""
    used = {name for purpose in book.policy.purposes.values() for name in purpose.choice}
    for name, choice in book.policy.choices.items():
        clause = f"choices.{name}"
        if name not in used:
            yield clause, "no purpose rests on it", "Name it in a purpose, or do not ask."
        if not choice.ask and not isinstance(choice.channels, dict):
            yield clause, 'does not say how it is asked: "in", "out" or "each"', 'Add ask = "in".'
        for key in ("soft", "exits"):
            for channel in getattr(choice, key):
                if channel not in choice.channels:
                    yield (
                        f"{clause}.{key}",
                        f"{quoted(channel)} is not one of its channels",
                        did_you_mean(channel, choice.channels),
                    )


def everyone_is_named(book: Book) -> Iterator[Finding]:
    """Every recipient receives something; every country is a code."""
    named = {to for purpose in book.policy.purposes.values() for to in purpose.recipients}
    for name, who in book.policy.recipients.items():
        clause = f"recipients.{name}"
        if name not in named:
            yield clause, 'no purpose names it in "to"', "Name it where it receives something, or take it out."
        if not who.countries:
            yield f"{clause}.in", "names no country", 'Say where it works, as in ["GB"].'
        for country in who.countries:
            if country != "*" and not (len(country) == 2 and country.isascii() and country.isupper()):
                yield (
                    f"{clause}.in",
                    f"{quoted(country)} is not a country code",
                    'Write two capital letters, as in "GB".',
                )
        for country in who.shield:
            if country not in who.countries:
                yield (
                    f"{clause}.shield",
                    f"shields {quoted(country)}, where it does not work",
                    f'Add it to "in" of {name}.',
                )


# -- the policy as a whole ------------------------------------------------------------------------------------------


def entities_are_a_tree(book: Book) -> Iterator[Finding]:
    """No company owns itself through others."""
    entities = book.policy.about.entities
    for name, entity in entities.items():
        seen, at = {name}, entity.parent
        while at in entities and at not in seen:
            seen.add(at)
            at = entities[at].parent
        if at == name:
            hint = "Break the circle: one of them has no parent."
            yield f"policy.entities.{name}", "owns itself, through its parents", hint


def laws_are_known(book: Book) -> Iterator[Finding]:
    """The policy names the laws it is held to, and there is a pack for each."""
    laws = book.policy.about.laws
    if not laws:
        yield "policy.laws", "names no law", 'Say which apply, as in ["uk"].'
    for law in laws:
        if law not in book.packs:
            yield "policy.laws", f"there is no law pack {quoted(law)}", did_you_mean(law, book.every_pack)


def days_run_forward(book: Book) -> Iterator[Finding]:
    """A version comes after the one it replaces; nothing ends before it begins."""
    policy, about = book.policy, book.policy.about
    if about.replaces and about.replaces >= about.version:
        yield "policy.replaces", "is not before the version itself", "Name the day of the version this one replaces."
    dated: list[tuple[str, Mapping[str, Dated]]] = [
        ("policy.entities", about.entities),
        ("brands", policy.brands),
        ("sources", policy.sources),
        ("recipients", policy.recipients),
        ("purposes", policy.purposes),
    ]
    for table, parts in dated:
        for name, part in parts.items():
            if part.begin >= part.end:
                yield f"{table}.{name}", "ends before it begins", 'Look at its "from" and "until".'


def statements_are_checked(book: Book) -> Iterator[Finding]:
    """A sentence without a check behind it is only a sentence."""
    for name, statement in book.policy.statements.items():
        if statement.check not in CHECKS:
            hint = did_you_mean(statement.check, CHECKS)
            yield f"statements.{name}.check", f"{quoted(statement.check)} is not a check", hint
    if not book.policy.brands:
        yield "brands", "there is no brand", "Add one."


def words_are_plain(book: Book) -> Iterator[Finding]:
    """No drafting marks: a stray question mark, doubled spaces, a sentence that was never finished."""
    policy = book.policy
    for table in ("data", "sources", "recipients", "purposes", "choices", "rights", "statements"):
        for name, part in getattr(policy, table).items():
            say = part.say
            if "?" in say and table != "choices":
                yield f"{table}.{name}.say", "has a question mark in it", "Say it as it is."
            if "  " in say or say != say.strip() or any(mark in say for mark in ("TODO", "TBD", "XXX", "…")):
                yield f"{table}.{name}.say", "has a drafting mark in it", "Finish the sentence."


RULES: tuple[Callable[[Book], Iterator[Finding]], ...] = (
    names_are_unique,
    items_are_whole,
    walls_stand,
    forms_fit,
    purposes_rest,
    purposes_stay_within,
    choices_fit,
    everyone_is_named,
    entities_are_a_tree,
    laws_are_known,
    days_run_forward,
    statements_are_checked,
    words_are_plain,
)


def pages(compiled: Compiled, on: date) -> Iterator[Finding]:
    """Every section of every page says something, and every sentence maps to a line of the policy or the law."""
    for brand, made in compiled.policy.brands.items():
        if made.begin <= on < made.end:
            for region in compiled.book.packs:
                yield from page_is_whole(compiled, compile_page(compiled, brand, region, on))


def page_is_whole(compiled: Compiled, page: Page) -> Iterator[Finding]:
    for section in page.sections:
        if not section.blocks:
            yield (
                "statements",
                f'the section "{section.title}" of the page is empty',
                f'Add a statement with section = "{section.anchor}".',
            )
    if [section.anchor for section in page.sections] != list(SECTIONS):
        yield "policy", "the page does not have its eleven sections", "This is a mistake in Troth: tell us."
    for said in page.sentences():
        known = said.clause.startswith("law.") or compiled.book.file.has(said.clause)
        if not known or not said.say.strip():
            yield (
                said.clause,
                f"the sentence {quoted(said.say)} rests on no line",
                "This is a mistake in Troth: tell us.",
            )
