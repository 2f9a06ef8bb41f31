"""How likely each image is to have no foreground under random geometry, and each box not to be trained.

A draw augments every image once, as an epoch does, and the encoder judges the boxes that are left. Several
draws of some images are judged in one call, as if they were one data set.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Float, Int
from anchoraudit.auditing.augmentation.batches import Varying, among, require_possible
from anchoraudit.auditing.augmentation.draws import augmented, draw
from anchoraudit.auditing.augmentation.frameworks.recipe import Recipe
from anchoraudit.auditing.augmentation.spec import Augmentation
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import Labels
from anchoraudit.detectors import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Clipped, distinct, place_all
from anchoraudit.encoding.errors_raised import reasons


@dataclass(frozen=True, slots=True)
class Untrained:
    """How often boxes are not trained, in three numbers.

    boxes: how many are usable. share: the mean of their shares of epochs without training, NaN without any
    box. seldom: how many are trained in fewer than half of the epochs. never: how many in no draw at all.
    """

    boxes: int
    share: float
    seldom: int
    never: int

    @classmethod
    def of(cls, p_untrained: Float) -> Untrained:
        """Count: p_untrained float64 [M], NaN where a box is not usable."""
        known = p_untrained[~np.isnan(p_untrained)]
        share = float(known.mean()) if len(known) else math.nan
        return cls(len(known), share, int(np.count_nonzero(known > 0.5)), int(np.count_nonzero(known == 1.0)))


@dataclass(frozen=True, slots=True)
class PhaseResult:
    """One part of a training run under its framework's own geometry.

    name: of the phase. share: of the epochs. p_untrained: float64 [M], the share of this phase's epochs in
    which a box is not trained, NaN where it is not usable. expected_empty: the number of images without
    foreground in an average epoch of this phase; None where images come together with others.
    """

    name: str
    share: float
    p_untrained: Float
    expected_empty: float | None


@dataclass(slots=True)
class Sensitivity:
    """The effect of random geometry on N images and M boxes.

    p_empty: float64 [N], the share of draws in which the image has no foreground or cannot train at all
    (`verdicts.WITHOUT_FOREGROUND`). It is 1 for an image that has no usable box to begin with, NaN for an
    annotated image of unknown size. expected_empty: the sum of p_empty without the NaN: how many such images
    an epoch has on average. error: the standard error of that sum, NaN for a single draw. p_untrained:
    float64 [M], the share of epochs in which no anchor is positive for the box, dropped or not; NaN where it
    is not usable.

    Under a framework's own geometry there are `phases`, and `framework` is its name and version. Then p_empty
    is of the phases in which images come alone; without one it is NaN, and so is expected_empty.
    """

    augmentation: Augmentation | Recipe
    p_empty: Float
    draws: int
    seed: int
    expected_empty: float
    error: float
    p_untrained: Float
    phases: tuple[PhaseResult, ...] = ()
    framework: str = ""


def sensitivity(
    dataset: Dataset,
    labels: Labels,
    detector: Detector,
    augmentation: Augmentation,
    *,
    draws: int = 32,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Sensitivity:
    """Audit a data set under an augmentation, `draws` times.

    labels: which boxes are usable, from `labels.prepare`. progress: called with (done, to do), counted in
    draws of single images. The result depends only on the images, the detector, the augmentation, `draws` and
    `seed`.

    Raises AnchorauditError if `draws` is below 1 or `seed` is negative.
    """
    require_possible(draws, seed)
    own = Varying.of_dataset(dataset, labels)
    empty, hits, done = np.zeros(len(own), dtype=np.int64), np.zeros(len(own.rows), dtype=np.int64), 0
    for some, numbers in own.batches(draws):
        images, boxes = _outcomes(own.take(some), numbers, seed, detector, augmentation)
        empty[some] += images
        hits[own.boxes_of(some)] += boxes
        done += len(images) * len(numbers)
        if progress is not None:
            progress(done, len(own) * draws)
    p_untrained = np.full(len(labels.usable), np.nan)
    p_untrained[own.rows] = 1.0 - hits / draws
    p_empty = certain(dataset)
    p_empty[own.images] = empty / draws
    expected = float(np.nansum(p_empty))
    return Sensitivity(
        augmentation, p_empty, draws, seed, expected, error_of(empty / draws, draws), p_untrained
    )


def certain(dataset: Dataset) -> Float:
    """Return p_empty of the images without a usable box, 1 or NaN, at all places: float64 [N]."""
    known = ~np.isnan(dataset.images.width)
    return np.where(known | ~among(dataset.boxes.image, len(dataset.images)), 1.0, np.nan)


def error_of(chance: Float, draws: int) -> float:
    """Return the standard error of a sum of shares of draws, NaN for a single draw."""
    return math.sqrt(float(np.sum(chance * (1.0 - chance))) / (draws - 1)) if draws > 1 else math.nan


def _outcomes(
    own: Varying, numbers: range, seed: int, detector: Detector, augmentation: Augmentation
) -> tuple[Int, Int]:
    """Count the draws in which images have no foreground or cannot train at all, and boxes are trained.

    Returns int64 [V] and int64 [m].
    """
    count = len(own)
    drawn = [draw(augmentation, own.keys, own.width, own.height, number=d, seed=seed) for d in numbers]
    width, height = (np.concatenate([getattr(d, side) for d in drawn]) for side in ("width", "height"))
    first, of_image = distinct(np.column_stack([width, height]))
    boxes, image, number = [], [], []
    for place, one in enumerate(drawn):
        made, kept = augmented(own.boxes, own.of, one, augmentation.keep)
        boxes.append(made[kept])
        image.append(own.of[kept] + place * count)
        number.append(np.flatnonzero(kept))
    left, owner, box = np.concatenate(boxes), np.concatenate(image), np.concatenate(number)
    # Sorted by area, boxes of one block are alike, and the engine can skip most levels for the whole block.
    order = np.argsort(np.prod(box_sizes(left), axis=1).astype(np.float32))
    left, owner, box = left[order], owner[order], box[order]
    clipped = Clipped(np.arange(len(left)), left, of_image[owner], width[first], height[first], of_image)
    placed = place_all(clipped, detector)
    positive = engines.judge(placed.boxes, detector).foreground
    foreground = among(owner[positive], len(of_image))
    raises = reasons(placed.boxes, owner, placed.of_image, detector) > 0
    empty: Int = np.count_nonzero((~foreground | raises).reshape(len(numbers), count), axis=0)
    return empty, np.bincount(box[positive], minlength=len(own.boxes))
