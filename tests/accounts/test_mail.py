"""Mail: handed to a real SMTP server, whole and once; nothing typed by anybody adds a header or a recipient."""

import email
import email.policy
import stat

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from tests.accounts.conftest import ADA, Visitor

from troth.doors.contact import NotTaken, Outgoing
from troth.doors.models import Message
from troth.site import cli, mail

TEXT = "Somebody <b>asked</b>.\n\nGo on:\nhttps://tarn.example/account/open/x_-y/\n"


class Post:
    """A mail server of our own, that remembers what came, or refuses it."""

    def __init__(self, refuse=""):
        self.refuse, self.came = refuse, []
        self.way = mail.Smtp("127.0.0.1", 0, "")

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: ARG002, N802 -- the library's
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802 -- the library's
        self.came.append(envelope)
        return "250 OK"


@pytest.fixture
def post():
    made = Post()
    door = Controller(made, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=True)
    door.start()
    made.way = mail.Smtp("127.0.0.1", door.port, "")
    yield made
    door.stop()


def free_port():
    import socket  # noqa: PLC0415

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def message(address=ADA, subject="Your account", text=TEXT, brand="tarn"):
    return Outgoing("email", brand, address, {"subject": subject, "text": text}, "<0a@troth.invalid>")


def test_a_letter_arrives_whole_with_its_own_number(post):
    post.way(message(), give_up_after=20)

    (envelope,) = post.came
    got = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert (envelope.rcpt_tos, got["To"], got["From"], got["Subject"], got["Message-ID"]) == (
        [ADA], ADA, "Tarn <care@tarn.example>", "Your account", "<0a@troth.invalid>",
    )  # fmt: skip
    plain, html = (part.get_content().replace("\r\n", "\n") for part in got.iter_parts())
    assert plain == TEXT
    assert "&lt;b&gt;asked" in html
    assert '<a href="https://tarn.example/account/open/x_-y/">' in html


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        (ADA, "Hello\r\nBcc: all@post.example"),
        (ADA, "Hello\n\nA body"),
        (ADA, "Hello\x00\u2028Bcc: x"),
    ],
)
def test_a_subject_adds_no_header_and_no_recipient(post, address, subject):
    post.way(message(address, subject), give_up_after=20)

    (envelope,) = post.came
    got = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert (envelope.rcpt_tos, got["Bcc"], got["To"]) == ([ADA], None, ADA)


@pytest.mark.parametrize(
    "address", ["ada@post.example\r\nBcc: x@y.example", "ada@post.example\x00", "ada", "", "@", "a b@c d"]
)
def test_an_address_that_cannot_stand_in_a_header_goes_nowhere(post, address):
    with pytest.raises(NotTaken):
        post.way(message(address), give_up_after=20)

    assert post.came == []


@pytest.mark.parametrize("address", ['"a,b"@post.example', "zoë@post.example", "ada@xn--bcher-kva.example"])
def test_unusual_mailboxes_get_their_letters_and_nobody_else_does(post, address):
    post.way(message(address), give_up_after=20)

    assert [envelope.rcpt_tos for envelope in post.came] == [[address]]


def test_a_server_that_says_no_or_is_not_there_did_not_take_it(post):
    post.refuse = "450 later"
    with pytest.raises(NotTaken):
        post.way(message(), give_up_after=20)
    with pytest.raises(NotTaken):
        mail.Smtp("127.0.0.1", free_port(), "")(message(), give_up_after=4)


@pytest.mark.urls("tests.accounts.urls")
@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_one_pass_hands_over_each_letter_once(post, clock):
    Visitor().post("register/", email=ADA, age="18")

    assert [mail.send(post.way) for _ in range(2)] == [1, 0]
    assert post.came[0].rcpt_tos == [ADA]
    assert Message.objects.get().state == "sent"


@pytest.mark.urls("tests.accounts.urls")
@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_a_letter_that_was_not_taken_is_tried_again_with_the_same_number(post, clock):
    Visitor().post("register/", email=ADA, age="18")
    post.refuse = "451 greylisted"
    assert mail.send(post.way) == 0
    post.refuse = ""
    assert mail.send(post.way) == 0, "not at once"
    clock.pass_(minutes=2)

    assert mail.send(post.way) == 1
    assert Message.objects.get().message_id.encode() in post.came[0].content


def test_in_a_demonstration_letters_go_to_a_folder_for_its_owner_alone(tmp_path):
    mail.Folder(tmp_path / "mail")(message(), give_up_after=20)

    (file,) = (tmp_path / "mail").iterdir()
    assert (stat.S_IMODE((tmp_path / "mail").stat().st_mode), stat.S_IMODE(file.stat().st_mode)) == (0o700, 0o600)
    assert file.suffix == ".eml"
    assert ADA.encode() in file.read_bytes()
    assert ADA not in file.name


@pytest.mark.parametrize(
    ("address", "tls", "port"),
    [
        ("smtps://mail.example", "first", 465), ("smtp://mail.example", "started", 587),
        ("smtp://localhost:2525", "", 2525), ("smtp://10.0.0.1", "started", 587),
    ],
)  # fmt: skip
def test_mail_leaves_this_machine_under_tls_alone(address, tls, port):
    made = mail.smtp(address)

    assert (made.tls, made.port) == (tls, port)


@pytest.mark.parametrize("address", ["mail.example", "http://x", "smtp://", "smtp://h:port", "smtps://u:sesame@"])
def test_what_cannot_be_read_is_said_without_its_password(address):
    with pytest.raises(mail.NoMail) as no:
        mail.smtp(address)

    assert "sesame" not in str(no.value)
    assert "sesame" not in repr(mail.smtp("smtps://u:sesame@mail.example"))


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_without_a_server_letters_wait_and_the_command_says_what_to_do(monkeypatch, capsys):
    monkeypatch.delenv("TROTH_SMTP", raising=False)
    monkeypatch.setattr(settings, "TROTH_DEMO", False)

    assert cli.main(["mail", "send"]) == 2
    assert "TROTH_SMTP" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        (TEXT, {}),
        ("Grüße, ≤ 3 = 4\n.\n..dots\nFrom here\n\n\n  two\t\n" + "long " * 400, {"List-Unsubscribe": "<https://x/y>"}),
        ("", {"Bcc": "evil@x.example"}),
        ("one line, no end", {}),
    ],
)
def test_the_quick_way_to_write_a_letter_writes_the_same_letter(post, text, headers):
    one = Outgoing(
        "email", "tarn", ADA, {"subject": " Your  coat", "text": text, "headers": headers}, "<0a@troth.invalid>"
    )
    post.way(one, give_up_after=20)
    slow = email.message_from_bytes(bytes(mail.letter(one)), policy=email.policy.default)
    raw, sent = mail.plain(one), post.came[0].content
    assert raw is not None
    for quick in (
        email.message_from_bytes(raw, policy=email.policy.default),
        email.message_from_bytes(sent, policy=email.policy.default),
    ):
        assert {
            k: v for k, v in quick.items() if k not in ("Content-Type", "Date", "X-Peer", "X-MailFrom", "X-RcptTo")
        } == {k: v for k, v in slow.items() if k not in ("Content-Type", "Date")}
        for got, wanted in zip(quick.iter_parts(), slow.iter_parts(), strict=True):
            assert got.get_content_type() == wanted.get_content_type()
            assert got.get_content().splitlines() == wanted.get_content().splitlines()


@pytest.mark.parametrize("address", ['"a b"@x.example', "ü@x.example", "a@bücher.example", "x" * 70 + "@x.example"])
def test_whatever_is_not_usual_is_written_the_long_way(address):
    assert mail.plain(message(address)) is None
    assert mail.plain(message(subject="Grüße")) is None
