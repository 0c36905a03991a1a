"""Which questions there are, what a cookie remembers, what the browser's signal is, and what it all comes to."""

import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.laws import packs
from troth.policy import Compiled
from troth.policy.archive import Archive
from troth.policy.load import loads
from troth.tracking import rules
from troth.tracking.rules import Answers, Interest

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 26)
HOUSE = Archive.read(ROOT / "policies", packs()).versions[-1]
EVERY = rules.asked_one_by_one(HOUSE)
answers = st.dictionaries(st.sampled_from(EVERY), st.sampled_from(["yes", "no", "sighted"])).map(
    lambda said: Answers(tuple(sorted(said.items())))
)


def without(text, new):
    source = HOUSE.book.file.reader.text
    assert source.count(text) == 1
    return Compiled(loads(source.replace(text, new).encode(), "changed.toml"), packs())


@pytest.mark.parametrize(
    ("header", "heard"),
    [
        ("1", True), ("1, 1", True), ("0, 1", True), ("1,0", True), (" 1\t", True),
        (None, False), ("", False), ("0", False), ("11", False), ("1.0", False), ("true", False), ("yes", False),
        ("１", False), ("1;q=1", False), ("+1", False), ("01", False), ('"1"', False), ("0, 0", False),
    ],
)  # fmt: skip
def test_the_signal_is_exactly_1_in_one_header_or_in_several(header, heard):
    assert rules.signalled(header) is heard


def test_the_panel_asks_what_the_policy_lets_it_ask_and_one_by_one_what_leans_on_that():
    assert rules.asked(HOUSE) == ("tracking", "appearance", "profile", "adverts")
    assert EVERY == ("tracking", "appearance", "profile", "fit_shop", "adverts")


def test_a_question_the_policy_takes_from_the_panel_is_not_put_any_more():
    changed = without(
        'keep   = "6 months"\nyes    = ["banner", "choices"]', 'keep   = "6 months"\nyes    = ["choices"]'
    )

    assert rules.asked(changed) == ("tracking", "appearance", "profile")


@pytest.mark.parametrize("brand", ["tarn", "holm", "skerry"])
@pytest.mark.parametrize(
    ("residence", "counting"),
    [("GB", "on until no"), ("FR", "off until yes"), ("DE", "off until yes"), ("US-CA", "on until no"),
     ("US-TX", "on until no"), ("*", "off until yes"), ("GB+FR", "off until yes")],
)  # fmt: skip
def test_each_law_has_its_own_mode_and_adverts_wait_for_a_yes_under_all(residence, counting, brand):
    rest = rules.resting(HOUSE, brand, residence, DAY)

    assert {name: slot.mode for name, slot in rest.items()} == {
        "tracking": counting, "appearance": counting, "profile": "off until yes", "fit_shop": "off until yes",
        "adverts": "off until yes",
    }  # fmt: skip
    silent = [rules.device_allows(HOUSE, "tracking", brand, Answers(), False, residence, DAY)]
    assert silent == [counting == "on until no"]


def test_britain_asked_first_until_its_law_changed():
    assert rules.resting(HOUSE, "tarn", "GB", date(2026, 2, 4))["tracking"].mode == "off until yes"


@settings(max_examples=40)
@given(answers, st.booleans(), st.sampled_from(["GB", "FR", "US-CA", "US-OR", "*"]), st.sampled_from(["tarn", "holm"]))
def test_what_a_device_lets_happen_is_what_the_engine_answers_somebody_who_said_the_same(said, signal, where, brand):
    """Against a slow reading of the precedence rules: no, then the signal unless the yes was given in its sight."""
    told = dict(said.said)
    for purpose in ("tracking", "appearance", "profile", "fit_shop", "adverts"):
        choices = HOUSE.policy.purposes[purpose].choice
        running = rules.resting(HOUSE, brand, where, DAY)
        each = []
        for choice in choices:
            stands = told.get(choice)
            if signal and running[choice].signal and stands != "sighted":
                stands = "no"
            each.append(stands in ("yes", "sighted") or (stands is None and running[choice].mode == "on until no"))
        assert rules.device_allows(HOUSE, purpose, brand, said, signal, where, DAY) == all(each), purpose


def test_one_brands_yes_is_no_other_brands():
    standing = rules.standing(HOUSE, "tarn", Answers((("tracking", "yes"),)), signal=False)

    assert [b for b in HOUSE.policy.brands if rules.allows(HOUSE, "tracking", b, standing, DAY)] == ["tarn"]


@given(answers)
def test_a_cookie_remembers_each_answer(said):
    assert rules.read_answers(said.write(HOUSE.policy.about.version), HOUSE, DAY) == said


@given(st.text(max_size=200) | st.text(alphabet="abcdefghijklmnopqrstuvwxyz_.:", max_size=60))
def test_a_cookie_that_is_not_ours_answers_nothing_and_breaks_nothing(text):
    said = rules.read_answers(text, HOUSE, DAY)

    assert said == Answers() or all(f"{name}.{answer}" in text for name, answer in said.said)
    assert rules.read_interest(text).write() in (text, "-")


@pytest.mark.parametrize(
    "text",
    [
        "news.yes",
        "tracking.maybe",
        "tracking.yes:",
        "tracking.yes;",
        "tracking.yes" * 200,
        "v2026:tracking.yes",
        "v20261101",
        "tracking.yes:v20261101",
    ],
)
def test_a_cookie_grants_nothing_we_did_not_ask(text):
    assert rules.read_answers(text, HOUSE, DAY) == Answers()


def test_what_was_seen_lately_is_a_dozen_each_once_the_newest_first():
    seen = Interest()
    for slug in [f"piece-{n}" for n in range(20)] + ["piece-15"]:
        seen = seen.after(slug)

    assert seen.seen == ("piece-15", *(f"piece-{n}" for n in (19, 18, 17, 16, 14, 13, 12, 11, 10, 9, 8)))
    assert rules.read_interest(seen.write()) == seen


def test_a_no_is_remembered_as_long_as_a_yes_and_every_cookie_as_long_as_the_policy_says():
    lives = {
        cookie: rules.life(HOUSE, purpose, cookie, DAY).days
        for purpose, cookie in (("site", "choices"), ("tracking", "visit"), ("profile", "interest"))
    }

    assert lives == {"choices": 181, "visit": 181, "interest": 90}  # until 26 May 2027, and 24 February
    assert {a for a in ("yes", "no") if len(Answers((("tracking", a),)).write(DAY)) > 0} == {"yes", "no"}


def test_every_word_of_consent_mode_stands_for_a_purpose_with_a_choice():
    assert all(HOUSE.policy.purposes[purpose].choice for purpose in rules.CONSENT_MODE.values())


def test_only_places_that_name_a_cookie_of_the_policy_set_one():
    """The registry is closed: a new place that sets a cookie stands here first, and its cookie in the policy."""
    from django.conf import settings  # noqa: PLC0415

    from troth.accounts import sessions  # noqa: PLC0415
    from troth.shop import baskets  # noqa: PLC0415

    source = ROOT / "src" / "troth"
    sets = {str(p.relative_to(source)) for p in source.rglob("*.py") if ".set_cookie(" in p.read_text(encoding="utf-8")}
    assert sets - {"desk/session.py"} == {"accounts/sessions.py", "shop/views_buying.py", "tracking/devices.py"}
    named = {made.match or key for p in HOUSE.policy.purposes.values() for key, made in p.cookies.items()}
    ours = {sessions.COOKIE, baskets.COOKIE, settings.CSRF_COOKIE_NAME, rules.CHOICES, rules.VISIT, rules.INTEREST}
    assert ours <= named
    assert {kind for p in HOUSE.policy.purposes.values() for kind in [p.cookies.get("interest")] if kind}
    assert tomllib.loads(HOUSE.book.file.reader.text)["purposes"]["profile"]["cookies"]["interest"]["kind"] == "cookie"
