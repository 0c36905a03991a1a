"""A partner's list as a file, however long: read a line at a time, gone on with where it stopped, taken in once.

    for done in read_in(Path("fair.csv"), brand="tarn", at=now, aside=Path("fair.set-aside.csv")): ...

How far a file is stands beside what was taken in, in the same transaction: killed anywhere, it goes on behind the last
row that is stored, and the figures add up. The file itself is not kept; what is set aside names rows and reasons alone.
"""

from __future__ import annotations

import base64
import csv
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import ClassVar, Final, TextIO

from django.db import models

from .errors import BadFile
from .partner_lists import COLUMNS, BadRow, Progress, Row, bring_in

LONGEST: Final = 4_000  # bytes of a line; no row of six short fields has more
HEAD: Final = "row,why\n"


class PartnerFile(models.Model):
    """How far a file of a partner's is, by its digest: the same file again goes on, or is known."""

    digest = models.CharField(max_length=44)  # SHA-256, base64
    brand = models.CharField(max_length=40)
    choice = models.CharField(max_length=40)
    read = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    already = models.PositiveIntegerField(default=0)
    set_aside = models.PositiveIntegerField(default=0)
    begun_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    nobodys: ClassVar = "counts of a file"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["digest", "brand", "choice"], name="one_row_a_partner_file")
        ]


def digest_of(path: Path) -> str:
    """Return what a file is known by: its SHA-256, in base64."""
    with path.open("rb") as raw:
        return base64.b64encode(hashlib.file_digest(raw, "sha256").digest()).decode()


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV file in UTF-8, one a line. A line that cannot be read is its reason. Raises BadFile.

    A field holds no line break: one quotation mark too many spoils its own line, and swallows none.
    """
    with path.open("rb") as raw:
        head = _fields(_line(raw))
        if not isinstance(head, list) or not set(COLUMNS) <= set(head):
            raise BadFile(f"The first line must name the columns {', '.join(COLUMNS)}, with commas between them.")
        while line := _line(raw):
            if line.strip():
                fields = _fields(line)
                yield _row(head, fields) if isinstance(fields, list) else fields


def lines_of(path: Path) -> Iterator[str]:
    """Yield the lines of a text file, bytes that are no UTF-8 as marks of it; of one too long, its beginning."""
    with path.open("rb") as raw:
        while line := _line(raw):
            yield line.decode("utf-8-sig", errors="replace")


def _line(raw: BufferedReader) -> bytes:
    """Return the next line, of one that is too long a beginning that is still too long; nothing at the end."""
    line = raw.readline(LONGEST + 1)
    if len(line) > LONGEST and not line.endswith(b"\n"):
        while (rest := raw.readline(LONGEST)) and not rest.endswith(b"\n"):
            pass
    return line


def _fields(line: bytes) -> list[str] | BadRow:
    if len(line) > LONGEST:
        return BadRow("the line is too long")
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        return BadRow("the line is not UTF-8")
    try:
        return next(csv.reader([text], strict=True))
    except (csv.Error, StopIteration):
        return BadRow("the line has a quotation mark too many, or too few")


def _row(head: list[str], fields: list[str]) -> Row:
    if len(fields) != len(head):
        return BadRow("the line has too few fields, or too many")
    return dict(zip(head, fields, strict=True))


def read_in(
    path: Path, *, brand: str, at: datetime, aside: Path, choice: str = "news", dry_run: bool = False
) -> Iterator[Progress]:
    """Take a file in, or what is left of it, yielding after each batch; for a job that declares "proof".

    A file that was read to its end is known, and changes nothing. `aside` gets a line for each row set aside. Raises
    BadFile.
    """
    found, _ = (None, False) if dry_run else PartnerFile.objects.get_or_create(
        digest=digest_of(path), brand=brand, choice=choice, defaults={"begun_at": at}
    )  # fmt: skip
    so_far = Progress(found.read, found.taken, found.already, set_aside=found.set_aside) if found else Progress()
    if found and found.done_at:
        yield so_far
        return

    def noted(now: Progress) -> None:
        if found:
            counts = {"read": now.read, "taken": now.taken, "already": now.already, "set_aside": now.set_aside}
            PartnerFile.objects.filter(pk=found.pk).update(**counts)

    rows = islice(rows_of(path), so_far.read, None)
    with _opened(aside, so_far) as out:
        writer = csv.writer(out, lineterminator="\n")
        for now in bring_in(rows, brand=brand, at=at, choice=choice, progress=so_far, noted=noted, dry_run=dry_run):
            writer.writerows(now.aside)
            out.flush()
            yield now
    if found:
        PartnerFile.objects.filter(pk=found.pk).update(done_at=at)


@contextmanager
def _opened(aside: Path, so_far: Progress) -> Iterator[TextIO]:
    """Open the list of what was set aside; of an earlier run keep what it has of the rows that are behind us.

    After a kill it may lack the last batch's rows, whose number is known all the same.
    """
    kept = [HEAD]
    if so_far.read and aside.is_file():
        lines = aside.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
        for line in lines:
            number, _, reason = line.partition(",")
            if number.isdigit() and int(number) <= so_far.read and line.endswith("\n"):
                kept.append(line)
                so_far.reasons[reason.strip().strip('"')] += 1
    with aside.open("w", encoding="utf-8", newline="") as out:
        out.writelines(kept)
        yield out
