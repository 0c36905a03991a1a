"""Tells the shop what changed, again and again until it answers 2xx.

Each attempt is signed anew: HMAC-SHA-256 over the time of the attempt, a dot and the body. The notice keeps its id.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading

import urllib3

from .store import Row, Store

HEADER = "Pennyfold-Signature"
SLEEP = 5.0  # seconds: how soon a changed clock is noticed


def signature(secret: str, at: int, body: bytes) -> str:
    """Return the header's value, `t=1782000000,v1=HEX`."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


class Teller:
    """A thread that delivers what is owed. `stop` ends it within one attempt."""

    def __init__(self, store: Store, address: str, secret: str) -> None:
        self._store, self._address, self._secret = store, address, secret
        self._wake, self._over = threading.Event(), threading.Event()
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=5), retries=False)
        self._thread = threading.Thread(target=self._run, name="notices")
        store.owed = self._wake.set

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._wake.set()
        self._thread.join()
        self._http.clear()

    def _run(self) -> None:
        while not self._over.is_set():
            self._wake.clear()
            for notice in self._store.due():
                if self._over.is_set():
                    return
                self._tell(notice)
            wait = self._store.next_due()
            self._wake.wait(SLEEP if wait is None else max(0.0, min(wait, SLEEP)))

    def _tell(self, notice: Row) -> None:
        body = json.dumps({"id": notice["id"], "payment": notice["payment"], "state": notice["state"]}).encode()
        headers = {
            "Content-Type": "application/json",
            HEADER: signature(self._secret, int(self._store.now()), body),
        }
        try:
            answer = self._http.request("POST", self._address, body=body, headers=headers, redirect=False)
            taken = 200 <= answer.status < 300
        except urllib3.exceptions.HTTPError:
            taken = False
        if taken:
            self._store.heard(notice["id"])
        else:
            self._store.unheard(notice["id"], notice["tries"])
