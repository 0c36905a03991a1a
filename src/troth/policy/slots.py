"""What people may answer, cell by cell, and what is stored on their devices: at rest, for someone who said nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from .acts import Act
from .asking import facts
from .book import cells
from .engine import Compiled
from .flows import bringing, flows, through
from .nouns import Choice
from .refusals import PERMISSION
from .rows import Slot, Stored
from .rules import CONSENT, NO_BRAKE, OBJECTION, SOFT, Rule
from .view import View
from .wording import listed

EACH, NEVER = CONSENT + 1, CONSENT + 2
MODES = {
    NO_BRAKE: "always",
    OBJECTION: "on until no",
    SOFT: "on after a sale, until no",
    CONSENT: "off until yes",
    EACH: "asked each time",
    NEVER: "forbidden by law",
}
CONSENT_MODES = (MODES[CONSENT], MODES[EACH])  # the modes in which silence is a no
OPPOSABLE_MODES = (MODES[OBJECTION], MODES[SOFT])
SHOWN = ("online", "print")  # channels that publish; all others write to the person
NO_CHOICE = ("transmission", "necessary", "emergency")  # exempt without a say (PECR sch. A1; ePrivacy art. 5(3))


def choices_grid(compiled: Compiled, brand: str, residence: str, on: date) -> tuple[Slot, ...]:
    """Return every cell a person of `residence` may answer, with what it rests at. Source: R61, R62.

    A cell rests at the strictest of what its purposes need. A choice no purpose in force rests on is left out.
    """
    view = View(compiled, brand, residence, on)
    resting = {
        name: [purpose for purpose, made in view.purposes.items() if name in made.choice]
        for name in compiled.policy.choices
    }
    return tuple(
        _slot(view, name, choice, cell, resting[name])
        for name, choice in compiled.policy.choices.items()
        if resting[name]
        for cell in cells(choice) or [""]
    )


def _slot(view: View, name: str, choice: Choice, cell: str, resting: Sequence[str]) -> Slot:
    first, _, second = cell.partition(":")
    channel, topic = (first, second) if choice.channels else ("", first)
    slot = ":".join(filter(None, (name, view.brand, cell)))
    bit = 1 << view.compiled.book.slots[slot]
    asked = [act for purpose in resting for act in _asked(view, purpose, channel, topic)]
    level, law, signal = _rests_at(view, asked, bit, f"choices.{name}")
    return Slot(
        slot,
        name,
        view.named("choices", name),
        channel,
        topic,
        MODES[level],
        law,
        choice.exits.get(channel) or listed(choice.no, "or"),
        "gpc" if signal else "",
        f"choices.{name}",
    )


def _asked(view: View, purpose: str, channel: str, topic: str) -> list[Act]:
    """Return the acts an answer decides, with every fact stated: whatever else is lacking, a person cannot give."""
    made, given = view.policy.purposes[purpose], frozenset(facts(view.compiled))
    act = Act("use", purpose, view.brand, given=given, form="statistics", size=10_000, hour=12)
    if channel or topic:
        return [act._replace(verb="publish" if channel in SHOWN else "contact", channel=channel, topic=topic)]
    items = through(view, "use", purpose, made.uses)
    acts = [act._replace(items=items)]
    for source, brings in bringing(view, items).items():
        taken = view.compiled.book.items(brings.takes) & items
        acts += [act._replace(verb="collect", source=source, items=taken)]
    given_to = flows(view, {purpose: made}, view.on)
    return [*acts, *(act._replace(verb="disclose", to=flow.to, items=flow.items) for flow in given_to)]


def _rests_at(view: View, acts: Iterable[Act], bit: int, clause: str) -> tuple[int, str, bool]:
    """Return the strictest an answer in one slot must be, the law behind it, and whether a device signal counts."""
    rules = [(act, view.compiled.rule(act, view.region, view.on)) for act in acts]
    live = [(act, rule) for act, rule in rules if rule.slots & bit and not _banned(rule)]
    levels = [(EACH, "") if _each(view, act, clause) else (_needs(rule, bit), rule.brake[1]) for act, rule in live]
    level, law = max(levels, key=lambda one: one[0], default=(NEVER, ""))
    return level, law, any(rule.signals & bit for _, rule in live)


def _banned(rule: Rule) -> bool:
    return rule.refusal is not None and any(reason.code == "banned" for reason in rule.refusal.reasons)


def _needs(rule: Rule, bit: int) -> int:
    """Return what a rule needs in one slot: a yes, a yes or a sale, or that there is no no."""
    return CONSENT if rule.need & bit else SOFT if rule.open & bit else OBJECTION


def _each(view: View, act: Act, clause: str) -> bool:
    """Tell whether the engine refuses an act for want of a permission of its own."""
    rule = view.compiled.rule(act._replace(given=act.given - {PERMISSION}), view.region, view.on)
    reasons = rule.refusal.reasons if rule.refusal else ()
    return any(reason.code == "not_asked" and reason.clause == clause for reason in reasons)


def cookie_table(compiled: Compiled, brand: str, residence: str, on: date) -> tuple[Stored, ...]:
    """Return everything stored on a device of someone of `residence`. Source: R19; PECR reg. 6 and sch. A1."""
    view = View(compiled, brand, residence, on)
    return tuple(_stored(view, name, cookie) for name, made in view.purposes.items() for cookie in made.cookies)


def _stored(view: View, purpose: str, name: str) -> Stored:
    made = view.policy.purposes[purpose].cookies[name]
    rules = [view.compiled.rule(act, view.region, view.on) for act in _asked(view, purpose, "", "")]
    level = max((rule.level for rule in rules if not _banned(rule)), default=NEVER)
    return Stored(
        made.match or name,
        made.kind,
        made.say,
        view.policy.purposes[purpose].say,
        view.controller if made.by == "us" else view.named("recipients", made.by),
        str(made.keep) if made.keep else "until the browser closes",
        made.exempt,
        MODES[NO_BRAKE if made.exempt in NO_CHOICE else level],
        f"purposes.{purpose}.cookies.{name}",
    )
