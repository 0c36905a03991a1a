"""The pages of a campaign as a reader and a marketer see them: whole, without script, and by everybody."""

import pytest
from django.test import Client
from tests.accessibility import barriers
from tests.desk.test_marketer import begun, steps
from tests.marketing.campaigning import Network, going, part, reader, says

from troth.accounts import sessions
from troth.care.actions import appoint
from troth.choices.models import Event
from troth.doors import policies
from troth.doors.declare import job
from troth.marketing import release

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


def look(page, name):
    page.wait_for_load_state()
    for width in (1200, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert [(name, *one) for one in barriers(page)] == []
        assert (name, page.evaluate("document.documentElement.scrollWidth")) == (name, width)
    page.set_viewport_size({"width": 1200, "height": 800})


def test_a_reader_asks_why_and_stops_it_with_one_tap(page, live_server):
    person = reader()
    one, post = going(), Network()
    release.run(one, post)
    text = post.came[0].content["text"]
    page.goto(f"{live_server.url}/tarn{part(r'https://tarn.example(/stop/.+)', text)}")
    look(page, "stop")
    page.goto(f"{live_server.url}/tarn{part(r'https://tarn.example(/why/.+)', text)}")
    look(page, "why")
    page.get_by_role("button", name="Stop these").click()
    look(page, "stopped")

    assert page.get_by_role("status").inner_text().startswith("Tarn: do not send me your own news by email")
    assert Event.objects.get(person_id=person.pk, kind="objection").pattern == "news:tarn:email"
    assert page.context.cookies() == []


def test_a_marketer_sees_before_and_after(page, live_server):
    for _ in range(4):
        reader()
    says("refusal", "news", person=reader())
    agent, client = reader(()), Client()
    appoint(agent.pk, "marketer", policies.now())
    with job("sign_in"):
        request = type("R", (), {"headers": {}, "COOKIES": {}, "META": {}, "session": None})()
        token = sessions.begin(request, agent.pk, "tarn", policies.now())
    client.cookies[sessions.COOKIE] = token
    address = live_server.url.replace("http:", "https:")
    page.context.add_cookies([{"name": sessions.COOKIE, "value": token, "url": address}])
    way = begun(client)
    page.goto(live_server.url + way)
    look(page, "draft")
    steps(client, way, "edit", "check", "freeze")
    page.goto(live_server.url + way)
    look(page, "ready")
    assert "4 may receive it" in page.inner_text("main")
    page.get_by_role("button", name="Send it").click()
    look(page, "sending")
    page.goto(f"{live_server.url}/desk/campaigns/")
    look(page, "list")
