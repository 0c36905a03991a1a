"""Random small policies, law packs, acts, people and days, close enough to each other that they meet.

Few names, few days: what matters is how rules combine. Acts begin as something the policy allows and then go wrong in
one or two places, so that most of them are near misses.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from troth.policy.acts import FLAGS, Act
from troth.policy.law import Adequate, Ages, LawPack, LawRule, PackHead, Safeguard, Transfers
from troth.policy.load import loads
from troth.policy.nouns import ACTORS, CARES, CHANNELS, FORMS, KINDS, PROVENANCES, ROLES, VERBS, Policy

from .oracle import Person

DAYS = [date(2018, 5, 25), date(2026, 2, 5), date(2026, 2, 28), date(2026, 7, 1), date(2027, 1, 1)]
ITEMS = {
    "contact": ["email", "mobile", "phone", "home_address"],
    "taste": ["sizes", "searches"],
    "card": ["token"],
    "notes": ["enquiry"],
}
NAMES = [*ITEMS, "email", "contact.email", "taste.sizes", "token", "*"]
FACTS = ["notice", "legal basis", "permission"]
TOPICS = ["offers", "events"]
COUNTRIES = ["GB", "FR", "US", "IN", "*"]
PURPOSES = ["serve", "news", "adverts", "study"]
RECIPIENTS = ["helper", "partner", "police", "anyone"]
BY = ["email", "sms", "post", "phone"]
CHOICES = ["letters", "ads"]
RESIDENCES = [
    "GB",
    "FR",
    "DE",
    "US",
    "US-CA",
    "US-TX",
    "US-WY",
    "JP",
    "GB+FR",
    "FR+DE",
    "US-CA+US-TX",
    "FR+US-TX",
    "*",
    "uk",
    "GB-SCT",
    "",
]
LAWS = ["uk", "eu", "us", "us-ca", "us-states"]

turning_days = st.one_of(
    st.sampled_from(DAYS), st.builds(lambda d, n: d + timedelta(days=n), st.sampled_from(DAYS), st.integers(-2, 2))
)


def few(values: list[str] | tuple[str, ...], most: int = 2) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True)


# -- policies, as TOML -----------------------------------------------------------------------------------------------


def to_toml(tables: dict[str, dict[str, Any]]) -> str:
    """Write top-level tables, one key a line, everything below inline."""
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {value(v)}\n" for key, v in table.items()) for name, table in tables.items()
    )


def value(raw: Any) -> str:
    if isinstance(raw, dict):
        return (
            "{ "
            + ", ".join(f"{key if key.isidentifier() else json.dumps(key)} = {value(one)}" for key, one in raw.items())
            + " }"
        )
    if isinstance(raw, list):
        return "[" + ", ".join(map(value, raw)) + "]"
    if isinstance(raw, date | datetime | time):
        return raw.isoformat()
    return json.dumps(raw)


def sometimes(**keys: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    """Make each key one that is usually left out: two times out of three it is None, which `policy_tables` drops."""
    return {key: st.one_of(st.none(), st.none(), values) for key, values in keys.items()}


dated: dict[str, st.SearchStrategy[Any]] = {
    "from": st.sampled_from([None, None, None, None, *DAYS[:2]]),
    "until": st.sampled_from([None, None, None, None, *DAYS[3:]]),
}
asks = st.sampled_from(
    ["in", "out", "each", "use", {"uk": "out"}, {"default": "out", "eu": "in"}, {"us": "out", "default": "each"}]
)
needs = few(FACTS, 1)
schemes = st.sampled_from(["scc", "dpf", "dpf-uk", "idta"])
shields = st.one_of(
    schemes,
    st.fixed_dictionaries({"scheme": schemes, "until": st.sampled_from(DAYS)}),
    st.fixed_dictionaries({"scheme": schemes, "until": st.sampled_from(DAYS), "assessed": st.just("T-1")}),
)
bases = st.sampled_from(["contract", "law", "interest", "interest", "interest", "use", "vital", "none"])
cookie = {"kind": "cookie", "say": "x"}
purposes = st.fixed_dictionaries(
    {
        "say": st.just("do it"),
        "uses": st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
        "basis": st.one_of(st.none(), bases),  # one that rests on no choice either asks for a yes of its own
        "choice": st.sampled_from([None, None, *CHOICES, CHOICES]),
    }
    | sometimes(
        kind=st.lists(
            st.sampled_from(("marketing", "adverts", "sale", "claims", "rights", *KINDS)), max_size=2, unique=True
        ),
        to=st.one_of(few(RECIPIENTS, 3), st.dictionaries(st.sampled_from(RECIPIENTS), few(NAMES), max_size=2)),
        shows=few(NAMES),
        channels=few(CHANNELS[:5], 3),
        form=st.sampled_from(FORMS),
        needs=st.one_of(needs, st.dictionaries(st.sampled_from(["use", "contact", "disclose"]), needs, max_size=1)),
        roles=st.one_of(few(ACTORS), st.dictionaries(st.sampled_from(["care", "marketer"]), needs, max_size=1)),
        not_under=st.integers(13, 18),
        retains=few(NAMES),
        assessed=st.just("D-1"),
        cookies=st.sampled_from([{"c": cookie}, {"c": cookie | {"exempt": "necessary"}}]),
    )
    | dated
)
choices = st.fixed_dictionaries(
    sometimes(
        ask=asks,
        channels=st.one_of(few(BY, 3), st.dictionaries(st.sampled_from(BY), asks, max_size=3)),
        topics=few(TOPICS),
        soft=few(["email", "sms"]),
        signal=st.just("gpc"),
    )
)
walls = sometimes(
    never=few([*VERBS, *PURPOSES, "export"], 1),
    only_to=few(["helper", "partner"], 1),
    only_for=few(PURPOSES),
    care=st.sampled_from(CARES),
)
contracts = st.sampled_from([{"ref": "K-1"}, *({"ref": "K-1", "until": day} for day in DAYS)])


def category(name: str) -> st.SearchStrategy[dict[str, Any]]:
    fields = {"items": st.just(ITEMS[name]), "keep": st.just("account")}
    return st.one_of(st.fixed_dictionaries(fields), st.fixed_dictionaries(fields | walls))


def recipient(role: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"role": st.just(role), "in": st.lists(st.sampled_from(COUNTRIES), min_size=1, max_size=2, unique=True)}
        | sometimes(
            shield=st.dictionaries(
                st.sampled_from(["US", "IN"]),
                st.one_of(
                    shields,
                    st.lists(shields, max_size=2, unique_by=lambda one: one if isinstance(one, str) else one["scheme"]),
                ),
                max_size=2,
            ),
            contract=contracts,
            form=st.sampled_from(FORMS),
            at_least=st.just(20),
            only_for=few(PURPOSES, 1),
            needs=needs,
        )
        | dated
    )


entities = {"house": {"say": "House Ltd"}, "sold": {"say": "Sold Ltd", "until": DAYS[3]}}
whole_policies = st.fixed_dictionaries(
    {
        "policy": st.fixed_dictionaries(
            {
                "name": st.just("P"), "version": st.just(DAYS[1]), "controller": st.just("house"), "officer": st.just("o@p.example"),
                "laws": few(LAWS, len(LAWS)), "entities": st.just(entities),
            }
            | sometimes(adult_from=st.integers(13, 18), treat=st.sampled_from([{"US": "US-CA"}, {"JP": "GB"}]))
        ),
        "brands": st.fixed_dictionaries(
            {"ash": st.just({"sites": ["ash.example"], "properties": {"page": {"kind": "page", "at": "p", "until": DAYS[4]}}}), "oak": st.fixed_dictionaries({"controller": st.sampled_from(["house", "sold"])} | dated)}
        ),
        "data": st.fixed_dictionaries({name: category(name) for name in ITEMS}),
        "sources": st.fixed_dictionaries(
            {
                "form": st.fixed_dictionaries(
                    {"takes": st.sampled_from([["*"], ["contact"], ["contact", "taste"], ["email"]]), "needs": needs}
                    | sometimes(parent=st.just(value=True))
                    | dated
                ),
                "list": st.fixed_dictionaries({"takes": st.just(["contact"]), "provenance": st.sampled_from(PROVENANCES)}),
            }
        ),
        "recipients": st.fixed_dictionaries(
            {
                "helper": recipient("processor"), "partner": recipient("controller"),
                "police": recipient("authority"), "anyone": recipient("public"),
            }
        ),
        "purposes": st.fixed_dictionaries(dict.fromkeys(PURPOSES, purposes)),
        "choices": st.fixed_dictionaries(dict.fromkeys(CHOICES, choices)),
        "rights": st.just({}),
    }
)  # fmt: skip


def given_only(raw: Any) -> Any:
    """Drop the keys that were left out."""
    return {key: given_only(one) for key, one in raw.items() if one is not None} if isinstance(raw, dict) else raw


policy_tables = whole_policies.map(given_only)
policy_files = policy_tables.map(lambda tables: loads(to_toml(tables).encode()))


# -- law packs --------------------------------------------------------------------------------------------------------


COVERS = {"uk": ["GB"], "eu": ["FR", "DE", "IE"], "us": ["US"], "us-ca": ["US-CA"], "us-states": ["US-TX", "US-CO"]}
REGIONS = {"uk": ["SCT"], "eu": ["FR", "DE"], "us": ["CA", "TX", "WY"], "us-ca": ["CA"], "us-states": ["TX", "CO"]}
effects: list[dict[str, Any]] = [
    {"need": "objection"}, {"need": "consent | soft"}, {"need": "consent"}, {"need": "consent"}, {"ban": True},
    {"under": 16}, {"parent": 13}, {"evidence": "notice"}, {"evidence": "contract"}, {"evidence": "risk assessment"},
    {"hours": (8, 21)}, {"listed": "tps"}, {"listed": "mps"}, {"signal": "gpc"},
]  # fmt: skip


def law_rules(name: str) -> st.SearchStrategy[LawRule]:
    conditions = st.fixed_dictionaries(
        {
            "effect": st.sampled_from(effects),
            "kinds": few(["marketing", "adverts", "sale", "survey"], 3),
            "regions": st.one_of(
                st.just({}), st.dictionaries(st.sampled_from(REGIONS[name]), st.sampled_from(DAYS), max_size=2)
            ),
        }
        | sometimes(
            verbs=few(VERBS, 3),
            channels=few(CHANNELS[:5]),
            care=few(CARES),
            roles=few(ROLES),
            provenance=few(PROVENANCES),
            begin=st.sampled_from(DAYS),
            end=st.sampled_from(DAYS),
        )
    )

    def rule(drawn: dict[str, Any]) -> LawRule:
        effect = drawn.pop("effect")
        spoken = {key: tuple(one) if isinstance(one, list) else one for key, one in drawn.items() if one is not None}
        made: dict[str, Any] = {"id": "r", "cite": "c", "say": "s", "trust": "k"} | spoken | effect
        return LawRule(**made)

    return conditions.map(rule)


def law_pack(name: str) -> st.SearchStrategy[LawPack]:
    head = PackHead(
        name=name, say=name, covers=tuple(COVERS[name]), read=DAYS[0], within="us" if name.startswith("us-") else ""
    )
    days, homes = st.sampled_from(DAYS), st.sampled_from(COVERS[name])
    adequate = st.builds(
        lambda begin, end: Adequate(to=("GB", "IN"), cite="q", trust="k", begin=begin, end=end), days, days
    )
    shield = st.builds(lambda begin: Safeguard(to=("US",), cite="d", trust="k", begin=begin), days)
    terms = Safeguard(to=("*",), cite="t", trust="k", assess=True)
    transfers = st.builds(
        lambda one, dpf, begin: Transfers(home=tuple(COVERS[name]), cite="h", adequate=(one,), shields={"dpf": dpf, "scc": terms}, begin=begin),
        adequate, shield, st.sampled_from([date.min, DAYS[1]]),
    )  # fmt: skip
    ages = st.builds(
        lambda by, begin: Ages(by=by, cite="a", begin=begin),
        st.dictionaries(homes, st.integers(13, 16), max_size=3),
        days,
    )
    rules = st.lists(law_rules(name), max_size=3).map(tuple)
    return st.builds(
        lambda r, a, t: LawPack(head=head, rules=r, ages=a, transfers=t),
        rules,
        st.one_of(st.none(), ages),
        st.one_of(st.none(), transfers),
    )


law_packs = st.fixed_dictionaries({name: law_pack(name) for name in COVERS})


# -- people, acts and days ----------------------------------------------------------------------------------------------


def patterns(policy: Policy) -> list[str]:
    """Name every slot of a policy, and the wider names people use for many at once."""
    found = ["*"]
    for name, choice in policy.choices.items():
        found.append(name)
        for brand in policy.brands:
            found.append(f"{name}:{brand}")
            rows, columns = list(choice.channels), list(choice.topics)
            cells = [f"{row}:{column}" for row in rows for column in columns] if rows and columns else rows or columns
            found += [f"{name}:{brand}:{cell}" for cell in cells]
            if rows:
                found += [f"{name}:{brand}:{rows[0]}", f"{name}:*:{rows[0]}"]
    for name, purpose in policy.purposes.items():
        if not purpose.choice:
            found += [name, f"{name}:ash"]
    return found


@st.composite
def people(draw: st.DrawFn, policy: Policy) -> Person:
    said = st.lists(st.sampled_from(patterns(policy)), max_size=3)
    person: Person = {"residence": draw(st.sampled_from(RESIDENCES)), "yes": draw(said)}
    for answer in ("no", "stop", "soft"):
        if draw(st.integers(0, 2)) == 2:
            person[answer] = draw(said)
    if draw(st.booleans()):
        person["age"] = draw(st.integers(11, 22))
    person["signal"] = draw(st.integers(0, 2)) == 2
    person["flags"] = (
        draw(st.lists(st.sampled_from(sorted(FLAGS)), max_size=2, unique=True)) if draw(st.booleans()) else []
    )
    return person


@dataclass(frozen=True)
class Spoiled:
    """What may be put in place of an act's part: names that exist elsewhere, and names that do not."""

    verb: tuple[Any, ...] = (*VERBS, "sell", "")
    purpose: tuple[Any, ...] = (*PURPOSES, "nothing")
    brand: tuple[Any, ...] = ("ash", "oak", "elm")
    items: tuple[Any, ...] = (
        frozenset(),
        frozenset({"contact"}),
        frozenset({"email", "token"}),
        frozenset({"shoes"}),
        frozenset({"*"}),
    )
    source: tuple[Any, ...] = ("", "form", "list", "rumour")
    to: tuple[Any, ...] = ("", "helper", "partner", "police", "anyone", "rival")
    channel: tuple[Any, ...] = ("", *CHANNELS[:5], "pigeon")
    topic: tuple[Any, ...] = ("", *TOPICS, "gossip")
    actor: tuple[Any, ...] = (*ACTORS, "thief")
    given: tuple[Any, ...] = (frozenset(), frozenset({"notice"}), frozenset(FACTS))
    form: tuple[Any, ...] = (*FORMS, "blurred")
    where: tuple[Any, ...] = ("", "ash.example", "page", "nowhere")
    place: tuple[Any, ...] = ("", *COUNTRIES)
    size: tuple[Any, ...] = (0, 19, 20)
    hour: tuple[Any, ...] = (-1, 7, 8, 20, 21)


@st.composite
def acts(draw: st.DrawFn, policy: Policy) -> Act:
    """Draw an act the policy speaks of, with most of what it asks for, then spoil up to two of its parts."""
    name = draw(st.sampled_from(list(policy.purposes)))
    purpose = policy.purposes[name]
    asked = [policy.choices[choice] for choice in purpose.choice]
    channels = [c for choice in asked for c in choice.channels] or list(purpose.channels)
    topics = [t for choice in asked for t in choice.topics] or [""]
    verb = draw(st.sampled_from(["contact", "contact", "use", "use", "disclose", "collect", "keep", "publish"]))
    spoken = verb in ("contact", "publish") or draw(st.integers(0, 3)) == 3  # or else about the choice as a whole
    shown = purpose.shows if verb == "publish" and purpose.shows else purpose.uses
    given_to = list(purpose.recipients) or RECIPIENTS[:2]
    act = Act(
        verb, name, draw(st.sampled_from(["ash", "ash", "ash", "oak"])),
        frozenset(draw(few([item for word in shown for item in ITEMS.get(word, [word])]))),
        source="form" if verb == "collect" else draw(st.sampled_from(["", "", "", "list"])),
        to=draw(st.sampled_from(given_to)) if verb == "disclose" else "",
        channel=draw(st.sampled_from(channels or (["email", "phone"] if verb == "contact" else [""]))) if spoken else "",
        topic=draw(st.sampled_from(topics)) if spoken else "",
        given=frozenset(FACTS), size=20, hour=12, form=draw(st.sampled_from([purpose.form, purpose.form, "statistics"])),
    )  # fmt: skip
    for part in draw(
        st.sampled_from([[], [], [], *([part] for part in Act._fields), *([part, "items"] for part in Act._fields)])
    ):
        act = act._replace(**{part: draw(st.sampled_from(getattr(Spoiled, part)))})
    return act
