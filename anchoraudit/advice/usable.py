"""The usable boxes of a data set, as variants of a detector are judged on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Protocol, Self

import numpy as np

from anchoraudit.advice.fed import order_by_area
from anchoraudit.anchors.drawing import Keys, least
from anchoraudit.anchors.foreground.evaluation import matches
from anchoraudit.anchors.foreground.searched import MOST_BOXES, drawn_boxes
from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.auditing.audit import Audit
from anchoraudit.boxes import box_sizes
from anchoraudit.detectors import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Clipped, OnCanvas, clip_all, place_all
from anchoraudit.encoding.statuses import FOREGROUND, has

SIZES = 20_000  # box sizes that anchors are clustered from: of up to twice as many boxes, all
Left = tuple[int, int]  # images with boxes left empty, unmatched boxes


class Of(Enum):
    """Which boxes a question is about, and what counts.

    ALL: all boxes, and every foreground. EMPTY: those of images that are empty now. MATCHED: all boxes, and
    only those that an anchor matches at or above the threshold.
    """

    ALL = "all"
    EMPTY = "empty"
    MATCHED = "matched"


@dataclass(frozen=True, slots=True)
class Question:
    """What a detector leaves of some boxes."""

    detector: Detector
    of: Of = Of.ALL


class Usable(Protocol):
    """The usable boxes of a data set."""

    @property
    def number(self) -> int:
        """How many there are."""
        ...

    @property
    def empty(self) -> int:
        """How many images with boxes are empty now."""
        ...

    def sizes(self, detector: Detector) -> Float:
        """Return box sizes [n, 2] on a detector's input, an even sample."""
        ...

    def drawn(self, detector: Detector, seed: int) -> tuple[OnCanvas, Int]:
        """Return the boxes of `drawn_boxes`, on a detector's input, and the image of each."""
        ...

    def leaves(self, questions: Sequence[Question]) -> list[Left]:
        """Count, for each question, the images with boxes left empty, and the unmatched boxes."""
        ...


class UsableOfAudit:
    """The usable boxes of an audit, in this process."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._rows = np.flatnonzero(audit.labels.usable)

    def in_order(self) -> Self:
        """Order the boxes now, so that processes that are started later share the order."""
        self._by_area  # noqa: B018
        return self

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self._rows)

    @cached_property
    def empty(self) -> int:
        """How many images with boxes are empty now."""
        return len(self._audit.images_with("empty_foreground"))

    def leaves(self, questions: Sequence[Question]) -> list[Left]:
        """Count, for each question, the images with boxes left empty, and the unmatched boxes."""
        return [self._leaves(one.detector, one.of) for one in questions]

    def sizes(self, detector: Detector) -> Float:
        """Return box sizes [n, 2] on a detector's input, an even sample."""
        return sizes_of(self._even, detector)

    def drawn(self, detector: Detector, seed: int) -> tuple[OnCanvas, Int]:
        """Return the boxes of `drawn_boxes`, on a detector's input, and the image of each."""
        rows, image = drawn_boxes(self.keys, seed, MOST_BOXES)
        return place_all(clip_all(self._audit.dataset, self._rows[rows]), detector).boxes, image

    @cached_property
    def keys(self) -> Keys:
        """Keys of the boxes, by which they are drawn."""
        return Keys.of(self.in_file, self._image)

    @property
    def in_file(self) -> Clipped:
        """The boxes, in the order of the file."""
        return clip_all(self._audit.dataset, self._rows)

    @cached_property
    def _even(self) -> Clipped:
        rows = least(self.keys.even, self.keys.box, sample_size(self.number))
        return clip_all(self._audit.dataset, self._rows[rows])

    @property
    def _image(self) -> Int:
        image: Int = self._audit.dataset.boxes.image[self._rows]
        return image

    @cached_property
    def _by_area(self) -> tuple[Clipped, Int]:
        in_file = self.in_file
        clipped = in_file.take(order_by_area(in_file.boxes))
        return clipped, self._audit.dataset.boxes.image[clipped.rows]

    @cached_property
    def _of_empty(self) -> tuple[Clipped, Int]:
        clipped, image = self._by_area
        rows = np.flatnonzero(self._audit.verdict_is("empty_foreground")[image])
        return clipped.take(rows), image[rows]

    def _leaves(self, detector: Detector, of: Of) -> Left:
        clipped, image = self._of_empty if of is Of.EMPTY else self._by_area
        boxes = place_all(clipped, detector).boxes
        if of is Of.MATCHED:
            positive = matches(boxes, detector)
        else:
            positive = has(engines.statuses(boxes, detector), *FOREGROUND)
        empty = self._count_images(image) - self._count_images(image[positive])
        return empty, int(np.count_nonzero(~positive))

    def _count_images(self, image: Int) -> int:
        return int(np.count_nonzero(self._among(image)))

    def _among(self, image: Int) -> Bool:
        """Tell which images are in a long column of theirs."""
        among = np.zeros(len(self._audit.dataset.images), dtype=np.bool_)
        among[image] = True
        return among


def sample_size(boxes: int) -> int:
    """Return how many of so many boxes anchors are clustered from."""
    return boxes if boxes < 2 * SIZES else SIZES


def sizes_of(clipped: Clipped, detector: Detector) -> Float:
    """Return the sizes [n, 2] of boxes on a detector's input, without those that have no area there."""
    sizes = box_sizes(place_all(clipped, detector).boxes.boxes)
    return sizes[(sizes > 0).all(axis=1)]
