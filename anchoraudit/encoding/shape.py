"""Matching by sizes alone, as in YOLO. The box's position decides only which cells become positive.

"side_ratio": a box and a shape match if the largest of w/w', w'/w, h/h', h'/h is below a limit. Then the cell
of the box's centre is positive, and so are the cells beside it that are nearer than half a cell. Source:
yolov5 `utils/loss.py: build_targets` (yolov7 has the same rule), in float32, in units of cells.

"shape_iou": of all competing shapes, the one with the highest IoU, both freely centred, is positive in the
centre's cell, on each level that has it; the first shape wins ties. Where a level has a limit (`also_above`),
its shapes with an IoU above it are positive too. Source: darknet `src/yolo_layer.c: forward_yolo_layer`, and
`process_batch` of AlexeyAB's fork, with `src/box.c: box_iou`, in float32, in fractions of the canvas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float, Floating, Int, Int8, for_each_block
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.causes_by_size import BY_SIDES, SMALL, UNUSED, causes_by, scale_by
from anchoraudit.encoding.definition import DenseLabels, anchors_of
from anchoraudit.encoding.grid import axes_of
from anchoraudit.encoding.results import Counted, Judged
from anchoraudit.encoding.window import first_anchors

KINDS = ("side_ratio", "shape_iou")


def judge(boxes: OnCanvas, detector: Detector) -> Judged:
    """Return the best side ratio (at most 1) or shape IoU of every box; no box is forced.

    The best is taken over the shapes of the levels. A competing shape that is on no level can win a box, but
    it is not an anchor.
    """
    best = np.zeros(len(boxes.boxes))
    matched = np.zeros(len(boxes.boxes), dtype=np.bool_)

    def run(block: slice) -> None:
        part = boxes.block(block)
        value, matches = _table(part, detector)
        best[block] = value.max(axis=1)
        matched[block] = matches.any(axis=1)

    for_each_block(len(best), run)
    return Judged.of(best, matched)


def levels(boxes: OnCanvas, detector: Detector) -> Bool:
    """Tell on which of the L levels each box has a positive anchor: bool [n, L]."""
    counts = [level.count for level in detector.anchors.levels]
    first = np.cumsum([0, *counts[:-1]])
    found = np.zeros((len(boxes.boxes), len(counts)), dtype=np.bool_)

    def run(block: slice) -> None:
        part = boxes.block(block)
        found[block] = np.logical_or.reduceat(_table(part, detector)[1], first, axis=1)

    for_each_block(len(found), run)
    return found


def causes(sizes: Float, detector: Detector) -> Int8:
    """Return why boxes of these sizes [N, 2] are unmatched: int8 [N], index into CAUSES.

    If the rule takes the shape most like a box, an unmatched box is most like a shape on no level ("unused").
    A box without area (cut away, or rounded to 0) is like no shape ("small").
    """
    if detector.match.takes_most_alike:
        return np.where((sizes > 0).all(axis=1), UNUSED, SMALL).astype(np.int8)
    return causes_by(BY_SIDES, sizes, detector)


def scale_to_match(size: Float, detector: Detector, *, up: bool) -> float:
    """Return the factor nearest 1 by which a box of size [1, 2] must be scaled to match, by its sides."""
    return scale_by(BY_SIDES, size, detector, up=up)


def _table(boxes: OnCanvas, detector: Detector) -> tuple[Float, Bool]:
    """Return the value of every box with every shape, and which pairs match. [n, K] both."""
    if detector.match.takes_most_alike:
        compared = _shape_ious(boxes, detector)
        numbers = np.array(detector.anchors.numbers)
        value = compared[:, numbers]
        matches: Bool = np.equal(compared.argmax(axis=1)[:, None], numbers)
        limits = [[level.also_above] * level.count for level in detector.anchors.levels]
        also = np.concatenate(limits).astype(value.dtype)
        matches |= (value > also) & (also < 1)
        area: Bool = np.all(boxes.boxes[:, 2:] > boxes.boxes[:, :2], axis=1)
        matches &= area[:, None]
        return value.astype(np.float64), matches
    worst = np.concatenate(
        [_side_ratios(boxes, level, detector) for level in range(len(detector.anchors.levels))], axis=1
    )
    with np.errstate(divide="ignore"):
        return 1.0 / worst.astype(np.float64), worst < detector.match.ratio


def _shape_ious(boxes: OnCanvas, detector: Detector) -> Floating:
    """Return the IoU of boxes and competing shapes, both freely centred: [n, M], 0 for a box without area."""
    number = np.dtype(detector.anchors.precision).type
    compared = detector.compared
    overlap: Floating = np.ones((1, 1), dtype=number)
    areas, of_shapes = overlap, overlap
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for a in (0, 1):
            extent = boxes.canvases.along(a)[0][boxes.of].astype(number)[:, None]
            sides = (boxes.boxes[:, 2 + a] - boxes.boxes[:, a]).astype(number)[:, None] / extent
            shapes = compared[:, a].astype(number) / extent
            overlap = overlap * np.minimum(sides, shapes)
            areas, of_shapes = areas * sides, of_shapes * shapes
        iou: Floating = np.nan_to_num(overlap / (of_shapes + areas - overlap))
    return iou


def _side_ratios(boxes: OnCanvas, level: int, detector: Detector) -> Floating:
    """Return the largest of both side ratios and their inverses, for the shapes of a level: [n, k]."""
    ratios = []
    for a, axis in enumerate(axes_of(detector.anchors)[level]):
        low, high, canvas, cells = _on_axis(boxes, level, a, detector)
        stride = axis.stride(boxes.canvases.along(a)[0])[boxes.of]
        shapes = axis.sizes.astype(axis.number) / stride[:, None].astype(axis.number)
        with np.errstate(divide="ignore"):
            share = ((high - low) / canvas).astype(axis.number)
            ratio = (share * cells.astype(axis.number))[:, None] / shapes
            ratios.append(np.maximum(ratio, axis.number(1) / ratio))
    worst: Floating = np.maximum(*ratios)
    return worst


def _on_axis(
    boxes: OnCanvas, level: int, a: int, detector: Detector
) -> tuple[Floating, Floating, Floating, Int]:
    """Return edges of boxes along an axis, extent of their canvases, and number of cells. [n] each.

    The loader gives boxes as fractions of the canvas, in its own precision. The loss multiplies these by the
    number of cells, in the precision of the anchors.
    """
    axis = axes_of(detector.anchors)[level][a]
    extent = boxes.canvases.along(a)[0]
    low, high = (boxes.boxes[:, a + side].astype(detector.box_precision) for side in (0, 2))
    return low, high, extent[boxes.of].astype(detector.box_precision), axis.cells(extent)[boxes.of]


@dataclass(frozen=True, slots=True)
class _Entries:
    """Positive pairs of a box and an anchor; two boxes may share an anchor. box, anchor: int64 [E]."""

    box: Int
    anchor: Int


def _entries(boxes: OnCanvas, detector: Detector) -> _Entries:
    starts = first_anchors(boxes.canvases, detector)[0]
    _, matches = _table(boxes, detector)
    found: list[tuple[Int, Int]] = []
    column = 0
    for level, axes in enumerate(axes_of(detector.anchors)):
        shapes = len(axes[0].sizes)
        own = matches[:, column : column + shapes]
        column += shapes
        box, k = np.nonzero(own)
        for dx, dy, chosen in _cells_beside(boxes, level, detector):
            hit = chosen[box]
            x, y = (_cell(boxes, level, a, step, detector)[box[hit]] for a, step in ((0, dx), (1, dy)))
            of = boxes.of[box[hit]]
            columns = axes[0].cells(boxes.canvases.width)[of]
            found.append((box[hit], starts[level][of] + (y * columns + x) * shapes + k[hit]))
    return _Entries(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _centre(boxes: OnCanvas, level: int, a: int, detector: Detector) -> tuple[Floating, Int]:
    """Return centres of boxes along an axis in units of cells, and the number of cells. [n] both."""
    low, high, canvas, cells = _on_axis(boxes, level, a, detector)
    share = ((low + high) / low.dtype.type(2) / canvas).astype(detector.anchors.precision)
    return share * cells.astype(share.dtype), cells


def _cell(boxes: OnCanvas, level: int, a: int, step: float, detector: Detector) -> Int:
    """Return the cell of each centre after moving it back by `step` cells, kept within the grid. [n]."""
    centre, cells = _centre(boxes, level, a, detector)
    cell: Int = np.clip(np.floor(centre - centre.dtype.type(step)).astype(np.int64), 0, cells - 1)
    return cell


def _cells_beside(boxes: OnCanvas, level: int, detector: Detector) -> list[tuple[float, float, Bool]]:
    """Return steps (in cells) and the boxes that take each: the own cell, then left, above, right, below."""
    reach = {0: 0.0, 2: 0.5, 4: 1.0}[detector.match.neighbours if detector.match.kind == "side_ratio" else 0]
    everyone = np.ones(len(boxes.boxes), dtype=np.bool_)
    steps: list[tuple[float, float, Bool]] = [(0.0, 0.0, everyone)]
    if not reach:
        return steps
    (x, columns), (y, rows) = (_centre(boxes, level, a, detector) for a in (0, 1))
    x_back, y_back = columns.astype(x.dtype) - x, rows.astype(y.dtype) - y
    step = min(reach, 1.0)
    for dx, dy, place in ((step, 0.0, x), (0.0, step, y), (-step, 0.0, x_back), (0.0, -step, y_back)):
        steps.append((dx, dy, (place % 1 < place.dtype.type(reach)) & (place > 1)))
    return steps


def count(boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Counted:
    """Count the distinct positive anchors of M images; `assigned` counts all positive pairs of a box."""
    found = _entries(boxes, detector)
    total = first_anchors(boxes.canvases, detector)[0][-1][of_image]
    start = np.cumsum(total) - total
    owner = image[found.box]
    distinct = np.unique(start[owner] + found.anchor)
    positives = np.bincount(np.searchsorted(start, distinct, side="right") - 1, minlength=len(of_image))
    counts = np.column_stack([positives, total - positives, np.zeros_like(total)])
    return Counted(counts, np.bincount(found.box, minlength=len(boxes.boxes)))


def replay(
    boxes: Float, width: float, height: float, detector: Detector, image: tuple[float, float] | None = None
) -> DenseLabels:
    """Label every anchor of one image as positive or negative; this rule ignores no anchor."""
    whole = (width, height) if image is None else image
    one = Canvases(*(np.array([float(v)]) for v in (width, height, *whole)))
    placed = OnCanvas(np.asarray(boxes, dtype=np.float64).reshape(-1, 4), np.zeros(len(boxes), np.int64), one)
    anchors, counts = anchors_of(width, height, detector, image)
    labels = np.full(len(anchors), -1, dtype=np.int8)
    matched = np.full(len(anchors), -1, dtype=np.int64)
    best = np.zeros(len(boxes))
    matches: Bool = np.zeros(len(boxes), dtype=np.bool_)
    best_anchor = np.full(len(boxes), -1, dtype=np.int64)
    assigned = np.zeros(len(boxes), dtype=np.int64)
    if len(boxes):
        value, pairs = _table(placed, detector)
        best, matches = value.max(axis=1), np.asarray(pairs.any(axis=1))
        best_anchor = _anchor_at_centre(placed, value.argmax(axis=1), detector)
        found = _entries(placed, detector)
        labels[found.anchor] = 1
        matched[found.anchor[::-1]] = found.box[::-1]
        assigned = np.bincount(found.box, minlength=len(boxes))
    forced = np.zeros(len(boxes), dtype=np.bool_)
    return DenseLabels(anchors, labels, counts, matched, best, best_anchor, matches, forced, assigned)


def _anchor_at_centre(boxes: OnCanvas, shape: Int, detector: Detector) -> Int:
    """Return the index of the anchor of each box's `shape` (among all shapes) in its centre's cell. [n]."""
    starts = first_anchors(boxes.canvases, detector)[0]
    anchor = np.full(len(shape), -1, dtype=np.int64)
    first = 0
    for level, axes in enumerate(axes_of(detector.anchors)):
        shapes = len(axes[0].sizes)
        own = (shape >= first) & (shape < first + shapes)
        x, y = (_cell(boxes, level, a, 0.0, detector) for a in (0, 1))
        columns = axes[0].cells(boxes.canvases.width)[boxes.of]
        anchor[own] = (starts[level][boxes.of] + (y * columns + x) * shapes + shape - first)[own]
        first += shapes
    return anchor
