"""The officer's case desk: with a reason, by the day due, nothing withheld, refused or charged without a second of us."""

import io
import re
import zipfile
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from tests.desk.conftest import signed_in, somebody

from troth.accounts import pages
from troth.care import actions as care
from troth.doors import contact, policies
from troth.doors.collect import collect
from troth.doors.declare import job
from troth.rights import actions, blacking, doing, intake, links, packet, seeing
from troth.rights.models import Note, PassedOn, Request
from troth.shop import sending
from troth.shop.models import GiftMessage
from troth.vault import identity
from troth.vault.models import Identifier, Profile

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
ADA, TOLD = "ada.canary@post.example", "Please change it. My neighbour Tom Ferris (tom@post.example) saw it."


def words(response):
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(pages, "FLOOR", 0.0)


def officer(role="officer"):
    person = somebody()
    care.appoint(person, role, policies.now())
    return signed_in(Client(), person)


@pytest.fixture
def bea(transactional_db):
    return officer()


@pytest.fixture
def cyd(bea):
    """Another officer."""
    return officer()


@pytest.fixture
def ada(bea):
    at = policies.now()
    person = identity.new(on=at.date(), residence="GB").pk
    profile = Profile(person_id=person)
    profile.name = "Ada Canary"
    with job("account"), collect("account", source="register", brand="tarn", person=person, at=at) as c:
        c.save(identity.identifier(person, "email", ADA))
        c.save(profile)
    return person


def asks(ada, right="correct", said="My name is wrong", at=None, **more):
    with job("rights", "proof"):
        return intake.from_account(
            ada, right, said, brand="tarn", home="https://shops.example/tarn/", once=f"{right}{said}"[:40],
            at=at or policies.now(), **more,
        )  # fmt: skip


def do(who, found, what, **sent):
    return who.post(f"/desk/requests/{found.number}/", {"do": what} | sent)


def looks(who, found, why="To answer their request"):
    assert do(who, found, "take", why=why).status_code == 302
    return who.get(f"/desk/requests/{found.number}/")


def drafts(who, found, outcome="answer", **more):
    return do(who, found, "draft", **{"outcome": outcome, "answer": "It is put right.", "code": "", "fee": "0"} | more)


def letters():
    sent = []

    def take(message, *, give_up_after):
        del give_up_after
        sent.append(message)

    with job("rights", "proof"):
        list(contact.release({"email": take}, at=policies.now()))
    return [m.content for m in sent]


def test_only_officers_come_in_and_everybody_else_sees_the_same(ada, bea):
    found = asks(ada)
    others = [Client(), signed_in(Client(), somebody()), officer("care"), officer("marketer")]
    for way in ("/desk/requests/", f"/desk/requests/{found.number}/"):
        answers = [who.get(way) for who in others]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
    assert bea.get("/desk/requests/").status_code == 200
    assert bea.get("/desk/requests/NONESUCH/").status_code == 404


def test_the_list_has_the_overdue_first_says_so_in_words_and_names_nobody(ada, bea):
    at = policies.now()
    new, old, late = (
        asks(ada, "correct", at=at), asks(ada, "review", at=at - timedelta(days=25)),
        asks(ada, "appeal", at=at - timedelta(days=60)),
    )  # fmt: skip
    page = bea.get("/desk/requests/")
    numbers = re.findall(r"/desk/requests/(\w{8})/", page.content.decode())
    assert numbers == [late.number, old.number, new.number]
    assert "1 late" in words(page)
    assert re.search(r"\d+ days late", words(page))
    assert not any(secret in words(page) for secret in (ADA, "Ada Canary", "My name is wrong"))


def test_nothing_is_seen_without_a_reason_which_the_person_can_read_and_which_runs_out(ada, bea, cyd, monkeypatch):
    found = asks(ada)
    assert ADA not in words(bea.get(f"/desk/requests/{found.number}/"))
    assert do(bea, found, "take", why="x").status_code == 409
    assert drafts(bea, found).status_code == 409
    page = looks(bea, found, why="To see to the wrong name")
    assert all(secret in words(page) for secret in (ADA, "My name is wrong"))
    assert ADA not in words(cyd.get(f"/desk/requests/{found.number}/")), "one officer's reason is not another's"
    told = [thing.value for thing in seeing.see(ada, policies.now()).things if isinstance(thing.value, dict)]
    assert {"why": "To see to the wrong name"} in told
    assert any(entry["actor"] == "officer" for _, entry in seeing.acts(ada))
    later = policies.now() + timedelta(minutes=31)
    monkeypatch.setattr(policies, "now", lambda: later)
    assert ADA not in words(bea.get(f"/desk/requests/{found.number}/"))


def test_an_answer_is_drafted_previewed_and_sent_with_the_way_to_complain(ada, bea):
    found = asks(ada)
    looks(bea, found)
    drafts(bea, found)
    page = words(bea.get(f"/desk/requests/{found.number}/"))
    assert "It is put right." in page
    assert "Send it" in page
    do(bea, found, "send")
    assert Request.objects.get().state == "answered"
    letter = letters()[-1]
    assert letter["subject"] == "Our answer to your request"
    for needed in (
        "It is put right.",
        "rights/complaint/",
        "Information Commissioner",
        links.way(found),
        "looks at it anew",
    ):
        assert needed in letter["text"]


def test_a_refusal_names_its_ground_and_a_second_officer_agrees_first(ada, bea, cyd):
    found = asks(ada)
    looks(bea, found)
    assert drafts(bea, found, "refuse").status_code == 409
    assert drafts(bea, found, "refuse", code="others").status_code == 409, "a ground for a part is none for all"
    drafts(bea, found, "refuse", code="right", answer="We looked.")
    assert do(bea, found, "send").status_code == 409
    assert do(bea, found, "approve").status_code == 409, "not who wrote it"
    looks(cyd, found)
    assert do(cyd, found, "approve").status_code == 302
    do(bea, found, "send")
    assert Request.objects.get().state == "refused"
    letter = letters()[-1]["text"]
    assert "The ground, right" in letter
    assert "art. 16" in letter
    assert "court" in letter


def test_a_draft_that_was_changed_is_agreed_with_anew(ada, bea, cyd):
    found = asks(ada)
    looks(bea, found)
    looks(cyd, found)
    drafts(bea, found, "refuse", code="right")
    do(cyd, found, "approve")
    drafts(bea, found, "refuse", code="right", answer="Other words.")
    assert do(bea, found, "send").status_code == 409


@pytest.mark.parametrize(
    ("sent", "fine"),
    [
        ({"fee": "500"}, False),
        ({"fee": "500", "code": "excessive"}, False),
        ({"fee": "500", "code": "duty", "fee_why": "the hundredth this week"}, False),
        ({"fee": "half", "code": "excessive", "fee_why": "the hundredth this week"}, False),
        ({"fee": "500", "code": "excessive", "fee_why": "the hundredth this week"}, True),
    ],
)
def test_a_fee_needs_its_ground_its_reason_and_a_second_officer(ada, bea, cyd, sent, fine):
    found = asks(ada)
    looks(bea, found)
    assert drafts(bea, found, **sent).status_code == (302 if fine else 409)
    assert Request.objects.get().fee == (500 if fine else 0)
    assert do(bea, found, "send").status_code == 409


def test_the_search_log_says_where_and_why_not_elsewhere(ada, bea):
    found = asks(ada)
    looks(bea, found)
    do(bea, found, "search", where="house", done="yes", why="by person")
    do(bea, found, "search", where="paper", done="no", why="nothing on paper since 2019")
    assert do(bea, found, "search", where="attic", done="yes", why="x").status_code == 409
    assert do(bea, found, "search", where="paper", done="no", why="").status_code == 409
    page = words(bea.get(f"/desk/requests/{found.number}/"))
    assert "nothing on paper since 2019" in page
    assert Note.objects.filter(what__in=("search", "pass over")).count() == 2


@pytest.fixture
def gift(order):
    """Words with an order that speak of somebody else."""
    made = GiftMessage(person_id=order.person_id, order=order)
    made.words = TOLD
    with job("order"), collect("order", source="order", brand="tarn", person=order.person_id, at=policies.now()) as c:
        return c.save(made)


def fetched(found):
    answer = Client().post(f"/tarn/rights/request/{links.key(found.pk)}/copy/")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        return "".join(packed.read(name).decode() for name in ("data.json", "data.html"))


def test_what_names_somebody_else_is_read_before_it_goes_and_blacked_out_wherever_it_is_shown(gift, bea, cyd):
    ada = gift.person_id
    found = asks(ada, "see", "")
    assert found.state == "open", "it does not go by itself"
    page = looks(bea, found)
    place = re.findall(r'name="place" value="([^"]+)"', page.content.decode())[0]
    named = re.findall(r'name="passage" value="([^"]+)"', page.content.decode())
    assert named == ["tom@post.example", "Tom Ferris"]
    assert do(bea, found, "withhold", place="Parcel:x:y", code="others", passage=named).status_code == 409
    assert do(bea, found, "withhold", place=place, code="unfounded", passage=named).status_code == 409
    do(bea, found, "withhold", place=place, code="others", passage=named)
    drafts(bea, found, answer="")
    assert "others: it is about somebody else" in words(bea.get(f"/desk/requests/{found.number}/"))
    assert do(bea, found, "send").status_code == 409, "a second one of us agrees with what is withheld"
    looks(cyd, found)
    do(cyd, found, "approve")
    do(bea, found, "send")
    copy = fetched(Request.objects.get())
    assert "[others]" in copy
    assert "Please change it." in copy, "the rest of it is theirs"
    assert not any(secret in copy for secret in ("Tom Ferris", "tom@post.example"))
    shown = str(packet.shown(released(ada)))
    assert "[others]" in shown
    assert "Tom Ferris" not in shown


def released(person):
    with job("rights"):
        return blacking.released(person, policies.now(), brand="tarn")


def test_what_was_read_once_and_may_stand_is_not_read_again(gift, bea):
    found = asks(gift.person_id, "see", "")
    page = looks(bea, found)
    place = re.findall(r'name="place" value="([^"]+)"', page.content.decode())[0]
    do(bea, found, "fine", place=place)
    drafts(bea, found, answer="")
    do(bea, found, "send")
    assert "Tom Ferris" in fetched(Request.objects.get())
    assert asks(gift.person_id, "copy", "").state == "answered"


def test_more_time_is_taken_once_in_time_and_told(ada, bea):
    found = asks(ada, at=policies.now() - timedelta(days=5))
    before = Request.objects.get().due_on
    looks(bea, found)
    assert do(bea, found, "longer", why="").status_code == 409
    do(bea, found, "longer", why="There is very much of it.")
    now = Request.objects.get()
    assert before
    assert now.due_on
    assert now.due_on > before + timedelta(days=50)
    assert "There is very much of it." in letters()[-1]["text"]
    assert do(bea, found, "longer", why="And more still.").status_code == 409


def test_too_late_is_too_late(ada, bea):
    found = asks(ada, at=policies.now() - timedelta(days=45))
    looks(bea, found)
    assert do(bea, found, "longer", why="There is very much of it.").status_code == 409


def test_a_question_stops_the_clock_where_the_law_says_so_and_the_answer_starts_it_again(ada, bea):
    found = asks(ada, at=policies.now() - timedelta(days=3))
    looks(bea, found)
    do(bea, found, "more", question="Which name is right?")
    waiting = Request.objects.get()
    assert (waiting.state, waiting.pauses[0][0], waiting.pauses[0][2]) == ("waiting", "clarification", None)
    assert "Which name is right?" in letters()[-1]["text"]
    with job("rights", "proof"):
        actions.hear_more(waiting, "Canary", policies.now() + timedelta(days=40))
    heard = Request.objects.get()
    assert heard.due_on
    assert waiting.due_on
    assert heard.state == "open"
    assert heard.pauses[0][2] is not None
    assert heard.due_on >= waiting.due_on + timedelta(days=30)  # either may have moved on to a working day


@pytest.mark.parametrize("what", ["", "send", "approve", "back", "nonsense", "withhold", "fine"])
def test_what_the_table_has_no_step_for_changes_nothing(ada, bea, what):
    found = asks(ada)
    looks(bea, found)
    notes = Note.objects.count()
    assert do(bea, found, what, place="x", code="others").status_code == 409
    assert (Request.objects.get().state, Note.objects.count()) == ("open", notes)


def test_an_officer_may_be_sure_of_an_agent_in_another_way(ada, bea):
    with job("rights", "proof"):
        intake.from_form(
            "see", ADA, "signed paper follows", brand="tarn", home="https://shops.example/tarn/", once="o" * 32,
            at=policies.now(), way="agent", checks={"agent": {"name": "Tom", "email": "tom@agents.example"}},
        )  # fmt: skip
    found = Request.objects.get()
    assert "tom@agents.example" in words(looks(bea, found))
    do(bea, found, "known", how="a signed paper with her order numbers")
    assert Request.objects.get().state == "answered"
    assert Identifier.objects.filter(kind="email").count() == 1


# -- an officer alone --------------------------------------------------------------------------------------------------


def refused(ada, who):
    found = asks(ada)
    looks(who, found)
    drafts(who, found, "refuse", code="right", answer="We looked.")
    return found


def test_the_only_officer_agrees_with_their_own_refusal_a_day_later_and_it_is_told_as_that(ada, bea, monkeypatch):
    found = refused(ada, bea)
    page = words(bea.get(f"/desk/requests/{found.number}/"))
    assert "You are the only officer here" in page
    assert do(bea, found, "approve").status_code == 409, "not in the heat of it"
    assert do(bea, found, "send").status_code == 409
    later = policies.now() + timedelta(days=1)
    monkeypatch.setattr(policies, "now", lambda: later)
    looks(bea, found)
    assert do(bea, found, "approve").status_code == 302
    do(bea, found, "send")
    assert Request.objects.get().state == "refused"
    assert Note.objects.filter(what="agree alone").count() == 1
    assert not Note.objects.filter(what="approve").exists(), "no second one of us is made up"
    told = words(Client().get(f"/tarn/rights/request/{links.key(found.pk)}/"))
    assert "There is only one officer here: they read it once more and agreed with it" in told


def test_what_cannot_wait_is_agreed_with_at_once_and_says_why(ada, bea):
    found = refused(ada, bea)
    assert do(bea, found, "approve", why="It is due today.").status_code == 302
    do(bea, found, "send")
    assert Request.objects.get().state == "refused"
    assert "It is due today." in words(Client().get(f"/tarn/rights/request/{links.key(found.pk)}/"))


def test_a_draft_that_was_changed_begins_its_day_anew(ada, bea, monkeypatch):
    found = refused(ada, bea)
    later = policies.now() + timedelta(hours=20)
    monkeypatch.setattr(policies, "now", lambda: later)
    looks(bea, found)
    drafts(bea, found, "refuse", code="right", answer="Other words.")
    monkeypatch.setattr(policies, "now", lambda: later + timedelta(hours=10))
    looks(bea, found)
    assert do(bea, found, "approve").status_code == 409


def test_where_there_are_two_neither_agrees_with_their_own_for_any_reason(ada, bea, cyd, monkeypatch):
    found = refused(ada, bea)
    later = policies.now() + timedelta(days=3)
    monkeypatch.setattr(policies, "now", lambda: later)
    looks(bea, found)
    assert do(bea, found, "approve", why="It is due today.").status_code == 409
    assert "You are the only officer" not in words(bea.get(f"/desk/requests/{found.number}/"))
    care.dismiss(cyd.person, later)
    assert do(bea, found, "approve").status_code == 302, "now there is nobody else"


# -- letters to recipients ---------------------------------------------------------------------------------------------


def test_what_an_officer_corrected_by_hand_is_told_to_those_who_had_it_by_a_letter_that_names_nobody(order, bea):
    with job("order"):
        label = sending.dispatch(order, policies.now())
    found = asks(order.person_id)
    page = looks(bea, found).content.decode()
    assert 'value="contact.delivery_address"' in page
    assert do(bea, found, "pass_on").status_code == 409
    assert do(bea, found, "pass_on", item="contact.email").status_code == 409, "nobody had it"
    assert do(bea, found, "pass_on", item="contact.delivery_address").status_code == 302
    do(bea, found, "pass_on", item="contact.delivery_address")
    with job("rights", "proof"):
        doing.upkeep(policies.now())
    assert "1 to send" in words(bea.get("/desk/requests/"))
    letter = words(bea.get("/desk/requests/recipients/"))
    assert order.number in letter
    assert not any(line in letter for line in label.lines if line)
    (row,) = PassedOn.objects.all()
    assert officer("care").get("/desk/requests/recipients/").status_code == 404
    assert bea.post("/desk/requests/recipients/", {"do": "confirmed", "row": row.pk}).status_code == 409, "not yet sent"
    assert bea.post("/desk/requests/recipients/", {"do": "written", "row": "nonsense"}).status_code == 409
    bea.post("/desk/requests/recipients/", {"do": "written", "row": row.pk})
    assert "told, and not confirmed yet" in words(bea.get(f"/desk/requests/{found.number}/")).lower()
    bea.post("/desk/requests/recipients/", {"do": "confirmed", "row": row.pk})
    row.refresh_from_db()
    assert (row.state, row.known_by) == ("confirmed", [])
    mine = words(Client().get(f"/tarn/rights/request/{links.key(found.pk)}/"))
    assert "Told, and they confirmed it" in mine
    assert "Our delivery companies" in mine
