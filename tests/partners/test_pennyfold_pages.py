"""The partner's pages in Chromium: for keyboards, screen readers, narrow windows and large letters; without script."""

import pytest
from tests.accessibility import barriers

from .companies import PENNYFOLD, Quiet, serving
from .conftest import ask


@pytest.fixture
def shop():
    """A shop for the shopper to come back to, on an origin of its own."""

    class Shop(Quiet):
        def do_GET(self):  # noqa: N802 -- the standard library's name
            self.say(200, b"<!doctype html><html lang=en><title>Tarn</title><h1>Thank you</h1>", "text/html")

    with serving(Shop) as address:
        yield f"{address}/tarn/paid/?step=3"


@pytest.fixture
def begin(pennyfold, shop):
    return lambda **changed: pennyfold.adapter.fields(ask(back=shop, **changed))


@pytest.fixture
def pages(pennyfold, begin):
    """Every page a shopper can come to, with what is pressed there first."""
    partner, shopper = pennyfold.adapter, pennyfold.shopper
    first = begin(keep=True)
    shopper.pay(first)
    token = partner.keep(first.reference).token
    declined, asked, gone, closed = begin(), begin(), begin(), begin()
    shopper.pay(declined, "declines")
    shopper.post(asked.address, card="typed", number=PENNYFOLD["asks"], expiry="05/31", cvc="123")
    shopper.leave(gone)
    partner.release(closed.reference, "release-1" + closed.reference)
    return {
        "card": begin(keep=True).address,
        "wrong": begin().address,
        "kept": begin(token=token).address,
        "declined": declined.address,
        "bank": f"{asked.address}/bank",
        "authorised": first.address,
        "gone": gone.address,
        "closed": closed.address,
        "nowhere": first.address + "x",
    }


def show(page, name, address):
    page.goto(address)
    if name == "wrong":
        fill(page, "4242424242424241", expiry="05/20", cvc="")


def fill(page, number, expiry="05 / 31", cvc="123"):
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry date").fill(expiry)
    page.get_by_label("Security code").fill(cvc)
    with page.expect_navigation():  # whole, with its style sheet
        page.get_by_role("button", name="Pay £148.50", exact=True).click()


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_of_the_partner_stands_in_anyones_way(page, pages, width):
    page.set_viewport_size({"width": width, "height": 900})
    for name in pages if width > 1000 else ("wrong", "kept", "bank"):
        show(page, name, pages[name])
        assert [(name, *one) for one in barriers(page)] == []


@pytest.mark.parametrize(("width", "letters"), [(320, 16), (768, 16), (640, 32)])
def test_no_page_of_the_partner_needs_to_be_pushed_sideways(page, pages, width, letters):
    page.set_viewport_size({"width": width, "height": 800})
    for name, address in pages.items():
        show(page, name, address)
        page.evaluate(f"document.documentElement.style.fontSize = '{letters}px'")
        assert (name, page.evaluate("document.documentElement.scrollWidth")) == (name, width)


def test_no_page_of_the_partner_runs_script_complains_or_is_kept_by_the_browser(page, pages):
    heard = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda problem: heard.append(str(problem)))
    for name, address in pages.items():
        show(page, name, address)
        assert page.locator("script").count() == 0
    assert [text for text in heard if "status of 4" not in text] == []
    for address in pages.values():
        answer = page.request.get(address)
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers


def test_a_shopper_pays_and_is_back_at_the_shop(page, pennyfold, begin, shop):
    session = begin()
    page.goto(session.address)
    assert page.get_by_text("£148.50", exact=True).is_visible()
    fill(page, "4242 4242 4242 4242")
    page.wait_for_url(f"{shop}&payment={session.reference}")
    assert page.get_by_role("heading").inner_text() == "Thank you"
    assert pennyfold.adapter.payment(session.reference).state == "authorised"


def test_a_keyboard_alone_pays_and_answers_the_bank(page, pennyfold, begin, shop):
    session = begin()
    page.goto(session.address)
    for typed in (PENNYFOLD["asks"], "05/31", "123"):
        page.keyboard.press("Tab")
        page.keyboard.type(typed)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/bank")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Yes, it is me"
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shop}&payment=*")
    assert pennyfold.adapter.payment(session.reference).state == "authorised"


def test_everything_at_the_partner_works_without_script(browser, pennyfold, begin, shop):
    session = begin(keep=True)
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(session.address)
        fill(page, "4242424242424241", expiry="05/31")
        assert page.get_by_label("Card number").get_attribute("aria-invalid") == "true"
        assert page.get_by_label("Expiry date").input_value() == "05/31"
        assert page.get_by_label("Card number").input_value() == ""
        fill(page, PENNYFOLD["declines"])
        assert "declined this card" in page.get_by_role("alert").inner_text()
        fill(page, PENNYFOLD["asks"])
        page.get_by_role("button", name="No, it is not me").click()
        assert "not you" in page.get_by_role("alert").inner_text()
        fill(page, PENNYFOLD["asks"])
        page.get_by_role("button", name="Yes, it is me").click()
        page.wait_for_url(f"{shop}&payment=*")
        kept = pennyfold.adapter.keep(session.reference)
        page.goto(begin(token=kept.token).address)
        page.get_by_role("button", name="Pay £148.50 with this card").click()
        page.get_by_role("button", name="Yes, it is me").click()
        page.wait_for_url(f"{shop}&payment=*")


def test_after_five_cards_that_fail_the_shopper_is_back_at_the_shop(page, pennyfold, begin, shop):
    session = begin()
    page.goto(session.address)
    for number in ("4000000000009995", "4000000000000002", "4000000000000069", "4000000000000002", "4000000000009995"):
        fill(page, number)
    page.wait_for_url(f"{shop}&payment=*")
    made = pennyfold.adapter.payment(session.reference)
    assert (made.state, made.because) == ("declined", "There is too little money on this card's account.")


def test_no_is_as_easy_as_yes(page, pages, begin, shop):
    page.goto(pages["bank"])
    yes, no = (page.get_by_role("button", name=name).bounding_box() for name in ("Yes", "No, it"))
    assert (yes["width"], yes["height"], yes["y"]) == (no["width"], no["height"], no["y"])
    page.goto(begin().address)
    pay, back = (page.get_by_role("button", name=name).bounding_box() for name in ("Pay £", "Go back"))
    assert (pay["width"], pay["height"]) == (back["width"], back["height"])
    page.get_by_role("button", name="Go back without paying").click()
    page.wait_for_url(f"{shop}&payment=*")


def test_the_cards_to_rehearse_with_stand_on_the_page_and_do_what_it_says(page, pennyfold, begin):
    page.goto(begin().address)
    numbers = page.locator("aside code").all_inner_texts()
    says = page.locator("aside td").all_inner_texts()
    assert len(numbers) == 6
    for number, said in zip(numbers, says, strict=True):
        session = begin()
        answer = pennyfold.shopper.post(session.address, card="typed", number=number, expiry="05/31", cvc="123")
        state = pennyfold.adapter.payment(session.reference).state
        where = answer.headers["Location"]
        expected = {"is paid": ("authorised", False), "the bank asks first": ("open", True)}.get(said, ("open", False))
        assert (state, where.endswith("/bank")) == expected
