import threading
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils.timezone import now
from tests.doors.conftest import NOON, someone

from troth.choices import actions, lease
from troth.choices.errors import AppendOnly, StillSending, UnknownSlot
from troth.choices.models import Event, Folded, Lease
from troth.doors import policies
from troth.doors.collect import choose, collect
from troth.doors.declare import job
from troth.vault.errors import OutsideDoor

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
COMPILED = policies.archive().in_force(NOON.date())


def say(person, kind, *patterns, at=NOON, **more):
    with job("proof"), collect("proof", source="choice", brand="skerry", person=person.pk, actor="person", at=at) as c:
        return actions.say(
            c.save, person.pk, kind, patterns, compiled=COMPILED, at=at, place="test", wording="May we?", **more
        )


def saved(event):
    event.save()
    return event


def standing(person, at=NOON):
    return actions.standings([person], COMPILED, at)[person.pk]


def test_what_one_person_says_changes_nobody_elses_standing():
    ada, bob = someone(), someone()
    say(ada, "consent", "news:skerry:email:offers")
    assert standing(ada).yes
    assert not standing(bob).yes
    assert list(actions.verify(COMPILED, NOON)) == []


def test_the_words_shown_are_held_and_the_answer_is_not():
    (event,) = say(someone(), "refusal", "news")
    assert (event.kind, event.pattern, event.policy) == ("refusal", "news", COMPILED.digest)
    assert repr(event.wording) == "<held consents.wording_shown>"


def test_an_answer_is_never_edited():
    (event,) = say(someone(), "consent", "news:skerry")
    event.kind = "refusal"
    with pytest.raises(AppendOnly):
        event.save()


def test_an_answer_to_no_question_of_the_policy_is_refused_and_nothing_is_kept():
    ada = someone()
    with pytest.raises(UnknownSlot):
        say(ada, "consent", "news:skerry", "newss:skerry")
    assert not Event.objects.exists()


def test_nobody_answers_outside_a_door():
    with pytest.raises(OutsideDoor):
        actions.say(saved, someone().pk, "consent", ["news"], compiled=COMPILED, at=NOON, place="x", wording="x")


def test_a_standing_edited_by_hand_is_found():
    ada, bob = someone(), someone()
    say(ada, "refusal", "news")
    say(bob, "refusal", "news")
    row = Folded.objects.get(person_id=ada.pk)
    Folded.objects.filter(pk=row.pk).update(bits=row.bits | {"yes": "ff"})
    assert list(actions.verify(COMPILED, NOON)) == [ada.pk]


def test_a_yes_lapses_by_itself_in_the_very_next_decision():
    ada = someone()
    say(ada, "consent", "news:skerry", expires=NOON + timedelta(hours=1))
    assert standing(ada, NOON + timedelta(minutes=59)).yes
    assert not standing(ada, NOON + timedelta(hours=1)).yes


def test_standings_of_many_cost_no_more_queries_than_of_one(django_assert_num_queries):
    people = [someone() for _ in range(20)]
    for person in people:
        say(person, "consent", "news:skerry")
    with django_assert_num_queries(1):
        assert len(actions.standings(people, COMPILED, NOON)) == 20


def test_a_stop_mark_recognises_its_address_only():
    actions.suppress("email", "ada@post.example", because="bounced", at=NOON)
    assert actions.suppressed("email", "ada@post.example")
    assert not actions.suppressed("email", "bob@post.example")
    assert not actions.suppressed("mobile", "ada@post.example")


# -- the lease: no beats yes -------------------------------------------------------------------------------------------


def test_a_lease_is_held_by_one_and_lapses_with_time():
    ada, bob = someone().pk, someone().pk
    mine = lease.claim([ada, bob], at=NOON, seconds=30)
    assert mine
    assert lease.claim([bob], at=NOON, seconds=30) is None
    assert lease.still_mine(mine, at=NOON, seconds=29)
    assert not lease.still_mine(mine, at=NOON, seconds=30)
    late = NOON + timedelta(seconds=31)
    theirs = lease.claim([bob], at=late, seconds=30)
    assert theirs
    assert not lease.still_mine(mine, at=NOON), "the fence of who lost one is worth nothing"


def test_an_answer_waits_for_a_sender_and_gives_up_in_words(monkeypatch):
    ada = someone().pk
    fence = lease.claim([ada], at=now(), seconds=30)
    with pytest.raises(StillSending), lease.held_off([ada], most=0.05):
        pass
    assert fence
    lease.release(fence)
    with lease.held_off([ada], most=0.05):
        assert lease.claim([ada], at=now(), seconds=30) is None
    assert not Lease.objects.exists()


def test_no_hand_over_begins_or_ends_after_an_acknowledged_no():
    people = [someone().pk for _ in range(4)]
    said, handed, problems = {}, [], []

    def guarded(work):
        try:
            work()
        except Exception as problem:  # noqa: BLE001 -- shown by the assertion below
            problems.append(problem)
        finally:
            connections.close_all()

    def send():
        for _ in range(6):
            for person in people:
                fence = lease.claim([person], at=now(), seconds=30)
                if fence is None:
                    continue
                if not Event.objects.filter(person_id=person).exists() and lease.still_mine(fence, at=now(), seconds=5):
                    begun = time.monotonic()
                    time.sleep(0.002)
                    handed.append((person, begun, time.monotonic()))
                lease.release(fence)

    def stop(person):
        time.sleep(0.02)
        with job("proof"):
            choose("objection", "news", person=person, brand="skerry", place="x", wording="x")
        said[person] = time.monotonic()

    threads = [threading.Thread(target=guarded, args=(send,)) for _ in range(4)]
    threads += [threading.Thread(target=guarded, args=(lambda person=person: stop(person),)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert handed, "nothing was sent, so nothing was tried"
    assert [late for person, _, ended in handed if (late := ended > said[person])] == []
