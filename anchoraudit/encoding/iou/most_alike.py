"""Best IoUs as far as they decide: each box is first compared with the anchor shape most like its size.

Most boxes are done then. Many have a size that reaches no IoU that matters with any shape, wherever they are;
many others reach it with that one shape. The remaining ones are compared with all.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import BLOCK, Float, Int, Int16
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.iou.closed_form import (
    Cells,
    best_ious,
    compared_corners,
    compared_sides,
    ious_of_nearest,
    levels_of,
)
from anchoraudit.encoding.iou.free_centre import likest_shapes
from anchoraudit.encoding.iou.size_cells import are_worth_a_table, looked_up


def deciding_ious(boxes: OnCanvas, detector: Detector, within: tuple[float, float]) -> tuple[Int, Float]:
    """Return the boxes that may reach an IoU that matters, and the best IoU of each: int64, float64 [m].

    within: the values that matter, as of `best_ious`.
    """
    count, lowest = len(boxes.boxes), within[0]
    worth_it = lowest > 0 and are_worth_a_table(count, detector.shapes.tobytes(), lowest)
    levels = levels_of(boxes.canvases, detector) if worth_it else []
    table = _table(levels, lowest)
    if table is None:
        return np.arange(count), best_ious(boxes, detector, within)

    def sides(block: slice) -> Float:
        return compared_sides(boxes.boxes[block], detector)

    shape = looked_up(table, count, sides)
    rows = np.flatnonzero(shape >= 0)
    best = _with_one(boxes, rows, shape.take(rows), levels, detector)
    rest = np.flatnonzero(best <= within[1])
    best[rest] = best_ious(boxes.take(rows.take(rest)), detector, within)
    return rows, best


@np.errstate(over="ignore", invalid="ignore")  # as of `best_ious`
def _with_one(
    boxes: OnCanvas, some: Int, shape: Int16, levels: list[tuple[Cells, Cells]], detector: Detector
) -> Float:
    """Return the IoU of some boxes with the nearest anchor of one shape each: float64 [n].

    some: int64 [n], which boxes. shape: int16 [n], among those of all levels.
    """
    best, number = np.empty(len(shape)), np.dtype(detector.anchors.precision).type
    order = np.argsort(shape, kind="stable")  # quick for so few different numbers
    shapes = [(axes, k) for axes in levels for k in range(len(axes[0].sizes))]
    ends = np.searchsorted(shape.take(order), np.arange(len(shapes)), side="right")
    for (axes, k), rows in zip(shapes, np.split(order, ends), strict=False):
        for start in range(0, len(rows), BLOCK):
            own = rows[start : start + BLOCK]
            at = some.take(own)
            columns = compared_corners(boxes.boxes.take(at, axis=0), detector)
            (iou,), _ = ious_of_nearest(columns, boxes.of.take(at), axes, number, [k])
            best[own] = np.fmax(iou, 0.0)
    return best


def _table(levels: list[tuple[Cells, Cells]], lowest: float) -> Int16 | None:
    """Return for each cell of sizes the shape most like them, among those of all levels, in their order.

    int16 [SIDES * SIDES], -1 where no IoU is as high as `lowest`. None without shapes, or where their sizes
    depend on the canvas.
    """
    shapes = [pair for axes in levels for pair in zip(*(axis.sizes for axis in axes), strict=True)]
    if not shapes or any(side.ndim or side <= 0 for pair in shapes for side in pair):
        return None
    return likest_shapes(np.array(shapes, dtype=np.float64).tobytes(), lowest)
