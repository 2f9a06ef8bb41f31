"""Images on which the framework itself would raise, and its reason."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Int, Int8
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.window import counting_anchors

# What the framework trips over, in the order in which it is asked; 0 is nothing.
REASONS = (
    "",
    "no anchor lies inside the image, and the framework raises",
    "a box without area after resizing, on which the framework raises",
    "no box, on which the framework raises",
)


def reason(code: int, detector: Detector) -> str:
    """The reason in a few words, and what the framework's own error says."""
    said = (
        "",
        detector.border.none_inside_error,
        detector.resize.degenerate_error,
        detector.match.no_boxes_error,
    )[code]
    return f"{REASONS[code]}: {said.rstrip('.')}" if said else REASONS[code]


def reasons(boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Int8:
    """Why the framework would raise on each of M images: int8 [M], index into REASONS.

    boxes: the usable boxes, image: int64 [n], the image of each. of_image: int64 [M], its canvas.
    """
    reason = np.zeros(len(of_image), dtype=np.int8)
    if detector.match.no_boxes == "raises":
        reason[np.bincount(image, minlength=len(of_image)) == 0] = 3
    if detector.resize.degenerate == "raises":
        flat = (boxes.boxes[:, 2] <= boxes.boxes[:, 0]) | (boxes.boxes[:, 3] <= boxes.boxes[:, 1])
        reason[image[flat]] = 2
    if detector.border.none_inside == "raises":
        reason[counting_anchors(boxes.canvases, detector)[of_image] == 0] = 1
    return reason
