"""BOX009: coordinates in another unit than pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted, First


def check(context: Context, share: float) -> Sequence[Finding]:
    """Find files with nearly all boxes inside the first pixel of larger images."""
    sources, own = context.dataset.sources, context.totals.of_rule("BOX009")
    total, normalised = (own.column(name, len(sources)) for name in ("sized", "tiny"))
    found: list[Finding] = []
    for number in np.flatnonzero((normalised > 0) & (normalised >= share * total)).tolist():
        first = own.first(f"first {number}")
        assert first is not None
        place, evidence = first.told
        share_said = f"{normalised[number]:,} of {total[number]:,} boxes"
        text = f"{share_said} lie between 0 and 1: normalised coordinates, not pixels"
        found.append(Finding("BOX009", text, str(sources[number].path), place, evidence, "unit of all boxes"))
    return found


def count(context: Context, share: float) -> Counted:
    """Count the boxes of each source that have sides, those inside the first pixel, and take their first."""
    del share
    dataset = context.dataset
    if not len(dataset.boxes):
        return {}
    with np.errstate(invalid="ignore"):
        sized = (context.sides[:, 0] > 0) & (context.sides[:, 1] > 0)  # [0, 0, 0, 0] fits any unit
        tiny = sized & (context.image_sides[:, 0] > 8) & (context.image_sides[:, 1] > 8)
        for (
            column
        ) in dataset.boxes.xyxy.T:  # column by column is several times faster than along rows of four
            tiny &= (column >= -0.01) & (column <= 1.01)
    source = dataset.images.source[dataset.boxes.image]
    total, normalised = (
        np.bincount(source[these], minlength=len(dataset.sources)) for these in (sized, tiny)
    )
    counted: dict[str, int | Int | First] = {"sized": total, "tiny": normalised}
    for number in np.flatnonzero(normalised).tolist():
        row, order = context.first_box(np.flatnonzero(tiny & (source == number)))
        # A place makes sense only inside a file.
        place = "" if dataset.sources[number].suffix else context.locations.of_box(row).place
        image = dataset.images.ids[int(dataset.boxes.image[row])]
        counted[f"first {number}"] = First(order, (place, f"{context.corners_in(row)}: image {image!r}"))
    return counted


RULE = Rule(
    code="BOX009",
    severity="error",
    title="coordinates in another unit",
    what=(
        "In a format with pixels: at least `share` of a file's boxes with an area lie between 0 and 1, "
        "in images of more than 8 px. In YOLO, whose coordinates are shares of the image: a file has "
        "numbers above 2 or below -1 (numbers nearer to 0 and 1 are BOX015)."
    ),
    why="Every box becomes a dot in the corner, or lies far outside. Not one of them trains what it should.",
    example='{"width": 640, "height": 480}, and a bbox [0.25, 0.5, 0.1, 0.2]',
    remedy="multiply by the image's width and height, or divide by them, and export the annotations again",
    check=check,
    parameters={"share": 0.9},
    scope="totals",
    count=count,
)
