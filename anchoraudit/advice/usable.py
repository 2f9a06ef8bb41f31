"""The usable boxes of a data set, as variants of a detector are judged on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Protocol, Self

import numpy as np

from anchoraudit.advice.fed import order_by_area
from anchoraudit.anchors.foreground.evaluation import matches
from anchoraudit.anchors.foreground.searched import draw, within
from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.auditing.audit import Audit
from anchoraudit.boxes import box_sizes
from anchoraudit.detectors import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Clipped, OnCanvas, clip_all, distinct, place_all
from anchoraudit.encoding.statuses import FOREGROUND, has

SIZES = 20_000  # box sizes that anchors are clustered from, evenly taken, up to twice as many
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

    def drawn(self, detector: Detector, rng: np.random.Generator) -> tuple[OnCanvas, Int]:
        """Return the boxes of images drawn at random, on a detector's input, and the image of each.

        Images ascend. Up to `MOST_BOXES` of `anchors.foreground` these are all boxes.
        """
        ...

    def leaves(self, questions: Sequence[Question]) -> list[Left]:
        """Count, for each question, the images with boxes left empty, and the unmatched boxes."""
        ...


def every_nth(boxes: int) -> int:
    """Return that each so many-th of so many boxes is in the even sample."""
    return max(1, boxes // SIZES)


@dataclass(frozen=True)
class Sampled:
    """Boxes that anchors are found from.

    even: an even sample of all boxes. drawn: the boxes of images drawn at random, by image. image: int64 [n],
    the image of each of these.
    """

    even: Clipped
    drawn: Clipped
    image: Int

    def sizes(self, detector: Detector) -> Float:
        """Return the sizes [n, 2] of the even sample on a detector's input."""
        sizes = box_sizes(place_all(self.even, detector).boxes.boxes)
        return sizes[(sizes > 0).all(axis=1)]

    def on_input(self, detector: Detector) -> tuple[OnCanvas, Int]:
        """Return the drawn boxes on a detector's input, and the image of each."""
        return place_all(self.drawn, detector).boxes, self.image


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

    @cached_property
    def images(self) -> Int:
        """The images that have any, ascending: int64."""
        return np.flatnonzero(self._among(self._image))

    def sampled(self, places: Int) -> Clipped:
        """Return the boxes at these places in the order of the file."""
        return clip_all(self._audit.dataset, self._rows[places])

    def of_images(self, images: Int) -> tuple[Clipped, Int]:
        """Return the boxes of some images, by image, and the image of each. images: int64, any order."""
        own = np.flatnonzero(self._among(images)[self._image])
        own = own[np.argsort(self._image[own], kind="stable")]
        return clip_all(self._audit.dataset, self._rows[own]), self._image[own]

    def leaves(self, questions: Sequence[Question]) -> list[Left]:
        """Count, for each question, the images with boxes left empty, and the unmatched boxes."""
        return [self._leaves(one.detector, one.of) for one in questions]

    def sizes(self, detector: Detector) -> Float:
        """Return box sizes [n, 2] on a detector's input, an even sample."""
        return Sampled(self._even, self._even, self._even.rows).sizes(detector)

    def drawn(self, detector: Detector, rng: np.random.Generator) -> tuple[OnCanvas, Int]:
        """Return the boxes of images drawn at random, on a detector's input, and the image of each."""
        order = draw(rng, len(self.images), self.number)
        count = np.bincount(self._image)
        boxes, image = self.of_images(self.images[order[: within(count[self.images[order]])]])
        return place_all(boxes, detector).boxes, image

    @cached_property
    def _even(self) -> Clipped:
        return self.sampled(np.arange(0, self.number, every_nth(self.number)))

    @property
    def _image(self) -> Int:
        image: Int = self._audit.dataset.boxes.image[self._rows]
        return image

    @cached_property
    def _by_area(self) -> tuple[Clipped, Int]:
        in_file = clip_all(self._audit.dataset, self._rows)
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


def clipped_of(boxes: Float, sizes: Float) -> Clipped:
    """Return boxes [n, 4] that are clipped already. sizes: [n, 2], width and height of the image of each."""
    first, of = distinct(sizes)
    width, height = sizes[first].T if len(first) else (np.zeros(0), np.zeros(0))
    return Clipped(np.arange(len(boxes)), boxes, of, width, height, np.arange(len(first)))
