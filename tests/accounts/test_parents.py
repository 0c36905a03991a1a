"""A parent's word: before it a child joins nothing, subscribes to nothing and buys nothing; after it they do."""

import pytest
from tests.accounts.conftest import ADA, BOB, GOOD, Visitor, path
from tests.doors.conftest import someone

from troth.accounts import parents
from troth.accounts.models import Account, Agreement
from troth.doors.collect import collect
from troth.doors.contact import contact
from troth.doors.declare import job
from troth.doors.errors import Refused
from troth.policy.acts import PARENT
from troth.vault import identity
from troth.vault.models import Identifier, Person

pytestmark = [
    pytest.mark.urls("tests.accounts.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
MUM = "mum.canary@post.example"


def asked(visitor, mail, age="13"):
    """A child says how old they are and names a parent; returns the parent's link."""
    page = visitor.post("register/", email=ADA, age=age)
    assert (page.status_code, "A parent agrees first" in page.content.decode()) == (200, True)
    sent = visitor.post("register/", step="parent", age=age, parent_name="Mother Canary", parent_email=MUM)
    assert sent.status_code == 303
    return mail.link(MUM)


def said(link, answer):
    return Visitor().send(link, answer=answer)


def may(person, clock):
    return {
        what: parents.allowed(person, what, "tarn", clock.at).allowed for what in ("register", "subscribe", "order")
    }


def test_a_child_joins_after_a_parent_agreed_and_not_before(visitor, mail, clock):
    link = asked(visitor, mail)
    child = Person.objects.get().pk
    assert may(child, clock) == {"register": False, "subscribe": False, "order": False}

    page = said(link, "agree")
    assert page.status_code == 200
    assert may(child, clock) == {"register": True, "subscribe": True, "order": True}
    on = mail.link(MUM)
    assert on in page.content.decode()
    assert visitor.send(on, email=ADA).status_code == 303
    assert visitor.send(mail.link(ADA), name="Ada", password=GOOD).status_code == 303

    assert visitor.signed_in
    assert Account.objects.get().person_id == child
    assert Person.objects.get(pk=child).known_age == 13


def test_of_a_child_nothing_is_kept_but_how_old_they_are_until_a_parent_agreed(visitor, mail):
    visitor.post("register/", email=ADA, age="13")
    assert (Person.objects.count(), Identifier.objects.count()) == (0, 0)

    asked(visitor, mail)
    assert identity.find("email", ADA) is None
    assert [row.kind for row in Identifier.objects.all()] == ["parent"]


@pytest.mark.parametrize(("age", "first"), [("0", True), ("13", True), ("16", False), ("18", False)])
def test_a_parent_is_asked_below_the_age_the_policy_says(visitor, clock, age, first):
    assert parents.first(int(age), "tarn", clock.at) is first
    answer = visitor.post("register/", email=ADA, age=age)
    assert answer.status_code == (200 if first else 303)


def test_decide_itself_sees_the_word_given_and_taken_back(visitor, mail, clock):
    link = asked(visitor, mail)
    child = Person.objects.get()

    def order():
        with job("order"), collect("order", source="order", brand="tarn", person=child.pk, at=clock.at) as c:
            c.save(identity.identifier(child.pk, "mobile", "+447911123456"))

    with pytest.raises(Refused) as no:
        order()
    assert no.value.because.code == "no_parent"
    said(link, "agree")
    assert Person.objects.get().flags & PARENT
    order()
    said(link, "withdraw")
    assert not Person.objects.get().flags & PARENT
    with pytest.raises(Refused):
        order()


def test_there_is_no_marketing_meanwhile(visitor, mail, clock):
    asked(visitor, mail)
    child = Person.objects.get()
    with job("news"):
        answer = contact(
            child.pk, purpose="news", channel="email", brand="tarn", topic="offers", content={}, once="n", at=clock.at
        )

    assert not answer


def test_taking_it_back_signs_the_child_out_and_keeps_them_out(visitor, mail):
    link = asked(visitor, mail)
    said(link, "agree")
    visitor.send(mail.link(MUM), email=ADA)
    visitor.send(mail.link(ADA), name="Ada", password=GOOD)
    assert visitor.signed_in

    said(link, "withdraw")
    assert not visitor.signed_in
    answer = visitor.sign_in()
    assert (answer.status_code, "A parent agrees first" in answer.content.decode()) == (403, True)
    said(link, "agree")
    assert visitor.sign_in().status_code == 303


def test_a_no_is_as_near_as_a_yes_and_each_counts_once(visitor, mail):
    link = asked(visitor, mail)
    page = Visitor().go(link).content.decode().partition("<h1")[2]  # the panel about cookies is above
    buttons = [line for line in page.split("<button") if 'name="answer"' in line]
    assert [one.partition('class="')[2].partition('"')[0] for one in buttons] == ["button other"] * 2

    said(link, "refuse")
    said(link, "refuse")
    assert Agreement.objects.get().state == "refused"
    said(link, "withdraw")  # nothing to take back
    assert Agreement.objects.get().state == "refused"
    assert not Person.objects.get().flags & PARENT


def test_the_proof_holds_each_answer_with_its_words(visitor, mail, clock):
    from troth.doors.use import use  # noqa: PLC0415

    link = asked(visitor, mail)
    said(link, "agree")
    clock.pass_(days=3)
    said(link, "withdraw")
    row = Agreement.objects.get()
    with job("parents"), use("parents", brand="tarn", person=row.person_id, at=clock.at) as u:
        name, words = u.open(row.name, row.words)

    assert name == "Mother Canary"
    assert [(one["said"], one["wording"]) for one in words] == [
        ("agree", parents.WORDS["agree"]), ("withdraw", parents.WORDS["withdraw"]),
    ]  # fmt: skip


def test_only_the_letter_opens_a_parents_page(visitor, mail):
    link = path(asked(visitor, mail))
    key = link.rstrip("/").rpartition("/")[2]
    wrong = [
        key[:-1] + ("A" if key[-1] != "A" else "B"),
        key.partition(":")[0],
        "x",
        f"{'0' * 32}:{key.partition(':')[2]}",
    ]

    for one in wrong:
        for answer in (visitor.get(f"parent/{one}/"), visitor.post(f"parent/{one}/", answer="agree")):
            assert answer.status_code == 404
    assert Visitor("holm").get(f"parent/{key}/").status_code == 404
    assert visitor.post(f"parent/{key}/", answer="perhaps").status_code == 400
    assert Agreement.objects.get().state == "asked"


def test_a_parent_is_asked_once_however_often_the_child_asks(visitor, mail, clock):
    child = someone(known_age=13, known_on=clock.at.date())

    def way(name, **parts):
        return f"https://tarn.example/{name}/{'/'.join(parts.values())}"

    with job("parents"):
        rows = {parents.ask(child.pk, "Mother", MUM, "tarn", way, clock.at).pk for _ in range(3)}
    assert (len(rows), len(mail.fetch())) == (1, 1)


def test_one_parents_no_does_not_undo_another_parents_yes(visitor, mail, clock):
    link = asked(visitor, mail)
    child = Person.objects.get().pk
    said(link, "agree")

    def way(name, **parts):
        return f"https://tarn.example/tarn/account/{name}/{'/'.join(parts.values())}/"

    with job("parents"):
        parents.ask(child, "Father", BOB, "tarn", way, clock.at)
    said(mail.link(BOB), "refuse")

    assert may(child, clock)["order"]


def test_a_guest_who_turns_out_to_be_a_child_needs_a_parent_to_claim_what_is_theirs(visitor, mail, clock):
    guest = someone(known_age=14, known_on=clock.at.date(), flags=PARENT)
    with job("order"), collect("order", source="order", brand="tarn", person=guest.pk, at=clock.at) as c:
        c.save(identity.identifier(guest.pk, "email", ADA))
    Person.objects.update(flags=0)  # the parent took it back meanwhile

    visitor.post("register/", email=ADA, age="18")  # whatever they say now
    link = mail.link(ADA)
    page = visitor.send(link, name="Ada", password=GOOD)
    assert "A parent agrees first" in page.content.decode()
    assert not Account.objects.exists()
    visitor.send(link, step="parent", parent_name="Mother", parent_email=MUM)
    said(mail.link(MUM), "agree")
    visitor.send(mail.link(MUM), email=ADA)
    visitor.send(mail.link(ADA), name="Ada", password=GOOD)

    assert Account.objects.get().person_id == guest.pk


@pytest.mark.parametrize(
    "typed",
    [
        {"parent_name": ""}, {"parent_name": "N" * 10_000}, {"parent_name": "Mum\x00"}, {"parent_email": "x"},
        {"parent_email": "mum@post.example\nBcc: x@y.example"}, {"age": "0; drop"},
    ],
)  # fmt: skip
def test_what_cannot_be_used_asks_nobody(visitor, mail, typed):
    whole = {"step": "parent", "age": "13", "parent_name": "Mother", "parent_email": MUM}

    assert visitor.post("register/", **(whole | typed)).status_code == 400
    assert (Person.objects.count(), mail.fetch()) == (0, [])
