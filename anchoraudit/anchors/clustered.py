"""Anchors for a data set: its box sizes on the network's input, clustered and measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.anchors.file import round_anchors
from anchoraudit.anchors.fit import AnchorFit, measure_fit
from anchoraudit.arrays import Float
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import prepare
from anchoraudit.detectors import Detector
from anchoraudit.encoding.canvas import on_canvas
from anchoraudit.errors import AnchorauditError


@dataclass(frozen=True, slots=True)
class Clustered:
    """Anchors (width, height) by area, rounded as in a file, and how well they fit."""

    anchors: list[tuple[float, float]]
    fit: AnchorFit


def network_sizes(dataset: Dataset, detector: Detector, *, drop_difficult: bool = False) -> Float:
    """Return widths and heights [N, 2] of the usable boxes, in pixels of the detector's input.

    Raises AnchorauditError if no box is usable.
    """
    rows = np.flatnonzero(prepare(dataset, drop_difficult=drop_difficult).usable)
    sizes = box_sizes(on_canvas(dataset, rows, detector).boxes)
    sizes = sizes[(sizes > 0).all(axis=1)]  # scaling can turn a side of 1e-300 px into 0
    if not len(sizes):
        raise AnchorauditError(
            "no usable box to cluster",
            path=dataset.root,
            remedy="See anchoraudit scan for why the boxes are not usable.",
        )
    return sizes


def cluster_sizes(sizes: Float, k: int, *, metric: str = "iou", seed: int = 0) -> Clustered:
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

    Returns
    -------
    Clustered
        The anchors, and how well they fit.

    Raises
    ------
    AnchorauditError
        If there are fewer distinct sizes than anchors.
    """
    from anchoraudit.anchors.clustering import AnchorKMeans  # scikit-learn takes half a second to import

    distinct = count_distinct(sizes, k)
    if distinct < k:
        raise AnchorauditError(
            f"cannot make {k} anchors from {distinct} distinct box size{'s' * (distinct != 1)}",
            remedy=f"Ask for at most --k {distinct}.",
        )
    model = AnchorKMeans(n_clusters=k, metric=metric, random_state=seed).fit(sizes)
    anchors = round_anchors(model.cluster_centers_)
    return Clustered(anchors, measure_fit(sizes, anchors))


def count_distinct(sizes: Float, enough: int) -> int:
    """Count the distinct sizes [N, 2], as anchors are rounded. Stops early once `enough` are found.

    Sizes that differ by less only differ by rounding: a loader that hands boxes over as float32 fractions
    makes several of one. Looks at 100 * `enough` sizes first, which are nearly always enough.
    """
    some = len(set(round_anchors(sizes[: 100 * enough])))
    return some if some >= enough else len(set(round_anchors(sizes)))


def present_fit(sizes: Float, detector: Detector) -> Clustered:
    """Measure the detector's own anchors on the same sizes."""
    shapes = detector.shapes
    return Clustered([(float(w), float(h)) for w, h in shapes], measure_fit(sizes, shapes))
