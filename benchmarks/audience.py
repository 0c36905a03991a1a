"""How fast an audience is chosen, and whether it is right: `make bench NAME=audience`, about ten minutes.

Ten million made-up people, three brands, five channels, eight topics. Counting everybody by reason against PostgreSQL
with an index that covers the question; listing against a DuckDB file; both against the scalar engine, person by person.
`--people N` for a smaller run. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from deciding.timing import alternated, took

BARS = {
    "count_ms": ("<=", 100), "list_ms": ("<=", 50), "list_cold_ms": ("<=", 1000), "count_ratio": (">=", 100),
    "list_ratio": (">=", 10), "peak_gib": ("<=", 2), "withdrawal_ms": ("<=", 1000), "disagreements": ("<=", 0),
    "emails_per_s": (">=", 500), "cpu_ms": ("<=", 2), "late_releases": ("<=", 0),
}  # fmt: skip
AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
PLANS = [("tarn", "email", "offers"), ("skerry", "sms", "events"), ("holm", "post", "products")]
ROUNDS = 5
SAMPLED = 1_000_000
Figures = dict[str, float]
started = time.monotonic()


def say(line: str) -> None:
    print(f"{time.monotonic() - started:5.0f} s  {line}", flush=True)


def ready(folder: str) -> None:
    """Set Django up: the index is production code, its tables stay empty."""
    os.environ |= {"TROTH_DATA": folder, "DJANGO_SETTINGS_MODULE": "troth.site.settings"}
    import django

    django.setup()


def index_of(file: Path):  # type: ignore[no-untyped-def]  # noqa: ANN201 -- Django is loaded by now
    """Return the index a process would work with, from its file."""
    from troth.doors import policies
    from troth.marketing.following import Index
    from troth.marketing.shelf import Shelf

    made = Index(policies.archive().in_force(AT.date()), AT)
    made.sets, _ = Shelf.load(file)
    return made


def plans():  # type: ignore[no-untyped-def]  # noqa: ANN201 -- as above
    from troth.marketing.audience import Plan

    return [Plan("news", *one) for one in PLANS]


def cold(file: Path) -> None:
    """In a process of its own: the first list after a start, then every question there is, and the memory it took."""
    from troth.marketing import audience

    begun = time.perf_counter()
    index = index_of(file)
    size = len(audience._listed(plans()[0], index, AT).to_array())  # noqa: SLF001 -- asked without a database
    first = time.perf_counter() - begun
    for brand in ("tarn", "holm", "skerry"):
        for channel in ("email", "sms", "phone", "chat", "post"):
            for topic in index.compiled.policy.choices["news"].topics:
                plan = audience.Plan("news", brand, channel, topic)
                audience._counted(plan, index, AT)  # noqa: SLF001
                size = max(size, len(audience._listed(plan, index, AT).to_array()))  # noqa: SLF001
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"list_cold_ms": round(first * 1e3, 1), "peak_gib": round(peak, 3), "largest": size}))


def measure(number: int, folder: Path) -> Figures:
    from reaching.databases import duck, postgresql
    from reaching.everybody import everybody, sets_of
    from reaching.sql import Asked

    from troth.doors import policies
    from troth.marketing.shelf import Shelf

    compiled = policies.archive().in_force(AT.date())
    say(f"{number:,} people")
    people = everybody(number, compiled)
    shelf = Shelf()
    shelf._live = dict(sets_of(people, compiled))  # noqa: SLF001 -- as a rebuild leaves it
    for found in shelf._live.values():  # noqa: SLF001
        found.run_optimize()
    file = folder / "bitmaps"
    shelf.save(file)
    say(f"  {len(shelf):,} sets, {file.stat().st_size / 2**20:,.0f} MiB in a file")
    del shelf
    figures: Figures = {"people": number, "file_mib": round(file.stat().st_size / 2**20, 1)}
    command = [sys.executable, __file__, "--cold", str(file), "--folder", str(folder)]
    figures |= json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    say("  a new process: first list {list_cold_ms} ms, all 120 questions within {peak_gib} GiB".format(**figures))
    index = index_of(file)
    asked = [Asked(compiled, plan.acts(compiled)[0], people, AT.date()) for plan in plans()]

    figures["disagreements"] = against_the_engine(people, compiled, index)
    with duck(people) as ducks:
        figures |= listing(index, ducks, asked)
    say("filling PostgreSQL")
    with postgresql(people, asked) as server:
        figures |= counting(index, server, asked)
    figures["disagreements"] += figures.pop("lists_differ") + figures.pop("counts_differ")
    figures |= withdrawing(index)
    return figures


def against_the_engine(people, compiled, index) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Ask the scalar engine about a million people, a question each, and return how often we answered otherwise."""
    from reaching.everybody import HOMES, Standings

    from troth.doors.contact import ADDRESS
    from troth.marketing import audience

    differ = size = 0
    dice = np.random.default_rng(1)
    brands, channels = ("tarn", "holm", "skerry"), ("email", "sms", "phone", "chat", "post")
    topics = compiled.policy.choices["news"].topics
    acts = [(b, c, topics[(n * 3 + m) % 8]) for n, b in enumerate(brands) for m, c in enumerate(channels)]
    each = -(-min(SAMPLED, people.number) // len(acts))
    kinds = {"email": 1, "mobile": 2, "phone": 4, "postal": 8}
    days = {home: AT.date() for home, *_ in HOMES}  # noon in UTC is the same day in each of our zones
    for one in acts:
        plan = audience.Plan("news", *one)
        codes, answers = np.full(people.number + 1, -1, np.int16), []
        for decision, who in audience.sorting(plan, index, AT).sorted_out():
            where = np.asarray(who.to_array())
            differ += int(np.count_nonzero(codes[where] != -1))  # nobody gets two answers
            codes[where] = len(answers)
            answers.append((decision.allowed, decision.because.code, decision.because.line))
        some = dice.choice(people.number, each, replace=False)
        standings, act = Standings(people, compiled, some), plan.acts(compiled)[0]
        need = kinds.get(ADDRESS.get(plan.channel, ""), 0)
        for place, number in enumerate(some.tolist()):
            person = standings[place]
            decision = compiled.decide(act, person, days[person.residence])
            wanted = (decision.allowed, decision.because.code, decision.because.line)
            if decision.allowed and need and not standings.kinds[place] & need:
                wanted = (False, "no_address", "purposes.news")
            code = codes[number + 1]
            differ += code < 0 or answers[code] != wanted
        size += each
    say(f"the scalar engine, about {size:,} people: {differ} answers differ")
    return differ


def listing(index, ducks, asked) -> Figures:  # type: ignore[no-untyped-def]  # noqa: ANN001
    from troth.marketing import audience

    ours_ms, ratios, differ = [], [], 0
    for plan, one in zip(plans(), asked, strict=True):
        sql = one.listed()

        def ours(plan=plan):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            return audience._listed(plan, index, AT).to_array()  # noqa: SLF001

        def theirs(sql=sql):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            return ducks.execute(sql).fetchnumpy()["id"]

        differ += not np.array_equal(np.asarray(ours()), np.sort(theirs()))
        mine, other = alternated(ROUNDS, ours, theirs, inner=(3, 1))
        ours_ms.append(mine * 1e3)
        ratios.append(other / mine)
        say(f"  {_told(plan)} list of {len(ours()):9,}: {mine * 1e3:6.1f} ms, DuckDB {other * 1e3:7.1f} ms")
    return {"list_ms": round(max(ours_ms), 2), "list_ratio": round(min(ratios), 1), "lists_differ": differ}


def counting(index, server, asked) -> Figures:  # type: ignore[no-untyped-def]  # noqa: ANN001
    from troth.marketing import audience

    ours_ms, ratios, differ = [], [], 0
    for plan, one in zip(plans(), asked, strict=True):
        sql = one.reasons()
        known = list(one.known)

        def theirs(jit, sql=sql):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            server.execute(f"SET jit = {jit}")
            return server.execute(sql).fetchall()

        counts = audience._counted(plan, index, AT)  # noqa: SLF001
        said: dict[tuple[bool, str], int] = {}
        for line in counts.lines:
            said[line.allowed, line.code] = said.get((line.allowed, line.code), 0) + line.people
        differ += said != {known[number]: many for number, many in theirs("off")} or sum(said.values()) != counts.total
        ours = partial(audience._counted, plan, index, AT)  # noqa: SLF001
        mine, off, on = alternated(3, ours, partial(theirs, "off"), partial(theirs, "on"), inner=(15, 1, 1))
        other = min(off, on)
        ours_ms.append(mine * 1e3)
        ratios.append(other / mine)
        say(f"  {_told(plan)} may {counts.may:9,}: {mine * 1e3:6.1f} ms, PostgreSQL {other * 1e3:7.1f} ms")
        say("    " + ", ".join(f"{line.code} {line.people:,}" for line in counts.lines))
    return {"count_ms": round(max(ours_ms), 2), "count_ratio": round(min(ratios), 1), "counts_differ": differ}


def _told(plan) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return f"{plan.brand}/{plan.channel}/{plan.topic}".ljust(22)


def withdrawing(index) -> Figures:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Take somebody out of every set and list again: what follows a withdrawal, beside reading their row."""
    from pyroaring import BitMap

    from troth.marketing import audience

    plan = plans()[0]
    times = []
    for _ in range(5):
        someone = audience._listed(plan, index, AT)[7]  # noqa: SLF001
        times.append(took(partial(_withdrawn, index, plan, BitMap([someone]))))
        assert someone not in audience._listed(plan, index, AT)  # noqa: SLF001
    return {"withdrawal_ms": round(sorted(times)[2] * 1e3, 1)}


def _withdrawn(index, plan, who) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    from troth.marketing import audience

    index.sets.replace(who, {"all": who})
    index.memo.changed()
    audience._listed(plan, index, AT).to_array()  # noqa: SLF001


def sending() -> Figures:
    """Run the other half, in a process of its own: what is sent, and that nothing is sent too late."""
    script = Path(__file__).parent / "reaching" / "sending.py"
    if not script.exists():
        return {}
    say("sending")
    command = [sys.executable, str(script), "--runs", "3", "--senders", "2"]  # a sender a core, as it would be run
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: Figures = json.loads(told.splitlines()[-1])
    return {name: value for name, value in found.items() if name in ("emails_per_s", "cpu_ms", "late_releases")}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=10_000_000)
    parser.add_argument("--cold", type=Path)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.cold:
        ready(str(options.folder))
        cold(options.cold)
        return 0
    with tempfile.TemporaryDirectory(prefix="troth-bench-") as folder:
        ready(folder)
        figures = measure(options.people, Path(folder))
    figures |= sending()
    figures["seconds"] = round(time.monotonic() - started)
    print()
    for name, value in figures.items():
        sign, bar = BARS.get(name, ("", 0))
        met = {"<=": value <= bar, ">=": value >= bar}.get(sign)
        verdict = "" if met is None else f"bar {sign} {bar:<6} {'met' if met else 'MISSED'}"
        print(f"{name:16} {value:>14,}   {verdict}".rstrip())
    print()
    print(json.dumps(figures))
    return 1 if figures["disagreements"] else 0


if __name__ == "__main__":
    sys.exit(main())
