"""`anchors` of a darknet .cfg, the same line in every [yolo] section, and the mask of each section.

Source: darknet src/parser.c (parse_yolo: anchors, num, mask; filters = (classes + 5) * masks).
"""

from __future__ import annotations

from anchoraudit.anchors.export._snippet import MARK, Snippet, at_input, levels_of, pairs
from anchoraudit.detectors import Detector

PRESET = "yolov3-darknet"
EQUAL = False


def write(detector: Detector, judge: object = None) -> Snippet:
    """Write the lines for the [yolo] sections."""
    del judge  # the framework takes any width and height
    levels = levels_of(detector)
    lines = [f"# {MARK}: width,height {at_input(detector)}"]
    first = 0
    for level in levels:
        mask = ",".join(str(i) for i in range(first, first + len(level.anchors)))
        count = len(level.anchors)
        lines.append(f"# [yolo] of stride {level.stride:g}: mask={mask}; filters=(classes + 5) * {count}")
        first += count
    lines += ["# in every [yolo] section:", f"anchors={',  '.join(map(pairs, levels))}", f"num={first}"]
    remark = "set filters in the [convolutional] section before each [yolo]"
    return Snippet("\n".join(lines) + "\n", levels, (remark,))
