"""Boxes that are never trained, and what is said of them under each kind of detector."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from anchoraudit.arrays import Bool, Int, are_any
from anchoraudit.dataset.repeated import repeats
from anchoraudit.detectors import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.statuses import STATUS_CODE, has
from anchoraudit.encoding.verdicts import VERDICT_CODE
from anchoraudit.rules._context import Context

if TYPE_CHECKING:
    from anchoraudit.encoding.points.painting import Painted


def finds_nothing(number: int, detector: Detector) -> str:
    """Say after a number of boxes what they lack that are unmatched: `match no anchor of yolov5`."""
    if detector.match.unit == "point":
        return f"{'has' if number == 1 else 'have'} no point of {detector.name} inside"
    return f"{'matches' if number == 1 else 'match'} no {detector.match.unit} of {detector.name}"


def shadowed(context: Context) -> Bool:
    """Tell which boxes lose all their anchors or points to others: bool [M].

    Repeats of a box with the same class are left out: they are one object, and it is trained.
    """
    found = context.trained & has(context.status, "shadowed")
    if found.any():
        found &= context.exact_duplicates < 0
    return found


def learns_some_of_shadowed(detector: Detector) -> bool:
    """Tell whether a shadowed box is learnt all the same but for its size, as in CenterNet's heat map."""
    return detector.match.unit == "point" and detector.match.repeated == "last"


def in_images_that_train(context: Context) -> Bool:
    """Tell which trained boxes are in an image that has foreground: bool [M]."""
    fine = are_any(context.verdict, [VERDICT_CODE["ok"], VERDICT_CODE["forced_only"]])
    found: Bool = context.trained & fine[context.dataset.boxes.image]
    return found


def never_positive_in(context: Context) -> Bool:
    """Tell which boxes of images that train can never be positive: bool [M]."""
    unmatched: Bool = in_images_that_train(context) & (context.status == STATUS_CODE["unmatched"])
    return unmatched


class Takers:
    """Says which boxes take all anchors or points of shadowed ones.

    What is found out about an image is kept for its other boxes, so that they are best asked for in order.
    """

    def __init__(self, context: Context) -> None:
        self._context, self._detector = context, context.detector
        self._painted: tuple[int, Painted] | None = None

    def of(self, row: int) -> Int:
        """Return the rows of the boxes that take those of this one, the one that takes most first: int64."""
        rows, of_rows, boxes = self._by_image
        image = int(self._context.dataset.boxes.image[row])
        start, end = (int(np.searchsorted(of_rows, image, side)) for side in ("left", "right"))
        own = start + int(np.searchsorted(rows[start:end], row))
        if self._detector.match.unit != "point" or not self._detector.match.is_prediction_free:
            first = int(self._first[own])
            return rows[[first]] if first >= 0 else np.zeros(0, dtype=np.int64)
        if self._painted is None or self._painted[0] != image:
            from anchoraudit.encoding.points.painting import Painted  # for detectors with points only

            self._painted = image, Painted(boxes.take(np.arange(start, end)), self._detector)
        taken: Int = rows[start + self._painted[1].takers(own - start)]
        return taken

    @cached_property
    def _first(self) -> Int:
        _, image, boxes = self._by_image
        return repeats(image, boxes.boxes)

    @cached_property
    def _by_image(self) -> tuple[Int, Int, OnCanvas]:
        """The usable boxes in the order of images: their rows, images, and places on the input."""
        placed, image = self._context.placed, self._context.dataset.boxes.image
        order = np.lexsort([placed.rows, image[placed.rows]])
        rows = placed.rows[order]
        return rows, image[rows], placed.boxes.take(order)
