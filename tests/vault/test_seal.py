from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.vault import seal

KEY, OTHER = seal.PersonKey(b"k" * 32), seal.PersonKey(b"o" * 32)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
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
    packed = seal.unseal(KEY, seal.seal(KEY, {"v": seal.PACK[kind](value)}, b"r"), b"r")["v"]
    opened = seal.UNPACK[kind](packed)
    assert (opened, type(opened)) == (value, type(value))
