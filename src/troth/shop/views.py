"""The shops' public pages. They read shelves and nothing about whoever looks at them."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Q, Sum, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from . import catalogue, inviting
from .brands import doors
from .models import Picture, Product, ProductQuerySet, Variant
from .pages import Card, Shop, card, controller, public, shop
from .rules import LONGEST_TEXT, ORDERS, Filters, Known, filters
from .search import known, search
from .styles import recent

ON_A_PAGE = 24
MOST_PICTURES = 12  # of one product
BESIDE = 4  # how many other things a product's page shows
Context = dict[str, object]


@public
def houses(request: HttpRequest) -> HttpResponse:
    """Show the door to the three brands."""
    ways = [(brand, way, catalogue.read(brand.slug).house) for brand, way in doors(request)]
    heroes = {f"{brand.slug}-{told.hero}": (brand, way, told) for brand, way, told in ways}
    covers = {picture.file.removesuffix(".webp"): picture for picture in _named(list(heroes))}
    context = {
        "houses": [(*told, covers.get(name)) for name, told in heroes.items()],
        "controller": controller(ways[0][0].slug),
    }
    return render(request, "shop/houses.html", context)


def _named(names: list[str]) -> list[Picture]:
    return list(Picture.objects.filter(file__in=[f"{name}.webp" for name in names]))


@public
def home(request: HttpRequest, brand: str) -> HttpResponse:
    here = shop(request, brand)
    told = here.house
    shown = {told.hero, *told.edit, *(story.picture for story in told.stories)}
    products = Product.objects.for_sale(brand).filter(slug__in=shown).with_cover().with_stock()
    cards = {product.slug: card(here, product) for product in products}
    stories = [(s, cards[s.picture], here.to("shelf", {"kind": s.kind})) for s in told.stories if s.picture in cards]
    context: Context = {
        "shop": here,
        "hero": cards.get(told.hero),
        "edit": [cards[slug] for slug in told.edit if slug in cards],
        "stories": stories,
    }
    return render(request, "shop/home.html", context)


@public
def shelf(request: HttpRequest, brand: str) -> HttpResponse:
    return _shelf(request, shop(request, brand), "")


@public  # what was looked for is answered and forgotten: remembering it is another purpose, and takes a yes
def found(request: HttpRequest, brand: str) -> HttpResponse:
    return _shelf(request, shop(request, brand), _shown(request.GET.get("q", "")))


def _shelf(request: HttpRequest, here: Shop, text: str) -> HttpResponse:
    offered = known(here.brand.slug)
    narrowed = filters(request.GET, offered)
    ids = search(here.brand.slug, text, narrowed)
    page = Paginator(ids, ON_A_PAGE).get_page(request.GET.get("page"))
    context: Context = {
        "shop": here,
        "text": text,
        "searching": "search" in request.path,
        "count": len(ids),
        "cards": _cards(here, list(page)),
        "page": page,
        "filters": narrowed,
        "groups": _groups(offered, narrowed),
        "orders": [(slug, say, slug == narrowed.order) for slug, say in ORDERS.items()],
        "title": _title(here, text, narrowed, offered),
        "chips": _chips(request, offered, narrowed),
        "clear": here.to("search", {"q": text}) if text else here.to("shelf"),
        "elsewhere": _elsewhere(here, text) if text and not ids else [],
        "rest": _rest(request),
        "low": _typed(narrowed.low),
        "high": _typed(narrowed.high),
    }
    return render(request, "shop/shelf.html", context)


def _shown(text: str) -> str:
    """Return what was typed so that it can be shown and mended."""
    return "".join(c if c.isprintable() else " " for c in text[:LONGEST_TEXT]).strip()


def _cards(here: Shop, ids: list[int]) -> list[Card]:
    products = {product.pk: product for product in Product.objects.filter(pk__in=ids).with_cover().with_stock()}
    return [card(here, products[id_]) for id_ in ids if id_ in products]


def _title(here: Shop, text: str, narrowed: Filters, offered: Known) -> str:
    if text:
        return f"“{text}”"
    if len(narrowed.kinds) == 1:
        return offered.kinds[next(iter(narrowed.kinds))]
    return "Everything"


def _groups(offered: Known, narrowed: Filters) -> list[tuple[str, str, list[tuple[str, str, bool]], int]]:
    """Return the filters with many answers: name, heading, each answer with whether it was given, and how many were."""
    kinds = [(slug, say, slug in narrowed.kinds) for slug, say in offered.kinds.items()]
    sizes = [(size, size, size in narrowed.sizes) for size in offered.sizes]
    families = [(family, family.capitalize(), family in narrowed.families) for family in offered.families]
    groups = (("kind", "Kind", kinds), ("size", "Size", sizes), ("colour", "Colour", families))
    return [(name, say, answers, sum(given for *_, given in answers)) for name, say, answers in groups]


def _chips(request: HttpRequest, offered: Known, narrowed: Filters) -> list[tuple[str, str]]:
    """Return each filter in use, with the address of the page without it."""
    given = [("kind", kind, offered.kinds[kind]) for kind in offered.kinds if kind in narrowed.kinds]
    given += [
        ("size", size, f"Size {size}" if size != "One size" else size)
        for size in offered.sizes
        if size in narrowed.sizes
    ]
    given += [("colour", family, family.capitalize()) for family in offered.families if family in narrowed.families]
    chips = [(say, _without(request, name, value)) for name, value, say in given]
    if narrowed.low is not None or narrowed.high is not None:
        chips.append(("Price", _without(request, "from", None, "to")))
    if narrowed.in_stock:
        chips.append(("In stock", _without(request, "stock", None)))
    return chips


def _without(request: HttpRequest, name: str, value: str | None, also: str = "page") -> str:
    rest = request.GET.copy()
    rest.setlist(name, [one for one in rest.getlist(name) if value is not None and one != value])
    for gone in ("page", also):
        rest.pop(gone, None)
    return f"?{rest.urlencode()}"


def _rest(request: HttpRequest) -> str:
    """Return the address's question without its page, to put another page after it."""
    rest = request.GET.copy()
    rest.pop("page", None)
    return f"{rest.urlencode()}&" if rest else ""


def _typed(minor: int | None) -> str:
    """Return a price as it is typed into a filter."""
    return "" if minor is None else f"{minor / 100:.2f}".removesuffix(".00")


def _elsewhere(here: Shop, text: str) -> list[tuple[str, str, int]]:
    """Return which of the other houses has what was looked for, and how much of it."""
    counts = [
        (brand, way, len(search(brand.slug, text, Filters()))) for brand, way in here.others if brand != here.brand
    ]
    return [(brand.say, f"{way}search/", count) for brand, way, count in counts if count]


@public
def product(request: HttpRequest, brand: str, slug: str) -> HttpResponse:
    here = shop(request, brand)
    variants = list(Variant.objects.select_related("product").filter(product__in=_one(brand, slug)))
    if not variants:
        return render(request, "shop/missing.html", {"shop": here}, status=404)
    one = variants[0].product
    pictures, others = _seen(one)
    beside = [card(here, other) for other in others]
    sisters = [other for other in beside if other.product.style == one.style]
    rail = list({other.product.style: other for other in reversed(beside) if other not in sisters}.values())[::-1]
    context: Context = {
        "shop": here,
        "card": card(here, one),
        "kind": here.kinds.get(one.kind, one.kind),
        "kind_way": here.to("shelf", {"kind": one.kind}),
        "pictures": pictures,
        "variants": variants,
        "sold_out": not any(variant.stock for variant in variants),
        "sisters": sisters,
        "recent": recent(request, here, slug),
        "invited": inviting.waits(request, brand),
        "beside": rail[:BESIDE],
        "prices": [price for price in one.prices if price.currency.code != here.currency],
    }
    return render(request, "shop/product.html", context)


def _one(brand: str, slug: str) -> ProductQuerySet:
    return Product.objects.for_sale(brand).filter(slug=slug)


def _seen(one: Product) -> tuple[list[Picture], list[Product]]:
    """Return a product's pictures, and what stands beside it with a picture each, in one query for both.

    Beside it are its other colours, then others of its kind, then whatever stands in the window.
    """
    near = Case(
        When(product=one, then=Value(0)), When(product__style=one.style, then=Value(1)),
        When(product__kind=one.kind, then=Value(2)), default=Value(3), output_field=IntegerField(),
    )  # fmt: skip
    wanted = Q(product=one) | Q(place=0, product__in=Product.objects.for_sale(one.brand))
    rows = Picture.objects.filter(wanted).select_related("product").alias(near=near)
    rows = rows.annotate(left=Coalesce(Sum("product__variants__stock"), 0))
    own, others = list[Picture](), list[Product]()
    for picture in rows.order_by("near", "product__place", "place")[: MOST_PICTURES + BESIDE * 5]:
        if picture.product_id == one.pk:
            own.append(picture)
        else:
            picture.product.left, picture.product.covers = picture.left, [picture]
            others.append(picture.product)
    return own, others[: BESIDE * 5]
