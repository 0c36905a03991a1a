"""`troth marketing …`: lists read, partners' yeses taken in, and what is due at an advert partner."""

import json
from datetime import timedelta

import pytest
from tests.marketing.campaigning import BEA, reader, says

from troth.choices.models import Event
from troth.doors import policies
from troth.doors.declare import job
from troth.marketing import adverts
from troth.marketing.models import PartnerFile, Screening
from troth.policy.acts import LISTED_PHONE
from troth.site import cli
from troth.vault.models import Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


@pytest.fixture
def run(capsys, monkeypatch):
    monkeypatch.setattr(cli, "_start_django", lambda: None)

    def ran(*words):
        code = cli.main(["marketing", *[str(word) for word in words]])
        return code, *capsys.readouterr()

    return ran


def screen(run, path, *more, kind="tps", day=None):
    return run("screen", path, "--list", kind, "--dated", day or policies.today(), *more)


@pytest.fixture
def numbers(tmp_path):
    path = tmp_path / "tps.txt"
    path.write_text("+442079460001\n020 7946 0002\n020 7946 0002\n" * 20 + "a heading\n", encoding="utf-8")
    return path


def test_a_preference_list_marks_who_is_on_it_and_a_rehearsal_nobody(run, numbers):
    listed = reader(kind="phone", address="+44 20 7946 0001")
    other = reader(kind="phone", address="+44 20 7946 0009")

    code, out, _ = screen(run, numbers, "--dry-run")
    assert (code, "would be marked" in out, Screening.objects.count()) == (0, True, 0)
    assert not Person.objects.get(pk=listed.pk).flags & LISTED_PHONE

    code, out, _ = screen(run, numbers)
    assert (code, out.strip()) == (0, "61 lines, 1 of them unusable; 1 people of ours are marked.")
    marked = [bool(Person.objects.get(pk=one.pk).flags & LISTED_PHONE) for one in (listed, other)]
    assert marked == [True, False]

    again = json.loads(screen(run, numbers, "--json")[1])
    assert again == {"rows": 61, "bad": 1, "ours": 1, "stored": True}


def test_a_list_that_cannot_be_used_says_why_and_changes_nothing(run, tmp_path, numbers):
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear all,\nplease find\nthe list\n", encoding="utf-8")
    assert screen(run, letter)[0] == 2
    assert "another file" in screen(run, letter)[2]
    assert screen(run, tmp_path / "gone.txt")[::2] == (2, "There is no file gone.txt.\n")
    assert "ahead of us" in screen(run, numbers, day=policies.today() + timedelta(days=9))[2]
    with pytest.raises(SystemExit):
        screen(run, numbers, day="yesterday")
    assert Screening.objects.count() == 0


@pytest.fixture
def fair(tmp_path):
    day = policies.today().isoformat()
    path = tmp_path / "fair.csv"
    lines = [f"p{n}@post.example,GB,{day},Abacroft,May Tarn write to you?,event" for n in range(5)]
    lines.append(f"p9@post.example,GB,{day},Abacroft,May we write to you?,event")
    path.write_text("\n".join(["email,residence,said_on,asked_by,wording,medium", *lines, ""]), encoding="utf-8")
    return path


def test_a_partners_list_comes_in_once_and_what_is_set_aside_is_listed_beside_it(run, fair):
    code, out, _ = run("partner-list", fair, "--brand", "tarn")
    assert code == 1, "something was set aside"
    assert "wording: it does not name us" in out
    assert fair.with_suffix(".set-aside.csv").read_text(encoding="utf-8").splitlines()[1].startswith("6,")
    assert Event.objects.count() == 5

    again = json.loads(run("partner-list", fair, "--brand", "tarn", "--json")[1])
    assert (again["read"], again["taken"], again["set_aside"]) == (6, 5, 1)
    assert (Event.objects.count(), PartnerFile.objects.count()) == (5, 1)


def test_a_rehearsal_of_a_partners_list_stores_nothing(run, fair):
    told = json.loads(run("partner-list", fair, "--brand", "tarn", "--dry-run", "--json")[1])
    assert (told["taken"], told["set_aside"], told["stored"]) == (5, 1, False)
    assert (Event.objects.count(), Person.objects.count(), PartnerFile.objects.count()) == (0, 0, 0)


def test_a_wrong_brand_or_file_is_told_apart_from_a_bad_row(run, tmp_path, fair):
    assert run("partner-list", fair, "--brand", "barn")[::2] == (
        2,
        'There is no brand "barn". There are: tarn, holm, skerry.\n',
    )
    assert run("partner-list", tmp_path / "gone.csv", "--brand", "tarn")[0] == 2
    empty = tmp_path / "empty.csv"
    empty.write_text("email,residence,said_on,asked_by,wording,medium\n", encoding="utf-8")
    assert run("partner-list", empty, "--brand", "tarn")[::2] == (2, "There is no row in it.\n")
    empty.write_text("name,street\n", encoding="utf-8")
    assert "The first line must name the columns" in run("partner-list", empty, "--brand", "tarn")[2]


def test_who_must_come_out_of_an_audience_is_noted_once_and_listed_until_it_is_done(run, monkeypatch):
    them = [reader(said=("audiences:tarn",)) for _ in range(2)]
    with job(adverts.PURPOSE, "marketing_plans"):
        made, _ = adverts.hand_over("Winter coats", adverts.matching("tarn"), by=BEA, at=policies.now())
    assert run("adverts")[:2] == (0, "Nobody more must come out.\n")

    says("withdrawal", "audiences:tarn", person=them[0])
    code, out, _ = run("adverts")
    assert (code, out.splitlines()[0]) == (0, "1 more people must come out.")
    assert "Winter coats" in out
    assert json.loads(run("adverts", "--json")[1])["noted"] == 0

    later = policies.today() + timedelta(days=4)
    monkeypatch.setattr(policies, "today", lambda: later)
    code, out, _ = run("adverts")
    assert (code, "overdue" in out) == (1, True)
    monkeypatch.undo()
    adverts.removal_file(made, policies.now())
    adverts.confirmed(made, policies.now())
    assert (run("adverts")[0], adverts.waiting(made).people) == (0, 0)
