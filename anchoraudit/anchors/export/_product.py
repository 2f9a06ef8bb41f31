"""The nearest sizes x ratios to anchors that are free in width and height.

Frameworks that take a list of sizes and one of ratios lay out every combination. A size is the root of an
anchor's area, a ratio its height / width; distances are taken between their logarithms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anchoraudit.anchors.file import Anchor
from anchoraudit.boxes import Float

Int = npt.NDArray[np.int64]

_GAIN = 1e-12  # a smaller gain is rounding


@dataclass(frozen=True, slots=True)
class Product:
    """Logarithms of scales [s] and ratios [r], as fitted.

    distance: summed squares between the logarithms of the anchors' sides and those of what they became.
    """

    log_scales: Float
    log_ratios: Float
    distance: float


def nearest_product(levels: Sequence[Sequence[Anchor]]) -> tuple[tuple[float, ...], Product]:
    """Find scales and ratios, the same for all levels, and each level's base: m anchors on every level.

    Of the products of `all_products`, the nearest; of equally near ones, that of the fewest scales.
    """
    bases, products = all_products(levels)
    return bases, min(products, key=lambda product: round(product.distance, 9))


def all_products(levels: Sequence[Sequence[Anchor]]) -> tuple[tuple[float, ...], list[Product]]:
    """Each level's base, and for every number of scales and ratios whose product is m the nearest ones.

    A level has its base x scale as sizes; the base is the mean size of its anchors, so scales lie around 1.
    """
    shapes = np.log(np.array(levels, dtype=np.float64))  # [L, m, 2]
    size, ratio = shapes.mean(axis=2), shapes[:, :, 1] - shapes[:, :, 0]
    base = size.mean(axis=1)
    m = shapes.shape[1]
    products = [_fitted(size - base[:, None], ratio, s, m // s) for s in range(1, m + 1) if m % s == 0]
    return tuple(np.exp(base).tolist()), products


def sides(log_sizes: Float, log_ratios: Float) -> tuple[Anchor, ...]:
    """Widths and heights of every size with every ratio, given their logarithms."""
    half = np.tile(log_ratios, len(log_sizes)) / 2
    size = np.repeat(log_sizes, len(log_ratios))
    return tuple(zip(np.exp(size - half).tolist(), np.exp(size + half).tolist(), strict=True))


def _fitted(size: Float, ratio: Float, s: int, r: int) -> Product:
    """Assign the anchors of each level to the s x r combinations and fit those, in turn, until it settles.

    size, ratio: logarithms [L, m].
    """
    cell = _first(size, ratio, s, r)
    while True:
        scales, ratios = _means(size, ratio, cell, s, r)
        # Sides are size -+ ratio / 2: both together are off by 2 squared steps of size and 1/2 of ratio.
        cost = 2 * (size[:, :, None] - np.repeat(scales, r)) ** 2
        cost += (ratio[:, :, None] - np.tile(ratios, s)) ** 2 / 2
        exchanged = [_exchanged(table, own) for table, own in zip(cost, cell, strict=True)]
        if not any(exchanged):
            break
    return Product(scales, ratios, float(np.take_along_axis(cost, cell[:, :, None], axis=2).sum()))


def _first(size: Float, ratio: Float, s: int, r: int) -> Int:
    """Combination of each anchor [L, m] to begin with: r groups by ratio, within each s by size."""
    cell = np.empty(size.shape, dtype=np.int64)
    for level in range(len(size)):
        by_ratio = np.argsort(ratio[level], kind="stable").reshape(r, s)
        for j, group in enumerate(by_ratio):
            cell[level, group[np.argsort(size[level, group], kind="stable")]] = np.arange(s) * r + j
    return cell


def _means(size: Float, ratio: Float, cell: Int, s: int, r: int) -> tuple[Float, Float]:
    """Scales [s] and ratios [r] that are nearest to what is assigned to them."""
    scales = np.array([size[cell // r == i].mean() for i in range(s)])
    ratios = np.array([ratio[cell % r == j].mean() for j in range(r)])
    return scales, ratios


def _exchanged(cost: Float, cell: Int) -> bool:
    """Let anchors of a level exchange combinations, in place, as long as that lowers the cost [m, m]."""
    any_at_all = False
    while True:
        wanted = cost[:, cell]  # [a, b]: anchor a with the combination of b
        own = np.diag(wanted)
        change = wanted + wanted.T - own[:, None] - own[None, :]
        a, b = divmod(int(change.argmin()), len(cell))
        if change[a, b] > -_GAIN:
            return any_at_all
        cell[[a, b]] = cell[[b, a]]
        any_at_all = True
