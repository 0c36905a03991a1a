"""The language: eight nouns and plain statements. Each class is one table of the file, each `key` one word in it.

The loader, the JSON Schema and the reference in `docs/language.md` all come from these declarations.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

from .period import Keep, Length
from .plain import Plain
from .shapes import KEEP_TEXT, LENGTH_TEXT, Day, Either, Flag, Many, OneOf, Record, Ref, Table, Text, Whole, key

VERBS = ("collect", "use", "contact", "disclose", "publish", "keep")
BASES = ("contract", "law", "interest", "vital", "public task", "use", "none")
CHANNELS = ("email", "sms", "phone", "chat", "post", "push", "social", "autocall", "online", "print")
KINDS = (
    "marketing", "survey", "service", "adverts", "sale", "profiling", "tracking", "storage", "pixel", "recording",
    "location", "automated", "credit", "matching", "children", "research", "claims", "rights", "necessary",
)  # fmt: skip
CARES = ("sensitive", "location", "card", "secret", "free text")
ROLES = ("processor", "controller", "joint", "authority", "public")
FORMS = ("plain", "hashed", "pseudonymous", "synthetic", "statistics")
PROVENANCES = ("provided", "observed", "inferred", "received")
ACTORS = ("system", "person", "care", "marketer", "officer", "analyst", "developer")
RIGHTS = (
    "see",
    "copy",
    "correct",
    "erase",
    "restrict",
    "carry",
    "object",
    "review",
    "optout",
    "limit",
    "appeal",
    "complain",
)
# What must happen to a value as it comes in; the doors and forms that do it are named in docs/language.md.
HANDLING = ("hash", "strip metadata", "mask cards", "flag sensitive", "coarsen", "verify")
ASKS = ("in", "out", "each", "use")
SECTIONS = (
    "collect",
    "cookies",
    "use",
    "share",
    "places",
    "marketing",
    "access",
    "safeguards",
    "links",
    "changes",
    "contact",
)

TEXT, FLAG, DAY = Text(), Flag(), Day()
TEXTS, PHRASES = Many(TEXT), Many(TEXT, alone=True)
COUNTRY = Text(5)
DATA, PURPOSE, RECIPIENT = Ref("data", also=("*",)), Ref("purpose"), Ref("recipient")
BEGIN, END = "the first day it is in force", "the first day it is no longer in force"


class Dated(Protocol):
    """A part of the policy that is in force from one day until another."""

    @property
    def begin(self) -> date: ...

    @property
    def end(self) -> date: ...


def in_force(part: Dated, day: date) -> bool:
    """Tell whether a part of the policy holds on `day`."""
    return part.begin <= day < part.end


class Entity(Plain):
    """A company: a controller, its parent, or another member of the group."""

    say: str = key(TEXT, "its registered name")
    parent: str = key(Ref("entity"), "the company that owns it", "")
    number: str = key(TEXT, "its registration number", "")
    address: str = key(TEXT, "its registered address", "")
    country: str = key(COUNTRY, "the country it is registered in", "", called="in")
    shares_brand: bool = key(FLAG, "it trades under the controller's brands", default=False)
    begin: date = key(DAY, BEGIN, date.min, called="from")
    end: date = key(DAY, END, date.max, called="until")


class About(Plain):
    """Whose policy this is, from which day, and where a person turns."""

    name: str = key(TEXT, "the title customers read")
    version: date = key(DAY, "the day this version comes into force")
    controller: str = key(TEXT, "the company responsible, or the name of an entity below")
    officer: str = key(TEXT, "how to reach the privacy officer")
    laws: tuple[str, ...] = key(TEXTS, "the law packs it is held to")
    replaces: date | None = key(DAY, "the version before", None)
    locale: str = key(TEXT, "the language it is written in", "en-GB")
    adult_from: int = key(Whole(13, 21), "younger people need a parent's agreement", 18)
    notice: Length | None = key(LENGTH_TEXT, "how long before a material change people are told", None)
    treat: dict[str, str] = key(Table(TEXT, names=TEXT), 'residences treated as another, e.g. { US = "US-CA" }', {})
    entities: dict[str, Entity] = key(Table(Record(Entity)), "the companies of the group, over time", {})
    representatives: dict[str, str] = key(
        Table(TEXT, names=Text(20)), "by law: the local representative (GDPR art. 27)", {}
    )
    authority: str = key(TEXT, "the regulator that leads", "")


class Property(Plain):
    """One place a brand can be met: a site, app, page, event or magazine, from a day until a day."""

    kind: str = key(OneOf(("site", "app", "social", "page", "event", "magazine", "shop")), "what it is")
    at: str = key(TEXT, "its address or name")
    network: str = key(TEXT, "the social network it stands on", "")
    policy: str = key(TEXT, "the address of that network's own policy", "")
    locale: str = key(TEXT, "its language", "")
    begin: date = key(DAY, BEGIN, date.min, called="from")
    end: date = key(DAY, END, date.max, called="until")


class Brand(Plain):
    """A trading name under one controller."""

    say: str = key(TEXT, "its name as customers write it", "")
    controller: str = key(Ref("entity"), "the entity responsible, where it is not the policy's", "")
    sites: tuple[str, ...] = key(TEXTS, "its hosts", ())
    apps: tuple[str, ...] = key(TEXTS, "the systems its app runs on", ())
    social: tuple[str, ...] = key(TEXTS, "the networks it has a page on", ())
    properties: dict[str, Property] = key(Table(Record(Property)), "its places, with their dates", {})
    care: tuple[str, ...] = key(TEXTS, "how to reach its customer care", ())
    lines: dict[str, str] = key(Table(TEXT, names=Text(20)), "by law: the care number to call", {})
    address: str = key(TEXT, "its postal address", "")
    begin: date = key(DAY, BEGIN, date.min, called="from")
    end: date = key(DAY, END, date.max, called="until")


class Item(Plain):
    """A single field within a category."""

    say: str = key(TEXT, "its name as customers read it", "")
    dpv: str = key(TEXT, "its term in the W3C Data Privacy Vocabulary, e.g. EmailAddress", "")


class Data(Plain):
    """A category: what is held together, for how long, and inside which walls."""

    items: tuple[str, ...] | dict[str, Item] = key(Either(Many(Text(40)), Table(Record(Item))), "the fields in it")
    keep: Keep = key(KEEP_TEXT, 'how long, e.g. "order + 7 years"')
    then: str = key(OneOf(("delete", "anonymise")), "what happens then", "delete")
    say: str = key(TEXT, "the category as customers read it", "")
    because: str = key(TEXT, "why so long, where a shopper would wonder", "")
    care: str = key(OneOf(CARES), "what makes it delicate", "")
    handle: tuple[str, ...] = key(Many(OneOf(HANDLING)), "what is done to it as it comes in", ())
    never: tuple[str, ...] = key(
        Many(Ref("verb or purpose", also=("export",))), "a wall: verbs and purposes it never serves", ()
    )
    only_to: tuple[str, ...] = key(Many(RECIPIENT), "a wall: the only recipients", ())
    only_for: tuple[str, ...] = key(Many(PURPOSE), "a wall: the only purposes", ())


class Form(Plain):
    """A form people fill in at a source."""

    asks: tuple[str, ...] = key(Many(DATA), "the items it asks for")
    purposes: tuple[str, ...] = key(Many(PURPOSE), "what the answers are for", called="for")
    say: str = key(TEXT, "its title", "")
    may: tuple[str, ...] = key(Many(DATA), "items one may leave out", ())
    offers: tuple[str, ...] = key(Many(Ref("choice")), "choices it puts to the person", ())


class Source(Plain):
    """Where data comes from, and what it may bring."""

    takes: tuple[str, ...] = key(Many(DATA), "the categories or items it may bring")
    say: str = key(TEXT, 'how customers read it, after "when you"', "")
    provenance: str = key(OneOf(PROVENANCES), "given by the person, observed, inferred or received", "provided")
    at: tuple[str, ...] = key(
        Many(OneOf(("site", "app", "social", "page", "event", "magazine", "shop", "call", "partner"))),
        "the kinds of place",
        (),
    )
    parent: bool = key(FLAG, "a parent agrees first for those under adult_from", default=False)
    needs: tuple[str, ...] = key(PHRASES, "facts that must be stated first", ())
    proof: bool = key(FLAG, "it must show permission, or the person may not be contacted", default=False)
    tell: Length | None = key(LENGTH_TEXT, "how soon the person is told (GDPR art. 14)", None)
    forms: dict[str, Form] = key(Table(Record(Form)), "its forms", {})
    begin: date = key(DAY, BEGIN, date.min, called="from")
    end: date = key(DAY, END, date.max, called="until")


class Shield(Plain):
    """The safeguard under which data goes to one country."""

    scheme: str = key(Text(40), "the safeguard, e.g. scc, idta, dpf")
    until: date | None = key(DAY, "the first day it no longer holds", None)
    ref: str = key(TEXT, "the document", "")
    assessed: str = key(TEXT, "the transfer assessment", "")


class Contract(Plain):
    """The written instructions a processor works under (GDPR art. 28)."""

    ref: str = key(TEXT, "the document")
    until: date | None = key(DAY, "the first day it no longer holds", None)
    subprocessors: tuple[str, ...] = key(TEXTS, "whom it may use in turn", ())
    instructions: str = key(TEXT, "what it may do", "")


class Recipient(Plain):
    """Anyone a disclosure goes to."""

    role: str = key(OneOf(ROLES), "decides itself, acts for us, has authority, or is the public")
    countries: tuple[str, ...] = key(Many(COUNTRY), "the countries it works in", called="in")
    say: str = key(TEXT, "who it is, as customers read it", "")
    who: tuple[str, ...] = key(TEXTS, "the actual companies", ())
    entity: str = key(Ref("entity"), "the member of the group it is", "")
    policy: str = key(TEXT, "the address of its own policy", "")
    shield: dict[str, tuple[str | Shield, ...]] = key(
        Table(Many(Either(Text(40), Record(Shield)), alone=True), names=COUNTRY), "by country: the safeguards", {}
    )
    contract: Contract | None = key(Record(Contract), "the processor's contract", None)
    form: str = key(OneOf(FORMS), "the least identifying form it needs", "plain")
    at_least: int = key(Whole(2, 10_000), "the smallest group a figure may describe", 0)
    only_for: tuple[str, ...] = key(Many(PURPOSE), "a wall: the only purposes", ())
    needs: tuple[str, ...] = key(PHRASES, "facts that must be stated first", ())
    keeps_record: bool = key(FLAG, "it may keep a record of its own", default=False)
    sealed: bool = key(FLAG, "an entry may stay sealed until a date", default=False)
    was: str = key(Text(8), "its numeral in the 2018 policy", "")
    remove: Length | None = key(LENGTH_TEXT, "how soon it removes someone who stops", None)
    begin: date = key(DAY, BEGIN, date.min, called="from")
    end: date = key(DAY, END, date.max, called="until")


class Cookie(Plain):
    """A cookie, storage key, pixel or script; it belongs to exactly one purpose."""

    kind: str = key(OneOf(("cookie", "storage", "pixel", "script", "sdk")), "what it is")
    say: str = key(TEXT, "what it does")
    keep: Length | None = key(LENGTH_TEXT, "how long it lives; left out: until the browser closes", None)
    by: str = key(Ref("recipient", also=("us",)), "who sets it", "us")
    items: tuple[str, ...] = key(Many(DATA), "the items it carries", ())
    exempt: str = key(
        OneOf(("transmission", "necessary", "statistics", "appearance", "emergency")), "the exemption it rests on", ""
    )
    match: str = key(Text(80), "its name, where it is not a plain word; * stands for anything", "")


class Purpose(Plain):
    """The one reason a use happens."""

    say: str = key(TEXT, 'what it is, after "to"')
    uses: tuple[str, ...] = key(Many(DATA), "the data it needs")
    basis: str = key(OneOf(BASES), "its lawful basis, where it rests on no choice", "")
    choice: tuple[str, ...] = key(Many(Ref("choice"), alone=True), "the choices that must all be yes", ())
    was: str = key(Text(8), "its numeral in the 2018 policy", "")
    kind: tuple[str, ...] = key(Many(OneOf(KINDS), alone=True), "what the law would call it", ())
    recipients: tuple[str, ...] | dict[str, tuple[str, ...]] = key(
        Either(Many(RECIPIENT), Table(Many(DATA), names=RECIPIENT)),
        "who may receive, and where narrower, which items",
        (),
        called="to",
    )
    shows: tuple[str, ...] = key(Many(DATA), "the items it may publish", ())
    channels: tuple[str, ...] = key(Many(OneOf(CHANNELS)), "the channels it may contact by; all unless said", ())
    form: str = key(OneOf(FORMS), "the form the data must have", "plain")
    needs: tuple[str, ...] | dict[str, tuple[str, ...]] = key(
        Either(PHRASES, Table(PHRASES, names=OneOf(VERBS))), "facts that must be stated, for all verbs or by verb", ()
    )
    roles: tuple[str, ...] | dict[str, tuple[str, ...]] = key(
        Either(Many(OneOf(ACTORS)), Table(PHRASES, names=OneOf(ACTORS))),
        "staff who may act, and what each must state",
        (),
    )
    human: bool = key(FLAG, "a person reviews a refusal", default=False)
    not_under: int = key(Whole(13, 21), "never for people known to be younger", 0)
    retains: tuple[str, ...] = key(Many(DATA), "data it must keep even after erasure", ())
    interest: str = key(TEXT, "the interest, where that is the basis", "")
    logic: str = key(TEXT, "how an automated decision is made", "")
    assessed: str = key(TEXT, "the impact assessment", "")
    review: date | None = key(DAY, "the day the assessment is next read", None)
    dpv: str = key(TEXT, "its term in the W3C Data Privacy Vocabulary", "")
    cookies: dict[str, Cookie] = key(Table(Record(Cookie)), "what it stores on a device", {})
    begin: date = key(DAY, BEGIN, date.min, called="from")
    end: date = key(DAY, END, date.max, called="until")


LAW = Text(20)  # a law pack's code, or "default"
ASK = Either(OneOf(ASKS), Table(OneOf(ASKS), names=LAW))


class Choice(Plain):
    """A question the policy puts to the person. Every yes has an equal no."""

    say: str = key(TEXT, "the question as it is asked", "")
    ask: str | dict[str, str] = key(ASK, "off until yes, on until no, or one by one; may differ by law", "")
    channels: tuple[str, ...] | dict[str, str | dict[str, str]] = key(
        Either(Many(OneOf(CHANNELS)), Table(ASK, names=OneOf(CHANNELS))),
        "the channels it covers, and how each is asked",
        (),
    )
    topics: tuple[str, ...] = key(Many(Text(40)), "the topics one may choose alone", ())
    soft: tuple[str, ...] = key(Many(OneOf(CHANNELS)), "channels a sale may open (soft opt-in)", ())
    sender: str = key(OneOf(("brand", "group")), "who may send", "brand", called="only_from")
    signal: str = key(OneOf(("gpc",)), "the device signal that is a no", "")
    yes: tuple[str, ...] = key(TEXTS, "where one can say yes", ("choices",))
    no: tuple[str, ...] = key(TEXTS, "where one can say no", ("choices",))
    exits: dict[str, str] = key(Table(TEXT, names=OneOf(CHANNELS)), "by channel: the way out in every message", {})
    keep: Length | None = key(LENGTH_TEXT, "how long an answer, yes or no, holds", None)
    most: str = key(TEXT, "how often at most", "")


class Right(Plain):
    """Something a person may ask of us."""

    by: tuple[str, ...] = key(TEXTS, "the ways to ask")
    kind: str = key(OneOf(RIGHTS), "which right it is, where its name is another", "")
    say: str = key(TEXT, 'what it is, after "you can"', "")
    fee: int | str = key(Either(Whole(0, 1000), TEXT, when=str), "what it costs", 0)
    pages: tuple[str, ...] = key(TEXTS, "the pages it is found on", ())
    then: dict[str, str] = key(Table(TEXT), "what follows, by what changed", {})
    exceptions: str = key(TEXT, "what it does not reach", "", called="except")
    clock: str = key(Text(40), "the law pack's clock that runs", "")
    verify: str = key(TEXT, "the least we ask to know who asks", "")


class Statement(Plain):
    """A plain sentence with a check behind it."""

    say: str = key(TEXT, "the sentence")
    check: str = key(TEXT, "the check that keeps it true")
    section: str = key(OneOf(SECTIONS), "where it stands on the page", "")
    question: str = key(TEXT, "the question it answers, for the help pages", "")
    scheme: str = key(TEXT, "a seal's scheme", "")
    scope: str = key(TEXT, "a seal's scope", "")
    evidence: str = key(TEXT, "a seal's evidence", "")
    until: date | None = key(DAY, "the first day the claim no longer holds", None)


class Promise(Plain):
    """An executable example that must stay true."""

    act: str = key(TEXT, 'a situation, as one would type it to "troth policy ask"', called="try")
    answer: str = key(TEXT, '"yes" or "no", and the line that says so', called="get")


class Policy(Plain):
    """One published version of a privacy policy."""

    about: About = key(Record(About), "whose policy this is", called="policy")
    brands: dict[str, Brand] = key(Table(Record(Brand)), "the trading names")
    data: dict[str, Data] = key(Table(Record(Data)), "what is held")
    sources: dict[str, Source] = key(Table(Record(Source, shorthand="takes")), "where it comes from")
    recipients: dict[str, Recipient] = key(Table(Record(Recipient)), "who may receive it")
    purposes: dict[str, Purpose] = key(Table(Record(Purpose)), "what it is for")
    choices: dict[str, Choice] = key(Table(Record(Choice)), "what people decide")
    rights: dict[str, Right] = key(Table(Record(Right)), "what people may ask")
    statements: dict[str, Statement] = key(Table(Record(Statement)), "sentences with a check behind them", {})
    promises: dict[str, Promise] = key(Table(Record(Promise)), "examples that must stay true", {})
