"""Box sizes as weighted points: duplicates merged, and large sets summarised by a histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anchoraudit.boxes import Float, Measure

# Side of a histogram's cells in log(size), to begin with: 1 % of a side is under a pixel up to 100 pixels.
FINEST_CELL = 0.01


@dataclass(frozen=True)
class Points:
    """Distinct sizes with weights that sum to 1, and the measure they are compared by."""

    w: Float
    h: Float
    weight: Float
    measure: Measure

    def __len__(self) -> int:
        return len(self.w)

    @property
    def sizes(self) -> Float:
        """(n, 2)"""
        return np.stack([self.w, self.h], axis=1)

    def table(self, anchors: Float) -> Float:
        """Similarity of every anchor and point: anchors (..., k, 2) -> (..., k, n)."""
        return self.measure.similarity(anchors[..., 0, None], anchors[..., 1, None], self.w, self.h)

    def mean(self, values: Float) -> Float:
        """Weighted mean over the points: values (..., n) -> (...).

        `einsum`, not `@`: a BLAS product may differ in the last bit with the number of threads.
        """
        means: Float = np.einsum("...n,n->...", values, self.weight)
        return means

    def value(self, anchors: Float) -> float:
        """The objective: weighted mean over the points of the best anchor's similarity."""
        return float(self.mean(self.table(anchors).max(axis=-2)))


def make_points(sizes: Float, weight: Float, measure: Measure) -> Points:
    """Points of sizes (n, 2) and their positive weights (n,)."""
    w, h = np.ascontiguousarray(sizes.T)
    return Points(w, h, weight / weight.sum(), measure)


def merge_duplicates(sizes: Float, weight: Float) -> tuple[Float, Float]:
    """The distinct sizes (m, 2) of sizes (n, 2), in ascending order, and their summed weights (m,).

    Sizes of weight zero are left out: no anchor can gain by fitting them.
    """
    kept = weight > 0
    # A complex number sorts as one value, width first: several times faster than sorting rows.
    pairs = sizes[kept, 0] + 1j * sizes[kept, 1]
    distinct, member = np.unique(pairs, return_inverse=True)
    total: Float = np.bincount(member, weights=weight[kept]).astype(np.float64)
    return np.stack([distinct.real, distinct.imag], axis=1), total


def summarise(sizes: Float, weight: Float, limit: int) -> tuple[Float, Float]:
    """At most `limit` weighted sizes that stand for all: cells equal in log(width), log(height).

    A cell's point is the weighted mean of its sizes. Cells are as fine as the limit allows, so a set with
    no more than `limit` sizes is returned as it is.
    """
    if len(sizes) <= limit:
        return sizes, weight
    logs = np.log(sizes)
    logs -= logs.min(axis=0)
    cell = FINEST_CELL
    while True:
        count, member = _cells(logs, cell)
        if count <= limit:
            break
        # In the plane, the number of cells falls with the square of their side, or more slowly.
        cell *= max(1.15, 0.95 * float(np.sqrt(count / limit)))
    total: Float = np.bincount(member, weights=weight).astype(np.float64)
    means = [np.bincount(member, weights=weight * side) / total for side in sizes.T]
    return np.stack(means, axis=1), total


def _cells(logs: Float, cell: float) -> tuple[int, NDArray[np.intp]]:
    """How many cells of that side are occupied, and the cell of every size, numbered from 0."""
    column, row = np.floor(logs / cell).astype(np.int64).T
    distinct, member = np.unique(column * (row.max() + 1) + row, return_inverse=True)
    return len(distinct), member
