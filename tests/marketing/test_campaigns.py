"""A campaign from its draft to its report: what may follow what, who is reached, and numbers that add up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.marketing.campaigning import BEA, COLE, OFFERS, Network, going, reader, ready, says

from troth.doors import erasing, policies
from troth.doors.contact import NeverTaken, NotTaken
from troth.doors.models import Message
from troth.ledger.models import Row
from troth.marketing import campaigns, release, states
from troth.marketing.errors import BadTemplate, NotNow, SecondEyes
from troth.marketing.models import Campaign
from troth.vault.models import Person, Profile

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


def add_up(one):
    now = campaigns.progress(one)
    whole = now.sent + now.waiting + now.refused + now.failed + now.doubt + now.gone + now.left
    assert whole == now.size, now
    assert sum(n for _, _, n in now.because) == now.refused
    return now


def test_a_campaign_reaches_whoever_said_yes_and_nobody_else():
    yes, _no_answer = reader(address="yes@post.example"), reader(said=(), address="silent@post.example")
    reader(said=("news:holm:email",), address="holm@post.example")
    one, post = going(), Network()

    assert release.run(one, post) == 1

    assert post.addresses == ["yes@post.example"]
    row = Message.objects.get(person_id=yes.pk)
    assert (row.state, row.group, add_up(one).sent) == ("sent", one.pk, 1)
    assert (one.state, one.report["size"]) == ("done", 1)


def test_who_said_no_after_the_list_was_frozen_is_refused_at_release_with_the_reason():
    stays, leaves = reader(address="stays@post.example"), reader(address="leaves@post.example")
    one, post = going(), Network()
    says("objection", "news:tarn", person=leaves)

    release.run(one, post)

    assert post.addresses == ["stays@post.example"]
    assert Message.objects.get(person_id=leaves.pk).verdict[1][0] == "stopped"
    assert add_up(one).because == (("stopped", campaigns.progress(one).because[0][1], 1),)
    assert Message.objects.get(person_id=stays.pk).state == "sent"


def test_a_second_run_hands_nothing_over_again():
    reader(), reader()
    one, post = going(), Network()
    release.run(one, post)
    Campaign.objects.filter(pk=one.pk).update(state="sending", place=0, report=None)  # as if it had forgotten all

    assert release.run(Campaign.objects.get(pk=one.pk), post) == 0
    assert len(post.came) == 2


def test_whoever_was_erased_meanwhile_counts_as_gone():
    gone, _stays = reader(), reader()
    one, post = going(), Network()
    erasing.erase(gone.pk, at=policies.now())

    release.run(one, post)

    assert (add_up(one).gone, add_up(one).sent, len(post.came)) == (1, 1, 1)


def test_stopped_midway_nothing_more_is_handed_over():
    for _ in range(5):
        reader()
    one = going()
    other = Campaign.objects.get(pk=one.pk)

    def stop_at_the_second(_message):
        if len(post.came) == 1:
            Campaign.objects.filter(pk=other.pk).update(state="stopped")

    post = Network(stop_at_the_second)
    release.run(one, post)

    assert len(post.came) == 2  # the one that was under way went; a stop waits for it
    one.refresh_from_db()
    assert (add_up(one).sent, add_up(one).waiting) == (2, 3)


def test_a_stop_closes_the_books():
    for _ in range(3):
        reader()
    one = going()
    campaigns.stop(one, by=BEA, at=policies.now())

    assert release.run(one, Network()) == 0
    assert (one.state, add_up(one).left) == ("stopped", 3)
    with pytest.raises(NotNow):
        campaigns.resume(one, by=BEA, at=policies.now())


def test_paused_it_waits_and_resumed_it_goes_on():
    reader()
    one, post = going(), Network()
    campaigns.pause(one, by=BEA, at=policies.now())
    release.run(one, post)
    assert post.came == []

    campaigns.resume(one, by=BEA, at=policies.now())
    release.run(one, post)
    assert len(post.came) == 1


def test_a_network_that_did_not_take_it_is_tried_again_and_one_we_do_not_know_of_is_not():
    for name in ("later", "never", "who.knows", "fine"):
        reader(address=f"{name}@post.example")

    def fails(message):
        name = message.address.partition("@")[0]
        if name in how:
            raise how[name]

    how = {"later": NotTaken(), "never": NeverTaken(), "who.knows": TimeoutError()}
    one, post = going(), Network(fails)
    release.run(one, post)

    now = add_up(one)
    assert (now.sent, now.waiting, now.failed, now.doubt) == (1, 1, 1, 1)
    assert one.state == "sending"  # one of them waits

    how.clear()
    Message.objects.filter(state="queued").update(not_before=policies.now())
    release.run(one, post)
    assert post.addresses == ["fine@post.example", "later@post.example"]
    assert one.state == "done"


def test_an_address_that_bounced_is_not_written_to_again():
    person = reader(address="gone@post.example")

    def never(_message):
        raise NeverTaken

    release.run(going(), Network(never))
    one, post = going(), Network()
    release.run(one, post)

    assert post.came == []
    assert Message.objects.get(person_id=person.pk, group=one.pk).verdict[1][0] == "suppressed"


def test_nobody_gets_a_third_message_of_a_brand_in_a_week():
    reader(said=("news:tarn:email", "news:holm:email"))
    counts = []
    for plan in (OFFERS, OFFERS, OFFERS, OFFERS.__class__("news", "holm", "email", "offers")):
        post = Network()
        one = going(plan)
        release.run(one, post)
        counts.append((len(post.came), [code for code, _, _ in add_up(one).because]))
    assert counts == [(1, []), (1, []), (0, ["too_often"]), (1, [])]


def test_a_greeting_names_them_and_what_is_no_name_is_left_out():
    from troth.doors.collect import collect  # noqa: PLC0415
    from troth.doors.declare import job  # noqa: PLC0415

    ada, mallory, _nameless = reader(address="ada@post.example"), reader(address="m@post.example"), reader()
    for person, name in ((ada, "Ada Marlow"), (mallory, "prize at https://evil.example {stop}")):
        with job("account"), collect("account", source="register", brand="tarn", person=person.pk) as c:
            c.save(Profile(person_id=person.pk, name=name))
    post = Network()
    release.run(going(), post)

    greetings = {message.address: message.content["text"].splitlines()[0] for message in post.came}
    assert greetings.pop("ada@post.example") == "Dear Ada Marlow,"
    assert set(greetings.values()) == {"Dear reader,"}


# -- what may follow what ----------------------------------------------------------------------------------------------


def test_above_the_size_somebody_else_agrees_first(monkeypatch):
    monkeypatch.setattr(campaigns, "SECOND_LOOK", 1)
    reader(), reader()
    one, at = ready(), policies.now()

    with pytest.raises(SecondEyes):
        campaigns.send(one, by=BEA, at=at)
    with pytest.raises(SecondEyes):
        campaigns.approve(one, by=BEA, at=at)  # whoever wrote it
    campaigns.approve(one, by=COLE, at=at)
    campaigns.send(one, by=BEA, at=at)
    assert [step.what for step in campaigns.steps(one)] == ["draft", "check", "freeze", "approve", "send"]


def test_who_edits_what_was_agreed_to_goes_back_to_the_draft():
    reader()
    one, at = ready(), policies.now()
    campaigns.approve(one, by=COLE, at=at)
    campaigns.edit(one, subject="Other words", text="Shorter", by=BEA, at=at)

    assert (one.state, one.approved_by, one.audience) == ("draft", None, None)
    with pytest.raises(BadTemplate):
        campaigns.check(one, by=BEA, at=at)


@settings(max_examples=60)
@given(st.lists(st.sampled_from(sorted({what for _, what in states.NEXT})), max_size=12))
def test_no_order_of_steps_sends_what_was_not_checked_and_frozen(steps):
    state, done = "draft", []
    for what in steps:
        if what in states.may(state):
            state = states.after(state, what)
            done.append(what)
        else:
            with pytest.raises(NotNow):
                states.after(state, what)
    if state == "sending":
        last = len(done) - 1 - done[::-1].index("send")
        before = done[:last]
        since = before[len(before) - before[::-1].index("edit") :] if "edit" in before else before
        assert since.index("check") < since.index("freeze")


def test_each_step_is_in_the_ledger():
    reader()
    one = going()
    assert all(Row.objects.filter(pk=step.entry).exists() for step in campaigns.steps(one))


def test_a_child_is_not_on_the_list_and_one_who_turns_out_to_be_is_refused_at_release():
    child, late = reader(), reader()
    Person.objects.filter(pk=child.pk).update(known_age=11)
    one, post = going(), Network()
    Person.objects.filter(pk=late.pk).update(known_age=11)
    release.run(one, post)

    assert post.came == []
    assert Message.objects.filter(person_id=child.pk).count() == 0
    assert Message.objects.get(person_id=late.pk).verdict[1][0] == "no_parent"


def test_a_card_number_is_stored_in_no_campaign():
    with pytest.raises(BadTemplate):
        campaigns.draft("x", OFFERS, subject="4111 1111 1111 1111", text="x", by=BEA, at=policies.now())
    assert Campaign.objects.count() == 0
