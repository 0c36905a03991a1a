import base64
import hmac
import os
import subprocess
import sys
from datetime import date

import pytest
from django.db import connections

from troth.vault import identity, keys, root
from troth.vault.errors import NoKey, RootKeyProblem
from troth.vault.models import Person
from troth.vault.safe import Key, Root

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
FORKS = """
import os, sys, django
django.setup()
from uuid import uuid4
from troth.vault import keys
keys._ready.append(uuid4())
reading, writing = os.pipe()
if os.fork() == 0:
    os.write(writing, b"%d" % len(keys._ready))
    os._exit(0)
sys.exit(0 if (os.read(reading, 9), len(keys._ready)) == (b"0", 1) else 1)
"""
ONE, TWO = (base64.b64encode(letter * 32).decode() for letter in (b"a", b"b"))


@pytest.fixture(autouse=True)
def afresh():
    keys.forget_ring()
    root._load.cache_clear()
    yield
    keys.forget_ring()
    root._load.cache_clear()


def someone():
    person = Person(last_seen=date(2026, 1, 1))
    keys.make([person.pk.bytes])
    return person.pk


def test_a_destroyed_key_is_gone_and_the_neighbours_is_not(settings):
    ada, bob = someone(), someone()
    kept = keys.of(bob)

    assert keys.destroy([ada]) == 1

    with pytest.raises(NoKey):
        keys.of(ada)
    assert keys.of(bob) == kept


def test_who_comes_alone_finds_their_key_stored_and_few_of_them_wait_for_it():
    waited = []
    keys._ready.clear()  # theirs went with the rows of another test

    def counted(execute, sql, parameters, many, context):
        waited.append(sql.startswith("INSERT"))
        return execute(sql, parameters, many, context)

    with connections["keys"].execute_wrapper(counted):
        people = [identity.new(on=date(2026, 1, 1)).pk for _ in range(3 * keys.AHEAD)]
    assert len(set(people)) == len(people)
    assert sum(waited) <= 4
    assert len(set(keys.fetch(people).values())) == len(people)


def test_a_key_that_was_stored_ahead_and_is_gone_is_made_anew():
    identity.new(on=date(2026, 1, 1))
    Key.objects.all().delete()  # as when an older backup is put back under a process that runs
    person = identity.new(on=date(2026, 1, 1)).pk
    assert keys.of(person)
    assert Key.objects.count() == 1


def test_parent_and_child_process_never_give_two_people_one_id():
    assert subprocess.run([sys.executable, "-c", FORKS], env=os.environ, check=False).returncode == 0


def test_a_first_start_makes_a_root_key_only_its_owner_can_read_and_says_so(settings, tmp_path, capsys):
    settings.TROTH_ROOT_KEY, settings.TROTH_DATA = "", tmp_path
    someone()
    assert oct((tmp_path / "root-key").stat().st_mode)[-3:] == "600"
    assert "Root key written" in capsys.readouterr().err


def test_a_lost_root_key_is_one_clear_sentence_and_no_new_key(settings, tmp_path):
    settings.TROTH_ROOT_KEY, settings.TROTH_DATA = "", tmp_path
    someone()
    (tmp_path / "root-key").unlink()
    keys.forget_ring()
    before = list(Key.objects.values_list())
    with pytest.raises(RootKeyProblem, match="The root key is gone"):
        someone()
    assert not (tmp_path / "root-key").exists()
    assert list(Key.objects.values_list()) == before


def test_a_wrong_root_key_refuses_to_start_and_changes_nothing(settings):
    settings.TROTH_ROOT_KEY = f"1:{ONE}"
    someone()
    settings.TROTH_ROOT_KEY = f"1:{TWO}"
    keys.forget_ring()
    with pytest.raises(RootKeyProblem, match="is not the one people's keys were wrapped with"):
        someone()
    assert (Key.objects.count(), Root.objects.count()) == (1, 1)


@pytest.mark.parametrize("text", ["", "x", "1:", "1:short", f"1:{ONE} 1:{TWO}", f"{ONE}", "1:" + "A" * 5000])
def test_a_root_key_that_cannot_be_one_is_refused_without_being_repeated(text):
    with pytest.raises(RootKeyProblem) as refused:
        root.read(text)
    assert ONE not in str(refused.value)


def test_rotation_leaves_every_key_as_it_was_under_the_new_root_alone(settings):
    settings.TROTH_ROOT_KEY = f"1:{ONE}"
    people = [someone() for _ in range(5)]
    before = keys.fetch(people)
    settings.TROTH_ROOT_KEY = f"1:{ONE} 2:{TWO}"
    keys.forget_ring()

    assert list(keys.rotate()) == [(5, 5)]
    assert list(keys.rotate()) == []

    settings.TROTH_ROOT_KEY = f"2:{TWO}"
    keys.forget_ring()
    assert keys.fetch(people) == before
    assert set(Key.objects.values_list("root", flat=True)) == {2}


def test_a_rotation_that_was_stopped_goes_on_where_it_was(settings, monkeypatch):
    monkeypatch.setattr(keys, "BATCH", 2)
    settings.TROTH_ROOT_KEY = f"1:{ONE}"
    people = [someone() for _ in range(5)]
    before = keys.fetch(people)
    settings.TROTH_ROOT_KEY = f"1:{ONE} 2:{TWO}"
    keys.forget_ring()

    assert next(keys.rotate()) == (2, 5)  # killed here
    assert keys.fetch(people) == before
    assert list(keys.rotate()) == [(2, 3), (3, 3)]
    assert keys.fetch(people) == before


def test_an_older_root_key_may_not_leave_while_keys_hang_on_it(settings):
    settings.TROTH_ROOT_KEY = f"1:{ONE}"
    someone()
    settings.TROTH_ROOT_KEY = f"2:{TWO}"
    keys.forget_ring()
    with pytest.raises(RootKeyProblem, match="version 1 is not here"):
        someone()


def test_a_hash_of_the_house_is_the_standard_one_under_the_stored_key_whatever_was_hashed_before():
    for message in (b"", b"email:ada@post.example", b"x" * 1000):
        made = keys.house_hash(keys.MARKS, message)
        row = Key.objects.get(name=keys.MARKS)
        key = keys.ring().unwrap(bytes(row.wrapped), row.root, keys.MARKS)
        assert made == hmac.digest(key, message, "sha256")
        assert made != keys.house_hash(keys.STOPS, message)
