"""Anchors for a data set: its box sizes on the network's input, clustered and measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anchoraudit.anchors.clustering.centres import SMALLEST, centres_of
from anchoraudit.anchors.file import DECIMALS, Anchor, round_anchors
from anchoraudit.anchors.fit import AnchorFit, measure_fit
from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.boxes import MEASURES, box_sizes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import prepare
from anchoraudit.detectors import Detector
from anchoraudit.detectors.anchors import LARGEST_SIDE
from anchoraudit.encoding.canvas import on_canvas
from anchoraudit.errors import AnchorauditError

# Pixels of the network's input. Sizes that differ by no more are one: an anchors file, with two decimals,
# does not tell them apart, and rounding alone makes several of one. A share with six decimals moves a side by
# up to 0.0007 px on an input of 1,333 px, and float32 moves each of its ends by up to 0.0001 px.
SAME_SIZE = 10.0**-DECIMALS


@dataclass(frozen=True, slots=True)
class Clustered:
    """Anchors (width, height) by area, rounded as in a file, and how well they fit."""

    anchors: list[tuple[float, float]]
    fit: AnchorFit


def network_sizes(dataset: Dataset, detector: Detector, *, drop_difficult: bool = False) -> Float:
    """Return widths and heights [N, 2] of the usable boxes, in pixels of the detector's input.

    Raises AnchorauditError if no box is usable.
    """
    sizes = sizes_on_input(dataset, detector, drop_difficult=drop_difficult)
    if not len(sizes):
        raise nothing_to_cluster(dataset)
    return sizes


def sizes_on_input(dataset: Dataset, detector: Detector, *, drop_difficult: bool = False) -> Float:
    """Return the same; none, where no box of a part is usable."""
    rows = np.flatnonzero(prepare(dataset, drop_difficult=drop_difficult).usable)
    sizes = box_sizes(on_canvas(dataset, rows, detector).boxes)
    return sizes[(sizes > 0).all(axis=1)]  # scaling can turn a side of 1e-300 px into 0


def nothing_to_cluster(dataset: Dataset) -> AnchorauditError:
    """Return the error for a data set without a usable box."""
    return AnchorauditError(
        "no usable box to cluster",
        path=dataset.root,
        remedy="See anchoraudit scan for why the boxes are not usable.",
    )


def cluster_sizes(
    sizes: Float, k: int, *, metric: str = "iou", seed: int = 0, weight: Float | None = None
) -> Clustered:
    """Cluster sizes into anchors.

    Parameters
    ----------
    sizes : ndarray of shape (N, 2)
        Widths and heights in pixels of the network's input, as from `network_sizes`.
    k : int
        How many anchors.
    metric : str
        A metric of `AnchorKMeans`.
    seed : int
        The same seed gives the same anchors.
    weight : ndarray of shape (N,), optional
        How many boxes have each size. Default: one.

    Returns
    -------
    Clustered
        The anchors, and how well they fit.

    Raises
    ------
    AnchorauditError
        If there are fewer distinct sizes than anchors.
    """
    anchors = anchors_of(sizes, k, metric=metric, seed=seed, weight=weight)
    return Clustered(anchors, measure_fit(sizes, anchors, weight))


def anchors_of(
    sizes: Float, k: int, *, metric: str = "iou", seed: int = 0, weight: Float | None = None
) -> list[Anchor]:
    """Return k anchors for sizes [N, 2], by area, rounded as in a file; no two of them are alike.

    Sizes that no anchor can have, such as a width of 1e-40 px or 1e7 px, are left out. metric, seed, weight:
    as of `cluster_sizes`. Raises AnchorauditError if fewer than k sizes are distinct.
    """
    possible = _possible(sizes)
    if not possible.all():
        sizes, weight = sizes[possible], None if weight is None else weight[possible]
    _require(count_distinct(sizes, k), k)
    # Where only few sizes are distinct, an anchor more or less for one of them decides. So each is one size.
    every = np.ones(len(sizes)) if weight is None else weight
    members = _members(sizes, 4 * k, weight)
    if members is not None and len(members[0]) < len(np.unique(sizes, axis=0)):
        sizes, every = sizes[members[0]], members[1]
    if metric in MEASURES:
        centres = centres_of(sizes, every, k, metric=metric, seed=seed)
    else:
        from anchoraudit.anchors.clustering import AnchorKMeans

        model = AnchorKMeans(n_clusters=k, metric=metric, random_state=seed)
        centres = model.fit(sizes, sample_weight=every).cluster_centers_
    anchors = round_anchors(centres)
    _require(len(set(anchors)), k)
    return anchors


def most_anchors(sizes: Float, most: int) -> int:
    """Return how many anchors `anchors_of` can make of sizes [N, 2], no more than `most`."""
    return count_distinct(sizes[_possible(sizes)], most)


def _possible(sizes: Float) -> Bool:
    """Tell which sizes [N, 2] an anchor can have: bool [N]."""
    possible: Bool = np.all((sizes >= SMALLEST) & (sizes <= LARGEST_SIDE), axis=1)
    return possible


def _require(distinct: int, k: int) -> None:
    if distinct < k:
        raise AnchorauditError(
            f"cannot make {k} anchors from {distinct} distinct box size{'s' * (distinct != 1)}",
            remedy=f"Ask for at most --k {distinct}. Sizes within {SAME_SIZE:g} px of each other are one.",
        )


def count_distinct(sizes: Float, enough: int) -> int:
    """Count the distinct sizes [N, 2]: those that differ from all others counted by more than SAME_SIZE.

    Stops early once `enough` are found.
    """
    if _are_many(sizes, enough):
        return enough
    members = _members(sizes, enough - 1)
    return enough if members is None else len(members[0])


def _are_many(sizes: Float, enough: int) -> bool:
    """Tell whether the first 100 * `enough` sizes show that there are `enough` distinct ones.

    They are counted by cells of a grid with SAME_SIZE as its step. Of the cells whose column and row are both
    even no two are neighbours, so their sizes are distinct; the same holds for the three other kinds. One of
    the four kinds has at least a quarter of the cells.
    """
    cells = np.floor(sizes[: 100 * enough] / SAME_SIZE)
    return len(set(map(tuple, cells.tolist()))) >= 4 * enough


def _members(sizes: Float, most: int, weight: Float | None = None) -> tuple[Int, Float] | None:
    """Return a row of each distinct size, and how many boxes it stands for; None if more than `most`."""
    if _are_many(sizes, most + 1):
        return None
    first: list[int] = []
    counts: list[float] = []
    left = np.arange(len(sizes))
    while len(left):
        if len(first) == most:
            return None
        same = (np.abs(sizes[left] - sizes[left[0]]) <= SAME_SIZE).all(axis=1)
        first.append(int(left[0]))
        counts.append(float(np.count_nonzero(same) if weight is None else weight[left[same]].sum()))
        left = left[~same]
    return np.array(first, dtype=np.int64), np.array(counts)


def present_fit(sizes: Float, detector: Detector, weight: Float | None = None) -> Clustered:
    """Measure the detector's own anchors on the same sizes. weight: as of `cluster_sizes`."""
    shapes = detector.shapes
    return Clustered([(float(w), float(h)) for w, h in shapes], measure_fit(sizes, shapes, weight))


def knee(results: Sequence[Clustered]) -> int | None:
    """Return the k at the knee of the curve of mean IoU over k; None for fewer than three k, or a flat curve.

    The knee is the point farthest above the straight line from the first to the last: up to there an anchor
    gains more than on average, from there on less (Satopaa et al., "Finding a Kneedle in a Haystack", 2011).
    """
    ks = np.array([len(one.anchors) for one in results], dtype=np.float64)
    fit = np.array([one.fit.mean_iou for one in results])
    if len(ks) < 3 or not fit[-1] > fit[0]:
        return None
    above = (fit - fit[0]) / (fit[-1] - fit[0]) - (ks - ks[0]) / (ks[-1] - ks[0])
    best = int(np.argmax(above))
    return int(ks[best]) if above[best] > 0 else None
