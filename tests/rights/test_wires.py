"""The wires there are: the payment partner forgets cards, an agency is told by order, advert lists let people go."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.desk.conftest import bank, paid, somebody  # noqa: F401 -- a fixture
from tests.marketing.campaigning import BEA, reader
from tests.shop.selling import answers, filled
from tests.shop.test_screening_agency import agency  # noqa: F401 -- a fixture

from troth.doors import policies
from troth.doors.collect import choose, collect
from troth.doors.declare import job
from troth.marketing import adverts
from troth.marketing.models import AdvertMember
from troth.partners.errors import PartnerUnavailable
from troth.partners.screening import OwnRules
from troth.rights import actions, doing, passing_on
from troth.rights.models import PassedOn
from troth.shop import partners, placing, sending, settling
from troth.shop.models import SavedCard
from troth.vault import identity
from troth.vault.models import Profile

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _rights():
    with job("rights", "proof"):
        yield


def with_card(bank, email):  # noqa: F811
    """Somebody who bought once, and said yes to keeping the card."""
    person, at = somebody(), policies.now()
    with job("proof"):
        choose("consent", "keep_card", person=person, brand="tarn", place="checkout", wording="Keep it?", at=at)
    with job("order", "screen", "keep_card", "rights"):
        order = placing.place("tarn", "GBP", filled(1), answers(keep=True, email=email), person, at)
        bank.pay(settling.onward(order, at).reference)
        settling.onward(order, at)
    return person


def asked(person, right="erase", at=None):
    return actions.begin(
        person, right, brand="tarn", home="https://tarn.example/", way="account", words="Please.", known=True,
        once=f"{right}:{person}", at=at or policies.now(),
    )  # fmt: skip


def erased(person, at=None):
    at = at or policies.now()
    found = doing.plan(asked(person, at=at), at)
    assert doing.erase(found, at)
    return found


def row(to):
    return PassedOn.objects.get(to=to)


def later(minutes=1):
    return policies.now() + timedelta(minutes=minutes)


def test_the_payment_partner_forgets_the_erased_persons_card_and_no_neighbours(bank):  # noqa: F811
    ada, bob = (with_card(bank, f"{name}@post.example") for name in ("ada", "bob"))
    cards = {card.person_id: card.payment for card in SavedCard.objects.all()}
    assert cards.keys() == {ada, bob}

    erased(ada)
    assert not SavedCard.objects.filter(person_id=ada).exists()
    assert bank.cards[cards[ada]].token, "not yet: it is told as soon as it is done"
    assert doing.upkeep(later())["recipients told"] == 1

    assert (bank.cards[cards[ada]].token, bool(bank.cards[cards[bob]].token)) == ("", True)
    told = row("payment_partner")
    assert (told.state, told.known_by, told.items) == ("confirmed", [], sorted(told.items))
    assert not any("tok-" in str(value) for value in (told.known_by, told.once)), (
        "what stands for a card is kept nowhere"
    )
    bank.calls.clear()
    doing.upkeep(later(600))
    assert bank.calls == []


def test_a_partner_that_cannot_be_reached_is_asked_again_until_it_has_done_it(bank, monkeypatch):  # noqa: F811
    erased(with_card(bank, "ada@post.example"))

    def away():
        raise PartnerUnavailable("away")

    with monkeypatch.context() as gone:
        gone.setattr(partners, "payments", away)
        doing.upkeep(later())
    assert (row("payment_partner").state, row("payment_partner").tries) == ("queued", 1)
    doing.upkeep(later(60))
    assert row("payment_partner").state == "confirmed"


def screened(bank, agency, monkeypatch):  # noqa: F811
    monkeypatch.setattr(partners, "screening", lambda: agency.partner)
    order = paid(bank)
    agency.asked.clear()
    agency.answer = (200, b'{"receipt": "hk-7"}')
    return order


def test_a_screening_agency_is_told_by_order_that_it_was_erased_and_nothing_else(bank, agency, monkeypatch):  # noqa: F811
    order = screened(bank, agency, monkeypatch)
    erased(order.person_id)
    doing.upkeep(later())
    ((path, headers, body),) = agency.asked
    assert path == "/v1/corrections"
    assert headers["Idempotency-Key"] == row("fraud_agencies").once
    assert (body["kind"], body["orders"], body["now"]) == ("erase", [order.number], {})
    assert "contact.email" in body["items"]
    assert (row("fraud_agencies").state, row("fraud_agencies").receipt) == ("confirmed", "hk-7")


def test_of_a_correction_it_is_told_what_is_right(bank, agency, monkeypatch):  # noqa: F811
    order = screened(bank, agency, monkeypatch)
    profile = Profile(person_id=order.person_id)
    profile.name = "Ada Fell"
    with job("account"), collect("account", source="account", brand="tarn", person=order.person_id) as c:
        c.save(profile)
    doing.corrected(
        order.person_id, ["identity.name"], brand="tarn", home="https://tarn.example/", words="The name.", entry=1,
        at=policies.now(),
    )  # fmt: skip
    doing.upkeep(later())
    ((_, _, body),) = agency.asked
    assert (body["kind"], body["items"], body["now"]) == ("correct", ["identity.name"], {"name": "Ada Fell"})


@pytest.mark.parametrize("answer", [(500, b""), (200, b"{}"), (200, b'{"receipt": "<b>"}'), (200, b"[" * 9000)])
def test_an_agency_that_does_not_plainly_confirm_has_not(bank, agency, monkeypatch, answer):  # noqa: F811
    order = screened(bank, agency, monkeypatch)
    erased(order.person_id)
    agency.answer = answer
    doing.upkeep(later())
    assert (row("fraud_agencies").state, row("fraud_agencies").told_at) == ("queued", None)


def test_where_the_agency_has_no_wire_any_more_a_letter_names_the_orders(bank, agency, monkeypatch):  # noqa: F811
    order = screened(bank, agency, monkeypatch)
    erased(order.person_id)
    monkeypatch.setattr(partners, "screening", OwnRules)
    assert doing.upkeep(later())["letters to write"] == 1
    ((to, rows),) = passing_on.to_write()
    text = passing_on.letter(to, rows, policies.archive().in_force(policies.today()))
    assert to == "fraud_agencies"
    assert order.number in text
    assert "Hawkburrow" in text
    assert not any(word in text for word in ("Ada", "post.example"))


def test_a_delivery_company_gets_a_letter_with_the_parcels_it_carried(bank):  # noqa: F811
    order = paid(bank)
    with job("order"):
        sending.dispatch(order, policies.now())
    erased(order.person_id)
    doing.upkeep(later())
    (told,) = PassedOn.objects.all()  # the payment partner has only what we must keep too
    assert told.state == "letter"
    assert (told.known_by, told.days) == ([order.number], [policies.today().isoformat()])


def test_an_advert_partner_is_told_by_its_own_removal_file_and_done_when_it_confirms(monkeypatch):
    monkeypatch.setattr(policies, "calendar_now", lambda: NOON)
    ada = reader(("audiences:tarn",), "ada@post.example")
    reader(("audiences:tarn",), "bob@post.example")
    with job("audiences", "marketing_plans"):
        made, _ = adverts.hand_over("Coats", adverts.matching("tarn"), by=BEA, at=NOON)
    with job("rights", "proof"):
        erased(ada.pk, NOON)
        doing.upkeep(NOON + timedelta(minutes=1))
        assert row("ad_partners").state == "queued", "whoever keeps the file has not had it yet"
    (member,) = AdvertMember.objects.exclude(due=None)
    assert str(member.pk) in row("ad_partners").known_by
    with job("audiences", "marketing_plans"):
        assert adverts.removal_file(made, NOON + timedelta(hours=2)).splitlines() == ["member", str(member.pk)]
    doing.upkeep(NOON + timedelta(hours=3))
    assert row("ad_partners").state == "told"
    with job("audiences", "marketing_plans"):
        adverts.confirmed(made, NOON + timedelta(hours=4))
    doing.upkeep(NOON + timedelta(hours=5))
    assert (row("ad_partners").state, row("ad_partners").known_by) == ("confirmed", [])


def test_a_no_is_not_an_erasure_and_is_told_by_nobody():
    ada = identity.new(on=NOON.date(), residence="GB").pk
    choose("objection", "*", person=ada, brand="tarn", place="account", wording="No.", at=NOON)
    assert not PassedOn.objects.exists()
