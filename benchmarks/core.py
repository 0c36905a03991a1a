"""What the vault, the doors and the ledger cost, beside plain columns and named peers, in one run.

    make bench NAME=core [ARGS="--postgresql --large"]

A and B take turns, medians are quoted; the last line is one JSON object. Figures with `cpu` are of this process's own
processor time: they leave out waiting for the disk, for other programs and, on PostgreSQL, for the server.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent))
from holding import house

POSTGRESQL = "--postgresql" in sys.argv
STRANGERS = 10_000_000 if "--large" in sys.argv else 1_000_000  # rows of others that an export must not notice
FOLDER = house.start(postgresql=POSTGRESQL)

from auditlog.registry import auditlog  # noqa: E402
from bench.models import FIELDS, TWINS, AuditedParcel, FewParcel, HeldParcel, PlainParcel, PlainPerson  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils.timezone import now  # noqa: E402

from troth.doors import erasing  # noqa: E402
from troth.doors.collect import collect  # noqa: E402
from troth.doors.declare import job  # noqa: E402
from troth.doors.use import use  # noqa: E402
from troth.ledger import actions as ledger  # noqa: E402
from troth.ledger.entry import Entry  # noqa: E402
from troth.ledger.models import Row  # noqa: E402
from troth.ledger.verifying import verify  # noqa: E402
from troth.rights import packet, seeing  # noqa: E402
from troth.vault import covers, identity, keys  # noqa: E402
from troth.vault.held import reveal  # noqa: E402
from troth.vault.models import Identifier, Profile  # noqa: E402

TOLD = ("Ada Lovelace", "1 Weir Lane", "Flat 3", "Eskholm", "EK1 1AA", "+442079460101")
VALUES = dict(zip(FIELDS, TOLD, strict=True))
BARS = {
    "create_ratio": ("<=", 1.15), "read_ratio": ("<=", 1.1), "with_ledger_ratio": ("<=", 1.25),
    "export_1000_rows_ms": ("<=", 20), "export_growth_ratio": ("<=", 1.3),
    "erase_batch_ratio": (">=", 50), "key_destroy_ms": ("<=", 5),
    "import_per_s": (">=", 5000), "ledger_append_us": ("<=", 10), "verify_per_s": (">=", 500_000),
    "proof_ms": ("<=", 1), "ledger_vs_pymerkle": (">=", 200),
}  # fmt: skip
RESULT: dict[str, float] = {}


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def alternate(works: dict[str, Callable[[], object]], rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Run each in turn, many rounds; return the medians in seconds, of wall time and of our processor time."""
    wall: dict[str, list[float]] = {name: [] for name in works}
    ours: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds):
        for name in list(works) if turn % 2 else list(works)[::-1]:
            begun = time.process_time()
            wall[name].append(timed(works[name]))
            ours[name].append(time.process_time() - begun)
    return {name: median(times) for name, times in wall.items()}, {name: median(times) for name, times in ours.items()}


def creating() -> None:
    person = identity.new(on=now().date(), residence="GB").pk
    auditlog.register(AuditedParcel)
    entry = Entry(
        at=now(),
        verb="collect",
        purpose="order",
        brand="tarn",
        items=("contact.delivery_address",),
        policy="0" * 64,
        subject=b"s" * 16,
    )
    cover = covers.Cover("collect", HeldParcel.items(), now(), "order")
    cover.fetch({person})
    numbers: list[int] = []
    common = {"person_id": person, "source": "order", "seen_at": now()}

    def held(*, recorded: bool = False) -> None:
        with (
            covers.opened(covers.Cover("collect", HeldParcel.items(), now(), "order", None, dict(cover.ring))),
            transaction.atomic(),
        ):
            HeldParcel(**common, **VALUES).save()
            if recorded:
                ledger.record_last(entry, numbers.append)

    def door() -> None:
        with job("order"), collect("order", source="order", brand="tarn", person=person) as c:
            c.save(HeldParcel(**common, **VALUES))

    def plain(model: type = PlainParcel) -> None:
        with transaction.atomic():
            model(**common, **VALUES).save()

    found, ours = alternate(
        {
            "plain": plain,
            "held": held,
            "recorded": lambda: held(recorded=True),
            "audited": lambda: plain(AuditedParcel),
            "door": door,
        },
        400,
    )
    RESULT["create_plain_us"] = found["plain"] * 1e6
    for name, key in (
        ("held", "create_ratio"),
        ("recorded", "with_ledger_ratio"),
        ("audited", "auditlog_ratio"),
        ("door", "door_ratio"),
    ):
        RESULT[key] = found[name] / found["plain"]
        RESULT[key.replace("_ratio", "_cpu_ratio")] = ours[name] / ours["plain"]  # waiting for the disk left out


def reading() -> None:
    person = identity.new(on=now().date(), residence="GB").pk
    common = {"person_id": person, "source": "order", "seen_at": now()}
    with job("order"), collect("order", source="order", brand="tarn", person=person) as c:
        c.save_all(HeldParcel(**common, **VALUES) for _ in range(100))
    PlainParcel.objects.bulk_create(PlainParcel(**common, **VALUES) for _ in range(100))

    def plain() -> None:
        for row in PlainParcel.objects.filter(person_id=person):
            assert [getattr(row, name) for name in FIELDS][5] == VALUES["phone"]

    def held() -> None:
        key = keys.of(person)
        for row in HeldParcel.objects.filter(person_id=person):
            assert reveal(row, key)["phone"] == VALUES["phone"]

    def door() -> None:
        with job("order"), use("order", person=person, brand="tarn") as u:
            for row in HeldParcel.objects.filter(person_id=person):
                assert u.open_row(row)["phone"] == VALUES["phone"]

    def one(model: type[PlainParcel | HeldParcel], pk: object, key: bytes = b"") -> None:
        row = model.objects.get(pk=pk)
        assert (reveal(row, key)["phone"] if key else row.phone) == VALUES["phone"]

    first = {
        model: model.objects.filter(person_id=person).values_list("pk", flat=True)[0]
        for model in (PlainParcel, HeldParcel)
    }
    single, _ = alternate(
        {
            "plain": lambda: one(PlainParcel, first[PlainParcel]),
            "held": lambda: one(HeldParcel, first[HeldParcel], keys.of(person)),
        },
        400,
    )
    found, ours = alternate({"plain": plain, "held": held, "door": door}, 100)
    RESULT["read_ratio"], RESULT["use_ratio"] = found["held"] / found["plain"], found["door"] / found["plain"]
    RESULT["read_cpu_ratio"], RESULT["read_one_ratio"] = ours["held"] / ours["plain"], single["held"] / single["plain"]


def logging_(count: int = 1_000_000) -> None:
    entry = Entry(
        at=now(),
        verb="use",
        purpose="order",
        brand="tarn",
        items=("contact.email",),
        clause="purposes.order",
        policy="0" * 64,
    )
    ledger.seal(now())
    step, taken, ours = 8192, 0.0, 0.0
    for start in range(0, count, step):
        some = [entry._replace(subject=n.to_bytes(16, "big")) for n in range(start, min(start + step, count))]
        begun = time.process_time()
        taken += timed(lambda some=some: (append(some), ledger.seal(now())))  # type: ignore[misc]
        ours += time.process_time() - begun
    RESULT["ledger_append_us"], RESULT["ledger_append_cpu_us"] = taken / count * 1e6, ours / count * 1e6
    report = verify()
    assert report.holds, report.problems
    wall, cpu = alternate({"verify": verify}, 3)
    RESULT["verify_per_s"], RESULT["verify_cpu_per_s"] = report.size / wall["verify"], report.size / cpu["verify"]
    numbers = list(Row.objects.exclude(place=None).order_by("place").values_list("pk", flat=True)[:: count // 200])
    RESULT["proof_ms"] = median([timed(lambda n=n: ledger.receipt(n)) for n in numbers]) * 1e3  # type: ignore[misc]
    RESULT["ledger_vs_pymerkle"] = pymerkle_ms(count) / RESULT["proof_ms"]


@transaction.atomic
def append(entries: list[Entry]) -> None:
    ledger.record_all(entries)


def pymerkle_ms(count: int) -> float:
    """Return the median milliseconds of a proof from pymerkle's persistent tree of as many entries."""
    from pymerkle import SqliteTree

    tree = SqliteTree(str(FOLDER / "pymerkle.db"), algorithm="sha256")
    tree.append_entries((f"entry {n}".encode() for n in range(count)), chunksize=100_000)
    return median([timed(lambda at=at: tree.prove_inclusion(at)) for at in range(1, count, count // 5)]) * 1e3  # type: ignore[misc]


def exporting() -> None:
    """Export two people with as many rows, in a table with many of others' and in one with few."""
    works: dict[str, Callable[[], object]] = {}
    for name, model, strangers in (("many", HeldParcel, STRANGERS), ("few", FewParcel, 10_000)):
        person = identity.new(on=now().date(), residence="GB").pk
        with job("order"), collect("order", source="order", brand="tarn", person=person) as c:
            days = [now() - timedelta(hours=20 * n) for n in range(1000)]  # a long history: no two moments alike
            c.save_all(model(person_id=person, source="order", seen_at=day, **VALUES) for day in days)
        fill(model, strangers)
        works[name] = lambda person=person: packet.as_json(seeing.see(person, now()))  # type: ignore[misc]
    wall, _ = alternate(works, 25)
    RESULT["export_1000_rows_ms"] = wall["few"] * 1e3
    RESULT["export_rows_beside"], RESULT["export_growth_ratio"] = STRANGERS, wall["many"] / wall["few"]


def fill(model: type[HeldParcel | FewParcel], count: int) -> None:
    """Put rows of as many strangers beside: no key, no sense, only size."""
    postgresql = connection.vendor == "postgresql"
    ids = "gen_random_uuid()" if postgresql else "lower(hex(randomblob(16)))"
    junk = "decode(repeat('5a', 180), 'hex')" if postgresql else "randomblob(180)"
    table = model._meta.db_table
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (id, person_id, source, seen_at, sealed, version) "  # noqa: S608 -- all of it ours
            f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) "
            f"SELECT {ids}, {ids}, 'order', '2026-11-01 12:00:00+00:00', {junk}, 1 FROM n"
        )
        cursor.execute(f"ANALYZE {table}")
    keys.empty_log("default")
    os.sync()  # or the disk is still writing these when the next figure is taken


def erasing_many(count: int = 1000) -> None:
    plain = PlainPerson.objects.bulk_create(PlainPerson() for _ in range(120))
    for model in (Identifier, Profile):
        TWINS[model].objects.bulk_create(TWINS[model](person=who) for who in plain)
    RESULT["tables"] = len(TWINS)
    cascades, batches = list[float](), list[float]()
    for start in range(0, 120, 20):
        people = many(count, f"batch{start}")
        cascades += [timed(who.delete) for who in plain[start : start + 20]]
        batches.append(timed(lambda people=people: erasing.erase_all(people, at=now())) / count)  # type: ignore[misc]
        assert not Identifier.objects.filter(person_id__in=people[:100]).exists()
    cascade, batch = median(cascades), median(batches)
    RESULT["erase_us_a_person"], RESULT["erase_batch_ratio"] = batch * 1e6, cascade / batch
    alone = [p.pk for p in identity.add([identity.Person(residence="GB", last_seen=now().date()) for _ in range(30)])]
    RESULT["key_destroy_ms"] = median([timed(lambda who=who: keys.destroy([who])) for who in alone]) * 1e3  # type: ignore[misc]


def many(count: int, name: str) -> list[UUID]:
    """Return people, each with an address and a name."""
    people = [
        p.pk for p in identity.add([identity.Person(residence="GB", last_seen=now().date()) for _ in range(count)])
    ]
    with job("account"), collect("account", source="register", brand="tarn", people=people) as c:
        rows: list[object] = []
        for n, who in enumerate(people):
            rows.append(identity.identifier(who, "email", f"{name}.{n}@post.example"))
            profile = Profile(person_id=who)
            profile.name = "Ada Lovelace"
            rows.append(profile)
        c.save_all(rows)  # type: ignore[arg-type]
    return people


def importing() -> None:
    from troth.site import importing as bringing
    from troth.site import people

    how = bringing.Map.read(people.MAPS / "people.toml")
    rows = people.invented(60_000)
    RESULT["import_per_s"] = 10_000 / timed(lambda: list(bringing.bring_in(rows[:10_000], how, at=now())))
    before = peak()
    for _ in bringing.bring_in(rows[10_000:], how, at=now()):
        pass
    RESULT["import_50000_more_mib"] = peak() - before


def peak() -> float:
    """Return the most memory this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table() -> None:
    for name, value in RESULT.items():
        sign, bar = BARS.get(name, ("", 0))
        met = {"<=": value <= bar, ">=": value >= bar}.get(sign)
        verdict = "" if met is None else f"bar {sign} {bar:<8,} {'met' if met else 'MISSED'}"
        print(f"{name:24} {value:>14,.3f}   {verdict}".rstrip())


def main() -> None:
    print(f"{connection.vendor}, Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}")
    for work in (creating, reading, exporting, erasing_many, importing, logging_):
        print(f"{work.__name__.rstrip('_')} took {timed(work):.0f} s", flush=True)
    table()
    print(json.dumps({"database": connection.vendor, **{name: round(value, 3) for name, value in RESULT.items()}}))


if __name__ == "__main__":
    main()
