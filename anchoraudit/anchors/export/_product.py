"""The sizes x ratios nearest to anchors of any width and height.

Some frameworks take a list of sizes and a list of ratios, and use every combination. A size is the square
root of an anchor's area, a ratio its height / width. Distances are between logarithms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anchoraudit.anchors.file import Anchor
from anchoraudit.arrays import Float, Int

_GAIN = 1e-12  # a smaller gain is rounding


@dataclass(frozen=True, slots=True)
class Product:
    """Logarithms of scales [s] and ratios [r].

    distance: summed squared differences between the log sides of the anchors and those of their combinations.
    """

    log_scales: Float
    log_ratios: Float
    distance: float


def nearest_product(levels: Sequence[Sequence[Anchor]]) -> tuple[tuple[float, ...], Product]:
    """Return each level's base, and the scales and ratios that all levels share. Each level has m anchors.

    It is the nearest of `all_products`; among equally near ones, the one with the fewest scales.
    """
    bases, products = all_products(levels)
    return bases, min(products, key=lambda product: round(product.distance, 9))


def all_products(levels: Sequence[Sequence[Anchor]]) -> tuple[tuple[float, ...], list[Product]]:
    """Return each level's base, and the nearest product for each way to write m as scales x ratios.

    A level's sizes are its base x scales. The base is the mean size of its anchors, so scales lie around 1.
    """
    shapes = np.log(np.array(levels, dtype=np.float64))  # [L, m, 2]
    size, ratio = shapes.mean(axis=2), shapes[:, :, 1] - shapes[:, :, 0]
    base = size.mean(axis=1)
    m = shapes.shape[1]
    products = [_fitted(size - base[:, None], ratio, s, m // s) for s in range(1, m + 1) if m % s == 0]
    return tuple(np.exp(base).tolist()), products


def sides(log_sizes: Float, log_ratios: Float) -> tuple[Anchor, ...]:
    """Return width and height of every size with every ratio, given their logarithms."""
    half = np.tile(log_ratios, len(log_sizes)) / 2
    size = np.repeat(log_sizes, len(log_ratios))
    return tuple(zip(np.exp(size - half).tolist(), np.exp(size + half).tolist(), strict=True))


def _fitted(size: Float, ratio: Float, s: int, r: int) -> Product:
    """Assign the anchors of each level to s x r combinations, fit the combinations, and repeat until stable.

    size, ratio: logarithms [L, m].
    """
    cell = _first(size, ratio, s, r)
    while True:
        scales, ratios = _means(size, ratio, cell, s, r)
        # The sides are size -+ ratio / 2, so their summed squared errors are 2 size^2 + ratio^2 / 2.
        cost = 2 * (size[:, :, None] - np.repeat(scales, r)) ** 2
        cost += (ratio[:, :, None] - np.tile(ratios, s)) ** 2 / 2
        exchanged = [_exchanged(table, own) for table, own in zip(cost, cell, strict=True)]
        if not any(exchanged):
            break
    return Product(scales, ratios, float(np.take_along_axis(cost, cell[:, :, None], axis=2).sum()))


def _first(size: Float, ratio: Float, s: int, r: int) -> Int:
    """Return the first combination of each anchor [L, m]: r groups by ratio, each ordered by size."""
    cell = np.empty(size.shape, dtype=np.int64)
    for level in range(len(size)):
        by_ratio = np.argsort(ratio[level], kind="stable").reshape(r, s)
        for j, group in enumerate(by_ratio):
            cell[level, group[np.argsort(size[level, group], kind="stable")]] = np.arange(s) * r + j
    return cell


def _means(size: Float, ratio: Float, cell: Int, s: int, r: int) -> tuple[Float, Float]:
    """Return the scales [s] and ratios [r] nearest to the anchors assigned to them."""
    scales = np.array([size[cell // r == i].mean() for i in range(s)])
    ratios = np.array([ratio[cell % r == j].mean() for j in range(r)])
    return scales, ratios


def _exchanged(cost: Float, cell: Int) -> bool:
    """Let two anchors of a level swap combinations, in place, as long as that lowers the cost [m, m]."""
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
