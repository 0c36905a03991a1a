"""What happens to a remark: written, proved, changed, shown, refused, taken back. Each can be done twice at no harm.

Pages and commands declare the purposes (`rules.KINDS` names them); `link` makes the address under which its writer
finds a remark again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from troth.doors import policies
from troth.doors.acting import whole
from troth.doors.collect import Collecting, choose, collect
from troth.doors.contact import contact
from troth.doors.handling import DELICATE, cards_in
from troth.doors.handling_pictures import BadPicture, Picture, stripped
from troth.doors.publish import publish
from troth.doors.use import use
from troth.vault import identity
from troth.vault.errors import BadIdentifier

from . import rules
from .errors import BadWords, NotNow, NotThere, TooMany
from .letters import asked, letter
from .models import IN_FORCE, Permission, Photo, Remark
from .rules import KINDS, MEDIA, Written

Link = Callable[[Remark], str]
AT_ONCE = 50  # how many remarks a moderator gets to read in one go


# -- by whoever writes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """Where something is written: on whose pages, about what, and which page it was, so that it counts once."""

    brand: str
    about: str
    once: UUID


def write(
    written: Written,
    page: Page,
    *,
    link: Link,
    at: datetime,
    photos: Sequence[bytes] = (),
    bought: bool = False,
    person: UUID | None = None,
) -> Remark:
    """Take a remark in, and write to its writer about it. `person`: who it is, where they are signed in.

    The same page sent twice is one remark. `bought`: from us, as the caller knows. Raises BadWords, TooMany, Refused.
    """
    pictures = _ready(written, photos)
    remark = _known(page)
    if remark is None:
        try:
            remark = _take_in(written, page, pictures, at, bought=bought, person=person)
        except IntegrityError:  # the same page, or the same mailbox, came at the same moment: look again
            remark = _known(page) or _take_in(written, page, pictures, at, bought=bought, person=person)
    if written.email or person:
        heard = person or (written.kind == "testimonial" and not written.media)
        _tell(
            remark, "heard" if heard else "asked", link, at, version=1
        )  # as it was first written, whatever became of it
    return remark


def _known(page: Page) -> Remark | None:
    found: Remark | None = Remark.objects.filter(once=page.once).first()
    return found


def _ready(written: Written, photos: Sequence[bytes]) -> list[Picture]:
    """Raises BadWords."""
    problems = {
        name: "This seems to hold a card number. We never take those here: please leave it out."
        for name, text in (("name", written.name), ("words", written.words))
        if cards_in(text)
    }
    if len(photos) > rules.MOST_PHOTOS:
        problems["photos"] = f"Up to {rules.MOST_PHOTOS} pictures, please."
    ready: list[Picture] = []
    try:
        ready += [stripped(photo) for photo in photos]
    except BadPicture as no:
        problems["photos"] = str(no)
    if problems:
        raise BadWords(problems)
    return ready


def _take_in(
    written: Written, page: Page, pictures: Sequence[Picture], at: datetime, *, bought: bool, person: UUID | None
) -> Remark:
    kind = KINDS[written.kind]
    # Only a mailbox that answered speaks for its owner. Anybody can type an address: it does not count as a visit.
    state = "waiting" if person else "unproven"
    if written.kind == "testimonial" and not written.media:
        state = "heard"
    with whole():
        them = person or _writer(written, at)
        if state == "unproven" and Remark.objects.filter(person_id=them, state=state).count() >= rules.MOST_UNPROVEN:
            raise TooMany
        remark = Remark(
            person_id=them, kind=written.kind, brand=page.brand, about=page.about, once=page.once, state=state,
            stars=written.stars, bought=bought, said_at=at,
            event_at=at + timedelta(days=rules.DAYS_TO_PROVE) if state == "unproven" else None,
        )  # fmt: skip
        actor = "person" if person else "system"
        with collect(kind.taken_for, source=kind.source, brand=page.brand, person=them, actor=actor, at=at) as c:
            if written.email and not person:
                _know(c, them, written.email)
            _fill(c, remark, written, pictures)
        Permission.objects.bulk_create(
            Permission(person_id=them, remark=remark, medium=medium, given_at=at if person else None)
            for medium in sorted(written.media)
        )
    return remark


def _writer(written: Written, at: datetime) -> UUID:
    """Return whose mailbox this is, or someone new. Raises BadWords."""
    try:
        found = identity.find("email", written.email) if written.email else None
    except BadIdentifier as no:
        raise BadWords({"email": str(no)}) from None
    return found or identity.new(on=policies.house_day(at)).pk


def _know(c: Collecting, person: UUID, email: str) -> None:
    made = identity.identifier(person, "email", email)
    if made._state.adding:
        c.save(made)


def _fill(c: Collecting, remark: Remark, written: Written, pictures: Sequence[Picture]) -> None:
    """Put what was written into a remark and store it, its pictures after it."""
    remark.words = written.words
    if written.name:
        remark.name = written.name
    photos = [Photo(person_id=remark.person_id, remark=remark, kind=picture.kind) for picture in pictures]
    sizes = zip(photos, pictures, strict=True)
    remark.pictures = [*remark.pictures, *([str(photo.pk), p.width, p.height] for photo, p in sizes)]
    c.save(remark)
    for photo, picture in zip(photos, pictures, strict=True):
        photo.image = picture.content
        c.save(photo)


def prove(pk: UUID, *, at: datetime) -> bool:
    """Note that whoever the mailbox belongs to says: it was me. False if that was known. Raises NotThere, NotNow."""
    with transaction.atomic():
        remark, moved = _move(pk, "prove")
        if moved:
            Remark.objects.filter(pk=pk).update(state=remark.state, event_at=None)
    _permit(remark, at)
    return moved


def _permit(remark: Remark, at: datetime) -> None:
    """Let the yeses given with a remark count, now that we know whose they are."""
    shop = _said(remark.brand)
    for one in Permission.objects.filter(remark=remark, given_at=None, withdrawn_at=None):
        choose(
            "consent", f"praise:{remark.brand}:{one.medium}", person=remark.person_id, brand=remark.brand,
            place="testimonial", wording=asked(MEDIA[one.medium], shop), proof={"remark": str(remark.pk)}, at=at,
        )  # fmt: skip
        Permission.objects.filter(pk=one.pk).update(given_at=at)


def edit(
    pk: UUID, written: Written, *, at: datetime, photos: Sequence[bytes] = (), drop: Collection[UUID] = ()
) -> Remark:
    """Change a remark; it leaves our pages and waits to be read again. Raises NotThere, NotNow, BadWords, Refused."""
    with whole():
        remark, _ = _move(pk, "edit")
        kind, gone = KINDS[remark.kind], {str(one) for one in drop}
        remark.pictures = [one for one in remark.pictures if one[0] not in gone]
        pictures = _ready(written, photos)
        if len(remark.pictures) + len(pictures) > rules.MOST_PHOTOS:
            raise BadWords({"photos": f"Up to {rules.MOST_PHOTOS} pictures, please."})
        remark.stars, remark.entry, remark.event_at, remark.because = written.stars, 0, None, ""
        Photo.objects.filter(remark=remark).update(entry=0)
        Photo.objects.filter(remark=remark, pk__in=drop).update(event_at=at)
        with collect(
            kind.taken_for, source=kind.source, brand=remark.brand, person=remark.person_id, actor="person", at=at
        ) as c:
            _fill(c, remark, written, pictures)
    _permit(remark, at)
    return remark


def withdraw(pk: UUID, *, at: datetime) -> bool:
    """Take a remark back: no page shows it from now on, and the next sweep lets it go. False if it was done already.

    Nothing can refuse it: not the policy, not a restriction, not whoever moderates. Raises NotThere, StillSending.
    """
    with transaction.atomic():
        remark, moved = _move(pk, "withdraw")
        if moved:
            Remark.objects.filter(pk=pk).update(state=remark.state, entry=0, event_at=at)
            Photo.objects.filter(remark=pk).update(entry=0, event_at=at)
    for medium in Permission.objects.filter(remark=pk, withdrawn_at=None).values_list("medium", flat=True):
        unquote(pk, medium, at=at)
    return moved


def unquote(pk: UUID, medium: str, *, at: datetime) -> bool:
    """Take back one yes to quoting a remark, at once. False if there was none. Raises NotThere, StillSending.

    Once no other remark of theirs may be quoted there, it is also their answer to the question as a whole.
    """
    remark = _found(pk)
    open_ = Permission.objects.filter(remark=remark, medium=medium, withdrawn_at=None)
    given = open_.filter(given_at__isnull=False).exists()
    if not open_.update(withdrawn_at=at):
        return False
    rest = Permission.objects.filter(IN_FORCE, person_id=remark.person_id, medium=medium, remark__brand=remark.brand)
    if given and not rest.exists():
        wording = f"Do not quote me {MEDIA[medium]} any more."
        choose(
            "withdrawal", f"praise:{remark.brand}:{medium}", person=remark.person_id, brand=remark.brand,
            place="testimonial", wording=wording, at=at,
        )  # fmt: skip
    return True


@dataclass(frozen=True)
class Theirs:
    """A remark as its writer sees it."""

    remark: Remark
    name: str
    words: str
    media: tuple[str, ...]  # where we may quote it


def theirs(pk: UUID, *, at: datetime) -> Theirs:
    """Open a remark for whoever wrote it. Raises NotThere, Refused."""
    remark = _found(pk)
    kind = KINDS[remark.kind]
    with use(kind.taken_for, brand=remark.brand, person=remark.person_id, actor="person", at=at) as u:
        values = u.open_row(remark)
    media = (
        Permission.objects.filter(remark=remark, withdrawn_at=None).order_by("medium").values_list("medium", flat=True)
    )
    return Theirs(remark, values["name"] or "", values["words"], tuple(media))


# -- by whoever moderates ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """A remark as a moderator reads it. No address: they need none."""

    remark: Remark
    name: str
    words: str
    delicate: bool  # may tell of health, faith or the like: read it with care


def waiting(brand: str, purpose: str, *, at: datetime, limit: int = AT_ONCE) -> list[Waiting]:
    """Open the remarks of a brand that wait longest, as one recorded look. `purpose`: comments, or praise."""
    kinds = {name: kind for name, kind in KINDS.items() if kind.shown_for == purpose}
    rows = list(Remark.objects.filter(brand=brand, state="waiting", kind__in=kinds).order_by("said_at", "pk")[:limit])
    if not rows:
        return []
    role = next(iter(kinds.values()))
    items = {"shared.username", *(kinds[row.kind].item for row in rows)}
    people = {row.person_id for row in rows}
    whose: dict[str, Any] = {"person": next(iter(people))} if len(people) == 1 else {"people": people}
    with use(purpose, brand=brand, items=items, actor=role.minded_by, given=[role.minding], at=at, **whose) as u:
        opened = {row.pk: values for row, values in u.open_rows(rows)}
    found = [(row, opened[row.pk]) for row in rows if row.pk in opened]
    return [Waiting(row, v["name"] or "", v["words"], bool(DELICATE.search(v["words"]))) for row, v in found]


def pictures(pk: UUID, *, at: datetime) -> Iterator[tuple[Photo, bytes]]:
    """Open the pictures of a remark for a moderator. Raises NotThere, Refused."""
    remark = _found(pk)
    kind = KINDS[remark.kind]
    photos = Photo.objects.filter(remark=remark, event_at=None).in_bulk([UUID(one[0]) for one in remark.pictures])
    act: dict[str, Any] = {"actor": kind.minded_by, "given": [kind.minding], "at": at}
    for name, _, _ in remark.pictures:
        photo = photos[UUID(name)]
        with use(kind.shown_for, brand=remark.brand, person=remark.person_id, **act) as u:
            yield photo, u.open(photo.image)


def show(pk: UUID, *, version: int, link: Link, at: datetime) -> bool:
    """Publish a remark. `version`: the one that was read; another was written since, and is not shown unread.

    False if it is shown already. Raises NotThere, NotNow, Refused.
    """
    with whole():
        remark, moved = _move(pk, "show")
        if remark.version != version:
            raise NotNow("Its writer changed it since you read it. Please read it again.")
        if moved:
            _publish(remark, at)
    if moved:
        _tell(remark, "shown", link, at)
    return moved


def _publish(remark: Remark, at: datetime) -> None:
    kind = KINDS[remark.kind]
    twins = Remark.objects.filter(
        person_id=remark.person_id, brand=remark.brand, about=remark.about, kind="review", state="shown"
    )
    if kind.starred and twins.exists():
        raise NotNow("The same person has a review of this on our pages already. One person, one review.")
    given = [kind.minding]
    if Permission.objects.filter(IN_FORCE, remark=remark, medium="online").exists():
        given += ["medium", "permission"]
    items = ["shared.username", kind.item, *(["pictures.photos"] if remark.pictures else [])]
    with publish(
        kind.shown_for, brand=remark.brand, channel="online", person=remark.person_id, items=items,
        actor=kind.minded_by, given=given, at=at,
    ) as p:  # fmt: skip
        Remark.objects.filter(pk=remark.pk).update(state=remark.state, entry=p.entry, event_at=None, because="")
        Photo.objects.filter(remark=remark, event_at=None).update(entry=p.entry)


def refuse(pk: UUID, because: str, *, link: Link, at: datetime) -> bool:
    """Do not show a remark, or no longer; its writer is told why and can change it. False if that was said already.

    Raises NotThere, NotNow.
    """
    if because not in rules.REASONS:
        raise NotNow(f"Say why, as one of: {', '.join(rules.REASONS)}.")
    with transaction.atomic():
        remark, moved = _move(pk, "refuse")
        if moved:
            gone = at + timedelta(days=rules.DAYS_AFTER_NO)
            Remark.objects.filter(pk=pk).update(state=remark.state, because=because, entry=0, event_at=gone)
            Photo.objects.filter(remark=pk).update(entry=0)
    if moved:
        remark.because = because
        _tell(remark, "refused", link, at)
    return moved


# -- what they have in common ------------------------------------------------------------------------------------------


def _found(pk: UUID) -> Remark:
    found: Remark | None = Remark.objects.filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def _move(pk: UUID, act: str) -> tuple[Remark, bool]:
    """Return a remark, locked, with the state that follows, and whether it is another. Raises NotThere, NotNow."""
    found = Remark.objects.select_for_update().filter(pk=pk).first()
    if found is None:
        raise NotThere
    before, found.state = found.state, rules.after(found.state, act)
    return found, found.state != before


def _said(brand: str) -> str:
    return policies.archive().in_force(policies.today()).policy.brands[brand].say or brand.title()


def _tell(remark: Remark, which: str, link: Link, at: datetime, version: int = 0) -> None:
    """Write to the writer about this remark, once for each version of it."""
    content = letter(which, remark.kind, _said(remark.brand), link(remark), remark.because)
    once = f"{remark.pk.hex}:{which}:{version or remark.version}"
    contact(
        remark.person_id, purpose=KINDS[remark.kind].taken_for, channel="email", brand=remark.brand, content=content,
        once=once, at=at,
    )  # fmt: skip
