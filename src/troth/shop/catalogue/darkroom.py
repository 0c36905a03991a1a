"""How a photograph becomes a shop's picture: cut out, coloured, laid on the brand's paper, and made small.

Only `make` uses this, by hand, when a picture is added. Nothing here runs in a shop, which needs no Pillow.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter  # type: ignore[import-not-found,unused-ignore]

Plane = NDArray[np.float64]
SIZE = (840, 1120)  # 3 : 4, as the photographs of people are
SMALL = (480, 640)
CLOSE = (450, 600)
MOST = 80_000  # bytes of one picture
ROOM = (0.86, 0.78)  # how much of the paper a garment may fill
LIGHT = np.array([0.2126, 0.7152, 0.0722])  # how bright the eye finds red, green and blue (Rec. 709)


@dataclass(frozen=True)
class Recipe:
    """How one picture is made."""

    source: Path
    paper: str  # "#rrggbb": the ground a cut-out lies on
    mask: Path | None = None  # white where the garment is; without one the photograph is used as it is
    dye: str = ""  # the colour of the cloth, where the garment was another
    turn: int = 0  # or by how many degrees each of its colours moves round the wheel
    shadow: bool = True
    heal: tuple[float, float, float, float] | None = None  # a maker's mark to be covered with the cloth beside it


def develop(recipe: Recipe) -> Image.Image:
    """Return the picture at its full size."""
    photo = Image.open(recipe.source).convert("RGB")
    if recipe.heal:
        photo = _healed(photo, recipe.heal)
    if recipe.mask is None:
        return _framed(photo)
    mask = Image.open(recipe.mask).convert("L")
    garment, edge = _enlarged(photo, mask)
    cloth = _dyed(garment, edge, recipe.dye) if recipe.dye else _turned(garment, recipe.turn)
    return _laid(cloth, edge, recipe)


def close(picture: Image.Image) -> Image.Image:
    """Return the middle of a picture, for a look at the cloth."""
    width, height = (round(side * 0.54) for side in picture.size)
    left, top = (picture.width - width) // 2, round(picture.height * 0.2)
    return picture.crop((left, top, left + width, top + height))


def packed(picture: Image.Image, size: tuple[int, int]) -> bytes:
    """Return a picture as WebP, as good as fits into MOST bytes."""
    made = picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)
    for quality in range(84, 30, -6):
        file = BytesIO()
        made.save(file, "WEBP", quality=quality, method=6)
        if file.tell() <= MOST:
            return file.getvalue()
    raise ValueError(f"A picture of {size} does not fit into {MOST} bytes.")


def _framed(photo: Image.Image) -> Image.Image:
    """Return a photograph cut to 3 : 4 from its middle."""
    width, height = photo.size
    wanted = min(width, height * 3 // 4), min(height, width * 4 // 3)
    left, top = (width - wanted[0]) // 2, (height - wanted[1]) // 2
    cut = photo.crop((left, top, left + wanted[0], top + wanted[1]))
    return cut if cut.width <= SIZE[0] else cut.resize(SIZE, Image.Resampling.LANCZOS)


def _healed(photo: Image.Image, where: tuple[float, float, float, float]) -> Image.Image:
    left, top, right, bottom = (round(v * photo.size[i % 2]) for i, v in enumerate(where))
    patch = photo.crop((2 * right - left, top, 3 * right - 2 * left, bottom))
    soft = Image.new("L", patch.size, 0)
    soft.paste(255, (2, 2, patch.width - 2, patch.height - 2))
    photo.paste(patch, (left, top), soft.filter(ImageFilter.GaussianBlur(1.5)))
    return photo


def _enlarged(photo: Image.Image, mask: Image.Image) -> tuple[Plane, Plane]:
    """Return the garment and its soft edge, as large as they may lie on the paper."""
    box = mask.getbbox()
    if box is None:
        raise ValueError("The mask is empty.")
    box = (max(0, box[0] - 4), max(0, box[1] - 4), min(mask.width, box[2] + 4), min(mask.height, box[3] + 4))
    photo, mask = _cloth_only(photo, mask).crop(box), mask.crop(box)
    scale = min(SIZE[0] * ROOM[0] / photo.width, SIZE[1] * ROOM[1] / photo.height)
    size = round(photo.width * scale), round(photo.height * scale)
    large = photo.resize(size, Image.Resampling.LANCZOS).filter(ImageFilter.UnsharpMask(2.2, 45, 3))
    calm = mask.filter(ImageFilter.MedianFilter(5)).resize(size, Image.Resampling.BICUBIC)
    edge = calm.filter(ImageFilter.GaussianBlur(scale * 1.6))
    ramp = np.clip((np.asarray(edge, float) / 255 - 0.5) / 0.26, 0, 1)  # a little inside: no fringe of the old floor
    return np.asarray(large, float) / 255, ramp


def _cloth_only(photo: Image.Image, mask: Image.Image) -> Image.Image:
    """Spread the cloth's own colour past its edge, so that the floor does not shine through there."""
    inner = np.asarray(mask.filter(ImageFilter.MinFilter(7)), float)[..., None] / 255
    colours = np.asarray(photo, float)
    near = _blurred(colours * inner, 4) / np.maximum(_blurred(inner.repeat(3, 2), 4), 1e-3)
    return Image.fromarray((colours * inner + near * (1 - inner)).clip(0, 255).astype(np.uint8))


def _blurred(plane: Plane, radius: float) -> Plane:
    scale = max(float(plane.max()), 1e-6)
    soft = Image.fromarray((plane / scale * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(soft, float) / 255 * scale


def _dyed(cloth: Plane, edge: Plane, colour: str) -> Plane:
    """Give the cloth another colour and leave it its folds: shade follows the brightness it had."""
    grey = Image.fromarray((cloth @ LIGHT * 255).astype(np.uint8)).filter(ImageFilter.MedianFilter(5))
    light = np.asarray(grey, float) / 255
    usual = float(np.median(light[edge > 0.9]))
    fold = np.clip((light + 0.04) / (usual + 0.04), 0.3, 2.2) ** (0.55 if usual < 0.25 else 0.9)
    dyed = rgb(colour) * fold[..., None]
    shine = np.clip((fold - 1.25) / 1.6, 0, 0.55)[..., None]  # what shone before still does
    return np.clip(dyed * (1 - shine) + shine, 0, 1)


def _turned(cloth: Plane, degrees: int) -> Plane:
    if not degrees:
        return cloth
    hsv = np.asarray(Image.fromarray((cloth * 255).astype(np.uint8)).convert("HSV")).copy()
    hsv[..., 0] = (hsv[..., 0].astype(int) + round(degrees / 360 * 256)) % 256
    return np.asarray(Image.fromarray(hsv, "HSV").convert("RGB"), float) / 255


def _laid(cloth: Plane, edge: Plane, recipe: Recipe) -> Image.Image:
    """Lay the garment on its paper, lit from above."""
    height, width = edge.shape
    left, top = (SIZE[0] - width) // 2, (SIZE[1] - height) // 2
    alpha = np.zeros((SIZE[1], SIZE[0]))
    alpha[top : top + height, left : left + width] = edge
    ground = np.ones((SIZE[1], SIZE[0], 1)) * rgb(recipe.paper)
    if recipe.shadow:
        ground = ground * (1 - 0.30 * np.roll(_blurred(alpha, 9), (7, 3), (0, 1)))[..., None]
        ground = ground * (1 - 0.16 * np.roll(_blurred(alpha, 34), (26, 0), (0, 1)))[..., None]
    ground[top : top + height, left : left + width] *= 1 - edge[..., None]
    ground[top : top + height, left : left + width] += cloth * edge[..., None]
    return Image.fromarray((ground * 255).round().clip(0, 255).astype(np.uint8))


def rgb(colour: str) -> Plane:
    """Return red, green and blue between 0 and 1.

    >>> rgb("#ff0000").tolist()
    [1.0, 0.0, 0.0]
    """
    return np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
