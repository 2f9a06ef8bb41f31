"""`anchor_generator` of an mmdetection config.

YOLOAnchorGenerator takes any widths and heights, by level, and centres them in their cells. AnchorGenerator
centres them at the corners of the cells, and combines each level's base size with scales and ratios that all
levels share; other widths and heights become the nearest of this form. Both take the same number of anchors
on every level. Source: mmdetection 3.3.0 models/task_modules/prior_generators/anchor_generator.py.
"""

from __future__ import annotations

from anchoraudit.anchors.export._fitting import Judge, bases_scales_ratios
from anchoraudit.anchors.export._snippet import MARK, Snippet, at_input, laid_out_by, number, rows
from anchoraudit.anchors.foreground.levels import OnLevel
from anchoraudit.detectors import Detector

PRESET = "mmdet-yolov3"
EQUAL = True

_WHERE = (
    "it replaces anchor_generator in the rpn_head or bbox_head; if that is inherited from a _base_, add "
    "_delete_=True"
)


def write(detector: Detector, judge: Judge) -> Snippet:
    """Write the generator that centres cells as the detector does."""
    levels = [OnLevel(level.stride, level.shapes) for level in detector.anchors.levels]
    header = f"# {MARK}, {at_input(detector)}"
    strides = ", ".join(number(level.stride) for level in levels)
    if any(level.offset for level in detector.anchors.levels):
        return Snippet(_yolo(header, strides, levels), tuple(levels), (_WHERE,))
    bases, (all_scales, all_ratios) = bases_scales_ratios(levels, judge)
    (base_sizes,), (scales,), (ratios,) = rows([bases]), rows([all_scales]), rows([all_ratios])
    lines = [
        header,
        "anchor_generator = dict(",
        "    type='AnchorGenerator',",
        f"    strides=[{strides}],",
        f"    base_sizes=[{base_sizes}],",
        f"    scales=[{scales}],",
        f"    ratios=[{ratios}])",
    ]
    scaled = [
        ", ".join(repr(float(base) * float(scale)) for scale in scales.split(","))
        for base in base_sizes.split(",")
    ]
    made = laid_out_by(
        "mmdet-retinanet_fpn", [level.stride for level in levels], scaled, [ratios] * len(levels)
    )
    exact = (
        "AnchorGenerator takes one list of scales and one of ratios for all levels; YOLOAnchorGenerator "
        "takes widths and heights as they are, but centres its anchors half a stride further right and down"
    )
    return Snippet("\n".join(lines) + "\n", made, (exact, _WHERE))


def _yolo(header: str, strides: str, levels: list[OnLevel]) -> str:
    sizes = [", ".join(f"({number(w)}, {number(h)})" for w, h in level.anchors) for level in levels]
    lines = [
        header,
        "anchor_generator = dict(",
        "    type='YOLOAnchorGenerator',",
        "    base_sizes=[",
        *(f"        [{row}]," for row in sizes),
        "    ],",
        f"    strides=[{strides}])",
    ]
    return "\n".join(lines) + "\n"
