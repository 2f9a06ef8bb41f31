"""The statuses of boxes: what can become of a box that reaches the encoder."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Int8, are_any
from anchoraudit.detectors.match import Match

# "" marks a box that is not usable.
STATUSES = ("", "matched", "possible", "forced", "borrowed", "shadowed", "unmatched")
STATUS_CODE = {name: code for code, name in enumerate(STATUSES)}
# Each status in a few plain words, for reports.
MEANING = {
    "matched": "surely positive",
    "possible": "has candidates; predictions decide",
    "forced": "only a forced match: its best anchor is taken whatever its IoU",
    "borrowed": "trained only at a point outside it",
    "shadowed": "other boxes of its image take all its candidates, whatever is predicted",
    "unmatched": "can never be positive",
}
_LAST_OF_CELL = "another box of its cell gives size and offset; only the heat map of its class learns it"
_MANY_BOXES = "more boxes than queries in its image; predictions decide which are lost"


def meaning_of(status: str, match: Match) -> str:
    """Return in a few plain words what a status means under this rule of matching.

    Examples
    --------
    >>> meaning_of("possible", load_detector("mmdet-rtmdet").match)
    'has candidates; predictions decide'
    """
    if status == "shadowed" and match.unit == "point" and match.repeated == "last":
        return _LAST_OF_CELL
    if status == "shadowed" and match.unit == "anchor":
        return "another box of its image has the same place, and takes all its anchors"
    if status == "possible" and match.unit == "query":
        return _MANY_BOXES
    return MEANING[status]


# A box with one of these is trained, or can be.
FOREGROUND = ("matched", "possible", "forced", "borrowed")
# A box with one of these is never trained.
NEVER = ("shadowed", "unmatched")


def has(status: Int8, *names: str) -> Bool:
    """Tell which boxes have one of these statuses: bool, of the shape of `status`."""
    return are_any(status, [STATUS_CODE[name] for name in names])


def counts_of(status: Int8) -> dict[str, int]:
    """Count the boxes with each status; those that are not usable are left out."""
    return {name: int(np.count_nonzero(status == STATUS_CODE[name])) for name in STATUSES[1:]}
