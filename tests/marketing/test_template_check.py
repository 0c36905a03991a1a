"""What the words of a campaign must hold and must not. No database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.marketing.campaigning import TEXT

from troth.doors import limits
from troth.marketing.channels import CHANNELS
from troth.marketing.channels.sms import PERSON, START, STOP, heard
from troth.marketing.template_check import NEEDS, Draft, called, filled, problems

GOOD = {
    "email": Draft("email", True, "Coats", TEXT),
    "sms": Draft("sms", True, "", "{sender}: coats are in. {stop}"),
    "phone": Draft("phone", True, "", "Good day, this is {sender}. {stop} Coats are in."),
    "post": Draft("post", True, "Coats", TEXT),
    "chat": Draft("chat", True, "", "{sender}: may we help you choose? {stop}"),
}


def test_each_channel_has_words_that_may_go():
    assert GOOD.keys() == CHANNELS.keys() == NEEDS.keys()
    assert {name: problems(draft) for name, draft in GOOD.items()} == dict.fromkeys(GOOD, ())


@pytest.mark.parametrize(("channel", "field"), [(c, f) for c, fields in NEEDS.items() for f in fields])
def test_no_marketing_goes_without_what_its_channel_must_show(channel, field):
    draft = GOOD[channel]
    spoilt = Draft(channel, True, draft.subject, draft.text.replace(f"{{{field}}}", ""))
    (why,) = problems(spoilt)
    assert f"{{{field}}}" in why


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('<img src="https://x.example/p.gif" width=1>', "picture"),
        ("<A href=x>", "picture"),
        ("</p>", "picture"),
        ("https://tarn.example/?mc_eid=abc", "mc_eid"),
        ("https://tarn.example/?utm_campaign=coats&u=17", "u."),
        ("https://tarn.example/?utm_content=" + "x" * 41, "utm_content"),
        ("https://tarn.example/{why}", "field in it"),
        ("http://tarn.example/", "https"),
        ("https://tarn.example@evil.example/", "misleads"),
        ("javascript://x", "https"),
        ("{unsubscribe}", "no field"),
        ("{name}", "{name|reader}"),
        ("{stop|now}", "without a second word"),
        ("{", "brace"),
        ("a\x00b", "cannot be seen"),
        ("x" * 20_001, "20,000"),
    ],
)
def test_what_must_not_stand_in_it_is_said(text, word):
    assert any(word in why for why in problems(Draft("email", True, "Coats", TEXT + text)))


@pytest.mark.parametrize("subject", ["", "two\nlines", "Coats\r\nBcc: x@y.example", "a\u202eb"])
def test_a_subject_is_one_plain_line(subject):
    assert problems(Draft("email", True, subject, TEXT))


def test_links_with_the_campaign_alone_are_fine():
    fine = TEXT + "https://tarn.example/shop/?utm_source=news&utm_medium=email&utm_campaign=coats"
    assert problems(Draft("email", True, "Coats", fine)) == ()


@pytest.mark.parametrize(
    "words",
    [
        "20% off coats",
        "New collection is here",
        "You may also like",
        "Use the voucher ABC",
        "SALE",
        "Shop now",
        "save £10",
    ],
)
def test_a_service_message_that_sells_is_refused(words):
    draft = Draft("email", False, "Your kettle", f"Please stop using it. {words}. {{sender}}", "safety")
    (why,) = problems(draft)
    assert "sells" in why


def test_a_service_message_needs_something_it_is_about():
    text = "The handle of your kettle may come off. Please stop using it. {sender}"
    assert problems(Draft("email", False, "Your kettle", text, "safety")) == ()
    for trigger in ("", "news", "marketing"):
        assert problems(Draft("email", False, "Your kettle", text, trigger))


@given(st.text(max_size=60))
def test_a_name_never_becomes_a_field_a_link_or_a_line(name):
    line = filled("Dear {name|reader},", {"name": called(name), "stop": "X"})
    assert line.startswith("Dear ")
    assert line.endswith(",")
    assert line.isprintable()
    assert not {"{", "}", "@", "/", "<"} & set(line)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *((word, STOP) for word in ("STOP", "stopall", " Unsubscribe ", "cancel", "End.", "QUIT", "revoke!", "OPT OUT",
                                    "optout", "Opt-out", "ＳＴＯＰ", "stop\n")),
        ("START", START),
        *((word, PERSON) for word in ("yes", "please stop", "stop it now", "don't stop", "no more", "", "Stopp",
                                      "leave me alone", "cancel my order")),
    ],
)  # fmt: skip
def test_a_stop_is_heard_and_nothing_is_guessed(text, meant):
    assert heard(text) == meant


@pytest.mark.parametrize(
    ("sentence", "limit"),
    [
        ("two a week on each channel", limits.Limit(2, 7, True)),
        ("one invitation in three months", limits.Limit(1, 90, False)),
        ("12 a year", limits.Limit(12, 365, False)),
        ("one a day, and no text from 12 in the afternoon to 2 in the afternoon",
         limits.Limit(1, 1, False, frozenset({"sms"}), (12, 14))),
    ],
)  # fmt: skip
def test_how_often_is_read_from_the_sentence_customers_read(sentence, limit):
    assert limits.read(sentence) == limit


@pytest.mark.parametrize(
    "sentence", ["now and then", "a few a week", "two a fortnight", "two a week, and no fax from 8"]
)
def test_a_sentence_nobody_can_execute_is_refused(sentence):
    with pytest.raises(limits.CannotRead):
        limits.read(sentence)


@given(st.integers(0, 23))
def test_quiet_hours_go_round_midnight(hour):
    made = limits.read("two a week, and no call or text from 8 in the evening to 9 in the morning")
    assert made.rests("sms", hour) is (hour >= 20 or hour < 9)
    assert not made.rests("email", hour)
