"""BOX009: coordinates in another unit than pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anchoraudit.arrays import Int, in_all
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
    boxes, sides = dataset.boxes, context.sides
    with np.errstate(invalid="ignore"):
        sized = (sides[:, 0] > 0) & (sides[:, 1] > 0)  # [0, 0, 0, 0] fits any unit
        tiny = np.flatnonzero(sized & (boxes.xyxy[:, 2] <= 1.01))  # few, so that little is left to look at
        own, of_image = boxes.xyxy.take(tiny, axis=0), context.image_sides[tiny]
        tiny = tiny[in_all((own >= -0.01) & (own <= 1.01)) & in_all(of_image > 8)]
    source = dataset.images.source[boxes.image]
    total, normalised = (
        np.bincount(source[these], minlength=len(dataset.sources)) for these in (sized, tiny)
    )
    counted: dict[str, int | Int | First] = {"sized": total, "tiny": normalised}
    for number in np.flatnonzero(normalised).tolist():
        row, order = context.first_box(tiny[source[tiny] == number])
        # A place makes sense only inside a file.
        place = "" if dataset.sources[number].suffix else context.locations.of_box(row).place
        image = dataset.images.ids[int(boxes.image[row])]
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
