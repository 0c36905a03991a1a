"""What a crawl refuses, in words its user can act on."""

from troth.policy.errors import TrothError


class NoBrowser(TrothError):
    """There is nothing to look with."""


class NotThere(TrothError):
    """The site's first page could not be opened."""
