"""Looking at our own hosts from outside, to see that what people send us is encrypted on its way (R85).

    troth site check [HOST ...]

Each host must speak TLS 1.2 or newer with a certificate that a browser accepts, refuse anything older, send visitors
of plain HTTP on to it, tell browsers to stay with it (HSTS, RFC 6797) and set no cookie that could travel in the clear.
"""

from __future__ import annotations

import http.client
import re
import ssl
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

PHRASE: Final = "tls >= 1.2"  # as policy files say it
STAY: Final = 180 * 24 * 3600  # seconds a browser must be told to stay with TLS, at least
PATIENCE: Final = 10  # seconds


@dataclass(frozen=True)
class Looked:
    """What was found at one host. `problems` are sentences; none: it holds."""

    host: str
    version: str
    problems: tuple[str, ...]


def look(host: str, *, port: int = 443, plain_port: int = 80, trust: ssl.SSLContext | None = None) -> Looked:
    """Look at a host. `trust`: whose certificates are accepted; the system's, unless said."""
    context = trust or ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    line = http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=context)
    try:
        line.connect()
        version = str(line.sock.version())
        line.request("GET", "/", headers={"User-Agent": "troth site check"})
        answer = line.getresponse()
        problems = [*_headers(answer), *_older(host, port), *_plain(host, plain_port)]
    except ssl.SSLCertVerificationError as no:
        return Looked(host, "", (f"its certificate is not accepted: {no.verify_message}",))
    except (OSError, http.client.HTTPException) as no:
        return Looked(host, "", (f"there is no TLS 1.2 or newer to be had ({type(no).__name__})",))
    finally:
        line.close()
    return Looked(host, version, tuple(problems))


def _headers(answer: http.client.HTTPResponse) -> Iterator[str]:
    told = re.search(r"max-age\s*=\s*\"?(\d+)", answer.getheader("Strict-Transport-Security") or "")
    if told is None or int(told[1]) < STAY:
        yield "browsers are not told to stay with TLS for half a year (Strict-Transport-Security)"
    for cookie in answer.headers.get_all("Set-Cookie") or ():
        if "secure" not in {part.strip().lower() for part in cookie.split(";")[1:]}:
            yield f"the cookie {cookie.partition('=')[0]} may travel in the clear (Secure)"


def _older(host: str, port: int) -> Iterator[str]:
    """Offer nothing newer than TLS 1.1. Whoever takes that would take it from an attacker too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent: only the hello counts
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # they are obsolete: that is what is being looked for
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    line = http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=context)
    try:
        line.connect()
        yield f"it still speaks {line.sock.version()}"
    except OSError:
        return
    finally:
        line.close()


def _plain(host: str, port: int) -> Iterator[str]:
    """See that plain HTTP leads to TLS, or nowhere."""
    line = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        line.request("GET", "/", headers={"User-Agent": "troth site check"})
        answer = line.getresponse()
    except (OSError, http.client.HTTPException):
        return
    finally:
        line.close()
    if not (300 <= answer.status < 400 and (answer.getheader("Location") or "").startswith("https://")):
        yield "it answers plain HTTP with a page instead of the way to TLS"
