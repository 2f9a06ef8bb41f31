"""What boxes of one image take from each other: points, where there are too few for all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from anchoraudit.arrays import Bool, Int, for_each, stable_argsort
from anchoraudit.dataset.repeated import by_groups, pairs_within, repeats
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.points.counting import candidates_by_level, owners, pairs
from anchoraudit.encoding.points.lattice import Rectangle, all_cells
from anchoraudit.encoding.points.painting import Painted
from anchoraudit.encoding.points.rules import rule_of
from anchoraudit.encoding.points.suspects import MOST_COMPARED, involved
from anchoraudit.encoding.results import Judged
from anchoraudit.encoding.statuses import STATUS_CODE

_BOXES = 1 << 14  # boxes whose candidates are listed at a time
_PAIRS = 1 << 20  # the same of pairs of a box and a candidate


def compete(
    boxes: OnCanvas,
    image: Int,
    judged: Judged,
    detector: Detector,
    category: Int,
    *,
    first: Int | None = None,
) -> Judged:
    """Return the judgement of boxes with all boxes of their images present.

    image, category: int64 [n], image and class of each box. The boxes of an image are in the order of the
    file. first: int64 [n], the first equal box of each, as `repeats` returns it, if it is known; then the
    order only matters where no prediction decides. What boxes take from each other:

    - Where no prediction decides, a box is shadowed if others learn all its candidates.
    - Of equal boxes that predictions choose among, the first wins every tie. So a later one is shadowed where
      it could only have the points that the first takes: if both are of one class, or have no more candidates
      than become positive.
    - A box without candidates may borrow a point of another box of its image.
    - A box that is alone in its image, or that shares no image with others, has its points for sure where
      the framework always gives a box its best one.
    """
    status = judged.status.copy()
    able = judged.foreground
    if detector.match.is_prediction_free:
        status[_taken(boxes, image, able, detector, first)] = STATUS_CODE["shadowed"]
        return replace(judged, status=status)
    first = repeats(image, boxes.boxes) if first is None else first
    status[_hidden(boxes, judged, detector, category, first)] = STATUS_CODE["shadowed"]
    many = int(image.max(initial=-1)) + 1
    if not detector.match.top:
        alone = np.bincount(image, minlength=many)[image] == 1
        status[alone & able] = STATUS_CODE["matched"]
    without = ~able
    if detector.match.without_candidate != "never" and without.any():
        lender = np.zeros(many, dtype=np.bool_)
        if detector.match.without_candidate == "borrows":
            lender[image[able]] = True
        elif detector.match.without_candidate == "anywhere":
            lender[:] = True
        elif detector.match.without_candidate == "contested":
            lender[_contested(boxes, image, np.unique(image[without]), detector)] = True
        status[without & lender[image]] = STATUS_CODE["borrowed"]
    return replace(judged, status=status)


def _hidden(boxes: OnCanvas, judged: Judged, detector: Detector, category: Int, first: Int) -> Int:
    """Return the rows of boxes that equal an earlier one, and can have no point of their own: int64."""
    later = np.flatnonzero((first >= 0) & judged.foreground)
    if judged.candidates is not None:
        found = judged.candidates[later]
    else:
        found = candidates_by_level(boxes.take(later), detector).sum(axis=1)
    same = category[later] == category[first[later]]
    hidden: Int = later[same | (found <= detector.match.top)]
    return hidden


def _taken(boxes: OnCanvas, image: Int, able: Bool, detector: Detector, first: Int | None) -> Bool:
    """Tell of which boxes other boxes learn all candidates, where no prediction decides: bool [n].

    able: bool [n], the boxes with candidates. first: as in `compete`.
    """
    taken = np.zeros(len(able), dtype=np.bool_)
    if detector.match.repeated == "first":  # so that a thousand equal boxes need no more memory than one
        first = repeats(image, boxes.boxes) if first is None else first
        taken = able & (first >= 0)
        able = able & ~taken
    rows = _in_crowds(image, able)
    many = np.bincount(image[rows], minlength=1)[image[rows]] > MOST_COMPARED
    crowded = rows[many]
    for part in by_groups(image[crowded], 1):
        own = crowded[part]
        owner = Painted(boxes.take(own), detector).owner
        taken[own] = np.bincount(owner[owner >= 0], minlength=len(own)) == 0
    rows = rows[~many]
    rows = rows[involved(boxes.take(rows), image[rows], detector)]

    def work(some: slice) -> None:
        own = rows[some]
        box, _ = owners(boxes.take(own), image[own], detector)
        taken[own] = np.bincount(box, minlength=len(own)) == 0

    for_each(by_groups(image[rows], _BOXES), work)
    return taken


def _in_crowds(image: Int, able: Bool) -> Int:
    """Return the rows of boxes with candidates that are not the only ones of their image, by image."""
    rows = np.flatnonzero(able)
    if bool((np.diff(image[rows]) < 0).any()):
        rows = rows[stable_argsort(image[rows])]
    several: Int = rows[np.bincount(image[rows], minlength=1)[image[rows]] > 1]
    return several


def _contested(boxes: OnCanvas, image: Int, images: Int, detector: Detector) -> Int:
    """Return those of some images that have a point which is a candidate of two boxes: int64."""
    found, asked = np.zeros((2, int(image.max(initial=-1)) + 1), dtype=np.bool_)
    asked[images] = True
    rows = np.flatnonzero(asked[image])
    rows = rows[stable_argsort(image[rows])]
    of = image[rows]
    many = np.bincount(of, minlength=len(found))[of] > MOST_COMPARED
    found[_sharing(boxes.take(rows[many]), of[many], detector)] = True
    rows = rows[~many]

    def look(part: slice) -> None:
        own = rows[part]
        for level in range(len(detector.points.strides)):
            own = own[~found[image[own]]]  # most images have such a point on the first level
            if not len(own):
                break
            for rectangle in rule_of(detector).rectangles(boxes.take(own), level, detector):
                _add_meeting(rectangle, image[own], found)

    for_each(by_groups(image[rows], _BOXES), look)
    return np.flatnonzero(found)


def _add_meeting(part: Rectangle, image: Int, found: Bool) -> None:
    """Add to `found` [N] the images of which two rectangles share a point. image: int64 [n], ascending."""
    columns = [part.x.first, part.x.last, part.y.first, part.y.last]
    for of_one_image, before, after in pairs_within(image, columns):
        low_x, high_x, low_y, high_y = before.columns
        left, right, top, bottom = after.columns
        both = of_one_image & (np.maximum(low_x, left) <= np.minimum(high_x, right))
        both &= np.maximum(low_y, top) <= np.minimum(high_y, bottom)
        found[image[before.rows[both]]] = True


def _sharing(boxes: OnCanvas, image: Int, detector: Detector) -> Int:
    """Return the images that have a point which is a candidate of two boxes, by listing them: int64."""
    number = candidates_by_level(boxes, detector).sum(axis=1)
    points = all_cells(boxes.canvases, detector.points).sum(axis=0)
    shared: list[int] = []
    for part in by_groups(image, 1):
        wanted = np.zeros(int(points[boxes.of[part.start]]), dtype=np.bool_)
        # Some boxes at a time: where boxes have many points, the first of them share one.
        for some in by_groups(np.cumsum(number[part]) // _PAIRS, 1):
            own = np.arange(part.start, part.stop)[some]
            point = pairs(boxes.take(own), detector).point
            if wanted[point].any() or len(np.unique(point)) < len(point):
                shared.append(int(image[part.start]))
                break
            wanted[point] = True
    return np.array(shared, dtype=np.int64)
