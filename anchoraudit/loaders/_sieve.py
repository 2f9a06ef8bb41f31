"""A data set while the rules of a loader are applied, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8, for_each_block
from anchoraudit.boxes import clip_boxes
from anchoraudit.dataset.columns import Boxes, Dataset, Images
from anchoraudit.loaders._rules import WITH_IMAGE, Loaded, Rule

# Pixels. A COCO width is computed as (x + width) - x, which is off by up to 2^-36 px = 1.5e-11 px in float64
# for boxes below 100,000 px. A width in a file is never meant that precisely.
ROUNDING = 1e-9


# For the name of each annotation format, the function that applies the loader's rules; "" for all others.
Readers = Mapping[str, "Callable[[Sieve], None]"]


class Sieve:
    """The N images and M boxes of a data set, and which rule has dropped each; the first rule counts.

    boxes: the columns of all M boxes, with the coordinates that the loader has made so far. Dropped boxes
    are still there.
    """

    def __init__(self, dataset: Dataset, loader: str) -> None:
        self.dataset = dataset
        self.loader = loader
        self.boxes: Boxes = dataset.boxes
        self._rules: list[Rule] = []
        # Which rule dropped it: 1 + index into _rules, or 0 if it is still there.
        self._image_rule = np.zeros(len(dataset.images), dtype=np.int8)
        self._box_rule = np.zeros(len(dataset.boxes), dtype=np.int8)
        self._moves: list[tuple[Rule, Bool]] = []

    def read(self, readers: Readers) -> None:
        """Apply the rules for the format from which the data set was read, if there are any.

        readers: by the name of the format; "" for every format that has no reader of its own.
        """
        reader = readers.get(self.dataset.format, readers.get(""))
        if reader is not None:
            reader(self)

    @property
    def images(self) -> Images:
        """All images, also the dropped ones."""
        return self.dataset.images

    @property
    def left(self) -> Bool:
        """Which boxes no rule has dropped yet, also in dropped images: bool [M]."""
        left: Bool = self._box_rule == 0
        return left

    @property
    def images_left(self) -> Bool:
        """Which images no rule has dropped yet: bool [N]."""
        left: Bool = self._image_rule == 0
        return left

    def images_of(self, boxes: Bool) -> Bool:
        """Tell which images have at least one of these boxes, bool [M]: bool [N]."""
        held = np.zeros(len(self.images), dtype=np.bool_)
        held[self.boxes.image[boxes]] = True
        return held

    def drop_images(self, rule: Rule, these: Bool) -> None:
        """Drop these images, bool [N]."""
        self._drop(rule, self._image_rule, these)

    def drop_images_of(self, rule: Rule, boxes: Bool) -> None:
        """Drop the images that have one of these boxes, bool [M], unless that box is dropped already."""
        if boxes.any():
            self.drop_images(rule, self.images_of(boxes & self.left))

    def drop_boxes(self, rule: Rule, these: Bool) -> None:
        """Drop these boxes, bool [M]."""
        self._drop(rule, self._box_rule, these)

    def _drop(self, rule: Rule, taken_by: Int8, these: Bool) -> None:
        these = these & (taken_by == 0)
        if these.any():
            self._rules.append(rule)
            taken_by[these] = len(self._rules)

    def sides(self) -> tuple[Float, Float]:
        """Return width and height of the boxes in pixels, below 0 if inverted: [M], [M]."""
        xyxy = self.boxes.xyxy
        return xyxy[:, 2] - xyxy[:, 0], xyxy[:, 3] - xyxy[:, 1]

    def limits(self) -> tuple[Float, Float]:
        """Return width and height of each box's image in pixels, infinite if unknown: [M], [M]."""
        width, height = (np.where(np.isnan(x), np.inf, x) for x in (self.images.width, self.images.height))
        return width[self.boxes.image], height[self.boxes.image]

    def without_box(self) -> Bool:
        """Tell which annotations have no readable box: bool [M].

        If the files give boxes as fractions of the image, a box in an image of unknown size has no pixel
        coordinates. It counts as readable.
        """
        rows = np.flatnonzero(np.isnan(self.boxes.xyxy[:, 0]))  # few, if any
        empty = np.isnan(self.boxes.xyxy[rows]).all(axis=1)
        if not self.dataset.in_pixels:
            empty &= ~np.isnan(self.images.width[self.boxes.image[rows]])
        found = np.zeros(len(self.boxes), dtype=np.bool_)
        found[rows] = empty
        return found

    def move(self, rule: Rule, xyxy: Float) -> None:
        """Give all boxes new coordinates, float64 [M, 4]."""
        changed = _differ(xyxy, self.boxes.xyxy)
        if changed.any():
            self._moves.append((rule, changed))
            self.boxes = replace(self.boxes, xyxy=xyxy)

    def clip(self, rule: Rule) -> None:
        """Clip the boxes to their images; if the size is unknown, only at the left and the top."""
        self.move(rule, clip_boxes(self.boxes.xyxy, *self.limits()))

    def loaded(self) -> Loaded:
        """Return the data set that is left, with the numbers of dropped and moved images and boxes."""
        stays = self.images_left
        with_image = ~stays[self.boxes.image]
        kept = self.left & ~with_image
        images, rows = np.flatnonzero(stays), np.flatnonzero(kept)
        taken_by = np.where(with_image, 0, self._box_rule)
        dropped_boxes = self._counts(taken_by)
        if number := int(with_image.sum()):
            dropped_boxes[WITH_IMAGE] = number
        moved = kept & _differ(self.boxes.xyxy, self.dataset.boxes.xyxy)
        counts = ((rule.reason, int((changed & kept).sum())) for rule, changed in self._moves)
        return Loaded(
            loader=self.loader,
            dataset=self._taken(images, rows),
            images=images,
            boxes=rows,
            dropped_images=self._counts(self._image_rule),
            dropped_boxes=dropped_boxes,
            moved=int(moved.sum()),
            moves={reason: number for reason, number in counts if number},
        )

    def _counts(self, taken_by: Int8) -> dict[str, int]:
        """Return how many each rule dropped, by its reason."""
        numbers = np.bincount(taken_by, minlength=len(self._rules) + 1)[1:].tolist()
        counts: dict[str, int] = {}
        for rule, number in zip(self._rules, numbers, strict=True):
            if number:
                counts[rule.reason] = counts.get(rule.reason, 0) + number
        return counts

    def _taken(self, images: Int, rows: Int) -> Dataset:
        boxes = self.boxes
        if len(rows) < len(boxes):
            boxes = replace(boxes, entry=boxes.positions() if boxes.entry is None else boxes.entry).take(rows)
        columns = self.images
        if len(images) < len(columns):
            columns = replace(
                columns, **{f.name: _at(getattr(columns, f.name), images) for f in fields(columns)}
            )
            number = np.cumsum(self.images_left) - 1
            boxes = replace(boxes, image=number[boxes.image])
        return replace(
            self.dataset,
            images=columns,
            boxes=boxes,
            findings=list(self.dataset.findings),
            notes=list(self.dataset.notes),
        )


def _at(column: Any, rows: Int) -> Any:
    """Return the entries `rows` of a column, which is a list, an array or None."""
    if isinstance(column, list):
        return [column[row] for row in rows.tolist()]
    return None if column is None else column[rows]


def any_of_four(flags: Bool) -> Bool:
    """Tell which rows of flags [M, 4] have one set: [M]. Much faster than `any` along such short rows."""
    rows: Bool = np.ascontiguousarray(flags).view(np.uint32)[:, 0] != 0
    return rows


def _differ(some: Float, others: Float) -> Bool:
    """Tell which rows of two arrays [M, 4] of boxes differ; NaN equals NaN here. bool [M]."""
    other = np.zeros(len(some), dtype=np.bool_)

    def work(block: slice) -> None:
        a, b = some[block], others[block]
        other[block] = any_of_four((a != b) & ~(np.isnan(a) & np.isnan(b)))

    if some is not others:
        for_each_block(len(some), work)
    return other
