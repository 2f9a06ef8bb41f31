"""What one loader hands to detectors: found once, for all detectors that it feeds."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, stable_argsort
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.fates import MOVED
from anchoraudit.dataset.labels import prepare
from anchoraudit.dataset.repeated import close, repeats
from anchoraudit.detectors import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.admission import Admitted, Handed, admitted_to, handed_over
from anchoraudit.encoding.canvas import Clipped, OnCanvas, clip_all
from anchoraudit.encoding.errors_raised import reasons
from anchoraudit.encoding.results import Judged
from anchoraudit.encoding.statuses import has
from anchoraudit.encoding.verdicts import VERDICTS, verdicts_of

# On inputs of at least so many pixels a side, two boxes can only become equal if each side of one is as near
# to that of the other as 1/64 of the longer side of their image: a resize moves a side by one pixel at most.
_LEAST_INPUT = 128
_NEAR = 1 / 64
# Loaders round coordinates. An image whose boxes they move farther, in pixels, is looked at as a whole.
_ROUNDED = 0.25


def placing(detector: Detector) -> tuple[object, ...]:
    """Return what decides where a detector places boxes on its input."""
    return detector.resize, detector.box_precision, detector.anchors.compared_as


def order_by_area(boxes: Float) -> Int:
    """Return the order of boxes [n, 4] by area: int64 [n].

    Then boxes of one block are alike, and the engines can skip most levels for the whole block.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # boxes that are not usable may have any size
        area = np.prod(box_sizes(boxes), axis=1).astype(np.float32)
    return np.argsort(area)


class InFile:
    """The M boxes of a data set before any loader, in orders that serve all loaders.

    Found once, so that processes that start later share it.
    """

    def __init__(self, dataset: Dataset, *, drop_difficult: bool = False) -> None:
        self._drop_difficult = drop_difficult
        self.dataset = dataset
        rows = np.arange(len(dataset.boxes))
        clipped = clip_all(dataset, rows)
        self._clipped = clipped.take(order_by_area(clipped.boxes))
        # Which boxes the policy takes once a loader has decided on crowds.
        decided = replace(dataset.boxes, fate=np.zeros(len(rows), dtype=np.int8))
        self._usable = prepare(replace(dataset, boxes=decided), drop_difficult=drop_difficult).usable
        self.by_image = stable_argsort(dataset.boxes.image)
        image, order = dataset.boxes.image, self.by_image
        longer = np.maximum(dataset.images.width, dataset.images.height)
        within = 1 + np.nan_to_num(longer)[image[order]] * _NEAR
        self.close = np.zeros(len(rows), dtype=np.bool_)
        self.close[order[close(image[order], clipped.boxes.take(order, axis=0), within)]] = True

    def has_places_of(self, loaded: Dataset) -> bool:
        """Tell whether a loader hands over all boxes where they are, in images of their sizes."""
        own = self.dataset
        pairs = (
            (own.images.width, loaded.images.width),
            (own.images.height, loaded.images.height),
            (own.boxes.image, loaded.boxes.image),
            (own.boxes.xyxy, loaded.boxes.xyxy),
        )
        return own is loaded or all(np.array_equal(one, other, equal_nan=True) for one, other in pairs)

    def usable_of(self, loaded: Dataset, *, unmoved: bool) -> Clipped:
        """Return the usable boxes of a data set as a loader hands it over, clipped, about by area.

        unmoved: what `has_places_of` says.
        """
        if unmoved:
            fate = loaded.boxes.fate
            usable = self._usable & (~loaded.boxes.crowd if fate is None else fate <= MOVED)
            return self._clipped.take(np.flatnonzero(usable[self._clipped.rows]))
        usable = prepare(loaded, drop_difficult=self._drop_difficult).usable
        return clip_all(loaded, self._clipped.rows[usable[self._clipped.rows]])

    def may_equal(self, loaded: Dataset) -> Bool:
        """Tell which boxes may be equal to another one of their image on an input: bool [M].

        loaded: the data set as a loader hands it over. True of too many.
        """
        own, image = self.dataset, loaded.boxes.image
        moved = np.zeros(len(loaded.images), dtype=np.bool_)
        for name in ("width", "height"):
            moved |= getattr(own.images, name) != getattr(loaded.images, name)
        with np.errstate(invalid="ignore", over="ignore"):
            apart = np.abs(own.boxes.xyxy - loaded.boxes.xyxy)
        far = ~(apart <= _ROUNDED).all(axis=1) | (own.boxes.image != image)
        moved[image[far]] = True
        found: Bool = self.close | moved[image]
        return found


class Fed:
    """The usable boxes of a data set as one loader hands them over.

    dataset: with the loader's coordinates and fates. clipped: the n boxes, `order_by_area`. image, category:
    int64 [n].
    """

    def __init__(self, dataset: Dataset, in_file: InFile, *, admits: bool) -> None:
        self.dataset, self._in_file, self._admits = dataset, in_file, admits
        self._unmoved = in_file.has_places_of(dataset)
        self.clipped = in_file.usable_of(dataset, unmoved=self._unmoved)
        self.image = dataset.boxes.image[self.clipped.rows]
        self.category = dataset.boxes.category[self.clipped.rows]
        self._admitted: dict[object, Admitted] = {}

    def admitted_to(self, detector: Detector) -> Admitted | None:
        """Return what the model does with the boxes; None if it is not asked.

        It is found once for detectors that ask the same of them.
        """
        if not self._admits:
            return None
        labels = detector.labels
        key = (labels, detector.resize if labels.least_side else None)
        if key not in self._admitted:
            self._admitted[key] = admitted_to(self.dataset, detector, handed=self._handed)
        return self._admitted[key]

    @cached_property
    def _handed(self) -> Handed:
        return handed_over(self.dataset)

    @cached_property
    def by_image(self) -> Int:
        """The order of the boxes by image, and within it as in the file: int64 [n]."""
        place = np.full(len(self.dataset.boxes), -1, dtype=np.int64)
        place[self.clipped.rows] = np.arange(len(self.clipped.rows))
        order: Int = place[self._in_file.by_image]
        order = order[order >= 0]
        of = self.image[order]
        if bool((of[1:] < of[:-1]).any()):  # the loader gives boxes to other images
            rows = np.sort(self.clipped.rows)
            order = place[rows[stable_argsort(self.dataset.boxes.image[rows])]]
        return order

    @cached_property
    def close(self) -> Int:
        """The boxes that may become equal to another one of their image on an input, by image: int64."""
        may = self._in_file.close if self._unmoved else self._in_file.may_equal(self.dataset)
        found: Int = self.by_image[may[self.clipped.rows[self.by_image]]]
        return found

    @cached_property
    def has_any(self) -> Bool:
        """Tell which of the N images have a box, usable or not: [N]."""
        return self.has(self.dataset.boxes.image)

    def has(self, image: Int) -> Bool:
        """Tell which of the N images occur in `image`: [N]."""
        among = np.zeros(len(self.dataset.images), dtype=np.bool_)
        among[image] = True
        return among


class OnInput:
    """The boxes that a loader hands over on the canvases of some detectors, or some of these boxes.

    boxes, image, category: of the n boxes. kept: int64 [n], the index of each among all that are handed over,
    ascending; None for all of them.
    """

    def __init__(self, fed: Fed, boxes: OnCanvas, kept: Int | None = None) -> None:
        self.fed, self._kept = fed, kept
        self.boxes = boxes if kept is None else boxes.take(kept)
        self.image = fed.image if kept is None else fed.image[kept]
        self.category = fed.category if kept is None else fed.category[kept]

    def without(self, rows: Int) -> OnInput:
        """Return the boxes without those in these rows, int64, of the data set."""
        dropped = np.zeros(len(self.fed.dataset.boxes), dtype=np.bool_)
        dropped[rows] = True
        return OnInput(self.fed, self.boxes, np.flatnonzero(~dropped[self.fed.clipped.rows]))

    @cached_property
    def first(self) -> Int:
        """The first box of the file that each one equals, -1 for none before it: int64 [n]."""
        canvases = self.boxes.canvases
        large = np.minimum(canvases.image_width, canvases.image_height) >= _LEAST_INPUT
        rows = self._own(self.fed.close if bool(large.all()) else self.fed.by_image)
        found = np.full(len(self.image), -1, dtype=np.int64)
        before = repeats(self.image[rows], self.boxes.boxes.take(rows, axis=0))
        again = np.flatnonzero(before >= 0)
        found[rows[again]] = rows[before[again]]
        return found

    def _own(self, rows: Int) -> Int:
        """Return those of some boxes that are among these, by their index among these."""
        if self._kept is None:
            return rows
        place = np.full(len(self.fed.image), -1, dtype=np.int64)
        place[self._kept] = np.arange(len(self._kept))
        own = place[rows]
        return own[own >= 0]

    def compete(self, judged: Judged, detector: Detector) -> Judged:
        """Return the judgement of the boxes with all boxes of their images present."""
        if not engines.has_rivals(detector):
            if detector.match.repeated != "first":
                return judged
            return engines.without_later_equals(judged, self.first >= 0, detector)
        if not detector.match.is_prediction_free:
            return engines.compete(self.boxes, self.image, judged, detector, self.category, first=self.first)
        order, boxes, first = self._in_file
        found = engines.compete(
            boxes, self.image[order], judged.take(order), detector, self.category[order], first=first
        )
        status = np.empty_like(found.status)
        status[order] = found.status
        return replace(judged, status=status)

    def verdicts(self, judged: Judged, dataset: Dataset, detector: Detector, of_image: Int) -> dict[str, int]:
        """Count the images by verdict.

        judged: the boxes, with all of their images present. dataset: with what becomes of its images in the
        model too. of_image: int64 [N], the canvas of each image.
        """
        fed, image = self.fed, self.image
        verdict = verdicts_of(
            boxes=fed.has_any,
            usable=fed.has(image),
            matched=fed.has(image[has(judged.status, "matched", "possible")]),
            forced=fed.has(image[has(judged.status, "forced", "borrowed")]),
            size_unknown=np.isnan(dataset.images.width),
            raises=reasons(self.boxes, image, of_image, detector) > 0,
            fate=dataset.images.fate,
        )
        counts = np.bincount(verdict, minlength=len(VERDICTS)).tolist()
        return dict(zip(VERDICTS, counts, strict=True))

    @cached_property
    def _in_file(self) -> tuple[Int, OnCanvas, Int]:
        """The boxes by image and place in the file: their order, the boxes, and `first` of each."""
        order = self._own(self.fed.by_image)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        first = self.first[order]
        return order, self.boxes.take(order), np.where(first >= 0, place[first], -1)
