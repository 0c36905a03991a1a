"""The same policy in Cedar, written the way Cedar answers fastest: translated from ours, line by line.

The principal is the purpose, the first thing Cedar compares, so that all but one of the permits end there. The action
is the verb, the resource the person. A purpose becomes a permit; a source, and a wall of a data category or a
recipient, become a forbid each. Choices are written into the permits of the purposes that ask for them: a policy of
its own for each choice was slower. A request says what it touches as keys of the context ("touches_d3"): looking up a
key was faster than looking into a set.

Nothing here is shared with the engine: this is a second reading of the language, for the benchmark only. Law packs are
not translated; the policies compared name none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from deciding.questions import Person

from troth.policy import Act
from troth.policy.acts import AGE, FLAGS, SETS
from troth.policy.nouns import CHANNELS, FORMS, VERBS, Choice, Data, Policy, Purpose, Recipient, Source

ADDRESS = {"email": "email", "sms": "mobile", "phone": "phone", "autocall": "phone", "post": "home_address"}
SERVED = ("contract", "law", "vital")  # what was asked for is spoken of by any channel
KEEPING = 'action == Action::"keep"'
Request = dict[str, object]


class Translator:
    """One policy of ours, in Cedar."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.items = {name: [f"{name}.{item}" for item in data.items] for name, data in policy.data.items()}
        self.full = {full.partition(".")[2]: full for fulls in self.items.values() for full in fulls}
        self.topics = sorted({topic for choice in policy.choices.values() for topic in choice.topics})

    def expand(self, names: Iterable[str]) -> list[str]:
        """Return the full names of items: categories opened, bare names completed, unknown ones left as they are."""
        found: dict[str, None] = {}
        for name in names:
            found |= dict.fromkeys(self.items.get(name, [self.full.get(name, name)]))
        return list(found)

    # -- policies ------------------------------------------------------------------------------------------------

    def policies(self) -> list[str]:
        """Return the Cedar policies, in the order of the file."""
        p = self.policy
        permits = [self._permit(name, one) for name, one in p.purposes.items() if one.uses and one.basis != "none"]
        permits.append(self._strangers())
        sources = [self._source(name, one) for name, one in p.sources.items()]
        walls = [wall for name, one in p.data.items() for wall in _data_walls(name, one)]
        recipients = [wall for name, one in p.recipients.items() for wall in _recipient_walls(name, one)]
        return permits + sources + walls + recipients

    def _permit(self, name: str, purpose: Purpose) -> str:
        conditions = [*_in_force(purpose), *self._covered(purpose), *_stated(purpose)]
        conditions += [*self._reached(purpose), *self._personal(purpose), *self._consent(name, purpose)]
        head = f'permit(principal == Purpose::"{name}", action, resource)'
        return f'@id("purposes.{name}")\n{head} when {{ {" && ".join(conditions)} }};'

    def _strangers(self) -> str:
        """Forbid names the policy does not know: one policy for all, which made every permit shorter."""
        known = [
            f"{_set(self.policy.brands)}.contains(context.brand)",
            f"{_set(['', *CHANNELS])}.contains(context.channel)",
            f"{_set(['', *self.topics])}.contains(context.topic)",
            unless("contact", 'context.channel != ""'),
            unless("collect", f"{_set(self.policy.sources)}.contains(context.source)"),
        ]
        return f'@id("unknown")\nforbid(principal, action, resource) unless {{ {" && ".join(known)} }};'

    def _covered(self, purpose: Purpose) -> Iterator[str]:
        """The purpose uses the items, may show them, and may pass them on to whom it names."""
        uses = self.expand(purpose.uses)
        kept = self.expand([*purpose.uses, *purpose.retains])
        covered = f"{_set(uses)}.containsAll(context.items)"
        yield covered if kept == uses else f"({covered} || ({KEEPING} && {_set(kept)}.containsAll(context.items)))"
        shown = f"{_set(self.expand(purpose.shows))}.containsAll(context.items)"
        yield unless("publish", shown) if purpose.shows else 'action != Action::"publish"'
        if not isinstance(purpose.recipients, Mapping):
            yield unless("disclose", f"{_set(purpose.recipients)}.contains(context.to)")
            return
        may = (
            f'(context.to == "{to}" && {_set(i for i in self.expand(narrow) if i in uses)}.containsAll(context.items))'
            for to, narrow in purpose.recipients.items()
        )
        yield unless("disclose", " || ".join(may))

    def _reached(self, purpose: Purpose) -> Iterator[str]:
        """The channel and the topic are named by the purpose, or by the choices it asks for."""
        choices = [self.policy.choices[name] for name in purpose.choice]
        if purpose.channels:
            yield f"{_set(['', *purpose.channels])}.contains(context.channel)"
        elif not any(choice.channels for choice in choices) and purpose.basis not in SERVED:
            yield 'action != Action::"contact"'
        if not any(choice.topics for choice in choices):
            yield 'context.topic == ""'
        processors = [name for name, one in self.policy.recipients.items() if one.role == "processor"]
        others = [name for name in purpose.recipients if name not in processors]
        leaves = f"({_actions(['contact', 'publish'])}.contains(action) || {_set(others)}.contains(context.to))"
        for choice in choices:
            if choice.channels:
                yield f"{_set(['', *choice.channels])}.contains(context.channel)"
                yield f'(context.channel != "" || !({leaves} || context.topic != ""))'
            if choice.topics:
                yield f'({_set(choice.topics)}.contains(context.topic) || !({leaves} || context.channel != ""))'

    def _personal(self, purpose: Purpose) -> Iterator[str]:
        """Age, restriction and erasure."""
        choices = [self.policy.choices[name] for name in purpose.choice]
        if purpose.not_under:
            yield f"({KEEPING} || resource.age >= {purpose.not_under})"
        if "marketing" in purpose.kind or any(choice.topics for choice in choices):
            yield f"({KEEPING} || resource.age >= {self.policy.about.adult_from} || resource.parent)"
        if {"claims", "rights"} & set(purpose.kind):
            return
        own = ' || context.actor == "person"' if "necessary" in purpose.kind else ""
        yield f"({KEEPING} || !resource.restricted{own})"
        held = f"({KEEPING} && resource.held)"
        retained = f"(!context.items.isEmpty() && {_set(self.expand(purpose.retains))}.containsAll(context.items))"
        yield f"(!resource.erasing || {held}{f' || {retained}' if purpose.retains else ''})"

    def _consent(self, name: str, purpose: Purpose) -> Iterator[str]:
        """What the person said about the purpose, or about every choice it asks for."""
        choices = {name: self.policy.choices[name] for name in purpose.choice}
        if not choices:
            if purpose.basis in ("interest", "use", ""):
                said = [f"!{_said(kind, name, 'context.brand')}" for kind in ("no", "stop")]
                said += [] if purpose.basis == "interest" else [_said("yes", name, "context.brand")]
                yield f"({KEEPING} || ({' && '.join(said)}))"
            return
        for choice in choices.values():
            if each := _asking(choice, ("each",)):
                stated = f'!({_set(each)}.contains(context.channel)) || context.given.contains("permission")'
                yield f"({KEEPING} || {stated})"
        against = ["no", "stop", *(["signal"] if any(choice.signal for choice in choices.values()) else [])]
        noes = [f"!{_said(kind, one, _cell(choice))}" for one, choice in choices.items() for kind in against]
        yeses = [f"({_free(c)} || {_said('yes', one, _cell(c))}{_soft(one, c)})" for one, c in choices.items()]
        yield f"({KEEPING} || ({' && '.join(noes + yeses)}))"

    def _source(self, name: str, source: Source) -> str:
        allowed = [f"{_set(self.expand(source.takes))}.containsAll(context.items)"]
        allowed += [f"context.given.containsAll({_set(source.needs)})"] if source.needs else []
        allowed += [f"(resource.age >= {self.policy.about.adult_from} || resource.parent)"] if source.parent else []
        head = f'forbid(principal, action == Action::"collect", resource) when {{ context.source == "{name}" }}'
        return f'@id("sources.{name}")\n{head} unless {{ {" && ".join(allowed)} }};'

    # -- requests ------------------------------------------------------------------------------------------------

    def request(self, act: Act, day: date, person: str) -> Request:
        """Return an act as a Cedar request. Its context is already JSON, as Cedar's Python binding would make it."""
        reach = ADDRESS.get(act.channel, "") if act.verb == "contact" else ""
        items = self.expand(act.items | {reach} if reach in self.full else act.items)
        by_channel = f"{act.brand}:{act.channel}" if act.channel else act.brand
        by_topic = f"{act.brand}:{act.topic}" if act.topic else act.brand
        context: dict[str, object] = {
            "items": items, "brand": act.brand, "channel": act.channel, "topic": act.topic, "to": act.to,
            "source": act.source, "actor": act.actor, "given": sorted(act.given), "form": FORMS.index(act.form),
            "size": act.size, "day": day.toordinal(), "by_channel": by_channel, "by_topic": by_topic,
            "cell": f"{act.brand}:{act.channel}:{act.topic}" if act.channel and act.topic else act.brand,
        }  # fmt: skip
        context |= {f"touches_{item.partition('.')[0]}": True for item in items}
        return {
            "principal": {"type": "Purpose", "id": act.purpose},
            "action": {"type": "Action", "id": act.verb},
            "resource": {"type": "Person", "id": person},
            "context": json.dumps(context),
        }


def entity(person: Person, name: str) -> Request:
    """Return a person as a Cedar entity: age, flags, and by choice or purpose the cells they spoke of."""
    flags = {flag: bool(person.core & bit) for flag, bit in FLAGS.items()}
    said: dict[str, dict[str, list[str]]] = {kind: {} for kind in SETS}
    for kind, slots in person.said.items():
        for slot in sorted(slots):
            question, _, cell = slot.partition(":")
            said[kind].setdefault(question, []).append(cell)
    return {"uid": {"type": "Person", "id": name}, "attrs": {"age": person.core & AGE} | flags | said, "parents": []}


def unless(verb: str, condition: str) -> str:
    """Return a condition that holds for one verb only."""
    return f'(action != Action::"{verb}" || {condition})'


def _set(names: Iterable[str]) -> str:
    return json.dumps(list(names))


def _actions(verbs: Iterable[str]) -> str:
    return f"[{', '.join(f'Action::{json.dumps(verb)}' for verb in verbs)}]"


def _purposes(names: Iterable[str]) -> str:
    return f"principal in [{', '.join(f'Purpose::{json.dumps(name)}' for name in names)}]"


def _said(kind: str, question: str, cell: str) -> str:
    return f"(resource.{kind} has {question} && resource.{kind}.{question}.contains({cell}))"


def _cell(choice: Choice) -> str:
    if choice.channels and choice.topics:
        return "context.cell"
    if choice.topics:
        return f"if {_set(choice.topics)}.contains(context.topic) then context.by_topic else context.brand"
    return "context.by_channel" if choice.channels else "context.brand"


def _asking(choice: Choice, ways: tuple[str, ...]) -> list[str]:
    """Return the channels, "" for none, by which a choice is asked in one of these ways."""
    asks = choice.channels if isinstance(choice.channels, Mapping) else {}
    strictest = min(asks.values(), key=("in", "each", "out").index, default="in")
    found = {channel: asks.get(channel, choice.ask or strictest) for channel in ("", *CHANNELS)}
    return [channel for channel, way in found.items() if way in ways]


def _free(choice: Choice) -> str:
    """Return the condition under which no yes is needed, because the choice is on until refused."""
    return f"{_set(_asking(choice, ('out', 'each')))}.contains(context.channel)"


def _soft(name: str, choice: Choice) -> str:
    """Return what else will do by a channel that a sale may open."""
    if not choice.soft:
        return ""
    opened = f'action == Action::"contact" && {_set(choice.soft)}.contains(context.channel)'
    return f" || ({opened} && {_said('soft', name, _cell(choice))})"


def _in_force(purpose: Purpose) -> Iterator[str]:
    """The day is one of the purpose's, and the role is among those it names."""
    if purpose.begin > date.min:
        yield f"context.day >= {purpose.begin.toordinal()}"
    if purpose.end < date.max:
        yield f"context.day < {purpose.end.toordinal()}"
    yield f"{_set(['system', 'person', *purpose.roles])}.contains(context.actor)"


def _stated(purpose: Purpose) -> Iterator[str]:
    """The facts to state first, by verb and by role; and the form the data must have."""
    if isinstance(purpose.needs, Mapping):
        for verb, facts in purpose.needs.items():
            yield unless(verb, f"context.given.containsAll({_set(facts)})")
    elif purpose.needs:
        yield f"context.given.containsAll({_set(purpose.needs)})"
    if isinstance(purpose.roles, Mapping):
        for role, facts in purpose.roles.items():
            yield f'(context.actor != "{role}" || context.given.containsAll({_set(facts)}))'
    if purpose.form != "plain":
        within = f"{_actions(['use', 'disclose'])}.contains(action)"
        yield f"(!({within}) || context.form >= {FORMS.index(purpose.form)})"


def _data_walls(name: str, data: Data) -> Iterator[str]:
    touched = f"when {{ context has touches_{name} }}"
    if data.only_to:
        head = f'forbid(principal, action == Action::"disclose", resource) {touched}'
        yield f'@id("data.{name}.only_to")\n{head} unless {{ {_set(data.only_to)}.contains(context.to) }};'
    if data.only_for:
        head = f"forbid(principal, action, resource) {touched}"
        yield f'@id("data.{name}.only_for")\n{head} unless {{ {_purposes(data.only_for)} }};'
    verbs = [word for word in data.never if word in VERBS]
    purposes = [word for word in data.never if word not in VERBS]
    if verbs:
        yield f'@id("data.{name}.never")\nforbid(principal, action in {_actions(verbs)}, resource) {touched};'
    if purposes:
        head = f"forbid(principal, action, resource) {touched}"
        yield f'@id("data.{name}.never")\n{head} when {{ {_purposes(purposes)} }};'


def _recipient_walls(name: str, recipient: Recipient) -> Iterator[str]:
    allowed = [_purposes(recipient.only_for)] if recipient.only_for else []
    allowed += [f"context.given.containsAll({_set(recipient.needs)})"] if recipient.needs else []
    allowed += [f"context.size >= {recipient.at_least}"] if recipient.at_least else []
    allowed += [f"context.form >= {FORMS.index(recipient.form)}"] if recipient.form != "plain" else []
    if allowed:
        head = f'forbid(principal, action == Action::"disclose", resource) when {{ context.to == "{name}" }}'
        yield f'@id("recipients.{name}")\n{head} unless {{ {" && ".join(allowed)} }};'
