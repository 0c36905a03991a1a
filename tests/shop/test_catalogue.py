"""The goods: what is written in the files, what stands on the shelves, and the pictures of it."""

import json
import re
from collections import Counter

import pytest
from django.db import IntegrityError, transaction

from troth.doors import policies
from troth.shop import catalogue
from troth.shop.actions import load_catalogue
from troth.shop.errors import BadCatalogue
from troth.shop.models import Picture, Product, Variant

MOST_BYTES = 80_000
GOODS = [(b, s, c) for b in catalogue.BRANDS for s, c in catalogue.read(b).in_order()]


def webp_size(content):
    """Read width and height from the head of a WebP file (RFC 9649)."""
    assert (content[:4], content[8:12]) == (b"RIFF", b"WEBP")
    if content[12:16] == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    assert content[12:16] == b"VP8 "
    return int.from_bytes(content[26:28], "little") & 0x3FFF, int.from_bytes(content[28:30], "little") & 0x3FFF


def test_the_shops_are_the_brands_of_the_policy(today):
    assert list(catalogue.BRANDS) == list(policies.archive().in_force(today).policy.brands)


@pytest.mark.parametrize("brand", catalogue.BRANDS)
def test_each_shop_has_a_few_dozen_things_and_no_two_by_one_name(brand):
    slugs = [f"{style.slug}-{colour.slug}" for style, colour in catalogue.read(brand).in_order()]
    assert 24 <= len(slugs) <= 60
    assert [slug for slug, count in Counter(slugs).items() if count > 1] == []


@pytest.mark.parametrize("brand", catalogue.BRANDS)
def test_the_home_page_shows_only_what_there_is(brand):
    told = catalogue.read(brand)
    slugs = {f"{style.slug}-{colour.slug}" for style, colour in told.in_order()}
    shown = {told.house.hero, *told.house.edit, *(story.picture for story in told.house.stories)}
    assert shown <= slugs
    assert {story.kind for story in told.house.stories} <= set(told.kinds)


def test_what_the_outlet_sells_costs_less_than_it_did_and_less_than_next_door():
    next_door = {s.slug: s.price for b in ("tarn", "holm") for s in catalogue.read(b).styles}
    for style in catalogue.read("skerry").styles:
        assert style.was is not None
        assert all(now < before for now, before in zip(style.price, style.was, strict=True)), style.slug
        assert style.was == next_door.get(style.slug, style.was), f"{style.slug} was never sold for that"


def test_every_picture_is_there_small_enough_and_of_the_size_the_page_is_told(shelves):
    for shown in Picture.objects.all():
        for name in filter(None, (shown.file, shown.small)):
            content = (catalogue.PICTURES / name).read_bytes()
            assert len(content) <= MOST_BYTES, name
            size = (shown.width, shown.height) if name == shown.file else (480, 640)
            assert webp_size(content) == size, name


def test_no_picture_is_kept_that_no_product_shows(shelves):
    shown = {name for picture in Picture.objects.all() for name in (picture.file, picture.small) if name}
    assert {path.name for path in catalogue.PICTURES.glob("*.webp")} == shown


def test_no_picture_carries_camera_data():
    for path in catalogue.PICTURES.glob("*.webp"):
        content = path.read_bytes()
        assert not re.search(rb"EXIF|XMP |ICCP", content[12:64]), path.name


def test_every_photograph_comes_from_a_source_the_credits_name():
    credits_ = (catalogue.PICTURES / "CREDITS.md").read_text("utf-8")
    for _, _, colour in GOODS:
        folder = colour.source.partition("/")[0]
        assert f"`{folder}/…`" in credits_
        assert (catalogue.PICTURES / f"LICENCE-{folder.upper()}.txt").stat().st_size > 500


def test_loading_again_changes_nothing_and_keeps_what_was_sold(shelves):
    Variant.objects.filter(product__slug="nell-olive", size="12").update(stock=1)
    rows = [list(kind.objects.order_by("pk").values()) for kind in (Product, Variant, Picture)]

    again = load_catalogue()

    assert [list(kind.objects.order_by("pk").values()) for kind in (Product, Variant, Picture)] == rows
    assert (again.products, again.variants_added, again.withdrawn) == (len(GOODS), 0, 0)
    assert shelves.variants_added == sum(len(style.sizes) for _, style, _ in GOODS)


def test_what_left_its_file_is_withdrawn_and_not_deleted(shelves):
    gone = Product.objects.get(slug="nell-olive")
    gone.pk, gone.slug = None, "nell-gone"
    gone.save()

    assert load_catalogue().withdrawn == 1

    assert Product.objects.get(slug="nell-gone").on_sale is False
    assert Product.objects.get(slug="nell-olive").on_sale is True


def test_a_changed_word_reaches_the_shelf(shelves):
    Product.objects.filter(slug="nell-olive").update(story="An older story.", gbp=1)

    load_catalogue()

    mended = Product.objects.get(slug="nell-olive")
    assert (mended.gbp, mended.story.split()[0]) == (16500, "Gathered")


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"sizes": "boots"}, "'boots'"),
        ({"price": [1, 2]}, "values"),
        (
            {"colour": [{"say": "Red", "family": "red", "from": "cc0/dress-03", "stock": [1]}]},
            "1 stock numbers for 5 sizes",
        ),
    ],
)
def test_a_broken_style_is_refused_by_name(broken, why):
    entry = {
        "slug": "odd",
        "name": "Odd",
        "kind": "dresses",
        "price": [1, 2, 3],
        "sizes": "dress",
        "words": "",
        "made": "",
        "care": "",
        "fit": "",
        "seen": "",
        "colour": [],
    }
    with pytest.raises(BadCatalogue, match=f"tarn.toml, style 'odd'.*{why}|tarn.toml, style 'odd', Red: {why}"):
        catalogue._style("tarn", entry | broken)


def test_a_load_that_cannot_finish_changes_nothing(shelves, monkeypatch):
    made = dict(catalogue.made())
    made.pop("skerry-keld-flare-orange")
    monkeypatch.setattr(catalogue, "made", lambda: made)
    Product.objects.filter(slug="nell-olive").update(gbp=1)

    with pytest.raises(BadCatalogue, match="no picture of skerry-keld-flare-orange"):
        load_catalogue()

    assert Product.objects.get(slug="nell-olive").gbp == 1


def test_the_database_refuses_to_sell_what_is_not_there(shelves):
    last = Variant.objects.get(product__slug="nell-olive", size="16")
    with pytest.raises(IntegrityError), transaction.atomic():
        Variant.objects.filter(pk=last.pk).update(stock=-1)


def test_what_was_made_is_written_down_for_every_product():
    assert set(json.loads((catalogue.HERE / "made.json").read_text("utf-8"))) == {
        f"{b}-{s.slug}-{c.slug}" for b, s, c in GOODS
    }
