"""The panel and what follows: nothing before an answer, no as near and as lasting as yes, and gone when taken back."""

import re

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.accounts.conftest import ADA, opened
from tests.shop.selling import placed
from tests.tracking.conftest import PIECE, Browser

from troth.accounts.views_choices import key
from troth.choices.models import Event
from troth.doors import policies
from troth.doors.declare import job
from troth.doors.use import use
from troth.ledger.models import Row
from troth.tracking.models import Looked, PageSeen, Search
from troth.vault import identity
from troth.vault.models import Identifier, Person

pytestmark = [
    pytest.mark.urls("tests.tracking.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
QUESTIONS = ("tracking", "appearance", "profile", "fit_shop", "adverts")
GPC = {"Sec-GPC": "1"}
ALL_NO = dict.fromkeys(QUESTIONS, "no")


def pages_of(person):
    with job("tracking"), use("tracking", brand="tarn", person=person) as u:
        return [u.open_row(row) for row in PageSeen.objects.filter(person_id=person).order_by("seen_at", "pk")]


def written():
    return {model.__name__: model.objects.count() for model in (PageSeen, Looked, Search, Person, Event, Row)}


# -- before an answer, and after a no -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["/tarn/", PIECE, "/tarn/search/?q=derby", "/tarn/basket/", "/tarn/account/sign-in/"]
)
def test_a_stranger_is_asked_on_every_page_of_a_shop_and_it_costs_no_query(stranger, address):
    stranger.look(address)
    with CaptureQueriesContext(connections["default"]) as asked:
        page = stranger.look(address).content.decode()
    with_panel = len(asked)
    stranger.answer("none")
    with CaptureQueriesContext(connections["default"]) as asked:
        after = stranger.look(address).content.decode()

    assert ("Accept all" in page, "Accept all" in after) == (True, False)
    assert with_panel == len(asked)
    assert 'href="/tarn/cookies/"' in after  # the way back, on every page


def test_accepting_and_refusing_are_one_click_each_of_one_look(stranger):
    form = stranger.look().content.decode().partition('class="panel-ways"')[2].partition("</form>")[0]

    assert re.findall(r"<button ([^>]*)>([^<]*)<", form) == [
        ('class="button other" name="answer" value="all"', "Accept all"),
        ('class="button other" name="answer" value="none"', "Refuse all"),
    ]


@pytest.mark.parametrize("how", [None, "none"])
def test_without_a_yes_nothing_is_written_down_whatever_is_looked_at(stranger, how):
    if how:
        assert stranger.answer(how).status_code == 303
    before = written()
    for page in (PIECE, "/tarn/search/?q=derby&ad=spring", "/tarn/"):
        stranger.look(page, Referer="https://blog.example/")

    assert written() == before | {"Person": 0, "Event": 0}
    assert set(stranger.kept) == ({"choices"} if how else set())


def test_a_no_needs_no_number_and_leads_back_to_the_page_it_was_said_on(stranger):
    answer = stranger.answer("none", came_from="/tarn/shop/?kind=dresses")

    assert (answer.status_code, answer["Location"]) == (303, "/tarn/shop/?kind=dresses")
    assert list(answer.cookies) == ["choices"]
    assert "no-store" in answer["Cache-Control"]


def test_a_no_is_remembered_as_long_as_a_yes(stranger):
    yes, no = (Browser().answer(how).cookies["choices"] for how in ("all", "none"))

    assert yes["max-age"] == no["max-age"] == 181 * 24 * 3600
    assert (yes["path"], bool(yes["secure"]), bool(yes["httponly"]), yes["samesite"]) == ("/tarn/", True, True, "Lax")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/tarn/", "//evil.example", "/holm/shop/", "x" * 2000, ""])
def test_an_answer_leads_to_no_page_but_one_of_this_shop(stranger, elsewhere):
    headers = {"Referer": elsewhere}
    answer = stranger.client.post("/tarn/cookies/", {"answer": "none", "place": "banner"}, headers=headers)

    assert answer["Location"] == "/tarn/"


# -- after a yes --------------------------------------------------------------------------------------------------------


def test_a_yes_is_kept_with_its_words_its_version_and_its_proof_and_has_a_receipt(stranger, clock):
    stranger.answer("all")
    person = stranger.person
    said = {row.pattern: row for row in Event.objects.filter(person_id=person)}

    assert set(said) == {f"{name}:tarn" for name in ("tracking", "appearance", "profile", "adverts")}
    assert {row.kind for row in said.values()} == {"consent"}
    one = said["tracking:tarn"]
    assert (one.place, one.actor, one.policy, one.expires.date().isoformat()) == (
        "banner", "person", policies.archive().in_force(clock.day()).digest, "2027-05-26"
    )  # fmt: skip
    with job("proof"), use("proof", brand="tarn", person=person) as u:
        assert u.open(one.wording, one.proof) == (
            "May we count how our sites are used?", {"button": "all", "signal": False}
        )  # fmt: skip


def test_a_yes_sets_the_cookies_the_policy_names_and_no_others(stranger):
    answer = stranger.answer("all")

    assert {n: c["max-age"] // 86400 for n, c in answer.cookies.items()} == {
        "choices": 181,
        "visit": 181,
        "interest": 90,
    }
    assert stranger.kept["interest"] == stranger.kept["visit"]  # one number, and nothing else in it


def test_after_a_yes_a_visit_is_written_down_sealed_once_the_page_has_left(stranger):
    stranger.answer("all")
    stranger.look("/tarn/shop/?kind=dresses&ad=spring-linen", Referer="https://blog.example/coats?who=ada")
    stranger.look("/tarn/search/?q=Silk++Derby")
    stranger.look("/tarn/basket/")  # nobody's business

    first, second = pages_of(stranger.person)
    assert first == {
        "page": "/tarn/shop/", "time": "2026-11-26T12:00+00:00", "referrer": "blog.example/coats",
        "browser": "Firefox on Linux", "advert": "spring-linen",
    }  # fmt: skip
    assert (second["page"], second["referrer"]) == ("/tarn/search/", None)
    with job("profile"), use("profile", brand="tarn", person=stranger.person) as u:
        assert [u.open(row.words) for row in Search.objects.all()] == ["Silk Derby"]


def test_no_page_waits_for_what_is_written_after_it(stranger):
    stranger.answer("all")
    request = stranger.client.get
    with CaptureQueriesContext(connections["default"]) as asked:
        response = request(PIECE)
    assert response.status_code == 200
    kinds = [query["sql"].split()[0] for query in asked.captured_queries]
    read = kinds[: next(n for n, kind in enumerate(kinds) if kind != "SELECT")]
    assert "INSERT" not in read  # the page's own questions come first, and are only questions


@pytest.mark.parametrize("headers", [{"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}])
def test_what_a_browser_fetches_ahead_nobody_has_looked_at(stranger, headers):
    stranger.answer("all")
    stranger.look(PIECE, **headers)

    assert PageSeen.objects.count() == 0


def test_each_purpose_takes_only_what_has_its_own_yes(stranger):
    stranger.one_by_one(**ALL_NO | {"tracking": "yes"})
    other = Browser()
    other.one_by_one(**ALL_NO | {"profile": "yes"})
    for browser in (stranger, other):
        browser.look(PIECE)
    counted, fitted = PageSeen.objects.get().person_id, Looked.objects.get().person_id

    assert counted != fitted
    assert set(stranger.kept) == {"choices", "visit"}
    assert set(other.kept) == {"choices", "interest"}


def test_its_cookies_go_to_one_brand_alone(stranger):
    assert {cookie["path"] for cookie in stranger.answer("all").cookies.values()} == {"/tarn/"}


# -- taken back -----------------------------------------------------------------------------------------------------------


def test_a_yes_taken_back_takes_the_cookies_the_number_and_all_that_was_written_down(stranger):
    stranger.answer("all")
    person = stranger.person
    neighbour = Browser()
    neighbour.answer("all")
    for browser in (stranger, neighbour):
        browser.look(PIECE)
    assert PageSeen.objects.count() == Looked.objects.count() == 2

    stranger.answer("none", place="page")

    assert set(stranger.kept) == {"choices"}
    assert {model: model.objects.filter(person_id=person).count() for model in (PageSeen, Looked, Identifier)} == {
        PageSeen: 0, Looked: 0, Identifier: 0
    }  # fmt: skip
    kinds = Event.objects.filter(person_id=person).exclude(kind="consent").values_list("pattern", "kind")
    assert dict(kinds) == {
        "tracking:tarn": "withdrawal", "appearance:tarn": "withdrawal", "profile:tarn": "withdrawal",
        "adverts:tarn": "withdrawal", "fit_shop:tarn": "refusal",
    }  # fmt: skip
    assert PageSeen.objects.count() == Looked.objects.count() == Identifier.objects.filter(kind="device").count() == 1


def test_a_no_to_counting_leaves_what_only_the_profile_rests_on(stranger):
    stranger.answer("all")
    stranger.look(PIECE)
    stranger.one_by_one(**ALL_NO | {"profile": "yes"})
    stranger.look("/tarn/")

    assert (PageSeen.objects.count(), Looked.objects.count()) == (0, 1)
    assert set(stranger.kept) == {"choices", "interest"}


def test_a_no_said_in_the_account_ends_it_at_once_whatever_the_cookie_still_says(stranger, mail):
    person = opened(stranger, mail)
    stranger.answer("all")
    stranger.look(PIECE)
    assert PageSeen.objects.get().person_id == person

    by_link = Client().post(f"/tarn/choices/{key(person)}/", {"about": "tracking:tarn", "answer": "no"})
    assert by_link.status_code == 303
    stranger.look("/tarn/")

    assert (PageSeen.objects.count(), Looked.objects.count()) == (0, 1)
    page = stranger.look("/tarn/cookies/").content.decode()
    counting = page.partition("May we count")[2].partition("</fieldset>")[0]
    assert "You said no." in counting


# -- bad answers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        {}, {"answer": "yes"}, {"answer": "each"}, {"answer": "each"} | ALL_NO | {"adverts": "maybe"},
        {"answer": "each", **dict.fromkeys(QUESTIONS[:-1], "no")}, {"answer": "ALL"}, {"answer": "all\0"},
    ],
)  # fmt: skip
def test_silence_and_nonsense_are_no_answer(stranger, typed):
    before = written()
    answer = stranger.client.post("/tarn/cookies/", typed)

    assert (answer.status_code, list(answer.cookies), written()) == (400, [], before)
    assert "Please answer each question" in answer.content.decode()


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_nobody_answers_for_somebody_from_another_site(stranger, headers):
    answer = stranger.answer("all", headers=headers)

    assert (answer.status_code, list(answer.cookies), Person.objects.count()) == (403, [], 0)


@pytest.mark.parametrize("cookie", ["x", "a" * 40, "tracking.yes", "-." + "a" * 39, "a" * 5000])
def test_a_cookie_somebody_made_up_is_nobodys(stranger, cookie):
    for name in ("choices", "visit", "interest"):
        stranger.client.cookies[name] = cookie
    before = written()

    assert stranger.look(PIECE).status_code == 200
    assert written() == before


# -- under which law ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("residence", "counted"), [("GB", 1), ("US-CA", 1), ("FR", 0), ("*", 0)])
def test_somebody_we_know_is_counted_without_a_yes_only_where_their_law_says_so(stranger, mail, residence, counted):
    person = opened(stranger, mail)
    Person.objects.filter(pk=person).update(residence=residence)
    page = stranger.look(PIECE).content.decode()

    assert PageSeen.objects.filter(person_id=person).count() == counted
    assert ("Until you say no, we count how our sites are used" in page) == bool(counted)
    assert ("May we count how our sites are used" in page) != bool(counted)
    assert Looked.objects.count() == 0  # a profile waits for a yes wherever they live

    stranger.answer("none")
    stranger.look(PIECE)
    assert PageSeen.objects.count() == 0


US = {"country": "US", "area": "CA", "street": "1 Weir Lane", "city": "Ojai", "postcode": "93023"}
FRANCE = {"country": "FR", "area": "", "street": "1 rue du Bac", "city": "Paris", "postcode": "75007"}
BRITAIN = {"country": "GB", "area": "", "street": "3 Weir Lane", "city": "BATH", "postcode": "BA1 1AA"}


@pytest.mark.parametrize(("home", "lives", "counted"), [(BRITAIN, "GB", 1), (US, "US-CA", 1), (FRANCE, "FR", 0)])
def test_whoever_gave_an_address_with_an_order_is_asked_as_the_law_there_says(stranger, mail, home, lives, counted):
    with job("order"):
        placed(email="buyer@post.example", billing=home, delivery=home, at=mail.clock.at)
    person = opened(stranger, mail, email="buyer@post.example")
    assert Person.objects.get(pk=person).residence == lives
    page = stranger.look(PIECE).content.decode()
    assert ("Until you say no, we count how our sites are used" in page) == bool(counted)
    assert PageSeen.objects.filter(person_id=person).count() == counted
    other = Browser()
    assert "Until you say no" not in other.look(PIECE).content.decode(), "of a stranger we know nothing"


def test_nobody_known_to_be_under_18_has_a_profile(stranger, mail, clock):
    person = opened(stranger, mail)
    Person.objects.filter(pk=person).update(known_age=17, known_on=clock.day())
    stranger.answer("all")
    stranger.look(PIECE)

    assert (PageSeen.objects.count(), Looked.objects.count()) == (1, 0)
    assert stranger.kept["choices"] == "v20261101:adverts.no:appearance.yes:profile.no:tracking.yes"
    assert "interest" not in stranger.kept
    told = stranger.look("/tarn/cookies/").content.decode().partition("which styles you may like?")[2]
    assert "This is never done with data of people under 18." in told.partition("</fieldset>")[0]

    stranger.one_by_one(**dict.fromkeys(QUESTIONS, "yes"))
    assert not Event.objects.filter(person_id=person, kind="consent", pattern__startswith="profile").exists()


# -- the browser's signal -------------------------------------------------------------------------------------------------------


def test_the_signal_is_shown_and_accept_all_says_nothing_against_it(stranger):
    page = stranger.look(PIECE, **GPC)
    assert "Your browser asked us not to sell or share: done." in page.content.decode()
    assert {"Sec-GPC", "Cookie"} <= set(page["Vary"].split(", "))

    stranger.answer("all", headers=GPC)

    # In New Jersey the signal reaches profiles too, and where a stranger lives we do not know.
    assert stranger.kept["choices"] == "v20261101:adverts.no:appearance.yes:profile.no:tracking.yes"


@pytest.mark.parametrize("value", ["0", "true", "1.0", "２", ""])
def test_any_other_value_is_no_signal(stranger, value):
    page = stranger.client.get(PIECE, headers={"Sec-GPC": value.encode("latin-1", "ignore").decode()})
    assert "not to sell" not in page.content.decode()


def test_a_stored_yes_loses_to_the_signal_and_the_person_is_told_and_may_say_yes_in_its_sight(stranger):
    stranger.answer("all")
    told = stranger.look("/tarn/cookies/", **GPC).content.decode().partition("May we show you adverts")[2]
    assert "Your browser says no to this, and that counts, although you had said yes here before" in told

    stranger.one_by_one(headers=GPC, **dict.fromkeys(QUESTIONS, "yes"))

    assert "adverts.sighted" in stranger.kept["choices"]
    told = stranger.look("/tarn/cookies/", **GPC).content.decode().partition("May we show you adverts")[2]
    assert told.partition("</fieldset>")[0].count("You said yes.") == 1


def test_a_signal_is_taken_down_for_who_is_signed_in_once_a_session_and_beats_their_yes(stranger, mail, clock):
    person = opened(stranger, mail)
    stranger.answer("all")

    def signals():
        return Event.objects.filter(person_id=person, kind="signal").count()

    clock.pass_(minutes=1)
    for page in (PIECE, "/tarn/", "/tarn/account/"):
        stranger.look(page, **GPC)
    assert signals() == 1
    assert not adverts_for(person)

    clock.pass_(hours=1)
    stranger.post("sign-out/")
    stranger.sign_in(email=ADA)
    stranger.look(PIECE, **GPC)
    stranger.look(PIECE, **GPC)
    assert signals() == 2

    clock.pass_(minutes=1)
    stranger.one_by_one(headers=GPC, **dict.fromkeys(QUESTIONS, "yes"))
    assert adverts_for(person)
    clock.pass_(hours=1)
    stranger.post("sign-out/")
    stranger.sign_in(email=ADA)
    stranger.look(PIECE, **GPC)
    assert (signals(), adverts_for(person)) == (2, True)  # a yes in its sight stands


def adverts_for(person):
    from troth.choices.actions import standings  # noqa: PLC0415
    from troth.tracking import rules  # noqa: PLC0415

    compiled = policies.archive().in_force(policies.today())
    them = Person.objects.get(pk=person)
    where = standings([them], compiled, policies.now())[person]
    return rules.allows(compiled, "adverts", "tarn", where, policies.today())


def test_a_signal_reaches_a_devices_own_record_too_and_a_strangers_leaves_none(stranger):
    Browser().look(PIECE, **GPC)
    assert Event.objects.count() == 0

    stranger.answer("all")
    stranger.look(PIECE, **GPC)
    stranger.look(PIECE, **GPC)

    assert list(Event.objects.filter(kind="signal").values_list("person_id", flat=True)) == [stranger.person]
    assert not adverts_for(stranger.person)


# -- known addresses --------------------------------------------------------------------------------------------------------------


def test_gpc_json_says_that_we_comply(stranger):
    answer = stranger.look("/.well-known/gpc.json")

    assert (answer["Content-Type"], answer.json()) == ("application/json", {"gpc": True, "lastUpdate": "2026-11-01"})


def test_security_txt_ends_half_a_year_after_it_is_asked_for(stranger, clock):
    first = stranger.look("/.well-known/security.txt")
    clock.pass_(days=1)
    second = stranger.look("/.well-known/security.txt").content.decode()

    assert first["Content-Type"] == "text/plain; charset=utf-8"
    assert first.content.decode().splitlines() == [
        "Contact: mailto:privacy@fellwater.example", "Expires: 2027-05-25T12:00:00Z", "Preferred-Languages: en",
        "Canonical: https://testserver/.well-known/security.txt",
    ]  # fmt: skip
    assert "Expires: 2027-05-26T12:00:00Z" in second


def test_change_password_leads_to_the_form_and_what_should_not_exist_does_not(stranger, settings):
    settings.ALLOWED_HOSTS = ["*"]
    shared = stranger.look("/.well-known/change-password")
    own = stranger.client.get("/.well-known/change-password", headers={"Host": "skerry.example"})
    missing = stranger.look("/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200")

    assert (shared.status_code, shared["Location"]) == (302, "/tarn/account/password/")
    assert (own.status_code, own["Location"]) == (302, "/account/password/")
    assert missing.status_code == 404


def test_a_device_is_found_by_its_number_alone(stranger):
    stranger.answer("all")

    assert identity.find("device", stranger.kept["visit"]) == stranger.person
