"""The first earlier box that a box nearly equals, found in a tree: for crowds where comparing takes too long.

A node of the tree holds boxes whose four numbers are within limits, which bound their IoU with another box
from both sides. So a node is left out as a whole, taken as a whole, or opened. The bounds are computed with
the operations of the IoU itself, each of which rounds monotonically: they hold exactly.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Float, Int

_LEAF = 8  # boxes
_PAIRS = 1 << 17  # of a box and a node that are compared at once


def iou_of_pairs(boxes: Float, others: Float) -> Float:
    """Return the IoU of boxes with an area, pair by pair: [4, N] and [4, N] to [N]. 0 if areas overflow."""
    width = np.minimum(boxes[2], others[2]) - np.maximum(boxes[0], others[0])
    height = np.minimum(boxes[3], others[3]) - np.maximum(boxes[1], others[1])
    shared = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    area = (boxes[2] - boxes[0]) * (boxes[3] - boxes[1])
    areas = (others[2] - others[0]) * (others[3] - others[1])
    iou: Float = np.nan_to_num(shared / (areas + area - shared), nan=0.0)
    return iou


class BoxTree:
    """A balanced tree of n boxes. Each node is split in two halves of as many boxes."""

    def __init__(self, group: Int, xyxy: Float) -> None:
        """Build it. group: int64 [n]. xyxy: float64 [n, 4], finite, with an area."""
        self._columns = np.vstack([np.ascontiguousarray(xyxy.T), group.astype(np.float64)])
        self._depth = max(int(np.ceil(np.log2(max(len(group), 1) / _LEAF))), 0)
        # Rows of the boxes by leaf. The last row fills up the leaves, so that all have the same size.
        rows = np.full(_LEAF << self._depth, max(len(group) - 1, 0))
        rows[: len(group)] = np.arange(len(group))
        scale = np.maximum((xyxy[:, 2:] - xyxy[:, :2]).mean(axis=0), 1e-300)
        for level in range(self._depth):
            rows = self._halved(rows.reshape(1 << level, -1), np.tile(scale, 2)).reshape(-1)
        self._rows = rows.reshape(-1, _LEAF)
        low = self._columns[:, self._rows].min(axis=2)
        high, least = self._columns[:, self._rows].max(axis=2), self._rows.min(axis=1)
        self._levels = [(low, high, least)]
        while len(least) > 1:
            low, high = np.minimum(low[:, ::2], low[:, 1::2]), np.maximum(high[:, ::2], high[:, 1::2])
            least = np.minimum(least[::2], least[1::2])
            self._levels.insert(0, (low, high, least))

    def _halved(self, nodes: Int, scale: Float) -> Int:
        """Sort the rows of each node by what differs most among them: first by group. int64 [nodes, rows]."""
        extent = np.stack([np.ptp(self._columns[axis, nodes], axis=1) for axis in range(5)])
        extent[:4] /= scale[:, None]
        widest = np.where(extent[4] > 0, 4, extent[:4].argmax(axis=0))
        order = np.argsort(self._columns[widest[:, None], nodes], axis=1, kind="stable")
        halved: Int = np.take_along_axis(nodes, order, axis=1)
        return halved

    def first_near(self, asked: Int, iou: float) -> Int:
        """Return for some rows the first earlier row of their group with at least that IoU, -1 for none.

        asked: int64 [k]. int64 [k].
        """
        best = asked.copy()  # only earlier rows count
        pending = [
            (0, np.arange(start, min(start + _PAIRS, len(asked))), np.zeros(1, dtype=np.int64))
            for start in range(0, len(asked), _PAIRS)
        ]
        while pending:
            level, of, node = pending.pop()
            node = np.broadcast_to(node, of.shape)
            low, high, least = self._levels[level]
            open_ = least[node] < best[of]
            of, node = of[open_], node[open_]
            if level == self._depth:
                self._look(asked, of, node, best, iou)
                continue
            least_iou, most_iou = self._bounds(asked[of], low[:, node], high[:, node])
            taken = least_iou >= iou
            np.minimum.at(best, of[taken], least[node[taken]])
            open_ = ~taken & ~(most_iou < iou)
            of, node = of[open_].repeat(2), node[open_].repeat(2) * 2
            node[1::2] += 1
            parts = [slice(start, start + _PAIRS) for start in range(0, len(of), _PAIRS)]
            pending += [(level + 1, of[part], node[part]) for part in parts]
        return np.where(best < asked, best, -1)

    def _look(self, asked: Int, of: Int, node: Int, best: Int, iou: float) -> None:
        """Compare boxes with those of a leaf, one by one."""
        one, other = asked[of].repeat(_LEAF), self._rows[node].reshape(-1)
        of = of.repeat(_LEAF)
        near: Bool = (self._columns[4, one] == self._columns[4, other]) & (other < best[of])
        one, other, of = one[near], other[near], of[near]
        near = iou_of_pairs(self._columns[:4, one], self._columns[:4, other]) >= iou
        np.minimum.at(best, of[near], other[near])

    def _bounds(self, rows: Int, low: Float, high: Float) -> tuple[Float, Float]:
        """Return the least and the most IoU that boxes can have with those of a node, pair by pair: [N] both.

        low, high: [5, N], between which the numbers of the node's boxes lie.
        """
        x1, y1, x2, y2, group = self._columns[:, rows]
        area = (x2 - x1) * (y2 - y1)
        found = []
        for near, far, smallest in ((high, low, True), (low, high, False)):
            width = np.minimum(x2, far[2]) - np.maximum(x1, near[0])
            height = np.minimum(y2, far[3]) - np.maximum(y1, near[1])
            shared = np.maximum(width, 0.0) * np.maximum(height, 0.0)
            # The least IoU is with the largest boxes of the node.
            outer, inner = (high, low) if smallest else (low, high)
            wide, tall = np.maximum(outer[2] - inner[0], 0.0), np.maximum(outer[3] - inner[1], 0.0)
            whole = wide * tall + area - shared
            with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
                iou = shared / whole
            found.append(np.where(whole > 0, iou, 0.0 if smallest else np.inf))
        least, most = found
        apart = (group < low[4]) | (group > high[4])
        least[apart | (low[4] != high[4])] = -1.0
        most[apart] = -1.0
        return least, most
