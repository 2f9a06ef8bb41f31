"""Which box gets an anchor that is positive for several, where all boxes of the image can get it.

YOLOv6 and mmyolo give a contested anchor to the box that it overlaps most among all boxes of its image. So
it may go to a box of which it is no candidate, and to one that does not hold its centre.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.grid import axes_of
from anchoraudit.encoding.window import exact_ious, first_anchors

_AT_ONCE = 1 << 20  # pairs of an anchor and a box in memory at a time


def overlapping_most(boxes: OnCanvas, image: Int, own: Int, anchor: Int, detector: Detector) -> Int:
    """Return, for each of C anchors, the box of its image with the highest IoU, the first on ties: int64 [C].

    boxes: n boxes of some images. image: int64 [n], the image of each, ascending. own: int64 [C], the image
    of each anchor, which has a box. anchor: int64 [C], its index in the dense order of that image's canvas.
    """
    winner = np.zeros(len(anchor), dtype=np.int64)
    begin, end = (np.searchsorted(image, own, side=side) for side in ("left", "right"))
    canvas = boxes.of[begin]
    starts = first_anchors(boxes.canvases, detector)[0]
    for level, axes in enumerate(axes_of(detector.anchors)):
        within = anchor - starts[level][canvas]
        shapes = len(axes[0].sizes)
        here = (within >= 0) & (anchor < starts[level + 1][canvas])
        for k in range(shapes):
            rows = np.flatnonzero(here & (within % shapes == k))
            if not len(rows):
                continue
            row, column = np.divmod(within[rows] // shapes, axes[0].cells(boxes.canvases.width)[canvas[rows]])
            pairs = np.cumsum(end[rows] - begin[rows])
            for part in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(pairs // _AT_ONCE)) + 1):
                number = end[rows[part]] - begin[rows[part]]
                first = np.cumsum(number) - number
                box = np.repeat(begin[rows[part]] - first, number) + np.arange(number.sum())
                cell = np.repeat(column[part], number), np.repeat(row[part], number)
                iou, _ = exact_ious(boxes, box, cell, (axes, k), detector)
                highest = np.repeat(np.maximum.reduceat(iou, first), number)
                winner[rows[part]] = np.minimum.reduceat(np.where(iou == highest, box, len(image)), first)
    return winner
