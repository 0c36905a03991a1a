"""The one source of every answer: an act becomes a Rule, and a Rule answers for any standing.

`build` asks all that does not depend on the person (policy, law, place) once; what does is left as grounds, in the
order of precedence the requirements give. The scalar engine looks at them for one person, the columnar twin for
millions; neither knows any rule of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import Final, NamedTuple

from . import acts
from .acts import Act, Decision, Reason, Standing
from .book import Book
from .grounds import AGED, Ground, Look
from .law import NEEDS, LawRule
from .plain import Plain
from .question import Question, asks_of
from .refusals import REFUSALS, unknown

LISTS: Final = {"tps": acts.LISTED_PHONE, "dnc": acts.LISTED_PHONE, "mps": acts.LISTED_POST}
NO_BRAKE, OBJECTION, SOFT, CONSENT = -1, 0, 1, 2  # how much of a yes is needed; the last three index NEEDS
REACH: Final = {"email": "email", "sms": "mobile", "phone": "phone", "autocall": "phone", "post": "home_address"}
ALLOWED, DENIED = True, False


class Rule(Plain):
    """What one act comes to, for people of one residence, in one stretch of days."""

    refusal: Decision | None  # set when no standing could allow it
    permit: Reason
    policy: str
    duties: tuple[str, ...] = ()
    asked: int = 0  # bits of the slots the act is about
    slots: int = 0  # bits where a refusal or an objection counts
    need: int = 0  # bits where a yes is needed
    open: int = 0  # bits where a yes is needed, or a sale
    signals: int = 0  # bits where a device signal counts
    asks: tuple[tuple[int, str], ...] = ()  # (bit, the clause that asks for a yes there)
    brake: tuple[str, str, str] = ("", "", "")  # clause, law line and question behind them
    young: tuple[tuple[int, Reason], ...] = ()  # (age, why nobody known to be younger)
    parents: tuple[tuple[int, Reason], ...] = ()  # (age, why a parent agrees below it)
    lists: tuple[tuple[int, Reason], ...] = ()  # (flag, why not for people on it)
    claims: bool = False  # restriction does not reach it
    keeps: bool = False  # erasure does not reach it

    @cached_property
    def core_mask(self) -> int:
        """The bits of `Standing.core` it looks at: all others are alike to it."""
        ages = acts.AGE if self.young or self.parents else 0
        parent = acts.PARENT if self.parents else 0
        flags = sum({flag for flag, _ in self.lists})
        erasure = 0 if self.keeps else acts.ERASING | acts.HELD
        return ages | parent | flags | (0 if self.claims else acts.RESTRICTED) | erasure

    @cached_property
    def answers(self) -> dict[tuple[int, int, int, int, int, int], Decision]:
        """What was answered before, by all that it can see of a standing."""
        return {}

    @cached_property
    def against(self) -> tuple[Ground, ...]:
        """Every ground for a no, in order of precedence: legal ban, restriction, then what the person said."""
        return (*self._too_young(), *self._set_aside(), *self._said_no())

    @cached_property
    def grants(self) -> tuple[Ground, ...]:
        """The grounds for a yes where nothing is against it: the first that holds gives the reason."""
        clause, law, question = self.brake
        if self.level <= OBJECTION or self.permit.code == "kept":
            return (Ground(self.permit),)
        said = (Look("yes", self.asked, every=True),) if self.open else ()
        return (
            Ground(Reason("consented", clause, "", f"They said yes: {question}."), said),
            Ground(Reason("soft", clause, law, f"They bought from us and did not refuse: {question}.")),
        )

    @property
    def level(self) -> int:
        """How much of a yes it needs: NO_BRAKE, OBJECTION, SOFT or CONSENT."""
        if self.need:
            return CONSENT
        return SOFT if self.open else OBJECTION if self.slots else NO_BRAKE

    def answer(self, person: Standing) -> Decision:
        """Decide for one person. A no lists every reason, the one with precedence first."""
        if self.refusal:
            return self.refusal
        if against := tuple(ground.reason for ground in self.against if ground.holds(person)):
            return self.decided(DENIED, *against)
        return self.decided(ALLOWED, next(ground.reason for ground in self.grants if ground.holds(person)))

    def decided(self, allowed: bool, *reasons: Reason) -> Decision:  # noqa: FBT001 -- ALLOWED or DENIED
        """Return a decision of this rule. Duties come with a yes."""
        return Decision(allowed, reasons, self.policy, self.duties if allowed else ())

    def _too_young(self) -> Iterator[Ground]:
        yield from (Ground(why, (Look(AGED, limit),)) for limit, why in self.young)
        alone = Look("core", acts.PARENT, wanted=False)
        yield from (Ground(why, (Look(AGED, limit), alone)) for limit, why in self.parents)

    def _set_aside(self) -> Iterator[Ground]:
        """Restriction and erasure. A legal hold suspends deletion; it never allows a use."""
        clause = self.brake[0]
        if not self.claims:
            say = "This person asked that their data be stored but not used."
            yield Ground(Reason("restricted", clause, "", say), (Look("core", acts.RESTRICTED),))
        if not self.keeps:
            loose = (Look("core", acts.HELD, wanted=False),) if self.permit.code == "kept" else ()
            say = "This person asked to be erased, and no duty keeps this."
            yield Ground(Reason("erasing", clause, "", say), (Look("core", acts.ERASING), *loose))

    def _said_no(self) -> Iterator[Ground]:
        """Objection, signal, refusal, preference list, and last a yes that is missing."""
        clause, law, question = self.brake
        noes = (
            ("stop", self.slots, "stopped", f"They asked us to stop: {question}."),
            ("signal", self.signals, "signal", f"Their device tells us no: {question}. They may be asked again."),
            ("no", self.slots, "refused", f"They said no: {question}."),
        )
        yield from (
            Ground(Reason(code, clause, law, say), (Look(part, bits),)) for part, bits, code, say in noes if bits
        )
        unless = Look("yes", self.asked, every=True, wanted=False)
        yield from (Ground(why, (Look("core", flag), unless)) for flag, why in self.lists)
        for bit, asks in self.asks:
            wants = ("yes",) if self.need & bit else ("yes", "soft") if self.open & bit else ()
            if wants:
                say = f"This needs a yes, and there is none: {question}."
                yield Ground(Reason("not_asked", asks, law, say), tuple(Look(one, bit, wanted=False) for one in wants))


def build(book: Book, act: Act, residence: str, day: date) -> Rule:
    """Return the rule for an act. Total: whatever cannot be understood is refused with the reason."""
    strange = tuple(unknown(book, act))
    if strange:
        return Rule(Decision(DENIED, strange, book.digest), strange[0], book.digest)
    purpose = book.policy.purposes[act.purpose]
    question = Question(
        book, act, day, book.protecting(residence), purpose, book.policy.brands[act.brand],
        book.items(act.items) | _implied_items(book, act), f"purposes.{act.purpose}",
    )  # fmt: skip
    refusals = tuple(reason for check in REFUSALS for reason in check(question))
    return _for_people(question, Decision(DENIED, refusals, book.digest) if refusals else None)


def _implied_items(book: Book, act: Act) -> frozenset[str]:
    """Return the address a contact uses, whatever else it names, where the policy has one for its channel."""
    reach = REACH.get(act.channel, "") if act.verb == "contact" else ""
    return book.items([reach]) if reach and book.knows(reach) else frozenset()


# -- what depends on the person -------------------------------------------------------------------------------------


def permitted(q: Question) -> Reason:
    """Return the reason a yes gives when nobody's answer is needed."""
    say = f'It serves "{q.purpose.say}"'
    if q.act.verb == "keep":
        return Reason("kept", q.clause, "", f"{say}, and its period has not ended.")
    if q.purpose.basis in ("contract", "law", "vital", "public task"):
        return Reason("required", q.clause, "", f"{say}, which rests on {q.purpose.basis}.")
    if q.purpose.choice:
        return Reason("not_refused", f"choices.{q.purpose.choice[0]}", "", f"{say}, and they did not say no.")
    return Reason("not_refused", q.clause, "", f"{say}, and they did not object.")


class Brake(NamedTuple):
    """What stands between an act and a yes: which slots, how much of one is needed, and who asks."""

    asks: tuple[tuple[int, str], ...]  # each slot the act is about, and the line that asks there
    law: str
    on: bool  # a no counts
    need: int = 0  # slots where a yes is needed
    open: int = 0  # slots where a yes is needed, or a sale
    given: int = 0  # slots where the yes was given item by item, and stated with the act
    signal: bool = False  # a device signal counts as a no

    @property
    def asked(self) -> int:
        return sum(bit for bit, _ in self.asks)

    @property
    def clause(self) -> str:
        """The line that speaks for all: the first that needs a yes, else the first."""
        return next((clause for bit, clause in self.asks if bit & (self.need | self.open)), self.asks[0][1])


def _their_own(q: Question) -> bool:
    """Tell whether it is the person's own doing of a thing nothing else goes without, such as signing in.

    Restriction leaves what is done with their consent (GDPR art. 18(2)); without this nobody could come to lift it.
    """
    return q.act.actor == "person" and "necessary" in q.kinds


def _for_people(q: Question, refusal: Decision | None) -> Rule:
    rules = list(q.rules())
    brake = _tightened(_brake(q), rules)
    lists = tuple(_lists(q, rules))
    beyond = bool({"claims", "rights"} & q.kinds)
    return Rule(
        refusal,
        permitted(q),
        q.book.digest,
        tuple(duties(q)),
        asked=brake.asked if brake.on or lists else 0,
        slots=brake.asked if brake.on else 0,
        need=brake.need,
        open=brake.open,
        signals=brake.asked if brake.signal else 0,
        asks=brake.asks,
        brake=(brake.clause, brake.law, q.purpose.say),
        young=tuple(_young(q, rules)),
        parents=tuple(_parents(q, rules)),
        lists=lists,
        claims=beyond or q.act.verb == "keep" or _their_own(q),
        keeps=beyond or (bool(q.items) and q.items <= q.book.items(q.purpose.retains)),
    )


def _tightened(brake: Brake, rules: list[tuple[str, LawRule]]) -> Brake:
    """Return the brake with what the law adds: it can only ask for more."""
    if any(rule.signal for _, rule in rules):
        brake = brake._replace(on=True, signal=True)
    asked = [(NEEDS.index(rule.need), line) for line, rule in rules if rule.need]
    most, line = max(asked, key=lambda one: one[0], default=(NO_BRAKE, ""))
    left = brake.asked & ~brake.given & ~brake.need
    wants = {SOFT: left & ~brake.open, CONSENT: left}.get(most, 0)
    if not wants and (brake.on or most == NO_BRAKE):
        return brake
    need, opened = (brake.need | wants, 0) if most == CONSENT else (brake.need, brake.open | wants)
    return brake._replace(on=True, law=line, need=need, open=opened)


def _brake(q: Question) -> Brake:
    """Return what the policy itself asks of the person. Storage it decides by periods, holds and erasure alone."""
    slots, act, keep = q.book.slots, q.act, q.act.verb == "keep"
    if not q.purpose.choice:
        bit = 1 << slots[f"{act.purpose}:{act.brand}"]
        on = q.purpose.basis in ("interest", "use", "") and not keep
        return Brake(((bit, q.clause),), "", on, bit if on and q.purpose.basis != "interest" else 0)
    brake = Brake((), "", on=not keep)
    for name in q.purpose.choice:
        choice = q.book.policy.choices[name]
        cell = ":".join(filter(None, (act.channel if choice.channels else "", act.topic if choice.topics else "")))
        bit = 1 << slots.get(f"{name}:{act.brand}:{cell}", slots[f"{name}:{act.brand}"])
        signal = not keep and (brake.signal or bool(choice.signal))
        brake = brake._replace(asks=(*brake.asks, (bit, f"choices.{name}")), signal=signal)
        ask = q.book.asked(asks_of(q, name), q.laws)
        if ask == "each" and not keep:  # `refusals.stated` has seen the permission
            brake = brake._replace(given=brake.given | bit)
        elif not keep and ask in ("in", "use"):
            soft = bit if act.channel in choice.soft and act.verb == "contact" else 0
            brake = brake._replace(need=brake.need | (bit & ~soft), open=brake.open | soft)
    return brake


def _young(q: Question, rules: list[tuple[str, LawRule]]) -> Iterator[tuple[int, Reason]]:
    limit = q.purpose.not_under
    if limit and q.act.verb != "keep":
        say = f"This is never done with data of people under {limit}."
        yield limit, Reason("too_young", f"{q.clause}.not_under", "", say)
    for line, rule in rules:
        if rule.under:
            say = f"The law forbids it for people under {rule.under}: {rule.say}."
            yield rule.under, Reason("too_young", q.clause, line, say)


def _parents(q: Question, rules: list[tuple[str, LawRule]]) -> Iterator[tuple[int, Reason]]:
    """A parent agrees before a child registers, subscribes or orders, and there is no marketing meanwhile."""
    say = "A parent agrees first for people under {}."
    asked = (q.source and q.source.parent and q.act.verb == "collect") or (
        "marketing" in q.kinds and q.act.verb != "keep"
    )
    if asked:
        clause, limit = "policy.adult_from", q.book.policy.about.adult_from
        yield limit, Reason("no_parent", clause, "", say.format(limit))
        for pack, region in q.laws:
            if pack.ages and pack.ages.begin <= q.day:
                age, line = pack.ages.at(region), f"{pack.name}.ages ({pack.ages.cite})"
                yield age, Reason("no_parent", clause, line, say.format(age))
    for line, rule in rules:
        if rule.parent:
            yield rule.parent, Reason("no_parent", q.clause, line, say.format(rule.parent))


def _lists(q: Question, rules: list[tuple[str, LawRule]]) -> Iterator[tuple[int, Reason]]:
    for line, rule in rules:
        if rule.listed:
            yield LISTS[rule.listed], Reason("listed", q.clause, line, f"They are on a list: {rule.say}.")


def duties(q: Question) -> Iterator[str]:
    """Yield what must be done along with an allowed act."""
    if q.act.verb == "collect":
        source = q.book.policy.sources[q.act.source]
        yield from sorted({f"{step}: {name}" for name in q.categories for step in q.book.policy.data[name].handle})
        if source.tell:
            yield f"tell the person within {source.tell}"
        if source.proof:
            yield "without proof of permission: never contact"
    if q.act.verb == "disclose" and q.recipient:
        yield "write the disclosure register"
        if q.recipient.remove:
            yield f"remove people who stop within {q.recipient.remove}"
        if q.recipient.keeps_record:
            yield "tell the person that this recipient may keep a record"
    if q.act.verb == "contact":
        exits = (q.book.policy.choices[name].exits.get(q.act.channel) for name in q.purpose.choice)
        yield from (f"show the way out: {way}" for way in exits if way)
    if q.purpose.human:
        yield "let a person review a refusal"
