"""A data set while the rules of a loader are applied, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8, for_each_block
from anchoraudit.boxes import clip_boxes
from anchoraudit.dataset.columns import Boxes, Dataset, Images
from anchoraudit.dataset.fates import DROPPED, KEPT, MOVED, RAISED, STOPS
from anchoraudit.detectors.classes import Classes
from anchoraudit.detectors.spec import Detector
from anchoraudit.images.inspection import ImageFiles
from anchoraudit.loaders._declared import ClassReading
from anchoraudit.loaders._rules import Loaded, Rule

# Pixels. A COCO width is computed as (x + width) - x, which is off by up to 2^-36 px = 1.5e-11 px in float64
# for boxes below 100,000 px. A width in a file is never meant that precisely.
ROUNDING = 1e-9
_FIRST_QUARTER_TURN = 5  # EXIF orientations 5 to 8 exchange width and height

# Returns the framework's own words for an image, or for a box of it, given its row.
Say = Callable[[int], str]

# For the name of each annotation format, the function that applies the loader's rules; "" for all others.
Readers = Mapping[str, "Callable[[Sieve], None]"]


class Sieve:
    """The N images and M boxes of a data set, and what each rule has done to them; the first rule counts.

    images, boxes: all columns, with the sizes and coordinates that the loader has made so far. Dropped ones
    are still there. files: facts about the image files, None if nobody looked. classes: what the framework
    makes of the classes that the files declare, None if it reads no such declaration. detector: the one that
    is trained, None if nobody named it.
    """

    def __init__(
        self,
        dataset: Dataset,
        loader: str,
        files: ImageFiles | None = None,
        classes: Classes | None = None,
        detector: Detector | None = None,
    ) -> None:
        self.dataset = dataset
        self.detector = detector
        # The names in the configuration, or () where nobody states any.
        self.class_names: tuple[str, ...] = () if classes is None else classes.names
        self.loader = loader
        self.files = files
        self.classes: ClassReading | None = None
        self.images: Images = dataset.images
        self.boxes: Boxes = dataset.boxes
        self._rules: list[Rule] = []
        self._say: dict[int, Say] = {}
        # Which rule dropped it: 1 + index into _rules, or 0 if it is still there.
        self._image_rule = np.zeros(len(dataset.images), dtype=np.int16)
        self._box_rule = np.zeros(len(dataset.boxes), dtype=np.int16)
        self._stop_rule = np.zeros(len(dataset.images), dtype=np.int16)
        self._culprit = np.full(len(dataset.images), -1, dtype=np.int64)
        self._moves: list[tuple[Rule, Bool]] = []
        self._at_all: list[str] = []
        self._asked = "", 0, 0

    def read(self, readers: Readers) -> None:
        """Apply the rules for the format from which the data set was read, if there are any.

        readers: by the name of the format; "" for every format that has no reader of its own.
        """
        reader = readers.get(self.dataset.format, readers.get(""))
        if reader is not None:
            reader(self)

    @property
    def left(self) -> Bool:
        """Which boxes no rule has dropped yet, also in dropped images: bool [M]."""
        left: Bool = self._box_rule == 0
        return left

    @property
    def images_left(self) -> Bool:
        """Which images no rule has dropped or raised at yet: bool [N]."""
        left: Bool = self._image_rule == 0
        return left

    def images_of(self, boxes: Bool) -> Bool:
        """Tell which images have at least one of these boxes, bool [M]: bool [N]."""
        held = np.zeros(len(self.images), dtype=np.bool_)
        held[self.boxes.image[boxes]] = True
        return held

    def drop_images(self, rule: Rule, these: Bool, say: Say | None = None) -> None:
        """Drop these images, bool [N], or raise at them, as the rule says.

        say: returns the framework's own words for an image, given its row.
        """
        these = these & self.images_left
        if these.any():
            self._image_rule[these] = self._number(rule, say)

    def drop_images_of(self, rule: Rule, boxes: Bool, say: Say | None = None) -> None:
        """Drop the images that have one of these boxes, bool [M], unless that box is dropped already.

        say: returns the framework's own words, given the row of the first such box of an image.
        """
        if boxes.any():
            rows = self._first_rows(boxes & self.left)
            these = (rows >= 0) & self.images_left
            self._culprit[these] = rows[these]
            self.drop_images(rule, these, None if say is None else lambda image: say(int(rows[image])))

    def stop_at(self, rule: Rule, these: Bool, say: Say | None = None) -> None:
        """Say that training stops right after the loader hands these images over, bool [N]."""
        these = these & self.images_left & (self._stop_rule == 0)
        if these.any():
            self._stop_rule[these] = self._number(rule, say)

    def stop_at_images_of(self, rule: Rule, boxes: Bool, say: Say | None = None) -> None:
        """Say that training stops at the images that have one of these boxes, bool [M], if it is left."""
        rows = self._first_rows(boxes & self.left)
        these = (rows >= 0) & self.images_left & (self._stop_rule == 0)
        if these.any():
            self._culprit[these] = rows[these]
            self.stop_at(rule, these, None if say is None else lambda image: say(int(rows[image])))

    def stop_at_all(self, words: str) -> None:
        """Say that the framework stops at the data set as a whole, in its own words and with what to do."""
        self._at_all.append(words)

    def stop_without_images(self, words: str) -> None:
        """Say that the framework stops, with these words of its own, if no image is left by now."""
        raised = int(np.count_nonzero(self._fates() == RAISED))
        self._asked = words, int(np.count_nonzero(self.images_left)), raised

    def drop_boxes(self, rule: Rule, these: Bool) -> None:
        """Drop these boxes, bool [M]."""
        these = these & self.left
        if these.any():
            self._box_rule[these] = self._number(rule, None)

    def _number(self, rule: Rule, say: Say | None) -> int:
        self._rules.append(rule)
        if say is not None:
            self._say[len(self._rules)] = say
        return len(self._rules)

    def _first_rows(self, boxes: Bool) -> Int:
        """Return the first of these boxes, bool [M], in each image: int64 [N], -1 without one."""
        rows = np.flatnonzero(boxes)[::-1]
        first = np.full(len(self.images), -1, dtype=np.int64)
        first[self.boxes.image[rows]] = rows  # of several, the last one assigned stays
        return first

    def sides(self) -> tuple[Float, Float]:
        """Return width and height of the boxes in pixels, below 0 if inverted: [M], [M]."""
        xyxy = self.boxes.xyxy
        return xyxy[:, 2] - xyxy[:, 0], xyxy[:, 3] - xyxy[:, 1]

    def limits(self) -> tuple[Float, Float]:
        """Return width and height of each box's image in pixels, infinite if unknown: [M], [M]."""
        width, height = (np.where(np.isnan(x), np.inf, x) for x in (self.images.width, self.images.height))
        return width[self.boxes.image], height[self.boxes.image]

    def opened(self, *, turned: bool) -> tuple[Float, Float]:
        """Return width and height of the images as the loader opens them: [N], [N].

        Where the file is not known, its size is that of the data set. turned: the loader applies the EXIF
        orientation.
        """
        width, height = self.images.width.copy(), self.images.height.copy()
        if (files := self.files) is not None:
            known = ~np.isnan(files.width) & ~np.isnan(files.height)
            width[known], height[known] = files.width[known], files.height[known]
            if turned:
                swapped = known & (files.orientation >= _FIRST_QUARTER_TURN)
                width[swapped], height[swapped] = files.height[swapped], files.width[swapped]
        return width, height

    def opens_as(self, width: Float, height: Float) -> None:
        """Give all images the size, float64 [N] each in pixels, that the loader opens them with."""
        self.images = replace(self.images, width=width, height=height)

    def absent(self) -> Bool:
        """Tell which images have no file, where their folder is known: bool [N]."""
        if self.files is None:
            return np.zeros(len(self.images), dtype=np.bool_)
        return self.files.looked & ~self.files.present

    def broken(self) -> list[str]:
        """Return for each image why its file cannot be used, "" if it can: N texts."""
        return [""] * len(self.images) if self.files is None else self.files.problem

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

    def loaded(self, order: tuple[str, ...] = ()) -> Loaded:
        """Return what has become of every image and box. order: the reasons of all rules, as of `Loaded`."""
        image_fate = self._fates()
        before = self.dataset.boxes.xyxy
        kept = self.left & (image_fate == KEPT)[self.boxes.image]
        # What is not handed over keeps the coordinates of the file.
        xyxy = np.where(kept[:, None], self.boxes.xyxy, before) if self._moves else before
        box_fate = image_fate[self.boxes.image]
        box_fate[~self.left & (box_fate == KEPT)] = DROPPED
        box_fate[kept & _differ(xyxy, before)] = MOVED
        counts = ((rule.reason, int((changed & kept).sum())) for rule, changed in self._moves)
        stops = (image_fate == KEPT) & (self._stop_rule > 0)
        images = replace(self.images, fate=np.where(stops, np.int8(STOPS), image_fate))
        boxes = replace(self.boxes, xyxy=xyxy, fate=box_fate)
        words, left, raised = self._asked
        return Loaded(
            loader=self.loader,
            dataset=replace(self.dataset, images=images, boxes=boxes),
            rules=tuple(self._rules),
            image_fate=image_fate,
            box_fate=box_fate,
            image_rule=self._image_rule,
            box_rule=self._box_rule,
            stop_rule=self._stop_rule,
            culprit=self._culprit,
            moves={reason: number for reason, number in counts if number},
            order=order,
            say=self._say,
            at_all=tuple(self._at_all),
            without_images=words,
            images_left=left,
            images_raised=raised,
            classes=self.classes,
        )

    def _fates(self) -> Int8:
        """Return the fate of each image: int8 [N]."""
        of_rule = [KEPT, *(RAISED if rule.what == "raises" else DROPPED for rule in self._rules)]
        fates: Int8 = np.array(of_rule, dtype=np.int8)[self._image_rule]
        return fates


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
