"""What a campaign of a million people takes in memory: frozen, claimed, decided on, recorded, written, settled.

    nice -n 19 python benchmarks/reaching/flat.py [--people 1000000] [--released 200000]

The letters are written and handed to nobody: a mail server's memory is not ours. A process of its own freezes the list
and then sends, as `troth mail send` does; what it holds at most is read off after each tenth. `released`: stop after so
many. The last line is one JSON object, in MiB: `frozen_mib` once the list is made, `rss_mib` at most after each tenth
of what is released, `grown_mib` from the first tenth to the last.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from reaching.people import readers, started


def rss() -> float:
    """Return what this process held at most until now, in MiB. `getrusage` counts what its parent held at the fork."""
    said = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return round(int(said["VmHWM"].split()[0]) / 1024, 1)


def sent(folder: str, released: int) -> None:
    started(folder)
    from reaching.sending import campaign, warm

    from troth.doors.contact import Outgoing
    from troth.marketing import campaigns, release
    from troth.site.letters import plain

    before, begun = rss(), time.process_time()
    one = campaign()
    frozen, froze_s = rss(), time.process_time() - begun
    warm(str(one.pk))
    tenths, count = list[float](), 0

    def way(message: Outgoing, *, give_up_after: int) -> None:
        nonlocal count
        del give_up_after
        assert plain(message)
        count += 1
        if count % (released // 10) == 0:
            tenths.append(rss())
            print(f"{count:>9,} {tenths[-1]:8.1f} MiB", file=sys.stderr, flush=True)
        if count == released < one.audience.size:
            campaigns.Campaign.objects.filter(pk=one.pk).update(state="paused")

    begun = time.process_time()
    release.run(one, way, seconds=1e9)
    cpu = time.process_time() - begun
    said = {
        "people": one.audience.size, "released": count, "begun_mib": before, "frozen_mib": frozen,
        "rss_mib": tenths, "grown_mib": round(tenths[-1] - tenths[0], 1),
        "freeze_cpu_s": round(froze_s, 1), "cpu_ms": round(cpu / count * 1000, 3),
    }  # fmt: skip
    print(json.dumps(said))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--released", type=int, default=200_000)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.folder:
        sent(asked.folder, asked.released)
    else:
        with tempfile.TemporaryDirectory(prefix="troth-bench-") as folder:
            started(folder)
            readers(asked.people)
            from django.db import connections

            connections.close_all()
            command = [
                sys.executable, __file__, "--folder", folder, "--released", str(min(asked.released, asked.people)),
            ]  # fmt: skip
            subprocess.run(command, check=True, env=os.environ)
