"""The closed world: what exists is either known to the policy or fails here, with the line that would mend it."""

import ast
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from troth.doors import checks as known
from troth.doors.declare import NOTHING_PERSONAL
from troth.laws import packs
from troth.policy.archive import Archive
from troth.vault import checks as stored

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "troth"
NEWEST = Archive.read(ROOT / "policies", packs()).versions[-1]
TEMPLATES = sorted(SOURCE.rglob("templates/**/*.html"))
STYLES = sorted(SOURCE.rglob("static/**/*.css"))


OWN_SCRIPT = {
    "verify.html",  # checks a receipt on the reader's device, and says how to do it without
    "passkey.html",  # asks the browser for a passkey; there is a password for who wants no script
}


def patterns(resolver, prefix=""):
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback


ADDRESSES = dict(patterns(get_resolver()))


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address or "/")
def test_every_address_declares_what_it_needs_personal_data_for(address):
    view = ADDRESSES[address]
    declared = getattr(view, "purpose", None)
    mend = f'Add @purpose("…") above {view.__module__}.{view.__name__}: a purpose of the policy, or NOTHING_PERSONAL.'
    assert declared is not None, f"/{address} declares no purpose. {mend}"
    known = declared == (NOTHING_PERSONAL,) or set(declared) <= NEWEST.policy.purposes.keys()
    assert known, f"/{address} declares {declared!r}, which is no purpose of {NEWEST.book.file.file}. {mend}"


def test_no_model_stores_what_the_policy_does_not_know():
    found = [*stored.closed_world(), *known.known_to_the_policy()]
    assert found == [], "\n".join(f"{one.msg} {one.hint}" for one in found)


# Only the doors open anything. `choices` writes its events inside a cover that a door opened, and marks with a house key.
WAYS_IN = {"covers", "reveal", "reseal", "seal", "unseal", "keys", "root", "safe"}
MAY = {"vault": WAYS_IN, "doors": WAYS_IN, "choices": {"covers", "keys"}, "site": {"keys", "root"}}


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_goes_around_a_door(path):
    room = path.relative_to(SOURCE).parts[0]
    used = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("troth.vault"):
            used |= {alias.name for alias in node.names} | set((node.module or "").split(".")[2:])
        if isinstance(node, ast.Import):
            used |= {
                part for alias in node.names if alias.name.startswith("troth.vault") for part in alias.name.split(".")
            }
    ways = used & WAYS_IN - MAY.get(room, set())
    assert not ways, f"{path.name} uses {ways}, which only doors may. Use `collect`, `use`, `disclose` or `publish`."


@pytest.mark.parametrize("address", ["/", "/ask/", "/privacy/tarn/", "/privacy/holm/", "/privacy/skerry/", "/nowhere/"])
def test_no_page_sets_a_cookie_the_policy_does_not_name(address):
    named = {made.match or name for p in NEWEST.policy.purposes.values() for name, made in p.cookies.items()}
    cookies = set(Client().get(address).cookies)
    unknown = cookies - named
    assert not unknown, f"{address} sets {unknown}. Name it under the purpose it serves: [purposes.X.cookies.NAME]"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_escapes_the_house_rules(path):
    text = path.read_text(encoding="utf-8")
    loaded = re.findall(r"""(?:src|href|action|srcset)\s*=\s*["']?\s*(?:https?:)?//""", text)
    assert not loaded, f"{path.name} reaches another host; pages load nothing from elsewhere."
    scripts = re.findall(r"<script(?![^>]*application/(?:ld\+)?json)[^>]*>", text)
    assert not scripts or path.name in OWN_SCRIPT, f"{path.name} runs a script; every page works without."
    assert not re.search(r"\son\w+\s*=", text), f"{path.name} has an inline handler, which the content policy forbids."
    assert not re.search(r"\|\s*safe\b|autoescape\s+off", text), (
        f"{path.name} turns escaping off: build it with format_html."
    )


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_no_style_sheet_reaches_another_host(path):
    assert not re.findall(r"@import|url\(\s*[\"']?(?:https?:)?//", path.read_text(encoding="utf-8")), path.name


def test_every_setting_read_from_the_environment_is_documented():
    read = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and re.fullmatch(r"TROTH_[A-Z_]+", node.value)
            ):
                read.add(node.value)
    told = (SOURCE / "site" / "settings.py").read_text(encoding="utf-8").split('"""')[1]
    missing = sorted(name for name in read if name not in told)
    assert missing == [], f"Say in the docstring of troth/site/settings.py what these are for: {', '.join(missing)}"


def test_every_statement_of_the_policy_has_a_check_and_those_kept_by_tests_name_tests_that_exist():
    from troth.policy.statements import CHECKS  # noqa: PLC0415

    for name, made in NEWEST.policy.statements.items():
        assert made.check in CHECKS, f"statements.{name}: add {made.check!r} to troth.policy.statements"
        for tests in filter(None, CHECKS[made.check].kept_by.split(", ")):
            assert (ROOT / tests).exists(), f"{made.check!r} says {tests} keeps it, and there is no such thing"


def test_the_repository_names_no_machine_and_no_registry():
    words = re.compile(r"/(?:work|root|home)/|extra-index|trusted-host|find-links")
    listed = [
        p
        for folder in ("src", "docs", "policies", "tests", "benchmarks", "requirements")
        for p in (ROOT / folder).rglob("*")
    ]
    listed += [p for p in ROOT.glob("*") if p.is_file() and p.name != ".git"]  # a work tree's is a file
    kinds = {".py", ".md", ".toml", ".txt", ".html", ".css", ".yml", ""}
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in listed
        if path.is_file() and path.suffix in kinds and path != Path(__file__)
        for hit in [words.search(path.read_text(encoding="utf-8", errors="replace"))]
        if hit
    ]
    assert found == []
