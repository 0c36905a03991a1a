"""Texts, calls, letters and invitations: each person decided on when it is fetched, each way out working at once."""

import csv
import json
import threading
import zlib
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
import waitress  # type: ignore[import-untyped]
from django.test import Client
from tests.marketing.campaigning import BEA, Network, going, reader, ready, says
from waitress import wasyncore

from troth.choices.actions import suppressed
from troth.choices.models import Event
from troth.doors import contact as door
from troth.doors import limits, policies
from troth.doors.collect import collect
from troth.doors.declare import job
from troth.doors.models import Message
from troth.ledger.models import Row
from troth.marketing import campaigns, fetching, preflight, release, screening, why
from troth.marketing.audience import Plan
from troth.marketing.channels import sms
from troth.marketing.errors import BadFile, NotFit, NotNow
from troth.marketing.models import Call, Reply
from troth.partners.sms import HEADER, Larkpost, signature
from troth.partners.sms_sandbox.app import DEAD
from troth.partners.sms_sandbox.app import Larkpost as Company
from troth.vault.models import Person, Profile

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
TEXTS = Plan("news", "tarn", "sms", "offers")
CALLS = Plan("news", "tarn", "phone", "offers")
LETTERS = Plan("news", "tarn", "post", "offers")
CHATS = Plan("news", "tarn", "chat", "offers")
SHORT = "{sender}: coats are in. {stop}"
ON_PAPER = "Dear {name|reader},\n\nCoats are in.\n\n{sender}, {address}\n{stop}\n{why}\n"


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch):
    """An hour at which anybody may be rung."""
    monkeypatch.setattr(policies, "calendar_now", lambda: NOON)


def texted(number="+447700900123", **facts):
    return reader(("news:tarn:sms",), number, kind="mobile", **facts)


def rung(number="+442079460999"):
    return reader(("news:tarn:phone",), number, kind="phone")


def housed(where="2 Mill Row, Eskholm", name="Ada Marlow"):
    person = reader((), where, kind="postal")
    with job("account"), collect("account", source="register", brand="tarn", person=person.pk) as c:
        c.save(Profile(person_id=person.pk, name=name))
    return person


@contextmanager
def listening(app):
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=2)
    running = threading.Thread(target=server.run)
    running.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown()
        # Closed by the thread that serves: it may just be waiting for a caller who has hung up.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        running.join(10)
        assert not running.is_alive()


def answer(words, number="+447700900123", *, once="a1", notices="n", at=None):
    body = json.dumps({"id": once, "from": number, "text": words, "brand": "tarn"}).encode()
    at = int(NOON.timestamp()) if at is None else at
    headers = {HEADER: signature(notices, at, body)}
    return Client(enforce_csrf_checks=True).post("/texts/told/", body, content_type="application/json", headers=headers)


@pytest.fixture
def larkpost(settings, monkeypatch):
    monkeypatch.setitem(Larkpost.__init__.__kwdefaults__, "now", NOON.timestamp)
    settings.TROTH_TEXTS, settings.TROTH_TEXTS_KEY, settings.TROTH_TEXTS_NOTICES = "http://127.0.0.1:9", "k", "n"


# -- texts -------------------------------------------------------------------------------------------------------------


def test_a_text_goes_once_through_a_real_company():
    texted(), texted(DEAD)
    company = Company("k", "n")
    one = going(TEXTS, subject="", text=SHORT)
    with listening(company) as address:
        partner = Larkpost(address, "k", "n")
        release.run(one, sms.Way(partner))
        partner.send("+447700900123", "again", once=company_key(company))
        partner.close()

    assert [text.words for text in company.texts] == ["Tarn, Fellwater House Ltd: coats are in. Reply STOP to end"]
    assert {state for _, state in Message.objects.values_list("person_id", "state")} == {"sent", "failed"}


def company_key(company):
    return next(iter(company.known))


def test_nobody_there_is_surely_not_sent_and_an_answer_that_never_came_is_in_doubt():
    texted()
    one = going(TEXTS, subject="", text=SHORT)
    partner = Larkpost("http://127.0.0.1:9", "k", "n")
    release.run(one, sms.Way(partner))
    partner.close()
    assert Message.objects.get().state == "queued"


def test_a_stop_by_text_stops_texts_and_calls_of_every_brand_and_is_confirmed_once(larkpost):
    person = texted()
    says("consent", "news:holm:sms", person=person, brand="holm")

    for once in ("a1", "a1", "a2"):
        assert answer(" stop. ", once=once).status_code == 204

    said = list(Event.objects.filter(person_id=person.pk, kind="objection").values_list("pattern", flat=True))
    assert sorted(said) == ["news:*:phone", "news:*:sms"]
    assert Message.objects.filter(purpose="stop_list", channel="sms").count() == 1
    assert suppressed("mobile", "+447700900123")
    network = Network()
    with job("stop_list"):
        list(door.release({"sms": network}, at=policies.now()))
    (confirmed,) = network.came
    assert "no more texts" in confirmed.content["text"]
    release.run(going(TEXTS, subject="", text=SHORT), network)
    assert len(network.came) == 1


def test_a_stop_counts_in_the_middle_of_a_campaign(larkpost):
    texted("+447700900111"), texted("+447700900222")
    one = going(TEXTS, subject="", text=SHORT)
    assert answer("STOP", "+447700900222").status_code == 204
    network = Network()
    release.run(one, network)
    assert network.addresses == ["+447700900111"]


def test_start_undoes_it_and_plain_words_wait_for_a_person(larkpost):
    person = texted()
    answer("STOP", once="1")
    answer("START", once="2")
    answer("please leave me alone", once="3")

    assert Event.objects.filter(person_id=person.pk, kind="consent", pattern="news:tarn:sms").count() == 2
    assert Reply.objects.get().read_at is None
    assert "leave me alone" not in str(Reply.objects.values())


def test_what_the_company_did_not_sign_is_refused(larkpost):
    texted()
    deep = b"[" * 3000
    signed = {HEADER: signature("n", int(NOON.timestamp()), deep)}
    for got in (
        answer("STOP", notices="other"),
        answer("STOP", at=int(NOON.timestamp()) - 301),
        Client().post("/texts/told/", b"{}", content_type="application/json"),
        Client().post("/texts/told/", deep, content_type="application/json", headers=signed),
    ):
        assert got.status_code == 400
    assert Event.objects.filter(kind="objection").count() == 0


def test_at_night_a_text_waits_for_the_morning_where_they_are(monkeypatch):
    london, sydney = texted("+447700900111"), texted("+447700900222", zone="Australia/Sydney")
    one, network = going(TEXTS, subject="", text=SHORT), Network()
    release.run(one, network)  # noon in London is an hour before midnight in Sydney

    assert network.addresses == ["+447700900111"]
    waits = Message.objects.get(person_id=sydney.pk)
    assert (waits.state, waits.not_before) == ("queued", datetime(2026, 11, 26, 22, tzinfo=UTC))
    monkeypatch.setattr(policies, "calendar_now", lambda: datetime(2026, 11, 26, 22, 30, tzinfo=UTC))
    release.run(one, network)
    assert network.addresses == ["+447700900111", "+447700900222"]
    assert london.pk != sydney.pk


# -- calls -------------------------------------------------------------------------------------------------------------


def screened(kind="tps", lines=("+442079460000",), dated=date(2026, 11, 20)):
    return screening.read_list(kind, lines, dated=dated, at=NOON)


def test_no_call_list_goes_without_a_fresh_preference_list():
    rung()
    words = {"subject": "", "text": "Good day, {sender}. {stop}"}
    one = ready(CALLS, **words)
    with pytest.raises(NotFit, match="TPS"):
        campaigns.send(one, by=BEA, at=NOON)
    screened(dated=date(2026, 10, 1))
    with pytest.raises(NotFit, match="28 days"):
        campaigns.send(one, by=BEA, at=NOON)
    screened()
    campaigns.send(one, by=BEA, at=NOON)


def test_a_caller_gets_one_number_at_a_time_and_a_no_counts_before_the_next():
    people = {number: rung(number) for number in ("+442079460901", "+442079460902", "+442079460903")}
    screened()
    one = going(CALLS, subject="", text="Good day, {sender}. {stop}")
    release.run(one, None)
    assert campaigns.progress(one).waiting == 3

    first = fetching.next_call(one)
    assert first
    with job("proof", "administration"):
        fetching.called(one, first.message, "stop", by=BEA, at=NOON)
        fetching.called(one, first.message, "stop", by=BEA, at=NOON)
    left = [number for number in people if number != first.number]
    says("objection", "news", person=people[left[0]])  # says no elsewhere meanwhile
    second = fetching.next_call(one)
    assert second

    assert "not recorded" in first.script
    assert (second.number, fetching.next_call(one)) == (left[1], None)
    assert Event.objects.filter(place="call", actor="person").count() == 1
    assert Call.objects.count() == 1
    with pytest.raises(NotNow):
        fetching.called(one, second.message, "sold", by=BEA, at=NOON)
    release.run(one, None)
    assert (one.state, campaigns.progress(one).sent, campaigns.progress(one).refused) == ("done", 2, 1)


def test_who_is_on_the_list_is_not_rung_unless_they_said_yes_and_is_free_again_when_it_is_left():
    listed, other = rung("+442079460901"), rung("+442079460902")
    made = screened(lines=["020 7946 0901", "not a number", "+44 20 7946 0000", "+442079460003", "+442079460004"])
    assert (made.rows, made.bad, made.ours) == (5, 1, 1)
    flags = dict(Person.objects.values_list("pk", "flags"))
    assert (bool(flags[listed.pk]), bool(flags[other.pk])) == (True, False)

    screened(lines=["+442079460902"], dated=date(2026, 11, 21))
    flags = dict(Person.objects.values_list("pk", "flags"))
    assert (bool(flags[listed.pk]), bool(flags[other.pk])) == (False, True)


def test_a_file_that_is_no_list_changes_nothing():
    person = rung("+442079460901")
    screened(lines=["+442079460901"])
    for lines, dated in (
        ([], date(2026, 11, 22)),
        (["rubbish"] * 3 + ["+442079460901"], date(2026, 11, 22)),
        (["+442079460901"], date(2027, 1, 1)),
        (["+442079460901"], date(2026, 1, 1)),
    ):
        with pytest.raises(BadFile):
            screened(lines=lines, dated=dated)
    assert Person.objects.get(pk=person.pk).flags


# -- letters -----------------------------------------------------------------------------------------------------------


def test_letters_are_printed_a_sheet_each_and_what_cannot_be_printed_is_not():
    housed(), housed("3 Mill Row, Eskholm", "Bea"), housed("東京都千代田区1-1", "Chie")
    screened("mps", ["9 Nowhere Lane"])
    one = going(LETTERS, text=ON_PAPER)
    release.run(one, None)
    pdf, sheets = fetching.printed(one)

    assert (sheets, pdf[:5], pdf.count(b"/Type /Page\n")) == (2, b"%PDF-", 2)
    words = b"".join(zlib.decompress(part.split(b"endstream")[0].strip(b"\r\n")) for part in pdf.split(b"stream\r\n")[1:] or pdf.split(b"stream\n")[1::2]) if b"FlateDecode" in pdf else pdf  # fmt: skip
    assert b"Mill Row" in words
    assert fetching.printed(one) == (b"", 0)
    now = campaigns.progress(one)
    assert (now.sent, now.failed) == (2, 1)


def test_a_mailing_house_gets_names_and_addresses_as_a_disclosure():
    housed("=cmd, 2 Mill Row", "Ada Marlow"), housed("3 Mill Row", "Bea Thorne")
    stops = housed("4 Mill Row", "Cole")
    screened("mps", ["9 Nowhere Lane"])
    one = going(LETTERS, text=ON_PAPER)
    release.run(one, None)
    says("objection", "*", person=stops)
    table, count = fetching.for_mailing_house(one)

    rows = list(csv.reader(table.splitlines()))
    assert sorted(rows[1:]) == [["Ada Marlow", "'=cmd, 2 Mill Row"], ["Bea Thorne", "3 Mill Row"]]
    assert count == 2
    assert Row.objects.filter(verb="disclose").count() == 1


# -- chat --------------------------------------------------------------------------------------------------------------


def test_an_invitation_is_shown_once_to_who_said_yes():
    person = reader(("news:tarn:chat",))
    one = going(CHATS, subject="", text="{sender}: may we help you choose? {stop}")
    release.run(one, None)

    shown = fetching.invitation(one, person.pk)
    assert shown
    assert "may we help" in shown["text"]
    assert "/stop/" in shown["stop"]
    assert fetching.invitation(one, person.pk) is None


# -- before it goes ----------------------------------------------------------------------------------------------------


def test_the_preflight_adds_up_and_says_who_rests_and_who_carries_it():
    texted("+447700900111"), texted("+447700900222", zone="Australia/Sydney")
    refuses = texted("+447700900333")
    says("refusal", "news:tarn", person=refuses)
    one = ready(TEXTS, subject="", text=SHORT)
    with job("news"):
        seen = preflight.preflight(one, NOON)

    assert (seen.total, seen.may, seen.excluded, seen.outside) == (3, 2, 1, 0)
    assert sum(line.people for line in seen.lines) == 3
    assert seen.resting == (("Australia/Sydney", 1),)
    assert [decision.because.code for decision in seen.samples] == ["consented"] * 2
    assert "Larkpost" not in str(seen.transfers)
    assert "FH-P-004" in seen.transfers[0]
    assert seen.blocked == ()


def test_staff_can_say_why_somebody_did_not_get_it():
    got, no, never = texted("+447700900111"), texted("+447700900222"), reader((), "+447700900333", kind="mobile")
    one = going(TEXTS, subject="", text=SHORT)

    def because(person):
        with job("news"):
            found = why.not_got(one, person.pk)
        return found.because.code if found else None

    assert [because(person) for person in (got, no, never)] == ["not_yet", "not_yet", "not_asked"]
    says("objection", "news:tarn", person=no)
    release.run(one, Network())
    assert [because(person) for person in (got, no, never)] == [None, "stopped", "not_asked"]


def test_a_recall_goes_out_after_a_stop_and_rests_on_no_answer():
    recall = Plan("safety", "tarn", "sms", "", actor="officer", given=frozenset({"recall"}))
    person = texted()
    says("objection", "*", person=person)
    one, network = going(recall, subject="", text="Please stop using the kettle. {sender}", trigger="safety"), Network()
    release.run(one, network)
    assert network.addresses == ["+447700900123"]


def test_caps_are_those_of_the_policy_in_force():
    compiled = policies.archive().in_force(policies.today())
    assert limits.of(compiled, "news")["news"].count == 2
    assert list(limits._unread(compiled)) == []
