"""Thirty addresses nobody would type twice: each goes to its own mailbox exactly, or is refused; none adds a header."""

import email
import email.policy

import pytest
from tests.accounts.test_mail import Post, free_port, post  # noqa: F401 -- its fixture

from troth.doors.contact import NotTaken, Outgoing
from troth.vault.errors import BadIdentifier
from troth.vault.normal import normalise

RIGHT = {  # what is stored: the mailbox it must reach
    "plain@post.example": "plain@post.example",
    "Plus+Tag@post.example": "Plus+Tag@post.example",
    "o'brien@post.example": "o'brien@post.example",
    "a.b-c_d@sub.post.example": "a.b-c_d@sub.post.example",
    "!#$%&'*/=?^_`{|}~-@post.example": "!#$%&'*/=?^_`{|}~-@post.example",
    "x" * 64 + "@post.example": "x" * 64 + "@post.example",
    '"quoted local"@post.example': '"quoted local"@post.example',
    '"a@b"@post.example': '"a@b"@post.example',
    '"with,comma"@post.example': '"with,comma"@post.example',
    '"<angle>"@post.example': '"<angle>"@post.example',
    "a@xn--bcher-kva.example": "a@xn--bcher-kva.example",
}
RIGHT_OR_REFUSED = [
    "a@bücher.example", "ü@post.example", "用户@例子.example", "δοκιμή@παράδειγμα.example", "a@BÜCHER.example",
    '"a\\"b"@post.example',
]  # fmt: skip
REFUSED = [
    "a@post.example\r\nBcc: evil@x.example", "a@post.example\nSubject: x", "a\r\n@post.example", "a\x00@post.example",
    "a@post.example, evil@x.example", "a@post.example;evil@x.example", "<evil@x.example>", "a b@post.example",
    "a@", "@post.example", "no-at-sign", "a@@post.example", "a@post..example", ".a@post.example", "a@-post.example",
    "\u202ea@post.example", "a\u200b@post.example", "a@post.example\u2028x", "a@[127.0.0.1]x", "x" * 65 + "@post.example",
    "a@" + "x" * 260 + ".example", "",
]  # fmt: skip


def goes(post, address):  # noqa: F811 -- the fixture
    """Hand a letter over; return the mailboxes and the headers it came with, or nothing if it was refused."""
    content = {"subject": "Coats", "text": "Hello\n", "headers": {"List-Unsubscribe": "<https://tarn.example/stop/K/>"}}
    before = len(post.came)
    try:
        post.way(Outgoing("email", "tarn", address, content, "<0a@troth.invalid>"), give_up_after=20)
    except NotTaken:
        assert len(post.came) == before
        return None
    (envelope,) = post.came[before:]
    return envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)


def test_thirty_addresses_are_right_or_refused(post):  # noqa: F811
    assert len(RIGHT) + len(RIGHT_OR_REFUSED) + len(REFUSED) >= 30
    for address, mailbox in RIGHT.items():
        got = goes(post, address)
        assert got is not None, address
        assert got[0] == [mailbox], address
    for address in [*RIGHT, *RIGHT_OR_REFUSED, *REFUSED]:
        got = goes(post, address)
        if got is None:
            continue
        mailboxes, letter = got
        assert len(mailboxes) == 1, address
        assert "evil@x.example" not in mailboxes, address
        assert (letter["Bcc"], letter["Subject"], len(letter.get_all("To"))) == (None, "Coats", 1), address


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_no_address_is_not_taken_in_the_first_place(address):
    with pytest.raises(BadIdentifier):
        normalise("email", address)
