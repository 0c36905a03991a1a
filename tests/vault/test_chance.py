"""Random bytes that are fetched many at a time are still never the same twice."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from troth.vault import chance

FORKS = """
import os, sys
from troth.vault import chance
chance.some()  # now there are many ready, which a child must not go on with
reading, writing = os.pipe()
if os.fork() == 0:
    os.write(writing, b"".join(chance.some() for _ in range(300)))
    os._exit(0)
theirs = b""
while len(theirs) < 300 * chance.SIZE:
    theirs += os.read(reading, 1 << 16)
ours = {chance.some() for _ in range(300)}
parts = {theirs[at : at + chance.SIZE] for at in range(0, len(theirs), chance.SIZE)}
sys.exit(0 if len(ours) == len(parts) == 300 and not ours & parts else 1)
"""


def test_no_thread_gets_what_another_got():
    with ThreadPoolExecutor(8) as threads:
        drawn = [one for some in threads.map(lambda _: [chance.some() for _ in range(5_000)], range(8)) for one in some]
    assert {len(one) for one in drawn} == {chance.SIZE}
    assert len(set(drawn)) == len(drawn)


def test_no_process_goes_on_with_what_its_parent_had_ready():
    assert subprocess.run([sys.executable, "-c", FORKS], check=False).returncode == 0


def test_an_id_is_random_and_says_so():
    made = {chance.random_id() for _ in range(1_000)}
    assert {(one.version, one.variant) for one in made} == {(4, "specified in RFC 4122")}
    assert len(made) == 1_000


def test_ids_of_one_batch_begin_alike_and_tell_nothing_else():
    one, other = (list(islice(chance.ids_together(), 1_000)) for _ in range(2))
    assert {(id_.version, id_.variant) for id_ in one + other} == {(4, "specified in RFC 4122")}
    assert len(set(one + other)) == 2_000
    assert [len({id_.bytes[:8] for id_ in batch}) for batch in (one, other)] == [1, 1]
    assert one[0].bytes[:8] != other[0].bytes[:8]
    assert sorted(one) != one
