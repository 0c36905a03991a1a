"""What a real policy of 2018 said, in our language, and what is left of it under today's law.

The policy alone is compiled without law packs: that is what 2018 promised. `today` puts the same file under the packs.
"""

import re
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from troth.laws import packs
from troth.policy.acts import Act
from troth.policy.check import overruled
from troth.policy.engine import Compiled
from troth.policy.load import load
from troth.policy.nouns import CHANNELS
from troth.policy.period import gone_by

POLICY_OF_2018 = Path(__file__).parent / "policies" / "2018-02-21.toml"
THEN, NOW = date(2018, 2, 21), date(2026, 11, 22)
STATED = frozenset(["legal basis", "permission", "announcement", "notice", "customer request"])

FILE = load(POLICY_OF_2018)
POLICY = FILE.policy
ALONE = Compiled(FILE, {})
TODAY = Compiled(FILE, packs())
OWN_MARKETING = [POLICY.choices["news"], POLICY.choices["mailings"]]
BY_USE = sorted(name for name, purpose in POLICY.purposes.items() if purpose.basis == "use")


def act(verb, purpose, *items, **rest):
    return Act(verb, purpose, "race", frozenset(items), given=STATED, hour=12)._replace(**rest)


# --- What it said -----------------------------------------------------------------------------------------------------


def test_every_name_number_and_address_is_made_up():
    text = POLICY_OF_2018.read_text(encoding="utf-8")

    assert set(re.findall(r"[\w.]+@[\w.]+", text)) == {
        "privacy@oldmill.example", "care@mill.example", "care@weir.example", "care@race.example",
    }  # fmt: skip
    assert re.findall(r"[\w-]+\.(?:com|net|org|co\.uk)\b", text) == []
    # Ofcom keeps these for drama: 0306 999 0000 to 0999 and 0808 157 0000 to 0999.
    phones = re.findall(r"\+?\d[\d ]{8,}\d", text)
    assert sorted(phones) == ["+44 306 999 0001", "+44 306 999 0002", "+44 306 999 0003", "0808 157 0001"]


def test_three_brands_of_one_company_in_a_group_each_have_their_own_care():
    entities = POLICY.about.entities

    assert POLICY.about.controller == "old_mill_house"
    assert {name: entity.parent for name, entity in entities.items()} == {
        "old_mill_house": "old_mill_group", "old_mill_group": "",
    }  # fmt: skip
    assert {name: brand.care for name, brand in POLICY.brands.items()} == {
        "mill": ("care@mill.example", "+44 306 999 0001"),
        "weir": ("care@weir.example", "+44 306 999 0002"),
        "race": ("care@race.example", "+44 306 999 0003"),
    }
    assert {name: brand.lines for name, brand in POLICY.brands.items()} == {
        "mill": {"uk": "0808 157 0001"}, "weir": {}, "race": {},
    }  # fmt: skip
    assert {(len(brand.social), brand.apps) for brand in POLICY.brands.values()} == {(5, ("phone", "tablet"))}
    assert [(p.kind, p.at) for brand in POLICY.brands.values() for p in brand.properties.values()] == [
        ("magazine", "Millstream"), ("page", "mill.example/help"), ("page", "mill.example/cookies"),
    ]  # fmt: skip


def test_it_holds_every_item_of_the_inventory():
    assert {full.partition(".")[2] for full in ALONE.book.labels} == {
        "name", "username", "date_of_birth",
        "email", "phone", "mobile", "home_address", "shipping_address", "billing_address",
        "user_id", "password", "security_answers",
        "card_details",
        "shopping_history", "vouchers",
        "search_criteria", "shopping_preferences", "sizes", "wish_list", "interests",
        "panel_answers", "survey_answers",
        "ip_address", "browser_type", "visit_times", "visit_length", "referring_url", "advert_clicks", "cookies_set",
        "cell_ids", "gps", "other_location",
        "make_and_model", "operating_system", "network_operator", "phone_id",
        "device_language", "app_language", "country",
        "photographs", "other_content", "feedback", "testimonials", "comments",
        "chat_transcript", "call_recording",
        "any_other_information",
    }  # fmt: skip


def test_it_collects_at_sixteen_points_and_five_more_it_mentions_elsewhere():
    names = list(POLICY.sources)

    assert names[:16] == [
        "register", "subscribe", "order", "voucher", "browse", "social", "advert", "shopper",
        "help", "feedback", "comment", "event", "contest", "sign_up", "panel", "survey",
    ]  # fmt: skip
    assert names[16:] == ["call", "chat", "mobile", "group", "partners"]
    assert [name for name, source in POLICY.sources.items() if source.provenance == "received"] == ["group", "partners"]


def test_all_fourteen_numerals_are_there_and_marketing_is_four_purposes_in_one():
    numerals: dict[str, list[str]] = {}
    for name, purpose in POLICY.purposes.items():
        if purpose.was:
            numerals.setdefault(purpose.was, []).append(name)

    assert numerals == {
        "i": ["books"], "ii": ["credit"], "iii": ["identify"], "iv": ["screen"], "v": ["debts"], "vi": ["safety"],
        "vii": ["insight"], "viii": ["news", "mailings", "group_news", "adverts"], "ix": ["systems"],
        "x": ["research"], "xi": ["surveys"], "xii": ["care"], "xiii": ["law"], "xiv": ["terms"],
    }  # fmt: skip


def test_it_names_five_kinds_of_recipient_besides_group_and_payment_partner():
    names = list(POLICY.recipients)

    assert names[:2] == ["payment_partner", "group"]
    assert names[2:7] == ["suppliers", "ad_agencies", "check_agencies", "researchers", "authorities"]
    assert names[7:] == ["partners", "chat_provider", "outsiders"]
    assert [name for name, r in POLICY.recipients.items() if r.keeps_record] == ["check_agencies"]


def test_it_offers_eight_topics_on_five_channels():
    assert [channel for choice in OWN_MARKETING for channel in choice.channels] == [
        "email",
        "sms",
        "phone",
        "chat",
        "post",
    ]
    assert {choice.topics for choice in OWN_MARKETING} == {
        ("products", "features", "enhancements", "offers", "upgrades", "contests", "events", "one-offs")
    }
    assert {choice.sender for choice in OWN_MARKETING} == {"group"}


def test_post_can_be_stopped_through_care_and_nowhere_else():
    own = {channel: choice.no for choice in OWN_MARKETING for channel in choice.channels}

    assert own == dict.fromkeys(["email", "sms", "phone", "chat"], ("any message", "account")) | {"post": ("care",)}


def test_the_way_out_of_adverts_is_the_cookie_policy():
    adverts = POLICY.choices["adverts"]

    assert (adverts.ask, adverts.no, adverts.signal) == ("out", ("cookie policy",), "")


def test_only_chats_have_a_period():
    assert {name: str(data.keep) for name, data in POLICY.data.items() if data.keep.event != "unstated"} == {
        "chats": "chat + 13 months"
    }


@pytest.mark.parametrize(
    ("chatted", "gone"),
    [
        (date(2018, 2, 21), date(2019, 3, 22)),
        (date(2018, 1, 31), date(2019, 3, 1)),  # February has 28 days that year
        (date(2019, 1, 31), date(2020, 3, 1)),  # and 29 in the other
    ],
)
def test_a_chat_is_gone_the_day_after_thirteen_months(chatted, gone):
    assert gone_by(POLICY.data["chats"].keep, chatted) == gone


def test_seeing_ones_data_costs_a_fee_and_nothing_else_does():
    assert {name: right.fee for name, right in POLICY.rights.items()} == {
        "see": "a processing fee", "copy": "a processing fee",
        "correct": 0, "change_card": 0, "copy_chat": 0, "object": 0,
    }  # fmt: skip


def test_a_new_address_sends_open_orders_through_the_checks_again():
    assert list(POLICY.rights["correct"].then) == ["address"]


def test_it_changes_without_notice():
    assert POLICY.about.notice is None


def test_its_seal_names_a_scheme_but_no_evidence_and_no_end():
    seals = {name: s for name, s in POLICY.statements.items() if s.scheme}

    assert {name: (s.scheme, s.evidence, s.until) for name, s in seals.items()} == {"seal": ("Lockgate Seal", "", None)}


# --- What the engine makes of it, without any law --------------------------------------------------------------------


def test_a_saved_card_reaches_the_payment_partner_for_the_order_and_nobody_for_anything_else():
    yes_to_all = ALONE.standing("GB", yes=["*"])

    def pairs(item):
        return {
            (purpose, to)
            for purpose in POLICY.purposes
            for to in POLICY.recipients
            for form in ("plain", "statistics")
            if ALONE.decide(act("disclose", purpose, item, to=to, form=form), yes_to_all, THEN).allowed
        }

    assert pairs("card_details") == {("order", "payment_partner")}
    # A name: thirteen of the fourteen to all six, and eleven more; the group's own marketing names a channel first.
    assert len(pairs("name")) == 13 * 6 + 11


@pytest.mark.parametrize("to", [name for name in POLICY.recipients if name != "payment_partner"])
def test_the_wall_round_cards_says_so_itself(to):
    decision = ALONE.decide(act("disclose", "screen", "card_details", to=to), ALONE.standing("GB", yes=["*"]), THEN)

    assert [r.clause for r in decision.reasons if r.code == "wall"] == ["data.card.only_to", "data.card.only_for"]


def test_the_wall_round_cards_beats_the_purpose_that_would_screen_them():
    screen = ALONE.decide(act("use", "screen", "card_details"), ALONE.standing("GB", yes=["*"]), THEN)
    order = ALONE.decide(act("use", "order", "card_details"), ALONE.standing("GB"), THEN)

    assert [(r.code, r.clause) for r in screen.reasons] == [("wall", "data.card.only_for")]
    assert [(r.code, r.clause) for r in order.reasons] == [("required", "purposes.order")]


@pytest.mark.parametrize("purpose", ["comments", "promote"])
def test_a_comment_shows_name_and_username_and_never_the_email(purpose):
    yes = ALONE.standing("GB", yes=["*"])
    shown = {item for item in ALONE.book.labels if ALONE.decide(act("publish", purpose, item), yes, THEN).allowed}
    email = ALONE.decide(act("publish", purpose, "email"), yes, THEN)

    assert shown == {"identity.name", "identity.username", "shared.comments"}
    assert [(r.code, r.clause) for r in email.reasons] == [("not_covered", f"purposes.{purpose}.shows")]


def test_the_email_of_a_comment_serves_to_write_about_it():
    decision = ALONE.decide(act("contact", "comments", channel="email"), ALONE.standing("GB", yes=["comments"]), THEN)

    assert decision.allowed


def test_praise_is_printed_only_with_a_permission_for_this_very_piece():
    def ask(given):
        asked = act("publish", "praise", "testimonials", given=given)
        return ALONE.decide(asked, ALONE.standing("GB", yes=["praise"]), THEN)

    assert ask(frozenset(["permission"])).allowed
    assert [(r.code, r.clause) for r in ask(frozenset()).reasons] == [("not_asked", "choices.praise")]


@pytest.mark.parametrize("purpose", BY_USE)
def test_no_amount_of_use_becomes_a_yes(purpose):
    item = min(ALONE.book.items(POLICY.purposes[purpose].uses) - {"card.card_details"})
    asked = act("use", purpose, item, form="statistics")
    used_everything = ALONE.standing("GB", soft=["*"])
    said_yes = ALONE.standing("GB", yes=[purpose])

    assert [(r.code, r.clause) for r in ALONE.decide(asked, used_everything, THEN).reasons] == [
        ("not_asked", f"purposes.{purpose}")
    ]
    assert ALONE.decide(asked, said_yes, THEN).allowed


def test_what_rests_on_use_is_everything_but_requests_duties_and_choices():
    rest = {name: p.basis or p.choice[0] for name, p in POLICY.purposes.items() if p.basis != "use"}

    assert rest == {
        "order": "contract", "service": "contract", "chat": "contract", "mobile": "contract", "law": "law",
        "news": "news", "mailings": "mailings", "group_news": "group_news", "adverts": "adverts", "praise": "praise",
    }  # fmt: skip


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_express_agreement_by_use_lets_the_group_reach_nobody(channel):
    asked = act("contact", "group_news", channel=channel)

    assert ALONE.decide(asked, ALONE.standing("GB", soft=["*"]), THEN).because.code == "not_asked"
    assert ALONE.decide(asked, ALONE.standing("GB", yes=["group_news"]), THEN).allowed


@pytest.mark.parametrize("channel", ["email", "sms", "phone", "chat"])
def test_stopping_news_stops_each_channel_but_not_messages_about_an_order(channel):
    stopped = ALONE.standing("GB", stop=["news"])
    news = act("contact", "news", channel=channel, topic="offers")

    assert ALONE.decide(news, ALONE.standing("GB"), THEN).allowed
    assert ALONE.decide(news, stopped, THEN).because.code == "stopped"
    assert ALONE.decide(act("contact", "order", channel=channel), stopped, THEN).allowed


def test_stopping_news_does_not_stop_the_post():
    mailing = act("contact", "mailings", channel="post", topic="offers")

    assert ALONE.decide(mailing, ALONE.standing("GB", stop=["news"]), THEN).allowed
    assert ALONE.decide(mailing, ALONE.standing("GB", stop=["mailings"]), THEN).because.code == "stopped"


def test_a_message_about_no_topic_of_the_eight_is_not_sent():
    decision = ALONE.decide(act("contact", "news", channel="email", topic="horoscopes"), ALONE.standing("GB"), THEN)

    assert decision.because.code == "unknown"


@pytest.mark.parametrize("source", list(POLICY.sources))
def test_a_parent_agrees_before_someone_under_sixteen_registers_subscribes_or_orders(source):
    item = min(ALONE.book.items(POLICY.sources[source].takes))
    asked = act("collect", "service", item, source=source)
    allowed = {
        (age, flags): ALONE.decide(asked, ALONE.standing("GB", age=age, flags=flags), THEN).allowed
        for age, flags in [(15, ()), (15, ("parent",)), (16, ())]
    }

    assert allowed == {
        (15, ()): source not in ("register", "subscribe", "order"),
        (15, ("parent",)): True,
        (16, ()): True,
    }


def test_an_authority_gets_nothing_without_a_legal_basis():
    def ask(given):
        return ALONE.decide(act("disclose", "law", "name", to="authorities", given=given), ALONE.standing("GB"), THEN)

    assert ask(frozenset(["legal basis"])).allowed
    assert [r.clause for r in ask(frozenset()).reasons] == ["recipients.authorities.needs"]


def test_figures_about_nobody_may_go_out_and_the_people_behind_them_may_not():
    yes = ALONE.standing("GB", yes=["figures"])

    def ask(form):
        return ALONE.decide(act("disclose", "figures", "wish_list", to="outsiders", form=form), yes, THEN).allowed

    assert {form: ask(form) for form in ("plain", "pseudonymous", "statistics")} == {
        "plain": False, "pseudonymous": False, "statistics": True,
    }  # fmt: skip


# --- What today's law leaves of it -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("residence", "channel", "law"),
    [
        ("GB", "email", "uk.pecr-22"),
        ("GB", "sms", "uk.pecr-22"),
        ("GB", "phone", ""),
        ("GB", "post", ""),
        ("DE", "email", "eu.eprivacy-13-email"),
        ("DE", "sms", "eu.eprivacy-13-sms"),
        ("DE", "phone", "eu.eprivacy-13-phone"),
        ("DE", "post", ""),
        ("US", "email", ""),
        ("US", "sms", "us.tcpa-sms"),
        ("*", "email", "eu.eprivacy-13-email"),
    ],
)
def test_marketing_that_2018_sent_until_a_no_needs_a_yes_where_the_law_says_so(residence, channel, law):
    purpose = "mailings" if channel == "post" else "news"
    asked = act("contact", purpose, channel=channel, topic="offers")
    decision = TODAY.decide(asked, TODAY.standing(residence), NOW)

    assert ALONE.decide(asked, ALONE.standing(residence), THEN).allowed
    assert (decision.allowed, decision.because.law.partition(" ")[0]) == (not law, law)
    assert TODAY.decide(asked, TODAY.standing(residence, yes=[purpose]), NOW).allowed


@pytest.mark.parametrize(("residence", "law"), [("GB", "uk.pecr-6"), ("DE", "eu.eprivacy-5-3"), ("US-WY", "")])
def test_adverts_that_2018_showed_until_a_no_need_a_yes_where_the_law_says_so(residence, law):
    asked = act("use", "adverts", "interests")
    decision = TODAY.decide(asked, TODAY.standing(residence), NOW)

    assert ALONE.decide(asked, ALONE.standing(residence), THEN).allowed
    assert (decision.allowed, decision.because.law.partition(" ")[0]) == (not law, law)


@pytest.mark.parametrize(
    ("residence", "laws"),
    [
        ("GB", ["uk.processor-contract", "uk.transfers"]),
        ("DE", ["eu.processor-contract", "eu.transfers"]),
        ("US-WY", []),
    ],
)
def test_even_the_payment_partner_gets_no_card_without_contract_and_safeguard(residence, laws):
    asked = act("disclose", "order", "card_details", to="payment_partner")
    decision = TODAY.decide(asked, TODAY.standing(residence), NOW)

    assert [r.law.partition(" ")[0] for r in decision.reasons if r.law] == laws
    assert decision.allowed is not bool(laws)


@cache
def lines_overruled(on):
    return [(one.clause, one.law.partition(" ")[0]) for one in overruled(TODAY, on)]


def overruled_by(law, on=NOW):
    return {clause for clause, line in lines_overruled(on) if line == law}


@pytest.mark.parametrize("law", ["uk", "eu"])
@pytest.mark.parametrize(
    ("rule", "clauses"),
    [
        ("free-access", {"rights.see.fee", "rights.copy.fee"}),
        ("real-consent", {f"purposes.{name}.basis" for name in BY_USE} | {"choices.group_news"}),
        ("separate-marketing", {"purposes.insight.basis", "purposes.promote.basis"}),
        ("contracts", {"recipients.payment_partner", "recipients.suppliers", "recipients.chat_provider"}),
        ("safe-transfers", {f"recipients.{name}.shield" for name in POLICY.recipients if name != "outsiders"}),
        ("easy-stop", {"choices.mailings.no"}),
        ("honest-seals", {"statements.seal"}),
        ("rights", {"rights"}),
    ],
)
def test_today_europe_and_britain_overrule_exactly_these_lines(law, rule, clauses):
    assert overruled_by(f"{law}.{rule}") == clauses


@pytest.mark.parametrize("law", ["uk", "eu", "us", "us-ca", "us-states"])
def test_today_every_law_overrules_uses_without_an_end(law):
    found = overruled_by(f"{law}.no-open-ends")

    assert "purposes.terms" in found  # the fourteenth: whatever the terms of a service say
    assert found == {f"purposes.{name}" for name, p in POLICY.purposes.items() if "*" in p.uses and p.basis != "law"}


@pytest.mark.parametrize(
    ("law", "clause"),
    [
        ("uk.pecr-22", "choices.news"),
        ("uk.pecr-22-chat", "choices.news"),
        ("eu.eprivacy-13-email", "choices.news"),
        ("eu.eprivacy-13-sms", "choices.news"),
        ("eu.eprivacy-13-phone", "choices.news"),
        ("us.tcpa-sms", "choices.news"),
        ("uk.pecr-6", "choices.adverts"),
        ("eu.eprivacy-5-3", "choices.adverts"),
        ("uk.complaint-form", "rights"),
        ("uk.human-review", "rights"),
    ],
)
def test_today_the_law_puts_a_yes_or_a_way_where_2018_had_none(law, clause):
    assert overruled_by(law) == {clause}


@pytest.mark.parametrize(
    ("law", "begins"),
    [
        ("uk.free-access", date(2018, 5, 25)),
        ("eu.real-consent", date(2018, 5, 25)),
        ("eu.easy-stop", date(2018, 5, 25)),
        ("uk.complaint-form", date(2026, 6, 19)),
    ],
)
def test_a_line_stood_until_the_day_its_law_began(law, begins):
    assert overruled_by(law, begins - timedelta(days=1)) == set()
    assert overruled_by(law, begins) == overruled_by(law) != set()


def test_each_overruled_line_stands_in_the_file_and_says_why():
    found = overruled(TODAY, NOW)

    assert {one.clause for one in found if not FILE.line(one.clause)} == set()
    assert {one for one in found if not one.say.strip() or not (one.law == "house" or "(" in one.law)} == set()
