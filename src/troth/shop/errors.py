"""What the shop refuses, said so that whoever minds it can mend it."""

from troth.policy.errors import TrothError


class BadCatalogue(TrothError):
    """A catalogue file cannot be used. Names the style and what is wrong with it."""
