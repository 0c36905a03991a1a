"""Whoever takes longer over an answer than a lease lasts: the answer is acknowledged once nobody sends by what was so."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections
from django.utils.timezone import now

from troth.choices import lease
from troth.choices.errors import StillSending

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


def late(monkeypatch):
    """Let half a minute pass, by the clock that leases run out by. Returns when it is then."""
    monkeypatch.setattr(lease, "now", lambda: now() + timedelta(seconds=31))
    return now() + timedelta(seconds=31)


def test_a_sender_that_took_an_answer_s_lease_over_is_waited_for(monkeypatch):
    person, order = uuid4(), []
    with lease.held_off([person]):
        then = late(monkeypatch)
        sender = lease.claim_free([person], at=then, seconds=30)
        assert sender.people == {person}

        def done():
            order.append("handed over")
            lease.release(sender)
            connections.close_all()

        sending = threading.Timer(0.2, done)
        sending.start()
    order.append("acknowledged")
    sending.join()
    assert order == ["handed over", "acknowledged"]
    assert lease.claim([person], at=then, seconds=1), "and nothing is held any more"


def test_an_answer_in_time_waits_for_nobody_once_more(monkeypatch):
    person, claims = uuid4(), []
    real = lease.claim

    def counted(*people, **more):
        claims.append(people)
        return real(*people, **more)

    monkeypatch.setattr(lease, "claim", counted)
    with lease.held_off([person]):
        late(monkeypatch)  # run out, and nobody wanted it
    assert len(claims) == 1


def test_a_sender_that_does_not_end_is_not_waited_for_for_ever(monkeypatch):
    person = uuid4()

    def slow():
        with lease.held_off([person], most=0.1):
            lease.claim_free([person], at=late(monkeypatch), seconds=30)

    with pytest.raises(StillSending):
        slow()
