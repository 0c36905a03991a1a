"""The pages on which people say something: what they take, what they show, and to whom."""

import html
import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from tests.community.conftest import LOUD, NOON, fresh, shown, write
from tests.community.test_pictures import HIDDEN, drawn, exif, written

from troth.community import actions, links, rules, showing
from troth.community.models import IN_FORCE, Permission, Photo, Remark
from troth.doors import erasing, keep, policies
from troth.doors.models import Message
from troth.shop.actions import load_catalogue
from troth.vault.models import Identifier, Person

pytestmark = [
    pytest.mark.urls("tests.community.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
NELL = "/tarn/shop/nell-olive/"
FORM = "/tarn/shop/nell-olive/review/"
LIST = "/tarn/shop/nell-olive/reviews/"
STORY = "/tarn/stories/washed-then-cut/"


@pytest.fixture(autouse=True)
def _shelves(transactional_db):
    load_catalogue()


def filled(client, address=FORM, **other):
    """What a browser would send after somebody filled the form in."""
    page = client.get(address).content.decode()
    (once,) = re.findall(r'name="once" value="([^"]+)"', page)
    told = {"once": once, "name": "Marigold", "email": "ada@post.example", "words": f"{LOUD} and warm.", "stars": "4"}
    return told | other


def photograph(kind="JPEG", **how):
    content = written(drawn("RGB", 40, 30, 7), kind, **how)
    return SimpleUploadedFile(f"me.{kind.lower()}", content)


def mine(remark):
    return f"/{remark.brand}/said/{links.key(remark.pk)}/"


def text_of(response):
    return html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


# -- writing -----------------------------------------------------------------------------------------------------------


def test_a_review_is_sent_proved_by_its_link_read_and_shown(client):
    answer = client.post(FORM, filled(client))
    assert (answer.status_code, answer["Location"]) == (302, "/tarn/said/thanks/review/")
    assert "Look into your mailbox" in client.get(answer["Location"]).content.decode()
    remark = Remark.objects.get()
    assert (remark.brand, remark.about, remark.stars, remark.state) == ("tarn", "nell", 4, "unproven")
    assert Message.objects.get().state == "queued"
    assert LOUD not in text_of(client.get(NELL))

    page = client.get(mine(remark))
    assert "Was it you who wrote this?" in text_of(page)
    assert page["Cache-Control"] == "private, no-store"
    assert page["Referrer-Policy"] == "same-origin"
    assert client.post(mine(remark), {"act": "prove"})["Location"] == mine(remark)
    actions.show(remark.pk, version=fresh(remark).version, link=links.way, at=policies.now())

    for address in (NELL, "/tarn/shop/nell-slate/", LIST):
        told = text_of(client.get(address))
        assert f"{LOUD} and warm." in told
        assert "Marigold" in told
        assert "4.0" in told
    assert LOUD not in text_of(client.get("/holm/shop/skarn-peat/"))


@pytest.mark.parametrize("address", [NELL, LIST, FORM, "/tarn/feedback/", "/tarn/kind-words/"])
def test_no_page_has_an_address_of_anybodys_on_it(client, address):
    remark = shown()
    shown("testimonial", email="bob@post.example", online="yes")
    page = client.get(address).content.decode()
    assert "post.example" not in page
    assert str(remark.person_id) not in page


def test_a_page_sent_twice_is_one_review(client):
    told = filled(client)
    answers = [client.post(FORM, told)["Location"] for _ in range(3)]
    assert len(set(answers)) == 1
    assert (Remark.objects.count(), Person.objects.count(), Message.objects.count()) == (1, 1, 1)


def test_known_and_unknown_addresses_get_the_same_answer(client):
    restricted = write(email="bob@post.example").person_id
    Person.objects.filter(pk=restricted).update(flags=1 << 5)
    answers = {
        (answer.status_code, answer["Location"], answer.content)
        for email in ("ada@post.example", "ada@post.example", "bob@post.example", "new@post.example")
        for answer in [client.post(FORM, filled(client, email=email))]
    }
    assert len(answers) == 1
    assert Remark.objects.filter(person_id=restricted).count() == 1


HOSTILE = {
    "too long": "a" * 10_000,
    "null": "a\x00b",
    "turned around": "abc\N{RIGHT-TO-LEFT OVERRIDE}def",
    "a card": "charge 4111-1111-1111-1111 please",
    "an address": "ada@post.example",
}


@pytest.mark.parametrize("field", ["words", "name"])
@pytest.mark.parametrize("what", HOSTILE)
def test_what_cannot_be_taken_changes_nothing_and_says_what_to_do(client, field, what):
    answer = client.post(FORM, filled(client, **{field: HOSTILE[what]}))
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert (Remark.objects.count(), Person.objects.count(), Message.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stars", "0"),
        ("stars", "-1"),
        ("stars", "4 "),
        ("email", "ada"),
        ("email", "a@b\x00.example"),
        ("email", "x" * 400 + "@post.example"),
        ("once", "no"),
        ("words", "  "),
        ("name", ""),
    ],
)
def test_a_field_that_cannot_be_read_is_named_and_the_rest_is_kept(client, field, value):
    answer = client.post(FORM, filled(client, **{field: value}))
    assert answer.status_code == 400
    if field != "words":
        assert f"{LOUD} and warm." in text_of(answer)
    assert Remark.objects.count() == 0


MARKUP = "'\"><script>alert(1)</script>{{ 7|add:7 }}<img src=x onerror=1>"


def test_markup_is_words(client):
    remark = shown(words=MARKUP, name="<b>Ada</b>")
    for address in (NELL, LIST, mine(remark)):
        page = client.get(address).content.decode()
        assert "<script" not in page
        assert "<img src=x" not in page
        assert "<b>Ada" not in page
        assert MARKUP in html.unescape(page)


def test_letters_that_run_the_other_way_turn_nothing_around(client):
    shown(words="مريح جداً", name="נועה")
    page = client.get(LIST).content.decode()
    assert '<p dir="auto">مريح جداً</p>' in page
    assert "<bdi>נועה</bdi>" in page


@pytest.mark.parametrize(
    "address",
    [
        "/tarn/shop/skarn-peat/review/", "/tarn/shop/none/reviews/", "/tarn/stories/none/", "/tarn/said/none/",
        f"/tarn/said/pictures/{UUID(int=7)}/", "/tarn/said/thanks/none/", "/crag/feedback/",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_there(client, address):
    assert client.get(address).status_code == 404


def test_a_brands_own_host_has_the_same_pages_and_a_letter_leads_there(client, settings):
    settings.ALLOWED_HOSTS = ["tarn.example", "holm.example"]
    remark = shown()
    home = links.at_home(remark, policies.archive().in_force(policies.today()))
    assert home.startswith("https://tarn.example/said/")
    for address in ("/shop/nell-olive/reviews/", home.removeprefix("https://tarn.example"), "/shop/nell-olive/"):
        page = client.get(address, headers={"Host": "tarn.example"})
        assert f"{LOUD} and warm." in text_of(page)
        assert '"/tarn/' not in page.content.decode()
        assert client.get(address, headers={"Host": "holm.example"}).status_code == 404
    own = {"Host": "tarn.example"}
    once = re.findall(r'name="once" value="([^"]+)"', client.get("/feedback/", headers=own).content.decode())[0]
    answer = client.post("/feedback/", {"once": once, "words": "Good."}, headers=own)
    assert answer["Location"] == "/said/thanks/testimonial/"


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, "2", "٢", ""])
def test_any_page_number_is_a_page(client, page):
    shown()
    assert client.get(f"{LIST}?page={page}").status_code == 200


def test_a_form_sent_from_elsewhere_is_refused():
    careful = Client(enforce_csrf_checks=True)
    guard = "django.middleware.csrf.CsrfViewMiddleware"
    more = [] if guard in settings.MIDDLEWARE else [guard]
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, *more]):
        told = filled(careful)
        assert careful.post(FORM, told).status_code == 403
        assert Remark.objects.count() == 0
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', careful.get(FORM).content.decode())[0]
        assert careful.post(FORM, told | {"csrfmiddlewaretoken": token}).status_code == 302


@pytest.mark.parametrize("address", [NELL, LIST, "/tarn/kind-words/", STORY])
def test_a_page_to_read_can_only_be_read_sets_no_cookie_and_is_asked_for_again(client, address):
    shown()
    first = client.get(address)
    assert (first.status_code, first["Cache-Control"], dict(first.cookies)) == (200, "no-cache", {})
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert client.post(address).status_code == 405


def test_a_products_page_asks_once_more_than_without_and_once_for_keys_which_makes_five(client):
    def asked():
        client.get(NELL)
        with CaptureQueriesContext(connections["default"]) as one, CaptureQueriesContext(connections["keys"]) as two:
            client.get(NELL)
        assert [q["sql"] for q in one.captured_queries if not q["sql"].startswith("SELECT")] == []
        return len(one), len(two)

    none, _ = asked()
    shown()
    few = asked()
    for number in range(12):
        shown(email=f"p{number}@post.example")
    assert asked() == few == (none + 1, 1) == (4, 1)


def test_many_reviews_are_told_page_by_page(client):
    for number in range(12):
        shown(email=f"p{number}@post.example", words=f"{LOUD} {number:02}", at=NOON - timedelta(days=number))
    pages = [re.findall(rf"{LOUD} \d\d", text_of(client.get(f"{LIST}?page={page}"))) for page in (1, 2, 3)]
    assert pages == [[f"{LOUD} {n:02}" for n in range(10)], [f"{LOUD} 10", f"{LOUD} 11"], []]


# -- comments and feedback ---------------------------------------------------------------------------------------------


def test_a_comment_stands_under_its_story(client):
    assert f'href="{STORY}"' in client.get("/tarn/").content.decode()
    answer = client.post(f"{STORY}comment/", filled(client, f"{STORY}comment/"))
    assert answer["Location"] == "/tarn/said/thanks/comment/"
    remark = Remark.objects.get()
    assert (remark.kind, remark.stars) == ("comment", None)
    actions.prove(remark.pk, at=NOON)
    actions.show(remark.pk, version=remark.version, link=links.way, at=NOON)
    assert LOUD in text_of(client.get(STORY))
    assert LOUD not in text_of(client.get(NELL))


def test_feedback_may_be_nameless_and_then_is_nobodys_mail(client):
    told = filled(client, "/tarn/feedback/", name="", email="", online="no")
    assert client.post("/tarn/feedback/", told)["Location"] == "/tarn/said/thanks/testimonial/"
    assert (Remark.objects.get().state, Identifier.objects.count(), Message.objects.count()) == ("heard", 0, 0)


def test_a_yes_to_being_quoted_needs_a_name_and_an_address_and_says_why(client):
    told = filled(client, "/tarn/feedback/", name="", email="", online="yes")
    answer = client.post("/tarn/feedback/", told)
    assert answer.status_code == 400
    assert "take it back" in text_of(answer)
    assert re.search(r'name="online" value="yes" checked', answer.content.decode())
    assert Remark.objects.count() == 0


def test_a_no_is_as_near_as_a_yes_and_stands_at_first(client):
    page = client.get("/tarn/feedback/").content.decode()
    for medium in rules.MEDIA:
        assert re.findall(rf'name="{medium}" value="(yes|no)"( checked)?', page) == [("yes", ""), ("no", " checked")]


def test_kind_words_are_shown_by_permission_and_go_with_it(client):
    remark = shown("testimonial", online="yes")
    assert LOUD in text_of(client.get("/tarn/kind-words/"))
    assert LOUD not in text_of(client.get("/holm/kind-words/"))
    client.post(mine(remark), {"act": "unquote", "medium": "online"})
    assert LOUD not in text_of(client.get("/tarn/kind-words/"))
    assert not Permission.objects.filter(IN_FORCE).exists()


# -- finding it again --------------------------------------------------------------------------------------------------


def test_a_writer_changes_their_words_and_takes_them_back(client):
    remark = shown()
    told = {"act": "edit", "name": "Marigold", "words": f"{LOUD}, but it shrank.", "stars": "2"}
    assert client.post(mine(remark), told).status_code == 302
    assert (fresh(remark).state, remark.stars) == ("waiting", 2)
    assert LOUD not in text_of(client.get(LIST))
    assert f"{LOUD}, but it shrank." in text_of(client.get(mine(remark)))

    assert client.post(mine(remark), {"act": "withdraw"}).status_code == 302
    page = text_of(client.get(mine(remark)))
    assert "You took this back" in page
    assert LOUD not in page
    assert client.post(mine(remark), {"act": "withdraw"}).status_code == 302  # twice is once
    assert client.post(mine(remark), told).status_code == 409
    list(keep.sweep(policies.now() + timedelta(days=1)))
    assert client.get(mine(remark)).status_code == 404


@pytest.mark.parametrize("told", [{}, {"act": "explode"}, {"act": "unquote", "medium": "sky"}, {"act": "edit"}])
def test_an_act_we_do_not_know_changes_nothing(client, told):
    remark = shown()
    assert client.post(mine(remark), told).status_code in (400, 409)
    assert (fresh(remark).state, remark.version) == ("shown", 1)


def test_a_link_opens_nothing_at_another_brands_shop(client):
    remark = shown()
    assert client.get(mine(remark).replace("/tarn/", "/holm/")).status_code == 404
    assert client.get(mine(remark)[:-2] + "/").status_code == 404


def test_reading_an_own_page_is_on_record_and_changes_nothing(client):
    remark = shown()
    client.get(mine(remark))
    again = fresh(remark)
    assert (again.state, again.version) == ("shown", 1)


# -- pictures ----------------------------------------------------------------------------------------------------------


def with_picture(client, **how):
    client.post(FORM, filled(client, photos=photograph(**how)))
    remark = Remark.objects.get()
    actions.prove(remark.pk, at=policies.now())
    actions.show(remark.pk, version=remark.version, link=links.way, at=policies.now())
    return fresh(remark), f"/tarn/said/pictures/{Photo.objects.get().pk}/"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_served_as_what_it_is_without_its_metadata(client, kind):
    remark, address = with_picture(client, kind=kind, exif=exif(6))
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, f"image/{kind.lower()}")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert HIDDEN not in answer.content
    assert address in client.get(NELL).content.decode()
    assert re.search(rf'src="{address}" width="30" height="40"', client.get(LIST).content.decode())
    assert client.get(address.replace("/tarn/", "/holm/")).status_code == 404
    assert remark.pictures == [[str(Photo.objects.get().pk), 30, 40]]


def test_a_picture_is_not_there_before_its_words_are_shown_nor_after(client):
    client.post(FORM, filled(client, photos=photograph()))
    address = f"/tarn/said/pictures/{Photo.objects.get().pk}/"
    assert client.get(address).status_code == 404
    remark = Remark.objects.get()
    actions.prove(remark.pk, at=policies.now())
    assert client.get(address).status_code == 404
    actions.show(remark.pk, version=remark.version, link=links.way, at=policies.now())
    assert client.get(address).status_code == 200
    client.post(mine(remark), {"act": "withdraw"})
    assert client.get(address).status_code == 404


def test_an_erased_writers_picture_is_gone(client):
    remark, address = with_picture(client)
    erasing.erase(remark.person_id, at=policies.now())
    assert client.get(address).status_code == 404
    assert Photo._base_manager.count() == 0


def test_one_picture_can_be_taken_away_and_another_sent(client):
    remark, address = with_picture(client)
    told = {"act": "edit", "name": "Marigold", "words": "Other.", "stars": "4", "drop": remark.pictures[0][0]}
    client.post(mine(remark), told | {"photos": photograph("PNG")})
    assert len(fresh(remark).pictures) == 1
    actions.show(remark.pk, version=remark.version, link=links.way, at=policies.now())
    assert client.get(address).status_code == 404
    assert client.get(f"/tarn/said/pictures/{remark.pictures[0][0]}/")["Content-Type"] == "image/png"
    list(keep.sweep(policies.now() + timedelta(days=1)))
    assert [str(photo.pk) for photo in Photo.objects.all()] == [fresh(remark).pictures[0][0]]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([SimpleUploadedFile("a.jpg", b"not a picture")], "JPEG, PNG or WebP"),
        ([SimpleUploadedFile("a.svg", b"<svg onload=alert(1)>")], "JPEG, PNG or WebP"),
        ([photograph(), photograph(), photograph()], "Up to 2 pictures"),
        ([SimpleUploadedFile("a.jpg", b"\xff\xd8\xff" + bytes(5_500_000))], "larger than 5 MB"),
        ([SimpleUploadedFile("a.jpg", bytes(12_000_000))], "more than 11 MB"),
    ],
    ids=range(5),
)
def test_a_file_that_cannot_be_taken_is_refused_and_the_words_are_not_lost(client, files, why):
    for file in files:
        file.seek(0)
    answer = client.post(FORM, filled(client, photos=files))
    assert answer.status_code == 400
    assert why in text_of(answer)
    assert f"{LOUD} and warm." in text_of(answer)
    assert (Remark.objects.count(), Photo.objects.count()) == (0, 0)


def test_what_is_sent_never_lies_in_a_file_in_between(client, monkeypatch):
    import tempfile  # noqa: PLC0415

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda *_, **__: pytest.fail("a file in between"))
    big = written(drawn("RGB", 1, 1, 1), "JPEG") + bytes(4_000_000)
    assert client.post(FORM, filled(client, photos=SimpleUploadedFile("a.jpg", big))).status_code == 302
    assert Photo.objects.count() == 1


def test_the_view_of_a_page_is_what_a_door_opened():
    remark = shown()
    (one,) = showing.said("tarn", "nell", "review", at=NOON).shown
    assert one == showing.Shown(remark.pk, "Marigold", f"{LOUD} and warm.", 4, False, NOON, ())
