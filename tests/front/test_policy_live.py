"""The policy as it lives: what is coming, what changed since, questions and contacts; all of it from the file."""

import re
from argparse import Namespace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.utils.timezone import now

from troth.doors import policies
from troth.doors.models import Message
from troth.front import changes, commands, contacts, questions, reading, seen, telling
from troth.front.house import House
from troth.policy.view import View
from troth.vault import identity

COMING = date(2027, 3, 1)
BRANDS = ("tarn", "holm", "skerry")


def announce(folder, edit=lambda text: text, day=COMING):
    """Copy the policies there are into a folder, and one more that takes effect on a later day."""
    newest = max(Path("policies").glob("*.toml"))
    for path in Path("policies").glob("*.toml"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    text = newest.read_text(encoding="utf-8")
    text = re.sub(r"^version .*$", f"version = {day}", text, count=1, flags=re.MULTILINE)
    text = re.sub(r"^replaces .*$", f"replaces = {newest.stem}", text, count=1, flags=re.MULTILINE)
    (folder / f"{day}.toml").write_text(edit(text), encoding="utf-8")


def wider(text):
    """Keep chats for longer, and let news be about shopping habits as well."""
    text = text.replace('keep    = "chat + 13 months"', 'keep    = "chat + 36 months"')
    return text.replace('uses   = ["name", "contact", "preferences", "sizes"]', 'uses   = ["name", "contact", "taste"]')


@pytest.fixture
def announced(tmp_path, settings, today):
    announce(tmp_path, wider)
    settings.TROTH_POLICIES = tmp_path
    return House(policies.archive(), today)


def words(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


# -- what is coming ----------------------------------------------------------------------------------------------------


def test_an_announced_version_is_told_on_every_policy_page_with_what_it_lets_us_do(client, announced):
    for brand in BRANDS:
        page = client.get(f"/privacy/{brand}/").content.decode()
        assert f'href="/privacy/{brand}/coming/"' in page
        told = words(client.get(f"/privacy/{brand}/coming/"))
        assert "What changes on 1 Mar 2027" in told
        assert "Your chats: kept 36 months after the chat, not 13 months after the chat." in told
        assert "asked again: “send you this brand&#x27;s own news”" in told


def test_without_an_announced_version_there_is_nothing_to_tell_and_the_page_says_so(client, house):
    assert house.coming is None
    assert "/coming/" not in client.get("/privacy/tarn/").content.decode()
    answer = client.get("/privacy/tarn/coming/")

    assert answer.status_code == 404
    assert "the policy stays as it is" in answer.content.decode()


def test_on_its_day_the_announced_version_is_the_one_in_force_and_no_longer_announced(client, announced, settings):
    settings.TROTH_TODAY = COMING

    assert client.get("/privacy/tarn/coming/").status_code == 404
    assert "In force since 1 Mar 2027" in words(client.get("/privacy/tarn/"))


def test_a_version_long_past_or_seen_from_the_past_announces_nothing(client, announced):
    page = client.get("/privacy/tarn/2026-03-01/").content.decode()

    assert "What is coming" not in page


# -- since then --------------------------------------------------------------------------------------------------------


def test_an_address_remembers_a_version_for_a_stranger_without_a_cookie(client, house):
    page = client.get("/privacy/tarn/changes/")
    version = house.in_force.policy.about.version

    assert f'href="/privacy/tarn/changes/?since={version}"' in page.content.decode()
    assert "Nothing. The version in force since" in words(client.get(f"/privacy/tarn/changes/?since={version}"))
    assert not page.cookies


def test_a_stranger_who_asks_for_their_own_is_shown_the_changes_of_this_version(client, db):
    answer = client.get("/privacy/tarn/changes/mine/")

    assert (answer.status_code, answer["Location"]) == (302, "/privacy/tarn/changes/")
    assert "no-store" in answer["Cache-Control"]


# -- questions ---------------------------------------------------------------------------------------------------------


def test_every_question_is_answered_by_a_line_that_is_there(client, house):
    compiled = house.in_force
    groups = questions.answered(View(compiled, "tarn", "uk", house.today), reading.marker(compiled))
    page = client.get("/privacy/tarn/questions/?region=uk")
    said = page.content.decode()

    assert {one.question for one in compiled.policy.statements.values() if one.question} <= {
        one.question for group in groups for one in group.asked
    }
    assert sum(len(group.asked) for group in groups) > 60
    for group in groups:
        for one in group.asked:
            assert one.answer
            assert all(line.mark for line in one.answer), one
            assert f'id="{one.anchor}"' in said
    assert len(re.findall(r'id="([^"]+)"', said)) == len(set(re.findall(r'id="([^"]+)"', said)))


def test_answers_are_of_the_version_and_the_region_they_are_asked_of(client, house):
    then, now = (words(client.get(f"/privacy/tarn/{one}questions/")) for one in ("2026-03-01/", ""))
    uk, eu = (words(client.get(f"/privacy/tarn/questions/?region={one}")) for one in ("uk", "us-ca"))

    assert ("6 months after it is seen" in then, "6 months after it is seen" in now) == (True, False)
    assert "We answer within 1 month" in uk
    assert "We answer within 45 days" in eu
    assert client.get("/privacy/tarn/questions/?region=mars").status_code == 400
    assert client.get("/privacy/nosuch/questions/").status_code == 404
    assert client.get("/privacy/tarn/2001-01-01/questions/").status_code == 404


def until_seen(text):
    """Ask two questions more: one whose answer is watched on the running site, and one that has run out."""
    return (
        text
        + """
[statements.question_wire]
section  = "safeguards"
question = "Can anyone on the way read what I send you?"
say      = "no: it is encrypted on its way"
check    = "tls >= 1.2"

[statements.question_seal]
section  = "safeguards"
question = "Is the seal of our auditors still good?"
say      = "yes"
until    = 2026-11-22
scheme   = "Oak Seal"
scope    = "payments"
check    = "seal in force"
"""
    )


def test_a_question_whose_answer_does_not_hold_today_is_not_asked(client, tmp_path, settings, today):
    announce(tmp_path, until_seen, day=today - timedelta(days=1))
    settings.TROTH_POLICIES, settings.TROTH_DATA = tmp_path, tmp_path

    def asked(on=today):
        settings.TROTH_TODAY = on
        page = words(client.get("/privacy/tarn/questions/"))
        assert "Do I need an account to buy?" in page
        return "Can anyone on the way" in page, "Is the seal" in page

    assert asked() == (False, False)
    assert asked(today - timedelta(days=1)) == (False, True)
    seen.note(tmp_path, "tls >= 1.2", [], now())
    assert asked() == (True, False)
    seen.note(tmp_path, "tls >= 1.2", ["nothing answered"], now())
    assert asked() == (False, False)


# -- contacts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "line"), [("uk", "0808 157 0101"), ("us", "+1 800 555 0101"), ("eu", "+44 20 7946 0101")]
)
def test_each_region_is_given_its_own_line_first_and_every_way_of_the_policy(house, region, line):
    compiled = house.in_force
    found = contacts.desks(compiled, region, house.today, reading.marker(compiled))
    tarn = next(desk for desk in found if desk.name == "tarn")

    assert [desk.name for desk in found] == list(BRANDS)
    assert tarn.topics[0].ways[0].say == line
    assert {"care@tarn.example", compiled.policy.brands["tarn"].address} <= {way.say for way in tarn.topics[0].ways}
    assert tarn.topics[1].ways[0].say == compiled.policy.about.officer
    assert all(way.mark for topic in tarn.topics for way in topic.ways)
    assert any("Fellwater Italia" in way.say for way in tarn.topics[1].ways) is (region == "eu")


def test_the_directory_shows_one_brand_or_all_and_a_way_to_complain_in_each(client):
    every, one = (
        client.get("/privacy/contacts/").content.decode(),
        client.get("/privacy/contacts/?brand=holm").content.decode(),
    )

    for brand in BRANDS:
        assert f"care@{brand}.example" in every
        assert f'href="/{brand}/rights/complaint/"' in every
    assert "care@tarn.example" not in one
    assert 'rel="noopener external"' in every
    assert client.get("/privacy/contacts/?brand=nosuch").status_code == 404


# -- letters -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def people(transactional_db, settings):
    """Three who can be written to, one of whom wants no marketing, and one who has no address."""
    from troth.doors.collect import choose, collect  # noqa: PLC0415
    from troth.doors.declare import job  # noqa: PLC0415

    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    made = [identity.new(on=at.date(), residence="GB", age=34).pk for _ in range(4)]
    with job("account", "proof"):
        for number, person in enumerate(made[:3]):
            with collect("account", source="register", brand="tarn", person=person, actor="person", at=at) as c:
                c.save(identity.identifier(person, "email", f"canary{number}@post.example", evidence="verified"))
        choose("objection", "*", person=made[1], brand="tarn", place="choices", wording="Stop everything", at=at)
    return made


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_everybody_we_can_reach_is_written_to_once_a_version_however_often_it_is_run(announced, people, capsys):
    codes = [commands.run_notify(Namespace(json=False)) for _ in range(2)]
    rows = list(Message.objects.filter(purpose="law"))

    assert codes == [0, 0]
    assert sorted(row.person_id for row in rows) == sorted(people[:3])  # the objector too: it is no marketing
    assert {row.state for row in rows} == {"queued"}
    assert "queued                3" in capsys.readouterr().out


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_the_letter_says_what_changes_and_what_is_asked_again_and_names_nobody(announced, settings):
    sent = telling.letter(announced.in_force, announced.coming, "holm")

    assert sent["subject"] == "What changes on 1 Mar 2027"
    for told in changes.material(announced.in_force, announced.coming):
        assert told.say in sent["text"]
    assert "- send you this brand's own news\n" in sent["text"]
    assert "https://holm.example/privacy/holm/coming/" in sent["text"]
    assert "&" not in sent["text"]


@pytest.mark.parametrize(("day", "late"), [(date(2026, 12, 22), 0), (date(2026, 12, 21), 1), (date(2026, 11, 23), 29)])
def test_a_letter_in_time_leaves_as_many_days_as_the_policy_promises(tmp_path, settings, today, day, late):
    announce(tmp_path, wider, day)
    settings.TROTH_POLICIES = tmp_path
    house = House(policies.archive(), today)

    assert house.coming
    assert telling.late(house.coming, house.in_force, today) == late


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
@pytest.mark.parametrize("edit", [None, lambda text: text])
def test_where_there_is_nothing_to_tell_nobody_is_written_to(tmp_path, settings, today, people, capsys, edit):
    if edit:
        announce(tmp_path, edit)
        settings.TROTH_POLICIES = tmp_path

    assert commands.run_notify(Namespace(json=False)) == 2
    assert Message.objects.count() == 0
    assert ("Nothing in the version of 2027-03-01" if edit else "No version is announced") in capsys.readouterr().err


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_a_late_letter_goes_all_the_same_and_the_command_says_by_how_much(tmp_path, settings, today, people, capsys):
    announce(tmp_path, wider, date(2026, 12, 1))
    settings.TROTH_POLICIES = tmp_path

    assert commands.run_notify(Namespace(json=False)) == 1
    assert Message.objects.count() == 3
    assert "21 days late" in capsys.readouterr().err
