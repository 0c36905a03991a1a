"""Receipts: each thing said or given has one, it holds what was shown, it proves itself, and it is its owner's alone."""

import base64
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from tests.accounts.conftest import BOB, NOON, Visitor, opened
from tests.ledger.verifier import holds

import troth.accounts
from troth.doors import policies
from troth.doors.collect import choose
from troth.doors.declare import job
from troth.ledger import signer
from troth.ledger.models import Row

pytestmark = [
    pytest.mark.urls("tests.accounts.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
STATIC = Path(troth.accounts.__file__).parent / "static/accounts"
YES = {"about": "news:tarn:email", "answer": "yes"}
NO = {"about": "news:tarn:email", "answer": "no"}


def numbers(visitor, page="receipts/", **query):
    """Return the numbers of the receipts a page lists, in its order."""
    return [int(one) for one in re.findall(r"/account/receipts/(\d+)/", visitor.get(page, **query).content.decode())]


def file(visitor, number, shape="record"):
    answer = visitor.post(f"receipts/{number}/", **{"as": shape})
    assert answer.status_code == 200, answer.content.decode()
    return json.loads(answer.content)


def problems(schema, made):
    rules = json.loads((STATIC / f"{schema}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(rules)
    return [
        f"{list(one.path)}: {one.message}"
        for one in Draft202012Validator(rules, format_checker=FormatChecker()).iter_errors(made)
    ]


def test_each_thing_said_and_given_has_a_receipt_and_nothing_else_has(ada, visitor):
    before = numbers(visitor)
    visitor.post("choices/", **YES)
    visitor.get("data/")  # a use of data is no receipt
    after = numbers(visitor)

    newest = json.loads(bytes(Row.objects.get(pk=after[0]).body))
    assert after[1:] == before
    assert (newest["purpose"], newest["facts"]["said"]) == ("proof", "consent")
    assert {json.loads(bytes(row.body))["verb"] for row in Row.objects.filter(pk__in=after)} == {"collect"}
    assert len(before) >= 2  # the address and the account were given


@pytest.mark.parametrize("shape", ["record", "kantara"])
def test_every_receipt_is_as_its_standard_says_and_its_proof_holds(ada, visitor, shape):
    for typed in (YES, NO, {"about": "*", "answer": "no"}, {"about": "adverts:tarn", "answer": "yes"}):
        assert visitor.post("choices/", **typed).status_code == 303
    key = base64.b64encode(signer.public()).decode()
    schema = {"record": "consent-receipt", "kantara": "kantara-receipt"}[shape]

    for number in numbers(visitor):
        made = file(visitor, number, shape)
        assert (number, problems(schema, made)) == (number, [])
        assert holds(json.dumps(made["proof"]), key)
        assert json.loads(made["proof"]["entry"])["at"] == json.loads(bytes(Row.objects.get(pk=number).body))["at"]


def test_a_receipt_of_a_yes_holds_the_words_the_version_the_data_and_the_way_back(ada, visitor, clock):
    clock.pass_(hours=2)
    visitor.post("choices/", **YES)
    record = file(visitor, numbers(visitor)[0])["consent_record"]
    made, compiled = record["pii_processing"], policies.archive().in_force(NOON.date())

    assert [one["purpose"] for one in made] == ["send you this brand's own news"]
    assert made[0]["privacy_notice"] == "http://testserver/privacy/tarn/2026-11-01/"
    assert record["policy_digest"] == compiled.digest
    assert {one["pii_type"] for one in made[0]["pii_information"]} >= {"email address", "sizes"}
    assert made[0]["recipient_third_parties"][0] == compiled.policy.recipients["email_sender"].say
    assert "http://testserver/tarn/account/choices/" in made[0]["withdrawal_method"]
    assert (made[0]["purpose_type"], made[0]["lawful_basis"]) == ("DirectMarketing", "eu-gdpr:A6-1-a")
    assert [party["party_name"] for party in record["party_identification"]] == [
        "Fellwater House Ltd", compiled.policy.about.authority,
    ]  # fmt: skip
    assert record["events"] == [{
        "event_time": "2026-11-26T14:00:00.000+00:00", "validity_duration": "until it is taken back",
        "entity_id": record["pii_principal_id"], "event_type": "explicit", "event_state": "consent given",
        "event_scope": "news:tarn:email", "event_wording": "May we send you this brand's own news, by email?",
    }]  # fmt: skip


def test_a_no_is_receipted_like_a_yes_and_the_two_are_told_apart(ada, visitor, clock):
    for typed in (NO, YES, NO):
        clock.pass_(minutes=1)
        visitor.post("choices/", **typed)
    states = [file(visitor, number)["consent_record"]["events"][0]["event_state"] for number in numbers(visitor)[:3]]

    assert states == ["consent withdrawn", "consent given", "consent refused"]
    page = visitor.get("receipts/").content.decode()
    assert [said for said in ("You said yes", "You took back a yes", "You said no") if said not in page] == []


def test_a_receipt_names_nobody_and_holds_no_value_of_theirs(ada, visitor):
    visitor.post("choices/", **YES)
    for number in numbers(visitor):
        text = json.dumps([file(visitor, number), file(visitor, number, "kantara")])
        assert "canary" not in text.lower()
        assert str(ada) not in text


def test_what_was_given_is_receipted_with_its_source_and_period(ada, visitor):
    row = next(n for n, entry in taken_in(ada) if entry["purpose"] == "account" and "contact.email" in entry["items"])
    record = file(visitor, row)["consent_record"]

    assert record["events"][0]["event_state"] == "notice given"
    assert "email address" in {one["pii_type"] for one in record["pii_processing"][0]["pii_information"]}
    assert record["pii_processing"][0]["lawful_basis"] == "eu-gdpr:A6-1-b"
    assert any("your contact details: " in line for line in record["pii_processing"][0]["retention_period"])


def taken_in(person):
    from troth.rights import seeing  # noqa: PLC0415

    return [(number, entry) for number, entry in seeing.acts(person) if entry["verb"] == "collect"]


# -- whose it is -------------------------------------------------------------------------------------------------------


def test_a_neighbours_receipt_looks_like_one_that_never_was(ada, visitor, mail):
    bob = Visitor()
    opened(bob, mail, email=BOB)
    bob.post("choices/", **YES)
    theirs = numbers(bob)[0]
    answers = [visitor.get(f"receipts/{number}/") for number in (theirs, 999_999_999, 10**30)]
    taken = visitor.post(f"receipts/{theirs}/", **{"as": "record"})

    assert [one.status_code for one in (*answers, taken)] == [404] * 4
    assert len({re.sub(rb"receipts/\d+", b"", one.content) for one in answers}) == 1
    assert theirs not in numbers(visitor)
    assert bob.get(f"receipts/{theirs}/").status_code == 200


@pytest.mark.parametrize("page", ["receipts/", "receipts/1/"])
def test_a_stranger_is_asked_to_sign_in_and_comes_back(visitor, page):
    answer = visitor.get(page)

    assert answer.status_code == 303
    assert f"next=%2Ftarn%2Faccount%2F{page.replace('/', '%2F')}" in answer["Location"]


def test_a_use_of_data_a_refusal_and_a_made_up_number_have_no_receipt(ada, visitor):
    visitor.get("data/")
    used = next(n for n, entry in reversed(about_all(ada)) if entry["verb"] == "use")

    assert visitor.get(f"receipts/{used}/").status_code == 404
    assert visitor.get("receipts/-1/").status_code == 404


def about_all(person):
    from troth.rights import seeing  # noqa: PLC0415

    return seeing.acts(person)


def test_an_unknown_shape_is_a_sentence_and_hands_over_nothing(ada, visitor):
    answer = visitor.post(f"receipts/{numbers(visitor)[0]}/", **{"as": "zip"})

    assert answer.status_code == 400
    assert "use the buttons" in answer.content.decode()


def test_earlier_receipts_stand_on_earlier_pages_each_once(ada, visitor, clock, monkeypatch):
    monkeypatch.setattr("troth.accounts.views_receipts.ON_A_PAGE", 2)
    for typed in (YES, NO, YES, NO):
        clock.pass_(minutes=1)
        visitor.post("choices/", **typed)
    found, before = [], ""
    while some := numbers(visitor, **({"before": before} if before else {})):
        found += some
        before = str(some[-1])

    assert found == sorted(found, reverse=True)
    assert len(found) == len(set(found)) >= 6


def test_two_answers_of_one_moment_each_hold_their_own_words(ada, visitor):
    visitor.post("choices/", **YES)
    visitor.post("choices/", about="adverts:tarn", answer="yes")  # the clock stands still
    scopes = [file(visitor, number)["consent_record"]["events"] for number in numbers(visitor)[:2]]

    assert [[event["event_scope"] for event in some] for some in scopes] == [["adverts:tarn"], ["news:tarn:email"]]


def test_a_yes_that_lapses_says_until_when(ada, visitor, clock):
    ends = clock.at + timedelta(days=180)
    with job("proof"):
        entry = choose(
            "consent", "adverts:tarn", person=ada, brand="tarn", place="panel", wording="May we?", expires=ends
        )
    event = file(visitor, entry)["consent_record"]["events"][0]

    assert event["validity_duration"] == "2027-05-25T12:00:00.000+00:00"
