"""The policy in the words of the W3C's vocabulary: real terms only, nothing left dangling, always the same bytes."""

import csv
import gzip
import json
import os
from datetime import date
from pathlib import Path

import pytest
from tests.policy.making import TODAY, compiled
from tests.policy.test_approved import compare

from troth.laws import packs
from troth.policy.dpv import CONSENT_STATES, CONTEXT, built_in, graph, terms
from troth.policy.engine import Compiled
from troth.policy.load import load

HERE = Path(__file__).parent
EXCERPT = HERE / "data" / "dpv-terms.txt"
PUBLISHED = sorted((HERE.parents[1] / "policies").glob("*.toml"))
VOCABULARY = Path(
    os.environ.get("TROTH_VOCABULARY") or Path(__file__).parents[3] / "shared" / "data" / "vocab"
)  # dpv.csv.gz and its siblings
FILES = ("dpv.csv.gz", "dpv-pd.csv.gz", "dpv-eu-gdpr.csv.gz")
DPV = "https://w3id.org/dpv"
GDPR = CONTEXT["eu-gdpr"]
# Besides DPV the graph speaks Dublin Core, RDF, SKOS and XML Schema, in these words alone.
OTHER_WORDS = {
    "http://purl.org/dc/terms/identifier", "http://purl.org/dc/terms/isPartOf", "http://purl.org/dc/terms/language",
    "http://purl.org/dc/terms/valid", "http://www.w3.org/1999/02/22-rdf-syntax-ns#value",
    "http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/2001/XMLSchema#date",
    "http://www.w3.org/2001/XMLSchema#duration", "http://www.w3.org/2004/02/skos/core#Collection",
    "http://www.w3.org/2004/02/skos/core#broader", "http://www.w3.org/2004/02/skos/core#member",
}  # fmt: skip


@pytest.fixture(scope="module")
def known():
    """Return the terms of the excerpt: one an address, after the lines that say whose they are."""
    return {line for line in EXCERPT.read_text().splitlines() if not line.startswith("#")}


@pytest.fixture(scope="module", params=PUBLISHED, ids=lambda path: path.stem)
def published(request):
    policy = Compiled(load(request.param), packs())
    return graph(policy, max(TODAY, policy.policy.about.version))


def node(made, name):
    return next(one for one in made["@graph"] if one["@id"] == name)


def ids(values):
    return [value["@id"] for value in values]


def local(made):
    """Return every local name a graph refers to."""
    if isinstance(made, dict):
        own = {made["@id"]} if made.keys() == {"@id"} and made["@id"].startswith("#") else set()
        return own.union(*map(local, made.values()))
    return set().union(*map(local, made)) if isinstance(made, list) else set()


def test_every_term_a_published_policy_uses_is_real(published, known):
    used = terms(published)

    assert {term for term in used if term.startswith(DPV)} - known == set()
    assert {term for term in used if not term.startswith(DPV)} <= OTHER_WORDS


def test_every_term_troth_may_use_is_real(known):
    assert built_in() - known == set()


@pytest.mark.skipif(not VOCABULARY.is_dir(), reason="the vocabulary's own files are not on this machine")
def test_the_excerpt_is_part_of_the_vocabulary(known):
    whole = set()
    for file in FILES:
        with gzip.open(VOCABULARY / file, "rt", encoding="utf-8") as rows:
            whole |= {row["iri"] for row in csv.DictReader(rows)}

    assert known - whole == set()


def test_nothing_is_referred_to_that_is_not_there(published):
    assert local(published["@graph"]) - {one["@id"] for one in published["@graph"]} == set()


def test_a_name_stands_for_one_node(published):
    names = ids(published["@graph"])

    assert names == sorted(set(names))


def test_a_graph_is_json_and_always_the_same(published):
    policy = compiled()

    assert json.loads(json.dumps(published)) == published
    assert json.dumps(graph(policy, TODAY)) == json.dumps(graph(compiled(), TODAY))


def test_a_purpose_is_a_process_with_all_that_belongs_to_it():
    news = node(graph(compiled(), TODAY), "#purposes.news")

    assert news["@type"] == "dpv:Process"
    assert ids(news["dpv:hasPurpose"]) == ["dpv:DirectMarketing"]
    assert ids(news["dpv:hasPersonalData"]) == ["pd:EmailAddress", "pd:TelephoneNumber"]
    assert ids(news["dpv:hasLegalBasis"]) == ["eu-gdpr:A6-1-a"]
    assert ids(news["dpv:hasRecipient"]) == ["#recipients.post"]
    assert ids(news["dpv:hasDataController"]) == ["#controllers.policy"]
    assert ids(news["dpv:hasStorageCondition"]) == ["#data.contact.keep"]


BY_POST = [
    ('channels = ["email", "sms"]', 'channels = { email = "in", post = "out" }'),
    ('sms = "answer STOP"', 'post = "write"'),
    ('items = ["email", "mobile"]', 'items = ["email", "home_address"]'),
]


@pytest.mark.parametrize(
    ("lines", "purpose", "bases"),
    [
        ([], "order", ["eu-gdpr:A6-1-b"]),
        ([], "suit", ["eu-gdpr:A6-1-f"]),
        ([('basis = "interest"', 'basis = "law"')], "suit", ["eu-gdpr:A6-1-c"]),
        (BY_POST, "news", ["eu-gdpr:A6-1-a", "eu-gdpr:A6-1-f"]),  # asked first by email, opposable by post
    ],
)
def test_a_basis_is_an_article_of_the_regulation(lines, purpose, bases):
    assert ids(node(graph(compiled(*lines), TODAY), f"#purposes.{purpose}")["dpv:hasLegalBasis"]) == bases


def test_rights_follow_the_basis():
    made = graph(compiled(), TODAY)
    opened = {name: set(ids(node(made, f"#purposes.{name}")["dpv:hasRight"])) for name in ("order", "suit", "news")}

    assert {f"eu-gdpr:{a}" for a in ("A13", "A15", "A16", "A17", "A18", "A77")} <= opened["suit"] & opened["order"]
    assert opened["suit"] - opened["order"] == {"eu-gdpr:A21"}  # objection: against an interest alone
    assert opened["order"] - opened["suit"] == {"eu-gdpr:A20"}  # portability: never from an interest
    assert opened["news"] - opened["order"] == {"eu-gdpr:A7-3"}  # withdrawal: of a consent alone


def test_an_item_names_its_own_term():
    named = compiled(('items = ["purchases"]', 'items = { purchases = { dpv = "Transactional" } }'))

    assert "pd:Transactional" in ids(node(graph(named, TODAY), "#purposes.suit")["dpv:hasPersonalData"])


def test_an_item_without_a_term_is_a_node_that_says_what_it_stands_under():
    made = graph(compiled(), TODAY)
    token = node(made, "#data.card.items.card_token")

    assert "#data.card.items.card_token" in ids(node(made, "#purposes.order")["dpv:hasPersonalData"])
    assert (token["rdfs:label"], ids(token["skos:broader"])) == ("card token", ["dpv:PersonalData"])


def test_an_item_called_keep_is_not_taken_for_its_period():
    odd = compiled(('items = ["purchases"]', 'items = ["purchases", "keep"]'))
    made = graph(odd, TODAY)

    assert node(made, "#data.orders.items.keep")["@type"] == "dpv:PersonalData"
    assert node(made, "#data.orders.keep")["rdfs:label"] == "7 years after the order"


@pytest.mark.parametrize(
    ("keep", "kind", "value"),
    [
        ("order + 7 years", "dpv:TemporalDuration", "P7Y"),
        ("order + 36 hours", "dpv:TemporalDuration", "PT36H"),
        ("until removed", "dpv:UntilEventDuration", None),
        ("unstated", "dpv:IndeterminateDuration", None),
    ],
)
def test_a_period_is_a_duration(keep, kind, value):
    made = graph(compiled(('keep = "order + 7 years"', f'keep = "{keep}"')), TODAY)
    duration = node(made, "#data.orders.keep.duration")

    assert (duration["@type"], duration.get("rdf:value", {}).get("@value")) == (kind, value)


def test_what_is_over_is_left_out():
    ended = compiled(('choice = "news", uses', 'choice = "news", until = 2026-11-22, uses'))

    assert "#purposes.news" in ids(graph(ended, date(2026, 11, 21))["@graph"])
    assert "#purposes.news" not in ids(graph(ended, TODAY)["@graph"])


def test_the_states_of_an_answer_are_listed():
    assert len(node(graph(compiled(), TODAY), "#consent")["skos:member"]) == len(CONSENT_STATES) == 7


def test_a_policy_without_a_brand_has_no_graph():
    bare = compiled(
        ('fern = { say = "Fern", sites = ["fern.example"], care = ["care@fern.example", "+44 20 7946 0001"] }\n', ""),
        ('moss = { say = "Moss", sites = ["moss.example"], care = ["care@moss.example", "+44 20 7946 0002"] }\n', ""),
    )

    with pytest.raises(ValueError, match="without a brand"):
        graph(bare, TODAY)


def graph_of(*lines, on=TODAY):
    return {node["@id"]: node for node in graph(compiled(*lines), on)["@graph"]}


def test_a_purpose_for_children_is_about_them_and_their_parents():
    kind = ('basis = "interest"', 'basis = "interest", kind = "children"')
    people = [one["@id"] for one in graph_of(kind)["#purposes.suit"]["dpv:hasDataSubject"]]
    assert {"dpv:Child", "dpv:ParentOfDataSubject"} <= set(people)
    assert not {"dpv:Child"} & {one["@id"] for one in graph_of()["#purposes.suit"]["dpv:hasDataSubject"]}


def test_what_is_over_is_in_no_graph():
    ended = (
        'mailing house", role = "processor", in = ["GB"]',
        'mailing house", role = "processor", until = 2026-11-22, in = ["GB"]',
    )
    first = ("[recipients]\n", '[recipients]\npast = { role = "processor", in = ["GB"], until = 2026-11-22 }\n')
    assert "#recipients.post" not in graph_of(ended)
    assert {"#recipients.till", "#recipients.post"} <= graph_of(first).keys()
    assert "#recipients.past" not in graph_of(first)


def test_the_terms_of_a_graph_are_those_of_the_vocabularies():
    made = {
        "@context": {"dpv:X": "dpv:Y"},
        "@id": "#a",
        "dpv:hasPurpose": [{"@id": "dpv:Purpose"}, {"pd:Email": "said: plainly"}],
    }
    assert terms(made) == {
        "https://w3id.org/dpv#hasPurpose", "https://w3id.org/dpv#Purpose", "https://w3id.org/dpv/pd#Email",
    }  # fmt: skip
    assert terms("dpv:Purpose") == {"https://w3id.org/dpv#Purpose"}
    assert terms(7) == terms("plain") == terms([]) == frozenset()


def test_the_house_says_each_purpose_and_item_in_the_words_that_were_approved():
    """`APPROVE=1` writes them anew: read the difference, a wrong word here tells machines a wrong thing."""
    made = graph(Compiled(load(PUBLISHED[-1]), packs()), date(2026, 11, 26))
    lines = []
    for one in made["@graph"]:
        told = {key: ids(one[key]) for key in ("dpv:hasPurpose", "dpv:hasPersonalData", "skos:broader") if key in one}
        lines += [f"{one['@id']} {key}: {' '.join(values)}" for key, values in sorted(told.items())]
    compare("words-of-the-house.txt", lines)
