"""An app over HTTP: nothing before the service is asked for, nothing after the link is taken back."""

import json
import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from troth.api import urls
from troth.api.openapi import ENDPOINTS
from troth.doors import keep, policies
from troth.doors.models import LegalHold
from troth.ledger.models import Row
from troth.mobile.models import Device, Position
from troth.vault.models import Identifier, Person

DEVICE = {"make_model": "Fernly Two", "operating_system": "Otter 14", "app_language": "en-GB", "country": "GB"}
PLACE = {"latitude": 51.512345, "longitude": -0.123456}


@pytest.fixture(autouse=True)
def _databases(transactional_db):
    """Both databases, with real transactions."""


pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


class App:
    """A phone with the app of one brand on it."""

    def __init__(self, client, brand="tarn"):
        self.client, self.brand, self.key = client, brand, ""

    def send(self, method, address, body=None, *, once="", key=None):
        headers = {"Authorization": f"Bearer {self.key if key is None else key}"} if (self.key or key) else {}
        headers |= {"Idempotency-Key": once} if once else {}
        text = body if isinstance(body, bytes | str) else json.dumps(body or {})
        return self.client.generic(method, f"/api/v1/{self.brand}/{address}", text, "application/json", headers=headers)

    def ask(self, fields=DEVICE, once=""):
        answer = self.send("POST", "app/ios", fields, once=once or secrets.token_urlsafe(24))
        self.key = answer.json().get("key", "")
        return answer


@pytest.fixture
def app(client):
    made = App(client)
    assert made.ask().status_code == 201
    return made


def test_before_the_service_is_asked_for_everything_is_refused_by_the_line_that_says_so(client):
    answer = App(client).send("PATCH", "device", DEVICE)
    assert (answer.status_code, answer.json()["policy"]) == (403, "sources.app.needs")
    assert answer["Content-Type"] == "application/problem+json"
    assert not Person.objects.exists()
    assert not Device.objects.exists()


def test_what_the_app_tells_is_held_and_what_it_takes_back_is_gone(app):
    assert app.send("PATCH", "device", {"network_operator": "Hillphone", "country": None}).status_code == 200
    assert Device.objects.count() == 1
    answer = app.send("PATCH", "device", {"network_operator": "x", "serial": "9"})
    assert answer.status_code == 400
    assert "serial" in answer.json()["detail"]


def test_asking_twice_with_the_same_key_links_one_app(client):
    one, two, other = App(client), App(client), App(client, "skerry")
    once = secrets.token_urlsafe(24)
    assert one.ask(once=once).json() == two.ask(once=once).json()
    assert other.send("POST", "app/android", DEVICE, once=once).json()["key"] != one.key
    assert Device.objects.count() == Person.objects.count() == 2


@pytest.mark.parametrize("once", ["", "short", "x" * 101, "with spaces in it, and enough of them"])
def test_a_key_that_anybody_could_guess_is_refused(client, once):
    assert App(client).send("POST", "app/ios", DEVICE, once=once).status_code == 400
    assert not Person.objects.exists()


def test_a_brand_takes_only_the_apps_it_has(client):
    answer = App(client, "holm").send("POST", "app/android", DEVICE, once=secrets.token_urlsafe(24))
    assert (answer.status_code, answer.json()["detail"]) == (400, "This brand has apps for ios.")
    assert App(client, "nobody").send("POST", "app/ios", DEVICE, once=secrets.token_urlsafe(24)).status_code == 404


def test_a_new_key_takes_the_place_of_the_old_one(app):
    old, once = app.key, secrets.token_urlsafe(24)
    app.key = app.send("POST", "app/key/renew", once=once).json()["key"]
    assert app.send("PATCH", "device", {"country": "IE"}).status_code == 200
    assert app.send("PATCH", "device", {"country": "IE"}, key=old).status_code == 401
    assert Device.objects.count() == Identifier.objects.filter(kind="app").count() == 1


def test_taking_the_link_back_takes_all_that_was_told_with_it_and_nothing_of_the_neighbour(app, client):
    neighbour = App(client)
    neighbour.ask()
    assert app.send("DELETE", "app").status_code == 204
    assert app.send("DELETE", "app").status_code == 204
    assert app.send("PATCH", "device", DEVICE).status_code == 401
    assert list(Device.objects.values_list("link", flat=True)) == [Identifier.objects.get(kind="app").pk]
    assert neighbour.send("PATCH", "device", DEVICE).status_code == 200


def test_under_a_legal_hold_the_link_is_cut_and_what_was_told_waits_for_the_hold_to_end(app):
    person, at = Person.objects.get().pk, policies.now()
    keep.hold(person, owner="officer", because="claim", review_on=at.date(), at=at)
    assert app.send("DELETE", "app").status_code == 204
    assert Device.objects.count() == 1
    keep.lift(LegalHold.objects.get(), at)
    list(keep.sweep(at + timedelta(days=2)))
    assert not Device.objects.exists()


def test_nobody_is_located_without_a_yes_and_no_ends_it_at_once(app):
    assert app.send("POST", "locations", PLACE).status_code == 403
    assert not Position.objects.exists()

    assert app.send("PUT", "choices/nearby", {"answer": "yes"}).json()["receipt"] > 0
    assert app.send("POST", "locations", PLACE).json() == {
        "shops": [{"name": "Tarn Atelier, 12 Cloth Row, London", "kilometres": 1}]
    }
    assert app.send("POST", "locations", {"latitude": 55.9, "longitude": -3.2}).json() == {"shops": []}
    assert Position.objects.count() == 1

    app.send("PUT", "choices/nearby", {"answer": "no"})
    answer = app.send("POST", "locations", PLACE)
    assert (answer.status_code, answer.json()["policy"]) == (403, "choices.nearby")


def test_a_yes_to_one_brand_is_none_to_its_sister(app):
    app.send("PUT", "choices/nearby", {"answer": "yes"})
    app.brand = "skerry"
    assert app.send("POST", "locations", PLACE).status_code == 403


def test_where_somebody_was_is_coarse_and_gone_in_a_day(app):
    app.send("PUT", "choices/nearby", {"answer": "yes"})
    app.send("POST", "locations", PLACE)
    at = policies.now()
    list(keep.sweep(at + timedelta(hours=1)))
    assert Position.objects.count() == 1
    list(keep.sweep(at + timedelta(days=3)))
    assert not Position.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{", b'"x"', b"\xff", b"[" * 5000, b'{"make_model":' + b'"x"' * 9000 + b"}", b'{"make_model": "a\\u0000b"}',
     b'{"make_model": "4111 1111 1111 1111"}', b'{"country": ["GB"]}', b'{"__proto__": "x"}', b'{"country": "\\u202eGB"}'],
)  # fmt: skip
def test_bad_input_is_refused_and_changes_nothing(app, body):
    before = Row.objects.count(), list(Device.objects.values_list("version", flat=True))
    answer = app.send("PATCH", "device", body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["detail"]
    assert (Row.objects.count(), list(Device.objects.values_list("version", flat=True))) == before


def test_a_wrong_key_is_told_from_no_key_by_nobody(app):
    for key in ("", "x", "0" * 64, app.key[:-1], app.key + "0", "é" * 32):
        answer = app.send("POST", "locations", PLACE, key=key or "none")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_no_byte_of_it_lies_about(app):
    app.send("PUT", "choices/nearby", {"answer": "yes"})
    app.send("POST", "locations", PLACE)
    if connections["default"].vendor != "sqlite":
        return
    files = [path for alias in ("default", "keys") for path in _files(alias)]
    bytes_ = b"".join(path.read_bytes() for path in files if path.is_file())
    for canary in (app.key, "Fernly Two", "Otter 14", "51.512345", "51.51"):
        assert canary.encode() not in bytes_


def _files(alias):
    file = Path(settings.DATABASES[alias]["NAME"])
    file = Path(connections[alias].settings_dict["NAME"]) if not file.is_file() else file
    return [file, *file.parent.glob(f"{file.name}-*")]


def test_the_description_names_every_address_there_is_and_no_other(client):
    described = client.get("/api/openapi.json").json()
    told = {(method, path) for path, methods in described["paths"].items() for method in methods}
    assert told == {(one.method, one.address) for one in ENDPOINTS}
    there = {
        str(found.pattern).removeprefix("v1").replace("<brand:brand>", "{brand}").replace("<slug:system>", "{system}")
        for found in urls.urlpatterns
        if str(found.pattern).startswith("v1/")
    }
    assert there == {path for _, path in told}
