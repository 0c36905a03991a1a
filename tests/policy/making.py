"""Small policies for tests: a whole, valid one, and a way to change a line of it."""

from datetime import date

from troth.laws import packs
from troth.policy.engine import Compiled
from troth.policy.load import PolicyFile, loads

TODAY = date(2026, 11, 22)

SMALL = """
[policy]
name = "Privacy at Small House"
version = 2026-11-01
controller = "Small House Ltd"
officer = "privacy@small.example"
laws = ["uk"]
adult_from = 16

[brands]
fern = { say = "Fern", sites = ["fern.example"], care = ["care@fern.example", "+44 20 7946 0001"] }
moss = { say = "Moss", sites = ["moss.example"], care = ["care@moss.example", "+44 20 7946 0002"] }

[data]
contact = { say = "how to reach you", items = ["email", "mobile"], keep = "account + 30 days" }
orders = { items = ["purchases"], keep = "order + 7 years" }
card = { items = ["card_token"], keep = "until removed", care = "card", only_to = ["till"], only_for = ["order"] }

[sources]
shop = { say = "buy", takes = ["contact", "orders", "card"], parent = true }

[recipients]
till = { say = "our payment partner", role = "processor", in = ["GB"], contract = { ref = "T-1" } }
post = { say = "our mailing house", role = "processor", in = ["GB"], contract = { ref = "T-2" } }

[purposes]
order = { say = "send what you buy", basis = "contract", uses = ["contact", "orders", "card"], to = ["till"] }
suit = { say = "suggest what may suit you", basis = "interest", uses = ["orders"], interest = "selling what people want" }
news = { say = "send you news", choice = "news", uses = ["contact"], to = ["post"] }

[choices.news]
say = "news from our shops"
ask = "in"
channels = ["email", "sms"]
topics = ["offers", "events"]
exits = { email = "a link in every email", sms = "answer STOP" }

[rights]
see = { say = "see what we hold", by = ["account"] }
copy = { say = "get a copy", by = ["account"] }
correct = { say = "correct it", by = ["account"] }
erase = { say = "have it erased", by = ["account"] }
restrict = { say = "have it set aside", by = ["account"] }
carry = { say = "take it with you", by = ["account"] }
object = { say = "object", by = ["account"] }
review = { say = "ask a person", by = ["account"] }
complain = { say = "complain", by = ["form"] }

[statements]
links = { say = "other sites follow their own policies", check = "links carry no identity" }
safe = { say = "our seal holds", check = "seal in force", scheme = "Oak", scope = "shops", evidence = "O-1", until = 2027-05-01 }
sealed = { say = "what names you is encrypted", check = "stored encrypted" }
abroad = { say = "we name every country data goes to", check = "recipients abroad listed" }
cookies = { say = "nothing is set before you choose", check = "nothing before a choice" }

[promises]
card_stays = { try = "disclose card to post for news", get = "no: data.card.only_to" }
stop_is_stop = { try = "contact by email for news after refusing", get = "no: choices.news" }
still_served = { try = "contact by email for order after refusing", get = "yes: purposes.order" }
"""


def changed(*lines: tuple[str, str], text: str = SMALL) -> str:
    """Return the policy with each (old, new) replaced; an old text that is not there is a mistake in the test."""
    for old, new in lines:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return text


def read(*lines: tuple[str, str]) -> PolicyFile:
    return loads(changed(*lines).encode(), "small.toml")


def compiled(*lines: tuple[str, str]) -> Compiled:
    return Compiled(read(*lines), packs())
