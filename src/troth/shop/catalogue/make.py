"""Make the shops' pictures from free photographs. Run by hand when one is added: it needs Pillow, the shops do not.

    python -m troth.shop.catalogue.make FOLDER_OF_PHOTOGRAPHS [slug …]

Reads tarn.toml, holm.toml and skerry.toml, writes static/shop/pictures and made.json (each picture's size and digest,
so that a page keeps its place for it). Same photographs, same pictures: nothing here is random.
"""

from __future__ import annotations

import hashlib
import json
import sys
from itertools import cycle
from pathlib import Path

from PIL import Image  # type: ignore[import-not-found,unused-ignore]

from . import BRANDS, HERE, PICTURES, Colour, read
from .darkroom import CLOSE, SMALL, Recipe, close, develop, packed

# What each house lays its clothes on. Skerry has many papers and no shadows.
PAPERS = {
    "tarn": ("#ebe4d8", "#e6ddd0", "#ece7dd"),
    "holm": ("#dfe3e5", "#d6dcdf", "#e4e6e6"),
    "skerry": ("#ffd9c9", "#ffe27a", "#cfe8f3", "#d9ecd0", "#e6dcf5"),
}
HEAL = {"cc0/t-shirt-02": (0.572, 0.411, 0.609, 0.434)}


def recipe(brand: str, colour: Colour, paper: str, photographs: Path) -> Recipe:
    mask = HERE / "masks" / f"{Path(colour.source).name}.png"
    return Recipe(
        source=photographs / f"{colour.source}.jpg",
        paper=paper,
        mask=mask if colour.source.startswith("cc0/") else None,
        dye=colour.dye,
        turn=colour.turn,
        shadow=brand != "skerry",
        heal=HEAL.get(colour.source),
    )


def main(photographs: Path, only: frozenset[str]) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    known = json.loads((HERE / "made.json").read_text("utf-8")) if (HERE / "made.json").exists() else {}
    made = {}
    for brand in BRANDS:
        papers = cycle(PAPERS[brand])
        for style in read(brand).styles:
            for colour in style.colours:
                name, paper = f"{brand}-{style.slug}-{colour.slug}", next(papers)
                if only and name not in only and name in known:
                    made[name] = known[name]
                    continue
                picture = develop(recipe(brand, colour, paper, photographs))
                made[name] = _written(name, picture)
    (HERE / "made.json").write_text(json.dumps(made, indent=1, sort_keys=True) + "\n", "utf-8")


def _written(name: str, picture: Image.Image) -> dict[str, object]:
    width, height = picture.size
    files = {
        "": packed(picture, (width, height)),
        "-small": packed(picture, SMALL),
        "-close": packed(close(picture), CLOSE),
    }
    for ending, content in files.items():
        (PICTURES / f"{name}{ending}.webp").write_bytes(content)
    return {"width": width, "height": height, "digest": hashlib.sha256(b"".join(files.values())).hexdigest()[:12]}


if __name__ == "__main__":
    main(Path(sys.argv[1]), frozenset(sys.argv[2:]))
