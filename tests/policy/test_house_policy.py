"""The published policies of the house: whole, lawful, and complete against the 2018 clauses."""

from datetime import date
from pathlib import Path

import pytest

from troth.laws import packs
from troth.policy.archive import Archive
from troth.policy.asking import ask
from troth.policy.check import check
from troth.policy.diff import diff

FOLDER = Path(__file__).parents[2] / "policies"
ARCHIVE = Archive.read(FOLDER, packs())
NOW = ARCHIVE.in_force(date(2026, 11, 22))
P = NOW.policy


@pytest.mark.parametrize("version", ARCHIVE.versions, ids=lambda version: str(version.policy.about.version))
def test_each_version_holds_on_the_day_it_came_into_force(version):
    report = check(version, version.policy.about.version)
    assert [str(problem) for problem in report.problems] == []
    assert [str(kept.problem) for kept in report.promises if kept.problem] == []
    assert report.overruled == ()


def test_the_version_in_force_still_holds_today():
    assert check(NOW, date(2026, 11, 22)).holds


def test_on_any_day_exactly_one_version_is_in_force():
    days = [version.policy.about.version for version in ARCHIVE.versions]
    assert [ARCHIVE.in_force(day) for day in days] == list(ARCHIVE.versions)
    assert ARCHIVE.in_force(date.max) is ARCHIVE.versions[-1]
    with pytest.raises(KeyError):
        ARCHIVE.in_force(date(days[0].year, days[0].month, 1).replace(year=days[0].year - 1))


def test_all_fourteen_numerals_of_2018_are_accounted_for():
    numerals = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv"]
    assert sorted({p.was for p in P.purposes.values() if p.was}, key=numerals.index) == numerals


def test_nothing_of_the_2018_inventory_is_lost():
    words = " ".join(f"{full} {item.say}" for full, item in NOW.book.labels.items()).lower().replace("_", " ")
    inventory = [
        "name", "email", "phone", "mobile", "home address", "delivery address", "billing address", "card", "ip address",
        "search", "size", "survey", "panel", "browser", "visit", "referr", "cell", "gps", "photo", "birth", "password",
        "security answers", "wish", "username", "network operator", "device language", "app language", "country",
    ]  # fmt: skip
    assert [word for word in inventory if word not in words] == []


def test_news_has_five_channels_and_eight_topics_each_with_its_way_out():
    news = P.choices["news"]
    assert set(news.channels) == {"email", "sms", "phone", "chat", "post"}
    assert len(news.topics) == 8
    assert set(news.exits) == set(news.channels)


def test_chats_are_kept_thirteen_months():
    assert str(P.data["chats"].keep) == "chat + 13 months"


def test_there_are_promises_about_what_matters_most():
    assert len(P.promises) >= 25
    assert {promise.answer.partition(":")[0] for promise in P.promises.values()} == {"yes", "no"}


@pytest.mark.parametrize(
    ("question", "allowed"),
    [
        ("contact by email about offers for news, brand skerry, person in GB agreed to news:skerry:email:offers", True),
        ("contact by email about offers for news, brand tarn, person in GB agreed to news:skerry:email:offers", False),
        ("contact by email about offers for news, brand skerry, person in GB agreed to news:skerry:email:events", False),
        ("contact by sms about offers for news, brand skerry, person in GB agreed to news:skerry:email:offers", False),
        ("contact by email about offers for news, brand skerry, person in GB bought news:skerry:email", True),
        ("contact by sms about offers for news, brand skerry, person in GB bought news:skerry", False),
        ("contact by email about offers for news, brand skerry, person in GB agreed to news aged 15", False),
        ("contact by email about offers for news, brand skerry, person in GB agreed to news aged 15 parent agreed", True),
    ],
)  # fmt: skip
def test_news_reaches_only_the_cell_that_said_yes(question, allowed):
    assert [answer.decision.allowed for answer in ask(NOW, question, date(2026, 11, 22))] == [allowed]


def test_the_versions_differ_in_ways_people_are_told_about():
    changes = diff(ARCHIVE.versions[0], ARCHIVE.versions[-1])
    assert {"wider", "narrower"} <= {change.direction for change in changes}
    assert any(change.ask for change in changes)
