"""The public page of one brand, for one region, on one day: the eleven sections, assembled."""

from __future__ import annotations

from datetime import date

from .document import Bullets, Cell, Page, Section, Sentence, Table
from .engine import Compiled
from .nouns import SECTIONS, in_force
from .sections import WRITERS
from .sections_yours import YOURS, questions, short, statements
from .view import Atlas, View

TITLES = {
    "collect": "What we collect, and when",
    "cookies": "Cookies, and what they remember",
    "use": "What we use it for",
    "share": "Who receives it",
    "places": "Where it goes",
    "marketing": "News and offers: your yes and your no",
    "access": "See it, correct it, take it away, delete it",
    "safeguards": "How we keep it safe",
    "links": "Other people's sites",
    "changes": "When this policy changes",
    "contact": "Questions, and where to turn",
}
SECTION_WRITERS = {**WRITERS, **YOURS}


def compile_page(
    compiled: Compiled,
    brand: str,
    region: str,
    on: date,
    atlas: Atlas | None = None,
    seen: frozenset[str] = frozenset(),
) -> Page:
    """Return the page of one brand for one region. `seen`: the watched checks that hold on the running site.

    Raises KeyError for a brand or region the policy does not name.
    """
    policy, view = compiled.policy, View(compiled, brand, region, on, atlas or Atlas(), seen)
    packs, about = compiled.book.packs, policy.about
    page = Page(
        name=about.name,
        brand=brand,
        brand_name=policy.brands[brand].say or brand.title(),
        controller=view.controller,
        region=region,
        region_name=packs[region].head.say,
        regions=tuple((name, pack.head.say) for name, pack in packs.items()),
        brands=tuple((name, b.say or name.title()) for name, b in policy.brands.items() if in_force(b, on)),
        locale=about.locale,
        version=about.version,
        replaces=about.replaces,
        digest=compiled.digest,
        short=tuple(short(view)),
        questions=tuple(questions(view)),
        sections=tuple(_section(view, name) for name in SECTIONS),
    )
    clauses = {s.clause for s in page.sentences() if not s.clause.startswith("law.")}
    page.clauses.update({clause: compiled.book.file.line(clause) for clause in sorted(clauses)})
    return page


def _section(view: View, name: str) -> Section:
    """Write one section: what the rules say, then the policy's own statements."""
    write = SECTION_WRITERS.get(name)
    ruled = tuple(write(view)) if write else ()
    return Section(name, TITLES[name], (*ruled, *statements(view, name)))


__all__ = ["Atlas", "Bullets", "Cell", "Page", "Section", "Sentence", "Table", "View", "compile_page"]
