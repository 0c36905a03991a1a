"""Why a partner could not do what it was asked. No message holds a personal value, or anything of a card."""


class PartnerError(Exception):
    """Something a partner would not or could not do."""


class PartnerUnavailable(PartnerError):
    """Nobody answered in time, or not sensibly. Whether it was done is not known: ask again with the same key.

    `surely_not`: it is known that it was not done.
    """

    def __init__(self, say: str = "", *, surely_not: bool = False) -> None:
        super().__init__(say)
        self.surely_not = surely_not


class NoSuchPayment(PartnerError):
    """The partner knows no such payment of ours."""


class NotPossible(PartnerError):
    """The payment is in no state that allows it; the message says in which it is."""


class Forged(PartnerError):
    """A notice that the partner did not sign, or signed too long ago."""
