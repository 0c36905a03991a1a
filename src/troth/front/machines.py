"""The same page for machines: as JSON, and as the schema.org description inside the page."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from troth.policy.document import Page
from troth.policy.engine import Compiled


def plain(value: Any) -> Any:  # noqa: ANN401 -- walks a document of any shape
    """Return a document as dicts and lists, every part under its name."""
    if is_dataclass(value):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    if hasattr(value, "_asdict"):
        return {name: plain(part) for name, part in value._asdict().items()}
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def described(page: Page, compiled: Compiled) -> SafeString:
    """Return the page as schema.org JSON-LD, safe inside a script element: a data block, which no browser runs."""
    policy = compiled.policy
    points = [_point("privacy officer", policy.about.officer)]
    brand = policy.brands[page.brand]
    points += [_point("customer service", way) for way in (*brand.care, *brand.lines.values())]
    graph = {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "name": f"{page.name}: {page.brand_name}",
        "inLanguage": page.locale,
        "version": page.version.isoformat(),
        "datePublished": page.version.isoformat(),
        "about": {"@type": "Brand", "name": page.brand_name},
        "publisher": {"@type": "Organization", "name": page.controller, "contactPoint": points},
    }
    text = json.dumps(graph, ensure_ascii=False, indent=1)
    return mark_safe(text.translate({ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}))  # noqa: S308 -- escaped here


def _point(kind: str, way: str) -> dict[str, str]:
    key = "email" if "@" in way else "telephone" if way.startswith("+") else "description"
    return {"@type": "ContactPoint", "contactType": kind, key: way}
