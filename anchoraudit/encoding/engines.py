"""Which engine answers for a detector: by its kind of matching, one module each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding import atss, by_iou, by_shape, counting, dense
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.results import Counted, Judged
from anchoraudit.geometry import Float

Int = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Engine:
    """replay: the definition, one image. judge: all boxes of a data set. count: of whole images, exactly."""

    replay: Callable[[Float, float, float, Detector, tuple[float, float] | None], dense.DenseLabels]
    judge: Callable[[OnCanvas, Detector], Judged]
    count: Callable[[OnCanvas, Int, Int, Detector], Counted]


_ENGINES = {
    "iou": _Engine(dense.replay, by_iou.judge, counting.count),
    "side_ratio": _Engine(by_shape.replay, by_shape.judge, by_shape.count),
    "shape_iou": _Engine(by_shape.replay, by_shape.judge, by_shape.count),
    "atss": _Engine(atss.replay, atss.judge, atss.count),
}


def replay(boxes: Float, canvas: Canvases, detector: Detector) -> dense.DenseLabels:
    """Label every anchor of one image by its definition; canvas: of that image (D = 1)."""
    width, height, w, h = (float(getattr(canvas, name)[0]) for name in Canvases.__slots__)
    return _ENGINES[detector.match.kind].replay(boxes, width, height, detector, (w, h))


def judge(boxes: OnCanvas, detector: Detector) -> Judged:
    """Best IoU (or other measure) and status of every box, without its image's other boxes."""
    return _ENGINES[detector.match.kind].judge(boxes, detector)


def count(boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Counted:
    """Count the anchors of M images by label, and those assigned to each box.

    image: int64 [n], the image of each box, ascending. of_image: int64 [M], the canvas of each image.
    """
    return _ENGINES[detector.match.kind].count(boxes, image, of_image, detector)
