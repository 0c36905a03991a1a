"""The pages a shopper sees on the partner's own origin: one for the card, one for the bank's question, one for the end.

They run no script and load one style sheet. Whatever comes from outside is escaped by `say`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from html import escape as say
from urllib.parse import urlsplit

from moneyed import Money, get_currency
from moneyed.l10n import format_money

from . import rules
from .store import Row

FIELDS = {  # label, hint, what a browser may fill in, how long
    "number": ("Card number", "The long number on the front.", "cc-number", 32),
    "expiry": ("Expiry date", "Such as 05/28.", "cc-exp", 9),
    "cvc": ("Security code", "Three digits on the back.", "cc-csc", 3),
}
ENDS = {
    "authorised": ("Your bank has agreed", "Nothing more is needed here: the shop takes it on from here."),
    "charged": ("This is paid", "Nothing more is needed here."),
    "refunded": ("This was paid, and given back", "Nothing more is needed here."),
    "released": ("This payment is closed", "The shop has closed it, and no money was taken."),
    "declined": ("This was not paid", "No money was taken. You can begin again at the shop."),
}


def money(row: Row) -> str:
    """Return the amount as people in Britain write it."""
    currency = get_currency(row["currency"])
    return format_money(Money(Decimal(row["amount"]) / currency.sub_unit, currency), locale="en_GB")


def expires(expiry: str) -> str:
    return f"{expiry[5:]}/{expiry[2:4]}" if expiry else ""


def frame(title: str, main: str, aside: str = "") -> str:
    """Return a whole page."""
    return f"""<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{say(title)} · Pennyfold Payments</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/pennyfold.css">
</head>
<body>
<header><p class="name"><b>Pennyfold</b> Payments</p><p class="rehearsal">A rehearsal: no money moves</p></header>
<main>
<div class="sheet">
{main}
</div>
{aside}
</main>
<footer><p>This is our own page: the shop does not see what you type here. We tell it the brand of your card, its last
four digits and its expiry date, and whether the payment went through.</p></footer>
</body>
</html>
"""


def _what(row: Row) -> str:
    return (
        f'<p class="what">Order {say(row["ordered"])}<span>for {say(urlsplit(row["back"]).netloc)}</span></p>'
        f'<p class="amount">{say(money(row))}</p>'
    )


def card(row: Row, kept: Row | None, wrong: Mapping[str, str], typed: str = "") -> str:
    """Return the page where the card is typed, or a kept one is chosen. `typed` is the expiry, to show again."""
    title = ("Look again: " if wrong else "Not paid yet: " if row["because"] else "") + "Pay by card"
    leave = f'<form method="post" action="/pay/{row["reference"]}/leave" class="leave">'
    return frame(
        title,
        f"<h1>Pay by card</h1>{_what(row)}{_alert(row['because'], wrong)}{_kept(row, kept) if kept else ''}"
        f"{_form(row, kept, wrong, expires(typed))}{leave}<button>Go back without paying</button></form>",
        _table(),
    )


def _alert(because: str, wrong: Mapping[str, str]) -> str:
    if wrong:
        listed = "".join(f'<li><a href="#{name}">{FIELDS[name][0]}</a></li>' for name in wrong)
        return f'<div class="alert" role="alert"><h2>Please look again at</h2><ul>{listed}</ul></div>'
    if because:
        rest = f"<p>{say(because)} You can try again, or use another card.</p>"
        return f'<div class="alert" role="alert"><h2>Not paid yet</h2>{rest}</div>'
    return ""


def _kept(row: Row, kept: Row) -> str:
    return (
        f'<form method="post" action="/pay/{row["reference"]}" class="kept"><h2>Your kept card</h2><p class="plate">'
        f"<b>{say(kept['brand'])}</b> ending in {kept['last4']}<span>until {expires(kept['expiry'])}</span></p>"
        f'<button name="card" value="kept">Pay {say(money(row))} with this card</button></form>'
    )


def _form(row: Row, kept: Row | None, wrong: Mapping[str, str], typed: str) -> str:
    keeps = (
        '<p class="keeps">You asked for this card to be kept for next time. We keep it under a code, without its'
        " number, and you can delete it at the shop whenever you like.</p>"
        if row["keep"]
        else ""
    )
    fields = "".join(_field(name, wrong.get(name, ""), typed if name == "expiry" else "") for name in FIELDS)
    return (
        f'<form method="post" action="/pay/{row["reference"]}" novalidate>{"<h2>Or another card</h2>" if kept else ""}'
        f'<div class="fields">{fields}</div>{keeps}'
        f'<button name="card" value="typed"{" class=second" if kept else ""}>Pay {say(money(row))}</button></form>'
    )


def _field(name: str, wrong: str, value: str) -> str:
    label, hint, fills, longest = FIELDS[name]
    problem = f'<span class="wrong" id="{name}-wrong">{say(wrong)}</span>' if wrong else ""
    says = f'aria-invalid="true" aria-describedby="{name}-wrong"' if wrong else f'aria-describedby="{name}-hint"'
    hint = "" if wrong else f'<span class="hint" id="{name}-hint">{hint}</span>'
    return (
        f'<div class="field {name}"><label for="{name}">{label}</label>{hint}{problem}'
        f'<input id="{name}" name="{name}" inputmode="numeric" autocomplete="{fills}" maxlength="{longest}"'
        f' value="{say(value)}" required spellcheck="false" {says}></div>'
    )


def _table() -> str:
    rows = "".join(
        f"<tr><th scope=row><code>{' '.join(sample.number[at : at + 4] for at in range(0, 16, 4))}</code></th>"
        f"<td>{sample.say}</td></tr>"
        for sample in rules.SAMPLES
    )
    return (
        '<aside aria-labelledby="cards"><h2 id="cards">Cards to rehearse with</h2><table><thead><tr>'
        f"<th scope=col>A card numbered</th><th scope=col>does this</th></tr></thead><tbody>{rows}</tbody></table>"
        "<p>With any date that is not over, and any three digits. No real card is taken.</p></aside>"
    )


def bank(row: Row) -> str:
    """Return the page where the bank asks whether it is really the shopper."""
    return frame(
        "Your bank asks: is it you?",
        f"<h1>Your bank asks: is&nbsp;it&nbsp;you?</h1>{_what(row)}"
        f"<p>Somebody wants to pay with the {say(row['brand'])} card ending in {row['last4']}. If it is you, say so and"
        " the payment goes on. If not, no money moves.</p>"
        f'<form method="post" action="/pay/{row["reference"]}/bank" class="pair">'
        '<button name="answer" value="yes">Yes, it is me</button>'
        '<button name="answer" value="no">No, it is not me</button></form>',
    )


def end(row: Row) -> str:
    """Return the page of a payment that needs nothing more."""
    title, rest = ENDS[row["state"]]
    because = f"<p>{say(row['because'])}</p>" if row["because"] else ""
    back = f'<p><a class="go" href="{say(rules.way_back(row["back"], row["reference"]))}">Back to the shop</a></p>'
    return frame(title, f"<h1>{title}</h1>{_what(row)}{because}<p>{rest}</p>{back}")


def problem(title: str, rest: str) -> str:
    return frame(title, f"<h1>{say(title)}</h1><p>{say(rest)}</p>")
