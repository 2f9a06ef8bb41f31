"""The centres that `AnchorKMeans` finds by IoU or by ratio, without scikit-learn.

Only the Euclidean metric and the estimator's interface need scikit-learn, which takes over a second to
import.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.anchors.clustering.points import merge_duplicates
from anchoraudit.anchors.clustering.search import search
from anchoraudit.arrays import Float
from anchoraudit.boxes import MEASURES

STARTS = 24  # k-means++ starts that compete
ROUNDS = 300  # the most that a step of the search may take
# Limits far beyond any image. Between them an area and its square (1e-120 to 1e120) fit a 64-bit float.
SMALLEST, LARGEST = 1e-30, 1e30


def centres_of(sizes: Float, weight: Float, k: int, *, metric: str, seed: int) -> Float:
    """Return what `AnchorKMeans(k, metric=metric, random_state=seed)` has as its centres after a fit.

    sizes: float64 [n, 2], in pixels. weight: float64 [n], positive. metric: "iou" or "ratio". Returns
    float64 [k, 2], by area. Raises ValueError as the fit does.
    """
    distinct, total = distinct_sizes(check_range(sizes), weight, k)
    if len(distinct) == k:
        return by_area(distinct)
    drawn = int(np.random.RandomState(seed).randint(np.iinfo(np.int32).max))  # as the estimator draws it
    found, _ = find_centres(distinct, total, k, metric=metric, starts=STARTS, rounds=ROUNDS, seed=drawn)
    return by_area(found)


def find_centres(
    distinct: Float, weight: Float, k: int, *, metric: str, starts: int, rounds: int, seed: int
) -> tuple[Float, int]:
    """Return k centres [k, 2] of more than k distinct sizes [n, 2], weight [n], and the rounds it took."""
    rng = np.random.default_rng(seed)
    return search(distinct, weight, k, measure=MEASURES[metric], starts=starts, rounds=rounds, rng=rng)


def check_range(sizes: Float) -> Float:
    """Return sizes [n, 2]. Raises ValueError with the first row that is not positive and finite."""
    wrong = np.flatnonzero(~((sizes >= SMALLEST) & (sizes <= LARGEST)).all(axis=1))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(
            f"row {row} of X is {sizes[row].tolist()}: a width and a height must be positive and finite "
            f"(no NaN, no infinity, from {SMALLEST:g} to {LARGEST:g} pixels)"
        )
    return sizes


def distinct_sizes(sizes: Float, weight: Float, k: int) -> tuple[Float, Float]:
    """Return the distinct ones of sizes [n, 2], and their weights. Raises ValueError if fewer than k."""
    distinct, total = merge_duplicates(sizes, weight)
    if len(distinct) < k:
        raise ValueError(
            f"n_clusters={k} needs at least as many different box sizes, and there "
            f"{'is' if len(distinct) == 1 else 'are'} {len(distinct)} in n_samples={len(sizes)}: "
            f"ask for {len(distinct)} or fewer, or add boxes"
        )
    return distinct, total


def by_area(centres: Float) -> Float:
    """Return centres [k, 2] by area, then by width."""
    return centres[np.lexsort((centres[:, 0], centres.prod(axis=1)))]
