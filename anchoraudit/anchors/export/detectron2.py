"""`MODEL.ANCHOR_GENERATOR` of a detectron2 config: a list of sizes and a list of ratios for every level.

Every size of a level is combined with every ratio: area = size ^ 2, ratio = height / width. The heads take
the same number of anchors on every level. Source: detectron2 modeling/anchor_generator.py
(DefaultAnchorGenerator.generate_cell_anchors), modeling/proposal_generator/rpn.py (StandardRPNHead: "Each
level must have the same number of anchors").
"""

from __future__ import annotations

from anchoraudit.anchors.export._fitting import Judge
from anchoraudit.anchors.export._snippet import MARK, Snippet, as_sizes_and_ratios, at_input
from anchoraudit.detectors import Detector

PRESET = "detectron2-rpn_fpn"
EQUAL = True


def write(detector: Detector, judge: Judge) -> Snippet:
    """Write the block of the YAML."""
    found = as_sizes_and_ratios(detector, judge, PRESET)
    lines = [
        f"# {MARK}: sizes {at_input(detector)}",
        f"# A list a level, of strides {found.strides}; ratios are height / width.",
        "MODEL:",
        "  ANCHOR_GENERATOR:",
        f"    SIZES: [{', '.join(f'[{row}]' for row in found.sizes)}]",
        f"    ASPECT_RATIOS: [{', '.join(f'[{row}]' for row in found.ratios)}]",
    ]
    return Snippet("\n".join(lines) + "\n", found.made)
