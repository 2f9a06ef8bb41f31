"""BOX014: VOC coordinates below 1."""

from __future__ import annotations

import numpy as np

from anchoraudit.boxes import ROUNDING
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted


def check(context: Context) -> list[Finding]:
    """Report boxes of a VOC data set that begin before 1, the first pixel of the format."""
    if not _is_asked(context):
        return []  # what a known loader makes of such a box is said by the rules on the run
    own = context.totals.of_rule("BOX014")
    boxes, before, at_one = (own.number(name) for name in ("boxes", "before 1", "at 1"))
    if not before:
        return []
    text = f"{before:,} of {boxes:,} {'box' if boxes == 1 else 'boxes'} begin before 1"
    if at_one > before:
        text += f", and {at_one:,} at 1: coordinates start at 1, so these few are outside the image"
    else:
        text += ": coordinates start at 0"
    text += "; a loader that subtracts 1 makes them negative"
    return context.about_all("BOX014", text, f"{before} begin before 1, {at_one} at 1", "base of all boxes")


def count(context: Context) -> Counted:
    """Count the boxes that begin before the first pixel, and those that begin there."""
    if not _is_asked(context):
        return {}
    begins = context.dataset.boxes.xyxy[context.labels.usable, :2]
    # Where data count from 0, boxes at the left or upper edge begin at 0. Where they count from 1, at 1.
    at_one = ((begins >= 1 - ROUNDING) & (begins < 2)).any(axis=1)
    return {
        "boxes": len(begins),
        "before 1": int(np.count_nonzero((begins < 1 - ROUNDING).any(axis=1))),
        "at 1": int(np.count_nonzero(at_one)),
    }


def _is_asked(context: Context) -> bool:
    return context.dataset.counts_from_one and context.loaded is None


RULE = Rule(
    code="BOX014",
    severity="info",
    title="VOC coordinates below 1",
    what=(
        "A box of a Pascal VOC data set begins before 1, after --voc-offset. The format counts pixels "
        "from 1. If no more boxes begin at 1 than before it, the data count from 0; else these boxes are "
        "outside their images. Not reported with a loader: what it makes of such boxes is said then."
    ),
    why=(
        "Loaders for VOC subtract 1 (detectron2, mmdetection, keras-retinanet). A box at 0 gets the "
        "coordinate -1, which unsigned integers turn into 65535, and on data that count from 0 every box "
        "is off by one. To a loader that does not subtract, it makes no difference."
    ),
    example="<xmin>0</xmin><ymin>12</ymin><xmax>640</xmax><ymax>80</ymax>",
    remedy="match your loader: it must start counting where the data do (--loader shows what yours does)",
    check=check,
    scope="totals",
    count=count,
)
