"""What was decided about someone, in words they would use."""

import ast
from datetime import date
from pathlib import Path

import pytest

import troth
from troth.doors import policies
from troth.rights.telling import DOING, DONE, WHY, told

COMPILED = policies.archive().in_force(date(2026, 11, 26))


def entry(verb, purpose="", *, allowed=True, **more):
    return {"at": "2026-11-26T12:00:00.000+00:00", "verb": verb, "purpose": purpose, "allowed": allowed, **more}


@pytest.mark.parametrize(
    ("said", "entry"),
    [
        (
            "Refused: a message by email about offers, to send you this brand's own news, because you said no.",
            entry(
                "contact",
                "news",
                allowed=False,
                channel="email",
                topic="offers",
                code="refused",
                items=["messages.message_log"],
            ),
        ),
        (
            "Allowed: a message by text, to send you this brand's own news, because you said yes.",
            entry("contact", "news", channel="sms", code="consented"),
        ),
        (
            "Taken in: email address and name, to sell you what you order, deliver it and take it back, because what you agreed with us needs it.",
            entry("collect", "order", items=["contact.email", "identity.name"], code="required"),
        ),
        (
            "Handed over: name to our delivery companies, to sell you what you order, deliver it and take it back.",
            entry("disclose", "order", items=["identity.name"], to="carriers"),
        ),
        (
            "Refused: using name, by customer care, to send you this brand's own news, because something it needs was not shown.",
            entry("use", "news", allowed=False, items=["identity.name"], actor="care", code="unstated"),
        ),
        (
            "Deleted: name, because you asked to be erased.",
            entry("keep", "rights", allowed=False, items=["identity.name"], code="erased"),
        ),
        (
            "Locked: we store what we hold of you and do not use it.",
            entry("keep", "rights", actor="person", code="kept", facts={"restricted": "yes"}),
        ),
        (
            "Held no longer: what we have of you goes when its time is over, by our data protection officer.",
            entry("keep", "claims", actor="officer", code="held", facts={"hold": "over"}),
        ),
        (
            "Used: shoe horn, to polish shoes.",
            entry("use", "polish_shoes", items=["old.shoe_horn"], code="from_before"),
        ),
    ],
)
def test_a_decision_is_told_in_one_sentence(said, entry):
    assert told(entry, COMPILED) == said


def test_a_long_list_is_counted():
    items = sorted(COMPILED.book.labels)[:40]
    said = told(entry("use", "rights", items=items, code="required"), COMPILED)
    assert " more, to answer when you use your rights" in said
    assert said.count(",") < 10


def test_every_reason_and_every_door_has_words():
    """Read from the code: a new reason without words fails here."""
    codes = {"stopped", "signal", "refused"}  # these stand in a table of their own
    for file in Path(troth.__file__).parent.glob("*/*.py"):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("Reason", "Entry"):
                named = [word.value for word in call.keywords if word.arg == "code"]
                code = next(iter([*call.args, *named]), None)
                if isinstance(code, ast.Constant):
                    codes.add(str(code.value))
    assert codes == set(WHY)
    assert DONE.keys() == DOING.keys() == {"collect", "use", "contact", "disclose", "publish", "keep"}
