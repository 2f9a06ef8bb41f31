"""`MODEL.ANCHOR_GENERATOR` of a detectron2 config: a list of sizes and one of ratios for every level.

Every size of a level is laid out with every ratio of it: area = size ^ 2, ratio = height / width. The heads
take the same number of anchors on every level.
Source: detectron2 modeling/anchor_generator.py (DefaultAnchorGenerator.generate_cell_anchors),
modeling/proposal_generator/rpn.py (StandardRPNHead: "Each level must have the same number of anchors").
"""

from __future__ import annotations

from anchoraudit.detectors import Detector
from anchoraudit.exporting._fitting import Judge, sizes_and_ratios
from anchoraudit.exporting._snippet import MARK, Snippet, at_input, laid_out_by, levels_of, number, rows

PRESET = "detectron2-rpn_fpn"
EQUAL = True


def write(detector: Detector, judge: Judge) -> Snippet:
    """Write the block of the YAML."""
    levels = levels_of(detector)
    each = sizes_and_ratios(levels, judge)
    sizes, ratios = rows(size for size, _ in each), rows(ratio for _, ratio in each)
    strides = ", ".join(number(level.stride) for level in levels)
    lines = [
        f"# {MARK}: sizes {at_input(detector)}",
        f"# A list a level, of strides {strides}; ratios are height / width.",
        "MODEL:",
        "  ANCHOR_GENERATOR:",
        f"    SIZES: [{', '.join(f'[{row}]' for row in sizes)}]",
        f"    ASPECT_RATIOS: [{', '.join(f'[{row}]' for row in ratios)}]",
    ]
    made = laid_out_by(PRESET, [level.stride for level in levels], sizes, ratios)
    return Snippet("\n".join(lines) + "\n", made)
