"""A page that cannot be shown, said so that the reader knows where to go instead."""

from django.core.exceptions import BadRequest
from django.http import Http404

Way = tuple[str, str]  # words and address of a page that does exist


class NotHere(Http404):
    """An address names something we do not have."""

    def __init__(self, say: str, ways: tuple[Way, ...] = ()) -> None:
        super().__init__(say)
        self.say, self.ways = say, ways


class Unusable(BadRequest):
    """An address asks for something in a way we cannot read."""

    def __init__(self, say: str, ways: tuple[Way, ...] = ()) -> None:
        super().__init__(say)
        self.say, self.ways = say, ways
