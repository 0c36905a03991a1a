"""A crawl finds each thing that is planted in a shop, by name, and nothing in one that keeps to the policy."""

import json
import re

import pytest
from tests.conftest import CHROMIUM_ARGS
from tests.crawl.shop import served

from troth.site import crawling
from troth.site.cli import parser

ADA = "ada@post.example"
# What is planted: the kind of finding, the kind of thing, and how the thing is called at its end.
PLANTED = [
    ("undeclared", "cookie", "shadow"),
    ("early", "cookie", "visit"),
    ("despite a no", "cookie", "look"),
    ("despite the signal", "cookie", "click"),
    ("too long", "cookie", "basket"),
    ("too long", "cookie", "route"),
    ("not ours", "cookie", "interest"),
    ("undeclared", "storage", "ghost"),
    ("undeclared", "storage", "echo"),
    ("undeclared", "storage", "cellar"),
    ("undeclared", "storage", "larder"),
    ("undeclared", "worker", "/sw.js"),
    ("undeclared", "script", "/lib.js"),
    ("undeclared", "pixel", "/dot.gif"),
    ("undeclared", "frame", "/frame"),
    ("undeclared", "request", "/collect"),
    ("undeclared", "request", "/sock"),
    ("early", "pixel", "/advert.gif"),
    ("identity", "address", "/?email=…"),
    ("identity", "address", "/sync?x=…"),
    ("identity", "address", "/out?customer_id=…"),
    ("loose referrer", "page", "/spoken"),
    ("opener", "link", "/window"),
    ("no refuse", "panel", "Accept all"),
    ("unequal", "panel", "Refuse all"),
    ("ticked", "panel", "Partners"),
    ("asked again", "panel", ""),
    ("no forgotten", "cookie", "choices"),
    ("no way back", "panel", ""),
    ("gpc unsaid", "page", "/.well-known/gpc.json"),
]  # fmt: skip


def crawled(start, out, *more):
    """Crawl as the command does; returns its exit code. The browser speaks to this machine only."""
    words = [
        "crawl",
        start,
        "--brand",
        "tarn",
        "--on",
        "2026-11-26",
        "--wait",
        "0.25",
        "--json",
        "--out",
        str(out),
        *more,
    ]
    return crawling.run(parser().parse_args(words), tuple(CHROMIUM_ARGS))


@pytest.fixture(scope="module")
def told(tmp_path_factory, chromium):
    """What a crawl of the bad shop says: its exit code, its JSON, its page."""
    out = tmp_path_factory.mktemp("crawl") / "report.html"
    with served(clean=False) as start, pytest.MonkeyPatch.context() as patch:
        said: list[object] = []
        patch.setattr("troth.site.commands.print_json", said.append)
        code = crawled(start, out)
    return code, json.loads(json.dumps(said[0])), out.read_text(encoding="utf-8")


@pytest.mark.parametrize(("code", "kind", "ends"), PLANTED)
def test_each_planted_thing_is_found_by_its_name(told, code, kind, ends):
    found = [one for one in told[1]["findings"] if (one["code"], one["kind"]) == (code, kind)]

    assert [one["name"] for one in found if one["name"].endswith(ends)], [one["name"] for one in found]


def test_nothing_else_is_found_and_a_crawl_that_finds_something_says_so(told):
    code, said, _ = told
    found = [(one["code"], one["kind"], one["name"]) for one in said["findings"]]

    stray = [one for one in found if not any(one[:2] == plant[:2] and one[2].endswith(plant[2]) for plant in PLANTED)]
    # the address with an identity in it is undeclared as well
    assert stray == [("undeclared", "pixel", one[2]) for one in stray if one[2].endswith("/sync")]
    assert code == 1


def test_a_thing_is_told_once_with_every_stage_it_was_seen_at(told):
    shadow = [one for one in told[1]["findings"] if one["name"] == "shadow"]

    assert [one["stages"] for one in shadow] == [["before", "refused", "accepted", "signal"]]


def test_a_report_holds_no_value_and_asks_nobody_for_anything(told):
    _, said, page = told
    pictures = re.findall(r'src="(data:image/jpeg;base64,[^"]{1000,})"', page)

    for value in (ADA, "q7w8e9r0t1y2u3", "ada%40post"):
        assert value not in page
        assert value not in json.dumps(said)
    assert len(pictures) == 4
    assert re.findall(r'(?:src|href)="(?!data:|#)([^"]+)"', page) == []
    assert "<script" not in page


def test_a_shop_that_keeps_to_the_policy_is_clean(tmp_path, chromium, capsys):
    with served(clean=True) as start:
        code = crawled(start, tmp_path / "report.html")

    said = json.loads(capsys.readouterr().out)
    assert said["findings"] == []
    assert code == 0
    assert {one["name"]: one["stages"] for one in said["seen"]} == {
        "choices": ["refused", "accepted"],
        "basket": ["before", "refused", "accepted", "signal"],
        "click": ["accepted"],
        said["seen"][-1]["name"]: ["accepted"],  # the advert's pixel
    }
    assert "All is as the policy says" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["shop.example"], "write it as https://shop.example/"),
        (["ftp://shop.example/"], "write it as https://shop.example/"),
        (["http://shop.localhost:9/", "--brand", "nosuch"], 'There is no brand "nosuch"'),
        (["http://shop.localhost:9/", "--region", "mars"], 'There is no region "mars"'),
        (["http://shop.localhost:9/", "--on", "tomorrow"], "is not a day"),
        (["http://shop.localhost:9/", "--policy", "2001-01-01"], "No version 2001-01-01"),
        (["http://shop.localhost:9/"], "could not be opened"),
    ],
)
def test_what_cannot_be_looked_at_is_said_in_one_sentence(words, says, capsys, chromium):
    from troth.site.cli import main  # noqa: PLC0415

    assert main(["crawl", *words]) == 2
    assert says in capsys.readouterr().err


def test_without_a_browser_it_says_how_to_get_one(monkeypatch, capsys):
    from troth.site.cli import main  # noqa: PLC0415

    monkeypatch.setitem(__import__("sys").modules, "playwright.sync_api", None)

    assert main(["crawl", "http://shop.localhost:9/"]) == 2
    assert 'pip install "troth[crawl]"' in capsys.readouterr().err
