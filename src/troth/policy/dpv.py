"""The policy in the words of the W3C Data Privacy Vocabulary 2.3, as JSON-LD that machines can compare.

Items and purposes may name their term (`dpv = "EmailAddress"`); common names have one here; for all others a node of
their own says under which term they stand. Local nodes are named by their line ("#purposes.news"), so that the same
policy always gives the same bytes. Source: https://w3id.org/dpv, legal bases and rights from its GDPR extension.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from .book import controller_of
from .engine import Compiled
from .flows import anywhere, bringing, categories, flows, through
from .law import ANYWHERE
from .nouns import Data, Purpose, in_force
from .sections_yours import stands
from .slots import CONSENT_MODES, OPPOSABLE_MODES, choices_grid
from .statements import CHECKS
from .view import View

Node = dict[str, Any]
CONTEXT: Final = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "pd": "https://w3id.org/dpv/pd#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# The states an answer passes through, as the ledger knows them.
CONSENT_STATES: Final = {
    "requested": "ConsentRequested", "given": "ConsentGiven", "refused": "ConsentRefused",
    "withdrawn": "ConsentWithdrawn", "expired": "ConsentExpired", "invalidated": "ConsentInvalidated",
    "renewed": "RenewedConsentGiven",
}  # fmt: skip
BASES: Final = {
    "contract": "eu-gdpr:A6-1-b", "law": "eu-gdpr:A6-1-c", "interest": "eu-gdpr:A6-1-f", "vital": "eu-gdpr:A6-1-d",
    "public task": "eu-gdpr:A6-1-e", "use": "dpv:ImpliedConsent",
}  # fmt: skip
ASKED_FIRST, OPPOSABLE = "eu-gdpr:A6-1-a", "eu-gdpr:A6-1-f"
RIGHTS: Final = {
    "see": "A15", "copy": "A15", "correct": "A16", "erase": "A17", "restrict": "A18", "carry": "A20", "object": "A21",
    "review": "A22", "complain": "A77",
}  # fmt: skip
# Rights that only some bases open; all others hold for every purpose.
ONLY_FOR: Final = {
    "carry": ("eu-gdpr:A6-1-a", "eu-gdpr:A6-1-b"),  # art. 20(1)(a)
    "object": ("eu-gdpr:A6-1-e", "eu-gdpr:A6-1-f"),  # art. 21(1)
}
ROLES: Final = {
    "processor": "dpv:DataProcessor", "controller": "dpv:DataController", "joint": "dpv:JointDataControllers",
    "authority": "dpv:Authority", "public": "dpv:Recipient",
}  # fmt: skip
MEASURES: Final = {
    "hash": "dpv:HashFunctions", "strip metadata": "dpv:DataSanitisationTechnique", "mask cards": "dpv:DataRedaction",
    "coarsen": "dpv:Deidentification", "hashed": "dpv:HashFunctions", "pseudonymous": "dpv:Pseudonymisation",
    "synthetic": "dpv:UseSyntheticData", "statistics": "dpv:Anonymisation", "staff": "dpv:AccessControlMethod",
    "human": "dpv:HumanOversight", "tls >= 1.2": "dpv:EncryptionInTransfer", "stored encrypted": "dpv:EncryptionAtRest",
    "access is recorded": "dpv:LoggingPolicy", "page works for everyone": "dpv:DesignStandard",
    "processors are under contract": "dpv:DataProcessorContract",
}  # fmt: skip
PEOPLE: Final = {
    "provided": "dpv:Customer", "observed": "dpv:Visitor", "inferred": "dpv:DataSubject", "received": "dpv:DataSubject",
}  # fmt: skip
PURPOSES: Final = {
    "account": "AccountManagement", "adverts": "TargetedAdvertising", "audiences": "TargetedAdvertising",
    "books": "LegalCompliance", "care": "CustomerCare", "claims": "DisputeManagement",
    "credit": "CustomerSolvencyMonitoring", "dedupe": "RecordManagement", "identify": "IdentityVerification",
    "keep_card": "PaymentManagement", "law": "LegalCompliance", "news": "DirectMarketing",
    "order": "CustomerOrderManagement", "parents": "AgeVerification", "personalise": "ServicePersonalisation",
    "profile": "Personalisation", "research": "ResearchAndDevelopment", "rights": "RightsFulfilment",
    "screen": "FraudPreventionAndDetection", "security": "EnforceSecurity", "sign_in": "IdentityAuthentication",
    "site": "TechnicalServiceProvision", "systems": "IncreaseServiceRobustness", "tracking": "ServiceUsageAnalytics",
}  # fmt: skip
# What a purpose without a term of its own stands under, by its kind; the first kind found counts.
KINDS: Final = {
    "sale": "SellInsightsFromData", "adverts": "TargetedAdvertising", "profiling": "Personalisation",
    "marketing": "DirectMarketing", "tracking": "ServiceUsageAnalytics", "research": "ResearchAndDevelopment",
    "survey": "CustomerRelationshipManagement", "claims": "LegalCompliance", "rights": "RightsFulfilment",
    "automated": "Verification", "children": "AgeVerification", "service": "RequestedServiceProvision",
    "necessary": "ServiceProvision",
}  # fmt: skip
DATA: Final = {
    "age_band": "AgeRange", "billing_address": "PhysicalAddress", "birth_date": "BirthDate", "browser": "UserAgent",
    "call_recording": "VoiceCommunicationRecording", "card_expiry": "PaymentCardExpiry", "country": "Country",
    "delivery_address": "PhysicalAddress", "device_language": "Language", "email": "EmailAddress",
    "gps": "GPSCoordinate", "home_address": "PhysicalAddress", "ip_address": "IPAddress",
    "likely_interests": "Interest",
    "mobile": "TelephoneNumber", "name": "Name", "operating_system": "DeviceOperatingSystem", "order_lines": "Purchase",
    "orders": "Purchase", "parent_email": "EmailAddress", "parent_name": "Parent", "password": "Password",
    "phone": "TelephoneNumber", "photos": "Picture", "preferences": "Preference", "purchases": "Purchase",
    "referrer": "BrowsingReferral", "security_answers": "SecretText", "choice_answers": "PrivacyPreference",
    "chat_transcript": "Communication", "pages_seen": "BrowsingBehaviour", "advert_clicks": "LinkClicked",
    "sign_in_times": "AuthenticationHistory", "username": "Username", "cookie_id": "UID", "make_model": "DeviceBased",
}  # fmt: skip
DELICATE: Final = {"sensitive": "dpv:SensitivePersonalData", "location": "dpv:SensitivePersonalData"}
PERIODS: Final = {"hour": "PT{}H", "day": "P{}D", "week": "P{}W", "month": "P{}M", "year": "P{}Y"}


def graph(compiled: Compiled, on: date, seen: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the policy as of a day as JSON-LD. Raises ValueError for a policy without a brand.

    Whether a choice is consent or an interest one may oppose is read off the engine, for someone in the Union where
    the policy names that law, else for someone of unknown residence.
    """
    view = replace(anywhere(compiled, on), seen=seen)
    nodes: dict[str, Node] = {}
    for node in (_notice(view), *_processes(view), *_items(view), *_parties(view), *_states()):
        nodes.setdefault(node["@id"], node)
    return {"@context": dict(CONTEXT), "@graph": [nodes[name] for name in sorted(nodes)]}


def terms(made: object) -> frozenset[str]:
    """Return the full IRI of every vocabulary term a graph uses, as key or as value; local names are left out."""
    if isinstance(made, Mapping):
        inner = [terms(value) for key, value in made.items() if key != "@context"]
        return frozenset(_full(key) for key in made if _full(key)).union(*inner)
    if isinstance(made, list):
        return frozenset().union(*map(terms, made))
    return frozenset([_full(made)]) if isinstance(made, str) and _full(made) else frozenset()


def built_in() -> frozenset[str]:
    """Return the full IRI of every vocabulary term this module may use of its own accord."""
    found = [*BASES.values(), ASKED_FIRST, *ROLES.values(), *MEASURES.values(), *PEOPLE.values(), *DELICATE.values()]
    found += [f"dpv:{term}" for term in (*CONSENT_STATES.values(), *PURPOSES.values(), *KINDS.values())]
    found += [f"pd:{term}" for term in DATA.values()]
    found += [f"eu-gdpr:{term}" for term in (*RIGHTS.values(), "A7-3", "A13", "A14")]
    return frozenset(map(_full, found))


def _full(name: str) -> str:
    prefix, colon, term = name.partition(":")
    return CONTEXT[prefix] + term if colon and prefix in CONTEXT and term and " " not in name else ""


def _refs(names: Iterable[str]) -> list[Node]:
    return [{"@id": name} for name in sorted(set(names))]


def _node(name: str, kinds: str | list[str], label: str, **parts: Any) -> Node:  # noqa: ANN401 -- JSON
    """Return a node; in the names of its parts "__" stands for a colon. Parts with nothing to say are left out."""
    said = {key.replace("__", ":"): value for key, value in parts.items() if value not in ("", None, [])}
    return {"@id": name, "@type": kinds, "rdfs:label": label} | said


# -- the policy, its purposes -----------------------------------------------------------------------------------------


def _notice(view: View) -> Node:
    about = view.policy.about
    checks = {made.check for made in view.policy.statements.values() if made.check in CHECKS and stands(view, made)}
    return _node(
        "#policy",
        "dpv:PrivacyNotice",
        about.name,
        dct__identifier=f"sha256:{view.compiled.digest}",
        dct__language=about.locale,
        dct__valid={"@type": "xsd:date", "@value": about.version.isoformat()},
        dpv__hasContact=about.officer,
        dpv__hasDataController=_refs(f"#controllers.{name}" for name in _controllers(view)),
        dpv__hasProcess=_refs(f"#purposes.{name}" for name in view.purposes),
        dpv__hasTechnicalOrganisationalMeasure=_refs(MEASURES[check] for check in checks & MEASURES.keys()),
    )


def _processes(view: View) -> Iterator[Node]:
    modes = _modes(view)
    for name, made in view.purposes.items():
        items = through(view, "use", name, made.uses)
        bases = _bases(made, modes)
        term, own = _purpose_term(view, name, made)
        yield _node(
            f"#purposes.{name}",
            "dpv:Process",
            made.say,
            dct__isPartOf={"@id": "#policy"},
            dpv__hasPurpose=_refs([term]),
            dpv__hasPersonalData=_refs(_data_term(view, item) for item in items),
            dpv__hasLegalBasis=_refs(bases),
            dpv__hasRecipient=_refs(f"#recipients.{flow.to}" for flow in flows(view, {name: made}, view.on)),
            dpv__hasDataController=_refs(f"#controllers.{one}" for one in _controllers(view)),
            dpv__hasDataSubject=_refs(_people(view, made, items)),
            dpv__hasStorageCondition=_refs(f"#data.{category}.keep" for category in categories(view, items)),
            dpv__hasRight=_refs(_rights(view, made, items, bases)),
            dpv__hasTechnicalOrganisationalMeasure=_refs(_measures(view, made, items)),
            dpv__hasImpactAssessment=_refs([f"#purposes.{name}.assessed"] if made.assessed else []),
        )
        yield from own
        if made.assessed:
            yield _node(f"#purposes.{name}.assessed", "dpv:DPIA", made.assessed)


def _purpose_term(view: View, name: str, made: Purpose) -> tuple[str, list[Node]]:
    """Return a purpose's term; where it has none, a node of its own under the term of its kind."""
    if known := made.dpv or PURPOSES.get(name, ""):
        return f"dpv:{known}", []
    kinds = view.compiled.book.kinds[name]
    generic = next((term for kind, term in KINDS.items() if kind in kinds), "Purpose")
    own = f"#purposes.{name}.purpose"
    return own, [_node(own, "dpv:Purpose", made.say, skos__broader=_refs([f"dpv:{generic}"]))]


def _modes(view: View) -> dict[str, set[str]]:
    """Return how the cells of each choice rest, for someone in the Union (else: anywhere)."""
    residence = "eu" if "eu" in view.compiled.book.packs else ANYWHERE
    found: dict[str, set[str]] = {}
    for slot in choices_grid(view.compiled, view.brand, residence, view.on):
        found.setdefault(slot.choice, set()).add(slot.mode)
    return found


def _bases(made: Purpose, modes: Mapping[str, set[str]]) -> list[str]:
    if made.basis:
        return [BASES[made.basis]]
    asked = {mode for choice in made.choice for mode in modes.get(choice, ())}
    said = {ASKED_FIRST: CONSENT_MODES, OPPOSABLE: OPPOSABLE_MODES}
    return [basis for basis, some in said.items() if asked & set(some)]


def _people(view: View, made: Purpose, items: frozenset[str]) -> Iterator[str]:
    sources = bringing(view, items).values()
    yield from (PEOPLE[s.provenance] for s in sources if in_force(s, view.on))
    yield from ("dpv:Child", "dpv:ParentOfDataSubject") if "children" in made.kind else ()


def _rights(view: View, made: Purpose, items: frozenset[str], bases: Iterable[str]) -> Iterator[str]:
    """Yield the rights people have here: what the policy offers, as far as the basis opens them (GDPR art. 12-22)."""
    yield "eu-gdpr:A13"
    if any(source.provenance == "received" for source in bringing(view, items).values()):
        yield "eu-gdpr:A14"
    if ASKED_FIRST in bases:
        yield "eu-gdpr:A7-3"
    automated = made.human or "automated" in made.kind
    for kind in {right.kind or name for name, right in view.policy.rights.items()} & RIGHTS.keys():
        opened = kind not in ONLY_FOR or set(ONLY_FOR[kind]) & set(bases)
        if opened and (kind != "review" or automated):
            yield f"eu-gdpr:{RIGHTS[kind]}"


def _measures(view: View, made: Purpose, items: frozenset[str]) -> Iterator[str]:
    named = [step for category in categories(view, items) for step in view.policy.data[category].handle]
    named += [made.form, "staff" if made.roles else "", "human" if made.human else ""]
    yield from (MEASURES[step] for step in named if step in MEASURES)


# -- data, parties, states --------------------------------------------------------------------------------------------


def _items(view: View) -> Iterator[Node]:
    """Yield a node an item that has no term, and the storage condition of every category."""
    for full, item in view.compiled.book.labels.items():
        data = view.policy.data[full.partition(".")[0]]
        if (name := _data_term(view, full)).startswith("#"):
            broader = _refs([DELICATE.get(data.care, "dpv:PersonalData")])
            yield _node(name, "dpv:PersonalData", item.say, skos__broader=broader)
    for category, data in view.policy.data.items():
        yield from _storage(category, data)


def _data_term(view: View, full: str) -> str:
    """Return an item's term: the one it names, the one its name is known by, else a node of its own."""
    known = view.compiled.book.labels[full].dpv or DATA.get(full.partition(".")[2], "")
    category, _, item = full.partition(".")
    return f"pd:{known}" if known else f"#data.{category}.items.{item}"


def _storage(category: str, data: Data) -> Iterator[Node]:
    keep, name = data.keep, f"#data.{category}.keep"
    then = "dpv:Anonymise" if data.then == "anonymise" else "dpv:Erase"
    duration = f"{name}.duration"
    yield _node(
        name,
        ["dpv:StorageCondition", "dpv:StorageDuration"],
        keep.say(),
        dpv__hasDuration=_refs([duration]),
        dpv__hasProcessing=_refs([then]),
    )
    if keep.length and keep.length.unit in PERIODS:
        period = {"@type": "xsd:duration", "@value": PERIODS[keep.length.unit].format(keep.length.number)}
        yield _node(duration, "dpv:TemporalDuration", keep.say(), rdf__value=period)
    else:
        unknown = keep.event == "unstated"
        yield _node(duration, f"dpv:{'IndeterminateDuration' if unknown else 'UntilEventDuration'}", keep.say())


def _controllers(view: View) -> dict[str, str]:
    """Return the controllers of the brands in force by the name of their node."""
    live = [name for name, brand in view.policy.brands.items() if in_force(brand, view.on)] or [view.brand]
    about = view.policy.about
    names = {brand: view.policy.brands[brand].controller or about.controller for brand in live}
    return {
        (name if name in about.entities else "policy"): controller_of(view.policy, brand)
        for brand, name in names.items()
    }


def _parties(view: View) -> Iterator[Node]:
    """Yield controllers, recipients, and the countries they work in."""
    for name, said in _controllers(view).items():
        yield _node(f"#controllers.{name}", "dpv:DataController", said)
    for name, who in view.policy.recipients.items():
        if not in_force(who, view.on):
            continue
        places = [country for country in who.countries if country != "*"]
        yield _node(
            f"#recipients.{name}",
            ROLES[who.role],
            view.named("recipients", name),
            dpv__hasName=sorted(who.who),
            dpv__hasCountry=_refs(f"#places.{country}" for country in places),
        )
        yield from (_node(f"#places.{country}", "dpv:Country", country) for country in places)


def _states() -> Iterator[Node]:
    """Yield the states of consent the ledger may record."""
    names = [f"dpv:{term}" for term in CONSENT_STATES.values()]
    yield _node("#consent", "skos:Collection", "states an answer passes through", skos__member=_refs(names))
