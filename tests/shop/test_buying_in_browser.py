"""Buying in Chromium, with the payment partner as a process of its own: axe on every page, and all of it without script."""

import re

import pytest
from tests.accessibility import barriers
from tests.partners.companies import PENNYFOLD, Sandbox

from troth.shop import links
from troth.shop.actions import load_catalogue
from troth.shop.models import Order, Voucher

pytestmark = [
    pytest.mark.urls("tests.shop.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]


@pytest.fixture
def shops(live_server, tmp_path, settings):
    """The shops, and a partner that tells them by itself what was paid."""
    load_catalogue()
    partner = Sandbox(tmp_path / "partner", f"{live_server.url}/payments/told/")
    partner.start()
    settings.TROTH_PAYMENTS, keys = partner.address, partner.keys
    settings.TROTH_PAYMENTS_KEY, settings.TROTH_PAYMENTS_NOTICES = keys["api"], keys["notices"]
    yield live_server.url
    partner.stop()


def fill_in(page, prefix="to"):
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("Email address", exact=True).fill("ada@post.example")
    page.get_by_label("18 or older").check()
    page.locator(f"#id_{prefix}_street").fill("3 Weir Lane")
    page.locator(f"#id_{prefix}_city").fill("Bath")
    page.locator(f"#id_{prefix}_postcode").fill("BA1 1AA")


def pay(page, look):
    page.get_by_role("link", name="Pay £").click()
    page.locator("input[name=number]").fill(PENNYFOLD["pays"])
    page.locator("input[name=expiry]").fill("05/31")
    page.locator("input[name=cvc]").fill("123")
    page.locator("button").first.click()
    page.wait_for_url("**/order/**")
    going_on = page.get_by_role("button", name=re.compile("Finish the order|Look again"))
    while going_on.count():  # the partner's notice is not here yet, or is being heard at this moment
        going_on.click()
    look("paid")


def buy(page, shops, brand, look):
    """Search, choose, order as a guest, pay, and send it elsewhere."""
    page.goto(f"{shops}/{brand}/basket/")
    look("empty basket")
    page.get_by_role("searchbox").fill("cotton")
    page.get_by_role("searchbox").press("Enter")
    page.locator(".card").filter(has_not_text="Sold out").locator("a").first.click()
    page.locator(".sizes li:not(.gone) label").first.click()
    look("piece")
    page.get_by_role("button", name="Put into the basket").click()
    look("basket")
    page.get_by_role("button", name="Take out").click()
    page.get_by_role("button", name="Put it back").click()
    page.get_by_role("link", name="To the checkout").click()
    page.get_by_role("button", name="Place the order").click()
    look("checkout with gaps")
    fill_in(page)
    page.get_by_label("Message to go with it").fill("With love")
    page.get_by_role("button", name="Place the order").click()
    look("order to pay")
    pay(page, look)
    assert page.locator("h1").inner_text().lower() == "thank you"
    assert page.get_by_text("With love").is_visible()
    page.get_by_role("link", name="Send it elsewhere").click()
    look("address")
    page.locator("#id_to_street").fill("9 Cloth Row")
    page.get_by_role("button", name="Send it there").click()
    assert page.get_by_text("9 Cloth Row").is_visible()


@pytest.mark.parametrize(("brand", "width"), [("tarn", 1280), ("holm", 320), ("skerry", 390)])
def test_a_guest_buys_and_no_page_stands_in_the_way(page, shops, brand, width):
    page.set_viewport_size({"width": width, "height": 900})
    heard = []
    page.on("console", lambda message: heard.append(message.text))

    def look(name):
        page.wait_for_load_state()  # whole, with its style sheet
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert [(name, *one) for one in barriers(page)] == []
        assert (name, page.evaluate("document.documentElement.scrollWidth")) == (name, width)

    buy(page, shops, brand, look)
    for way in ("voucher/", "orders/", "order/x/", "account/cards/"):
        page.goto(f"{shops}/{brand}/{way}")
        look(way)
    assert [text for text in heard if "status of 4" not in text] == []
    assert Order.objects.get().state == "paid"


def test_a_font_that_is_asked_for_early_is_the_one_the_style_sheet_names(page, shops):
    for way in ("/tarn/", "/holm/shop/", "/skerry/basket/"):
        page.goto(f"{shops}{way}")
        page.evaluate("document.fonts.ready")
        early = page.locator("link[rel=preload]").evaluate_all("all => all.map(one => one.href)")
        got = page.evaluate(
            "performance.getEntriesByType('resource').map(one => one.name).filter(n => n.includes('woff'))"
        )
        assert len(early) == 1, way
        assert [one for one in got if one.split("?")[0] == early[0].split("?")[0]] == early, "fetched once"


def test_a_guest_buys_without_script_and_gives_a_voucher(browser, shops):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        buy(page, shops, "tarn", lambda _: None)
        page.goto(f"{shops}/tarn/voucher/")
        page.get_by_label("£50").check()
        page.get_by_label("Their name").fill("Bob")
        page.get_by_label("Their email address").fill("bob@post.example")
        fill_in(page, "bill")
        page.get_by_role("button", name="Buy the voucher").click()
        pay(page, lambda _: None)
        page.goto(f"{shops}/tarn/voucher/{links.key('present', Voucher.objects.get().pk.hex)}/")
        page.get_by_role("button", name="Show the code").click()
        code = page.locator("output").inner_text()
        page.goto(f"{shops}/tarn/shop/nell-olive/")
        page.locator(".sizes li:not(.gone) label").first.click()
        page.get_by_role("button", name="Put into the basket").click()
        page.locator("summary", has_text="Gift voucher").click()
        page.get_by_label("Its code").fill(code)
        page.get_by_role("button", name="Use it").click()
        assert page.get_by_text("up to £50").is_visible()
