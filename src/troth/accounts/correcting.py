"""Where each item can be changed by its person, and why some cannot (R76, policy [rights.correct].pages)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

# By item, or by model and item where it depends on the record: the page, and what the link to it says.
WAYS: Final[Mapping[str, tuple[str, str]]] = {
    "Profile identity.name": ("details", "Change your name"),
    "identity.birth_date": ("details", "Change your date of birth"),
    "contact.email": ("email", "Change your email address"),
    "contact.phone": ("details", "Change your phone number"),
    "contact.mobile": ("details", "Change your mobile number"),
    "Profile contact.home_address": ("address_book", "Change your addresses"),
    "Profile contact.delivery_address": ("address_book", "Change your addresses"),
    "Profile contact.billing_address": ("address_book", "Change your addresses"),
    "Parcel contact.delivery_address": ("orders", "Send an open order elsewhere"),
    "taste.wish_list": ("wishes", "Change your wish list"),
    "card": ("cards", "Delete a card"),
    "interests": ("interests", "See and delete interests"),
    "consents.choice_answers": ("choices_own", "Change your choices"),
    "secrets": ("password", "Change your password"),
    "sign_ins.sign_in_device": ("sessions", "Sign a browser out"),
}
# By item, by model and item, or by category: why it is not for its person to rewrite.
WHY: Final[Mapping[str, str]] = {
    "Parcel": "What stands on a parcel or an invoice belongs to that order, and is changed with the order alone.",
    "identity.age_band": "It protects children, so it is not changed here. If it is wrong, tell us.",
    "identity.customer_number": "We gave you this number; it says nothing about you.",
    "identity": "It belongs to the record it came with. If it is wrong, tell us and we correct it.",
    "contact": "It belongs to the record it came with. If it is wrong, tell us and we correct it.",
    "secrets": "Nobody can read it.",
    "old_answers": "Nobody can read it, and nobody asks for it any more.",
    "card": "A card is kept by our payment partner: delete it here and add the new one when you next pay.",
    "orders": "An invoice says what was bought that day, and the law asks us to leave it so. If it is wrong, tell us.",
    "gifts": "It was printed and went with the parcel.",
    "taste": "It is what you did in our shop. Have it erased, or say no to it in your choices.",
    "interests": "It is a guess of ours: you can delete it, and say no to guessing.",
    "visits": "It was noted by a machine as it happened. Say no to counting in your choices, or have it erased.",
    "place": "It was noted as it happened, and is gone the next day.",
    "device": "Your device told us; it tells us anew when you change it.",
    "shared": "You can have it taken down by the link in our letter about it, or change it by writing it anew.",
    "pictures": "You can have it taken down by the link in our letter about it.",
    "social": "It is the name you had when you wrote to us there.",
    "answers": "It is what you answered that day. You can have it erased.",
    "entries": "It is what you sent in. You can have it erased.",
    "attendance": "It is what you signed up for. Tell us if it has changed.",
    "needs": "Tell the people of the event if it has changed; it is gone a week after.",
    "chats": "It is what was said. If something in it is wrong, tell us and we note it beside.",
    "calls": "It is what was said. If something in it is wrong, tell us and we note it beside.",
    "notes": "It is what you told us. If something in it is wrong, tell us and we note it beside.",
    "credit": "It is what an agency answered. You can have a person look again.",
    "debt": "It is what the books say. If it is wrong, tell us and a person looks.",
    "checks": "It is the result of a check. You can have a person look again, and say your side.",
    "identity_document": "It is gone as soon as somebody has looked at it.",
    "sign_ins": "It was noted as it happened, so that you can see who signed in.",
    "messages": "It is a record of what we sent, so that we can tell you why.",
    "opens": "It was noted as it happened. Say no to it in your choices.",
    "parent": "It is another person's answer; they change it by the link in our letter.",
    "consents": "It is what was said that day, kept as proof. A new answer takes its place and does not rewrite it.",
    "stops": "It only recognises an address that says no to us. A yes of yours takes it away.",
    "requests": "It is what you asked of us, and what we did.",
    "staff_views": "It is a record of what we did, kept so that you can see it.",
}


def ways_to(item: str, models: Collection[str]) -> tuple[list[tuple[str, str]], str]:
    """Return the pages an item can be changed on, each with its words, and why what is left cannot be.

    >>> ways_to("contact.email", {"Identifier"})
    ([('email', 'Change your email address')], '')
    >>> ways_to("messages.message_log", {"Message"})[1]
    'It is a record of what we sent, so that we can tell you why.'
    """
    category = item.partition(".")[0]
    ways: dict[tuple[str, str], None] = {}
    whys: dict[str, None] = {}
    for model in sorted(models):
        keys = (f"{model} {item}", item, category)
        way = next((WAYS[key] for key in keys if key in WAYS), None)
        if way:
            ways[way] = None
        if not way or category in ("card", "interests"):
            whys[next(WHY[key] for key in (model, *keys) if key in WHY)] = None
    return list(ways), " ".join(whys)
