"""`troth community …`: what waits is read, shown as it was read, or refused with a reason."""

import json

import pytest
from tests.community.conftest import LOUD, NOON, fresh, shown, write
from tests.community.test_pictures import HIDDEN, drawn, exif, written

from troth.community import actions, showing
from troth.community.models import Remark
from troth.doors import policies
from troth.doors.declare import job
from troth.doors.models import Message
from troth.doors.use import use
from troth.site.cli import parser

pytestmark = [
    pytest.mark.urls("tests.community.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr(policies, "now", lambda: NOON)


@pytest.fixture
def run(capsys):
    def ran(*words):
        options = parser().parse_args(["community", *[str(word) for word in words]])
        code = options.run(options)
        out, err = capsys.readouterr()
        return code, out, err

    return ran


def waiting(**other):
    remark = write(**other)
    actions.prove(remark.pk, at=NOON)
    return f"{remark.pk}@{remark.version}"


def words():
    return [one.words for one in showing.said("tarn", "nell", "review", at=NOON).shown]


def test_what_waits_is_printed_with_its_ticket_and_no_address(run):
    ticket = waiting(words="Soft after my surgery")
    write(about="effie")  # nobody proved it
    waiting(brand="holm", email="bob@post.example")
    code, out, _ = run("waiting", "--brand", "tarn")
    assert code == 0
    assert ticket in out
    assert "1 waiting." in out
    assert "health" in out
    assert "@post" not in out
    (told,) = json.loads(run("waiting", "--brand", "tarn", "--json")[1])
    assert (told["ticket"], told["stars"], told["delicate"]) == (ticket, 4, True)
    assert "2 waiting." in run("waiting")[1]


def test_a_remark_is_shown_once_as_it_was_read(run):
    ticket = waiting()
    assert run("show", ticket)[:2] == (0, "Shown. Its writer is told.\n")
    assert words() == [f"{LOUD} and warm."]
    assert run("show", ticket)[:2] == (0, "It is shown already.\n")
    code, _, err = run("show", ticket.replace("@1", "@7"))
    assert (code, "read it again" in err) == (1, True)


def test_a_refusal_needs_a_reason_of_ours_and_reaches_the_writer(run):
    ticket = waiting()
    code, _, err = run("refuse", ticket, "--because", "dislike")
    assert (code, "off_topic" in err, fresh(Remark.objects.get()).state) == (1, True, "waiting")
    assert run("refuse", ticket, "--because", "advert", "--json")[:2] == (0, '{"changed": true}\n')
    assert run("refuse", ticket, "--because", "advert", "--json")[:2] == (0, '{"changed": false}\n')
    (letter,) = [m for m in Message.objects.all() if ":refused:" in m.once]
    with job("administration"), use("administration", person=letter.person_id, brand="tarn", at=NOON) as u:
        text = u.open(letter.content)["text"]
    assert "it advertises something" in text
    assert "https://tarn.example/said/" in text


def test_what_is_shown_can_still_be_taken_down(run):
    remark = shown()
    assert run("refuse", f"{remark.pk}@{remark.version}", "--because", "others")[0] == 0
    assert words() == []


@pytest.mark.parametrize("ticket", ["nonsense", "7@x", ""])
@pytest.mark.parametrize("verb", [["show"], ["refuse", "--because", "rude"], ["pictures"]])
def test_what_is_no_ticket_is_bad_input(run, verb, ticket):
    code, _, err = run(*verb, ticket)
    assert (code, "no ticket" in err) == (2, True)


@pytest.mark.parametrize("verb", [["show"], ["refuse", "--because", "rude"], ["pictures"]])
def test_a_remark_that_is_not_there_is_bad_input(run, verb):
    code, _, err = run(*verb, "00000000-0000-0000-0000-000000000007@1")
    assert (code, "no such remark" in err) == (2, True)


def test_pictures_are_written_for_one_pair_of_eyes(run, tmp_path):
    ticket = waiting(photos=[written(drawn("RGB", 9, 9, 1), "JPEG", exif=exif(3)), written(drawn("L", 9, 9, 1), "PNG")])
    assert run("pictures", ticket, "--out", tmp_path)[0] == 0
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["picture-1.jpeg", "picture-2.png"]
    assert all(file.stat().st_mode & 0o077 == 0 and HIDDEN not in file.read_bytes() for file in files)
    assert run("pictures", ticket, "--out", tmp_path / "none")[0] == 2


def test_an_unknown_brand_is_bad_input_and_names_those_there_are(run):
    code, _, err = run("waiting", "--brand", "crag")
    assert (code, "tarn" in err) == (2, True)
