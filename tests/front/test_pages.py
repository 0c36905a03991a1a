"""Every public page, as a browser without script or style would get it."""

import csv
import io
import json
import re
from datetime import date

import pytest
from django.urls import get_resolver

from troth.doors import policies
from troth.doors.declare import NOTHING_PERSONAL
from troth.laws import packs
from troth.policy.document import Table
from troth.policy.registers import choices_grid, ropa
from troth.policy.wording import say_day, sentence

BRANDS = ("tarn", "holm", "skerry")


def test_the_front_door_leads_to_every_brand_the_questions_the_record_and_the_file(client, house):
    said = client.get("/").content.decode()

    version = house.in_force.policy.about.version
    ways = ("/ask/", "/privacy/choices/", "/privacy/record/", f"/privacy/source/{version}/")
    for address in (*(f"/privacy/{brand}/" for brand in BRANDS), *ways):
        assert f'href="{address}' in said


@pytest.mark.parametrize("brand", BRANDS)
def test_a_policy_page_says_every_sentence_of_its_document(client, house, brand):
    region = next(iter(house.in_force.book.packs))
    said = _words(client.get(f"/privacy/{brand}/").content.decode())

    for told in house.page(house.in_force, brand, region).sentences():
        assert told.say.removesuffix(".") in said


@pytest.mark.parametrize("brand", BRANDS)
def test_every_mark_of_a_page_leads_to_a_line_or_a_rule_that_is_there(client, house, brand):
    for region in house.in_force.book.packs:
        said = client.get(f"/privacy/{brand}/", {"region": region}).content.decode()
        marks = re.findall(r'class="mark" href="([^"#]+)#([^"]+)"', said)
        assert len(marks) > 100
        for address in {address for address, _ in marks}:
            there = set(re.findall(r' id="([^"]+)"', client.get(address).content.decode()))
            assert {anchor for one, anchor in marks if one == address} <= there


def test_a_row_marks_each_line_of_the_policy_once(client):
    said = client.get("/privacy/tarn/").content.decode()
    for row in re.findall(r'<tr role="row">(.*?)</tr>', said):
        marks = re.findall(r'class="mark" href="([^"]+)"', row)
        assert len(marks) == len(set(marks))


def test_the_table_of_purposes_is_whole(client, house):
    page = house.page(house.in_force, "tarn", "uk")
    table = next(b for s in page.sections for b in s.blocks if isinstance(b, Table) and b.anchor == "purposes")
    said = client.get("/privacy/tarn/").content.decode()
    assert said.partition('id="purposes"')[2].partition("</table>")[0].count("<tr") == len(table.rows) + 1


@pytest.mark.parametrize("region", packs())
def test_a_region_has_a_page_of_its_own(client, region):
    said = client.get("/privacy/tarn/", {"region": region}).content.decode()
    assert f'href="?region={region}" aria-current="true"' in said


@pytest.mark.parametrize("brand", BRANDS)
def test_the_page_for_machines_says_what_the_page_for_people_says(client, house, brand):
    compiled = house.in_force
    told = client.get(f"/privacy/{brand}/{compiled.policy.about.version}/page.json", {"region": "eu"}).json()
    page = house.page(compiled, brand, "eu")
    assert (told["brand"], told["region"], told["digest"]) == (brand, "eu", compiled.digest)
    assert [s["say"] for s in told["short"]] == [s.say for s in page.short]
    assert told["clauses"] == page.clauses


def test_the_description_for_search_engines_names_the_company_and_its_officer(client, house):
    said = client.get("/privacy/tarn/").content.decode()
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', said, re.DOTALL)
    assert block
    graph = json.loads(block[1])
    assert graph["@type"] == "WebPage"
    assert graph["publisher"]["@type"] == "Organization"
    points = graph["publisher"]["contactPoint"]
    assert {
        "@type": "ContactPoint",
        "contactType": "privacy officer",
        "email": house.in_force.policy.about.officer,
    } in points


def test_the_source_has_every_line_of_the_file_under_its_number(client, house):
    text = house.in_force.book.file.reader.text
    version = house.in_force.policy.about.version
    said = client.get(f"/privacy/source/{version}/").content.decode()

    listed = re.findall(r'<li id="L(\d+)">.*?<code>(.*?)</code>', said)
    assert [int(number) for number, _ in listed] == list(range(1, len(text.splitlines()) + 1))
    assert [_words(line) for _, line in listed] == [" ".join(line.split()) for line in text.splitlines()]
    assert client.get(f"/privacy/source/{version}/policy.toml").content.decode() == text


def test_the_record_tells_every_purpose_in_force_and_can_be_taken_away(client, house):
    rows = ropa(house.in_force, house.today)
    said = _words(client.get("/privacy/record/").content.decode())
    for row in rows:
        assert sentence(row.say).removesuffix(".") in said
    assert len(client.get("/privacy/record/record.json").json()) == len(rows)
    table = list(csv.reader(io.StringIO(client.get("/privacy/record/record.csv").content.decode())))
    assert len(table) == len(rows) + 1


def test_the_policy_can_be_had_in_the_w3c_vocabulary(client, house):
    told = client.get(f"/privacy/source/{house.in_force.policy.about.version}/policy.jsonld")
    assert told["Content-Type"] == "application/ld+json"
    assert "@graph" in told.json()


@pytest.mark.parametrize("brand", BRANDS)
@pytest.mark.parametrize("region", ["uk", "us-ca"])
def test_the_choices_page_tells_every_cell_of_the_grid(client, house, brand, region):
    residence = house.in_force.book.packs[region].head.covers[0]
    said = _words(client.get("/privacy/choices/", {"brand": brand, "region": region}).content.decode())
    for slot in choices_grid(house.in_force, brand, residence, house.today):
        assert sentence(slot.say).removesuffix(".") in said
        assert sentence(slot.exit) in said or slot.exit in said


def test_every_version_is_in_the_archive_and_can_be_read(client, house):
    archive = client.get("/privacy/tarn/versions/").content.decode()
    for compiled in house.archive.versions:
        day = compiled.policy.about.version
        assert say_day(day) in archive
        assert client.get(f"/privacy/tarn/{day}/").status_code == 200


def test_an_old_version_says_that_it_is_old(client, house):
    for compiled in house.archive.versions:
        said = _words(client.get(f"/privacy/tarn/{compiled.policy.about.version}/").content.decode())
        ended = house.ends(compiled)
        assert (
            f"This version was in force until {say_day(ended)}." in said if ended else "was in force" not in said
        ) is True


def test_a_coming_version_says_when_it_takes_effect(client, settings, house):
    first, *rest = house.archive.versions
    if not rest:
        pytest.skip("the archive has one version")
    settings.TROTH_TODAY = first.policy.about.version
    coming = rest[0].policy.about.version
    assert f"This version takes effect on {say_day(coming)}." in client.get(f"/privacy/tarn/{coming}/").content.decode()


def test_changes_are_told_since_a_version_and_since_any_day_it_was_in_force(client, house):
    if len(house.archive.versions) == 1:
        pytest.skip("the archive has one version")
    first, last = house.archive.versions[0].policy.about.version, house.archive.versions[-1].policy.about.version
    since = client.get("/privacy/tarn/changes/", {"since": first.isoformat()}).content.decode()
    assert f"since {say_day(first)}" in since
    assert "We may do more" in since
    assert client.get("/privacy/tarn/changes/", {"since": str(first.replace(day=first.day + 1))}).status_code == 200
    assert "Nothing." in client.get("/privacy/tarn/changes/", {"since": str(last)}).content.decode()


@pytest.mark.parametrize(
    ("address", "status", "say"),
    [
        ("/nothing-here", 404, "There is nothing at this address."),
        ("/privacy/nobody/", 404, "The policy names no such brand."),
        ("/privacy/tarn/2019-01-01/", 404, "No version of the policy came into force on that day."),
        ("/privacy/tarn/not-a-day/", 404, "No version of the policy came into force on that day."),
        ("/privacy/source/2026-13-99/", 404, "No version of the policy came into force on that day."),
        ("/privacy/law/atlantis/", 404, "We hold no law of that name."),
        ("/privacy/tarn/?region=atlantis", 400, "The policy has no page for that region."),
        ("/privacy/tarn/changes/?since=yesterday", 400, "Say the day as 2026-03-01"),
        ("/privacy/tarn/changes/?since=1999-01-01", 400, "Choose that day or a later one"),
        ("/privacy/choices/?brand=nobody", 404, "The policy names no such brand."),
        ("/privacy/choices/?region=atlantis", 400, "The policy has no page for that region."),
        ("/privacy/%00/", 404, "The policy names no such brand."),
        ("/privacy/tarn/?region=%00", 400, "The policy has no page for that region."),
        ("/privacy/%3Cscript%3E/", 404, "The policy names no such brand."),
    ],
)
def test_what_is_not_there_is_said_kindly_with_a_way_on(client, address, status, say):
    response = client.get(address)
    said = response.content.decode()
    assert (response.status_code, say in said) == (status, True)
    assert 'href="/"' in said
    assert "<script>" not in said
    assert not re.search(r"\berror\b", said, re.IGNORECASE)


def test_before_the_first_version_the_house_is_not_open_yet(client, settings):
    settings.TROTH_TODAY = date(2001, 1, 1)
    response = client.get("/privacy/tarn/")
    assert (response.status_code, response["Retry-After"]) == (503, "3600")
    assert "Not open yet" in response.content.decode()


@pytest.mark.parametrize("address", ["/", "/privacy/tarn/", "/ask/", "/privacy/tarn/changes/"])
def test_a_public_page_can_only_be_read(client, address):
    assert client.post(address).status_code == 405


def test_every_address_declares_its_purpose():
    def walk(patterns):
        for pattern in patterns:
            yield from walk(pattern.url_patterns) if hasattr(pattern, "url_patterns") else [pattern.callback]

    known = policies.archive().in_force(policies.today()).policy.purposes.keys() | {NOTHING_PERSONAL}
    views = list(walk(get_resolver().url_patterns))
    undeclared = [view for view in views if not getattr(view, "purpose", ()) or not set(view.purpose) <= known]
    assert undeclared == []
    assert {view.purpose for view in views if view.__module__ == "troth.front.views"} == {(NOTHING_PERSONAL,)}


def _words(html: str) -> str:
    """Return what a reader reads, without the marks and in one line."""
    from html import unescape  # noqa: PLC0415 -- used here alone

    shown = re.sub(r'<a class="mark".*?</a>', "", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", shown)).split())
