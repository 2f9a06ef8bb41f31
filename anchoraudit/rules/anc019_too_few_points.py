"""ANC019: image in which boxes have too few points together."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.encoding.shortages import Shortages
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule

_NAMED = 3  # boxes of a shortage that are named


def check(context: Context) -> Hits:
    """Find images in training with boxes that can be given fewer points than they are."""
    shortages, of_box = context.shortages, context.dataset.boxes.image
    if context.detector.match.unit != "point":  # queries: ANC017
        shortages = Shortages.none()
    image, boxes = shortages.images(of_box), shortages.boxes
    order = np.argsort(image, kind="stable")
    ordered = image[order]

    def tell(row: int) -> tuple[str, str]:
        own = order[_equal(ordered, row)]
        number, points = int(boxes[own].sum()), int(shortages.points[own].sum())
        lost = number - points
        get = "gets" if lost == 1 else "get"
        for_them = f"{points:,} candidate point{'s' * (points != 1)} for {number:,} boxes"
        groups = f" in {len(own):,} places" if len(own) > 1 else ""
        named = _named(context, shortages, own)
        text = (
            f"at least {lost:,} of {number:,} boxes {get} no point at any step: {for_them}{groups} ({named})"
        )
        return f"{text}: image {context.dataset.images.ids[row]!r}", for_them

    found = np.flatnonzero(np.bincount(image, minlength=1))
    return context.about_images("ANC019", found[context.in_training[found]], tell)


def _named(context: Context, shortages: Shortages, own: Int) -> str:
    """Name the first boxes of some shortages, and count the others."""
    rows = np.sort(np.concatenate([shortages.box[_equal(shortages.group, one)] for one in own])).tolist()
    places = [context.locations.of_box(row) for row in rows[:_NAMED]]
    named = ", ".join(place.place or place.thing for place in places)
    return named + (f" and {len(rows) - _NAMED:,} more" if len(rows) > _NAMED else "")


def _equal(ascending: Int, value: int) -> slice:
    """Return where a value stands in an ascending column."""
    return slice(*(int(np.searchsorted(ascending, value, side)) for side in ("left", "right")))


RULE = Rule(
    code="ANC019",
    severity="warning",
    title="more boxes than points at one place",
    what=(
        "Boxes of an image that have fewer candidate points together than they are, under a detector whose "
        "predictions choose among them. A point learns one box, so that at every step some of these boxes "
        "learn none, whatever the network predicts: as many, at least, as a largest matching of boxes to "
        "points leaves out. RTMDet, NanoDet and YOLOX let boxes take points of others, which is allowed for. "
        "Boxes that never get a point are not counted again (ANC015, ANC016)."
    ),
    why=(
        "Each of these boxes can be learnt at some steps, but never all of them at one, and from those left "
        "out the network learns that they are background. Which ones, its predictions decide. These are "
        "crowds of boxes smaller than the finest stride: bees, cells, far people."
    ),
    example="5 boxes of 6 px around 2 points, under ultralytics-yolo11-8.3: 3 of them get none",
    remedy="see what would give each a point: anchoraudit advise; anchoraudit explain shows boxes and points",
    check=check,
    needs_detector=True,
)
