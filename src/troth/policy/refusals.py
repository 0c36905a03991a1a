"""What is refused before anyone is asked: checks that do not depend on the person, in order of precedence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .acts import Act, Reason
from .book import Book, places_of
from .errors import did_you_mean, quoted
from .nouns import ACTORS, CHANNELS, FORMS, VERBS, Choice, Dated, in_force
from .question import Question, asks_of, shields_of
from .wording import listed, say_day

KINDS = dict.fromkeys(Act._fields, str) | {"items": frozenset, "given": frozenset, "size": int, "hour": int}
PERMISSION = "permission"  # the fact that this very item was permitted, where a choice is asked one by one


def unknown(book: Book, act: Act) -> Iterator[Reason]:
    """Refuse every name the policy does not know: an act that is not understood is never allowed.

    Raises TypeError for a part of another kind: a word where a set of facts belongs would seem to hold its letters.
    """
    policy = book.policy
    for field, type_ in KINDS.items():
        if not isinstance(getattr(act, field), type_):
            raise TypeError(field)
    if not all(isinstance(item, str) for item in act.items):
        raise TypeError("items")
    topics = {topic for choice in policy.choices.values() for topic in choice.topics}
    parts: tuple[tuple[str, str, Iterable[str], bool], ...] = (
        ("verb", act.verb, VERBS, True),
        ("purpose", act.purpose, policy.purposes, True),
        ("brand", act.brand, policy.brands, True),
        ("source", act.source, policy.sources, act.verb == "collect"),
        ("recipient", act.to, policy.recipients, act.verb == "disclose"),
        (
            "place of this brand",
            act.where,
            places_of(policy.brands[act.brand]) if act.brand in policy.brands else (),
            False,
        ),
        ("channel", act.channel, CHANNELS, act.verb == "contact"),
        ("topic", act.topic, topics, False),
        ("role", act.actor, ACTORS, True),
        ("form", act.form, FORMS, True),
    )
    for kind, name, known, needed in parts:
        if (name or needed) and name not in set(known):
            yield _unknown(kind, name, known)
    for name in sorted(act.items):
        if not book.knows(name):
            yield _unknown("data item", name, policy.data)


def _unknown(kind: str, name: str, known: Iterable[str]) -> Reason:
    clause = f"unknown.{kind.replace(' ', '_')}"
    if not name:
        return Reason("unknown", clause, "", f"The policy needs to be told the {kind}.")
    say = f"The policy has no {kind} called {quoted(name)}. {did_you_mean(str(name), known)}"
    return Reason("unknown", clause, "", say.strip())


def ended(q: Question) -> Iterator[Reason]:
    """Refuse what is not, not yet or no longer in force on that day."""
    about = q.book.policy.about
    controller = q.brand.controller or about.controller
    parts: list[tuple[str, Dated | None]] = [
        (f"brands.{q.act.brand}", q.brand),
        (f"policy.entities.{controller}", about.entities.get(controller)),
        (q.clause, q.purpose),
        (f"recipients.{q.act.to}", q.recipient),
        (f"sources.{q.act.source}", q.source),
        (f"brands.{q.act.brand}.properties.{q.act.where}", q.brand.properties.get(q.act.where)),
    ]
    for clause, part in parts:
        if part and not in_force(part, q.day):
            when = f"since {say_day(part.end)}" if q.day >= part.end else f"before {say_day(part.begin)}"
            yield Reason("ended", clause, "", f"This is not in force {when}.")


def walls(q: Question) -> Iterator[Reason]:
    """A wall beats a use: only_to, only_for and never, of the data and of the recipient."""
    act, policy = q.act, q.book.policy
    for name in q.categories:
        data = policy.data[name]
        label, clause = (data.say or name.replace("_", " ")).capitalize(), f"data.{name}"
        if act.verb == "disclose" and data.only_to and act.to not in data.only_to:
            to = listed([policy.recipients[one].say or one for one in data.only_to])
            yield Reason("wall", f"{clause}.only_to", "", f"{label}: only to {to}, nobody else.")
        if data.only_for and act.purpose not in data.only_for:
            ends = listed([policy.purposes[one].say for one in data.only_for], "or")
            yield Reason("wall", f"{clause}.only_for", "", f"{label}: only to {ends}.")
        exported = "export" in data.never and "rights" in q.kinds and act.verb != "keep"
        if {act.verb, act.purpose} & set(data.never) or exported:
            yield Reason("wall", f"{clause}.never", "", f"{label}: never used this way.")
    if q.recipient and q.recipient.only_for and act.purpose not in q.recipient.only_for:
        ends = listed([policy.purposes[one].say for one in q.recipient.only_for], "or")
        yield Reason("wall", f"recipients.{act.to}.only_for", "", f"This recipient is there only to {ends}.")


def covered(q: Question) -> Iterator[Reason]:
    """Refuse items, recipients, channels and topics the purpose does not name."""
    uses = q.book.items(q.purpose.uses) | (q.book.items(q.purpose.retains) if q.act.verb == "keep" else frozenset())
    yield from _outside(
        q, uses, f"{q.clause}.uses" if uses else q.clause, f'The purpose "{q.purpose.say}" does not use'
    )
    if q.act.verb == "collect":
        takes = q.book.items(q.book.policy.sources[q.act.source].takes)
        yield from _outside(q, takes, f"sources.{q.act.source}", "This source may not bring")
        kinds, place = q.book.policy.sources[q.act.source].at, q.brand.properties.get(q.act.where)
        if kinds and place and place.kind not in kinds:
            yield Reason("not_covered", f"sources.{q.act.source}.at", "", f"This source is not met at a {place.kind}.")
    if q.act.verb == "publish" and not q.purpose.shows:
        yield Reason("not_covered", q.clause, "", f'The purpose "{q.purpose.say}" shows nothing.')
    elif q.act.verb == "publish":
        yield from _outside(
            q, q.book.items(q.purpose.shows), f"{q.clause}.shows", f'The purpose "{q.purpose.say}" does not show'
        )
    if q.act.verb == "disclose":
        may = q.book.receives(q.purpose, q.act.to)
        if may is None:
            yield Reason("not_covered", f"{q.clause}.to", "", f'The purpose "{q.purpose.say}" names no such recipient.')
        else:
            yield from _outside(q, may, f"{q.clause}.to", "This recipient may not have")
    if q.purpose.basis == "none" or not uses:
        yield Reason("not_covered", q.clause, "", "A new use needs a new line in the policy.")


def _outside(q: Question, may: frozenset[str], clause: str, say: str) -> Iterator[Reason]:
    over = sorted(q.items - may)
    if over:
        yield Reason("not_covered", clause, "", f"{say} {listed([q.book.labels[item].say for item in over[:6]])}.")


def reached(q: Question) -> Iterator[Reason]:
    """Refuse a channel or topic the purpose does not name: nobody is reached by a way nobody wrote down."""
    act, clause = q.act, q.clause
    named = [name for name in q.purpose.choice if q.book.policy.choices[name].channels]
    if q.purpose.channels and act.channel and act.channel not in q.purpose.channels:
        yield Reason("not_covered", f"{clause}.channels", "", f"This purpose does not reach people by {act.channel}.")
    served = q.purpose.basis in ("contract", "law", "vital")  # about what was asked for, any way that works
    if act.verb == "contact" and not (q.purpose.channels or named or served):
        yield Reason("not_covered", f"{clause}.channels", "", "This purpose names no channel to reach people by.")
    if act.topic and not any(q.book.policy.choices[name].topics for name in q.purpose.choice):
        yield Reason("not_covered", clause, "", "This purpose has no topics: it serves only what it is for.")
    for name in q.purpose.choice:
        yield from _in_a_cell(q, f"choices.{name}", q.book.policy.choices[name])


def _in_a_cell(q: Question, clause: str, choice: Choice) -> Iterator[Reason]:
    """A yes was given to a channel and a topic: what leaves us on it names both."""
    act = q.act
    leaves = act.verb in ("contact", "publish") or (
        act.verb == "disclose" and q.recipient is not None and q.recipient.role != "processor"
    )
    if choice.channels and act.channel and act.channel not in choice.channels:
        yield Reason("not_covered", f"{clause}.channels", "", f"Nobody was asked about {act.channel} here.")
    if choice.channels and not act.channel and (leaves or act.topic):
        say = f"The yes was to a channel, so this names one: {listed(list(choice.channels))}."
        yield Reason("unknown", f"{clause}.channels", "", say)
    if choice.topics and act.topic not in choice.topics and (leaves or act.channel):
        say = f"The yes was to a topic, so this names one: {listed(choice.topics)}."
        yield Reason("unknown", f"{clause}.topics", "", say)


def staffed(q: Question) -> Iterator[Reason]:
    """Refuse staff whom the purpose does not name; the system and the person themselves need no naming."""
    if q.act.actor in ("system", "person"):
        return
    if q.act.actor not in q.purpose.roles:
        yield Reason("role", f"{q.clause}.roles", "", f"This purpose gives no access to the role {q.act.actor}.")
    elif isinstance(q.purpose.roles, dict):
        yield from _unstated(q, q.purpose.roles[q.act.actor], f"{q.clause}.roles")


def stated(q: Question) -> Iterator[Reason]:
    """Refuse an act whose preconditions were not stated: they are recorded with the decision."""
    needs = q.purpose.needs
    yield from _unstated(q, needs.get(q.act.verb, ()) if isinstance(needs, dict) else needs, f"{q.clause}.needs")
    if q.recipient:
        yield from _unstated(q, q.recipient.needs, f"recipients.{q.act.to}.needs")
    source = q.source
    if source and q.act.verb == "collect":
        yield from _unstated(q, source.needs, f"sources.{q.act.source}.needs")
    for name in q.purpose.choice if q.act.verb != "keep" else ():
        if q.book.asked(asks_of(q, name), q.laws) == "each" and PERMISSION not in q.act.given:
            yield Reason("not_asked", f"choices.{name}", "", "Each item needs a permission of its own.")


def _unstated(q: Question, needs: tuple[str, ...], clause: str) -> Iterator[Reason]:
    for fact in needs:
        if fact not in q.act.given:
            yield Reason("unstated", clause, "", f"This needs {fact} first, and none was stated.")


def formed(q: Question) -> Iterator[Reason]:
    """Refuse data that is more identifying than the purpose or the recipient needs."""
    wanted = [(f"{q.clause}.form", q.purpose.form)] if q.act.verb in ("use", "disclose") else []
    wanted += [(f"recipients.{q.act.to}.form", q.recipient.form)] if q.recipient else []
    for clause, form in wanted:
        if FORMS.index(q.act.form) < FORMS.index(form):
            yield Reason("form", clause, "", f"Only {form} data serves here, not {q.act.form} data.")
    least = q.recipient.at_least if q.recipient else 0
    if q.act.size < least:
        yield Reason(
            "too_small", f"recipients.{q.act.to}.at_least", "", f"A figure here describes at least {least} people."
        )


def lawful(q: Question) -> Iterator[Reason]:
    """Refuse what the law forbids whatever the person says, and evidence it asks for that was not stated."""
    for line, rule in q.rules():
        if rule.ban:
            yield Reason("banned", q.clause, line, f"The law forbids it: {rule.say}.")
        elif rule.evidence and not _proven(q, rule.evidence):
            where = f"recipients.{q.act.to}" if rule.evidence == "contract" else q.clause
            yield Reason("unstated", where, line, f"The law asks for {rule.evidence}: {rule.say}.")
        elif rule.hours and not rule.hours[0] <= q.act.hour < rule.hours[1]:
            yield Reason(
                "hours", q.clause, line, f"It is not between {rule.hours[0]}:00 and {rule.hours[1]}:00 where they are."
            )


def _proven(q: Question, evidence: str) -> bool:
    if evidence == "contract":
        contract = q.recipient.contract if q.recipient else None
        return contract is not None and (contract.until is None or q.day < contract.until)
    if evidence == "risk assessment":
        return bool(q.purpose.assessed)
    return evidence in q.act.given


def placed(q: Question) -> Iterator[Reason]:
    """Refuse a transfer to a country for which some law that protects the person knows no ground in force."""
    if q.act.verb != "disclose" or not q.recipient or q.act.form == "statistics":
        return
    clause = f"recipients.{q.act.to}"
    if q.act.place and q.act.place not in q.recipient.countries:
        yield Reason("no_safeguard", f"{clause}.in", "", f"This recipient does not work in {quoted(q.act.place)}.")
        return
    # One that works anywhere, or does not say where, is safe only where any country would be.
    for country in [q.act.place] if q.act.place else q.recipient.countries or ("*",):
        shields = shields_of(q.recipient, country)
        for pack, _ in q.laws:
            if pack.transfers and not pack.transfers.ground(country, shields, q.day):
                line = f"{pack.name}.transfers ({pack.transfers.cite})"
                where = "anywhere" if country == "*" else f"to {country}"
                yield Reason("no_safeguard", f"{clause}.shield", line, f"No ground in force lets data go {where}.")


REFUSALS: tuple[Callable[[Question], Iterator[Reason]], ...] = (
    ended, lawful, placed, walls, covered, reached, staffed, formed, stated,
)  # fmt: skip
