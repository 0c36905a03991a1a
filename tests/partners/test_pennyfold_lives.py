"""Payments in any order against a slow oracle, a partner that is killed in between, and what it leaves on its disk."""

import base64
import hashlib
import json
import random
import re
import threading
import time
from contextlib import suppress
from uuid import uuid4

import pytest
import urllib3
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from troth.partners.errors import NotPossible, PartnerUnavailable
from troth.partners.sandbox.store import LONGEST_WAIT, Store

from . import companies
from .companies import AtPennyfold, Sandbox
from .conftest import ask

TRIES = 5
DOES = {"pays": "4242", "asks": "3220", "declines": "0002"}


def became(asked, events):
    """The oracle: what a payment must be after these events, told from the beginning each time."""
    state, given_back, tries, last4 = "open", 0, 0, ""
    for kind, *words in events:
        if kind == "card" and state == "open":
            does, yes = words
            if does == "pays" or (does == "asks" and yes):
                state, last4 = "authorised", DOES[does]
            else:
                tries += 1
                if tries == TRIES:
                    state = "declined"
        if kind == "leave" and state == "open":
            state = "declined"
        if kind == "charge" and state == "authorised":
            state = "charged"
        if kind == "release" and state in ("open", "declined", "authorised"):
            state = "released"
        if kind == "refund" and state == "charged" and 0 < words[0] <= asked.amount - given_back:
            given_back += words[0]
            if given_back == asked.amount:
                state = "refunded"
    return state, given_back, last4 if state in ("authorised", "charged", "refunded") else ""


def possible(asked, events, act, *words):
    """Whether the partner must do what it is asked; what is so already, it answers as done."""
    state, given_back, _ = became(asked, events)
    return {
        "charge": state in ("authorised", "charged", "refunded"),
        "release": state in ("open", "declined", "authorised", "released"),
        "refund": state == "charged" and bool(words) and 0 < words[0] <= asked.amount - given_back,
    }[act]


class Lives(RuleBasedStateMachine):
    """A few payments, and everything that may be done to them."""

    def __init__(self, sandbox):
        super().__init__()
        self.sandbox, self.partner, self.shopper = sandbox, sandbox.adapter(), AtPennyfold()
        self.asked, self.events, self.sessions = {}, {}, {}
        self.said = []  # calls that were answered, with their answers
        self.cards = {}  # token: what it does

    @initialize()
    def first(self):
        self.begin(100, keep=True, choice=0)

    @rule(amount=st.integers(1, 300), keep=st.booleans(), choice=st.integers(0, 99))
    def begin(self, amount, keep, choice):
        tokens = ["", *self.cards]
        wanted = ask(amount=amount, keep=keep, token=tokens[choice % len(tokens)])
        session = self.partner.fields(wanted)
        assert session.reference not in self.asked
        self.said.append((lambda: self.partner.fields(wanted), session))
        self.asked[session.reference], self.events[session.reference] = wanted, []
        self.sessions[session.reference] = session

    def one(self, choice):
        return list(self.asked)[choice % len(self.asked)]

    @rule(choice=st.integers(0, 99), does=st.sampled_from(list(DOES)), yes=st.booleans())
    def card(self, choice, does, yes):
        reference = self.one(choice)
        before = became(self.asked[reference], self.events[reference])[0]
        self.shopper.pay(self.sessions[reference], does, yes=yes)
        made = self.partner.payment(reference)
        if before == "open" and made.state == "authorised" and self.asked[reference].keep:
            assert made.card.token not in self.cards
            self.cards[made.card.token] = does
            assert self.partner.keep(reference) == made.card
        self.happened(reference, "card", does, yes)

    @rule(choice=st.integers(0, 99), yes=st.booleans())
    def kept(self, choice, yes):
        reference = self.one(choice)
        token = self.asked[reference].token
        if token in self.cards:
            self.shopper.pay_kept(self.sessions[reference], yes=yes)
            self.happened(reference, "card", self.cards[token], yes)

    @rule(choice=st.integers(0, 99))
    def leave(self, choice):
        reference = self.one(choice)
        self.shopper.leave(self.sessions[reference])
        self.happened(reference, "leave")

    @rule(choice=st.integers(0, 99), act=st.sampled_from(["charge", "release"]))
    def act(self, choice, act):
        self.does(self.one(choice), act)

    @rule(choice=st.integers(0, 99), amount=st.integers(1, 120))
    def refund(self, choice, amount):
        self.does(self.one(choice), "refund", amount)

    def does(self, reference, act, *words):
        once = f"{act}:{uuid4()}"
        asked, events = self.asked[reference], self.events[reference]

        def call():
            return getattr(self.partner, act)(reference, *words, once)

        if possible(asked, events, act, *words):
            answer = call()
            self.said.append((call, answer))
            assert answer == self.happened(reference, act, *words)
        else:
            with pytest.raises(NotPossible):
                call()
            self.happened(reference)

    @rule(choice=st.integers(0, 99))
    def again(self, choice):
        """Whatever was answered is answered the same, however late it is asked again, and does nothing more."""
        call, answer = self.said[choice % len(self.said)]
        assert call() == answer

    @precondition(lambda self: self.cards)
    @rule(choice=st.integers(0, 99))
    def forget(self, choice):
        token = list(self.cards)[choice % len(self.cards)]
        receipt = self.partner.forget(token, f"forget:{token}")
        assert receipt.reference.startswith("rcpt_")
        self.said.append((lambda: self.partner.forget(token, f"forget:{token}"), receipt))
        del self.cards[token]
        # What was told of a payment before named the card's token; what is told from now on does not.
        self.said = [one for one in self.said if token not in repr(one[1]) or one[1] == receipt]
        for reference in self.asked:
            self.happened(reference)

    @rule(when=st.integers(0, 4))
    def killed(self, when):
        if when < 4:  # to start it anew takes as long as a hundred calls
            return
        self.sandbox.kill()
        self.sandbox.start()
        for reference in self.asked:
            self.happened(reference)

    def happened(self, reference, *event):
        """Note what happened, and hold the partner to what the oracle makes of it."""
        if event:
            self.events[reference].append(event)
        made = self.partner.payment(reference)
        asked = self.asked[reference]
        last4 = made.card.last4 if made.card else ""
        assert (made.state, made.refunded, last4) == became(asked, self.events[reference])
        assert (made.order, made.amount, made.currency) == (asked.order, asked.amount, asked.currency)
        assert bool(made.because) == (made.state == "declined")
        assert not made.card or made.card.token in ("", *self.cards)
        return made


def test_payments_in_any_order(tmp_path):
    sandbox = Sandbox(tmp_path / "books")
    sandbox.start()
    try:
        run_state_machine_as_test(
            lambda: Lives(sandbox),  # type: ignore[arg-type]  # whatever makes one will do
            settings=settings(max_examples=25, stateful_step_count=25, deadline=None),
        )
    finally:
        sandbox.stop()


def test_nothing_acknowledged_is_lost_when_the_partner_is_killed(tmp_path):
    kills = random.Random(7)  # noqa: S311 -- when to pull the plug is no secret
    with companies.listening() as heard:
        sandbox = Sandbox(tmp_path / "books", heard.address)
        sandbox.start()
        sure: dict[str, int] = {}
        over = threading.Event()

        def shop():
            """Buy, charge and give back in three parts; whatever is unclear is asked again with the same key."""
            partner, shopper = sandbox.adapter(wait=1), AtPennyfold()
            while not over.is_set():
                wanted = ask(amount=90)
                session = stubborn(partner.fields, wanted)
                while stubborn(partner.payment, session.reference).state == "open":
                    with suppress(OSError, urllib3.exceptions.HTTPError):
                        shopper.pay(session)
                stubborn(partner.charge, session.reference, f"charge:{wanted.order}")
                sure[session.reference] = 0
                for part in (1, 2):
                    stubborn(partner.refund, session.reference, 30, f"refund:{wanted.order}:{part}")
                    sure[session.reference] += 30

        def stubborn(call, *words):
            for _ in range(400):
                try:
                    return call(*words)
                except PartnerUnavailable:
                    time.sleep(0.02)
            raise AssertionError("the partner never came back")

        shops = [threading.Thread(target=shop) for _ in range(2)]
        for one in shops:
            one.start()
        try:
            for _ in range(6):
                time.sleep(kills.uniform(0.1, 0.4))
                sandbox.kill()
                sandbox.start()
            patient = time.monotonic() + 20
            while len(sure) < 6 and time.monotonic() < patient:
                time.sleep(0.05)
            over.set()
            for one in shops:
                one.join()

            partner = sandbox.adapter()
            assert len(sure) >= 6
            assert {reference: partner.payment(reference).refunded for reference in sure} == sure
            heard.wait(lambda got: len({json.loads(body)["id"] for body, _ in got}) >= 4 * len(sure), 20)
            ids = [(told.id, told.reference) for told in (partner.told(*one) for one in heard.got)]
            assert len(set(ids)) == 4 * len(sure), (
                "authorised, charged and two refunds: one id each, however often told"
            )
        finally:
            over.set()
            assert sandbox.stop() == 0


# -- notices -------------------------------------------------------------------------------------------------------


def test_a_notice_is_sent_until_somebody_takes_it_and_keeps_its_id(pennyfold):
    pennyfold.heard.answers[:] = [500, 302]
    session = pennyfold.adapter.fields(ask())
    pennyfold.shopper.pay(session)

    def about(got):
        return [one for one in got if session.reference.encode() in one[0]]

    pennyfold.heard.wait(lambda got: len(about(got)) == 3, 15)
    time.sleep(0.3)
    sent = about(pennyfold.heard.got)
    assert len(sent) == 3, "once it was taken, it is not sent again"
    assert len({pennyfold.adapter.told(*one).id for one in sent}) == 1
    assert json.loads(sent[0][0])["state"] == "authorised"
    assert len({headers["Pennyfold-Signature"] for _, headers in sent}) > 1, "each attempt is signed anew"


def test_a_shop_that_is_away_does_not_keep_the_partner_from_stopping_and_is_told_later(tmp_path):
    with companies.listening() as heard:
        sandbox = Sandbox(tmp_path / "books", "http://127.0.0.1:9/told")
        sandbox.start()
        session = sandbox.adapter().fields(ask())
        AtPennyfold().pay(session)
        start = time.monotonic()
        assert sandbox.stop() == 0
        assert time.monotonic() - start < 5
        sandbox._tell = heard.address
        sandbox.start()
        body, headers = heard.wait(lambda got: got)[0]
        assert sandbox.adapter().told(body, headers).reference == session.reference
        assert sandbox.stop() == 0


def test_the_partner_waits_twice_as_long_each_time_by_the_clock_it_was_given(tmp_path):
    now = [1_800_000_000.0]
    store = Store(tmp_path, lambda: now[0])
    asked = ask()
    wanted = {"order": "T-1", "amount": 1, "currency": "GBP", "back": asked.back, "keep": False, "token": ""}
    reference = store.begin(wanted, "k")["reference"]
    assert store.next_due() is None
    store.leave(reference)
    waits: list[float] = []
    for _ in range(16):
        (notice,) = store.due()
        store.unheard(notice["id"], notice["tries"])
        assert store.due() == []
        waits.append(store.next_due() or 0)
        now[0] += waits[-1]
    assert waits[:4] == [0.5, 1.0, 2.0, 4.0]
    assert waits[-1] == LONGEST_WAIT
    store.heard(store.due()[0]["id"])
    assert store.next_due() is None
    store.close()


# -- what is left on the disk --------------------------------------------------------------------------------------


def spellings(number):
    """A card number as it might lie about: plain, spaced, packed, encoded, hashed."""
    fours = [number[at : at + 4] for at in range(0, 16, 4)]
    plain = [number, " ".join(fours), "-".join(fours), "+".join(fours), "%20".join(fours), number[::-1]]
    for text in plain:
        raw = text.encode()
        yield from (raw, text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("utf-32-le"))
        yield from (raw.hex().encode(), raw.hex().upper().encode())
        for shift in range(3):  # base64 looks different at each of three places
            whole = base64.b64encode(b"\0" * shift + raw)
            yield whole[4 * (shift > 0) : len(whole) // 4 * 4 - 4]
    yield bytes.fromhex(number)  # packed decimal
    yield from (int(number).to_bytes(8, order) for order in ("big", "little"))
    for kind in ("md5", "sha1", "sha256", "sha512", "blake2b"):
        digest = hashlib.new(kind, number.encode())
        yield from (digest.digest(), digest.hexdigest().encode(), base64.b64encode(digest.digest()))


def test_no_card_number_is_on_the_partners_disk_in_any_spelling(tmp_path):
    sandbox = Sandbox(tmp_path / "books")
    sandbox.start()
    partner, shopper = sandbox.adapter(), AtPennyfold()
    try:
        for does in DOES:
            session = partner.fields(ask(keep=True))
            shopper.pay(session, does)
            shopper.post(session.address, card="typed", number="4242424242424242", expiry="05/20", cvc="1")  # refused
            shopper.post(session.address, card="typed", number=" 4242-4242 42424242 ", expiry="05/31", cvc="123")
            made = partner.payment(session.reference)
            assert made.state == "authorised"
        found = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())
    finally:
        sandbox.stop()
    found += b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())
    assert b"4242" in found, "the last four digits are there: this looks in the right place"
    assert not re.search(rb"[0-9]{13,}", found.replace(b" ", b"")), "something that looks like a card number"
    for number in companies.PENNYFOLD.values():
        assert [spelling for spelling in spellings(number) if spelling in found] == []


def test_the_scan_would_find_a_number():
    number = "4242424242424242"
    for hidden in (number.encode(), number.encode("utf-16-le"), base64.b64encode(b"xy" + number.encode())):
        assert [one for one in spellings(number) if one in b"..." + hidden + b"..."]


def test_a_forgotten_card_is_nowhere_on_the_disk(tmp_path):
    sandbox = Sandbox(tmp_path / "books")
    sandbox.start()
    try:
        partner = sandbox.adapter()
        session = partner.fields(ask(keep=True))
        AtPennyfold().pay(session)
        token = partner.keep(session.reference).token
        again = partner.fields(ask(token=token))
        partner.forget(token, "forget-1")
        card = partner.payment(session.reference).card
        assert card
        assert (card.token, card.last4) == ("", "4242")
        assert AtPennyfold().post(again.address, card="kept").status == 409
    finally:
        assert sandbox.stop() == 0  # closing takes the journal into the file
    assert token.encode() not in b"".join(path.read_bytes() for path in (tmp_path / "books").iterdir())
