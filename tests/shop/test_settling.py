"""From a basket to the end of an order, whatever happens on the way."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections
from tests.shop.bank import PowerCut
from tests.shop.selling import HOME, NOON, answers, filled, placed, variant

from troth.doors.collect import choose
from troth.doors.declare import job
from troth.doors.errors import CardNumber, Refused
from troth.doors.models import Message
from troth.doors.use import use
from troth.partners.errors import PartnerUnavailable
from troth.partners.screening import Verdict
from troth.shop import baskets, cards, changing, partners, placing, returns, screening, sending, settling
from troth.shop.errors import Changed, NotNow, SoldOut
from troth.shop.models import Order, Parcel, Product, Return, SavedCard, Screening, Variant
from troth.vault import identity
from troth.vault.models import Identifier, Person

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
    pytest.mark.usefixtures("shelves", "selling"),
]
LATER = NOON + timedelta(minutes=61)


class Doubtful:
    """A screening partner that doubts."""

    recipient, name = "", "own rules"

    def screen(self, _):
        return Verdict("doubt", ("The amount is unusually high.",))


def stock(one):
    return Variant.objects.get(pk=one.pk).stock


def paid(bank, **named):
    made = settling.onward(placed(**named), NOON)
    bank.pay(made.reference)
    return settling.onward(made, NOON)


def letters(made):
    return [
        m.once.split(":")[1] for m in Message.objects.filter(person_id=made.person_id, purpose="order").order_by("pk")
    ]


def test_an_order_takes_the_goods_and_is_paid_once_the_bank_agrees(bank):
    before, basket = stock(variant()), filled(2)
    made = settling.onward(placed(basket=basket), NOON)
    assert (made.state, made.page) == ("open", f"https://pennyfold.example/pay/{made.reference}")
    assert stock(variant()) == before - 2

    bank.pay(made.reference)
    made = settling.onward(made, NOON)

    assert (made.state, made.settled, bank.held()) == ("paid", True, made.total)
    assert basket.lines.count() == 0
    assert letters(made) == ["placed"]
    assert identity.find("email", "ADA@post.example") == made.person_id


def test_the_same_page_sent_twice_is_ordered_once(bank):
    before, basket = stock(variant()), filled(1)
    one = placing.place("tarn", "GBP", basket, answers(once="the-very-same-page-00001"), None, NOON)
    two = placing.place("tarn", "GBP", basket, answers(once="the-very-same-page-00001", name="Bob"), None, NOON)
    assert one == two
    assert (Order.objects.count(), stock(variant())) == (1, before - 1)


def test_whoever_comes_back_to_order_anew_does_not_keep_the_goods_from_themselves(bank):
    last = variant(size="16")
    Variant.objects.filter(pk=last.pk).update(stock=1)
    basket = filled(1, last)
    first = settling.onward(placed(basket=basket), NOON)
    second = placed(basket=basket)
    assert (Order.objects.get(pk=first.pk).state, second.state, stock(last)) == ("cancelled", "open", 0)


def test_what_is_not_paid_within_the_hour_goes_back_and_the_page_is_closed(bank):
    before = stock(variant())
    made = settling.onward(placed(), NOON)
    settling.heal(LATER)
    assert (Order.objects.get().state, stock(variant())) == ("lapsed", before)
    assert (bank.payments[made.reference].state, Order.objects.get().settled) == ("released", True)


def test_a_declined_order_says_what_the_bank_said_and_keeps_the_basket(bank):
    before, basket = stock(variant()), filled(2)
    made = settling.onward(placed(basket=basket), NOON)
    bank.pay(made.reference, well=False)
    made = settling.onward(made, NOON)
    assert (made.state, stock(variant()), basket.lines.count(), bank.held()) == ("declined", before, 1, 0)
    with use("order", person=made.person_id, brand="tarn", at=NOON) as u:
        assert u.open(made.answer) == "Your bank declined this card."


@pytest.mark.parametrize("wrong", [{"amount": 1}, {"currency": "USD"}, {"order": "ANOTHER"}])
def test_a_payment_of_something_else_is_none_of_ours(bank, wrong):
    made = settling.onward(placed(), NOON)
    bank.pay(made.reference)
    bank.payments[made.reference] = replace(bank.payments[made.reference], **wrong)
    assert settling.onward(made, NOON).state == "declined"


@pytest.mark.parametrize("moment", range(14))
def test_a_crash_between_any_two_steps_heals_itself(bank, moment):
    before, basket = stock(variant()), filled(2)
    bank.crash_at = moment
    made = None
    for _ in range(3):
        try:
            made = made or placed(basket=basket, once="crashed-page-0123456789")
            made = settling.onward(made, NOON)
            if made.reference:
                bank.pay(made.reference)
            made = settling.onward(made, NOON)
        except PowerCut:
            continue
    settling.heal(NOON)
    made = Order.objects.get()
    assert (made.state, made.settled, bank.held(), stock(variant())) == ("paid", True, made.total, before - 2)
    assert letters(made) == ["placed"]


@pytest.mark.parametrize("moment", range(6))
def test_a_crash_while_money_goes_back_heals_itself(bank, moment):
    before, made = stock(variant()), paid(bank)
    changing.cancel(made, NOON)
    bank.crash_at = moment
    try:
        settling.onward(made, NOON)
    except PowerCut:
        settling.heal(NOON)
    assert (Order.objects.get().settled, bank.held(), stock(variant())) == (True, 0, before)


def test_a_cancelled_order_that_was_being_charged_is_paid_back(bank):
    made = settling.onward(placed(), NOON)
    bank.pay(made.reference)
    real = bank.charge

    def charge(reference, once):
        changing.cancel(Order.objects.get(), NOON)  # the shopper is quicker
        return real(reference, once)

    bank.charge = charge
    made = settling.onward(made, NOON)
    assert (made.state, made.settled, bank.held()) == ("cancelled", True, 0)


def test_a_partner_that_does_not_answer_is_asked_again(bank, monkeypatch):
    made = placed()

    def silent():
        raise PartnerUnavailable("silent")

    with monkeypatch.context() as patch:
        patch.setattr(partners, "payments", silent)
        assert settling.heal(NOON)["stuck"] == 1
    settling.heal(NOON)
    assert Order.objects.get(pk=made.pk).reference


# -- what may not be ordered ---------------------------------------------------------------------------------------


def test_nothing_is_sold_twice_and_a_refusal_leaves_nothing(bank):
    last = variant(size="16")
    one, other = filled(1, last), filled(1, last)
    Variant.objects.filter(pk=last.pk).update(stock=1)
    placed(basket=one)
    with pytest.raises(SoldOut, match="Nell dress"):
        placed(basket=other, email="bob@post.example")
    assert (stock(last), Order.objects.count(), identity.find("email", "bob@post.example")) == (0, 1, None)


def test_a_price_that_changed_since_the_page_was_shown_is_told_first(bank):
    basket = filled(1)
    Product.objects.filter(slug="nell-olive").update(gbp=17000)
    with pytest.raises(Changed, match="£170"):
        placed(basket=basket, seen=16500)
    assert not Order.objects.exists()


def test_a_child_orders_when_a_parent_agreed_and_not_before(bank):
    before = stock(variant())
    with pytest.raises(Refused) as no:
        placed(age=13, email="kim@post.example")
    assert no.value.because.line == "policy.adult_from"
    assert (Order.objects.count(), Person.objects.count(), stock(variant())) == (0, 0, before)


def test_a_child_with_a_grown_ups_mailbox_is_a_child_and_the_grown_up_stays_one(bank):
    placed()
    with pytest.raises(Refused):
        placed(age=13)
    assert [p.known_age for p in Person.objects.all()] == [18]


def test_a_card_number_is_taken_nowhere(bank):
    with pytest.raises(CardNumber):
        placed(name="4111 1111 1111 1111")
    assert (Order.objects.count(), Person.objects.count()) == (0, 0)


def test_a_typed_address_changes_nothing_of_whose_it_is(bank):
    first = placed()
    known = list(Identifier.objects.values_list("kind", "pk").order_by("kind"))
    second = placed(name="Somebody Else", age=None, email=" Ada@POST.example")
    assert first.person_id == second.person_id
    assert [kind for kind, _ in known] == ["email", "name"]
    assert list(Identifier.objects.values_list("kind", "pk").order_by("kind")) == known
    assert Person.objects.count() == 1


def test_eight_buyers_at_once_are_sold_what_there_is_and_no_more(bank):
    one = variant()
    Variant.objects.filter(pk=one.pk).update(stock=13)
    mine = [[filled(1, one) for _ in range(3)] for _ in range(8)]
    sold, refused = [], []

    def buy(number):
        with job("order", "screen", "keep_card"):
            for at, basket in enumerate(mine[number]):
                try:
                    made = placed(
                        basket=basket, once=f"buyer-{number}-{at}-0123456789", email=f"b{number}@post.example"
                    )
                    sold.append(settling.onward(made, NOON))
                except SoldOut:
                    refused.append(number)
        connections.close_all()

    threads = [threading.Thread(target=buy, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(sold), len(refused), stock(one)) == (13, 11, 0)


# -- screening ------------------------------------------------------------------------------------------------------


def test_a_doubt_goes_to_a_person_who_lets_it_go_on(bank, monkeypatch):
    monkeypatch.setattr(partners, "screening", Doubtful)
    made = paid(bank)
    assert (made.state, bank.held(), letters(made)) == ("review", 0, ["looked_at"])
    with pytest.raises(NotNow):
        sending.dispatch(made, NOON)

    screening.review(made, well=True, at=NOON)
    made = settling.onward(made, NOON)

    assert (made.state, bank.held()) == ("paid", made.total)
    assert [(s.state, s.by) for s in Screening.objects.all()] == [("doubt", "own rules"), ("cleared", "care")]


def test_a_person_who_refuses_gives_everything_back(bank, monkeypatch):
    monkeypatch.setattr(partners, "screening", Doubtful)
    before, made = stock(variant()), paid(bank)
    screening.review(made, well=False, at=NOON)
    made = settling.onward(made, NOON)
    assert (made.state, made.settled, stock(variant())) == ("refused", True, before)
    assert (bank.payments[made.reference].state, letters(made)) == ("released", ["looked_at", "refused"])
    with pytest.raises(NotNow):
        screening.review(made, well=True, at=NOON)


def test_who_objects_to_the_machine_is_looked_at_by_a_person_and_no_result_is_kept(bank):
    made = settling.onward(placed(), NOON)
    with job("proof"):
        choose(
            "objection",
            "screen",
            person=made.person_id,
            brand="tarn",
            place="test",
            wording="No machine, please.",
            at=NOON,
        )
    bank.pay(made.reference)
    made = settling.onward(made, NOON)
    assert (made.state, Screening.objects.count()) == ("review", 0)
    screening.review(made, well=True, at=NOON)
    assert (settling.onward(made, NOON).state, Screening.objects.count()) == ("paid", 0)


def test_a_new_address_is_checked_anew_and_holds_the_parcel(bank, monkeypatch):
    made = paid(bank)
    asked = []

    class Noting(Doubtful):
        def screen(self, case):
            asked.append((case.delivery["street"], case.once))
            return Verdict("doubt", ("It moved.",))

    monkeypatch.setattr(partners, "screening", Noting)
    changing.address(made, name="Ada Lovelace", delivery=HOME | {"street": "9 Cloth Row"}, billing=None, at=NOON)
    with pytest.raises(NotNow):
        sending.dispatch(Order.objects.get(), NOON)
    made = settling.onward(made, NOON)

    assert (made.state, made.round, asked) == ("held", 2, [("9 Cloth Row", f"{made.pk.hex}:2")])
    assert letters(made) == ["placed", "rechecked", "looked_at"]
    screening.review(made, well=True, at=NOON)
    label = sending.dispatch(Order.objects.get(), NOON)
    assert label.lines[1] == "9 Cloth Row"


def test_an_address_that_moved_while_it_was_checked_is_checked_again(bank, monkeypatch):
    made = settling.onward(placed(), NOON)
    bank.pay(made.reference)
    seen = []

    class Slow:
        recipient, name = "", "own rules"

        def screen(self, case):
            seen.append(case.delivery["street"])
            if len(seen) == 1:
                changing.address(
                    Order.objects.get(), name="Ada", delivery=HOME | {"street": "9 Cloth Row"}, billing=None, at=NOON
                )
            return Verdict("pass")

    monkeypatch.setattr(partners, "screening", Slow)
    settling.onward(made, NOON)
    settling.heal(NOON)
    assert (Order.objects.get().state, seen) == ("paid", ["3 Weir Lane", "9 Cloth Row"])


def test_to_another_country_or_after_it_left_an_address_stays(bank):
    made = paid(bank)
    with pytest.raises(NotNow, match="another country"):
        changing.address(made, name="Ada", delivery=HOME | {"country": "IE"}, billing=None, at=NOON)
    sending.dispatch(made, NOON)
    with pytest.raises(NotNow, match="on its way"):
        changing.address(Order.objects.get(), name="Ada", delivery=HOME, billing=None, at=NOON)
    assert Parcel.objects.get().version == 1


# -- returns and cards ------------------------------------------------------------------------------------------------


def sent(bank, **named):
    made = paid(bank, **named)
    sending.dispatch(made, NOON)
    made = Order.objects.get(pk=made.pk)
    sending.deliver(made, NOON)
    return Order.objects.get(pk=made.pk)


@pytest.mark.parametrize(("days", "still"), [(0, True), (30, True), (31, False)])
def test_the_days_to_send_it_back_begin_when_it_came(bank, days, still):
    made, slow = paid(bank), timedelta(days=25)
    sending.dispatch(made, NOON)
    assert returns.may(Order.objects.get(), NOON + slow)
    sending.deliver(Order.objects.get(), NOON + slow)
    came = Order.objects.get()
    assert returns.may(came, NOON + slow + timedelta(days=days)) is still
    if not still:
        with pytest.raises(NotNow, match="any more"):
            returns.ask(came, 0, 1, NOON + slow + timedelta(days=days))


def test_what_comes_back_is_paid_back_once(bank):
    before, made = stock(variant()), sent(bank)
    back = returns.ask(made, 0, 1, NOON)
    back = returns.ask(made, 0, 2, NOON)
    returns.receive(back, NOON)
    with pytest.raises(NotNow):
        returns.receive(back, NOON)
    for _ in range(2):
        settling.heal(NOON)
    assert (Return.objects.get().state, bank.held(), stock(variant())) == ("refunded", made.delivery, before)
    with pytest.raises(NotNow):
        returns.ask(made, 0, 1, NOON)


@pytest.mark.parametrize(("place", "count", "days"), [(1, 1, 0), (0, 3, 0), (0, 0, 0), (0, 1, 41)])
def test_what_was_not_bought_or_is_too_old_does_not_come_back(bank, place, count, days):
    made = sent(bank)
    with pytest.raises(NotNow):
        returns.ask(made, place, count, NOON + timedelta(days=days))


def with_card(bank):
    """Somebody who is signed in, and said yes to keeping their card."""
    person = paid(bank).person_id
    with job("proof"):
        choose("consent", "keep_card", person=person, brand="tarn", place="checkout", wording="Keep it?", at=NOON)
    made = placing.place("tarn", "GBP", filled(1), answers(keep=True), person, NOON)
    made = settling.onward(made, NOON)
    bank.pay(made.reference)
    return settling.onward(made, NOON)


def test_a_card_is_kept_by_a_yes_pays_the_next_order_and_goes_when_told_to(bank):
    made = with_card(bank)
    (card,) = cards.of(made.person_id, "tarn", NOON)
    assert (card.label, card.last4, card.expiry) == ("Visa", "4242", "2031-05")
    again = placing.place("tarn", "GBP", filled(1), answers(card=card.id), made.person_id, NOON)
    settling.onward(again, NOON)
    assert bank.asked.token == f"tok-{made.reference}"

    assert cards.forget(again.pk, card.id, "tarn", NOON) is None  # somebody else
    receipt = cards.forget(made.person_id, card.id, "tarn", NOON)

    assert receipt
    assert receipt.reference == f"gone-tok-{made.reference}"
    assert cards.of(made.person_id, "tarn", NOON) == []
    assert bank.cards[made.reference].token == ""
    assert not SavedCard.objects.exists()


def test_without_a_yes_no_card_is_kept_here_or_there(bank):
    made = paid(bank, keep=True)
    assert not SavedCard.objects.exists()
    assert (made.state, bank.cards[made.reference].token) == ("paid", "")


def test_a_card_told_to_go_while_the_partner_is_silent_is_out_of_use_and_goes_later(bank, monkeypatch):
    made = with_card(bank)
    (card,) = cards.of(made.person_id, "tarn", NOON)

    def silent():
        raise PartnerUnavailable("silent")

    with monkeypatch.context() as patch:
        patch.setattr(partners, "payments", silent)
        with pytest.raises(PartnerUnavailable):
            cards.forget(made.person_id, card.id, "tarn", NOON)
    assert cards.of(made.person_id, "tarn", NOON) == []
    settling.heal(NOON)
    assert bank.cards[made.reference].token == ""


def test_a_basket_goes_after_thirty_days(bank):
    filled(1)
    kept = filled(1)
    baskets.change(kept, kept.lines.get().pk, 2, NOON + timedelta(days=1))
    assert settling.heal(NOON + timedelta(days=30, hours=1))["baskets"] == 2  # it and its line
    assert list(type(kept).objects.all()) == [kept]
