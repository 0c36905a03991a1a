"""What stands in somebody's way on a page, as axe-core finds it."""

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def barriers(page, within=None):
    """Return what breaks a rule, on the whole page or within a selector: the rule, the first place, what to do there.

    Only what breaks a rule is told of in full: to tell where each of thousands of parts keeps one takes longer than to
    see that it does.
    """
    found = Axe().run(page, within, {"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    return [(one["id"], one["nodes"][0]["html"], one["nodes"][0]["failureSummary"]) for one in found]
