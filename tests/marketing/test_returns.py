"""Letters that come back: what a dozen servers write, read as it was meant; what carries no key of ours changes nothing."""

import io
import mailbox
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as looking
from hypothesis import strategies as st
from tests.marketing.campaigning import Network, going, part, reader, says

from troth.choices.actions import suppressed
from troth.choices.models import Event
from troth.doors import policies
from troth.doors.declare import job
from troth.doors.models import Message, Returned
from troth.ledger.models import Row
from troth.marketing import bounces, release, returning
from troth.marketing.errors import Forged
from troth.site import cli
from troth.site.letters import returns

ADA = "ada@post.example"
database = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


def report(fields, to="returns+KEY@tarn.example", original="", words="It did not arrive.", head=""):
    return f"""Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.post.example>
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
{head}Content-Type: multipart/report; report-type=delivery-status; boundary="edge"

--edge
Content-Type: text/plain; charset=us-ascii

{words}

--edge
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.post.example
Arrival-Date: Thu, 26 Nov 2026 12:00:00 +0000

{fields}

--edge
Content-Type: text/rfc822-headers

{original}
--edge--
"""


def complaint(kind, original="Return-Path: <returns+KEY@tarn.example>", to="returns@tarn.example"):
    return f"""From: feedback@mail.example
To: {to}
Subject: FW: Coats
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="edge"

--edge
Content-Type: text/plain

This is an email abuse report.

--edge
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Rcpt-To: ada@post.example

--edge
Content-Type: message/rfc822

{original}
From: Tarn <care@tarn.example>
Subject: Coats
List-Unsubscribe: <https://tarn.example/stop/STOPKEY/>

Coats are in.
--edge--
"""


def failed(status, diagnostic="", who=ADA, action="failed"):
    more = f"\nDiagnostic-Code: {diagnostic}" if diagnostic else ""
    return f"Final-Recipient: rfc822; {who}\nAction: {action}\nStatus: {status}{more}"


EXIM = """Return-Path: <>
X-Failed-Recipients: ada@post.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.post.example>
To: returns+KEY@tarn.example
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its recipients.

  ada@post.example
    host mx.post.example [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<ada@post.example>:
    550 No such user here

------ This is a copy of the message, including all the headers. ------

Subject: 550 5.1.1 discounts
"""
QMAIL = """Return-Path: <>
From: MAILER-DAEMON@mx.post.example
To: returns+KEY@tarn.example
Subject: failure notice

Hi. This is the qmail-send program at mx.post.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<ada@post.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.
"""
AWAY = """From: Ada <ada@post.example>
To: returns+KEY@tarn.example
Subject: Out of office
Auto-Submitted: auto-replied (vacation)

I am away. Room 550 is not known; user unknown to me.
"""
PERSON = """From: Ada <ada@post.example>
To: returns+KEY@tarn.example
Subject: Re: Coats

User unknown? No, it is me. 550 5.1.1
"""
SAMPLES = {
    "hard, as most write it": (report(failed("5.1.1", "smtp; 550 5.1.1 <ada@post.example>: user unknown")), "hard"),
    "hard, no such domain": (report(failed("5.1.2")), "hard"),
    "hard, closed mailbox": (report(failed("5.2.1", "smtp; 550 5.2.1 The account is disabled")), "hard"),
    "hard, said in the diagnostic alone": (report(failed("5.0.0", "smtp; 550-5.1.1 The account does not exist")), "hard"),
    "hard, words and no number": (report(failed("5.0.0", "x-local; Unknown user")), "hard"),
    "full": (report(failed("5.2.2", "smtp; 552 5.2.2 mailbox full")), "soft"),
    "not wanted by a filter": (report(failed("5.0.0", "smtp; 550 5.7.1 blocked, see https://filter.example")), "soft"),
    "given up after days": (report(failed("4.4.7", "smtp; 421 4.4.7 delivery time expired")), "soft"),
    "greylisted": (report(failed("4.2.0", "smtp; 451 4.7.1 try later")), "soft"),
    "waits": (report(failed("4.4.1", action="delayed")), "nothing"),
    "arrived": (report(failed("2.0.0", action="delivered")), "nothing"),
    "of several, the worst": (report(failed("4.2.2") + "\n\n" + failed("5.1.1")), "hard"),
    "key in the copy alone": (
        report(failed("5.1.1"), to="bounces@tarn.example", original="Return-Path: <returns+KEY@tarn.example>"), "hard",
    ),
    "key in capitals": (report(failed("5.1.1"), to="RETURNS+UPPER@TARN.EXAMPLE"), "hard"),
    "delivered to an inner mailbox": (
        report(failed("5.1.1"), to="undisclosed:;", head="X-Original-To: returns+KEY@tarn.example\n"), "hard",
    ),
    "exim": (EXIM, "hard"),
    "qmail": (QMAIL, "hard"),
    "complaint": (complaint("abuse"), "complaint"),
    "complaint, key in the report": (complaint("fraud\nOriginal-Mail-From: <returns+KEY@tarn.example>", "X: y"), "complaint"),
    "complaint, by its way out alone": (complaint("abuse", "X: y"), "complaint"),
    "not unwanted after all": (complaint("not-spam"), "nothing"),
    "an authentication report": (complaint("auth-failure"), "nothing"),
    "away": (AWAY, "nothing"),
    "a person": (PERSON, "nothing"),
    "cut short": (report(failed("5.1.1"))[:330], "nothing"),
    "no blocks": (report("").replace("Action", "X"), "nothing"),
}  # fmt: skip
KEY = "q" * 40


@pytest.mark.parametrize("name", SAMPLES)
def test_what_servers_write_is_read_as_it_was_meant(name):
    text, kind = SAMPLES[name]
    text = text.replace("UPPER", KEY.upper()).replace("STOPKEY", "s" * 60).replace("KEY", KEY)
    for raw in (text.encode(), text.replace("\n", "\r\n").encode()):
        found = bounces.read(raw)
        assert found.kind == kind
        if kind != "nothing":
            assert KEY in found.keys or found.stops == ("s" * 60,)
        if kind in ("hard", "soft"):
            assert set(found.recipients) == {ADA}


@looking(suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.sampled_from([text for text, _ in SAMPLES.values()]), st.data())
def test_no_bytes_whatever_break_the_reading(junk, text, data):
    raw = text.encode()
    cut = data.draw(st.integers(0, len(raw)))
    assert bounces.read(raw[:cut] + junk + raw[cut:]).kind in ("hard", "soft", "complaint", "nothing")
    assert bounces.read(junk).kind in ("hard", "soft", "complaint", "nothing")


@given(st.uuids(), st.integers(0, 39), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_key_is_read_by_us_alone(number, place, other):
    made = returning.key(f"<{number.hex}@troth.invalid>")
    assert (returning.read(made), returning.read(made.upper()), len(made)) == (number, number, 40)
    changed = made[:place] + other + made[place + 1 :]
    if changed != made:
        with pytest.raises(Forged):
            returning.read(changed)


# -- what it does ------------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(settings):
    """A person, and the letter they got."""
    settings.TROTH_RETURNS = "returns"
    person = reader(address=ADA)
    return person, deliver()


def deliver():
    post = Network()
    release.run(going(), post)
    return post.came[0]


def hear(text, message, at=None):
    stop = part(r"/stop/([^/]+)/", message.content["text"])
    text = text.replace("STOPKEY", stop).replace("KEY", returning.key(message.message_id))
    with job("administration", "proof", "stop_list"):
        return returning.hear(text.encode(), at=at or policies.now())


def noes(person):
    return sorted(Event.objects.filter(person_id=person.pk, kind="objection").values_list("pattern", flat=True))


@database
def test_the_return_path_holds_a_key_and_names_nobody(sent):
    person, message = sent
    path = returns(message)
    local, _, domain = path.partition("@")
    assert (domain, len(local) <= 64, path.isascii()) == ("tarn.example", True, True)
    assert person.pk.hex not in path
    assert returning.read(local.partition("+")[2]) == Message.objects.get().pk


@database
def test_a_mailbox_that_is_not_there_is_written_to_no_more_and_it_is_in_the_record(sent):
    person, message = sent
    other = reader(address="bob@post.example")
    before = Row.objects.count()
    assert [hear(SAMPLES["hard, as most write it"][0], message) for _ in range(3)] == ["hard", "again", "again"]

    assert suppressed("email", ADA)
    assert not suppressed("email", "bob@post.example")
    row = Returned.objects.get()
    assert (row.person_id, row.kind, row.message) == (person.pk, "hard", Message.objects.get(person_id=person.pk).pk)
    assert Row.objects.count() > before
    assert noes(person) == []
    post = Network()
    release.run(going(), post)
    assert post.addresses == ["bob@post.example"]
    refused = Message.objects.get(person_id=person.pk, state="refused")
    assert refused.verdict[1][0] == "suppressed"
    assert "come back" in refused.verdict[1][3]
    assert other.pk


@database
def test_a_full_mailbox_is_counted_and_five_letters_later_it_is_gone(sent, monkeypatch):
    person, message = sent
    monkeypatch.setattr("troth.doors.limits.too_often", lambda *_: {})
    letters = [message, *(deliver() for _ in range(4))]
    for number, one in enumerate(letters, 1):
        assert hear(SAMPLES["full"][0], one) == "soft"
        assert suppressed("email", ADA) is (number == 5)
    assert Returned.objects.filter(person_id=person.pk, kind="soft").count() == 5


@database
def test_a_complaint_is_a_no_to_every_brand_by_email_and_to_nothing_else(sent):
    person, message = sent
    says("consent", "news:holm:email", person=person, brand="holm")
    says("consent", "news:tarn:sms", person=person)
    assert [hear(SAMPLES["complaint"][0], message) for _ in range(2)] == ["complaint", "again"]

    assert "news:*:email" in noes(person)
    assert all(pattern.endswith(":*:email") for pattern in noes(person))
    assert {(e.place, e.actor) for e in Event.objects.filter(kind="objection")} == {("mailbox", "system")}
    assert suppressed("email", ADA)


@database
def test_a_complaint_without_a_return_path_is_known_by_its_way_out(sent):
    person, message = sent
    assert hear(SAMPLES["complaint, by its way out alone"][0], message) == "complaint"
    assert noes(person) != []


@database
def test_what_carries_no_key_of_ours_changes_nothing(sent):
    person, message = sent
    key = returning.key(message.message_id)
    for forged in (
        "a" * 40, key[:-1] + ("a" if key[-1] != "a" else "b"), "", returning.key(f"<{uuid4().hex}@troth.invalid>"),
    ):  # fmt: skip
        for text in (SAMPLES["hard, as most write it"][0], SAMPLES["complaint"][0]):
            with job("administration", "proof", "stop_list"):
                raw = text.replace("STOPKEY", "s" * 60).replace("KEY", forged)
                assert returning.hear(raw.encode(), at=policies.now()) == "nobody"
    assert (Returned.objects.count(), noes(person), suppressed("email", ADA)) == (0, [], False)


@database
def test_a_report_about_somebody_else_s_address_touches_only_their_own(sent):
    """The key is theirs: whoever holds their letter can stop it, and no other."""
    person, message = sent
    reader(address="bob@post.example")
    assert hear(report(failed("5.1.1", who="bob@post.example")), message) == "hard"
    assert (suppressed("email", "bob@post.example"), suppressed("email", ADA)) == (False, True)
    assert person.pk


@database
def test_a_yes_said_later_takes_the_mailbox_back(sent):
    person, message = sent
    hear(SAMPLES["qmail"][0], message)
    says("consent", "news:tarn:email", person=person, at=policies.now() + timedelta(seconds=1))
    assert not suppressed("email", ADA, person.pk)


@database
@pytest.mark.parametrize("kind", ["eml", "mbox", "Maildir", "-"])
def test_the_command_takes_a_mailbox_once(sent, kind, tmp_path, capsys, monkeypatch):
    _, message = sent
    raw = SAMPLES["hard, as most write it"][0].replace("KEY", returning.key(message.message_id)).encode()
    path = tmp_path / ("one.eml" if kind == "eml" else "box")
    if kind == "eml":
        path.write_bytes(raw)
    elif kind in ("mbox", "Maildir"):
        box = getattr(mailbox, kind)(path)
        box.add(raw)
        box.add(AWAY.encode())
        box.close()
    for expected in ("1 of no mailbox", "1 known already"):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
        assert cli.main(["mail", "returns", "-" if kind == "-" else str(path)]) == 0
        assert expected in capsys.readouterr().out
    assert Returned.objects.count() == 1
    assert cli.main(["mail", "returns", str(tmp_path / "none")]) == 2


@database
def test_a_letter_whose_message_is_gone_changes_nothing(sent):
    _, message = sent
    Message.objects.all()._raw_delete("default")
    assert hear(SAMPLES["complaint"][0], message) == "nobody"
