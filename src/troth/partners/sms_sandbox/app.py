"""Larkpost over HTTP: `/v1/texts` for the house, with its key; a page of telephones for whoever rehearses."""

from __future__ import annotations

import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qs

import urllib3

from troth.partners.sms import HEADER, signature

LONGEST = 16 * 1024  # bytes of a request
DEAD = "+447700900000"  # takes no texts: for trying what a refusal looks like
Start = Callable[[str, list[tuple[str, str]]], object]
STYLE = "body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}li{margin:1rem 0}"
PAGE = (
    '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Larkpost</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head><body>'
    "<h1>Telephones</h1><p>No text here reaches a real telephone. Answer as its owner would: STOP, START, or in "
    "words.</p><ul>{texts}</ul></body></html>"
)


@dataclass
class Text:
    """A text in either direction."""

    number: str
    words: str
    out: bool  # from the house


@dataclass
class Larkpost:
    """The WSGI application. `tell`: where answers are told, signed with `notices`."""

    secret: str
    notices: str
    tell: str = ""
    texts: list[Text] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: Mapping[str, Any], start: Start) -> Iterable[bytes]:
        status, kind, body = self._answer(environ)
        headers = [
            ("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]  # fmt: skip
        if status.startswith("303"):
            headers.append(("Location", "/"))
        start(status, headers)
        return [body]

    def _answer(self, environ: Mapping[str, Any]) -> tuple[str, str, bytes]:
        way = (environ["REQUEST_METHOD"], environ["PATH_INFO"])
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > LONGEST:
            return "413 Content Too Large", "text/plain", b""
        body = bytes(environ["wsgi.input"].read(length))
        if way == ("POST", "/v1/texts"):
            return self._take(environ, body), "text/plain", b""
        if way == ("POST", "/answer"):
            return self._answered(parse_qs(body.decode("utf-8", "replace"))), "text/plain", b""
        if way == ("GET", "/"):
            return "200 OK", "text/html; charset=utf-8", self._page().encode()
        return ("200 OK" if way == ("GET", "/healthz") else "404 Not Found"), "text/plain", b""

    def _take(self, environ: Mapping[str, Any], body: bytes) -> str:
        given = str(environ.get("HTTP_AUTHORIZATION", ""))
        if not hmac.compare_digest(given.encode("latin-1", "replace"), f"Bearer {self.secret}".encode()):
            return "401 Unauthorized"
        key = str(environ.get("HTTP_IDEMPOTENCY_KEY", ""))
        try:
            read = json.loads(body)
            number, words = read["to"], read["text"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return "400 Bad Request"
        if not re.fullmatch(r"[!-~]{1,200}", key) or not isinstance(number, str) or not isinstance(words, str):
            return "400 Bad Request"
        if number.replace(" ", "") == DEAD:
            return "422 Unprocessable Content"
        with self.lock:
            if key not in self.known:
                self.known[key] = len(self.texts)
                self.texts.append(Text(number, words, out=True))
        return "202 Accepted"

    def _answered(self, form: Mapping[str, list[str]]) -> str:
        number, words, brand = (form.get(name, [""])[0] for name in ("number", "words", "brand"))
        with self.lock:
            self.texts.append(Text(number, words, out=False))
        return "303 See Other" if self.told(number, words, brand) else "502 Bad Gateway"

    def told(self, number: str, words: str, brand: str, *, once: str = "") -> bool:
        """Tell the house of an answer; again a few times where it does not take it."""
        said = {"id": once or secrets.token_hex(12), "from": number, "text": words, "brand": brand}
        body = json.dumps(said).encode()
        if not self.tell:
            return True
        with urllib3.PoolManager(retries=False, timeout=40) as http:
            for _ in range(3):
                headers = {"Content-Type": "application/json", HEADER: signature(self.notices, int(time.time()), body)}
                try:
                    if http.request("POST", self.tell, body=body, headers=headers, redirect=False).status < 300:
                        return True
                except urllib3.exceptions.HTTPError:
                    time.sleep(0.2)
        return False

    def _page(self) -> str:
        with self.lock:
            shown = list(reversed(self.texts[-200:]))
        return PAGE.format(style=STYLE, texts="".join(self._shown(text) for text in shown) or "<li>Nothing yet.</li>")

    @staticmethod
    def _shown(text: Text) -> str:
        if not text.out:
            return f"<li>{escape(text.number)} answered: <b>{escape(text.words)}</b></li>"
        brand = escape(text.words.partition(",")[0].partition(":")[0].strip().lower()[:20], quote=True)
        return (
            f"<li>To {escape(text.number)}: {escape(text.words)}"
            f'<form method="post" action="/answer"><input type="hidden" name="number" '
            f'value="{escape(text.number, quote=True)}"><input type="hidden" name="brand" value="{brand}">'
            '<label>Answer <input name="words" value="STOP"></label> <button>Send</button></form></li>'
        )
