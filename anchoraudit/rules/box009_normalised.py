"""BOX009: coordinates in another unit than pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context, share: float) -> Sequence[Finding]:
    """Find files with nearly all boxes inside the first pixel of larger images."""
    dataset = context.dataset
    found: list[Finding] = []
    if not len(dataset.boxes):
        return found
    with np.errstate(invalid="ignore"):
        sized = (context.sides > 0).all(axis=1)  # [0, 0, 0, 0] fits any unit
        tiny = (dataset.boxes.xyxy >= -0.01).all(axis=1) & (dataset.boxes.xyxy <= 1.01).all(axis=1)
        tiny &= sized & (context.image_sides.min(axis=1) > 8)
    source = dataset.images.source[dataset.boxes.image]
    total = np.bincount(source[sized], minlength=len(dataset.sources))
    normalised = np.bincount(source[tiny], minlength=len(dataset.sources))
    for number in np.flatnonzero((normalised > 0) & (normalised >= share * total)).tolist():
        row = int(np.flatnonzero(tiny & (source == number))[0])
        share_said = f"{normalised[number]:,} of {total[number]:,} boxes"
        text = f"{share_said} lie between 0 and 1: normalised coordinates, not pixels"
        file = dataset.sources[number]
        place = (
            "" if file.suffix else context.locations.of_box(row).place
        )  # a place makes sense only inside a file
        image = dataset.images.ids[int(dataset.boxes.image[row])]
        evidence = f"{context.corners_in(row)}: image {image!r}"
        found.append(Finding("BOX009", text, str(file.path), place, evidence, "unit of all boxes"))
    return found


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
    scope="whole",
    needs_whole="it looks at all images and boxes at once",
)
