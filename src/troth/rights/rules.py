"""What may happen to a request, which need whose look, what is said in it, and how a part is blacked out. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Final

# -- states: from which state which step leads where. What is not here cannot happen -----------------------------------

MOVES: Final[Mapping[tuple[str, str], str]] = {
    ("received", "ask who"): "identifying",
    ("received", "know who"): "open",
    ("received", "answer"): "answered",  # a no needs no proof: it is done as it comes
    ("identifying", "know who"): "open",
    ("identifying", "lapse"): "lapsed",
    ("open", "ask more"): "waiting",
    ("waiting", "hear more"): "open",
    ("waiting", "draft"): "answering",  # they need not answer us to be answered
    ("open", "plan"): "planned",  # an erasure, in its days of grace
    ("planned", "answer"): "answered",
    ("open", "draft"): "answering",
    ("answering", "redraft"): "answering",
    ("answering", "drop draft"): "open",
    ("open", "answer"): "answered",  # what no person needs to look at
    ("answering", "answer"): "answered",
    ("answering", "refuse"): "refused",
    **{(s, "end"): "ended" for s in ("received", "identifying", "open", "waiting", "answering")},  # with their person
    **{(s, "extend"): s for s in ("open", "waiting", "answering")},
    **{(s, "withdraw"): "withdrawn" for s in ("received", "identifying", "open", "waiting", "answering", "planned")},
}  # fmt: skip
LIVE: Final = frozenset(state for state, _ in MOVES)
OVER: Final = frozenset(MOVES.values()) - LIVE
SAID: Final = {  # to whoever asked
    "received": "We have it",
    "identifying": "We wait for you to show that it is you",
    "open": "We are working on it",
    "waiting": "We have asked you something",
    "planned": "It will be done on the day below",
    "answering": "Our answer is being checked",
    "answered": "Answered",
    "refused": "Refused",
    "withdrawn": "You took it back",
    "ended": "It ended when what it was about was erased",
    "lapsed": "Nobody showed that it was you who asked, so we did nothing",
}
STEP_SAID: Final = {
    "ask who": "We wrote to the address we hold, to make sure that it is you",
    "know who": "We know that it is you",
    "ask more": "We asked you for more",
    "hear more": "You told us more",
    "plan": "You confirmed, and the days of grace began",
    "draft": "An answer was drafted",
    "redraft": "The draft was changed",
    "drop draft": "The draft was given back",
    "approve": "A second of us agreed with the answer",
    "agree alone": "There is only one officer here: they read it once more and agreed with it",
    "extend": "We took more time",
    "answer": "We answered",
    "refuse": "We refused, and said why",
    "withdraw": "You took it back",
    "lapse": "Nobody showed that it was you",
    "end": "What it was about was erased",
    "take": "One of us looked at it",
    "search": "We searched",
    "pass over": "We did not search",
    "withhold": "A part is withheld",
    "fine": "A passage was read and may stand",
    "acknowledge": "We wrote that we have it",
    "rename": "We understood better what you ask",
    "pass on": "Those who had got it are told",
    "lift": "You lifted the restriction",
    "download": "You took the copy",
    "agent takes": "Whoever asked for you took the copy",
    "agent ends": "You took back that whoever asked for you may have the copy",
}

STILL: Final = frozenset({"take", "lift", "download", "agent takes", "agent ends"})  # once it is over

# -- which right needs what --------------------------------------------------------------------------------------------

COMPLAINT: Final = "complain"
NO_PROOF: Final = frozenset({"stop", "optout", "limit"})  # done at once, whoever asks: [rights.*].verify
COPIES: Final = frozenset({"see", "copy", "carry", "looked"})
BY_ITSELF: Final = (
    COPIES | {"restrict", "object"} | NO_PROOF
)  # no person decides, unless something in it must be looked at
ON_FORM: Final = "the request form"

GRACE: Final = timedelta(days=7)  # between confirming an erasure and running it; it may be called off until then
PROOF: Final = timedelta(days=30)  # how long we wait for somebody to show who they are
COPY: Final = timedelta(days=14)  # how long a copy can be fetched
ALONE: Final = timedelta(days=1)  # how long a draft lies before an only officer agrees with it
LOOK: Final = timedelta(minutes=30)  # how long a stated reason lets an officer look


def after(state: str, step: str) -> str | None:
    """Return the state a step leads to; None where it cannot be taken."""
    return MOVES.get((state, step))


def needs_second(outcome: str, withheld: Collection[str], fee: int) -> bool:
    """Tell whether a second officer must agree: with every no, everything withheld, and every fee (R74, R75).

    >>> needs_second("answer", [], 0), needs_second("answer", ["others"], 0), needs_second("refuse", [], 0)
    (False, True, True)
    """
    return outcome == "refuse" or bool(withheld) or fee > 0


# -- what a letter asks for --------------------------------------------------------------------------------------------

ASKS: Final = (  # the first that fits; what is hard to undo must be asked for in so many words
    ("erase", r"\b(eras|delet|forget me|be forgotten|remove (?:all )?my (?:data|account|details))"),
    ("optout", r"\b(do not sell|don.?t sell|opt.?out|stop (?:selling|sharing))"),
    ("limit", r"\blimit (?:the )?use of my sensitive"),
    ("stop", r"\b(unsubscribe|stop (?:all )?(?:marketing|sending|e-?mailing|writing)|no more (?:news|e-?mails?))"),
    ("complain", r"\b(complain|complaint)\b"),
    ("appeal", r"\bappeal\b"),
    ("restrict", r"\brestrict"),
    ("carry", r"\b(portab|machine.readable|transfer my data)"),
    ("correct", r"\b(correct|rectif|wrong (?:address|name)|out of date)"),
    ("review", r"\b(automated decision|human review|a person (?:to )?look)"),
    ("object", r"\bobject\b|\bobjection\b"),
    (
        "see",
        r"\b(subject access|access request|what (?:data )?(?:do )?you (?:hold|have|know)|copy of (?:all )?my|d?sar)\b",
    ),
)  # fmt: skip


PLAIN: Final = frozenset({"see", "complain", "stop", "erase"})  # asked for in words that leave little doubt


def asked_for(text: str) -> str:
    """Return which right a text seems to use; nothing where it says none.

    >>> asked_for("Please delete my account"), asked_for("What do you hold about me?"), asked_for("Where is my parcel?")
    ('erase', 'see', '')
    """
    plain = " ".join(text[:20_000].casefold().split())
    return next((right for right, words in ASKS if re.search(words, plain)), "")


# -- others in a text --------------------------------------------------------------------------------------------------

MAILBOX: Final = re.compile(r"[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}")
NUMBER: Final = re.compile(r"(?<![\w+])\+?\d(?:[ ()\-/.]?\d){7,14}(?!\w)")
NAME: Final = re.compile(r"\b[A-Z][a-z\u00e0-\u00ff]{1,20}(?: (?:[A-Z]\. )?[A-Z][a-z\u00e0-\u00ff]{1,20}){1,2}\b")
TITLED: Final = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? [A-Z][\w'\-]{1,30}")
BLACK: Final = "\N{FULL BLOCK}" * 5


def others_in(text: str, own: Iterable[str]) -> list[str]:
    """Return the passages of a text that may name somebody else: a proposal to a reader, never a conclusion.

    `own`: what the person is known by, in any writing.

    >>> others_in("Ada Marlow rang; her neighbour Tom Ferris (tom@post.example) took it.", ["Ada Marlow"])
    ['tom@post.example', 'Tom Ferris']
    """
    mine = {_bare(one) for one in own}
    found: dict[str, None] = {}
    for pattern in (MAILBOX, NUMBER, TITLED, NAME):
        for hit in pattern.findall(text):
            bare = _bare(hit)
            if not any(bare and (bare in one or one in bare) for one in mine if one):
                found[hit] = None
    return list(found)


def _bare(text: str) -> str:
    """Return letters and digits alone, so that one number or name written in two ways is one."""
    return re.sub(r"[\W_]", "", text.casefold())


def blacked(value: object, passages: Iterable[str], code: str) -> object:
    """Return a value with passages blacked out, and the code of the exemption beside; without passages, all of it.

    The longest first, so that none is left half visible. Case does not matter.

    >>> blacked("Tom Ferris took it, said TOM FERRIS", ["Tom Ferris"], "others")
    '█████ [others] took it, said █████ [others]'
    """
    sign = f"{BLACK} [{code}]"
    wanted = sorted(filter(None, passages), key=len, reverse=True)
    if not wanted:
        return sign
    if isinstance(value, str):
        return re.sub("|".join(map(re.escape, wanted)), sign, value, flags=re.IGNORECASE)
    if isinstance(value, dict):
        return {name: blacked(part, wanted, code) for name, part in value.items()}
    if isinstance(value, list):
        return [blacked(part, wanted, code) for part in value]
    return value
