"""BOX008: box smaller than a pixel after the detector's resize."""

from __future__ import annotations

import numpy as np

from anchoraudit.boxes import ROUNDING, shorter_sides
from anchoraudit.io.digits import told_apart
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context, below: float) -> Hits:
    """Find usable boxes with a side shorter than a pixel on the network's input, but not on the image."""
    sizes = context.input_sides
    small = np.flatnonzero(shorter_sides(sizes) < below - ROUNDING)
    small = small[shorter_sides(context.sides[context.placed.rows[small]]) >= 1.0 - ROUNDING]
    rows = np.sort(context.placed.rows[small])
    size_of = dict(zip(context.placed.rows[small].tolist(), sizes[small].tolist(), strict=True))

    def tell(row: int) -> tuple[str, str]:
        w, h = (told_apart(side, below) for side in size_of[row])
        text = f"box of {w} x {h} px on the input of {context.detector.name}"
        return text, context.corners_in(row)

    return context.about_boxes("BOX008", rows, tell)


RULE = Rule(
    code="BOX008",
    severity="warning",
    title="box smaller than a pixel after resizing",
    what=(
        "A usable box with a side shorter than `below` pixels after the detector's resize. Boxes below "
        "one pixel of the original image are BOX007."
    ),
    why=(
        "The object is gone before the network sees it, so what is trained there is noise. Frameworks "
        "that check boxes after the resize raise on those that rounding leaves without area."
    ),
    example="a box of 6 x 40 px in an image of 6000x4000, resized to 800x533",
    remedy="train at a larger input size (--input-size), cut the images into tiles, or drop the box",
    check=check,
    needs_detector=True,
    parameters={"below": 1.0},
)
