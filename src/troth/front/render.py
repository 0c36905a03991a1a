"""The policy page as HTML: for the site, and as one file that stands alone, with its style and the policy inside."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.template import Context, Engine
from django.utils.safestring import SafeString, mark_safe

from troth.policy.document import Page, Table
from troth.policy.engine import Compiled

from .machines import described
from .reading import Mark, chapters, grid, lines, marker
from .source import numbered

HERE = Path(__file__).parent


def page_html(page: Page, compiled: Compiled | None = None, *, standalone: bool = True) -> str:
    """Return a page as HTML: a whole document that needs nothing else, or its inner part for a page of your own.

    With the version it was compiled from, every sentence leads to its line of the policy, which is printed at the end.
    Needs no Django settings, only its templates.
    """
    context = parts(page, compiled, alone=True) | {"brand": page.brand}
    if compiled:
        context["listing"] = numbered(compiled.book.file.reader.text)
    if standalone:
        context["style"] = style()
    name = "front/letter.html" if standalone else "front/policy_body.html"
    return _engine().get_template(name).render(Context(context, use_l10n=False, use_tz=False))


def table_html(table: Table) -> str:
    """Return one table, such as a register, as a whole document that needs nothing else."""
    context = {"grid": grid(table, _unmarked), "title": table.caption, "style": style()}
    return _engine().get_template("front/table.html").render(Context(context, use_l10n=False, use_tz=False))


def parts(page: Page, compiled: Compiled | None, *, alone: bool = False) -> dict[str, object]:
    """Return what the templates of a policy page need."""
    mark = marker(compiled, alone=alone) if compiled else _unmarked
    questions = [(asked, lines([answer], mark)[0]) for asked, answer in page.questions]
    return {
        "page": page,
        "short": lines(page.short, mark),
        "chapters": chapters(page, mark),
        "questions": questions,
        "alone": alone,
        "described": described(page, compiled) if compiled else "",
    }


def style() -> SafeString:
    """Return the house's style sheet, for a document that stands alone."""
    return mark_safe((HERE / "static/front/house.css").read_text(encoding="utf-8"))  # noqa: S308 -- our own file


def _unmarked(_: str) -> Mark | None:
    return None


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(HERE / "templates")], libraries={"house": "troth.front.templatetags.house"})
