"""What is written down of visits and interests, and only then. Each kind of row serves one purpose: a no ends it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from troth.vault.held import held
from troth.vault.models import HeldRow, Plain

SAME = "the same few words for everybody"


class PageSeen(HeldRow):
    """One page of ours that somebody looked at: for `tracking` alone."""

    brand = models.SlugField(max_length=40)

    page = held("visits.pages_seen")
    time = held("visits.visit_times")  # to the minute, ISO 8601
    referrer = held("visits.referrer")
    browser = held("visits.browser")  # "Firefox on Linux": never the version
    advert = held("visits.advert_clicks")  # of ours, by the name its link gives it

    plain: ClassVar = {"brand": Plain(SAME, "visits.pages_seen")}

    class Meta:
        indexes = [models.Index(fields=["person_id", "brand", "seen_at"], name="tracking_pages")]


class Looked(HeldRow):
    """One piece somebody looked at: for `profile` alone."""

    brand = models.SlugField(max_length=40)

    piece = held("visits.pages_seen")

    plain: ClassVar = {"brand": Plain(SAME, "visits.pages_seen")}

    class Meta:
        indexes = [models.Index(fields=["person_id", "brand", "seen_at"], name="tracking_looks")]


class Search(HeldRow):
    """What somebody looked for: for `profile` alone."""

    brand = models.SlugField(max_length=40)

    words = held("taste.searches")

    plain: ClassVar = {"brand": Plain(SAME, "taste.searches")}

    class Meta:
        indexes = [models.Index(fields=["person_id", "brand", "seen_at"], name="tracking_searches")]


class Guess(HeldRow):
    """A style somebody may like, inferred. It goes the day the profile ends, or sooner, when they take it away."""

    brand = models.SlugField(max_length=40)
    place = models.PositiveSmallIntegerField()

    style = held("interests.likely_interests")
    because = held("interests.likely_interests", "json")  # what they did, and how often

    plain: ClassVar = {"brand": Plain(SAME, "interests.likely_interests")}

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["person_id", "brand", "place"], name="one_guess_a_place")]


class Unwanted(HeldRow):
    """What somebody told us not to guess again, in one shop."""

    brand = models.SlugField(max_length=40)

    styles = held("taste.preferences", "json")

    plain: ClassVar = {"brand": Plain(SAME, "taste.preferences")}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person_id", "brand"], name="one_list_of_unwanted_a_shop")]
