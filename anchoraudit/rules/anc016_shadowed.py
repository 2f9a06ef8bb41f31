"""ANC016: box whose anchors or points other boxes take."""

from __future__ import annotations

import numpy as np

from anchoraudit.encoding.statuses import meaning_of
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._lost import Takers, shadowed
from anchoraudit.rules._rule import Rule

_NAMED = 3  # boxes that are named


def check(context: Context) -> Hits:
    """Find boxes that have anchors or points, all of which others learn."""
    meaning, takers = meaning_of("shadowed", context.detector.match), Takers(context)

    def tell(row: int) -> tuple[str, str]:
        others = takers.of(row).tolist()
        places = [context.locations.of_box(other) for other in others[:_NAMED]]
        named = ", ".join(place.place or place.thing for place in places)
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        return f"{meaning} ({named}{more})", context.corners(row)

    return context.about_boxes("ANC016", np.flatnonzero(shadowed(context)), tell)


RULE = Rule(
    code="ANC016",
    severity="warning",
    title="box that is never trained because of other boxes",
    what=(
        "A box of which other boxes of its image take all anchors or points, whatever the network predicts. "
        "Two boxes at the same place but of different classes, of which frameworks train one. Under FCOS, a "
        "point learns the smallest box around it, so a box that smaller ones cover has none left; "
        "torchvision and detectron2 tell areas apart only in steps of 8 square pixels. Under CenterNet the "
        "last box of a cell gives its size and offset. Repeats with the same class are BOX011."
    ),
    why=(
        "The box is never trained, or not its size, and no loss shows it. If two classes share a place, it "
        "is the order of the file that decides which of them is learnt."
    ),
    example="a box `car` and a box `van` with the same coordinates",
    remedy="if both boxes are one object, remove one; otherwise choose a detector that trains both (compare)",
    check=check,
    needs_detector=True,
)
