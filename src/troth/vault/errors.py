"""What the vault refuses. Messages name items, models and cures; never a person, never a value."""

from troth.policy.errors import TrothError


class NotPlain(TrothError, TypeError):
    """Something treated a held value as if it were plain."""

    def __init__(self, item: str, how: str) -> None:
        super().__init__(
            f"{item} is held and cannot be {how}. Open it under a purpose: `with use(...) as u: u.open(value)`."
        )


class OutsideDoor(TrothError):
    """A held row was written or deleted outside the door that decides about it."""

    def __init__(self, model: str, items: str, door: str) -> None:
        super().__init__(f"{model} ({items}) was touched outside a door. Do it inside `{door}(...)`, which decides.")


class NoKey(TrothError):
    """There is no key for this person: they are not known, or were erased."""

    def __init__(self) -> None:
        super().__init__("Nothing can be opened or sealed for this person: they have no key, or it was destroyed.")


class Tampered(TrothError):
    """A sealed column does not belong where it stands, or was altered."""

    def __init__(self, model: str) -> None:
        super().__init__(f"A sealed row of {model} was not made for this person, row and version. Nothing was opened.")


class RootKeyProblem(TrothError):
    """The root key is missing, malformed or not the one the keys were wrapped with."""


class BadIdentifier(TrothError, ValueError):
    """An address, number or handle cannot be one."""
