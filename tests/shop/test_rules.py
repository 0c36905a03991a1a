"""What things cost, how words are folded, what an address may ask for. No database."""

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from troth.shop.rules import DEAREST, LONGEST_WORD, MOST_WORDS, Filters, Known, asked, filters, money, tag, words

KNOWN = Known({"dresses": "Dresses", "t-shirts": "T-shirts"}, ("green", "red"), ("8", "10", "One size"))


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (0, "GBP", "£0"),
        (5, "GBP", "£0.05"),
        (1250, "EUR", "€12.50"),
        (18500, "USD", "$185"),
        (123_456_700, "GBP", "£1,234,567"),
    ],
)
def test_money_is_written_as_on_a_price_tag(minor, currency, said):
    assert tag(money(minor, currency)) == said


@given(st.text())
def test_words_are_lower_case_letters_and_digits_and_nothing_else(text):
    assert all(word.isalnum() for word in words(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dress", "Dresses"), ("crepe", "CRÊPE"), ("jean", "jeans"), ("accessory", "accessories"), ("shoe", "shoes"),
        ("brush", "brushes"), ("patch", "patches"), ("box", "boxes"), ("holm\N{RIGHT SINGLE QUOTATION MARK}s", "Holms"), ("T-shirt", "t shirts"), ("glass", "glasses"),
    ],
)  # fmt: skip
def test_one_and_many_accents_and_capitals_are_the_same_word(one, other):
    assert words(one) == words(other)


@pytest.mark.parametrize(("one", "other"), [("dress", "dry"), ("bus", "but"), ("hat", "chat"), ("as", "a")])
def test_different_words_stay_different(one, other):
    assert words(one) != words(other)


@given(st.text())
def test_a_question_is_short_and_plain_or_none_at_all(text):
    found = asked(text)
    assert found is None or (len(found) <= MOST_WORDS and all(w.isascii() and len(w) <= LONGEST_WORD for w in found))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("  \n", []),
        ("!?", None),
        ("🦊", None),
        ("юбка", None),
        ("dress юбка", None),
        ("dress dresses", ["dress"]),
    ],
)
def test_no_question_is_not_a_question_nobody_can_answer(text, found):
    assert asked(text) == found


@pytest.mark.parametrize(
    ("query", "expected", "left_out"),
    [
        ("", Filters(), 0),
        ("kind=dresses&kind=t-shirts&size=10&colour=red&stock=1&order=low", Filters(frozenset({"dresses", "t-shirts"}), frozenset({"red"}), frozenset({"10"}), None, None, True, "low"), 0),
        ("kind=hats&kind=dresses", Filters(frozenset({"dresses"})), 1),
        ("kind=%00&size=%27%3B--&colour=%F0%9F%A6%8A", Filters(), 3),
        ("from=12&to=89.50", Filters(low=1200, high=8950), 0),
        ("from=%C2%A3+12,5", Filters(low=1250), 0),
        ("from=90&to=10", Filters(low=1000, high=9000), 0),
        ("from=-1&to=1e5", Filters(), 1),
        ("from=9999999&to=1.234", Filters(), 1),
        ("from=%D9%A3", Filters(), 1),
        ("stock=yes&order=sideways&in=XXX", Filters(), 0),
        ("in=EUR", Filters(currency="EUR"), 0),
    ],
)  # fmt: skip
def test_an_address_is_read_as_filters_and_what_is_unknown_is_left_out_aloud(query, expected, left_out):
    read = filters(QueryDict(query), KNOWN)
    assert (read, len(read.ignored)) == (expected, left_out)


@given(
    st.dictionaries(
        st.sampled_from(["kind", "size", "colour", "from", "to", "stock", "order", "in", "q"]),
        st.lists(st.text(), max_size=3),
    )
)
def test_whatever_an_address_asks_only_known_filters_come_of_it(given_):
    query = QueryDict(mutable=True)
    for name, values in given_.items():
        query.setlist(name, values)

    read = filters(query, KNOWN)

    assert read.kinds <= set(KNOWN.kinds)
    assert read.families <= set(KNOWN.families)
    assert read.sizes <= set(KNOWN.sizes)
    assert all(end is None or 0 <= end <= DEAREST for end in (read.low, read.high))
    assert read.low is None or read.high is None or read.low <= read.high
