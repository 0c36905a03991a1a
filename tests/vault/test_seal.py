from datetime import date
from decimal import Decimal

import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from troth.vault import seal

KEY, OTHER = seal.PersonKey(b"k" * 32), seal.PersonKey(b"o" * 32)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXT, JSON, max_size=5), st.binary(max_size=60))
def test_what_is_sealed_comes_out_as_it_went_in(values, identity):
    assert seal.unseal(KEY, seal.seal(KEY, values, identity), identity) == values


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_bit_of_a_sealed_column_can_change(place, bit):
    sealed = bytearray(seal.seal(KEY, {"a": "value"}, b"row"))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(ValueError, match="sealed"):
        seal.unseal(KEY, bytes(sealed), b"row")


@pytest.mark.parametrize(("key", "identity"), [(OTHER, b"row"), (KEY, b"row2"), (KEY, b"")])
def test_it_opens_under_no_other_key_and_in_no_other_row(key, identity):
    with pytest.raises(ValueError, match="another row"):
        seal.unseal(key, seal.seal(KEY, {"a": 1}, b"row"), identity)


def test_the_same_value_never_looks_the_same_twice():
    assert seal.seal(KEY, {"a": 1}, b"row") != seal.seal(KEY, {"a": 1}, b"row")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "Zoë 🧥"),
        ("date", date(2024, 2, 29)),
        ("decimal", Decimal("0.10")),
        ("json", {"a": [1, None]}),
        ("bytes", b"\x00\xff"),
    ],
)
def test_each_kind_of_value_keeps_its_type(kind, value):
    pack, unpack = seal.PACK.get(kind, same), seal.UNPACK.get(kind, same)
    opened = unpack(seal.unseal(KEY, seal.seal(KEY, {"v": pack(value)}, b"r"), b"r")["v"])
    assert (opened, type(opened)) == (value, type(value))


def same(value):
    return value


@given(JSON)
def test_json_comes_out_as_it_went_in_and_the_encoder_of_the_rest_changes_nothing_in_it(value):
    sealed = seal.seal(KEY, {"v": seal.PACK["json"](value), "w": value}, b"r")
    assert seal.unseal(KEY, sealed, b"r") == {"v": value, "w": value}


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), {"when": date(2024, 2, 29)}, [Decimal(1)], {"a": b"x"}])
def test_json_refuses_what_would_come_out_as_something_else(value):
    with pytest.raises((TypeError, ValueError)):
        seal.PACK["json"](value)


def test_text_that_is_more_than_text_is_sealed_as_the_text():
    opened = seal.unseal(KEY, seal.seal(KEY, {"v": SafeString("<b>Zoë</b>")}, b"r"), b"r")["v"]
    assert (opened, type(opened)) == ("<b>Zoë</b>", str)
