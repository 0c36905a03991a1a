"""What a law, a statement or the house may demand of a whole policy, one near miss at a time."""

from datetime import date

import pytest
from tests.policy.making import TODAY, compiled

from troth.laws import packs
from troth.policy.demands import DEMANDS, HOUSE, Case

MAIL = 'mailing house", role = "processor", in = ["GB"], contract = { ref = "T-2" }'
NEWS = 'ask = "in"\n'
OFFICE = 'laws = ["uk"]'


def found(phrase, *lines, on=TODAY, law="", rights=()):
    policy = compiled(*lines)
    return list(DEMANDS[phrase](Case(policy, on, packs()[law] if law else None, rights)))


@pytest.mark.parametrize("phrase", sorted(DEMANDS.keys() - {"transfers have a safeguard", "representative is named"}))
def test_the_small_policy_meets_every_demand(phrase):
    assert found(phrase) == []


@pytest.mark.parametrize(
    ("phrase", "line", "clauses"),
    [
        ("access is free", ('say = "get a copy", by', 'say = "get a copy", fee = 1, by'), ["rights.copy.fee"]),
        ("use is not consent", ('basis = "interest"', 'basis = "use"'), ["purposes.suit.basis"]),
        ("use is not consent", (NEWS, 'ask = "use"\n'), ["choices.news"]),
        ("use is not consent", (NEWS, 'ask = { default = "in", us = "use" }\n'), ["choices.news"]),
        ("use is not consent", ('channels = ["email", "sms"]', 'channels = { email = "in", sms = "use" }'), ["choices.news"]),
        ("use is not consent", ('channels = ["email", "sms"]', 'channels = { email = "in", sms = { uk = "use" } }'), ["choices.news"]),
        ("use is not consent", (NEWS, 'ask = "out"\n'), []),
        ("every yes has an equal no", (NEWS, NEWS + 'yes = ["account"]\nno = ["care"]\n'), ["choices.news.no"]),
        ("every yes has an equal no", (NEWS, NEWS + 'yes = ["account"]\nno = ["care", "account"]\n'), []),
        ("complaints have an electronic form", ('say = "complain", by = ["form"]', 'say = "complain", by = ["phone"]'), ["rights.complain"]),
        ("complaints have an electronic form", ('complain = { say = "complain", by = ["form"]', 'grumble = { kind = "complain", say = "complain", by = ["phone"]'), ["rights"]),
        ("complaints have an electronic form", ('complain = { say = "complain", by = ["form"]', 'grumble = { kind = "complain", say = "complain", by = ["phone", "our website"]'), []),
        ("processors are under contract", (', contract = { ref = "T-2" }', ""), ["recipients.post"]),
        ("processors are under contract", ('{ ref = "T-2" }', '{ ref = "T-2", until = 2026-11-22 }'), ["recipients.post"]),
        ("processors are under contract", ('{ ref = "T-2" }', '{ ref = "T-2", until = 2026-11-23 }'), []),
        ("processors are under contract", (MAIL, 'mailing house", role = "controller", in = ["GB"]'), []),
        ("recipients are named", ('post = { say = "our mailing house", ', "post = { "), ["recipients.post"]),
        ("recipients are named", ('post = { say = "our mailing house", ', 'post = { who = ["Post Ltd"], '), []),
        ("retention is stated", ('keep = "order + 7 years"', 'keep = "unstated"'), ["data.orders.keep"]),
        ("sources are stated", ("parent = true", "parent = false"), []),
        ("two contact methods", ('care = ["care@fern.example", "+44 20 7946 0001"]', 'care = ["care@fern.example"]'), ["brands.fern.care"]),
        ("two contact methods", ('care = ["care@fern.example", "+44 20 7946 0001"]', 'care = ["+44 20 7946 0001"]'), ["brands.fern.care"]),
        ("two contact methods", ('care = ["care@fern.example", "+44 20 7946 0001"]', "care = []"), ["brands.fern.care"]),
        ("two contact methods", ('care = ["care@fern.example", "+44 20 7946 0001"]', 'care = ["care@fern.example"], lines = { uk = "0808 157 0101" }'), []),
        ("two contact methods", ('care = ["care@fern.example", "+44 20 7946 0001"]', 'care = ["care@fern.example", "9 to 5"]'), []),
        ("signal is shown", ('basis = "interest"', 'basis = "interest", kind = "adverts"'), ["purposes.suit"]),
        ("signal is shown", ('basis = "interest"', 'basis = "interest", kind = "sale"'), ["purposes.suit"]),
        ("signal is shown", ('choice = "news"', 'choice = "news", kind = "sale"'), ["purposes.news"]),
        ("signal is shown", (NEWS, NEWS + 'signal = "gpc"\n'), []),
        ("security claims have evidence", (', scheme = "Oak"', ""), ["statements.safe"]),
        ("security claims have evidence", (', scope = "shops"', ""), ["statements.safe"]),
        ("security claims have evidence", (', evidence = "O-1"', ""), ["statements.safe"]),
        ("security claims have evidence", (", until = 2027-05-01", ""), ["statements.safe"]),
        ("security claims have evidence", ('check = "stored encrypted"', 'check = "stored encrypted", scheme = "Elm"'), ["statements.sealed"]),
        ("children are asked for a parent", ("parent = true", "parent = false"), ["sources"]),
        ("new uses need a new line", ('uses = ["orders"], interest', 'uses = ["*"], interest'), ["purposes.suit"]),
        ("new uses need a new line", ('basis = "interest", uses = ["orders"]', 'basis = "law", uses = ["*"]'), []),
        ("post can be stopped online", (NEWS, NEWS + 'no = ["a letter"]\n'), ["choices.news.no"]),
        ("post can be stopped online", (NEWS, NEWS + 'no = ["a letter", "account"]\n'), []),
        ("marketing is separate", ('basis = "interest"', 'basis = "use", kind = "marketing"'), ["purposes.suit.basis"]),
        ("marketing is separate", ('basis = "interest"', 'basis = "contract", kind = "marketing"'), ["purposes.suit.basis"]),
        ("marketing is separate", ('basis = "interest"', 'basis = "law", kind = "marketing"'), ["purposes.suit.basis"]),
        ("marketing is separate", ('basis = "interest"', 'basis = "interest", kind = "marketing"'), []),
        ("every channel has an exit", (', sms = "answer STOP"', ""), ["choices.news.exits"]),
        ("every channel has an exit", ('exits = { email = "a link in every email", sms = "answer STOP" }', ""), ["choices.news"]),
        ("every channel has an exit", ('topics = ["offers", "events"]\nexits = { email = "a link in every email", sms = "answer STOP" }', ""), []),
        ("figures describe groups", (MAIL, 'mailing house", role = "controller", in = ["GB"], form = "statistics"'), ["recipients.post"]),
        ("figures describe groups", (MAIL, 'mailing house", role = "controller", in = ["GB"], form = "statistics", at_least = 20'), []),
        ("every statement is checked", ('check = "stored encrypted"', 'check = "taken on trust"'), ["statements.sealed"]),
    ],
)  # fmt: skip
def test_what_fails_a_demand_is_named_by_its_line(phrase, line, clauses):
    assert found(phrase, line) == clauses


def test_rights_are_offered_under_their_own_name_or_another():
    assert found("rights are offered", rights=("see", "object")) == []
    assert found("rights are offered", rights=("see", "optout")) == ["rights"]
    assert found("rights are offered", rights=("optout",)) == ["rights"]
    named = ('object = { say = "object"', 'stop = { kind = "object", say = "object"')
    assert found("rights are offered", named, rights=("object",)) == []
    every = ("see", "copy", "correct", "erase", "restrict", "carry", "object", "review", "complain")
    assert found("rights are offered", rights=every) == []


@pytest.mark.parametrize(
    ("where", "law", "on", "clauses"),
    [
        ('in = ["GB"]', "uk", TODAY, []),
        ('in = ["GB"]', "eu", TODAY, []),
        ('in = ["IN"]', "uk", TODAY, ["recipients.post.shield"]),
        ('in = ["IN"]', "us", TODAY, []),  # a law that has nothing to say about it
        ('in = ["IN"], form = "statistics"', "uk", TODAY, []),
        ('in = ["GB", "IN"]', "", TODAY, ["recipients.post.shield"]),
        ('in = ["IN"], shield = { IN = { scheme = "idta", until = 2027-01-01, assessed = "A" } }', "uk", TODAY, []),
        ('in = ["IN"], shield = { IN = { scheme = "idta", until = 2027-01-01, assessed = "A" } }', "uk", date(2027, 1, 1), ["recipients.post.shield"]),
    ],
)  # fmt: skip
def test_a_transfer_has_a_ground_under_the_law_that_asks(where, law, on, clauses):
    line = ('mailing house", role = "processor", in = ["GB"]', f'mailing house", role = "processor", {where}')
    assert found("transfers have a safeguard", line, on=on, law=law) == clauses


HOUSE_IN = "adult_from = 16\n", 'adult_from = 16\nentities = {{ house = {{ say = "House Ltd", in = "{}" }} }}\n'


@pytest.mark.parametrize(
    ("home", "laws", "law", "clauses"),
    [
        ("GB", '["uk"]', "", []),
        ("GB", '["uk"]', "uk", []),
        ("GB", '["uk", "eu"]', "", ["policy.representatives"]),
        ("GB", '["uk", "eu"]', "eu", ["policy.representatives"]),
        ("FR", '["uk", "eu"]', "eu", []),
        ("FR", '["uk", "eu"]', "", []),  # British law asks for none
        ("GB", '["us"]', "us", []),  # no home of its own: nobody is abroad
        ("", '["uk"]', "uk", ["policy.representatives"]),
    ],
)
def test_a_house_abroad_names_a_representative(home, laws, law, clauses):
    lines = [(OFFICE, f"laws = {laws}")]
    if home:
        lines += [(HOUSE_IN[0], HOUSE_IN[1].format(home)), ('controller = "Small House Ltd"', 'controller = "house"')]
    assert found("representative is named", *lines, law=law) == clauses


def test_a_representative_who_is_named_will_do():
    lines = ((OFFICE, 'laws = ["eu"]\nrepresentatives = { eu = "Rep GmbH" }'),)
    assert found("representative is named", *lines, law="eu") == []


def test_what_the_house_asks_is_known():
    assert set(HOUSE) <= DEMANDS.keys()
