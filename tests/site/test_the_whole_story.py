"""The whole house by keyboard alone: refuse, see, correct, take away, hold a receipt that holds offline, be forgotten."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from tests.accounts.conftest import ADA, GOOD, Mail
from tests.ledger.verifier import holds

from troth.doors import policies
from troth.rights import doing
from troth.shop.actions import load_catalogue
from troth.vault import identity
from troth.vault.models import Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
STRANGER = "bob.canary@post.example"


class Clock:
    """The real time, or so many days later."""

    days = 0

    @property
    def at(self):
        return NOW() + timedelta(days=self.days)


NOW = policies.now


def reach(page, locator):
    """Go there by the Tab key; fails where the keyboard cannot."""
    locator.wait_for()
    for _ in range(150):
        if locator.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard never reaches {locator}")


def press(page, name, role="button"):
    """Press what leads to another page, and wait for that."""
    reach(page, page.get_by_role(role, name=name).first)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def press_here(page, name):
    reach(page, page.get_by_role("button", name=name))
    page.keyboard.press("Enter")


def typed(page, label, text):
    reach(page, page.get_by_label(label, exact=True))
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(text)


def test_a_shopper_refuses_sees_corrects_takes_away_is_forgotten_and_holds_a_receipt(page, live_server):  # noqa: PLR0915 -- one story from top to bottom
    load_catalogue()
    clock = Clock()
    mail, home = Mail(clock), live_server.url.replace("127.0.0.1", "localhost") + "/tarn"
    neighbour = identity.new(on=policies.today(), residence="GB", age=40).pk

    # refuse everything, before anything is known
    page.goto(f"{home}/")
    press(page, "Refuse all")
    assert not page.get_by_role("button", name="Refuse all").count()
    assert {one["name"] for one in page.context.cookies()} == {"choices"}

    # an account, from the mailbox
    page.goto(f"{home}/account/register/")
    typed(page, "Email address", ADA)
    reach(page, page.get_by_role("radio").first)
    while not page.get_by_label("18 or older").is_checked():
        page.keyboard.press("ArrowDown")
    press(page, "Send me the link")
    page.goto(mail.link(ADA))
    typed(page, "Your name", "Ada Canary")
    typed(page, "Choose a password", GOOD)
    press(page, "Open the account")
    ada = identity.find("email", ADA)
    assert ada

    # correct what we hold, and see it
    page.goto(f"{home}/account/details/")
    typed(page, "Name", "Ada Lovelace")
    press(page, "Save")
    page.goto(f"{home}/account/")
    press(page, "What we hold about you", "link")
    held = page.locator("main").inner_text()
    assert "Ada Lovelace" in held
    assert "Ada Canary" not in held
    assert ADA in held
    assert STRANGER not in held

    # take it away
    with page.expect_download() as waiting:
        press_here(page, "Take a copy")
    copy = zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes()))
    data = json.loads(copy.read("data.json"))
    receipts = [name for name in copy.namelist() if name.startswith("receipts/")]
    assert data["person"] == str(ada)
    assert "Ada Lovelace" in copy.read("data.html").decode()
    one = copy.read(receipts[-1]).decode()
    assert holds(one, json.loads(one)["key"])

    # stop everything, and hold the receipt of it
    page.goto(f"{home}/account/choices/")
    press(page, "Stop everything")
    assert page.get_by_text("Saved", exact=False).count()
    page.goto(f"{live_server.url}/receipts/")
    reach(page, page.locator("#receipt-text"))
    page.keyboard.insert_text(one)
    page.context.set_offline(True)
    press_here(page, "Check it")
    page.locator("#receipt-result h2").wait_for()
    assert "holds" in page.locator("#receipt-result").inner_text().lower()
    page.context.set_offline(False)

    # be forgotten: shown before, planned, and done when its day has come
    page.goto(f"{home}/account/data/forget/")
    reach(page, page.get_by_label("I am sure"))
    page.keyboard.press("Space")
    press(page, "Plan the erasure")
    assert Person.objects.filter(pk=ada).exists()
    clock.days = 8
    doing.upkeep(clock.at)
    assert not Person.objects.filter(pk=ada).exists()
    assert identity.find("email", ADA) is None
    assert Person.objects.filter(pk=neighbour).exists()
