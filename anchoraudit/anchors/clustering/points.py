"""Box sizes as weighted points: duplicates are merged, and large sets become a histogram."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from anchoraudit.arrays import Float
from anchoraudit.boxes import Measure

# First side of the histogram's cells, in log(size): 1 % of a side, which is at most a pixel up to 100 pixels.
FINEST_CELL = 0.01
# Cells up to which a table of all of them, 8 bytes each, takes less time than sorting those that are met.
_TABLE = 1 << 21
# Sides whose areas, and the squares of these, fit a 32-bit float, even if an anchor goes on from there in all
# rounds of a climb: by a factor of 22,000.
_SINGLE = 1e-4, 1e5


@dataclass(frozen=True)
class Points:
    """Distinct sizes with weights that sum to 1, and the measure that compares them."""

    w: Float
    h: Float
    weight: Float
    measure: Measure

    def __len__(self) -> int:
        return len(self.w)

    @property
    def sizes(self) -> Float:
        """Widths and heights (n, 2)."""
        return np.stack([self.w, self.h], axis=1)

    @cached_property
    def single(self) -> Points:
        """The same with half as many digits, in half the time; themselves if their sides differ too much."""
        sides = np.concatenate([self.w, self.h])
        if sides.min() < _SINGLE[0] or sides.max() > _SINGLE[1]:
            return self
        return Points(self.w.astype(np.float32), self.h.astype(np.float32), self.weight, self.measure)

    def table(self, anchors: Float) -> Float:
        """Return the similarity between every anchor and point: anchors (..., k, 2) -> (..., k, n)."""
        return self.measure.similarity(anchors[..., 0, None], anchors[..., 1, None], self.w, self.h)

    def mean(self, values: Float) -> Float:
        """Return the weighted mean over the points: values (..., n) -> (...).

        Uses `einsum`, not `@`: the last bit of a BLAS product may depend on the number of threads.
        """
        means: Float = np.einsum("...n,n->...", values, self.weight)
        return means

    def value(self, anchors: Float) -> float:
        """Return the objective: the weighted mean over the points of the best anchor's similarity."""
        return float(self.mean(self.table(anchors).max(axis=-2)))


def make_points(sizes: Float, weight: Float, measure: Measure) -> Points:
    """Make points of sizes (n, 2) and their positive weights (n,)."""
    w, h = np.ascontiguousarray(sizes.T)
    return Points(w, h, weight / weight.sum(), measure)


def merge_duplicates(sizes: Float, weight: Float) -> tuple[Float, Float]:
    """Return the distinct sizes (m, 2) among sizes (n, 2), in ascending order, and their summed weights (m,).

    Sizes of weight 0 are dropped, because no anchor gains by fitting them.
    """
    kept = weight > 0
    # NumPy sorts complex numbers by width, then height, several times faster than it sorts rows.
    pairs = sizes[kept, 0] + 1j * sizes[kept, 1]
    distinct, member = np.unique(pairs, return_inverse=True)
    total: Float = np.bincount(member, weights=weight[kept]).astype(np.float64)
    return np.stack([distinct.real, distinct.imag], axis=1), total


def summarise(sizes: Float, weight: Float, limit: int) -> tuple[Float, Float]:
    """Return at most `limit` weighted sizes that represent all: a histogram over log(width), log(height).

    The point of a cell is the weighted mean of its sizes. Cells are as small as the limit allows. A set with
    at most `limit` sizes is returned unchanged.
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
        # The number of occupied cells falls with the square of their side at most. The step is therefore at
        # most the root of the excess, a little less so as not to overshoot, and at least 1.15 so that it ends
        # soon.
        cell *= max(1.15, 0.95 * float(np.sqrt(count / limit)))
    total: Float = np.bincount(member, weights=weight).astype(np.float64)
    means = [np.bincount(member, weights=weight * side) / total for side in sizes.T]
    return np.stack(means, axis=1), total


def _cells(logs: Float, cell: float) -> tuple[int, NDArray[np.intp]]:
    """Return how many cells of this side are occupied, and the cell of each size, numbered from 0."""
    column, row = np.floor(logs / cell).astype(np.int64).T
    keys = column * (row.max() + 1) + row
    most = int(keys.max()) + 1
    if most > _TABLE:
        distinct, member = np.unique(keys, return_inverse=True)
        return len(distinct), member
    occupied = np.zeros(most, dtype=np.bool_)
    occupied[keys] = True
    number = np.cumsum(occupied)
    return int(number[-1]), number[keys] - 1
