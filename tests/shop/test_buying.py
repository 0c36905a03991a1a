"""Basket, checkout and order pages as a browser meets them: as a guest, without script."""

import re
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.shop.selling import ADA, once, order, put, variant

from troth.choices.models import Event
from troth.doors import policies
from troth.shop import baskets, checks, links, sending, vouchers
from troth.shop.forms import FORMS, CheckoutForm
from troth.shop.models import Basket, BasketLine, Contest, Order, Product, Return, SavedCard, Variant, Voucher
from troth.vault.models import Identifier, Person

pytestmark = [
    pytest.mark.urls("tests.shop.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
    pytest.mark.usefixtures("shelves"),
]


def text(answer):
    return answer.content.decode()


def paid_order(client, bank, **changed):
    put(client)
    answer = order(client, **changed)
    made = Order.objects.latest("seen_at")
    bank.pay(made.reference)
    client.post(answer["Location"] + "onward/")
    return Order.objects.get(pk=made.pk), answer["Location"]


SIGNED_IN: list[UUID] = []


def signed_in(get_response):
    def handle(request):
        request.person_id = SIGNED_IN[-1]
        return get_response(request)

    return handle


def browser_of(settings, person):
    """A browser somebody is signed in with."""
    SIGNED_IN.append(person)
    settings.MIDDLEWARE = [
        *(m for m in settings.MIDDLEWARE if "signed_in" not in m),
        "tests.shop.test_buying.signed_in",
    ]
    return Client()


# -- the whole way ----------------------------------------------------------------------------------------------------


def test_a_guest_buys_from_the_shelf_to_the_bank_and_back(client, bank):
    put(client, count=2)
    answer = order(client, gift="With love", news="no")
    made = Order.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/tarn/order/{links.key('order', made.number)}/")
    assert (made.state, made.goods, made.delivery, made.by_card) == ("open", 33000, 495, 33495)
    assert "Pay £334.95" in text(client.get(answer["Location"]))

    bank.pay(made.reference)
    back = client.get(f"/tarn/checkout/paid/?payment={made.reference}")
    assert "Finish the order" in text(client.get(back["Location"]))
    assert Order.objects.get().state == "open"  # looking at a page changes nothing
    client.post(answer["Location"] + "onward/")

    page = text(client.get(answer["Location"]))
    assert (Order.objects.get().state, bank.held()) == ("paid", 33495)
    for seen in ("Thank you", "Ada Lovelace", "3 Weir Lane", "BATH", "BA1 1AA", "With love", "£334.95"):
        assert seen in page, seen
    assert "There is nothing in it yet" in text(client.get("/tarn/basket/"))
    assert [(e.kind, e.pattern) for e in Event.objects.all()] == [("refusal", "news:tarn:email")]


def test_silence_about_news_is_no_answer_and_an_unproven_yes_for_a_known_mailbox_is_none(client, bank):
    paid_order(client, bank)
    assert not Event.objects.exists()
    paid_order(client, bank, news="yes")
    assert not Event.objects.exists()
    paid_order(client, bank, news="yes", email="bob@post.example")
    assert [(e.kind, e.pattern) for e in Event.objects.all()] == [("consent", "news:tarn:email")]


def test_a_browser_that_ordered_nothing_is_not_led_to_an_order(client, bank):
    made, _ = paid_order(client, bank)
    stranger = Client().get(f"/tarn/checkout/paid/?payment={made.reference}")
    assert (stranger.status_code, made.number in text(stranger)) == (200, False)
    assert client.get(f"/tarn/checkout/paid/?payment={made.reference}").status_code == 303


# -- the basket -------------------------------------------------------------------------------------------------------


def test_only_a_basket_brings_a_cookie_and_it_says_nothing(client):
    assert not client.get("/tarn/basket/").cookies
    answer = put(client)
    cookie = answer.cookies["basket"]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"], cookie["secure"], cookie["path"]) == (
        30 * 86400,
        True,
        "Lax",
        True,
        "/tarn/",
    )
    assert list(answer.cookies) == ["basket"]
    assert bytes(Basket.objects.get().mark) == baskets.mark(cookie.value)
    assert client.get("/holm/basket/").status_code == 200
    assert "Nell" not in text(client.get("/holm/basket/"))


def test_what_was_taken_out_is_put_back_by_one_press(client):
    put(client, count=3)
    answer = client.post("/tarn/basket/", {"do": "change", "line": BasketLine.objects.get().pk, "remove": "1"})
    page = text(client.get(answer["Location"]))
    assert "Put it back" in page
    again = re.search(r'name="variant" value="(\d+)"><input type="hidden" name="quantity" value="(\d+)"', page)
    assert again
    client.post("/tarn/basket/", {"do": "add", "variant": again[1], "quantity": again[2]})
    assert [(line.variant_id, line.quantity) for line in BasketLine.objects.all()] == [(variant().pk, 3)]


def test_a_price_that_changed_and_a_piece_that_went_are_told_in_the_basket(client):
    put(client)
    Product.objects.filter(slug="nell-olive").update(gbp=17000)
    assert "It costs £170 now; it was £165 when you put it in." in text(client.get("/tarn/basket/"))
    Variant.objects.filter(pk=variant().pk).update(stock=0)
    page = text(client.get("/tarn/basket/"))
    assert "This has sold out meanwhile" in page
    assert "To the checkout" not in page
    assert client.get("/tarn/checkout/")["Location"] == "/tarn/basket/"


@pytest.mark.parametrize(
    "sent",
    [
        {"do": "add", "variant": "0"}, {"do": "add", "variant": "-1"}, {"do": "add", "variant": "9" * 30}, {"do": "add"},
        {"do": "add", "variant": "\x00"}, {"do": "add", "variant": "VARIANT", "quantity": "-3"},
        {"do": "add", "variant": "VARIANT", "quantity": "11"}, {"do": "add", "variant": "VARIANT", "quantity": "1e9"},
        {"do": "add", "variant": "OTHER BRAND"}, {"do": "change", "line": "x", "quantity": "1"}, {"do": "dance"}, {},
        {"do": "voucher", "code": "'\"><script>"}, {"do": "voucher", "code": "\x00" * 10_000},
    ],
)  # fmt: skip
def test_nonsense_sent_to_a_basket_changes_nothing_and_says_what_to_do(client, sent):
    put(client)
    known = {"VARIANT": str(variant().pk), "OTHER BRAND": str(variant("skarn-peat", "M").pk)}
    answer = client.post("/tarn/basket/", {name: known.get(value, value) for name, value in sent.items()})
    assert answer.status_code == 400
    assert "<script" not in text(answer)
    assert [(line.variant_id, line.quantity) for line in BasketLine.objects.all()] == [(variant().pk, 1)]


def test_more_than_there_are_or_than_a_basket_holds_is_told(client):
    Variant.objects.filter(pk=variant().pk).update(stock=4)
    assert "only 4 left" in text(put(client, count=5))
    Variant.objects.filter(pk=variant().pk).update(stock=40)
    put(client, count=10)
    assert (put(client).status_code, BasketLine.objects.get().quantity) == (409, 10)


def test_anothers_basket_cannot_be_touched(client):
    put(client)
    put(Client())
    mine, theirs = BasketLine.objects.order_by("pk")
    client.post("/tarn/basket/", {"do": "change", "line": theirs.pk, "remove": "1"})
    assert set(BasketLine.objects.all()) == {mine, theirs}


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_what_another_site_sends_is_not_done(client, headers):
    put(client)
    answer = client.post("/tarn/basket/", {"do": "add", "variant": variant().pk}, headers=headers)
    assert (answer.status_code, BasketLine.objects.get().quantity) == (403, 1)
    assert (
        client.post(
            "/tarn/basket/",
            {"do": "add", "variant": variant().pk},
            headers={"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"},
        ).status_code
        == 303
    )


# -- how often the database is asked ----------------------------------------------------------------------------------


def asked(client, address):
    client.get(address)
    with CaptureQueriesContext(connections["default"]) as found:
        assert client.get(address).status_code == 200
    sentences = [q["sql"] for q in found.captured_queries]
    assert [
        sql
        for sql in sentences
        if not sql.lstrip().upper().startswith(("SELECT", "BEGIN", 'INSERT INTO "LEDGER', "COMMIT"))
    ] == []
    return len(sentences)


def test_a_basket_and_a_checkout_ask_as_often_for_many_things_as_for_one(client):
    put(client)
    few = asked(client, "/tarn/basket/"), asked(client, "/tarn/checkout/")
    for one in Variant.objects.filter(product__brand="tarn", stock__gt=0)[:12]:
        put(client, one)
    assert (asked(client, "/tarn/basket/"), asked(client, "/tarn/checkout/")) == few
    assert max(few) <= 5


def test_an_order_is_placed_with_a_fixed_number_of_questions(client, bank):
    def placing(lines):
        browser = Client()
        for one in Variant.objects.filter(product__brand="tarn", stock__gt=3)[:lines]:
            put(browser, one)
        page = browser.get("/tarn/checkout/")
        with CaptureQueriesContext(connections["default"]) as found:
            assert (
                browser.post(
                    "/tarn/checkout/", ADA | {"once": once(page), "email": f"a{lines}@post.example"}
                ).status_code
                == 303
            )
        return len(found)

    placing(1)
    assert placing(6) - placing(2) == 4  # one for each size more: nobody else may have it


# -- what is typed wrong ----------------------------------------------------------------------------------------------

NASTY = ["a" * 10_000, "\x00", "\N{RIGHT-TO-LEFT OVERRIDE}Ada", "4111 1111 1111 1111", ""]


@pytest.mark.parametrize("nasty", NASTY, ids=["long", "null", "turned around", "card", "nothing"])
@pytest.mark.parametrize("name", ["name", "email", "to_street", "to_city", "to_postcode", "age_band", "way"])
def test_what_cannot_be_is_told_at_its_place_and_nothing_is_ordered(client, bank, name, nasty):
    put(client)
    answer = order(client, **{name: nasty})
    page = text(answer)
    assert answer.status_code == 400
    assert 'role="alert"' in page
    assert f'id="id_{name}-error"' in page or f'id="{name}-error"' in page or "-error" in page
    assert (Order.objects.count(), Person.objects.count(), BasketLine.objects.count()) == (0, 0, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gift", "my card is 4111111111111111"),
        ("mobile", "123"),
        ("way", "america"),
        ("way", "rocket"),
        ("to_country", "KP"),
        ("once", "short"),
        ("news", "perhaps"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_stored(client, bank, name, value):
    put(client)
    assert order(client, **{name: value}).status_code == 400
    assert (Order.objects.count(), Person.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "name", ["Ада Лавлейс", "آدا لوفليس", "Ada \U0001f98a", "O\N{RIGHT SINGLE QUOTATION MARK}Brien <b>\"'", "नेहा"]
)
def test_names_of_all_kinds_are_names(client, bank, name):
    _, way = paid_order(client, bank, name=name)
    page = text(client.get(way))
    assert name.split()[0] in page
    assert "<b>" not in page.partition("Goes to")[2].partition("</address>")[0]


def test_a_child_is_told_that_a_parent_agrees_first(client, bank):
    put(client)
    answer = order(client, age_band="13")
    assert answer.status_code == 403
    assert "parent" in text(answer)
    assert (Order.objects.count(), Person.objects.count()) == (0, 0)


def test_the_same_page_sent_again_leads_to_the_same_order(client, bank):
    put(client)
    page = client.get("/tarn/checkout/")
    sent = ADA | {"once": once(page)}
    ways = {client.post("/tarn/checkout/", sent)["Location"] for _ in range(3)}
    assert (len(ways), Order.objects.count()) == (1, 1)


# -- nobody else's -----------------------------------------------------------------------------------------------------


def test_another_persons_order_and_none_look_the_same(client, bank, settings):
    made, _ = paid_order(client, bank)
    mine, _ = paid_order(client, bank, email="bob@post.example")
    client = browser_of(settings, mine.person_id)
    nothing = client.get("/tarn/order/NOSUCHONE2/")
    assert nothing.status_code == 404
    ways = ["", "onward/", "cancel/", "address/", "return/", "contest/"]
    for key in (
        made.number,
        links.key("order", made.number)[:-1] + "x",
        links.key("present", made.number),
        "NOSUCHONE2",
    ):
        for way in ways:
            for send in (client.get, client.post):
                answer = send(f"/tarn/order/{key}/{way}")
                assert (key, way, answer.status_code, answer.content == nothing.content) == (key, way, 404, True)
    assert client.get(f"/tarn/order/{mine.number}/").status_code == 200
    assert client.get(f"/holm/order/{mine.number}/").status_code == 404
    listed = text(client.get("/tarn/orders/"))
    assert (mine.number in listed, made.number in listed) == (True, False)


def test_without_signing_in_there_is_no_list_and_no_card(client):
    assert client.get("/tarn/orders/").status_code == client.get("/tarn/account/cards/").status_code == 403


def test_a_kept_card_is_shown_to_its_owner_and_deleted_with_a_receipt(client, bank, settings):
    made, _ = paid_order(client, bank)
    client = browser_of(settings, made.person_id)
    put(client)
    signed = {name: value for name, value in ADA.items() if name not in ("email", "age_band")}
    page = client.get("/tarn/checkout/")
    assert "Keep your card for next time" in text(page)
    client.post("/tarn/checkout/", signed | {"once": once(page), "keep": "yes"})
    made = Order.objects.latest("seen_at")
    bank.pay(made.reference)
    client.post(f"/tarn/order/{made.number}/onward/")
    card = SavedCard.objects.get()
    put(client)
    for page in ("/tarn/account/cards/", "/tarn/checkout/", f"/tarn/order/{made.number}/address/"):
        assert "Visa ending in 4242" in text(client.get(page)), page

    assert browser_of(settings, card.pk).post("/tarn/account/cards/", {"card": card.pk}).status_code == 404
    client = browser_of(settings, made.person_id)
    assert client.post("/tarn/account/cards/", {"card": "x"}).status_code == 404
    assert f"gone-tok-{made.reference}" in text(client.post("/tarn/account/cards/", {"card": card.pk}))
    assert "Visa ending in 4242" not in text(client.get("/tarn/account/cards/"))


# -- an order's own page -------------------------------------------------------------------------------------------------


def test_an_order_is_sent_elsewhere_and_then_cancelled_on_its_page(client, bank):
    made, way = paid_order(client, bank)
    page = client.get(f"{way}address/")
    assert "3 Weir Lane" in text(page)
    answer = client.post(
        f"{way}address/",
        {
            "name": "Ada",
            "same": "keep",
            "to_country": "GB",
            "to_street": "9 Cloth Row",
            "to_city": "Bath",
            "to_postcode": "BA1 1AA",
        },
    )
    assert answer.status_code == 303
    assert "9 Cloth Row" in text(client.get(way))
    assert (Order.objects.get().state, Order.objects.get().round) == ("paid", 2)
    assert client.post(f"{way}address/", {"name": "", "same": "keep"}).status_code == 400
    client.post(f"{way}cancel/")
    assert (Order.objects.get().state, bank.held()) == ("cancelled", 0)
    assert client.post(f"{way}cancel/").status_code == 409
    assert made.number in text(client.get(way))


def test_a_doubt_is_explained_and_heard(client, bank):
    Variant.objects.filter(pk=variant().pk).update(stock=9)
    made, _ = paid_order(client, bank)
    last, way = [paid_order(client, bank) for _ in range(4)][-1]
    assert last.state == "review"
    page = text(client.get(way))
    assert "There were several orders within a day." in page
    client.post(f"{way}contest/", {"words": "They are all presents."})
    client.post(f"{way}contest/", {"words": "They are all presents, really."})
    assert Contest.objects.count() == 1
    assert "A person reads it and answers you" in text(client.get(f"{way}?heard=1"))
    assert client.post(f"{way}contest/", {"words": ""}).status_code == 400
    assert client.post(f"/tarn/order/{links.key('order', made.number)}/contest/", {"words": "x"}).status_code == 409


def test_something_is_sent_back_from_the_page(client, bank, selling):
    made, way = paid_order(client, bank)
    sending.dispatch(made, policies.now())
    assert "Send back" in text(client.get(way))
    assert client.post(f"{way}return/", {"place": "0", "quantity": "1"}).status_code == 303
    assert client.post(f"{way}return/", {"place": "7", "quantity": "1"}).status_code == 409
    assert client.post(f"{way}return/", {"place": "x", "quantity": "-1"}).status_code == 400
    assert "Waiting for it to arrive" in text(client.get(way))
    assert Return.objects.count() == 1


# -- what the partner tells us ---------------------------------------------------------------------------------------


def test_a_notice_is_asked_about_and_told_again_does_nothing_more(client, bank):
    put(client)
    order(client)
    made = Order.objects.get()
    bank.pay(made.reference)
    for _ in range(3):
        answer = client.post(
            "/payments/told/",
            str(made.reference).encode(),
            content_type="application/json",
            headers={"Pennyfold-Signature": "good"},
        )
        assert answer.status_code == 204
    assert (Order.objects.get().state, bank.calls.count("charge")) == ("paid", 1)


def test_a_notice_nobody_signed_or_of_an_unknown_payment_does_nothing(client, bank):
    put(client)
    order(client)
    made = Order.objects.get()
    bank.pay(made.reference)
    assert client.post("/payments/told/", str(made.reference).encode(), content_type="text/plain").status_code == 400
    unknown = client.post(
        "/payments/told/", b"pay-99", content_type="text/plain", headers={"Pennyfold-Signature": "good"}
    )
    assert (unknown.status_code, Order.objects.get().state) == (503, "open")


# -- forms and bytes -----------------------------------------------------------------------------------------------------


def test_no_form_asks_for_more_than_the_policy_says():
    assert checks.forms_fit() == []


@pytest.mark.parametrize("form", FORMS)
def test_a_wider_form_is_found(form, monkeypatch, today):
    compiled = policies.archive().in_force(today)
    items = dict(form.items)
    monkeypatch.setattr(form, "items", items | {next(iter(items)): "birth_date"})
    assert [m.id for m in checks.problems(form, compiled)][:1] == ["troth.E007"]
    monkeypatch.setattr(form, "items", items)
    monkeypatch.setattr(form, "offers", {"news": "profile"})
    monkeypatch.setattr(form, "technical", form.technical | {"keep", "news"})
    assert any("not offered" in m.msg for m in checks.problems(form, compiled))


def test_the_checkout_page_says_what_it_asks_and_that_a_machine_looks(client):
    put(client)
    page = text(client.get("/tarn/checkout/"))
    told = policies.archive().in_force(policies.today()).policy
    for purpose in told.sources["order"].forms["checkout"].purposes:
        assert told.purposes[purpose].say in page
    assert told.purposes["screen"].logic in page
    assert page.count("checked") == 2  # the delivery and the billing address; no answer to a question of ours
    assert re.findall(r'name="(?:news|age_band)"[^>]* checked', page) == []
    assert CheckoutForm.offers == {"news": "news", "keep": "keep_card"}


CANARIES = (
    "Zebulon Quillfeather",
    "Zebulon",
    "Quillfeather",
    "zq.canary@post.example",
    "zq.canary",
    "17 Canarywharfage Row",
    "Canarywharfage",
    "Marmaladeish",
)


def test_no_byte_of_an_order_lies_in_the_clear(client, bank, settings):
    paid_order(client, bank, name=CANARIES[0], email=CANARIES[3], to_street=CANARIES[5], gift="A Marmaladeish gift")
    if connections["default"].vendor != "sqlite":
        pytest.skip("reads SQLite's files")
    folder = Path(connections["default"].settings_dict["NAME"]).parent
    files = [path for path in folder.iterdir() if path.is_file()]
    assert any(path.stat().st_size > 100_000 for path in files)
    for path in files:
        content = path.read_bytes()
        for canary in CANARIES:
            for encoding in ("utf-8", "utf-16-le", "utf-32-le"):
                for form in (canary, canary.lower(), canary.upper()):
                    assert form.encode(encoding) not in content, (path.name, canary)


# -- vouchers ---------------------------------------------------------------------------------------------------------

GIVE = {
    "worth": "5000",
    "their_name": "Bob Babbage",
    "their_email": "bob@post.example",
    "gift": "Happy birthday",
    "name": "Ada Lovelace",
    "email": "ada@post.example",
    "age_band": "18",
    "bill_country": "GB",
    "bill_street": "3 Weir Lane",
    "bill_city": "Bath",
    "bill_postcode": "BA1 1AA",
}


def given(client, bank):
    page = client.get("/tarn/voucher/")
    answer = client.post("/tarn/voucher/", GIVE | {"once": once(page)})
    bank.pay(Order.objects.get().reference)
    client.post(answer["Location"] + "onward/")
    return Voucher.objects.get()


def test_a_voucher_is_given_shown_once_and_pays_its_part(client, bank):
    voucher = given(client, bank)
    way = f"/tarn/voucher/{links.key('present', voucher.pk.hex)}/"
    page = text(Client().get(way))
    assert all(seen in page for seen in ("£50", "From Ada Lovelace", "Happy birthday"))
    shown = re.search(r"<output>([A-Z0-9-]{19})</output>", text(Client().post(way)))
    assert shown
    assert shown[1] not in text(Client().get(way))

    buyer = Client()
    put(buyer)
    assert buyer.post("/tarn/basket/", {"do": "voucher", "code": shown[1].lower().replace("-", " ")}).status_code == 303
    assert "£50" in text(buyer.get("/tarn/basket/"))
    order(buyer, email="carol@post.example")
    made = Order.objects.exclude(kind="voucher").get()
    assert (made.by_voucher, made.by_card, made.total) == (5000, 11995, 16995)
    voucher.refresh_from_db()
    assert (voucher.left, vouchers.balance(voucher)) == (0, 0)
    assert Person.objects.count() == 3
    assert {row.source for row in Identifier.objects.all()} == {"voucher", "gift", "order"}


def test_a_code_of_another_voucher_currency_or_day_pays_nothing(client, bank, today):
    voucher = given(client, bank)
    code = vouchers.show_code(voucher, policies.now())
    assert vouchers.find(code, "GBP", today) == voucher
    assert vouchers.find(code, "EUR", today) is None
    assert vouchers.find(code, "GBP", voucher.expires_on.replace(year=2040)) is None
    fresh = vouchers.show_code(voucher, policies.now())
    assert (vouchers.find(code, "GBP", today), vouchers.find(fresh, "GBP", today)) == (None, voucher)
    assert Client().get(f"/tarn/voucher/{links.key('present', 'f' * 32)}/").status_code == 404
    assert Client().get("/tarn/voucher/x/").status_code == 404


@pytest.mark.parametrize("name", ["worth", "their_name", "their_email", "name", "email", "age_band", "bill_street"])
def test_a_voucher_with_a_gap_is_not_sold(client, bank, name):
    page = client.get("/tarn/voucher/")
    answer = client.post("/tarn/voucher/", GIVE | {"once": once(page), name: ""})
    assert (answer.status_code, Order.objects.count(), Person.objects.count()) == (400, 0, 0)
