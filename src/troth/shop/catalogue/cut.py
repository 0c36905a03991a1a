"""Cut a garment out of the photograph of a floor. Run by hand, once for a photograph: it needs OpenCV (see make.py).

    python -m troth.shop.catalogue.cut FOLDER_OF_PHOTOGRAPHS name …

Writes masks/NAME.png, white where the garment is. GrabCut is told where to look (a frame), what cannot be cloth (too
bright for it, or a hanger), and finds the rest. Look at each mask before it is kept.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2  # type: ignore[import-not-found,unused-ignore]
import numpy as np
from numpy.typing import NDArray

from . import HERE

Mask = NDArray[np.uint8]
Box = tuple[float, float, float, float]  # left, top, right, bottom, as parts of the photograph

FRAMES: dict[str, Box] = {
    "dress-01": (0.28, 0.06, 0.8, 0.995),
    "dress-02": (0.2, 0.12, 0.86, 0.82),
    "dress-03": (0.03, 0.18, 0.97, 0.88),
    "dress-04": (0.22, 0, 0.86, 0.99),
    "hat-01": (0, 0.14, 0.97, 0.86),
    "hat-02": (0.09, 0.17, 0.88, 0.76),
    "longsleeve-01": (0.04, 0.18, 0.97, 0.65),
    "longsleeve-02": (0.02, 0.14, 0.98, 0.84),
    "longsleeve-03": (0.06, 0.04, 0.95, 0.93),
    "longsleeve-04": (0.04, 0.17, 0.99, 0.88),
    "outwear-01": (0.01, 0.25, 0.99, 0.9),
    "outwear-02": (0.09, 0.08, 0.95, 0.95),
    "outwear-03": (0.01, 0.19, 0.98, 0.84),
    "pants-01": (0.04, 0.13, 0.98, 0.83),
    "pants-02": (0.24, 0.13, 0.78, 0.86),
    "pants-03": (0.05, 0.06, 0.97, 0.995),
    "shirt-02": (0.03, 0.18, 0.97, 0.93),
    "shoes-01": (0.14, 0.1, 0.84, 0.75),
    "shoes-02": (0.17, 0.24, 0.8, 0.76),
    "shorts-02": (0.03, 0.05, 0.98, 0.97),
    "shorts-03": (0.13, 0.22, 0.87, 0.72),
    "skirt-01": (0.15, 0.05, 0.83, 0.91),
    "skirt-02": (0.03, 0.1, 0.98, 0.79),
    "skirt-03": (0.02, 0.05, 0.98, 0.97),
    "skirt-05": (0.08, 0, 0.99, 0.97),
    "t-shirt-01": (0, 0.2, 0.96, 0.9),
    "t-shirt-02": (0.03, 0.23, 0.93, 0.93),
}
# Brighter than this is floor, where the cloth is dark.
DARK = {
    "dress-02": 165,
    "longsleeve-01": 110,
    "longsleeve-02": 125,
    "outwear-01": 120,
    "outwear-03": 140,
    "pants-01": 105,
    "pants-03": 110,
    "shoes-01": 105,
    "skirt-02": 150,
}
NOT_CLOTH: dict[str, tuple[Box, ...]] = {
    "dress-01": (
        (0.36, 0, 0.64, 0.088),
        (0.24, 0, 0.345, 0.145),
        (0.66, 0, 0.86, 0.13),
        (0, 0, 1, 0.055),
    ),
    "dress-02": ((0.02, 0.3, 0.215, 0.7),),
    "dress-04": ((0, 0, 1, 0.07),),
    "longsleeve-03": ((0.3, 0, 0.6, 0.055),),
    "shoes-01": ((0.44, 0.45, 0.47, 0.75),),
    "skirt-01": ((0.8, 0.3, 0.99, 0.47),),
}
SPECKLED = frozenset({"longsleeve-01", "dress-02"})  # the joints of the tiles stick to these


def cut(photograph: Path) -> Mask:
    """Return the mask of the garment in a photograph."""
    name, photo = photograph.stem, cv2.imread(str(photograph))
    mask = _hinted(name, photo)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(cv2.bilateralFilter(photo, 7, 40, 7), mask, None, *models, 8, cv2.GC_INIT_WITH_MASK)
    cloth = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    cloth = cv2.morphologyEx(cloth, cv2.MORPH_OPEN, _disc(7 if name in SPECKLED else 3))
    return _whole(cv2.morphologyEx(cloth, cv2.MORPH_CLOSE, _disc(5))) * np.uint8(255)


def _hinted(name: str, photo: Mask) -> Mask:
    mask = np.full(photo.shape[:2], cv2.GC_BGD, np.uint8)
    mask[_inside(FRAMES[name], mask)] = cv2.GC_PR_FGD
    if name in DARK:
        mask[cv2.GaussianBlur(photo, (0, 0), 0.8).max(2) > DARK[name]] = cv2.GC_BGD
    for box in NOT_CLOTH.get(name, ()):
        mask[_inside(box, mask)] = cv2.GC_BGD
    return mask


def _inside(box: Box, mask: Mask) -> tuple[slice, slice]:
    height, width = mask.shape
    return slice(int(box[1] * height), int(box[3] * height)), slice(int(box[0] * width), int(box[2] * width))


def _disc(size: int) -> Mask:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))  # type: ignore[no-any-return,unused-ignore]


def _whole(cloth: Mask) -> Mask:
    """Keep the large pieces, and close the small holes in them."""
    pieces, label, stats, _ = cv2.connectedComponentsWithStats(cloth)
    large = [n for n in range(1, pieces) if stats[n, cv2.CC_STAT_AREA] > stats[1:, cv2.CC_STAT_AREA].max() * 0.25]
    kept = np.isin(label, large).astype(np.uint8)
    holes, label, stats, _ = cv2.connectedComponentsWithStats(1 - kept)
    small = [n for n in range(1, holes) if stats[n, cv2.CC_STAT_AREA] < cloth.size * 0.004]
    kept[np.isin(label, small)] = 1
    return kept


if __name__ == "__main__":
    for wanted in sys.argv[2:]:
        cv2.imwrite(str(HERE / "masks" / f"{wanted}.png"), cut(Path(sys.argv[1]) / f"{wanted}.jpg"))
