"""Why the partner would not do what it was asked, as its API and its pages say it."""

from http import HTTPStatus


class Refused(Exception):
    """A request that changed nothing. `code` is for programs, `say` for people; neither quotes what was sent."""

    def __init__(self, status: HTTPStatus, code: str, say: str) -> None:
        super().__init__(say)
        self.status, self.code, self.say = status, code, say


class NotPossible(Refused):
    """The payment is in no state that allows it."""

    def __init__(self, say: str) -> None:
        super().__init__(HTTPStatus.CONFLICT, "not_possible", say)


class KeyUsed(Refused):
    """A key came again with another content: one of the two is a mistake."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "key_used",
            "This key was used before, for something else. A new act needs a new key.",
        )


class NotThere(Refused):
    """An address or a reference nobody knows."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, "not_there", "There is no such payment here.")


class Malformed(Refused):
    """Something that cannot be read."""

    def __init__(self, say: str) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, "malformed", say)


class Mistyped(Exception):
    """What the shopper typed cannot be a card: field by field, what to do. Never holds what was typed."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields
