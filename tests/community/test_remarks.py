"""A remark from the first word to the last byte."""

import itertools
import json
from dataclasses import fields
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from tests.community.conftest import LOUD, NOON, fresh, link, shown, typed, write

from troth.choices.models import Event
from troth.community import actions, checks, links, rules, showing
from troth.community.errors import BadWords, NotNow, NotThere, TooMany
from troth.community.models import IN_FORCE, Permission, Photo, Remark
from troth.doors import erasing, keep, policies
from troth.doors.collect import choose
from troth.doors.declare import job
from troth.doors.errors import NotPublished, Refused
from troth.doors.models import Message
from troth.doors.publish import on_show
from troth.doors.use import use
from troth.ledger.models import Row
from troth.policy.notice import notice
from troth.rights import seeing
from troth.vault import identity
from troth.vault.models import Person

database = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
DAY = timedelta(days=1)


def said(brand="tarn", about="nell", kind="review", at=NOON):
    return showing.said(brand, about, kind, at=at)


def words(**where):
    return [one.words for one in said(**where).shown]


def entries(verb):
    rows = Row.objects.filter(verb=verb).order_by("id").values_list("body", flat=True)
    return [json.loads(bytes(body)) for body in rows]


def letters(which):
    return [m for m in Message.objects.order_by("id") if f":{which}:" in m.once]


# -- rules -------------------------------------------------------------------------------------------------------------

ACTS = sorted({act for _, act in rules.MOVES})


def test_every_move_is_between_states_there_are():
    assert {*(state for state, _ in rules.MOVES), *rules.MOVES.values()} == set(rules.STATES)


@pytest.mark.parametrize(("state", "act"), list(itertools.product(rules.STATES, ACTS)))
def test_what_the_table_does_not_say_is_refused_in_words(state, act):
    if (state, act) in rules.MOVES:
        assert rules.after(state, act) == rules.MOVES[state, act]
    else:
        with pytest.raises(NotNow, match=rules.STATES[state].split()[0]):
            rules.after(state, act)


@pytest.mark.parametrize("state", rules.STATES)
def test_whatever_became_of_a_remark_its_writer_can_take_it_back(state):
    assert rules.after(state, "withdraw") == "withdrawn"


@given(st.lists(st.sampled_from(ACTS), max_size=12))
def test_nothing_is_shown_unless_somebody_read_it_as_it_is(acts):
    state, read = "unproven", False
    for act in acts:
        try:
            state = rules.after(state, act)
        except NotNow:
            continue
        read = act == "show" or (read and act not in ("edit", "refuse", "withdraw"))
        assert (state == "shown") is read


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("name", "", "Choose a name"),
        ("name", "x" * 41, "40 letters"),
        ("name", "ada@post.example", "address"),
        ("name", "Ada\0", "cannot be seen"),
        ("name", "Ada\N{RIGHT-TO-LEFT OVERRIDE}", "cannot be seen"),
        ("name", "Ada\nBabbage", "cannot be seen"),
        ("words", "", "no words"),
        ("words", "x" * 10_000, "These are 10,000"),
        ("words", "fine\x08", "cannot be seen"),
        ("words", "\N{RIGHT-TO-LEFT ISOLATE}fine", "cannot be seen"),
        ("words", "write to ADA@post.example", "leave it out"),
        ("email", "", "We need your email"),
        ("email", "ada", "name@domain"),
        ("stars", "", "How many|how many"),
        ("stars", "6", "1 to 5"),
        ("stars", "4.5", "1 to 5"),
        ("stars", "٤", "1 to 5"),
    ],
)
def test_what_cannot_be_taken_is_said_field_by_field_and_never_repeated(field, value, why):
    with pytest.raises(BadWords, match=why) as no:
        typed(**{field: value})
    assert field in no.value.problems or value == "write to ADA@post.example"
    assert len(value) < 2 or value not in str(no.value)


@pytest.mark.parametrize(
    "text", ["مريح جداً", "נוח מאוד", "👩🏽‍🚀 fits!", "'\"><script>alert(1)</script>", "a\n\nb", "क्‍ष"]
)
def test_words_of_any_script_are_taken_as_they_are(text):
    assert typed(words=text).words == text


@given(st.text(max_size=60), st.text(max_size=200))
def test_whatever_is_read_can_be_shown(name, text):
    try:
        written = typed(name=name, words=text)
    except BadWords as no:
        named = set(no.problems)
        assert named <= {"name", "words"}
    else:
        assert not rules.hidden(written.name + written.words)
        assert typed(name=written.name, words=written.words) == written


# -- forms -------------------------------------------------------------------------------------------------------------


def compiled():
    return policies.archive().in_force(policies.today())


@pytest.mark.parametrize("kind", rules.KINDS)
def test_a_form_says_what_it_asks_what_for_and_where_that_is_written(kind):
    told = notice(compiled(), rules.KINDS[kind].source, rules.KINDS[kind].form)
    text = " ".join(line.say for line in told.lines)
    for item in rules.FIELDS[kind].values():
        assert (compiled().book.labels[item].say or "?") in text
    for purpose in compiled().policy.sources[rules.KINDS[kind].source].forms[rules.KINDS[kind].form].purposes:
        assert (compiled().policy.purposes[purpose].say or "?") in text
    lines = compiled().book.file.reader.text.splitlines()
    assert all(line.clause.rpartition(".")[2] in lines[line.number - 1] for line in told.lines)


def test_a_form_wider_than_the_policys_fails_the_check(monkeypatch):
    assert checks.problems(compiled()) == []
    monkeypatch.setitem(rules.FIELDS["comment"], "born", "identity.birth_date")
    (problem,) = checks.problems(compiled())
    assert "identity.birth_date" in problem.msg
    assert "[sources.comment.forms.comment]" in (problem.hint or "")


# -- written, proved, shown --------------------------------------------------------------------------------------------


@database
def test_nothing_is_shown_before_its_mailbox_is_proved_and_one_of_us_has_read_it():
    remark = write()
    assert (remark.state, words()) == ("unproven", [])
    with pytest.raises(NotNow):
        actions.show(remark.pk, version=remark.version, link=link, at=NOON)
    assert actions.waiting("tarn", "comments", at=NOON) == []

    assert actions.prove(remark.pk, at=NOON)
    (waits,) = actions.waiting("tarn", "comments", at=NOON)
    assert (waits.name, waits.words, words()) == ("Marigold", f"{LOUD} and warm.", [])

    assert actions.show(remark.pk, version=remark.version, link=link, at=NOON)
    (one,) = said().shown
    assert (one.name, one.words, one.stars, one.bought) == ("Marigold", f"{LOUD} and warm.", 4, False)


@database
def test_every_act_done_twice_is_done_once():
    page = uuid4()
    first, again = write(once=page), write(once=page, words="other words")
    assert (first.pk, Remark.objects.count(), Person.objects.count(), Message.objects.count()) == (again.pk, 1, 1, 1)

    for act in (
        lambda: actions.prove(first.pk, at=NOON),
        lambda: actions.show(first.pk, version=first.version, link=link, at=NOON),
        lambda: actions.refuse(first.pk, "rude", link=link, at=NOON),
        lambda: actions.withdraw(first.pk, at=NOON),
    ):
        assert [act(), act()] == [True, False]
    assert write(once=page).pk == first.pk  # sent once more, long after
    assert len(entries("publish")) == 1
    assert [len(letters(which)) for which in ("asked", "shown", "refused")] == [1, 1, 1]


@database
def test_one_mailbox_is_one_person_however_it_is_written_and_typing_an_address_is_no_visit():
    first = write(at=NOON - 30 * DAY)
    second = write(about="effie", email="ADA@Post.Example", at=NOON)
    third = write(about="effie", email="bob@post.example")
    assert first.person_id == second.person_id != third.person_id
    assert Person.objects.get(pk=first.person_id).last_seen == (NOON - 30 * DAY).date()


@database
def test_somebody_signed_in_need_not_prove_a_mailbox():
    them = write().person_id
    remark = actions.write(
        rules.read("review", {"name": "Ada", "words": "Good", "stars": "5"}, known=True),
        actions.Page("tarn", "effie", uuid4()), link=link, at=NOON, person=them, bought=True,
    )  # fmt: skip
    assert (remark.state, remark.bought, remark.person_id) == ("waiting", True, them)


@database
def test_a_mailbox_is_not_filled_by_who_types_its_address():
    for number in range(rules.MOST_UNPROVEN):
        write(about=f"style-{number}")
    with pytest.raises(TooMany):
        write(about="one-more")
    assert (Remark.objects.count(), Message.objects.count()) == (rules.MOST_UNPROVEN, rules.MOST_UNPROVEN)
    write(about="one-more", email="bob@post.example")


@database
@pytest.mark.parametrize("field", ["words", "name"])
def test_a_card_number_is_refused_before_anything_is_kept(field):
    with pytest.raises(BadWords, match="card number") as no:
        write(**{field: "4111 1111 1111 1111"})
    assert "4111" not in str(no.value)
    assert (Remark.objects.count(), Person.objects.count(), Message.objects.count()) == (0, 0, 0)


@database
def test_what_may_be_delicate_is_said_to_who_reads_it_and_to_nobody_else():
    for text, about in (("Perfect after my mastectomy.", "nell"), ("A woollen coat.", "effie")):
        actions.prove(write(words=text, about=about).pk, at=NOON)
    assert [one.delicate for one in actions.waiting("tarn", "comments", at=NOON)] == [True, False]
    assert not any("delicate" in field.name for field in Remark._meta.get_fields())


@database
def test_a_moderator_reads_no_address_and_is_on_record():
    for email in ("ada@post.example", "bob@post.example"):
        actions.prove(write(email=email, about=email[:3]).pk, at=NOON)
    found = actions.waiting("tarn", "comments", at=NOON)
    assert not any("@" in repr(field) for one in found for field in (one.name, one.words))
    assert actions.waiting("holm", "comments", at=NOON) == []
    (look,) = [entry for entry in entries("use") if entry["actor"] == "care"]
    assert (look["facts"]["people"], look["items"]) == (2, ["shared.reviews", "shared.username"])


@database
def test_words_changed_since_they_were_read_are_not_shown():
    remark = write()
    actions.prove(remark.pk, at=NOON)
    read = remark.version
    actions.edit(remark.pk, typed(words="Something else"), at=NOON)
    with pytest.raises(NotNow, match="read it again"):
        actions.show(remark.pk, version=read, link=link, at=NOON)
    assert actions.show(remark.pk, version=read + 1, link=link, at=NOON)
    assert words() == ["Something else"]


@database
def test_an_edit_leaves_the_page_at_once_and_waits_to_be_read_again():
    remark = shown()
    actions.edit(remark.pk, typed(words="Less warm than I thought.", stars="2"), at=NOON)
    assert (fresh(remark).state, words()) == ("waiting", [])
    actions.show(remark.pk, version=remark.version, link=link, at=NOON)
    assert [(one.words, one.stars) for one in said().shown] == [("Less warm than I thought.", 2)]


@database
def test_who_was_refused_is_told_why_can_change_it_and_else_it_goes():
    remark, other = write(), write(about="effie", email="bob@post.example")
    for one in (remark, other):
        actions.prove(one.pk, at=NOON)
        actions.refuse(one.pk, "others", link=link, at=NOON)
    (letter, _) = letters("refused")
    with job("administration"), use("administration", person=letter.person_id, brand="tarn", at=NOON) as u:
        text = u.open(letter.content)["text"]
    assert "names other people" in text
    assert link(remark) in text
    assert LOUD not in text

    actions.edit(remark.pk, typed(words="Mended."), at=NOON)
    list(keep.sweep(NOON + 32 * DAY))
    assert [row.pk for row in Remark.objects.all()] == [remark.pk]
    assert fresh(remark).state == "waiting"


@database
def test_a_reason_we_do_not_have_is_none():
    remark = write()
    actions.prove(remark.pk, at=NOON)
    with pytest.raises(NotNow, match="off_topic"):
        actions.refuse(remark.pk, "because", link=link, at=NOON)


@database
def test_one_person_has_one_review_of_a_thing_on_our_pages():
    shown()
    second = write(words="And again")
    actions.prove(second.pk, at=NOON)
    with pytest.raises(NotNow, match="One person, one review"):
        actions.show(second.pk, version=second.version, link=link, at=NOON)
    shown(about="effie")
    shown(email="bob@post.example")
    assert said().count == 2


@database
def test_what_nobody_proves_is_gone_after_two_weeks():
    write()
    list(keep.sweep(NOON + (rules.DAYS_TO_PROVE - 1) * DAY))
    assert Remark.objects.count() == 1
    list(keep.sweep(NOON + (rules.DAYS_TO_PROVE + 2) * DAY))
    assert Remark.objects.count() == 0


# -- on the page -------------------------------------------------------------------------------------------------------


def test_nothing_on_a_page_is_an_address_or_a_person():
    assert {field.name for field in fields(showing.Shown)} == {
        "remark",
        "name",
        "words",
        "stars",
        "bought",
        "said_at",
        "pictures",
    }
    assert {field.name for field in fields(showing.Sight)} == {"photo", "width", "height"}


LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@database
def test_whatever_somebody_writes_their_address_is_nowhere_on_the_page():
    @given(
        st.text(LETTERS, min_size=3, max_size=12), st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=80)
    )
    def shows_no_address(local, name, text):
        email = f"{local}@post.example"
        try:
            remark = shown(email=email, name=name, words=text, about=f"s-{uuid4().hex}")
        except BadWords:
            return
        (one,) = said(about=remark.about).shown
        told = repr(one)
        assert email not in told
        assert str(remark.person_id) not in told

    shows_no_address()


@database
def test_the_newest_stands_first_and_the_average_is_of_all():
    for number, stars in enumerate("15324"):
        shown(email=f"p{number}@post.example", words=f"number {number}", stars=stars, at=NOON - number * DAY)
    shown(about="effie", stars="1")
    shown(brand="holm", stars="1")
    shown("comment", stars="1")
    write(email="waits@post.example", stars="1")
    found = showing.said("tarn", "nell", "review", at=NOON, first=1, most=3)
    assert [one.words for one in found.shown] == ["number 1", "number 2", "number 3"]
    assert (found.count, found.average) == (5, 3.0)


@database
def test_another_brands_page_and_another_things_page_never_show_it():
    shown()
    assert words()
    for where in ({"brand": "holm"}, {"about": "effie"}, {"kind": "comment"}, {"about": ""}):
        assert words(**where) == []


@database
def test_a_page_asks_as_often_for_many_remarks_as_for_one_and_writes_nothing():
    def asked():
        with CaptureQueriesContext(connections["default"]) as one, CaptureQueriesContext(connections["keys"]) as two:
            said()
        return len(one), len(two), [q["sql"] for q in one.captured_queries if not q["sql"].startswith("SELECT")]

    assert asked() == (1, 0, [])
    shown()
    assert asked() == (2, 1, [])
    before = Row.objects.count()
    for number in range(9):
        shown(email=f"p{number}@post.example")
    assert Row.objects.count() > before
    count = Row.objects.count()
    assert asked() == (2, 1, [])
    assert Row.objects.count() == count


@database
def test_what_was_never_published_is_not_shown_again():
    remark = write()
    with pytest.raises(NotPublished):
        list(on_show("comments", [remark], brand="tarn", channel="online", at=NOON))


@database
def test_who_objects_is_off_the_page_at_once_and_the_others_stay():
    ada, bob = shown(), shown(email="bob@post.example", words="Bob's words")
    choose("objection", "comments", person=ada.person_id, brand="tarn", place="letter", wording="No more.", at=NOON)
    assert words() == ["Bob's words"]
    assert bob.person_id != ada.person_id


@database
def test_what_is_taken_back_is_off_the_page_at_once_and_gone_with_the_next_sweep():
    ada, _ = shown(), shown(email="bob@post.example", words="Bob's words")
    actions.withdraw(ada.pk, at=NOON)
    assert words() == ["Bob's words"]
    for act in (
        lambda: actions.show(ada.pk, version=ada.version, link=link, at=NOON),
        lambda: actions.edit(ada.pk, typed(), at=NOON),
        lambda: actions.prove(ada.pk, at=NOON),
    ):
        with pytest.raises(NotNow, match="taken back"):
            act()
    list(keep.sweep(NOON + DAY))
    assert [row.pk for row in Remark.objects.all()] != [ada.pk]
    assert not Remark.objects.filter(pk=ada.pk).exists()


@database
def test_who_is_restricted_can_still_take_it_back():
    remark = shown()
    Person.objects.filter(pk=remark.person_id).update(flags=1 << 5)
    assert words() == []
    with pytest.raises(Refused):
        actions.theirs(remark.pk, at=NOON)
    assert actions.withdraw(remark.pk, at=NOON)


@database
def test_who_is_erased_is_gone_and_the_neighbour_is_not():
    ada, _ = shown(), shown(email="bob@post.example", words="Bob's words")
    erasing.erase(ada.person_id, at=NOON)
    assert words() == ["Bob's words"]
    for model in (Remark, Photo, Permission):
        assert not model._base_manager.filter(person_id=ada.person_id).exists()
    with pytest.raises(NotThere):
        actions.theirs(ada.pk, at=NOON)
    with pytest.raises(NotThere):
        actions.withdraw(ada.pk, at=NOON)


@database
def test_whose_key_is_gone_between_two_looks_is_left_out():
    from troth.vault import keys  # noqa: PLC0415

    ada, _ = shown(), shown(email="bob@post.example", words="Bob's words")
    keys.destroy([ada.person_id])
    assert words() == ["Bob's words"]


@database
def test_everything_said_is_in_the_answer_to_what_do_you_hold():
    remark = shown()
    shown(email="bob@post.example", words="Bob's words")
    things = [(thing.item, thing.value) for thing in seeing.see(remark.person_id, NOON).things]
    assert ("shared.reviews", f"{LOUD} and warm.") in things
    assert ("shared.username", "Marigold") in things
    assert not any("Bob" in str(value) for _, value in things)


@database
def test_a_joined_writer_keeps_their_remarks_and_both_stay_shown():
    from troth.doors.joining import join  # noqa: PLC0415

    ada, other = shown(), shown(email="ada@work.example", words="The other half")
    with job("dedupe"):
        join(ada.person_id, other.person_id, because="same", actor="officer", given=["merge review"], at=NOON)
    assert sorted(words()) == sorted([f"{LOUD} and warm.", "The other half"])
    assert actions.theirs(other.pk, at=NOON).words == "The other half"


# -- kind words --------------------------------------------------------------------------------------------------------


def kind_words(**other):
    return shown("testimonial", **{"online": "yes"} | other)


def quoted(brand="tarn", at=NOON):
    return [one.words for one in showing.praised(brand, at=at)]


@database
def test_feedback_is_quoted_where_its_writer_said_yes_and_nowhere_else():
    kind_words()
    kind_words(email="bob@post.example", words="Bob's words", online="yes", print="yes")
    assert sorted(quoted()) == sorted([f"{LOUD} and warm.", "Bob's words"])
    assert quoted("holm") == []
    assert Permission.objects.filter(IN_FORCE, medium="print").count() == 1


@database
@pytest.mark.parametrize("answers", [{}, {"online": "no", "print": "no"}, {"online": "maybe"}])
def test_feedback_without_a_yes_is_for_us_alone(answers):
    remark = write("testimonial", name="", email="", **answers)
    assert (remark.state, quoted(), Message.objects.count()) == ("heard", [], 0)
    with pytest.raises(NotNow):
        actions.show(remark.pk, version=remark.version, link=link, at=NOON)
    assert actions.waiting("tarn", "praise", at=NOON) == []


@database
def test_a_yes_for_print_does_not_put_words_on_our_sites():
    remark = write("testimonial", print="yes")
    actions.prove(remark.pk, at=NOON)
    with pytest.raises(Refused) as no:
        actions.show(remark.pk, version=remark.version, link=link, at=NOON)
    assert no.value.because.code in ("unstated", "not_asked")
    assert (fresh(remark).state, quoted()) == ("waiting", [])


@database
def test_a_yes_typed_under_somebody_elses_address_is_nobodys_yes():
    remark = write("testimonial", online="yes")
    assert not Permission.objects.filter(IN_FORCE).exists()
    assert not Event.objects.filter(person_id=remark.person_id).exists()
    actions.prove(remark.pk, at=NOON)
    assert Event.objects.get(person_id=remark.person_id).kind == "consent"
    assert Permission.objects.filter(IN_FORCE).count() == 1


@database
def test_a_yes_taken_back_ends_that_quote_at_once_and_no_other():
    one = kind_words()
    kind_words(words="Second words", at=NOON + DAY)
    assert len(quoted(at=NOON + DAY)) == 2
    later = NOON + 2 * DAY
    assert actions.unquote(one.pk, "online", at=later)
    assert not actions.unquote(one.pk, "online", at=later)
    assert quoted(at=later) == ["Second words"]
    assert fresh(one).state == "shown"


@database
def test_the_last_yes_taken_back_is_an_answer_to_the_question():
    one = kind_words()
    actions.withdraw(one.pk, at=NOON + DAY)
    assert quoted(at=NOON + DAY) == []
    kinds = Event.objects.filter(person_id=one.person_id).order_by("at").values_list("kind", flat=True)
    assert list(kinds) == ["consent", "withdrawal"]
    assert not Permission.objects.filter(IN_FORCE).exists()


@database
def test_a_no_to_all_praise_ends_every_quote_at_once():
    one = kind_words()
    choose(
        "refusal", "praise", person=one.person_id, brand="tarn", place="choices", wording="No quotes.", at=NOON + DAY
    )
    assert quoted(at=NOON + DAY) == []


# -- links -------------------------------------------------------------------------------------------------------------


@given(st.text(max_size=90))
def test_no_made_up_key_opens_anything(text):
    with pytest.raises(NotThere):
        links.remark_of(text)


@given(st.uuids(), st.data())
def test_a_key_opens_its_own_remark_and_a_changed_one_none(pk, data):
    key = links.key(pk)
    assert links.remark_of(key) == pk
    at = data.draw(st.integers(0, len(key) - 1))
    other = data.draw(st.sampled_from(LETTERS).filter(lambda c: c != key[at]))
    with pytest.raises(NotThere):
        links.remark_of(key[:at] + other + key[at + 1 :])


@database
def test_the_mail_goes_to_the_stored_address_and_is_about_this_alone():
    from troth.doors.contact import release  # noqa: PLC0415

    first = write(at=policies.now())
    write(about="effie", email="ADA@POST.example", at=policies.now())
    sent = []

    def post(message, *, give_up_after):
        sent.append(message)

    list(release({"email": post}, at=policies.now() + DAY))
    assert {m.address for m in sent} == {"ada@post.example"}
    assert link(first) in sent[0].content["text"]
    assert {m.purpose for m in Message.objects.all()} == {"comments"}
    assert identity.find("email", "ada@post.example") == first.person_id
