"""The engine against a slow, obvious oracle, and the answers people would ask for by name."""

from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policy import oracle
from tests.policy.making import TODAY, compiled
from tests.policy.strategies import acts, law_packs, people, policy_files, turning_days

from troth.laws import packs
from troth.policy.acts import Act, Decision, Standing
from troth.policy.engine import Compiled

OFFERS = Act("contact", "news", "fern", channel="email", topic="offers")
ORDER = Act("use", "order", "fern", frozenset(["contact"]))


def standing_of(policy, person):
    said = dict(person)
    return policy.standing(said.pop("residence"), **said)


@settings(max_examples=settings().max_examples // 2)
@given(st.data())
def test_the_engine_answers_as_the_oracle_does(data):
    file = data.draw(policy_files)
    laws = data.draw(st.one_of(law_packs, st.just(dict(packs()))))
    policy = Compiled(file, laws)
    for _ in range(6):
        act, day, person = data.draw(acts(file.policy)), data.draw(turning_days), data.draw(people(file.policy))
        wanted = oracle.decide(file.policy, laws, act, person, day)
        got = policy.decide(act, standing_of(policy, person), day)
        assert (got.allowed, got.because.code) == (wanted.allowed, wanted.codes[0]), (act, person, day, got.reasons)


@settings(max_examples=settings().max_examples // 4)
@given(st.data())
def test_a_law_pack_only_ever_takes_a_yes_away(data):
    file = data.draw(policy_files)
    laws = data.draw(law_packs)
    with_law, without = Compiled(file, laws), Compiled(file, {})
    for _ in range(6):
        act, day, person = data.draw(acts(file.policy)), data.draw(turning_days), data.draw(people(file.policy))
        allowed = [policy.decide(act, standing_of(policy, person), day).allowed for policy in (with_law, without)]
        assert allowed != [True, False], (act, person, day)


@settings(max_examples=settings().max_examples // 4)
@given(st.data())
def test_asking_in_any_order_changes_no_answer(data):
    file = data.draw(policy_files)
    asked = [(data.draw(acts(file.policy)), data.draw(people(file.policy)), data.draw(turning_days)) for _ in range(4)]
    used = Compiled(file, packs())
    for act, person, day in [*asked, *reversed(asked)]:
        fresh = Compiled(file, packs())
        assert used.decide(act, standing_of(used, person), day) == fresh.decide(act, standing_of(fresh, person), day)


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({}), st.just(frozenset({"email"})),
    st.sampled_from(["contact", "news", "fern", "email", "offers", "use", "order"]), st.dates(),
)  # fmt: skip


@given(st.lists(ANYTHING, min_size=3, max_size=len(Act._fields)), ANYTHING, ANYTHING)
def test_whatever_is_asked_there_is_an_answer_and_nonsense_is_a_no(parts, residence, day):
    policy = compiled()
    for act in (Act(*parts), parts, None):
        for standing in (Standing(residence), policy.standing("GB"), residence):
            decision = policy.decide(act, standing, day)  # type: ignore[arg-type]  # on purpose
            assert isinstance(decision, Decision)
            assert decision.reasons
            assert decision.policy == policy.digest
            assert not decision.allowed or isinstance(act, Act)


NEAR_MISSES = [
    ({}, True),
    ({"verb": "use", "channel": "", "topic": "", "items": frozenset(["email"])}, True),
    ({"brand": "moss"}, False),
    ({"brand": "ferm"}, False),
    ({"channel": "sms"}, False),
    ({"channel": "pigeon"}, False),
    ({"channel": ""}, False),
    ({"topic": "events"}, False),
    ({"topic": ""}, False),
    ({"topic": "gossip"}, False),
    ({"purpose": "suit"}, False),
    ({"items": frozenset(["card"])}, False),
    ({"items": frozenset(["purchases"])}, False),
    ({"actor": "marketer"}, False),
    ({"verb": "publish"}, False),
    ({"verb": "sell"}, False),
]


@pytest.mark.parametrize(("change", "allowed"), NEAR_MISSES)
def test_a_yes_covers_one_cell_and_nothing_beside_it(change, allowed):
    policy = compiled()
    person = policy.standing("GB", yes=["news:fern:email:offers"], age=30)
    assert policy.decide(OFFERS._replace(**change), person, TODAY).allowed is allowed


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"yes": ["news"]}, "consented"),
        ({"yes": ["news:fern:email"], "no": ["news:fern:email:offers"]}, "refused"),
        ({"yes": ["news:fern:email:offers"], "stop": ["news"]}, "stopped"),
        ({"yes": ["news"], "stop": ["news:moss"]}, "consented"),
        ({"yes": ["news"], "no": ["news"], "stop": ["news"]}, "stopped"),
        ({"yes": ["news"], "age": 15}, "no_parent"),
        ({"yes": ["news"], "age": 15, "flags": ["parent"]}, "consented"),
        ({"yes": ["news"], "age": 16}, "consented"),
        ({"yes": ["news"], "flags": ["restricted"]}, "restricted"),
        ({"yes": ["news"], "flags": ["erasing"]}, "erasing"),
        ({"soft": ["news"]}, "not_asked"),
        ({}, "not_asked"),
    ],
)
def test_the_strongest_reason_decides(said, code):
    policy = compiled()
    assert policy.decide(OFFERS, policy.standing("GB", **said), TODAY).because.code == code


def test_a_no_tells_every_reason_in_order_of_precedence():
    policy = compiled()
    person = policy.standing("GB", no=["news"], stop=["news"], age=12, flags=["restricted"])
    codes = [reason.code for reason in policy.decide(OFFERS, person, TODAY).reasons]
    assert list(dict.fromkeys(codes)) == ["no_parent", "restricted", "stopped", "refused", "not_asked"]


def test_service_goes_on_after_every_no_but_not_after_restriction():
    policy = compiled()
    assert policy.decide(ORDER, policy.standing("GB", no=["*"], stop=["*"]), TODAY).because.code == "required"
    assert policy.decide(ORDER, policy.standing("GB", flags=["restricted"]), TODAY).because.code == "restricted"


SOFT = ('ask = "in"\n', 'ask = "in"\nsoft = ["email", "sms"]\n'), ('laws = ["uk"]', 'laws = ["uk", "eu", "us"]')


@pytest.mark.parametrize(
    ("residence", "channel", "code"),
    [("GB", "email", "soft"), ("GB", "sms", "soft"), ("FR", "email", "soft"), ("FR", "sms", "not_asked"), ("*", "sms", "not_asked")],
)  # fmt: skip
def test_a_sale_opens_only_the_channels_the_law_lets_it_open(residence, channel, code):
    policy = compiled(*SOFT)
    person = policy.standing(residence, soft=["news"], age=30)
    assert policy.decide(OFFERS._replace(channel=channel, hour=12), person, TODAY).because.code == code


def test_a_device_signal_is_a_no_until_a_yes_given_in_sight_of_it():
    heard = ('ask = "in"\n', 'ask = "in"\nsignal = "gpc"\n')
    policy = compiled(heard)
    both = policy.standing("GB", yes=["news"], signal=True)
    again = policy.fold("GB", both.core, both.yes, 0, 0, 0, 0)
    assert policy.decide(OFFERS, both, TODAY).because.code == "signal"
    assert policy.decide(OFFERS, again, TODAY).because.code == "consented"


MAIL = (
    'contract = { ref = "T-2" }',
    'contract = { ref = "T-2", until = 2027-01-01 }, from = 2026-11-20, until = 2027-06-01',
)
HANDED = Act("disclose", "news", "fern", frozenset(["email"]), to="post")


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2026, 11, 19), "ended"),
        (date(2026, 11, 20), "consented"),
        (date(2026, 12, 31), "consented"),
        (date(2027, 1, 1), "unstated"),
        (date(2027, 6, 1), "ended"),
    ],
)
def test_a_recipient_is_one_from_its_first_day_until_its_contract_ends(day, code):
    policy = compiled(MAIL)
    assert policy.decide(HANDED, policy.standing("GB", yes=["news"]), day).because.code == code


@pytest.mark.parametrize(("day", "code"), [(date(2026, 2, 4), "not_asked"), (date(2026, 2, 5), "not_refused")])
def test_the_law_of_that_day_decides(day, code):
    """Statistics of a site's own use needed a yes in the UK until PECR Sch. A1 came into force."""
    count = (
        "[choices.news]",
        '[purposes.count]\nsay = "count visits"\nbasis = "interest"\nkind = "tracking"\nuses = ["orders"]\n\n[choices.news]',
    )
    policy = compiled(count)
    act = Act("use", "count", "fern", frozenset(["orders"]), given=frozenset(["notice"]))
    assert policy.decide(act, policy.standing("GB"), day).because.code == code


def test_someone_of_unknown_residence_is_never_allowed_more_than_anyone_known():
    laws = ('laws = ["uk"]', 'laws = ["uk", "eu", "us", "us-ca", "us-states"]')
    policy = compiled(laws, SOFT[0])
    homes = ("GB", "FR", "DE", "US", "US-CA", "US-TX", "US-WY")
    answers: tuple[dict[str, Any], ...] = ({}, {"soft": ["news"]}, {"yes": ["news"]}, {"no": ["news"]})
    for channel, said in product(("email", "sms"), answers):
        act = OFFERS._replace(channel=channel, given=frozenset(["notice"]), hour=12)
        unknown = policy.decide(act, policy.standing("*", age=30, **said), TODAY).allowed
        assert not unknown or all(
            policy.decide(act, policy.standing(home, age=30, **said), TODAY).allowed for home in homes
        )


def test_a_standing_folded_for_another_version_is_never_read():
    policy, other = compiled(), compiled(('topics = ["offers", "events"]', 'topics = ["events", "offers"]'))
    events_only = other.standing("GB", yes=["news:fern:email:events"], age=30)
    assert policy.layout != other.layout
    assert policy.decide(OFFERS, events_only, TODAY).because.code == "stale"
    assert policy.decide(OFFERS, Standing("GB"), TODAY).because.code == "not_asked"  # nothing said, nothing to misread


def test_a_time_of_day_counts_as_its_day():
    policy = compiled(MAIL)
    person = policy.standing("GB", yes=["news"])
    eve = datetime(2026, 11, 19, 23, 59)  # noqa: DTZ001 -- where the person is
    assert policy.decide(HANDED, person, eve).because.code == "ended"
    assert policy.decide(HANDED, person, eve + timedelta(minutes=1)).because.code == "consented"


def test_a_choice_as_a_whole_is_a_yes_while_one_cell_of_it_is():
    policy = compiled()
    use = Act("use", "news", "fern", frozenset(["email"]))
    one = policy.standing("GB", yes=["news"], stop=["news:fern:sms", "news:fern:email:offers"])
    none = policy.standing("GB", yes=["news"], stop=["news:fern:*"])
    assert policy.decide(use, one, TODAY).allowed
    assert policy.decide(use, none, TODAY).because.code == "stopped"
