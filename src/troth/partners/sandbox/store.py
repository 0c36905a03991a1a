"""What the partner remembers: payments, kept cards, answers given and notices owed. Never a number, never a CVC.

One SQLite file. What was answered is on the disk before the answer leaves: `synchronous = FULL`, one transaction each.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import rules
from .errors import KeyUsed, NotPossible, NotThere
from .rules import Sample

TABLES = """
CREATE TABLE IF NOT EXISTS payments (
    reference TEXT PRIMARY KEY, ordered TEXT, amount INTEGER, currency TEXT, back TEXT, keep INTEGER, offered TEXT,
    state TEXT DEFAULT 'open', refunded INTEGER DEFAULT 0, because TEXT DEFAULT '', tries INTEGER DEFAULT 0,
    asking INTEGER DEFAULT 0,
    token TEXT DEFAULT '', brand TEXT DEFAULT '', last4 TEXT DEFAULT '', expiry TEXT DEFAULT '',
    CHECK (amount > 0 AND refunded BETWEEN 0 AND amount)
) STRICT;
CREATE TABLE IF NOT EXISTS cards (
    token TEXT PRIMARY KEY, brand TEXT, last4 TEXT, expiry TEXT, does TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS answers (once TEXT PRIMARY KEY, asked BLOB, answer TEXT) STRICT;
CREATE TABLE IF NOT EXISTS notices (
    id TEXT PRIMARY KEY, payment TEXT, state TEXT, made REAL, tries INTEGER DEFAULT 0, due REAL, told INTEGER DEFAULT 0
) STRICT;
"""
ALREADY_GONE = "already-gone"
LONGEST_WAIT = 600.0  # seconds between two attempts to deliver a notice

Answer = dict[str, Any]
Row = sqlite3.Row


class Store:
    """The partner's books. `now` gives seconds since 1970; `owed` is called after each change that is to be told."""

    def __init__(self, folder: Path, now: Callable[[], float], owed: Callable[[], None] = lambda: None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.now, self.owed = now, owed
        self._alone = threading.Lock()
        self._db = sqlite3.connect(folder / "pennyfold.sqlite3", isolation_level=None, check_same_thread=False)
        self._db.row_factory = Row
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            self._db.execute(f"PRAGMA {pragma}").close()
        self._db.executescript(TABLES)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._alone:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _once(self, key: str, asked: object, do: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Do it and remember the answer, or give the one given before. A refusal did nothing and is not remembered."""
        content = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()
        with self._change() as db:
            before = db.execute("SELECT asked, answer FROM answers WHERE once = ?", [key]).fetchone()
            if before is not None:
                if before["asked"] != content:
                    raise KeyUsed
                return dict(json.loads(before["answer"]))
            answer = do(db)
            db.execute("INSERT INTO answers VALUES (?, ?, ?)", [key, content, json.dumps(answer)])
        self.owed()
        return answer

    # -- what the shop asks ----------------------------------------------------------------------------------------

    def begin(self, ask: Answer, key: str) -> Answer:
        """Open a payment. Raises `NotPossible` if it is to be paid with a card that is not kept."""

        def do(db: sqlite3.Connection) -> Answer:
            if ask["token"] and not db.execute("SELECT 1 FROM cards WHERE token = ?", [ask["token"]]).fetchone():
                raise NotPossible("No card is kept under that token.")
            reference = f"pay_{secrets.token_urlsafe(18)}"
            db.execute(
                "INSERT INTO payments (reference, ordered, amount, currency, back, keep, offered)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [reference, *(ask[name] for name in ("order", "amount", "currency", "back", "keep", "token"))],
            )
            return {"reference": reference}

        return self._once(key, ["begin", ask], do)

    def payment(self, reference: str) -> Answer:
        with self._alone:
            return _told(_row(self._db, reference))

    def act(self, act: str, reference: str, key: str) -> Answer:
        """Charge or release a payment."""

        def do(db: sqlite3.Connection) -> Answer:
            row = _row(db, reference)
            state = rules.step(act, row["state"])
            if state:
                self._becomes(db, reference, state)
            return _told(_row(db, reference))

        return self._once(key, [act, reference], do)

    def refund(self, reference: str, amount: int, key: str) -> Answer:
        def do(db: sqlite3.Connection) -> Answer:
            row = _row(db, reference)
            state, refunded = rules.refund(row["state"], row["amount"], row["refunded"], amount)
            self._becomes(db, reference, state, refunded=refunded)
            return _told(_row(db, reference))

        return self._once(key, ["refund", reference, amount], do)

    def card(self, reference: str) -> Answer:
        """Return the card kept with a payment. Raises `NotPossible`."""
        with self._alone:
            told = _told(_row(self._db, reference))
            keep = self._db.execute("SELECT keep FROM payments WHERE reference = ?", [reference]).fetchone()["keep"]
        card = told["card"]
        if not keep or not card or not card["token"]:
            raise NotPossible("No card was kept with this payment.")
        return dict(card)

    def forget(self, token: str, key: str) -> Answer:
        """Delete a kept card, and say so on a receipt."""

        def do(db: sqlite3.Connection) -> Answer:
            gone = db.execute("DELETE FROM cards WHERE token = ?", [token]).rowcount
            for column in ("token", "offered"):
                db.execute(f"UPDATE payments SET {column} = '' WHERE {column} = ?", [token])  # noqa: S608 -- two names
            at = datetime.fromtimestamp(self.now(), UTC).isoformat()
            return {"reference": f"rcpt_{secrets.token_urlsafe(12)}" if gone else ALREADY_GONE, "at": at}

        return self._once(key, ["forget", token], do)

    # -- what the shopper does on the page -------------------------------------------------------------------------

    def page(self, reference: str) -> tuple[Row, Row | None]:
        """Return a payment and the kept card it may be paid with."""
        with self._alone:
            row = _row(self._db, reference)
            return row, _kept(self._db, row["offered"])

    def typed(self, reference: str, sample: Sample, expiry: str) -> None:
        """Try a card that was typed. Only its brand, last four digits and expiry come in here."""
        self._try(reference, sample.does, sample.because, sample.brand, sample.number[-4:], expiry)

    def kept(self, reference: str) -> None:
        """Try the card kept under the payment's token."""
        row, card = self.page(reference)
        if card is None:
            raise NotPossible("That card is kept no longer. Please use another one.")
        today = f"{datetime.fromtimestamp(self.now(), UTC):%Y-%m}"
        does, because = (card["does"], "") if card["expiry"] >= today else ("declines", "This card has expired.")
        self._try(reference, does, because, card["brand"], card["last4"], card["expiry"], again=row["offered"])

    def _try(self, reference: str, does: str, because: str, *card: str, again: str = "") -> None:
        with self._change() as db:
            if _row(db, reference)["state"] != "open":  # paid or left in another window
                return
            db.execute(
                "UPDATE payments SET brand = ?, last4 = ?, expiry = ?, token = ?, asking = 0 WHERE reference = ?",
                [*card, again, reference],
            )
            if does == "asks":
                db.execute("UPDATE payments SET asking = 1 WHERE reference = ?", [reference])
            elif does == "pays":
                self._authorise(db, reference, "pays")
            else:
                self._fail(db, reference, because)
        self.owed()

    def bank_said(self, reference: str, *, yes: bool) -> None:
        """Take the answer to the bank's question."""
        with self._change() as db:
            row = _row(db, reference)
            if row["state"] == "open" and row["asking"]:
                if yes:
                    self._authorise(db, reference, "asks")
                else:
                    self._fail(db, reference, rules.NOT_YOU)
        self.owed()

    def leave(self, reference: str) -> None:
        """Go back to the shop without paying."""
        with self._change() as db:
            row = _row(db, reference)
            if row["state"] == "open":
                self._becomes(db, reference, "declined", because=row["because"] or rules.WENT_BACK)
        self.owed()

    def _authorise(self, db: sqlite3.Connection, reference: str, does: str) -> None:
        row = _row(db, reference)
        if row["keep"] and not row["token"]:
            token = f"card_{secrets.token_urlsafe(18)}"
            db.execute("INSERT INTO cards VALUES (?,?,?,?,?)", [token, row["brand"], row["last4"], row["expiry"], does])
            db.execute("UPDATE payments SET token = ? WHERE reference = ?", [token, reference])
        self._becomes(db, reference, "authorised")

    def _fail(self, db: sqlite3.Connection, reference: str, because: str) -> None:
        db.execute(
            "UPDATE payments SET tries = tries + 1, asking = 0, because = ? WHERE reference = ?", [because, reference]
        )
        if _row(db, reference)["tries"] >= rules.TRIES:
            self._becomes(db, reference, "declined", because=because)

    def _becomes(
        self, db: sqlite3.Connection, reference: str, state: str, *, refunded: int | None = None, because: str = ""
    ) -> None:
        """Change a payment's state, and owe the shop a notice of it in the same transaction."""
        db.execute(
            "UPDATE payments SET state = ?, refunded = coalesce(?, refunded), because = ?, asking = 0"
            " WHERE reference = ?",
            [state, refunded, because, reference],
        )
        made = self.now()
        db.execute(
            "INSERT INTO notices (id, payment, state, made, due) VALUES (?, ?, ?, ?, ?)",
            [f"ntc_{secrets.token_urlsafe(12)}", reference, state, made, made],
        )

    # -- notices ---------------------------------------------------------------------------------------------------

    def due(self) -> list[Row]:
        """Return the notices to be sent now, oldest first."""
        with self._alone:
            return self._db.execute(
                "SELECT * FROM notices WHERE NOT told AND due <= ? ORDER BY made, rowid LIMIT 20", [self.now()]
            ).fetchall()

    def next_due(self) -> float | None:
        """Return in how many seconds the next notice is due, if any is owed."""
        with self._alone:
            due = self._db.execute("SELECT min(due) FROM notices WHERE NOT told").fetchone()[0]
        return None if due is None else float(due) - self.now()

    def heard(self, notice: str) -> None:
        with self._change() as db:
            db.execute("UPDATE notices SET told = 1 WHERE id = ?", [notice])

    def unheard(self, notice: str, tries: int) -> None:
        """Put off a notice nobody took: half a second, then twice as long each time."""
        with self._change() as db:
            due = self.now() + min(0.5 * 2 ** min(tries, 20), LONGEST_WAIT)
            db.execute("UPDATE notices SET tries = tries + 1, due = ? WHERE id = ?", [due, notice])


def _row(db: sqlite3.Connection, reference: str) -> Row:
    row: Row | None = db.execute("SELECT * FROM payments WHERE reference = ?", [reference]).fetchone()
    if row is None:
        raise NotThere
    return row


def _kept(db: sqlite3.Connection, token: str) -> Row | None:
    card: Row | None = db.execute("SELECT * FROM cards WHERE token = ?", [token]).fetchone() if token else None
    return card


def _told(row: Row) -> Answer:
    """What the shop may know of a payment. Of a card only what was authorised."""
    paid = row["state"] in ("authorised", "charged", "refunded")
    card = {name: row[name] for name in ("token", "brand", "last4", "expiry")} if paid else None
    return {
        "reference": row["reference"],
        "state": row["state"],
        "order": row["ordered"],
        "amount": row["amount"],
        "currency": row["currency"],
        "refunded": row["refunded"],
        "card": card,
        "because": row["because"] if row["state"] == "declined" else "",
    }
