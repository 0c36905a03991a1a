"""Requests that come as letters: each opened once, whatever bytes a mailbox holds, and answered to the address we hold."""

import mailbox
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.conftest import someone

from troth.doors.collect import collect
from troth.doors.declare import job
from troth.doors.models import Message
from troth.rights import commands, rules
from troth.rights import mailbox as letters
from troth.rights.models import Request
from troth.site.cli import parser
from troth.vault import identity

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
ADA = "ada.canary@post.example"
DATABASE = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


def letter(sender=ADA, subject="My data", body="What do you hold about me?", number="<1@post.example>", **headers):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Message-ID"] = sender, "privacy@fellwater.example", subject, number
    made["Date"] = headers.pop("date", "Wed, 25 Nov 2026 09:30:00 +0000")
    for name, value in headers.items():
        made[name] = value
    made.set_content(body)
    return made


@pytest.fixture
def box(tmp_path):
    def filled(*all_):
        made = mailbox.mbox(tmp_path / "privacy.mbox")
        for one in all_:
            made.add(one)
        made.flush()
        made.close()
        return tmp_path / "privacy.mbox"

    return filled


@pytest.fixture
def ada(transactional_db):
    them = someone()
    with job("account"), collect("account", source="register", brand="tarn", person=them.pk, at=NOON) as c:
        c.save(identity.identifier(them.pk, "email", ADA))
    return them.pk


def taken(path):
    with job("rights", "proof"):
        return list(letters.take_all(path, brand="tarn", home="https://tarn.example/", at=NOON))


@DATABASE
def test_each_letter_opens_one_request_and_a_second_run_opens_none(ada, box):
    path = box(
        letter(), letter(subject="Erase me", body="Please delete my account", number="<2@x>"),
        letter("bob@post.example", number="<3@x>"),
    )  # fmt: skip
    first = taken(path)
    assert [(one.right, bool(one.number)) for one in first] == [("see", True), ("erase", True), ("see", True)]
    assert [one.number for one in taken(path)] == [one.number for one in first]
    rows = dict(Request.objects.values_list("right", "state"))
    assert (Request.objects.count(), rows) == (3, {"see": "identifying", "erase": "identifying"})
    assert Message.objects.filter(person_id=ada, state="queued").count() == 2


@DATABASE
def test_the_time_runs_from_the_day_it_was_sent_but_not_from_a_clock_gone_wrong(ada, box):
    dates = {
        "<1@x>": ("Wed, 25 Nov 2026 09:30:00 +0000", datetime(2026, 11, 25, 9, 30, tzinfo=UTC)),
        "<2@x>": ("Wed, 25 Nov 2099 09:30:00 +0000", NOON), "<3@x>": ("Wed, 25 Nov 1970 09:30:00 +0000", NOON),
        "<4@x>": ("yesterday", NOON),
    }  # fmt: skip
    path = box(*(letter(f"p{number[1]}@post.example", number=number, date=date) for number, (date, _) in dates.items()))
    numbers = [one.number for one in taken(path)]
    found = [Request.objects.get(number=number).received_at for number in numbers]
    assert found == [wanted for _, wanted in dates.values()]


@DATABASE
def test_what_is_asked_is_guessed_from_the_words_and_a_guess_is_marked(ada, box):
    asked = taken(box(letter(subject="Hello", body="I have a question")))[0]
    assert (asked.right, asked.sure) == ("see", False)
    assert taken(box(letter(number="<9@x>", body="stop sending me emails", subject="no")))[-1].sure


@DATABASE
def test_a_no_in_a_letter_counts_at_once(ada, box):
    taken(box(letter(subject="stop", body="Please unsubscribe me from everything.")))
    assert Request.objects.get().state == "answered"


@DATABASE
def test_what_cannot_be_taken_is_told_by_its_place_and_nothing_of_it(ada, box, capsys, monkeypatch):
    path = box(
        letter("nobody at all", number="<1@x>"), letter(body="my card is 4111 1111 1111 1111", number="<2@x>"),
        letter(number="<3@x>"),
    )  # fmt: skip
    monkeypatch.setattr("troth.doors.policies.now", lambda: NOON)
    options = parser().parse_args(["requests", "import", str(path)])
    assert options.run(options) == commands.FAILS
    told = capsys.readouterr().out
    assert "letter 1: left out" in told
    assert "letter 3:" in told
    assert not any(secret in told for secret in ("4111", ADA, "nobody at all"))
    assert options.run(parser().parse_args(["requests", "import", str(path), "--brand", "nobody"])) == commands.BAD
    assert options.run(parser().parse_args(["requests", "import", str(path) + ".none"])) == commands.BAD


@DATABASE
def test_one_letter_as_a_file_is_read_too(ada, tmp_path):
    path = tmp_path / "one.eml"
    path.write_bytes(letter().as_bytes())
    assert [one.right for one in taken(path)] == ["see"]


@given(
    st.binary(max_size=600)
    | st.text(max_size=300).map(lambda text: f"From: {text}\n\n{text}".encode("utf-8", "replace"))
)
def test_no_bytes_at_all_make_it_fall_over(raw):
    found = letters.read(raw, NOON)
    assert found is None or (found.words and len(found.words) <= letters.MOST)


@given(st.datetimes(timezones=st.just(UTC)))
def test_no_date_of_a_letter_is_ahead_of_us_or_long_past(sent):
    found = letters.read(letter(date=f"{sent:%a, %d %b} {sent.year:04} {sent:%H:%M:%S} +0000").as_bytes(), NOON)
    assert found is not None
    assert NOON - timedelta(days=60) <= found.at <= NOON


def test_every_right_that_words_can_ask_for_is_one_of_the_policys():
    from troth.doors import policies  # noqa: PLC0415

    assert {right for right, _ in rules.ASKS} <= policies.archive().in_force(NOON.date()).policy.rights.keys()


# -- the table of steps --------------------------------------------------------------------------------------------------


def test_whatever_is_open_can_be_ended_and_what_is_over_stays_over():
    ends = {state: {then for (at, _), then in rules.MOVES.items() if at == state} for state in rules.LIVE}
    reach = {state: {state} for state in ends}
    for _ in ends:
        reach = {state: got | {n for one in got for n in ends.get(one, ())} for state, got in reach.items()}
    assert all(got & rules.OVER for got in reach.values())
    assert {"answered", "refused", "withdrawn", "lapsed", "ended"} == rules.OVER
    assert set(rules.SAID) == rules.LIVE | rules.OVER
    assert {step for _, step in rules.MOVES} <= rules.STEP_SAID.keys()


@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=12), max_size=5))
def test_what_is_blacked_out_is_nowhere_left_to_read(text, passages):
    wanted = [one for one in passages if one.strip(rules.BLACK) and one.casefold() not in f"{rules.BLACK} [others]"]
    cut = str(rules.blacked(text, wanted, "others"))
    rest = cut.replace(f"{rules.BLACK} [others]", "\0")
    assert not wanted or not any(one in rest for one in wanted if "\0" not in one)


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("please ring Tom Ferris on +44 7700 900123", ["+44 7700 900123", "Tom Ferris"]),
        ("ada.canary@post.example, ADA CANARY", []),
        ("Mrs Okafor next door took it in", ["Mrs Okafor"]),
        ("07700 900 456 is mine", []),
        ("order 4711 came late", []),
    ],
)
def test_others_are_found_in_free_words_and_oneself_is_not(text, others):
    assert rules.others_in(text, ["Ada Canary", ADA, "07700900456"]) == others
