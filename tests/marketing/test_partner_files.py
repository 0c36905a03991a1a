"""A partner's file, however long and however dirty: good rows in, bad ones set aside, and gone on with after a kill."""

import csv
import tracemalloc
from itertools import islice
from typing import Any

import pytest
from tests.marketing.campaigning import reader, says

from troth.choices.models import Event, Folded
from troth.doors import policies
from troth.doors.declare import job
from troth.marketing import partner_files, partner_lists
from troth.marketing.errors import BadFile
from troth.marketing.partner_files import PartnerFile
from troth.vault import identity
from troth.vault.models import Identifier, Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
HEAD = "email,residence,said_on,asked_by,wording,medium"
RUBBISH = [  # a line as bytes, and a word of the reason it is set aside for
    (b"no address,GB,DAY,Abacroft,May Tarn write?,event", "email address"),
    (b"a@post.example,GB,DAY,Abacroft,May we all write?,event", "does not name us"),
    (b"a@post.example,GB,,Abacroft,May Tarn write?,event", "no proof"),
    (b"a@post.example,GB,DAY,,May Tarn write?,event", "no proof"),
    (b"a@post.example,GB,2020-01-01,Abacroft,May Tarn write?,event", "half a year"),
    (b"a@post.example,GB,2999-01-01,Abacroft,May Tarn write?,event", "ahead"),
    (b"a@post.example,GB,26/11/2026,Abacroft,May Tarn write?,event", "2026-11-30"),
    (b"a@post.example,Narnia,DAY,Abacroft,May Tarn write?,event", "country"),
    (b"a@post.example,GB,DAY,Abacroft,May Tarn write?,telepathy", "medium"),
    (b"a@post.example,GB,DAY", "too few fields"),
    (b"a@post.example,GB,DAY,Abacroft,May Tarn write?,event,more", "too few fields, or too many"),
    (b'a@post.example,GB,DAY,"Abacroft,May Tarn write?,event', "quotation mark"),
    (b"a@post.example,GB,DAY,4111 1111 1111 1111,May Tarn write?,event", "does not belong"),
    (b"a@post.example\x00,GB,DAY,Abacroft,May Tarn write?,event", "does not belong"),
    (b"\xff\xfe@post.example,GB,DAY,Abacroft,May Tarn write?,event", "UTF-8"),
    (b"a@post.example,GB,DAY," + b"x" * 9_000 + b",May Tarn write?,event", "too long"),
    (b"a@post.example,GB,DAY," + b"x" * 900 + b",May Tarn write?,event", "too long"),
    (b"=cmd|x!A1,GB,DAY,Abacroft,May Tarn write?,event", "email address"),
    ("a\u202e@post.example,GB,DAY,Abacroft,May Tarn write?,event".encode(), "does not belong"),
]
EVERY = 20


def good(number):
    return f"p{number}@post.example,GB,DAY,Abacroft Fairs,May Tarn send you its news by email?,event".encode()


def written(path, lines, head=HEAD):
    day = policies.today().isoformat().encode()
    path.write_bytes(b"\n".join([head.encode(), *lines, b""]).replace(b"DAY", day))
    return path


def dirty(path, rows):
    """Write a file with rubbish in every twentieth row, all kinds of it in turn."""
    lines, spoilt = [], 0
    for number in range(rows):
        if number % EVERY == 7:
            lines.append(RUBBISH[spoilt % len(RUBBISH)][0])
            spoilt += 1
        else:
            lines.append(good(number))
    return written(path, lines), spoilt


def read(path, **more):
    with job("proof"):
        return list(partner_files.read_in(path, brand="tarn", at=policies.now(), aside=aside_of(path), **more))[-1]


def aside_of(path):
    return path.with_suffix(".set-aside.csv")


def set_aside(path):
    with aside_of(path).open(encoding="utf-8", newline="") as lines:
        return [(int(number), why) for number, why in list(csv.reader(lines))[1:]]


def test_of_a_long_dirty_file_the_good_rows_come_in_and_each_bad_one_has_its_reason(tmp_path):
    path, spoilt = dirty(tmp_path / "fair.csv", 3_000)

    done = read(path)

    assert (done.read, done.taken, done.set_aside) == (3_000, 3_000 - spoilt, spoilt)
    assert done.reasons.total() == spoilt
    aside = set_aside(path)
    assert [number for number, _ in aside] == [n + 1 for n in range(3_000) if n % EVERY == 7]
    wrong = [(number, why, RUBBISH[turn % len(RUBBISH)][1]) for turn, (number, why) in enumerate(aside)]
    assert [one for one in wrong if one[2] not in one[1]] == []
    assert (Identifier.objects.count(), Event.objects.count(), Folded.objects.count()) == (done.taken,) * 3
    assert "@" not in aside_of(path).read_text(encoding="utf-8").replace("name@domain", "")


def test_the_same_file_again_changes_nothing_and_a_changed_one_takes_in_what_is_new(tmp_path):
    path, spoilt = dirty(tmp_path / "fair.csv", 100)
    first, again = read(path), read(path)
    assert (again.read, again.taken, again.set_aside) == (first.read, first.taken, first.set_aside)
    assert Event.objects.count() == first.taken

    longer = written(tmp_path / "longer.csv", [*(good(n) for n in range(100)), good(500)])
    done = read(longer)
    assert (done.already, done.taken) == (100 - spoilt, spoilt + 1)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("after", [1, 3])
@pytest.mark.parametrize("inside", [True, False])
def test_killed_anywhere_it_goes_on_behind_the_last_row_that_is_stored(tmp_path, monkeypatch, after, inside):
    path, spoilt = dirty(tmp_path / "fair.csv", 2_600)
    said, steps = partner_lists._said, [0]

    def dies(*arguments):
        said(*arguments)
        steps[0] += 1
        if steps[0] == after + 1:
            raise Killed  # what this batch wrote is undone with it

    with job("proof"):
        if inside:
            with monkeypatch.context() as patched:
                patched.setattr(partner_lists, "_said", dies)
                with pytest.raises(Killed):
                    read(path)
        else:
            run: Any = partner_files.read_in(path, brand="tarn", at=policies.now(), aside=aside_of(path))
            list(islice(run, after))
            run.close()
    stored = PartnerFile.objects.get()
    assert (stored.read, stored.taken) == (after * partner_lists.BATCH, Event.objects.count())

    done = read(path)

    assert (done.read, done.taken, done.already, done.set_aside) == (2_600, 2_600 - spoilt, 0, spoilt)
    assert Event.objects.count() == done.taken
    assert [number for number, _ in set_aside(path)] == [n + 1 for n in range(2_600) if n % EVERY == 7]


def test_a_rehearsal_counts_the_same_and_stores_nothing(tmp_path):
    path, spoilt = dirty(tmp_path / "fair.csv", 200)
    no = reader(address="p3@post.example")
    says("refusal", "news:tarn:email", person=no)
    before = (Person.objects.count(), Event.objects.count())

    tried = read(path, dry_run=True)

    assert (tried.taken, tried.set_aside) == (200 - spoilt - 1, spoilt + 1)
    assert ((Person.objects.count(), Event.objects.count()), PartnerFile.objects.count()) == (before, 0)
    done = read(path)
    assert (done.taken, done.set_aside) == (tried.taken, tried.set_aside)
    assert identity.find("email", "p3@post.example") == no.pk


def test_memory_does_not_grow_with_the_file(tmp_path):
    path, _ = dirty(tmp_path / "fair.csv", 40_000)
    assert sum(1 for _ in islice(partner_files.rows_of(path), 2_000))  # what is loaded once
    tracemalloc.start()
    try:
        count = sum(1 for _ in partner_files.rows_of(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (count, peak < 1 << 20) == (40_000, True)


def test_columns_may_stand_in_any_order_and_others_are_not_read(tmp_path):
    day = policies.today().isoformat()
    path = tmp_path / "other.csv"
    text = "\ufeffmedium,shoe_size,email,wording,asked_by,said_on,residence\r\n"
    text += f'event,42,"p@post.example","Tarn, may it write?",Abacroft,{day},GB\r\n\r\n'
    path.write_text(text, encoding="utf-8", newline="")
    assert (read(path).read, read(path).taken) == (1, 1)


@pytest.mark.parametrize("text", ["", "\n", "email,residence\n", "one line of a letter", '"email,residence', "\0"])
def test_a_file_that_is_no_list_is_refused_by_its_first_line(tmp_path, text):
    path = tmp_path / "letter.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadFile, match="asked_by"):
        read(path)
    assert Person.objects.count() == 0
