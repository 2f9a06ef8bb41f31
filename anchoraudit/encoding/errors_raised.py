"""The images on which the framework itself would raise an error, and why."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Int, Int8
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.window import counting_anchors

# Why the framework raises, indexed by the codes of `reasons`; 0: it does not. The lowest code applies.
REASONS = (
    "",
    "no anchor lies inside the image, and the framework raises",
    "a box without area after resizing, on which the framework raises",
    "no box, on which the framework raises",
)
FLAT = 2  # the code of a box without area after resizing


def reason(code: int, detector: Detector) -> str:
    """Return the reason in a few words, with the framework's own error message if it is known."""
    own_message = (
        "",
        detector.border.none_inside_error,
        detector.resize.degenerate_error,
        detector.match.no_boxes_error,
    )[code]
    return f"{REASONS[code]}: {own_message.rstrip('.')}" if own_message else REASONS[code]


def reasons(boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Int8:
    """Return why the framework would raise on each of M images: int8 [M], index into REASONS.

    boxes: the usable boxes. image: int64 [n], the image of each box. of_image: int64 [M], the index of each
    image's canvas in `boxes.canvases`.
    """
    reason = np.zeros(len(of_image), dtype=np.int8)
    if detector.match.no_boxes == "raises":
        reason[np.bincount(image, minlength=len(of_image)) == 0] = 3
    if detector.resize.degenerate == "raises":
        flat = (boxes.boxes[:, 2] <= boxes.boxes[:, 0]) | (boxes.boxes[:, 3] <= boxes.boxes[:, 1])
        reason[image[flat]] = FLAT
    if detector.border.none_inside == "raises":
        reason[counting_anchors(boxes.canvases, detector)[of_image] == 0] = 1
    return reason
