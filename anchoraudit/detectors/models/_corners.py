"""Find the sizes and aspect ratios from which a framework made the anchors of a level.

A built model has anchors as corners in float32, in the order of sizes and, within each, of ratios:
w = sqrt(size^2 / ratio), h = ratio * w. Of the numbers that make the same float32 corners, the one is taken
that a person would have written: 2^(k/n) times the first size, or a short one.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

_OCTAVES = (2, 3, 4)  # n: sizes in an octave
_DIGITS = 10
_NEAR = 3e-7  # relative; float32 rounds corners by 6e-8, and a ratio is of two of them


def sizes_and_ratios(corners: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the sizes and the ratios (height to width) of a level's anchors, in pixels.

    corners: x1, y1, x2, y2 of each anchor around 0, in pixels of the input, rounded to float32.

    Raises ValueError if the anchors are no product of sizes and ratios in that order.

    Examples
    --------
    >>> sizes_and_ratios([[-16, -16, 16, 16], [-32, -32, 32, 32]])
    ((32.0, 64.0), (1.0,))
    """
    shapes = [(x2 - x1, y2 - y1) for x1, y1, x2, y2 in corners]
    if not all(w > 0 and h > 0 and math.isfinite(w * h) for w, h in shapes):
        raise ValueError("an anchor has no area")
    roots = [math.sqrt(w * h) for w, h in shapes]
    other = (at for at, root in enumerate(roots) if not math.isclose(root, roots[0], rel_tol=_NEAR))
    count = next(other, len(roots))
    ratios = tuple(short(h / w) for w, h in shapes[:count])
    sizes: list[float] = []
    for at in range(0, len(shapes), max(count, 1)):
        group = corners[at : at + count]
        root = roots[at]
        size = next((one for one in _written(root, sizes) if _makes(one, ratios, group, exactly=True)), root)
        if not _makes(size, ratios, group, exactly=False):
            raise ValueError("the anchors of a level are no product of sizes and aspect ratios")
        sizes.append(size)
    return tuple(sizes), ratios


def _written(root: float, before: list[float]) -> list[float]:
    """Return the numbers that a size may have been written as. before: the sizes before it."""
    octaves = [
        before[0] * 2 ** (round(per * math.log2(root / before[0])) / per) for per in _OCTAVES if before
    ]
    return [*octaves, short(root)]


def short(value: float) -> float:
    """Return the number with the fewest digits that float32 rounds to nearly the same.

    Examples
    --------
    >>> short(0.3333333432674408), short(0.1599999964237213)
    (0.3333333, 0.16)
    """
    rounded = (round(value, digits) for digits in range(_DIGITS))
    return next((one for one in rounded if math.isclose(one, value, rel_tol=_NEAR)), value)


def _makes(
    size: float, ratios: tuple[float, ...], corners: Sequence[Sequence[float]], *, exactly: bool
) -> bool:
    """Tell whether a size and these ratios make the corners, as float32 or nearly."""
    if len(ratios) != len(corners):
        return False
    for ratio, (*_, x2, y2) in zip(ratios, corners, strict=True):
        width = math.sqrt(size**2.0 / ratio)
        for side, end in ((width, x2), (ratio * width, y2)):
            same = _float32(side / 2) == end if exactly else math.isclose(side / 2, end, rel_tol=10 * _NEAR)
            if not same:
                return False
    return True


def _float32(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])
