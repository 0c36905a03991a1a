"""Links that lead away tell nothing about who follows them, and give the other page no hold on ours (R86)."""

import re
from pathlib import Path

import pytest
from django.conf import settings

import troth

ROOT = Path(troth.__file__).parent
TEMPLATES = sorted(ROOT.glob("*/templates/**/*.html"))
ANCHOR = re.compile(r"<(?:a|area|form)\b[^>]*>", re.IGNORECASE | re.DOTALL)
AWAY = re.compile(r"(?:href|action)=\"(?:https?:|//|\{\{\s*[\w.]*(?:_url|\.url|\.page)\s*\}\})")
SAFE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
WHO = re.compile(r"email|phone|person|account|customer|session|token|\bname\b", re.IGNORECASE)


def anchors():
    for path in TEMPLATES:
        text = re.sub(r"\{%.*?%\}", " ", path.read_text(encoding="utf-8"))
        for tag in ANCHOR.findall(text):
            yield path.relative_to(ROOT).as_posix(), tag


def test_there_are_templates_to_look_at():
    assert len(TEMPLATES) > 100
    assert sum(bool(AWAY.search(tag)) for _, tag in anchors()) >= 2


def test_whatever_leads_away_gives_no_hold_on_our_page():
    loose = [
        (where, tag) for where, tag in anchors()
        if (AWAY.search(tag) or "target=" in tag) and not re.search(r'rel="[^"]*\b(?:noopener|noreferrer)\b', tag)
    ]  # fmt: skip

    assert loose == []


def test_no_address_that_leads_away_is_put_together_from_who_somebody_is():
    told = [
        (where, tag)
        for where, tag in anchors()
        if AWAY.search(tag) and WHO.search(tag.partition("?")[2].partition('"')[0])
    ]

    assert told == []


def test_every_page_keeps_its_own_address_to_itself():
    written = [
        value for path in ROOT.rglob("*.py")
        for value in re.findall(r'"Referrer-Policy"\]?\s*[=:,]+\s*"([^"]+)"', path.read_text(encoding="utf-8"))
    ]  # fmt: skip
    in_pages = [
        value for path in TEMPLATES
        for value in re.findall(r'<meta name="referrer" content="([^"]+)"', path.read_text(encoding="utf-8"))
    ]  # fmt: skip

    assert settings.SECURE_REFERRER_POLICY in SAFE
    assert set(written) | set(in_pages) <= SAFE
    assert written


@pytest.mark.parametrize(
    "address", ["/", "/privacy/tarn/", "/privacy/contacts/", "/privacy/law/uk/", "/privacy/tarn/questions/"]
)
def test_a_page_as_it_is_served_holds_to_it(client, address):
    answer = client.get(address)
    away = [tag for tag in ANCHOR.findall(answer.content.decode()) if re.search(r'(?:href|action)="https?://', tag)]

    assert answer["Referrer-Policy"] in SAFE
    assert [tag for tag in away if "noopener" not in tag] == []
