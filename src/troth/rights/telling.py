"""An entry of the ledger in plain words, as the person it is about would be told it. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from troth.policy import Compiled
from troth.policy.wording import listed, say_day

DONE: Final = {
    "collect": "Taken in", "use": "Used", "contact": "Allowed", "disclose": "Handed over", "publish": "Shown to anyone",
    "keep": "Kept",
}  # fmt: skip
DOING: Final = {
    "collect": "taking in ", "use": "using ", "contact": "", "disclose": "handing over ", "publish": "showing ",
    "keep": "keeping ",
}  # fmt: skip
RESTS_ON: Final = {
    "contract": "what you agreed with us needs it", "law": "the law asks us to",
    "interest": "we have a good reason of our own, and you have not objected", "vital": "somebody's life depends on it",
}  # fmt: skip
WHY: Final = {
    "banned": "the law forbids it",
    "campaign": "a campaign went on",
    "chosen": "a campaign was for people like you",
    "consented": "you said yes",
    "ended": "that is not in force on this day",
    "erased": "you asked to be erased",
    "erasing": "you asked to be erased",
    "form": "the data is too plain for it",
    "held": "a legal hold stands",
    "hours": "it is too early or too late in the day where you are",
    "kept": "its period has not ended",
    "listed": "you are on a list of those who want none",
    "no_address": "we have no address of yours for it",
    "no_parent": "a parent has to agree first",
    "no_safeguard": "nothing protects data there",
    "not_asked": "it needs a yes of yours, and there is none",
    "not_chosen": "the campaign was for other people",
    "not_covered": "the policy does not provide for it",
    "not_refused": "you have not said no",
    "not_theirs": "it was asked for somebody else",
    "over": "its period had ended",
    "refused": "you said no",
    "required": "the service you asked for needs it",
    "restricted": "you asked us to store and not use it",
    "role": "that is not their work",
    "sender": "who sends it was not of our group that day",
    "signal": "your browser or telephone says no for you",
    "soft": "you bought from us and did not say no",
    "stopped": "you asked us to stop",
    "told": "they had got it, and have to know what became of it",
    "suppressed": "this address is on our stop list",
    "too_often": "you have had as much as we may send for now",
    "too_small": "the group it describes is too small",
    "too_young": "you are too young for it",
    "unknown": "the policy does not know it",
    "unstated": "something it needs was not shown",
    "wall": "the policy keeps this data apart",
}
KEPT: Final = {  # what befell all we hold of somebody, by the fact its entry states
    ("restricted", "yes"): "Locked: we store what we hold of you and do not use it",
    ("restricted", "no"): "Unlocked: what we hold of you is used again",
    ("hold", "begun"): "Held: nothing of yours is deleted while a dispute or a duty lasts",
    ("hold", "again"): "Looked at again: a dispute or a duty lasts, and nothing of yours is deleted yet",
    ("hold", "over"): "Held no longer: what we have of you goes when its time is over",
}
CHANNEL: Final = {"sms": "text", "push": "a notice in the app", "autocall": "an automatic call"}
MOST: Final = 6  # items named before the rest is counted
STAFF: Final = {
    "care": "customer care", "marketer": "our marketing", "officer": "our data protection officer",
    "analyst": "an analyst of ours", "developer": "a developer of ours",
}  # fmt: skip


def day_of(entry: Mapping[str, Any]) -> str:
    """Return the day of an entry, as people write it."""
    return say_day(datetime.fromisoformat(entry["at"]).date())


def told(entry: Mapping[str, Any], compiled: Compiled) -> str:
    """Return what was decided and why, in one sentence.

    `compiled` says what the policy's names mean to customers; a name it does not know is told as it stands.
    """
    by = [f"by {STAFF[entry['actor']]}"] if entry.get("actor") in STAFF else []
    if kept := [KEPT[fact] for fact in entry.get("facts", {}).items() if fact in KEPT]:
        return ", ".join(kept + by) + "."
    parts = [_head(entry) + _what(entry, compiled) + _whom(entry, compiled), *by]
    parts += [f"to {_purpose(entry, compiled)}"] if entry.get("purpose") and entry["verb"] != "keep" else []
    parts += [f"because {why}"] if (why := _why(entry, compiled)) else []
    return ", ".join(parts) + "."


def line(entry: Mapping[str, Any]) -> str:
    """Return the line of the policy, or of the law, that decided."""
    return str(entry.get("clause") or entry.get("law", ""))


def _head(entry: Mapping[str, Any]) -> str:
    verb, allowed = entry["verb"], entry["allowed"]
    if verb == "disclose" and entry.get("code") == "told":
        return "Told of what you asked: about "
    if verb == "keep" and not allowed:
        return "Deleted: "
    return f"{DONE[verb]}: " if allowed else f"Refused: {DOING[verb]}"


def _what(entry: Mapping[str, Any], compiled: Compiled) -> str:
    if entry["verb"] == "contact":
        channel = CHANNEL.get(entry.get("channel", ""), entry.get("channel", ""))
        return f"a message by {channel}" + (f" about {_plain(entry['topic'])}" if entry.get("topic") else "")
    labels = compiled.book.labels
    names = entry.get("items", ())
    said = list(dict.fromkeys(labels[n].say if n in labels else _plain(n.partition(".")[2]) for n in names))
    return listed(said if len(said) <= MOST else [*said[: MOST - 1], f"{len(said) - MOST + 1} more"])


def _whom(entry: Mapping[str, Any], compiled: Compiled) -> str:
    name = entry.get("to", "")
    known = compiled.policy.recipients.get(name)
    return f" to {known.say if known and known.say else _plain(name)}" if name else ""


def _purpose(entry: Mapping[str, Any], compiled: Compiled) -> str:
    known = compiled.policy.purposes.get(entry["purpose"])
    return known.say if known else _plain(entry["purpose"])


def _why(entry: Mapping[str, Any], compiled: Compiled) -> str:
    code, known = entry.get("code", ""), compiled.policy.purposes.get(entry.get("purpose", ""))
    return RESTS_ON.get(known.basis, WHY[code]) if code == "required" and known else WHY.get(code, "")


def _plain(name: str) -> str:
    return name.replace("_", " ")
