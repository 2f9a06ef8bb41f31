"""A data set while the rules of a loader are asked, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8, for_each_block
from anchoraudit.boxes import clip_boxes
from anchoraudit.dataset.columns import Boxes, Dataset, Images
from anchoraudit.loaders._rules import WITH_IMAGE, Loaded, Rule

# A COCO width comes back as (x + width) - x. What that rounds away is below this many pixels, and no file
# means so little.
ROUNDING = 1e-9


# What a framework does to data of a format: by the format's name, "" for all others.
Readers = Mapping[str, "Callable[[Sieve], None]"]


class Sieve:
    """What is left of N images and M boxes so far; the first rule that takes one has it.

    boxes: the columns as the loader has them by now, of all M boxes, also of those that are dropped.
    """

    def __init__(self, dataset: Dataset, loader: str) -> None:
        self.dataset = dataset
        self.loader = loader
        self.boxes: Boxes = dataset.boxes
        self._rules: list[Rule] = []
        # Who dropped it: 0 for nobody, else 1 + index into _rules.
        self._image_rule = np.zeros(len(dataset.images), dtype=np.int8)
        self._box_rule = np.zeros(len(dataset.boxes), dtype=np.int8)
        self._moves: list[tuple[Rule, Bool]] = []

    def read(self, readers: Readers) -> None:
        """Do what the framework does to data of the format that these were read from, where it does anything.

        readers: by a format's name, or "" for data of every other one.
        """
        reader = readers.get(self.dataset.format, readers.get(""))
        if reader is not None:
            reader(self)

    @property
    def images(self) -> Images:
        """The images, all of them."""
        return self.dataset.images

    @property
    def left(self) -> Bool:
        """Which boxes no rule has dropped yet, also in dropped images: [M]."""
        left: Bool = self._box_rule == 0
        return left

    @property
    def images_left(self) -> Bool:
        """Which images no rule has dropped yet: [N]."""
        left: Bool = self._image_rule == 0
        return left

    def images_of(self, boxes: Bool) -> Bool:
        """Which images have at least one of some boxes [M]: [N]."""
        held = np.zeros(len(self.images), dtype=np.bool_)
        held[self.boxes.image[boxes]] = True
        return held

    def drop_images(self, rule: Rule, these: Bool) -> None:
        """Drop images [N]."""
        self._drop(rule, self._image_rule, these)

    def drop_images_of(self, rule: Rule, boxes: Bool) -> None:
        """Drop the images that have one of these boxes [M] left."""
        if boxes.any():
            self.drop_images(rule, self.images_of(boxes & self.left))

    def drop_boxes(self, rule: Rule, these: Bool) -> None:
        """Drop boxes [M]."""
        self._drop(rule, self._box_rule, these)

    def _drop(self, rule: Rule, taken_by: Int8, these: Bool) -> None:
        these = these & (taken_by == 0)
        if these.any():
            self._rules.append(rule)
            taken_by[these] = len(self._rules)

    def sides(self) -> tuple[Float, Float]:
        """Width and height of the boxes, below 0 where inverted: [M], [M]."""
        xyxy = self.boxes.xyxy
        return xyxy[:, 2] - xyxy[:, 0], xyxy[:, 3] - xyxy[:, 1]

    def limits(self) -> tuple[Float, Float]:
        """Width and height of each box's image, infinite where it is unknown: [M], [M]."""
        width, height = (np.where(np.isnan(x), np.inf, x) for x in (self.images.width, self.images.height))
        return width[self.boxes.image], height[self.boxes.image]

    def without_box(self) -> Bool:
        """Which annotations have no box that could be read: [M].

        Where the files give parts of the image, a box in an image of unknown size has no pixels, but it is
        there.
        """
        rows = np.flatnonzero(np.isnan(self.boxes.xyxy[:, 0]))  # few, if any
        empty = np.isnan(self.boxes.xyxy[rows]).all(axis=1)
        if not self.dataset.in_pixels:
            empty &= ~np.isnan(self.images.width[self.boxes.image[rows]])
        found = np.zeros(len(self.boxes), dtype=np.bool_)
        found[rows] = empty
        return found

    def move(self, rule: Rule, xyxy: Float) -> None:
        """Give the boxes other coordinates [M, 4]."""
        changed = _differ(xyxy, self.boxes.xyxy)
        if changed.any():
            self._moves.append((rule, changed))
            self.boxes = replace(self.boxes, xyxy=xyxy)

    def clip(self, rule: Rule) -> None:
        """Clip the boxes to their images; at the right and at the bottom only where its size is known."""
        self.move(rule, clip_boxes(self.boxes.xyxy, *self.limits()))

    def loaded(self) -> Loaded:
        """Return what is left, and count what is not."""
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
        """How many each rule dropped."""
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
    """The entries `rows` of a column: a list, an array, or None where there is none."""
    if isinstance(column, list):
        return [column[row] for row in rows.tolist()]
    return None if column is None else column[rows]


def any_of_four(flags: Bool) -> Bool:
    """Which rows of flags [M, 4] have one that is set: [M]. Many times faster than `any` along short rows."""
    rows: Bool = np.ascontiguousarray(flags).view(np.uint32)[:, 0] != 0
    return rows


def _differ(some: Float, others: Float) -> Bool:
    """Which boxes [M, 4] have other coordinates than their counterparts; NaN is no other than NaN. [M]."""
    other = np.zeros(len(some), dtype=np.bool_)

    def work(block: slice) -> None:
        a, b = some[block], others[block]
        other[block] = any_of_four((a != b) & ~(np.isnan(a) & np.isnan(b)))

    if some is not others:
        for_each_block(len(some), work)
    return other
