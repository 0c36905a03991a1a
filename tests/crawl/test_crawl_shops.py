"""Our own shops, crawled as anybody's: nothing is there that the policy does not say, before, after or beside a choice."""

import json

import pytest
from tests.crawl.test_crawl_sites import crawled

from troth.shop.actions import load_catalogue

pytestmark = [pytest.mark.django_db(databases=["default", "keys"], transaction=True)]


@pytest.fixture
def shops(live_server, settings):
    settings.TROTH_DEMO = True  # as over http: a browser keeps no Secure cookie there
    load_catalogue()
    return live_server.url


@pytest.mark.parametrize(("brand", "pages"), [("tarn", 5), ("skerry", 2)])
def test_our_shops_do_what_the_policy_says(shops, brand, pages, tmp_path, capsys, chromium):
    code = crawled(f"{shops}/{brand}/", tmp_path / "report.html", "--brand", brand, "--pages", str(pages))

    said = json.loads(capsys.readouterr().out)
    assert [(one["code"], one["say"], one["page"]) for one in said["findings"]] == []
    assert (code, said["notes"], len(said["pages"])) == (0, [], pages)
    assert {one["name"]: one["stages"] for one in said["seen"]}["choices"] == ["refused", "accepted"]
    assert [one for one in said["seen"] if one["kind"] != "cookie"] == []
