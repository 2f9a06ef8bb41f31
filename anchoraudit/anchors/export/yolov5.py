"""`anchors:` of a YOLOv5 (or YOLOv7) model YAML: a row for each level, with pairs of pixels.

Source: yolov5 models/yolo.py (parse_model, Detect: `len(anchors[0]) // 2` anchors on every level),
utils/autoanchor.py (check_anchors replaces anchors whose BPR is at most 0.98).
"""

from __future__ import annotations

import math

from anchoraudit.anchors.export._snippet import MARK, Snippet, at_input, levels_of, pairs
from anchoraudit.detectors import Detector

PRESET = "yolov5"
EQUAL = True


def write(detector: Detector, judge: object = None) -> Snippet:
    """Write the block that replaces `anchors:` in the model's YAML."""
    del judge  # the framework takes any width and height
    levels = levels_of(detector)
    lines = [f"# {MARK}: width,height {at_input(detector)}"]
    lines += ["anchors:", *(f"  - [{pairs(level)}]  # {_name(level.stride)}" for level in levels)]
    remark = "train with --noautoanchor, or autoanchor replaces them if at most 98 % of the boxes match"
    return Snippet("\n".join(lines) + "\n", levels, (remark,))


def _name(stride: float) -> str:
    power = math.log2(stride)
    return f"P{power:.0f}/{stride:g}" if power.is_integer() else f"stride {stride:g}"
