"""The privacy labels the app stores ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from .engine import Compiled
from .flows import OTHERS, SOLD, anywhere, categories, flows, said, through
from .nouns import Source, in_force
from .rows import AppleLabel, GoogleLabel, Labels
from .view import View

STORE_PURPOSES = (
    (SOLD | {"marketing", "matching"}, "Advertising or marketing"),
    ({"tracking", "survey", "research"}, "Analytics"),
    ({"profiling"}, "Personalization"),
    ({"automated", "credit", "claims", "rights"}, "Fraud prevention, security, and compliance"),
)


def label_tables(compiled: Compiled, on: date) -> Labels:
    """Return the privacy labels of the apps. Source: R46.

    The rules, each on the safe side of the stores' own:


    - An app collects what the sources in force with "app" among their places may bring and some purpose uses.
      Purposes that use "*" (duties, rights, copies) are on nobody's label.
    - Apple, "used to track you": a purpose of the kind adverts or sale hands it to a third party. Such an item stands
      among the linked ones as well, as in Apple's form.
    - Apple, "linked to you": some purpose uses it in a form that can be led back to a person, a pseudonym included.
      "Not linked to you": every purpose uses it as made-up data or as statistics.
    - Google, "shared": a third party gets it. Not shared: what goes to processors or authorities, or out as statistics.
    - Google, "optional": every purpose that uses it rests on a choice, or every form in the app lets it be left out.
    - Google's purposes follow from the kinds of ours; a duty counts as security and compliance, all else as the app's
      functions.
    """
    view = anywhere(compiled, on)
    return Labels(tuple(_apple(view, _labelled(view))), tuple(_google(view, _labelled(view))))


def _labelled(view: View) -> dict[str, list[str]]:
    """Return the purposes of every item an app collects."""
    book, apps = view.compiled.book, _app_sources(view)
    brought = frozenset().union(*(book.items(made.takes) for made in apps))
    used: dict[str, list[str]] = {item: [] for item in book.labels if item in brought}
    for name, made in view.purposes.items():
        if "*" not in made.uses:
            for item in through(view, "use", name, made.uses) & brought:
                used[item].append(name)
    return {item: names for item, names in used.items() if names}


def _app_sources(view: View) -> list[Source]:
    return [made for made in view.policy.sources.values() if "app" in made.at and in_force(made, view.on)]


def _third_party(view: View, kinds: Iterable[str] = ()) -> frozenset[str]:
    """Return the items third parties get, for purposes of these kinds or of any."""
    wanted, live = set(kinds), {n: p for n, p in view.purposes.items() if "*" not in p.uses}
    return frozenset().union(
        *(
            flow.items
            for flow in flows(view, live, view.on)
            if flow.who.role in OTHERS
            and flow.who.form != "statistics"
            and (not wanted or wanted & view.compiled.book.kinds[flow.purpose])
        )
    )


def _apple(view: View, used: Mapping[str, list[str]]) -> Iterator[AppleLabel]:
    purposes, tracking = view.policy.purposes, _third_party(view, SOLD)
    linked = {
        item for item, names in used.items() if any(purposes[n].form not in ("synthetic", "statistics") for n in names)
    }
    sold = {name for name, kinds in view.compiled.book.kinds.items() if kinds & SOLD}
    for group, items, shown in (
        ("used to track you", used.keys() & tracking, sold),
        ("linked to you", linked, purposes.keys()),
        ("not linked to you", used.keys() - linked, purposes.keys()),
    ):
        for category in categories(view, frozenset(items)):
            some = [item for item in used if item in items and item.partition(".")[0] == category]
            why = dict.fromkeys(purposes[name].say for item in some for name in used[item] if name in shown)
            yield AppleLabel(group, view.named("data", category), said(view, some), (*why,), f"data.{category}")


def _google(view: View, used: Mapping[str, list[str]]) -> Iterator[GoogleLabel]:
    shared = _third_party(view)
    for category in categories(view, frozenset(used)):
        groups: dict[tuple[bool, bool], list[str]] = {}
        for item in (item for item in used if item.partition(".")[0] == category):
            groups.setdefault((item in shared, _optional(view, item, used[item])), []).append(item)
        for (given, optional), some in sorted(groups.items()):
            why = sorted({say for item in some for name in used[item] for say in _store_purposes(view, name)})
            yield GoogleLabel(
                data=view.named("data", category),
                items=said(view, some),
                collected=True,
                shared=given,
                optional=optional,
                purposes=(*why,),
                clause=f"data.{category}",
            )


def _optional(view: View, item: str, purposes: Iterable[str]) -> bool:
    book = view.compiled.book
    if all(view.policy.purposes[name].choice for name in purposes):
        return True
    forms = [form for source in _app_sources(view) for form in source.forms.values()]
    asked = [form for form in forms if item in book.items((*form.asks, *form.may))]
    return bool(asked) and all(item not in book.items(form.asks) for form in asked)


def _store_purposes(view: View, name: str) -> list[str]:
    kinds, basis = view.compiled.book.kinds[name], view.policy.purposes[name].basis
    found = [say for some, say in STORE_PURPOSES if some & kinds]
    return found or [STORE_PURPOSES[-1][1] if basis == "law" else "App functionality"]
