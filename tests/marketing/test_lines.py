"""A kept line to a mail server: all asked at once where it can be, and none in doubt that surely did not go."""

import socketserver
import threading
from contextlib import contextmanager

import pytest
from django.db import connections
from tests.marketing.campaigning import Network, going, reader

from troth.choices import lease
from troth.doors import policies
from troth.doors.contact import NeverTaken, NotTaken, Outgoing
from troth.marketing import release
from troth.site.lines import Line, Smtp

database = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


class Server:
    """A mail server that answers as it is told: `no` by the recipient, `hangs` by what it is asked."""

    def __init__(self, *, pipelining=True):
        self.pipelining, self.no, self.hangs, self.came, self.lines = pipelining, {}, "", [], 0
        self.batches = []

    def talk(self, read, write):
        self.lines += 1
        write(b"220 here\r\n")
        to = ""
        while line := read():
            verb = line[:4].upper().strip().decode()
            if verb == self.hangs:
                self.hangs = ""
                return
            if verb == "EHLO":
                write(b"250-here\r\n250-PIPELINING\r\n250 HELP\r\n" if self.pipelining else b"250 here\r\n")
            elif verb == "RCPT":
                to = line.decode().partition("<")[2].partition(">")[0]
                write((self.no.get(to) or "250 OK").encode() + b"\r\n")
            elif verb == "DATA":
                write(b"354 go on\r\n")
                words = b""
                while (line := read()) != b".\r\n":
                    words += line
                if self.hangs == "DOT":
                    self.hangs = ""
                    return
                if to in self.no:
                    write(b"554 nobody\r\n")
                else:
                    self.came.append((to, words))
                    write(b"250 taken\r\n")
            elif verb == "QUIT":
                write(b"221 bye\r\n")
                return
            else:
                write(b"250 OK\r\n")


@contextmanager
def serving(server):
    class Talks(socketserver.StreamRequestHandler):
        def handle(self):
            server.talk(self.rfile.readline, self.wfile.write)

    class Door(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    with Door(("127.0.0.1", 0), Talks) as door:
        running = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.02})
        running.start()
        try:
            with Line(Smtp("127.0.0.1", door.server_address[1], "")) as line:
                yield line
        finally:
            door.shutdown()
            running.join()


def letter(to, number="0a", text="Coats are in.\n.\n"):
    return Outgoing("email", "tarn", to, {"subject": "Coats", "text": text}, f"<{number * 16}@troth.invalid>")


def send(line, to, **more):
    line(letter(to, **more), give_up_after=20)


def test_asked_all_at_once_or_one_by_one_it_is_the_same_letter(monkeypatch):
    monkeypatch.setattr("troth.site.letters._date", lambda: "Thu, 26 Nov 2026 12:00:00 +0000")
    came = []
    for pipelining in (True, False):
        server = Server(pipelining=pipelining)
        with serving(server) as line:
            for to in ("ada@post.example", "bob@post.example"):
                send(line, to)
        assert server.lines == 1
        came.append(server.came)
    assert came[0] == came[1]
    assert [to for to, _ in came[0]] == ["ada@post.example", "bob@post.example"]
    assert b"\r\n..</p>" in came[0][0][1]  # as RFC 5321, 4.5.2 has it


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ("550 5.1.1 no such user", True), ("550 no such user", True), ("553 5.1.3 bad", True), ("550 5.2.1 closed", True),
        ("550 5.7.1 not from you", False), ("552 5.2.2 full", False), ("451 4.7.1 later", False), ("550 5.4.1 no", False),
    ],
)  # fmt: skip
def test_a_no_to_one_is_told_apart_and_the_next_goes_on_the_same_line(pipelining, said, gone):
    server = Server(pipelining=pipelining)
    server.no["ada@post.example"] = said
    with serving(server) as line:
        with pytest.raises(NotTaken) as no:
            send(line, "ada@post.example")
        send(line, "bob@post.example")
    assert isinstance(no.value, NeverTaken) is gone
    assert [to for to, _ in server.came] == ["bob@post.example"]
    assert server.lines == 1


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("verb", ["RSET", "MAIL", "RCPT", "DATA"])
def test_a_kept_line_that_is_lost_is_opened_anew_and_no_letter_is_in_doubt(pipelining, verb):
    server = Server(pipelining=pipelining)
    with serving(server) as line:
        send(line, "ada@post.example")
        server.hangs = verb
        send(line, "bob@post.example")
    assert [to for to, _ in server.came] == ["ada@post.example", "bob@post.example"]
    assert server.lines == 2


def test_lost_after_the_words_nobody_knows():
    server = Server()
    with serving(server) as line:
        send(line, "ada@post.example")
        server.hangs = "DOT"
        with pytest.raises(Exception, match=r".*") as no:
            send(line, "bob@post.example")
        assert not isinstance(no.value, NotTaken)
        send(line, "cole@post.example")
    assert [to for to, _ in server.came] == ["ada@post.example", "cole@post.example"]


# -- two senders share a list ------------------------------------------------------------------------------------------


def another_has(people):
    fence = lease.claim(people, at=policies.now(), seconds=30)
    assert fence
    return fence


@database
def test_whom_another_has_is_come_back_to_and_holds_up_nobody_else(monkeypatch):
    monkeypatch.setattr(release, "BATCH", 2)
    people = [reader(address=f"p{number}@post.example") for number in range(6)]
    one, held = going(), []
    first = next(iter(one.audience.people(size=2)))
    held.append(another_has(first))
    taken = {f"p{number}@post.example" for number, person in enumerate(people) if person.pk in first}

    def free(message):
        if message.address not in taken and held and len(network.came) == 3:
            lease.release(held.pop())

    network = Network(free)
    assert release.run(one, network) == 6
    assert not taken & {message.address for message in network.came[:3]}
    assert len(set(network.addresses)) == 6
    one.refresh_from_db()
    assert (one.state, one.place) == ("done", 6)


@database
def test_a_sender_s_place_never_passes_whom_another_still_has(monkeypatch):
    monkeypatch.setattr(release, "BATCH", 2)
    for number in range(6):
        reader(address=f"p{number}@post.example")
    one = going()
    held = another_has(next(iter(one.audience.people(size=2))))
    network = Network()
    release.run(one, network, seconds=0.4)
    one.refresh_from_db()
    assert (one.place, one.state) == (0, "sending")
    assert len(network.came) <= 4
    lease.release(held)
    release.run(one, network)
    one.refresh_from_db()
    assert (len(set(network.addresses)), len(network.came), one.state) == (6, 6, "done")


@database
def test_two_senders_together_reach_everybody_once(monkeypatch):
    monkeypatch.setattr(release, "BATCH", 3)
    for number in range(24):
        reader(address=f"p{number}@post.example")
    one, network = going(), Network()

    def work():
        release.run(type(one).objects.get(pk=one.pk), network)
        connections.close_all()

    both = [threading.Thread(target=work) for _ in range(2)]
    for sender in both:
        sender.start()
    for sender in both:
        sender.join(30)
    assert len(network.came) == len(set(network.addresses)) == 24
