"""Two made-up shops on this machine: one that keeps to the policy, and one with thirty things planted in it."""

import threading
from contextlib import contextmanager
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

DAY = 86_400
DOT = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")

GOOD_PANEL = """<section><h2>May we remember something?</h2><form method="post" action="/choose">
<button name="answer" value="all">Accept all</button> <button name="answer" value="none">Refuse all</button></form></section>"""
BAD_PANEL = """<section><h2>Cookies!</h2><form method="post" action="/choose">
<label><input type="checkbox" checked> Partners</label>
<button name="answer" value="all" style="font-size:2rem">Accept all</button>
<button name="answer" value="none" style="color:#999">Refuse all</button></form></section>"""
ONLY_YES = '<section><form method="post" action="/choose"><button name="answer" value="all">Accept all</button></form></section>'


class Page(BaseHTTPRequestHandler):
    """Answers for shop.localhost and for ads.localhost, both on one port."""

    clean = True
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        """Say nothing."""

    @property
    def said(self):
        found = SimpleCookie(self.headers.get("Cookie", "")).get("choices")
        return found.value if found else ""

    @property
    def signal(self):
        return self.headers.get("Sec-GPC") == "1"

    def answer(self, body, kind="text/html; charset=utf-8", status=200, headers=()):
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(data))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        answer = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["answer"][0]
        life = 150 * DAY if self.clean or answer == "all" else DAY
        cookies = (f"choices={answer}; Max-Age={life}; Path=/", "visit=; Max-Age=0; Path=/")
        self.answer("", status=303, headers=[("Location", "/"), *(("Set-Cookie", one) for one in cookies)])

    def do_GET(self):
        way = self.path.partition("?")[0]
        if self.headers["Host"].startswith("ads."):
            self.elsewhere(way)
        elif way in ("/favicon.ico", "/robots.txt"):
            self.answer("", status=404)
        elif self.clean:
            self.kept(way)
        else:
            self.planted(way)

    def page(self, inside, panel, headers=()):
        panel = "" if self.said and self.clean else panel
        self.answer(f"<!doctype html><title>A shop</title>{panel}<main>{inside}</main>", headers=headers)

    def elsewhere(self, way):
        if way.endswith(".js"):
            self.answer("window.here = 1", "text/javascript")
        elif way.endswith(".gif") or way == "/sync":
            self.answer(DOT, "image/gif")
        else:
            cookie = ("Set-Cookie", "interest=x; Max-Age=3600; SameSite=None; Secure; Partitioned")
            headers = [("Access-Control-Allow-Origin", "*"), *([cookie] if self.path == "/frame?yes" else [])]
            self.answer("<!doctype html><title>Ads</title>", headers=headers)

    # -- as it should be

    def kept(self, way):
        if way == "/.well-known/gpc.json":
            self.answer('{"gpc": true}', "application/json")
            return
        ads, yes = self.ads, self.said == "all"
        headers = [("Set-Cookie", "basket=abc; Max-Age=2000000; Path=/")] if way == "/basket" else []
        headers += [("Set-Cookie", "click=spring; Max-Age=2000000; Path=/")] if yes and not self.signal else []
        pixel = f'<img src="{ads}/advert.gif?p=coat" alt="">' if yes and not self.signal else ""
        self.page(
            f'<a href="/basket">Basket</a> <a href="/missing.pdf" download>Terms</a> <a href="/?email=">Mine</a>'
            f'<a href="{ads}/blog" target="_blank" rel="noopener">Blog</a> <a href="mailto:care@shop.example">Write</a>'
            f'<a href="/basket">Your privacy choices</a>{pixel}', GOOD_PANEL, headers,
        )  # fmt: skip

    # -- as it should not

    def planted(self, way):
        ads, before = self.ads, not self.said and not self.signal
        if way == "/sw.js":
            self.answer("self.addEventListener('fetch', () => {})", "text/javascript")
        elif way == "/.well-known/gpc.json":
            self.answer("", status=404)
        elif way == "/stored":
            self.page(
                "<script>localStorage.setItem('ghost', '1'); sessionStorage.setItem('echo', '1');"
                "indexedDB.open('cellar'); caches.open('larder'); navigator.serviceWorker.register('/sw.js')</script>", "",
            )  # fmt: skip
        elif way == "/spoken":
            advert = f'<img src="{ads}/advert.gif" alt="">' if before else ""
            yes = "?yes" if self.said == "all" else ""
            self.page(
                f'<script src="{ads}/lib.js"></script><img src="{ads}/dot.gif" alt=""><iframe src="{ads}/frame{yes}"></iframe>'
                f"{advert}<script>fetch('{ads}/collect'); new WebSocket('{ads.replace('http', 'ws')}/sock');"
                f"document.cookie = 'basket=q7w8e9r0t1y2u3; max-age={300 * DAY}; path=/';"
                f"new Image().src = '{ads}/sync?x=' + document.cookie.split('basket=')[1].split(';')[0]</script>", "",
                [("Referrer-Policy", "unsafe-url")],
            )  # fmt: skip
        elif way == "/only-yes":
            self.page("Only one way.", ONLY_YES)
        else:
            cookies = ["shadow=1; Path=/", f"route=7; Max-Age={DAY}; Path=/"]
            cookies += ["visit=v; Max-Age=3600; Path=/"] if before else []
            cookies += ["look=l; Max-Age=3600; Path=/"] if self.said == "none" else []
            cookies += ["click=c; Max-Age=3600; Path=/"] if self.signal else []
            self.page(
                f'<a href="/stored">One</a> <a href="/spoken">Two</a> <a href="/only-yes">Three</a> '
                f'<a href="/?email=ada@post.example">Mine</a> <a href="{ads}/out?customer_id=7">Out</a> '
                f'<a href="{ads}/window" target="_blank">Window</a>', BAD_PANEL, [("Set-Cookie", one) for one in cookies],
            )  # fmt: skip

    @property
    def ads(self):
        port = self.headers["Host"].rpartition(":")[2]
        return f"http://ads.localhost:{port}"


@contextmanager
def served(*, clean):
    """Serve one of them; yields where it starts."""
    handler = type("Kept" if clean else "Planted", (Page,), {"clean": clean})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://shop.localhost:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
