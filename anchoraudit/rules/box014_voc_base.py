"""BOX014: whether VOC coordinates count from 0 or from 1."""

from __future__ import annotations

import numpy as np

from anchoraudit.boxes import ROUNDING
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Say whether the boxes of a VOC data set count from 0 or from 1, if they show it."""
    if not context.dataset.counts_from_one:
        return []
    rows = context.labels.usable
    xyxy, sides = context.dataset.boxes.xyxy[rows], context.image_sides[rows]
    at_zero = int(np.count_nonzero((xyxy[:, :2] < 1 - ROUNDING).any(axis=1)))
    at_end = int(np.count_nonzero((xyxy[:, 2:] >= sides - ROUNDING).any(axis=1)))
    if not at_zero and not at_end:
        return []
    if at_zero:
        beyond = f", and {at_end:,} end at the image's width or height" if at_end else ""
        text = f"{at_zero:,} of {len(xyxy):,} boxes begin before 1: they count from 0{beyond}; a loader that "
        text += "subtracts 1 takes them below 0"
    else:
        text = (
            f"none of {len(xyxy):,} boxes begins before 1, and {at_end:,} end at the image's width or height"
        )
        text += ": they count from 1; a loader that subtracts 1 takes none below 0"
    evidence = f"{at_zero} begin before 1, {at_end} end at the image's end"
    return context.about_all("BOX014", text, evidence, "base of all boxes")


RULE = Rule(
    code="BOX014",
    severity="info",
    title="base of VOC coordinates",
    what=(
        "Pascal VOC counts pixels from 1. Boxes that begin before 1 (after --voc-offset) count from 0. "
        "If none does, and some end at the image's width or height, they count from 1. If neither "
        "happens, nothing is reported."
    ),
    why=(
        "Loaders for VOC subtract 1 (detectron2, mmdetection, keras-retinanet). On data that count from "
        "0, a box at 0 gets the coordinate -1, which unsigned integers turn into 65535, and every box "
        "is off by one. Loaders that do not subtract are off by one on data that count from 1."
    ),
    example="<xmin>0</xmin><ymin>12</ymin><xmax>640</xmax><ymax>80</ymax>",
    remedy="use a loader that counts as the data do; --loader shows what yours does with them",
    check=check,
)
