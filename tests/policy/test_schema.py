"""The editor and the loader read by the same declarations: whatever the loader accepts, the schema accepts."""

import copy
import json
import tomllib
from datetime import UTC, date, datetime, time
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.policy.making import SMALL, TODAY, changed

from troth.laws import NAMES, packs
from troth.policy.engine import Compiled
from troth.policy.errors import PolicyError
from troth.policy.law import LawPack
from troth.policy.lint import lint
from troth.policy.load import load_pack, loads
from troth.policy.nouns import Policy
from troth.policy.promises import check_promises
from troth.policy.reference import SMALLEST, WORDS, markdown
from troth.policy.schema import json_schema, pack_schema
from troth.policy.shapes import Reader, Record

HERE = Path(__file__).parent
REFERENCE = HERE.parents[1] / "docs" / "language.md"
FILES = [*sorted((HERE.parents[1] / "policies").glob("*.toml")), *sorted((HERE / "policies").glob("*.toml"))]
POLICY, PACK = Draft202012Validator(json_schema()), Draft202012Validator(pack_schema())


def as_json(raw):
    """Return TOML as an editor's JSON: days become strings."""
    if isinstance(raw, dict):
        return {key: as_json(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [as_json(value) for value in raw]
    return raw.isoformat() if isinstance(raw, date | datetime | time) else raw


def pack_text(name):
    return (files("troth.laws") / f"{name}.toml").read_text(encoding="utf-8")


# -- files that are right, files that are wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize("made", [json_schema(), pack_schema()], ids=["policy", "pack"])
def test_the_schema_is_a_schema(made):
    Draft202012Validator.check_schema(made)

    assert made["title"]
    assert made["description"]
    assert "$id" not in made
    assert json.loads(json.dumps(made)) == made


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_policy_here_fits_the_schema(path):
    assert [error.message for error in POLICY.iter_errors(as_json(tomllib.loads(path.read_text("utf-8"))))] == []


@pytest.mark.parametrize("text", [SMALL, SMALLEST], ids=["small", "smallest"])
def test_small_policies_fit_the_schema(text):
    assert [error.message for error in POLICY.iter_errors(as_json(tomllib.loads(text)))] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_law_pack_fits_the_schema(name):
    assert [error.message for error in PACK.iter_errors(as_json(tomllib.loads(pack_text(name))))] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('basis = "contract"', 'bases = "contract"'),  # a key misspelt
        ('basis = "contract"', 'basis = "kontract"'),  # a word misspelt
        ('officer = "privacy@small.example"\n', ""),  # a key missing
        ("adult_from = 16", "adult_from = 12"),  # a number out of bounds
        ("adult_from = 16", 'adult_from = "16"'),  # a number in quotes
        ("version = 2026-11-01", "version = 20261101"),  # a day that is a number
        ('laws = ["uk"]', 'laws = "uk"'),  # one alone where a list belongs
        ('laws = ["uk"]', 'laws = ["uk", "uk"]'),  # the same twice
        ('name = "Privacy at Small House"', 'name = ""'),  # nothing said
        ('keep = "order + 7 years"', 'keep = "ordr + 7 years"'),  # an event nobody raises
        ('keep = "order + 7 years"', 'keep = "order + 7 yeers"'),  # a unit nobody counts in
        ('keep = "order + 7 years"', 'keep = "7 years"'),  # no event
        ("parent = true", 'parent = "yes"'),  # a flag in words
        ('moss = { say = "Moss"', 'Moss = { say = "Moss"'),  # a name in capitals
        ("[rights]\n", "[rigths]\n"),  # a table misspelt
        ('contract = { ref = "T-1" }', 'contract = "T-1"'),  # text where a table belongs
        ('channels = ["email", "sms"]', 'channels = ["email", "pigeon"]'),  # no such channel
    ],
)
def test_a_typical_mistake_fails_in_loader_and_schema_alike(old, new):
    text = changed((old, new))

    with pytest.raises(PolicyError):
        loads(text.encode())
    assert not POLICY.is_valid(as_json(tomllib.loads(text)))


@pytest.mark.parametrize(
    ("old", "new"),
    [("[pack]", "[pakc]"), ("[[rule]]", "[[rool]]"), ('trust = "v"', 'trust = "x"'), ("cite ", "sight ")],
)
def test_a_typical_mistake_in_a_law_pack_fails_alike(old, new):
    text = pack_text("uk")
    assert old in text
    text = text.replace(old, new, 1)

    with pytest.raises(PolicyError):
        load_pack(text.encode(), "uk.toml")
    assert not PACK.is_valid(as_json(tomllib.loads(text)))


# -- any file at all ------------------------------------------------------------------------------------------------------

ODD = [
    "30 days", " 30 days ", "1 working day", "30 days\n", "0 hours", "order+7 years", "order  +  7 years", "until removed",
    "order\t+ 7 years ", "until removed + 1 day", "account", "", " ", "x" * 40, "x" * 41, "x" * 601, "\u202e", "us", "*",
    "in", "gpc", "email", "Ä", 0, 1, 16, 21, 22, -1, True, False, 1.0, 1.5, [], {}, [[]], [1, True], [0, False], date.min,
    date(2026, 11, 1), datetime(2026, 11, 1, 12, tzinfo=UTC), time(8), {"uk": "out"}, {"default": "in"}, {"NAME": "x"}, ["a", "a"],
]  # fmt: skip


def parts(raw, path=()):
    """Yield every value of a document with its path."""
    yield path, raw
    for key, value in raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ():
        yield from parts(value, (*path, key))


WHOLE = {
    "policy": [tomllib.loads(SMALL), tomllib.loads(FILES[0].read_text("utf-8"))],
    "pack": [tomllib.loads(pack_text("uk")), tomllib.loads(pack_text("us-states"))],
}
PARTS = {kind: [[*parts(whole)] for whole in wholes] for kind, wholes in WHOLE.items()}
BY_KEY: dict[str, list[object]] = {}  # values by the key they stand under, so that a swap is often a good one
for found in (found for wholes in PARTS.values() for found in wholes):
    for where, what in found[1:]:
        BY_KEY.setdefault(str(where[-1]), []).append(what)


@st.composite
def mutated(draw, kind):
    """Draw a document that is right but for a few places, many of which are right as well."""
    number = draw(st.integers(0, 1))
    raw = copy.deepcopy(WHOLE[kind][number])
    for path, _ in draw(st.lists(st.sampled_from(PARTS[kind][number][1:]), min_size=1, max_size=3)):
        at = raw
        for key in path[:-1]:
            at = at[key] if has(at, key) else None
        if isinstance(at, dict):
            mutate(draw, at, path[-1])
        elif has(at, path[-1]):
            at[path[-1]] = copy.deepcopy(draw(st.sampled_from([*at, *ODD])))
    return raw


def has(at, key):
    """Tell whether a path still leads somewhere: an earlier change may have taken its place away."""
    return (isinstance(at, dict) and key in at) or (isinstance(at, list) and isinstance(key, int) and key < len(at))


def mutate(draw, at, key):
    """Change, remove, rename or add one entry of a table."""
    how = draw(st.sampled_from(["swap", "swap", "odd", "remove", "rename", "wrap"]))
    if how == "swap":
        at[key] = copy.deepcopy(draw(st.sampled_from(BY_KEY[str(key)])))
    elif how == "odd":
        at[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
    elif how == "remove":
        at.pop(key, None)
    elif how == "rename":
        at[draw(st.sampled_from([*BY_KEY, "x", "X", "a b", ""]))] = at.pop(key, 1)
    elif key in at:
        at[key] = [at[key]]


def accepted(of, raw):
    """Tell whether the loader's shapes accept a document, whatever its names refer to: it accepts no more than this."""
    reader = Reader("random.toml", "")
    Record(of).read(raw, (), reader)
    return not reader.found


@given(mutated("policy"))
def test_what_the_loader_accepts_the_schema_accepts(raw):
    if accepted(Policy, raw):
        assert [error.message for error in POLICY.iter_errors(as_json(raw))] == []


@given(mutated("pack"))
def test_what_the_loader_accepts_of_a_law_pack_the_schema_accepts(raw):
    if accepted(LawPack, raw):
        assert [error.message for error in PACK.iter_errors(as_json(raw))] == []


@pytest.mark.parametrize("value", [one for one in ODD if isinstance(one, str)])
@pytest.mark.parametrize("key", ["notice", "keep", "name", "ask"])
def test_the_small_grammars_agree(key, value):
    raw = tomllib.loads(SMALL)
    {"notice": raw["policy"], "keep": raw["data"]["orders"], "name": raw["policy"], "ask": raw["choices"]["news"]}[key][
        key
    ] = value

    assert POLICY.is_valid(as_json(raw)) >= accepted(Policy, raw)
    if key in ("notice", "keep"):  # what has a grammar of its own, both read alike
        assert POLICY.is_valid(as_json(raw)) == accepted(Policy, raw)


# -- the reference --------------------------------------------------------------------------------------------------------


def test_the_reference_is_up_to_date():
    assert REFERENCE.read_text("utf-8") == markdown(), (
        "docs/language.md is not what the declarations say. Write it anew: "
        "troth policy schema --reference > docs/language.md"
    )


@pytest.mark.parametrize("title", WORDS)
def test_every_word_of_the_language_is_explained(title):
    words, meanings = WORDS[title]

    assert not meanings or list(meanings) == list(words)


def test_the_policy_in_the_reference_is_whole_and_keeps_its_promises():
    policy = Compiled(loads(SMALLEST.encode()), packs())

    assert SMALLEST in markdown()
    assert [kept.problem for kept in check_promises(policy, TODAY)] == [None, None]
    assert [problem for problem in lint(policy, TODAY) if "section" not in problem.what] == []
