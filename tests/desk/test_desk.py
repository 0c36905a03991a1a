"""Staff see nothing without a case of their own, open, with a reason; and the customer sees that they looked."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from tests.desk.conftest import paid, signed_in, somebody
from tests.shop.selling import ADDRESS, HOME

from troth.care import actions as care
from troth.care.models import Case
from troth.choices.models import Event
from troth.doors import policies
from troth.doors.acting import Acting
from troth.doors.collect import choose
from troth.doors.declare import job
from troth.doors.use import use
from troth.ledger.models import Row
from troth.policy import Act
from troth.rights import seeing
from troth.shop.models import Order, Screening

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
SECRET = ("Ada Lovelace", "3 Weir Lane", "ada@post.example", "BA1 1AA")


def words(response):
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def find(agent, text="ada@post.example"):
    return agent.post("/desk/", {"q": text})


def hidden(page, name):
    found = re.search(rf'name="{name}" value="([^"]+)"', page.content.decode())
    assert found
    return unescape(found[1])


def opened(agent, text="ada@post.example", why="Rang to ask where it is", **changed):
    page = find(agent, text)
    sent = {"who": hidden(page, "who"), "once": hidden(page, "once"), "brand": "tarn", "about": "order", "why": why}
    return agent.post("/desk/case/", sent | changed)


@pytest.mark.parametrize("way", ["ada@post.example", " ADA@post.example ", "number", "ada  LOVELACE"])
def test_a_customer_is_found_by_what_they_say_and_nothing_of_them_is_shown(agent, order, way):
    page = find(agent, order.number if way == "number" else way)
    assert order.number in words(page)
    assert not any(secret in words(page) for secret in SECRET)
    entries = Row.objects.filter(verb="use").count()
    find(agent, "bob@post.example")
    assert Row.objects.filter(verb="use").count() == entries


def test_whoever_is_not_of_our_staff_sees_the_same_as_whoever_is_nobody(client, order):
    visitor, customer, marketer = Client(), signed_in(Client(), order.person_id), signed_in(Client(), somebody())
    care.appoint(marketer.person, "marketer", policies.now())
    pages = [who.get("/desk/") for who in (visitor, customer, marketer)]
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1


def test_a_case_shows_what_it_needs_with_one_entry_and_the_customer_can_read_who_looked_and_why(agent, order):
    page = agent.get(opened(agent).url)
    assert all(secret in words(page) for secret in SECRET)
    assert page["Cache-Control"] == "no-store, private" or "no-store" in page["Cache-Control"]
    packet = seeing.see(order.person_id, policies.now())
    looks = [thing.value for thing in packet.things if thing.item == "staff_views.staff_looks"]
    assert {"role": "care", "why": "Rang to ask where it is"} in looks
    assert any(entry["actor"] == "care" and entry["verb"] == "use" for _, entry in packet.acts)


@pytest.mark.parametrize("why", ["", "x", "a\u202eb and so on", "card 4111 1111 1111 1111", "y" * 301])
def test_no_case_without_a_reason_that_a_customer_may_read(agent, order, why):
    assert opened(agent, why=why).status_code == 409
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "changed", [{"about": "gossip"}, {"brand": "nobody"}, {"who": "x"}, {"once": "short"}, {"order": "NONESUCH"}]
)
def test_a_case_that_cannot_be_is_not_opened(agent, order, changed):
    assert opened(agent, **changed).status_code == 409
    assert not Case.objects.exists()


def test_the_same_form_sent_twice_opens_one_case(agent, order):
    page = find(agent)
    sent = {
        "who": hidden(page, "who"), "once": hidden(page, "once"), "brand": "tarn", "about": "order",
        "why": "Rang to ask where it is",
    }  # fmt: skip
    assert agent.post("/desk/case/", sent).url == agent.post("/desk/case/", sent).url
    assert Case.objects.count() == 1


def test_a_case_of_another_brand_shows_no_order_of_this_one(agent, order):
    page = agent.get(opened(agent, brand="skerry").url)
    assert "no orders at Skerry" in words(page)
    number = Case.objects.get().number
    assert agent.post(f"/desk/case/{number}/order/{order.number}/cancel/").status_code == 404


def test_when_its_time_is_over_a_case_shows_and_does_nothing(agent, order, monkeypatch):
    way = opened(agent).url
    number, at = Case.objects.get().number, policies.now()
    monkeypatch.setattr(policies, "now", lambda: at + timedelta(minutes=31))
    assert not any(secret in words(agent.get(way)) for secret in SECRET)
    assert agent.post(f"/desk/case/{number}/order/{order.number}/cancel/").status_code == 409
    assert Order.objects.get().state == order.state


def test_a_case_closed_or_a_place_taken_away_ends_it_at_once(agent, order):
    way = opened(agent).url
    agent.post(f"{way}close/")
    assert not any(secret in words(agent.get(way)) for secret in SECRET)
    other = opened(agent).url
    care.dismiss(agent.person, policies.now())
    assert agent.get(other).status_code == 404


def test_a_case_lasts_longer_when_asked_and_never_beyond_the_day(agent, order, monkeypatch):
    way = opened(agent).url
    first, at = Case.objects.get(), policies.now()
    monkeypatch.setattr(policies, "now", lambda: at + timedelta(minutes=20))
    agent.post(f"{way}longer/")
    assert first.until < Case.objects.get().until <= at + timedelta(minutes=51)


def test_a_colleagues_case_is_not_there(agent, order):
    way = opened(agent).url
    colleague = signed_in(Client(), somebody())
    care.appoint(colleague.person, "care", policies.now())
    assert colleague.get(way).status_code == colleague.get("/desk/case/ZZZZZZZZ/").status_code == 404
    assert colleague.post(f"{way}close/").status_code == 404
    assert Case.objects.get().closed_at is None


def test_an_order_of_somebody_else_is_not_there_within_a_case(agent, bank, order):
    other = paid(bank, email="bob@post.example", name="Bob Bates", once="another-page-0123456789")
    way = opened(agent).url
    for act in ("cancel", "dispatch"):
        assert agent.post(f"{way}order/{other.number}/{act}/").status_code == 404
    assert agent.get(f"{way}order/{other.number}/address/").status_code == 404
    assert Order.objects.get(pk=other.pk).state == "paid"


def test_the_label_is_printed_once_and_the_order_is_on_its_way(agent, order):
    way = opened(agent).url
    label = agent.post(f"{way}order/{order.number}/dispatch/")
    assert all(part in words(label) for part in ("Ada Lovelace", "3 Weir Lane", order.number))
    assert "<svg" in label.content.decode()
    assert agent.post(f"{way}order/{order.number}/dispatch/").status_code == 409
    assert Order.objects.get().state == "dispatched"


def test_cancelling_gives_the_money_back(agent, bank, order):
    agent.post(f"{opened(agent).url}order/{order.number}/cancel/")
    assert Order.objects.get().state == "cancelled"
    assert bank.payments[order.reference].state in ("refunded", "released")


MOVED = ADDRESS | {"to_street": "9 Mill Row", "name": "Ada Lovelace", "same": "keep"}
TOLD = {"said_email": "ada@post.example", "said_postcode": "BA1 1AA"}


def test_an_address_changed_at_the_desk_is_checked_again_and_the_customer_is_told(agent, order):
    way = f"{opened(agent).url}order/{order.number}/address/"
    assert agent.post(way, {"name": "", "same": "keep"}).status_code == 400
    assert agent.post(way, MOVED | TOLD).status_code == 302
    assert "9 Mill Row" in words(agent.get(opened(agent).url))
    assert Screening.objects.filter(order=order).count() == 2
    entries = [bytes(body).decode() for body in Row.objects.filter(verb="collect").values_list("body", flat=True)]
    (moved,) = [body for body in entries if '"actor":"care"' in body and "delivery_address" in body]
    assert '"proved":"email postcode"' in moved


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"said_email": "ada@post.example"},
        {"said_email": "ada@post.example", "said_postcode": "BA1 1AB"},
        {"said_email": "bob@post.example", "said_postcode": "BA1 1AA"},
        {"said_email": "ada@post.example", "said_phone": "+44 20 7946 0999"},
        {"said_email": "ada@post.example\0", "said_phone": "'\"><script>", "said_postcode": " "},
        {"said_email": "x" * 10_000, "said_phone": "\u202e", "said_postcode": "BA1 1AA" * 2_000},
    ],
)
def test_an_address_stays_for_whoever_says_fewer_than_two_things_that_we_hold(agent, bank, order, told):
    paid(bank, email="bob@post.example", name="Bob Bates", once="another-page-0123456789")  # whose mailbox it is not
    page = agent.post(f"{opened(agent).url}order/{order.number}/address/", MOVED | told)
    assert page.status_code == 400
    assert "two answers must be what we hold" in words(page)
    assert "<script>" not in page.content.decode()
    assert "9 Mill Row" not in words(agent.get(opened(agent).url))
    assert Screening.objects.filter(order=order).count() == 1


@pytest.mark.parametrize(
    "told",
    [
        {"said_email": " ADA@post.example ", "said_postcode": "ba11aa"},
        {"said_phone": "020 7946 0101", "said_postcode": "BA1 1AA"},
        {"said_email": "ada@post.example", "said_phone": "+442079460101", "said_postcode": "no idea"},
    ],
)
def test_two_things_are_enough_however_they_are_spelled(agent, bank, told):
    order = paid(bank, mobile="+44 20 7946 0101")
    assert agent.post(f"{opened(agent).url}order/{order.number}/address/", MOVED | told).status_code == 302


def test_whoever_answers_wrong_too_often_has_to_wait_with_the_right_answers_too_and_the_neighbour_has_not(agent, bank):
    order = paid(bank)
    theirs = paid(bank, email="bob@post.example", name="Bob Bates", once="another-page-0123456789")
    way = f"{opened(agent).url}order/{order.number}/address/"
    wrong = TOLD | {"said_postcode": "BA1 1AB"}
    assert [agent.post(way, MOVED | wrong).status_code for _ in range(5)] == [400] * 5
    page = agent.post(way, MOVED | TOLD)
    assert (page.status_code, page["Retry-After"]) == (429, "30")
    assert "can be checked in 30 seconds" in words(page)
    assert Screening.objects.filter(order=order).count() == 1
    case = opened(agent, theirs.number).url
    right = MOVED | {"said_email": "bob@post.example", "said_postcode": "BA1 1AA"}
    assert agent.post(f"{case}order/{theirs.number}/address/", right).status_code == 302


def test_right_answers_begin_the_count_anew(agent, order):
    way = f"{opened(agent).url}order/{order.number}/address/"
    wrong = TOLD | {"said_postcode": "BA1 1AB"}
    told = [*[wrong] * 4, TOLD, *[wrong] * 4, TOLD]
    assert [agent.post(way, MOVED | one).status_code for one in told] == [*[400] * 4, 302, *[400] * 4, 302]


def test_an_order_the_check_doubts_waits_at_the_desk_and_a_look_lets_it_go_on(agent, bank, monkeypatch):
    order = paid(bank)
    Order.objects.filter(pk=order.pk).update(state="held", settled=True)
    page = agent.get("/desk/")
    assert order.number in words(page)
    sent = {name: hidden(page, name) for name in ("order", "about", "once", "why")}
    way = agent.post("/desk/case/", sent).url
    agent.post(f"{way}order/{order.number}/clear/")
    assert Order.objects.get(pk=order.pk).state == "paid"


@pytest.mark.parametrize("text", ["", "a", "x" * 400, "@", "a\x00b@c", "'\"><script>", "\u202ebob"])
def test_a_search_that_can_find_nobody_says_what_to_type_and_never_repeats_it_unescaped(agent, order, text):
    page = find(agent, text)
    assert page.status_code in (200, 400)
    assert "<script>" not in page.content.decode()


def test_forms_of_other_sites_do_nothing(order):
    strict = signed_in(Client(enforce_csrf_checks=True), somebody())
    care.appoint(strict.person, "care", policies.now())
    assert strict.post("/desk/", {"q": "ada@post.example"}).status_code == 403
    assert HOME["street"] not in words(strict.get("/desk/"))


# -- no more of it ----------------------------------------------------------------------------------------------------


def may_be_sent(person, brand, channel):
    act = Act("contact", "news", brand, channel=channel, topic="offers", hour=12)
    with job("news"):
        return Acting(act, [person], policies.now()).decide(person, frozenset()).allowed


@pytest.fixture
def willing(order):
    """Whose order it is, who said yes to post and email of two brands."""
    with job("proof"):
        for pattern in ("news:tarn:post", "news:tarn:email", "news:skerry:post"):
            choose("consent", pattern, person=order.person_id, brand="tarn", place="choices", wording="May we?")
    return order.person_id


def test_care_writes_down_a_no_to_post_in_one_step_for_the_right_brand_and_that_way_alone(agent, willing):
    way = opened(agent, about="order", why="Rang: no more catalogues").url
    number = Case.objects.get().number
    assert "No more by post" in words(agent.get(way))
    assert agent.post(f"{way}stop/", {"channel": "post"}).status_code == 302
    assert not may_be_sent(willing, "tarn", "post")
    assert may_be_sent(willing, "tarn", "email")
    assert may_be_sent(willing, "skerry", "post")
    event = Event.objects.filter(person_id=willing).latest("at")
    assert (event.kind, event.actor, event.place) == ("objection", "person", "care")
    with job("rights"), use("rights", person=willing, brand="tarn") as u:
        assert u.open(event.wording, event.proof) == ("Tarn: no more by post, told to care", {"case": number})
    count = Event.objects.count()
    assert agent.post(f"{way}stop/", {"channel": "post"}).status_code == 302
    assert Event.objects.count() == count, "said twice, written down once"


@pytest.mark.parametrize("channel", ["", "pigeon", "post:*", "*", "online"])
def test_a_way_we_do_not_write_by_stops_nothing(agent, willing, channel):
    way, count = opened(agent).url, Event.objects.count()
    assert agent.post(f"{way}stop/", {"channel": channel}).status_code == 409
    assert Event.objects.count() == count


def test_nobody_stops_anything_from_a_case_that_is_over_or_anothers(agent, willing, monkeypatch):
    way, count, at = opened(agent).url, Event.objects.count(), policies.now()
    other = signed_in(Client(), somebody())
    care.appoint(other.person, "care", policies.now())
    assert other.post(f"{way}stop/", {"channel": "post"}).status_code == 404
    monkeypatch.setattr(policies, "now", lambda: at + timedelta(minutes=31))
    assert agent.post(f"{way}stop/", {"channel": "post"}).status_code == 409
    assert Event.objects.count() == count
