"""`AnchorGenerator` of torchvision: a tuple of sizes and a tuple of ratios for every level.

Every size of a level is combined with every ratio: area = size ^ 2, ratio = height / width, half sides
rounded to whole pixels. The heads take the same number of anchors on every level. Source: torchvision
models/detection/anchor_utils.py (AnchorGenerator.generate_anchors), faster_rcnn.py and retinanet.py
(`num_anchors_per_location()[0]`).
"""

from __future__ import annotations

from anchoraudit.anchors.export._fitting import Judge
from anchoraudit.anchors.export._snippet import MARK, Snippet, as_sizes_and_ratios, at_input
from anchoraudit.detectors import Detector

PRESET = "torchvision-fasterrcnn_resnet50_fpn"
EQUAL = True


def write(detector: Detector, judge: Judge) -> Snippet:
    """Write the call."""
    found = as_sizes_and_ratios(detector, judge, PRESET)
    lines = [
        "from torchvision.models.detection.anchor_utils import AnchorGenerator",
        "",
        f"# {MARK}: sizes {at_input(detector)}",
        f"# A tuple a level, of strides {found.strides}; ratios are height / width.",
        "anchor_generator = AnchorGenerator(",
        f"    sizes=({', '.join(f'({row},)' for row in found.sizes)},),",
        f"    aspect_ratios=({', '.join(f'({row},)' for row in found.ratios)},),",
        ")",
    ]
    where = "pass it as rpn_anchor_generator= of FasterRCNN or MaskRCNN, or anchor_generator= of RetinaNet"
    return Snippet("\n".join(lines) + "\n", found.made, (where,))
