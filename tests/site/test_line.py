"""Writers stand in line: here in the order they came, between processes by turns, and nobody for ever."""

import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from contextlib import closing
from itertools import groupby
from pathlib import Path

import pytest

from troth.site.sqlite.line import Line

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there SQLite's own lock decides between processes")
spawn = multiprocessing.get_context("spawn")
EACH, THREADS = 60, 3


def write(database, name, go):
    """Write one line after the other, several threads at once, into a file that shows who came when."""
    line = Line(database)
    go.wait(30)

    def work():
        for _ in range(EACH):
            assert line.join(30)
            with Path(f"{database}-seen").open("a") as seen:
                time.sleep(0.002)
                seen.write(f"{name}\n")
            line.leave()

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def hold(database, taken):
    line = Line(database)
    assert line.join(30)
    taken.set()
    time.sleep(60)


@pytest.fixture
def database(tmp_path):
    return str(tmp_path / "some.sqlite3")


@pytest.fixture
def held(database):
    """Another process that is writing, and does not end."""
    taken = spawn.Event()
    other = spawn.Process(target=hold, args=(database, taken))
    other.start()
    assert taken.wait(30)
    yield other
    other.kill()
    other.join()


def test_two_processes_write_by_turns_however_many_threads_wait_in_each(database):
    go = spawn.Event()
    both = [spawn.Process(target=write, args=(database, name, go)) for name in "ab"]
    for one in both:
        one.start()
    time.sleep(2)  # both are there
    go.set()
    for one in both:
        one.join(60)
        assert one.exitcode == 0
    order = Path(f"{database}-seen").read_text().split()
    assert sorted(order) == ["a"] * EACH * THREADS + ["b"] * EACH * THREADS
    runs = [len(list(run)) for _, run in groupby(order)]
    assert sum(run <= 2 for run in runs) > len(runs) * 0.9
    assert len(runs) > EACH * THREADS, "or one would be through before the other began"


def test_threads_of_one_process_write_in_the_order_they_came(database):
    line, came = Line(database), []
    assert line.join(1)

    def work(number):
        assert line.join(30)
        came.append(number)
        line.leave()

    threads = []
    for number in range(8):
        threads.append(threading.Thread(target=work, args=(number,)))
        threads[-1].start()
        time.sleep(0.02)
    line.leave()
    for thread in threads:
        thread.join()
    assert came == list(range(8))


def test_who_waits_too_long_for_another_process_is_told_and_does_not_stay_in_the_line(database, held):
    line = Line(database)
    begun = time.monotonic()
    assert not line.join(0.2)
    assert 0.2 <= time.monotonic() - begun < 5
    held.kill()
    held.join()
    assert line.join(1)


def test_a_process_that_is_killed_while_it_writes_holds_nobody_up(database, held):
    os.kill(held.pid, signal.SIGKILL)
    line = Line(database)
    assert line.join(10)
    line.leave()


def test_what_goes_wrong_while_somebody_waits_holds_nobody_up(database):
    line = Line(database)
    os.close(line._file)
    for _ in range(2):
        with pytest.raises(OSError, match="descriptor"):
            line.join(1)


def test_a_database_in_memory_has_no_file_and_its_threads_stand_in_line_all_the_same():
    line = Line(":memory:")
    assert line.join(1)
    assert not line.join(0.05)
    line.leave()
    assert line.join(1)


def test_the_file_of_the_line_is_not_the_databases(database):
    """Whoever closes any handle of the database's own file would let go of what SQLite holds there."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE some (thing)")
        line = Line(database)
        assert line.join(1)
        line.leave()
        assert Path(f"{database}-line").stat().st_size == 0
        assert connection.execute("SELECT count(*) FROM some").fetchone() == (0,)
