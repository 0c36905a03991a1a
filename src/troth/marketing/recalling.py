"""How an advert partner is told that somebody was erased, corrected or locked: they come out of its audiences.

Audiences have removal files of their own, with their days and confirmations (`adverts`): this only says who has to come
out, and how far it is. Source: GDPR art. 17(2), 19; see `rights.passing_on`.
"""

from __future__ import annotations

from uuid import UUID

from troth.doors import policies
from troth.rights.passing_on import WAYS, Heard, Known, Telling, Way

from .advert_models import AdvertMember
from .adverts import PARTNERS, due
from .audiences import Numbered


def tell() -> None:
    WAYS[PARTNERS] = Way(_inside, _out)


def _inside(person: UUID) -> Known:
    """Return the ids somebody has in audiences that they are not out of: each good for that audience alone."""
    number = Numbered.objects.filter(person=person).values_list("pk", flat=True).first()
    rows = AdvertMember.objects.filter(number=number, out_at=None) if number else AdvertMember.objects.none()
    return Known(tuple(sorted(str(pk) for pk in rows.values_list("pk", flat=True))))


def _out(telling: Telling) -> Heard:
    """Have them come out within the policy's time, and say how far it is. A lifted lock brings nobody back in."""
    rows = list(AdvertMember.objects.filter(pk__in=telling.known_by))
    if telling.kind != "lift":
        last = due(policies.archive().in_force(policies.today()), PARTNERS, telling.at)
        AdvertMember.objects.filter(pk__in=[row.pk for row in rows], due=None).update(due=last)
    if all(row.out_at for row in rows) or telling.kind == "lift":
        return Heard("confirmed")
    return Heard("told" if all(row.told_at or row.out_at for row in rows) else "waiting")
