import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.vault.errors import BadIdentifier
from troth.vault.models import KINDS
from troth.vault.normal import normalise

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
