"""How fast a partner's file comes in, and whether memory stays flat: a million rows, one in twenty of them rubbish.

    nice .venv/bin/python benchmarks/reaching/partner_file.py [--rows N] [--folder DIR]

The file is written first, by the same recipe each time; then it is read in a process that has seen nothing else. The
last line is one JSON object: rows a second, the peak of resident memory in MiB, the same after a tenth of the file, and
how many rows were good and how many bad, by reason.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

DAY = date(2026, 11, 26)
GOOD = "{mail},GB,{day},Abacroft Fairs,May Tarn send you its news by email?,event\n"
RUBBISH = (  # one of each in turn: (bytes or text, with {n} a number)
    "no address {n},GB,{day},Abacroft Fairs,May Tarn send you its news by email?,event\n",
    "r{n}@post.example,GB,{day},Abacroft Fairs,May we and our partners write?,event\n",
    "r{n}@post.example,GB,,Abacroft Fairs,May Tarn send you its news by email?,event\n",
    "r{n}@post.example,GB,2020-01-01,Abacroft Fairs,May Tarn send you its news by email?,event\n",
    "r{n}@post.example,GB,26/11/2026,Abacroft Fairs,May Tarn send you its news by email?,event\n",
    "r{n}@post.example,Narnia,{day},Abacroft Fairs,May Tarn send you its news by email?,event\n",
    "r{n}@post.example,GB,{day},Abacroft Fairs,May Tarn send you its news by email?,telepathy\n",
    "r{n}@post.example,GB,{day},\n",
    'r{n}@post.example,GB,{day},"Abacroft Fairs,May Tarn send you its news by email?,event\n',
    "r{n}@post.example,GB,{day},4111 1111 1111 1111,May Tarn send you its news by email?,event\n",
    "r{n}@post.example\x00,GB,{day},Abacroft Fairs,May Tarn send you its news by email?,event\n",
    "r{n}@post.example,GB,{day},Abacroft Fairs " + "x" * 5_000 + ",May Tarn send you its news by email?,event\n",
)


def write(path: Path, rows: int) -> int:
    """Write a file of so many rows, and return how many of them are rubbish."""
    bad = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write("email,residence,said_on,asked_by,wording,medium\n")
        for n in range(rows):
            day = (DAY - timedelta(days=n % 90)).isoformat()
            if n % 20 == 7:
                out.write(RUBBISH[bad % len(RUBBISH)].format(n=n, day=day))
                bad += 1
            else:
                out.write(GOOD.format(mail=f"p{n}@post.example", day=day))
    return bad


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(path: Path, folder: Path) -> None:
    """Read the file in, in this process; print the figures."""
    os.environ |= {"TROTH_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "troth.site.settings"}
    os.environ |= {"TROTH_TODAY": DAY.isoformat()}
    import django
    from django.core.management import call_command

    django.setup()
    for alias in ("default", "keys"):
        call_command("migrate", verbosity=0, database=alias)
    from troth.doors import policies
    from troth.doors.declare import job
    from troth.marketing import partner_files

    begun, used, last, early, shown = time.monotonic(), time.process_time(), None, 0.0, 0
    with job("proof"):
        for last in partner_files.read_in(path, brand="tarn", at=policies.now(), aside=folder / "aside.csv"):
            if last.read >= 100_000 and not early:
                early = peak()
            if last.read - shown >= 50_000:
                shown = last.read
                print(f"{shown:>10,} rows {time.monotonic() - begun:6.0f} s {peak():6.0f} MiB", flush=True)
    assert last
    took = time.monotonic() - begun
    print(json.dumps({
        "rows": last.read, "seconds": round(took, 1), "rows_per_s": round(last.read / took),
        "rows_per_cpu_s": round(last.read / (time.process_time() - used)), "early_mib": round(early),
        "peak_mib": round(peak()), "good": last.taken, "bad": last.set_aside,
        "by_reason": dict(last.reasons.most_common()),
    }))  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--folder", type=Path)
    asked.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.read:
        read(options.read, options.folder)
        return
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        write(folder / "list.csv", options.rows)
        subprocess.run(
            [sys.executable, __file__, "--read", str(folder / "list.csv"), "--folder", str(folder)], check=True
        )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
