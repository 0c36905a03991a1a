"""The life of a campaign, as a table. Pure.

draft, checked (its words are whole), ready (its list is frozen), approved (by somebody else), sending, paused, and in
the end done or stopped. Whoever edits goes back to the draft: what was checked or approved is not what is sent then.
"""

from __future__ import annotations

from typing import Final

from .errors import NotNow

NEXT: Final = {
    ("draft", "edit"): "draft",
    ("draft", "check"): "checked",
    ("checked", "edit"): "draft",
    ("checked", "freeze"): "ready",
    ("ready", "edit"): "draft",
    ("ready", "freeze"): "ready",
    ("ready", "approve"): "approved",
    ("ready", "send"): "sending",  # below the size at which a second person looks
    ("approved", "edit"): "draft",
    ("approved", "send"): "sending",
    ("sending", "pause"): "paused",
    ("sending", "stop"): "stopped",
    ("sending", "finish"): "done",
    ("paused", "resume"): "sending",
    ("paused", "stop"): "stopped",
    ("draft", "stop"): "stopped",
    ("checked", "stop"): "stopped",
    ("ready", "stop"): "stopped",
    ("approved", "stop"): "stopped",
}
SAY: Final = {
    "draft": "A draft", "checked": "Its words are checked", "ready": "Its list is frozen",
    "approved": "A second person agreed", "sending": "Being sent", "paused": "Paused", "done": "Sent",
    "stopped": "Stopped for good",
}  # fmt: skip
OVER: Final = ("done", "stopped")


def after(state: str, what: str) -> str:
    """Return the state after a step. Raises NotNow.

    >>> after("sending", "pause")
    'paused'
    """
    if (state, what) not in NEXT:
        raise NotNow(what, SAY.get(state, state))
    return NEXT[state, what]


def may(state: str) -> list[str]:
    """Return the steps a state allows.

    >>> may("paused")
    ['resume', 'stop']
    """
    return [what for where, what in NEXT if where == state]
