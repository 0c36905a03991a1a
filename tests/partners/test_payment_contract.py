"""What every payment partner does for us: the same tests for each adapter, against a server that really runs."""

import time
from uuid import uuid4

import pytest

from troth.partners.errors import Forged, NoSuchPayment, NotPossible
from troth.partners.payments import Card, Payment
from troth.partners.pennyfold import Pennyfold

from .companies import LOCALSTRIPE, PENNYFOLD
from .conftest import ask


def key():
    return f"key:{uuid4()}"


@pytest.fixture
def authorised(partner, shopper):
    """A payment the shopper's bank has agreed to, of an order of £148.50."""
    session = partner.fields(ask())
    shopper.pay(session)
    return session.reference


@pytest.fixture
def charged(partner, authorised):
    partner.charge(authorised, key())
    return authorised


@pytest.fixture
def kept(partner, shopper):
    """A card that the shopper asked to be kept."""
    session = partner.fields(ask(keep=True))
    shopper.pay(session)
    return partner.keep(session.reference)


def test_a_payment_begins_open_on_a_page_of_the_partners_own(partner):
    wanted = ask(order="T-1", amount=999, currency="EUR")
    session = partner.fields(wanted)
    assert session.address.startswith("http")
    assert partner.payment(session.reference) == Payment(session.reference, "open", "T-1", 999, "EUR")


def test_begun_twice_with_one_key_it_is_one_payment(partner):
    wanted = ask()
    assert partner.fields(wanted) == partner.fields(wanted)
    assert partner.fields(ask()) != partner.fields(wanted)


@pytest.mark.parametrize("changed", [{"amount": 1}, {"currency": "EUR"}, {"order": "T-99"}, {"keep": True}])
def test_the_same_key_with_another_content_is_refused(partner, changed):
    wanted = ask()
    begun = partner.fields(wanted)
    with pytest.raises(NotPossible):
        partner.fields(ask(**{"once": wanted.once, "order": wanted.order} | changed))
    assert partner.payment(begun.reference).amount == wanted.amount


def test_what_was_authorised_is_charged_once(partner, shopper):
    session = partner.fields(ask(amount=2500))
    shopper.pay(session)
    before = partner.payment(session.reference)
    assert (before.state, before.amount, before.refunded) == ("authorised", 2500, 0)
    assert before.card == Card(token="", brand="Visa", last4="4242", expiry="2031-05")

    once = key()
    after = partner.charge(session.reference, once)
    assert after.state == "charged"
    assert partner.charge(session.reference, once) == after
    assert partner.charge(session.reference, key()) == after  # the key was lost, and nothing is charged twice
    assert partner.payment(session.reference) == after


def test_what_was_authorised_can_be_given_up_and_is_charged_no_more(partner, authorised):
    once = key()
    released = partner.release(authorised, once)
    assert released.state == "released"
    assert released.card is None
    assert partner.release(authorised, once) == partner.release(authorised, key()) == released
    with pytest.raises(NotPossible):
        partner.charge(authorised, key())


@pytest.mark.parametrize("tried", [False, True])
def test_what_nobody_paid_can_be_given_up_and_paid_no_more(partner, shopper, tried):
    session = partner.fields(ask())
    if tried:
        shopper.pay(session, "declines")
    assert partner.release(session.reference, key()).state == "released"
    shopper.pay(session)
    assert partner.payment(session.reference).state == "released"


def test_only_what_was_authorised_is_charged(partner, shopper):
    session = partner.fields(ask())
    once = key()
    with pytest.raises(NotPossible):
        partner.charge(session.reference, once)
    shopper.pay(session)
    assert partner.charge(session.reference, once).state == "charged"  # the refusal did not use the key up


def test_what_is_charged_cannot_be_given_up(partner, charged):
    with pytest.raises(NotPossible):
        partner.release(charged, key())
    assert partner.payment(charged).state == "charged"


def test_parts_given_back_add_up_to_the_whole_and_no_further(partner, charged):
    first = key()
    for once, amount, state, sum_ in [
        (first, 5000, "charged", 5000),
        (first, 5000, "charged", 5000),  # asked again: nothing more is given back
        (key(), 5000, "charged", 10000),
        (key(), 4850, "refunded", 14850),
    ]:
        made = partner.refund(charged, amount, once)
        assert (made.state, made.refunded) == (state, sum_)
    with pytest.raises(NotPossible):
        partner.refund(charged, 1, key())
    assert partner.payment(charged).refunded == 14850


@pytest.mark.parametrize("amount", [14851, 0, -1])
def test_more_than_was_charged_is_not_given_back_nor_less_than_nothing(partner, charged, amount):
    with pytest.raises(NotPossible):
        partner.refund(charged, amount, key())
    assert partner.payment(charged).refunded == 0


def test_a_key_of_one_refund_serves_no_other(partner, charged):
    once = key()
    partner.refund(charged, 100, once)
    with pytest.raises(NotPossible):
        partner.refund(charged, 200, once)
    assert partner.payment(charged).refunded == 100


def test_nothing_is_given_back_of_what_was_never_charged(partner, authorised):
    with pytest.raises(NotPossible):
        partner.refund(authorised, 100, key())


def test_a_card_that_fails_moves_no_money_and_another_card_may_pay(partner, shopper):
    session = partner.fields(ask())
    shopper.pay(session, "declines")
    failed = partner.payment(session.reference)
    assert (failed.state, failed.card) == ("open", None)
    with pytest.raises(NotPossible):
        partner.charge(session.reference, key())
    shopper.pay(session)
    assert partner.payment(session.reference).state == "authorised"


def test_who_goes_back_without_paying_has_paid_nothing(partner, shopper):
    session = partner.fields(ask())
    shopper.leave(session)
    assert partner.payment(session.reference).state in ("open", "declined")  # not every partner hears of it
    with pytest.raises(NotPossible):
        partner.charge(session.reference, key())


@pytest.mark.parametrize(("yes", "state"), [(True, "authorised"), (False, "open")])
def test_the_bank_may_ask_whether_it_is_you(partner, shopper, yes, state):
    session = partner.fields(ask())
    shopper.pay(session, "asks", yes=yes)
    assert partner.payment(session.reference).state == state


def test_a_card_is_kept_only_if_the_shopper_said_so(partner, shopper, authorised):
    with pytest.raises(NotPossible):
        partner.keep(authorised)
    unpaid = partner.fields(ask(keep=True))
    with pytest.raises(NotPossible):
        partner.keep(unpaid.reference)
    shopper.pay(unpaid, "declines")
    with pytest.raises(NotPossible):
        partner.keep(unpaid.reference)


def test_a_kept_card_is_a_token_and_enough_to_recognise_it_by(company, kept):
    numbers = PENNYFOLD if company.name == "pennyfold" else LOCALSTRIPE
    assert (kept.brand, kept.last4, kept.expiry) == ("Visa", "4242", "2031-05")
    assert kept.token
    assert numbers["pays"] not in repr(kept)


def test_a_kept_card_pays_without_being_typed(partner, shopper, kept):
    session = partner.fields(ask(token=kept.token, amount=700))
    shopper.pay_kept(session)
    made = partner.charge(session.reference, key())
    assert (made.state, made.amount, made.card) == ("charged", 700, kept)
    with pytest.raises(NotPossible):
        partner.keep(session.reference)  # nothing was to be kept anew


@pytest.mark.parametrize(("yes", "state"), [(True, "authorised"), (False, None)])
def test_the_bank_may_ask_about_a_kept_card_too(partner, shopper, yes, state):
    first = partner.fields(ask(keep=True))
    shopper.pay(first, "asks")
    session = partner.fields(ask(token=partner.keep(first.reference).token))
    assert partner.payment(session.reference).state == "open"
    shopper.pay_kept(session, yes=yes)
    assert partner.payment(session.reference).state in ([state] if state else ["open", "declined"])


def test_a_card_is_forgotten_with_a_receipt_and_pays_no_more(partner, shopper, kept):
    other = partner.fields(ask(keep=True))
    shopper.pay(other)
    once = key()
    receipt = partner.forget(kept.token, once)
    again = partner.forget(kept.token, once)
    assert receipt.token == kept.token
    assert (again.token, again.reference) == (receipt.token, receipt.reference)
    assert receipt.at.tzinfo is not None
    with pytest.raises(NotPossible):
        partner.fields(ask(token=kept.token))
    assert partner.keep(other.reference).last4 == "4242"  # somebody else's card stays


@pytest.mark.parametrize("token", ["pm_nobody", "card_nobody", "x"])
def test_a_card_that_is_gone_already_is_no_error(partner, token):
    assert partner.forget(token, key()).reference == "already-gone"


@pytest.mark.parametrize("reference", ["pi_nobody", "cs_nobody", "pay_nobody", "", "../cards", "pay_1?x=1", "é"])
def test_a_payment_nobody_knows(partner, reference):
    for act in (partner.payment, partner.keep):
        with pytest.raises(NoSuchPayment):
            act(reference)
    for act in (partner.charge, partner.release):
        with pytest.raises(NoSuchPayment):
            act(reference, key())
    with pytest.raises(NoSuchPayment):
        partner.refund(reference, 1, key())


def test_a_card_that_is_not_kept_pays_nothing(partner):
    for token in ("pm_nobody", "card_nobody", "x"):
        with pytest.raises(NotPossible):
            partner.fields(ask(token=token))


def test_neither_adapter_shows_its_keys(company):
    assert company.secret not in repr(company.adapter)
    assert "sk_" not in repr(company.adapter)


# -- notices -------------------------------------------------------------------------------------------------------


@pytest.fixture
def notice(company, charged):
    """A notice of a payment that was charged, as it came."""

    def about(got):
        for body, headers in got:
            if b"charged" in body or b"payment_intent.succeeded" in body:
                told = company.adapter.told(body, headers)
                if told.reference == charged:
                    yield body, headers

    return charged, next(about(company.heard.wait(lambda got: any(about(got)))))


def test_the_partner_tells_us_which_payment_changed(company, notice):
    reference, (body, headers) = notice
    told = company.adapter.told(body, headers)
    assert told.reference == reference
    assert told == company.adapter.told(body, {name.lower(): value for name, value in headers.items()})
    assert b"4242424242424242" not in body


def test_a_forged_notice_is_refused(company, notice):
    _, (body, headers) = notice
    signature = headers[company.header]
    flipped = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    for forged in (
        (body + b" ", headers),
        (body.replace(b"a", b"b", 1), headers),
        (b"", headers),
        (b"\xff" + body, headers),
        (body, headers | {company.header: flipped}),
        (body, headers | {company.header: ""}),
        (body, headers | {company.header: "t=1,v1="}),
        (body, headers | {company.header: signature.replace("t=", "t=1")}),
        (body, headers | {company.header: "t=²,v1=é"}),
        (body, {name: value for name, value in headers.items() if name != company.header}),
    ):
        with pytest.raises(Forged):
            company.adapter.told(*forged)


def test_a_notice_signed_by_somebody_else_is_refused(company, notice):
    _, (body, headers) = notice
    other = type(company.adapter)
    stranger = (
        other("http://127.0.0.1:9", "sk", "not the key") if other is Pennyfold else other("sk_other", "not the key")
    )
    with pytest.raises(Forged):
        stranger.told(body, headers)


@pytest.mark.parametrize(("late", "believed"), [(270, True), (330, False)])
def test_a_notice_that_is_sent_again_after_five_minutes_is_refused(company, notice, monkeypatch, late, believed):
    _, (body, headers) = notice
    then = time.time() + late
    monkeypatch.setattr(time, "time", lambda: then)
    adapter = company.adapter
    monkeypatch.setattr(adapter, "_now", lambda: then, raising=False)
    if believed:
        assert adapter.told(body, headers)
    else:
        with pytest.raises(Forged):
            adapter.told(body, headers)
