"""All we hold of somebody on one page: as much as an access request would get, each item with its story and its way."""

import re
from html import unescape

import pytest
from django.test import RequestFactory
from django.urls import reverse
from django.utils.text import capfirst
from tests.accounts.conftest import Visitor
from tests.rights import planting

from troth.accounts import sessions
from troth.accounts.correcting import WAYS, ways_to
from troth.care import actions as care
from troth.care.models import Agent
from troth.doors import policies
from troth.doors.declare import job
from troth.doors.disclose import disclose
from troth.doors.use import use
from troth.rights import seeing
from troth.rights.packet import written
from troth.vault import identity
from troth.vault.models import Profile

QUERIES = 140  # one a model there is, and what a session and the ledger take
pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


def entered(person, clock):
    """A browser in which somebody is signed in who never opened an account: everything of theirs is planted."""
    who = Visitor()
    with job("sign_in"):
        request = RequestFactory().get("/", headers={"user-agent": "Firefox"})
        who.client.cookies[sessions.COOKIE] = sessions.begin(request, person, "tarn", clock.at)
    return who


def words(page):
    assert page.status_code == 200, page.content.decode()
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode())))


def rows_of(page):
    """Return what each item's rows say, by the page's own structure: category, item, values."""
    found = {}
    for part in re.findall(r'<section aria-labelledby="g-(\w+)">(.*?)</section>', page, re.DOTALL):
        for name, told in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", part[1], re.DOTALL):
            say = re.sub(r"\s*\(\d+\)$", "", re.sub(r"<[^>]+>", "", unescape(name)).strip())
            found[part[0], say] = [unescape(one) for one in re.findall(r"<li[^>]*>(.*?)<small", told, re.DOTALL)]
    return found


def test_the_page_shows_every_item_of_the_export_and_every_planted_value_and_none_of_the_neighbours(
    clock, transactional_db
):
    me, other = planting.someone(), planting.someone()
    mine = planting.planted(me, "canary", times=2)
    planting.planted(other, "neighbour")
    page = entered(me, clock).get("data/").content.decode()
    with job("rights"):
        found = seeing.see(me, planting.NOON)
    labels = found.compiled.book.labels
    exported = {(thing.item.partition(".")[0], capfirst(labels[thing.item].say)) for thing in found.things}
    assert set(rows_of(page)) == exported
    text = unescape(page)
    assert [key for key, value in mine.items() if written("", value) not in text] == []
    assert "neighbour-" not in page


def test_of_many_values_the_newest_are_there_at_once_and_all_of_an_item_when_it_is_asked_for(clock, transactional_db):
    me, other = planting.someone(), planting.someone()
    planting.planted(me, "canary", times=12)
    planting.planted(other, "neighbour", times=12)
    visitor = entered(me, clock)
    first = visitor.get("data/").content.decode()
    asked = re.findall(r'id="i-([\w.]+)"><dt>([^<]+) <span class="quiet">\((\d+)\)', first)
    shown = rows_of(first)
    assert max(map(len, shown.values())) == 8
    for item, say, count in asked[::9]:
        page = visitor.client.get("/tarn/account/data/", {"all": item}).content.decode()
        name = (item.partition(".")[0], unescape(say))
        rows = rows_of(page)
        assert len(rows[name]) == int(count) > 8 == len(shown[name])
        assert rows | {name: shown[name]} == shown  # the others stay as they were
        assert "neighbour-" not in page
    assert rows_of(visitor.client.get("/tarn/account/data/", {"all": "no.such"}).content.decode()) == shown


def test_what_somebody_typed_stays_what_they_typed_whatever_it_looks_like(clock, transactional_db):
    typed = """'"><script>alert(1)</script>&amp;%s{{ 7 }}"""
    me = planting.someone()
    planting.planted(me, typed)
    page = entered(me, clock).get("data/").content.decode()
    assert "<script>alert" not in page
    assert any(typed in one for values in rows_of(page).values() for one in values)


def test_every_item_a_policy_knows_has_a_way_to_change_it_or_a_reason_it_has_none(clock):
    compiled = policies.archive().in_force(clock.day())
    for item in compiled.book.labels:
        ways, why = ways_to(item, {"AnyModel"})
        assert ways or why, item


def test_every_way_to_change_something_is_a_page_that_is_there(ada, visitor):
    for page, _ in WAYS.values():
        answer = visitor.client.get(reverse(f"shop:{page}", kwargs={"brand": "tarn"}))
        assert answer.status_code == 200, page


def test_each_value_says_where_it_came_from_and_when_it_is_gone_as_people_do(ada, visitor):
    told = words(visitor.get("data/"))
    assert re.search(r"Ada Canary When you register, 26 Nov 2026; gone by 27 Nov 2029", told), told
    assert re.search(r"At a glance Details \d+ in \d+ categories From \d+ places?", told)
    assert "Next to go" in told


def test_who_received_an_item_and_who_looked_at_it_and_why_stand_beside_it(ada, visitor, clock):
    name = Profile.objects.get(person_id=ada)
    asked = disclose(
        "screen", to="fraud_agencies", person=ada, brand="tarn", given=("notice", "legal basis"), at=clock.at
    )
    with job("screen"), asked as d:
        d.open(name.name)
    agent = identity.new(on=clock.day()).pk
    Agent.objects.create(person_id=agent, role="care", since=clock.at)
    with job("care", "administration"):
        case = care.open_case(
            agent, ada, brand="tarn", about="order", why="rang about a parcel", once="x" * 32, at=clock.at
        )
        with use("care", person=ada, brand="tarn", actor="care", given=care.stated(case, clock.at), at=clock.at) as u:
            u.open(name.name)
    page = unescape(visitor.get("data/").content.decode())
    block = next(one for one in re.findall(r"<dt>Name</dt>.*?</dd>", page, re.DOTALL))
    assert "Given to fraud prevention agencies (last on 26 Nov 2026)." in block
    assert "Looked at by customer care, 26 Nov 2026: “rang about a parcel”." in block
    assert "Given to" not in next(one for one in re.findall(r"<dt>Email address</dt>.*?</dd>", page, re.DOTALL))


@pytest.mark.parametrize("times", [1, 20])
def test_the_number_of_queries_does_not_follow_the_number_of_rows(
    clock, transactional_db, django_assert_max_num_queries, times
):
    me = planting.someone()
    planting.planted(me, "canary", times=times)
    visitor = entered(me, clock)
    visitor.get("data/")
    with django_assert_max_num_queries(QUERIES) as told:
        visitor.get("data/")
    assert len(told) > 20, "they were counted"
