from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from troth.vault.errors import BadIdentifier
from troth.vault.models import KINDS
from troth.vault.normal import SHORT, normalise

NO = None
HOSTILE = [
    ("Ada@Post.example", "ada@post.example"),
    (" ada@post.example ", "ada@post.example"),
    ("ada+shop@post.example", "ada+shop@post.example"),
    ("ada.l@post.example", "ada.l@post.example"),
    ("ada@münchen.example", "ada@xn--mnchen-3ya.example"),
    ("ada@xn--mnchen-3ya.example", "ada@xn--mnchen-3ya.example"),
    ("ADA@MÜNCHEN.example", "ada@xn--mnchen-3ya.example"),
    ("zoë@post.example", "zoë@post.example"),
    ("zoe\u0308@post.example", "zoë@post.example"),
    ("аda@post.example", "аda@post.example"),  # a Cyrillic а is another mailbox, not ours to guess
    ("ada@post.exаmple", "ada@post.xn--exmple-4nf"),
    ('"ada lovelace"@post.example', '"ada lovelace"@post.example'),
    ("o'hara@post.example", "o'hara@post.example"),
    ("", NO),
    ("@", NO),
    ("ada", NO),
    ("ada@", NO),
    ("@post.example", NO),
    ("ada@@post.example", NO),
    ("ada@post..example", NO),
    ("ada@-post.example", NO),
    (".ada@post.example", NO),
    ("ada@post.example\r\nBcc: bob@post.example", NO),
    ("ada\x00@post.example", NO),
    ("ada\u202e@post.example", NO),
    ("ada\u200b@post.example", NO),
    ("ada\ud800@post.example", NO),
    ("ada@post.example, bob@post.example", NO),
    ("<ada@post.example>", NO),
    ("a" * 65 + "@post.example", NO),
    ("a" * 10_000 + "@post.example", NO),
    ("ada@[127.0.0.1]", NO),
]


@pytest.mark.parametrize(("given_", "expected"), HOSTILE)
def test_an_address_comes_out_right_or_is_refused_without_being_repeated(given_, expected):
    if expected is not NO:
        assert normalise("email", given_) == expected
        return
    with pytest.raises(BadIdentifier) as refused:
        normalise("email", given_)
    assert "ada" not in str(refused.value)


@pytest.mark.parametrize(
    ("given_", "region", "expected"),
    [
        ("020 7946 0101", "GB", "+442079460101"),
        ("+44 (0)20 7946 0101", "US", "+442079460101"),
        ("0044 20 7946 0101", "GB", "+442079460101"),
        ("(212) 555-0101", "US", "+12125550101"),
        ("٠٢٠ ٧٩٤٦ ٠١٠١", "GB", "+442079460101"),
        ("12", "GB", NO),
        ("not a number", "GB", NO),
        ("+", "GB", NO),
    ],
)
def test_a_number_is_compared_in_its_international_form(given_, region, expected):
    if expected is not NO:
        assert normalise("phone", given_, region) == expected
        return
    with pytest.raises(BadIdentifier):
        normalise("phone", given_, region)


@given(st.sampled_from(sorted(KINDS)), st.text(max_size=40))
def test_whatever_comes_is_normal_the_second_time_or_refused(kind, value):
    try:
        once = normalise(kind, value)
    except BadIdentifier:
        return
    assert normalise(kind, once) == once


@given(st.emails())
def test_every_plain_address_is_one_and_stays_itself(address):
    once = normalise("email", address.upper())
    assert normalise("email", once) == once == normalise("email", address.lower())


def mailbox(address, *, shortcut=True):
    """What an address comes to; None if it cannot be one."""
    with mock.patch("troth.vault.normal.SHORT", SHORT if shortcut else 0):
        try:
            return normalise("email", address)
        except BadIdentifier:
            return None


label = st.from_regex(r"[A-Za-z0-9_+-]{1,12}", fullmatch=True)


@given(st.lists(label, min_size=1, max_size=4), st.lists(label, min_size=1, max_size=5))
@example(["ada"], ["post", "local"])
@example(["ada"], ["post", "LOCALHOST"])
@example(["ada"], ["xn--mnchen-3ya", "example"])
@example(["ada"], ["post", "test"])
@example(["ada"], ["post", "c0m"])
def test_the_usual_address_is_read_at_a_glance_as_the_library_reads_it(local, domain):
    address = f"{'.'.join(local)}@{'.'.join(domain)}"
    assert mailbox(address) == mailbox(address, shortcut=False)


def test_a_usual_address_does_not_need_the_library():
    with mock.patch("email_validator.validate_email", side_effect=AssertionError):
        assert mailbox("Ada.Lovelace+shop@post-office.example") == "ada.lovelace+shop@post-office.example"
