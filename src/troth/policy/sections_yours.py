"""The sections about your say: the summary, marketing, access, safeguards, changes, contact; and plain statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .document import Block, Cell, Row, Sentence, Table, bullets, cell, cells_of
from .law import LawPack
from .nouns import Brand, Choice, Right, Statement, in_force
from .rules import CONSENT, OBJECTION
from .statements import CHECKS
from .view import SAYS, View
from .wording import listed, say_day, sentence

CHANNEL_NAMES = {
    "email": "email", "sms": "text message", "phone": "phone", "chat": "live chat", "post": "post",
    "push": "app notice", "social": "social network message", "autocall": "automated call", "online": "our sites",
    "print": "print",
}  # fmt: skip
FIRST = ("marketing", "adverts", "sale", "profiling", "pixel", "tracking", "recording", "credit", "matching")
A_FEW = 3  # what a minute's reading holds


def short(view: View) -> Iterator[Sentence]:
    """The one-minute summary."""
    policy, purposes = view.policy, view.purposes
    name = policy.brands[view.brand].say or view.brand.title()
    yield Sentence(
        f"{name} belongs to {view.controller}, which answers for everything on this page.", f"brands.{view.brand}"
    )
    levels = {purpose: view.level("use", purpose) for purpose in purposes}
    asked = [n for n, level in levels.items() if level == CONSENT and purposes[n].choice]
    yield from _few(view, asked, "Only if you say yes, we")
    yield from _few(view, [n for n, level in levels.items() if level == OBJECTION], "Unless you object, we")
    for category, data in policy.data.items():
        if data.care == "card" and data.only_to:
            say = f"Card details go to {view.recipients(data.only_to)} and to nobody else."
            yield Sentence(say, f"data.{category}.only_to")
    rights = listed([view.named("rights", right) for right in policy.rights][:5])
    free = ", free of charge" if not any(right.fee for right in policy.rights.values()) else ""
    yield Sentence(f"You can {rights}{free}.", "rights")
    yield Sentence(f"Write to {policy.about.officer} with any question.", "policy.officer")


def _few(view: View, names: list[str], lead: str) -> Iterator[Sentence]:
    if names:
        names = sorted(names, key=lambda name: _prominence(view.compiled.book.kinds[name]))
        says = [view.policy.purposes[name].say for name in names]
        more = len(says) - A_FEW
        rest = f"; the table below has {more} more" if more > 0 else ""
        yield Sentence(f"{lead} {listed(says[:A_FEW])}{rest}.", f"purposes.{names[0]}")


def _prominence(kinds: frozenset[str]) -> int:
    """Return how early people want to read of a purpose: what reaches them or follows them comes first."""
    return min((FIRST.index(kind) for kind in kinds if kind in FIRST), default=len(FIRST))


def marketing(view: View) -> Iterator[Block]:
    """Each choice by channel, with its way out; the choices that have no channels; and what goes on after a no."""
    for name, choice in view.policy.choices.items():
        resting = [n for n, p in view.purposes.items() if name in p.choice]
        if resting and choice.channels:
            rows = tuple(_channel(view, name, channel, choice, resting[0]) for channel in choice.channels)
            caption = sentence(view.named("choices", name))[:-1]
            yield Table(caption, ("By", "We do it", "The way out"), rows, f"choice-{name}")
    topical = {name: choice for name, choice in view.policy.choices.items() if choice.topics}
    for topics in dict.fromkeys(choice.topics for choice in topical.values()):
        name = next(name for name, choice in topical.items() if choice.topics == topics)
        yield Sentence(f"You can choose each of these alone: {listed(topics)}.", f"choices.{name}.topics")
    senders = {choice.sender: f"choices.{name}" for name, choice in reversed(topical.items())}
    for sender, clause in senders.items():
        say = "Only the brand you said yes to" if sender == "brand" else "Only our group"
        yield Sentence(f"{say} writes to you.", view.line(f"{clause}.only_from", clause))
    others = [(view.named("choices", n), f"choices.{n}") for n, c in view.policy.choices.items() if not c.channels]
    yield from bullets("You also decide, each alone:", others)
    served = [name for name, p in view.purposes.items() if p.basis == "contract"]
    if served:
        serve = view.policy.purposes[served[0]].say
        say = f"If you say no to everything, we still write about what you asked us for, to {serve}."
        yield Sentence(say, f"purposes.{served[0]}")


def _channel(view: View, name: str, channel: str, choice: Choice, purpose: str) -> Row:
    verb = "publish" if channel in ("online", "print") else "contact"
    level = view.level(verb, purpose, channel, choice.topics[0] if choice.topics else "")
    asks = choice.channels[channel] if isinstance(choice.channels, dict) else choice.ask
    each = view.compiled.book.asked(asks, view.laws) == "each"
    says = "we ask each time" if each else SAYS[level]
    way = choice.exits.get(channel, "")
    out = f"choices.{name}.exits" if way else view.line(f"choices.{name}.no", f"choices.{name}")
    return (
        cell(CHANNEL_NAMES[channel], f"choices.{name}.channels"),
        cell(says, f"choices.{name}"),
        cell(way or f"say no on the page of your {listed(choice.no, 'or')}", out),
    )


def access(view: View) -> Iterator[Block]:
    """What a person may ask, how, by when and at what cost."""
    pack = view.compiled.book.packs[view.region]
    rows = tuple(_right(view, name, right, pack) for name, right in view.policy.rights.items())
    yield Table("What you can ask of us", ("You can", "How", "When", "Cost"), rows, "rights")
    rights = view.policy.rights.items()
    then = [
        (f"when your {what.replace('_', ' ')} changes, we {follows}", f"rights.{name}.then")
        for name, right in rights
        for what, follows in right.then.items()
    ]
    yield from bullets("And then:", then)
    asked = [(f"{view.named('rights', n)}: {r.verify}", f"rights.{n}.verify") for n, r in rights if r.verify]
    yield from bullets("What we ask, to know that it is you:", asked)
    beyond = [(f"{view.named('rights', n)}: {r.exceptions}", f"rights.{n}.except") for n, r in rights if r.exceptions]
    yield from bullets("What these rights do not reach:", beyond)
    where = ", ".join(pack.head.authority[part] for part in ("name", "url") if part in pack.head.authority)
    if where:
        yield Sentence(f"You may also complain to the regulator: {where}.", f"law.{view.region}.authority")


def _right(view: View, name: str, right: Right, pack: LawPack) -> Row:
    clause = f"rights.{name}"
    clock = pack.clocks.get(right.clock)
    pages = [(f"under {listed(right.pages)}", f"{clause}.pages")] if right.pages else []
    when = (
        (f"within {clock.length}", f"law.{view.region}.clocks.{right.clock}")
        if clock
        else ("as soon as we can", clause)
    )
    return (
        cell(view.named("rights", name), clause),
        cells_of([(listed(right.by, "or"), f"{clause}.by"), *pages]),
        cell(*when),
        cell(str(right.fee) if right.fee else "free", view.line(f"{clause}.fee", clause)),
    )


def safeguards(view: View) -> Iterator[Block]:
    for name, data in view.policy.data.items():
        if "hash" in data.handle:
            say = f"{view.named('data', name)}: we keep only a scrambled form that cannot be turned back"
            yield Sentence(sentence(say), f"data.{name}.handle")


def changes(view: View) -> Iterator[Block]:
    about = view.policy.about
    yield Sentence(f"This version holds from {say_day(about.version)}.", "policy.version")
    if about.replaces:
        say = f"It replaces the version of {say_day(about.replaces)}, which stays in the archive."
        yield Sentence(say, "policy.replaces")
    if about.notice:
        yield Sentence(f"Before a change that matters takes effect, we tell you {about.notice} ahead.", "policy.notice")


def contact(view: View) -> Iterator[Block]:
    policy = view.policy
    rows = tuple(_care(view, name, brand) for name, brand in policy.brands.items() if in_force(brand, view.on))
    yield Table("Customer care, brand by brand", ("Brand", "Reach us"), rows, "care")
    yield Sentence(f"Our privacy officer answers at {policy.about.officer}.", "policy.officer")
    if view.region in policy.about.representatives:
        who = policy.about.representatives[view.region]
        yield Sentence(f"Our representative here is {who}.", "policy.representatives")


def _care(view: View, name: str, brand: Brand) -> Row:
    clause, within = f"brands.{name}", view.compiled.book.packs[view.region].head.within
    line = next((brand.lines[law] for law in (view.region, within, "default") if law in brand.lines), "")
    ways = dict.fromkeys(brand.care, f"{clause}.care")
    ways |= {line: f"{clause}.lines"} if line and line not in ways else {}
    ways |= {brand.address: f"{clause}.address"} if brand.address else {}
    return cell(brand.say or name.title(), clause), Cell(tuple(Sentence(way, at) for way, at in ways.items()))


YOURS: dict[str, Callable[[View], Iterator[Block]]] = {
    "marketing": marketing, "access": access, "safeguards": safeguards, "changes": changes, "contact": contact,
}  # fmt: skip


# -- the policy's own sentences -------------------------------------------------------------------------------------


def section_of(statement: Statement) -> str:
    """Return the section a statement stands in: its own, or the one its check belongs to."""
    known = CHECKS.get(statement.check)
    return statement.section or (known.section if known else "safeguards")


def stands(view: View, statement: Statement) -> bool:
    """Tell whether a statement may be made: not once it has run out, nor while the running site does not show it."""
    known = CHECKS.get(statement.check)
    unproved = known is not None and known.watched and statement.check not in view.seen
    return (statement.until is None or view.on < statement.until) and not unproved


def statements(view: View, section: str) -> Iterator[Sentence]:
    """Yield the plain sentences of a section; a claim that no longer stands leaves the page by itself."""
    for name, made in view.policy.statements.items():
        if section_of(made) == section and not made.question and stands(view, made):
            seal = f" ({made.scheme}: {made.scope}, until {say_day(made.until)})" if made.scheme and made.until else ""
            yield Sentence(sentence(made.say + seal), f"statements.{name}")


def questions(view: View) -> Iterator[tuple[str, Sentence]]:
    """Yield the help pages' questions, answered by the same clauses."""
    for name, made in asked(view):
        yield made.question, Sentence(sentence(made.say), f"statements.{name}")


def asked(view: View) -> Iterator[tuple[str, Statement]]:
    """Yield the statements that answer a question, by name, as long as they stand."""
    for name, made in view.policy.statements.items():
        if made.question and stands(view, made):
            yield name, made
