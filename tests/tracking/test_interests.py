"""What we guess somebody likes: from what has its yes, for four purposes apart, and theirs to delete. And what a device saw."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from tests.accounts.conftest import opened
from tests.tracking.conftest import PIECE, Browser

from troth.doors import keep, policies
from troth.doors.collect import choose
from troth.doors.declare import job
from troth.doors.errors import Refused
from troth.rights import seeing
from troth.shop import wishes
from troth.shop.styles import SHELF
from troth.tracking import guessing, interests
from troth.tracking.guessing import Trace, guess
from troth.tracking.models import Guess, Looked, Search, Unwanted
from troth.vault.models import Person

pytestmark = [
    pytest.mark.urls("tests.tracking.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
NOW = datetime(2026, 11, 26, tzinfo=UTC)
FOUR = ("profile", "fit_shop", "fit_messages", "adverts")
traces = st.lists(
    st.builds(
        Trace, st.sampled_from(sorted(guessing.WEIGHTS)), st.lists(st.sampled_from("abcde"), max_size=3).map(tuple),
        st.integers(0, 900).map(lambda days: NOW - timedelta(days)),
    ), max_size=30,
)  # fmt: skip


@given(traces, st.sets(st.sampled_from("abcde")))
def test_a_guess_is_what_one_would_add_up_by_hand(done, unwanted):
    by_hand = {}
    for style in "abcde":
        total = 0.0
        for trace in done:
            if style in trace.styles:
                total += guessing.WEIGHTS[trace.how] / 2 ** ((NOW - trace.at).days / 60)
        if total >= guessing.LEAST and style not in unwanted:
            by_hand[style] = round(total, 3)
    found = guess(done, unwanted, NOW)

    assert {one.style: one.points for one in found} == pytest.approx(by_hand)
    assert [one.points for one in found] == sorted((one.points for one in found), reverse=True)
    assert {one.style: sum(n for _, n in one.because) for one in found} == {
        style: sum(style in trace.styles for trace in done) for style in by_hand
    }


@pytest.fixture
def shopper(stranger, mail):
    """Somebody with an account who said yes to a profile, and looked, searched and saved."""
    stranger.person_id = opened(stranger, mail)
    stranger.one_by_one(tracking="no", appearance="no", profile="yes", fit_shop="no", adverts="no")
    for page in (PIECE, PIECE, "/tarn/search/?q=long+dresses", "/tarn/shop/olwen-camel/"):
        stranger.look(page)
    wishes.add(stranger.person_id, "tarn", "nell-olive", policies.now())
    return stranger


@pytest.fixture(autouse=True)
def _declared():
    with job("profile", "fit_shop", "fit_messages", "adverts", "account", "proof", "rights"):
        yield


def say(person, kind, *choices):
    for choice in choices:
        choose(kind, f"{choice}:tarn", person=person, brand="tarn", place="account", wording="?", at=policies.now())


def test_guesses_come_from_what_was_looked_at_looked_for_and_saved_and_are_held_as_inferred(shopper):
    interests.infer(shopper.person_id, "tarn", SHELF, policies.now())

    told, _ = interests.mine(shopper.person_id, "tarn", policies.now())
    assert {one.style: dict(one.because) for one in told} == {
        "dresses": {"looked at": 2, "looked for": 1, "saved": 1}, "green things": {"looked at": 2, "saved": 1},
    }  # fmt: skip
    assert {row.source for row in Guess.objects.all()} == {"inference"}
    packet = seeing.see(shopper.person_id, policies.now())
    shown = [thing.value for thing in packet.things if thing.item == "interests.likely_interests"]
    assert {value for value in shown if isinstance(value, str)} >= {"dresses", "green things"}


def test_the_four_are_four_decisions(shopper, clock):
    person = shopper.person_id
    interests.infer(person, "tarn", SHELF, policies.now())

    def allowed():
        return [purpose for purpose in FOUR if interests.styles_for(purpose, person, "tarn", policies.now())]

    found = [allowed()]
    for choice in ("fit_shop", "fit_messages", "adverts"):
        clock.pass_(minutes=1)
        say(person, "consent", choice)
        found.append(allowed())
    clock.pass_(minutes=1)
    say(person, "withdrawal", "fit_shop")
    found.append(allowed())

    assert found == [
        ["profile"], ["profile", "fit_shop"], ["profile", "fit_shop", "fit_messages"], list(FOUR),
        ["profile", "fit_messages", "adverts"],
    ]  # fmt: skip
    clock.pass_(minutes=1)
    say(person, "withdrawal", "profile")
    assert [model.objects.count() for model in (Guess, Looked, Search)] == [0, 0, 0]  # gone the day the profile ends


def test_without_a_yes_and_under_18_nothing_is_guessed(shopper, clock):
    person = shopper.person_id
    Person.objects.filter(pk=person).update(known_age=17, known_on=clock.day())
    with pytest.raises(Refused, match="under 18"):
        interests.infer(person, "tarn", SHELF, policies.now())

    assert interests.infer_all(SHELF, policies.now()) == {"guessed": 0, "refused": 1}
    assert Guess.objects.count() == 0


def test_everybody_who_did_something_since_is_guessed_anew_and_nobody_twice(shopper, clock):
    clock.pass_(minutes=1)
    assert interests.infer_all(SHELF, policies.now()) == {"guessed": 1, "refused": 0}
    assert interests.infer_all(SHELF, policies.now()) == {"guessed": 0, "refused": 0}
    clock.pass_(minutes=1)
    shopper.look("/tarn/shop/olwen-camel/")
    clock.pass_(minutes=1)
    assert interests.infer_all(SHELF, policies.now()) == {"guessed": 1, "refused": 0}


def test_a_guess_one_deletes_is_not_made_again_until_one_allows_it(shopper):
    assert shopper.post("interests/", do="anew").status_code == 303
    page = shopper.get("interests/").content.decode()
    assert "Because you looked at 2 pieces, looked for it once and saved one." in page
    row = next(
        one.row for one in interests.mine(shopper.person_id, "tarn", policies.now())[0] if one.style == "dresses"
    )

    shopper.post("interests/", do="take", guess=str(row.pk))
    shopper.post("interests/", do="anew")
    told, unwanted = interests.mine(shopper.person_id, "tarn", policies.now())
    assert ([one.style for one in told], unwanted) == (["green things"], ["dresses"])

    shopper.post("interests/", do="allow", style="dresses")
    shopper.post("interests/", do="anew")
    assert {one.style for one in interests.mine(shopper.person_id, "tarn", policies.now())[0]} == {
        "dresses",
        "green things",
    }


def test_all_of_it_can_be_deleted_and_guessing_ended(shopper):
    shopper.post("interests/", do="anew")
    shopper.post("interests/", do="all")
    assert [model.objects.count() for model in (Guess, Looked, Search)] == [0, 0, 0]

    shopper.look(PIECE)
    answer = shopper.post("interests/", do="stop")
    shopper.look(PIECE)

    assert [model.objects.count() for model in (Guess, Looked, Search)] == [0, 0, 0]
    assert "profile.no" in answer.cookies["choices"].value
    assert "we guess only after your yes" in shopper.get("interests/").content.decode()


def test_nobody_deletes_or_sees_a_guess_of_somebody_elses(shopper):
    shopper.post("interests/", do="anew")
    row = Guess.objects.all()[0]
    other = Browser()
    other.answer("all")

    answer = other.post("interests/", do="take", guess=str(row.pk))

    assert answer.status_code == 303  # as for one that was deleted already
    assert Guess.objects.filter(pk=row.pk).exists()
    assert "dresses" not in other.get("interests/").content.decode().partition("<main")[2].partition("</main>")[0]


def test_a_device_without_an_account_sees_and_deletes_its_own(stranger):
    stranger.answer("all")
    for _ in range(3):
        stranger.look(PIECE)
    stranger.post("interests/", do="anew")
    assert "Dresses" in stranger.get("interests/").content.decode().title()

    stranger.post("interests/", do="all")
    assert Guess.objects.count() == 0


@pytest.mark.parametrize("typed", [{}, {"do": "x"}, {"do": "take"}, {"do": "take", "guess": "1"}, {"do": "take\0"}])
def test_other_words_do_nothing(shopper, typed):
    assert shopper.post("interests/", **typed).status_code == 400


def test_a_stranger_has_no_guesses_and_can_delete_none(stranger):
    assert "we guess only after your yes" in stranger.get("interests/").content.decode()
    assert stranger.post("interests/", do="all").status_code == 400


def test_a_legal_hold_keeps_what_was_guessed_and_nothing_is_guessed_meanwhile(shopper, clock):
    interests.infer(shopper.person_id, "tarn", SHELF, policies.now())
    before = set(Guess.objects.values_list("pk", flat=True))
    keep.hold(shopper.person_id, owner="officer", because="claim 7", review_on=clock.day(), at=policies.now())

    assert interests.infer(shopper.person_id, "tarn", SHELF, policies.now()) == []
    assert set(Guess.objects.values_list("pk", flat=True)) == before
    assert Unwanted.objects.count() == 0


# -- what this device saw lately ----------------------------------------------------------------------------------------


def shown(browser, page="/tarn/shop/olwen-camel/"):
    part = browser.look(page).content.decode().partition('id="recent"')[2].partition("</section>")[0]
    return [piece for piece in ("nell-olive", "sorrel-rust", "skarn-peat", "olwen-camel") if piece in part]


YES = dict.fromkeys(("tracking", "appearance", "profile", "fit_shop", "adverts"), "yes")


@pytest.mark.parametrize(
    ("answers", "seen"),
    [
        (YES, ["nell-olive", "sorrel-rust"]), (YES | {"fit_shop": "no"}, []), (YES | {"profile": "no"}, []),
        (YES | {"tracking": "no", "adverts": "no"}, ["nell-olive", "sorrel-rust"]), (dict.fromkeys(YES, "no"), []),
    ],
)  # fmt: skip
def test_pieces_looked_at_lately_are_shown_after_two_yeses_only(stranger, answers, seen):
    assert shown(stranger) == []
    stranger.one_by_one(**answers)
    for slug in ("sorrel-rust", "nell-olive"):
        stranger.look(f"/tarn/shop/{slug}/")

    assert shown(stranger) == seen


def test_showing_them_costs_one_query_and_no_store_keeps_the_page(stranger):
    stranger.answer("none")
    with CaptureQueriesContext(connections["default"]) as plain:
        stranger.look("/tarn/shop/olwen-camel/")
    stranger.client.cookies["interest"] = "-.nell-olive.sorrel-rust.skarn-peat"
    stranger.client.cookies["choices"] = ":".join(f"{name}.yes" for name in sorted(YES))
    with CaptureQueriesContext(connections["default"]) as asked:
        page = stranger.look("/tarn/shop/olwen-camel/")

    assert len(asked) == len(plain) + 1
    assert "private" in page["Cache-Control"]
    assert "/skarn-peat/" not in page.content.decode()  # another brand's piece, whoever wrote the cookie


def test_a_browser_that_signals_new_jersey_style_shows_none(stranger):
    stranger.one_by_one(**YES)
    stranger.look(PIECE)

    page = stranger.look("/tarn/shop/olwen-camel/", **{"Sec-GPC": "1"}).content.decode()

    assert 'id="recent"' not in page
