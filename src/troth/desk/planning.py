"""What the form of a new campaign offers, and what was filled in, as a plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

from troth.marketing import segments
from troth.marketing.audience import Condition, Plan
from troth.marketing.channels import CHANNELS
from troth.marketing.errors import NoSuchFact
from troth.policy import Compiled
from troth.policy.book import group
from troth.policy.sections_yours import CHANNEL_NAMES

OFFERED: Final = ("news", "group_news", "partner_news")
ROWS: Final = range(3)  # conditions on the form: what needs more of them is better asked of an analyst
OPS: Final = (
    (">=", "at least, or since"), ("<=", "at most, or until"), ("is", "is"), ("in", "is one of"),
    ("not in", "is none of"),
)  # fmt: skip
Wrong = dict[str, str]  # a sentence by field


def offered(compiled: Compiled) -> dict[str, Any]:
    """Return what may be chosen, as pairs of name and words."""
    policy = compiled.policy
    return {
        "purposes": [(name, policy.purposes[name].say) for name in OFFERED if name in policy.purposes],
        "brands": [(name, brand.say or name.title()) for name, brand in policy.brands.items()],
        "topics": [(name, name) for name in policy.choices["news"].topics],
        "channels": [(name, CHANNEL_NAMES.get(name, name)) for name in CHANNELS],
        "senders": [(name, entity.say or name) for name, entity in policy.about.entities.items()],
        "facts": [(name, made.say) for name, made in segments.facts().items()],
        "ops": OPS,
    }


def plan_of(sent: Mapping[str, str], compiled: Compiled, on: date) -> tuple[Plan, Wrong]:
    """Return what a form asks for, and what is wrong with it; with anything wrong the plan is not to be used."""
    may, wrong = offered(compiled), Wrong()
    asked = {"purpose": "purposes", "brand": "brands", "channel": "channels", "topic": "topics"}
    for field, many in asked.items():
        if sent.get(field, "") not in dict(may[many]):
            wrong[field] = "Choose one of these."
    sender, named = sent.get("sender", ""), compiled.policy.brands.get(sent.get("brand", ""))
    home = (named.controller if named else "") or compiled.policy.about.controller
    if sender and sender not in group(compiled.policy, home, on):
        wrong["sender"] = "This company is not of the brand's group today: it may not write for it."
    segment, strange = segment_of(sent, compiled)
    purpose, brand, channel, topic = (sent.get(field, "") for field in asked)
    return Plan(purpose, brand, channel, topic, segment, sender), wrong | strange


def segment_of(sent: Mapping[str, str], compiled: Compiled) -> tuple[tuple[Condition, ...], Wrong]:
    """Return the conditions a form asks for, and what is wrong with them."""
    chosen, wrong = list[Condition](), Wrong()
    for row in ROWS:
        try:
            chosen += _condition(sent, row, compiled.policy.brands)
        except NoSuchFact as no:
            wrong[f"value{row}"] = str(no)
    return tuple(chosen), wrong


def rows_of(sent: Mapping[str, str], wrong: Wrong) -> list[dict[str, Any]]:
    """Return the rows of conditions as they were filled in, to be shown again."""
    return [
        {"n": row + 1, "row": row, "wrong": wrong.get(f"value{row}")}
        | {name: sent.get(f"{name}{row}", "")[:400] for name in ("fact", "op", "value", "at")}
        for row in ROWS
    ]


def _condition(sent: Mapping[str, str], row: int, brands: Collection[str]) -> list[Condition]:
    name, op = sent.get(f"fact{row}", ""), sent.get(f"op{row}", "")
    if not name:
        return []
    made, text = segments.fact(name), sent.get(f"value{row}", "").strip()
    brand = sent.get(f"at{row}", "")
    if brand and brand not in brands:
        raise NoSuchFact("Choose one of our brands, or any.")
    value: Any = text
    if made.type == "INTEGER" and text.isascii() and text.isdigit():
        value = int(text)
    elif op in ("in", "not in"):
        value = tuple(word.strip() for word in text.split(",") if word.strip())
    one = Condition(name, op, value, brand)
    segments.check([one])
    return [one]


def said(plan: Plan, compiled: Compiled) -> list[str]:
    """Return the conditions of a plan as sentences."""
    ways, brands = dict(OPS), compiled.policy.brands
    lines = []
    for one in plan.segment:
        made = segments.facts().get(one.fact)
        value = ", ".join(one.value) if isinstance(one.value, list | tuple) else one.value
        where = f", at {brands[one.brand].say or one.brand.title()}" if one.brand in brands else ""
        way = ways.get(one.op, one.op).partition(",")[0]
        lines.append(f"{made.say if made else one.fact} {way} {value}{where}")
    return lines
