"""`AnchorGenerator` of torchvision: a tuple of sizes and one of ratios for every level.

Every size of a level is laid out with every ratio of it: area = size ^ 2, ratio = height / width, half sides
rounded to whole pixels. The heads take the same number of anchors on every level.
Source: torchvision models/detection/anchor_utils.py (AnchorGenerator.generate_anchors), faster_rcnn.py and
retinanet.py (`num_anchors_per_location()[0]`).
"""

from __future__ import annotations

from anchoraudit.detectors import Detector
from anchoraudit.exporting._fitting import Judge, sizes_and_ratios
from anchoraudit.exporting._snippet import MARK, Snippet, at_input, laid_out_by, levels_of, number, rows

PRESET = "torchvision-fasterrcnn_resnet50_fpn"
EQUAL = True


def write(detector: Detector, judge: Judge) -> Snippet:
    """Write the call."""
    levels = levels_of(detector)
    each = sizes_and_ratios(levels, judge)
    sizes, ratios = rows(size for size, _ in each), rows(ratio for _, ratio in each)
    strides = ", ".join(number(level.stride) for level in levels)
    lines = [
        "from torchvision.models.detection.anchor_utils import AnchorGenerator",
        "",
        f"# {MARK}: sizes {at_input(detector)}",
        f"# A tuple a level, of strides {strides}; ratios are height / width.",
        "anchor_generator = AnchorGenerator(",
        f"    sizes=({', '.join(f'({row},)' for row in sizes)},),",
        f"    aspect_ratios=({', '.join(f'({row},)' for row in ratios)},),",
        ")",
    ]
    made = laid_out_by(PRESET, [level.stride for level in levels], sizes, ratios)
    where = "pass it as rpn_anchor_generator= of FasterRCNN or MaskRCNN, or anchor_generator= of RetinaNet"
    return Snippet("\n".join(lines) + "\n", made, (where,))
