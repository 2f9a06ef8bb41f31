"""Sizes and ratios that suit the boxes best: first the nearest to the anchors, then moved one by one.

Anchors that were chosen one by one lose some of their quality when they become sizes x ratios. Moving the
sizes and ratios regains part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from anchoraudit.anchors.export._product import Product, all_products, nearest_product, sides
from anchoraudit.anchors.foreground.levels import OnLevel
from anchoraudit.arrays import Float

# Returns what to minimise, given anchors by level: anything that can be compared.
Judge = Callable[[Sequence[OnLevel]], Any]
Lists = tuple[tuple[float, ...], tuple[float, ...]]

FIRST_STEP, LAST_STEP = 0.16, 0.01  # of a logarithm: 17 % first, 1 % at the end
MOST_ROUNDS = 30
EXACT = 1e-9  # a smaller distance is rounding


def sizes_and_ratios(levels: Sequence[OnLevel], judge: Judge) -> list[Lists]:
    """Return sizes and ratios for each level by itself, ascending."""
    start: list[Float] = []
    distance = 0.0
    for level in levels:
        (base,), product = nearest_product([level.anchors])
        start += [product.log_scales + np.log(base), product.log_ratios]
        distance += product.distance

    def laid_out(lists: Sequence[Float]) -> list[OnLevel]:
        pairs = zip(levels, lists[::2], lists[1::2], strict=True)
        return [OnLevel(level.stride, sides(sizes, ratios)) for level, sizes, ratios in pairs]

    found = start if distance < EXACT else _moved(start, lambda lists: judge(laid_out(lists)))
    return [(_values(sizes), _values(ratios)) for sizes, ratios in zip(found[::2], found[1::2], strict=True)]


def bases_scales_ratios(levels: Sequence[OnLevel], judge: Judge) -> tuple[tuple[float, ...], Lists]:
    """Return a base for each level, in order, and the scales and ratios that all levels share, ascending."""
    bases, products = all_products([level.anchors for level in levels])

    def laid_out(lists: Sequence[Float]) -> list[OnLevel]:
        logs, scales, ratios = lists
        pairs = zip(levels, logs, strict=True)
        return [OnLevel(level.stride, sides(scales + base, ratios)) for level, base in pairs]

    def start(product: Product) -> list[Float]:
        return [np.log(bases), product.log_scales, product.log_ratios]

    nearest = min(products, key=lambda product: round(product.distance, 9))
    if nearest.distance < EXACT:
        found = start(nearest)
    else:  # all levels share them, so every split into scales x ratios is tried
        tried = [_moved(start(product), lambda lists: judge(laid_out(lists))) for product in products]
        found = min(tried, key=lambda lists: judge(laid_out(lists)))
    return tuple(np.exp(found[0]).tolist()), (_values(found[1]), _values(found[2]))


def _values(logs: Float) -> tuple[float, ...]:
    return tuple(np.exp(np.sort(logs)).tolist())


def _moved(start: Sequence[Float], judge: Callable[[Sequence[Float]], Any]) -> list[Float]:
    """Move single numbers up and down by smaller and smaller steps, as long as that helps."""
    lists = [one.copy() for one in start]
    best, step = judge(lists), FIRST_STEP
    for _ in range(MOST_ROUNDS):
        helped = False
        for own in lists:
            for i in range(len(own)):
                for change in (step, -step):
                    own[i] += change
                    value = judge(lists)
                    if value < best:
                        best, helped = value, True
                        break
                    own[i] -= change
        if not helped:
            step /= 2
            if step < LAST_STEP:
                break
    return lists
