"""The server: several processes at one address, none of which outlives it, and none of which it outlives."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import urllib3
from tests.partners.companies import free_port

SERVES = """
import signal, sys
import django
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may not want to be interrupted
django.setup()
from django.core.management import call_command
from troth.site import server

server._processes = lambda: 2  # as on two processors
if __name__ == "__main__":
    for alias in ("default", "keys"):
        call_command("migrate", database=alias, verbosity=0)
    server.serve("127.0.0.1", int(sys.argv[1]))
"""


@contextmanager
def served(folder, **environment):
    """Yield a server, its address and a file with what it said."""
    (folder / "serves.py").write_text(SERVES, encoding="utf-8")
    port, said = free_port(), folder / "said"
    told = {
        "DJANGO_SETTINGS_MODULE": "troth.site.settings",
        "TROTH_DATA": str(folder / "var"),
        "TROTH_DATABASE": "",
        "TROTH_KEYS": "",
        "TROTH_DEMO": "1",
    }
    with said.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, str(folder / "serves.py"), str(port)], env=os.environ | told | environment, stderr=out
        )
    try:
        yield server, f"http://127.0.0.1:{port}/houses/", said
    finally:
        server.kill()
        server.wait()


def answers(address, within=2.0):
    """Tell whether anything answers there, waiting as long for it."""
    with urllib3.PoolManager() as pool, suppress(urllib3.exceptions.HTTPError):
        return pool.request("GET", address, retries=False, timeout=within).status == 200
    return False


def comes(address):
    """Tell whether an answer comes there, to whoever asks again and again."""
    return eventually(lambda: answers(address, within=30), 60)


def gone(address):
    """Tell whether nothing answers there any more, before long."""
    return eventually(lambda: not answers(address), 20)


def eventually(holds, within):
    until = time.monotonic() + within
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.1)
    return held


def workers(server):
    """Return the processes a server has started, without the one that only keeps the books of what they share."""
    found = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text(encoding="ascii").split()
    return [int(one) for one in found if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("served")


linux = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="asks Linux for a process's children")


@linux
def test_two_processes_answer_and_stop_when_the_server_is_killed(folder):
    with served(folder) as (server, address, _):
        assert comes(address)
        some = workers(server)
        assert len(some) == 2
        os.kill(some[0], signal.SIGSTOP)  # whichever it was that answered: the other one does too
        assert comes(address)
        os.kill(some[0], signal.SIGCONT)
        os.kill(some[1], signal.SIGSTOP)
        assert comes(address)
        os.kill(some[1], signal.SIGCONT)
        server.kill()
        server.wait()
        assert gone(address)


@linux
def test_a_process_that_dies_ends_the_server_and_the_others(folder):
    with served(folder) as (server, address, _):
        assert comes(address)
        os.kill(workers(server)[0], signal.SIGKILL)
        assert server.wait(timeout=20) == 1
        assert gone(address)


def test_ctrl_c_ends_the_server_and_nothing_is_said(folder):
    with served(folder) as (server, address, said):
        assert comes(address)
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=20) == 0
        assert gone(address)
        text = said.read_text(encoding="utf-8")
    assert "Traceback" not in text
    assert "waitress" not in text


def test_a_policy_that_cannot_be_used_ends_the_server_with_what_is_wrong(tmp_path):
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "2026-11-01.toml").write_text("[policy]\nname = 7\n", encoding="utf-8")
    with served(tmp_path, TROTH_POLICIES=str(policies)) as (server, _, said):
        assert server.wait(timeout=60) == 1
        text = said.read_text(encoding="utf-8")
    assert "Troth does not start without a valid policy." in text
    assert "2026-11-01.toml:2: policy.name: should be text in quotes" in text


def test_a_process_that_answered_holds_nothing_back_of_what_is_to_go(folder):
    """Connections are kept open; a read left open in one would keep what others erase in SQLite's log."""
    with served(folder) as (_, address, _), urllib3.PoolManager() as pool:
        assert comes(address)
        for page in ("tarn/", "tarn/shop/", "tarn/shop/?q=wool", "tarn/basket/", "tarn/shop/nothing-here/"):
            for _ in range(3):
                pool.request("GET", address.replace("houses/", page), retries=False, timeout=30)
        for name in ("troth", "keys"):
            with closing(sqlite3.connect(folder / "var" / f"{name}.sqlite3", timeout=0)) as beside:
                beside.execute("CREATE TABLE IF NOT EXISTS canary (word TEXT)")
                beside.commit()
                assert beside.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
            log = folder / "var" / f"{name}.sqlite3-wal"
            assert not log.exists() or log.stat().st_size == 0
