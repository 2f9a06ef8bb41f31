"""Boxes that are never trained, and what is said of them under each kind of detector."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.dataset.duplicates import exact_duplicates
from anchoraudit.dataset.repeated import repeats
from anchoraudit.detectors import Detector
from anchoraudit.encoding.points.counting import owners, pairs
from anchoraudit.encoding.statuses import STATUS_CODE, has
from anchoraudit.encoding.verdicts import VERDICT_CODE
from anchoraudit.rules._context import Context


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
        found &= exact_duplicates(context.dataset) < 0
    return found


def learns_some_of_shadowed(detector: Detector) -> bool:
    """Tell whether a shadowed box is learnt all the same but for its size, as in CenterNet's heat map."""
    return detector.match.unit == "point" and detector.match.repeated == "last"


def in_images_that_train(context: Context) -> Bool:
    """Tell which trained boxes are in an image that has foreground: bool [M]."""
    fine = np.isin(context.verdict, [VERDICT_CODE["ok"], VERDICT_CODE["forced_only"]])
    found: Bool = context.trained & fine[context.dataset.boxes.image]
    return found


def never_positive_in(context: Context) -> Bool:
    """Tell which boxes of images that train can never be positive: bool [M]."""
    unmatched: Bool = in_images_that_train(context) & (context.status == STATUS_CODE["unmatched"])
    return unmatched


def takers(context: Context, row: int) -> Int:
    """Return the rows of the boxes that take all anchors or points of a shadowed box, those of most first."""
    placed, detector = context.placed, context.detector
    here = np.flatnonzero(context.dataset.boxes.image[placed.rows] == context.dataset.boxes.image[row])
    here = here[np.argsort(placed.rows[here])]
    own, boxes = int(np.flatnonzero(placed.rows[here] == row)[0]), placed.boxes.take(here)
    image = np.zeros(len(here), dtype=np.int64)
    if detector.match.unit != "point" or not detector.match.is_prediction_free:
        first = int(repeats(image, boxes.boxes)[own])
        return placed.rows[here[[first]]] if first >= 0 else np.zeros(0, dtype=np.int64)
    every = pairs(boxes, detector)
    box, point = owners(boxes, image, detector)
    mine = np.isin(point, every.point[every.box == own])
    count = np.bincount(box[mine], minlength=len(here))
    most = np.argsort(-count, kind="stable")
    taken: Int = placed.rows[here[most[count[most] > 0]]]
    return taken
