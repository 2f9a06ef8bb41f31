"""How likely each image is to have no foreground under random geometry.

A draw augments every image once, as an epoch does, and the encoder judges the boxes that are left. Several
draws of some images are judged in one call, as if they were one data set.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.auditing.augmentation.draws import augmented, draw, keys_of
from anchoraudit.auditing.augmentation.spec import Augmentation
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import Labels
from anchoraudit.detectors import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Clipped, clip_all, distinct, place_all
from anchoraudit.encoding.errors_raised import reasons
from anchoraudit.errors import AnchorauditError

# Boxes judged in one call. At 2^18 the fixed cost of a call no longer shows, and each column takes 2 MB.
_BOXES_AT_ONCE = 1 << 18


@dataclass(slots=True)
class Sensitivity:
    """The effect of random geometry on N images.

    p_empty: float64 [N], the share of draws in which the image has no foreground or cannot train at all
    (`verdicts.WITHOUT_FOREGROUND`). It is 1 for an image that has no usable box to begin with, NaN for an
    annotated image of unknown size. expected_empty: the sum of p_empty without the NaN: how many such images
    an epoch has on average. error: the standard error of that sum, NaN for a single draw.
    """

    augmentation: Augmentation
    p_empty: Float
    draws: int
    seed: int
    expected_empty: float
    error: float


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
    if draws < 1 or seed < 0:
        raise AnchorauditError(
            f"impossible numbers: {draws} draws with seed {seed}",
            remedy="Give at least 1 draw, and a seed of 0 or more.",
        )
    images = dataset.images
    known = ~np.isnan(images.width)
    boxes = clip_all(dataset, np.flatnonzero(labels.usable))
    order = np.argsort(dataset.boxes.image[boxes.rows], kind="stable")
    owner = dataset.boxes.image[boxes.rows][order]
    # Only images with usable boxes depend on chance. For the others the answer is known.
    varying, of = np.unique(owner, return_inverse=True)
    own = _Images(
        keys_of((images.ids[i] for i in varying), (images.file_names[i] for i in varying)),
        images.width[varying],
        images.height[varying],
        boxes.boxes[order],
        of.reshape(-1),
    )
    empty, done = np.zeros(len(varying), dtype=np.int64), 0
    for some, numbers in _batches(own.of, len(varying), draws):
        found = _empty_draws(own.take(some), numbers, seed, detector, augmentation)
        empty[some] += found
        done += len(found) * len(numbers)
        if progress is not None:
            progress(done, len(varying) * draws)
    p_empty = np.where(known | ~_among(dataset.boxes.image, len(images)), 1.0, np.nan)
    p_empty[varying] = empty / draws
    chance = p_empty[varying]
    error = math.sqrt(float(np.sum(chance * (1.0 - chance))) / (draws - 1)) if draws > 1 else math.nan
    return Sensitivity(augmentation, p_empty, draws, seed, float(np.nansum(p_empty)), error)


@dataclass(frozen=True, slots=True)
class _Images:
    """V images with usable boxes, and these boxes: float64 [m, 4].

    keys: from `draws.keys_of`. width, height: float64 [V]. of: int64 [m], the image of each box, ascending.
    """

    keys: npt.NDArray[np.uint64]
    width: Float
    height: Float
    boxes: Float
    of: Int

    def take(self, some: slice) -> _Images:
        """Return these images and their boxes."""
        rows = slice(*np.searchsorted(self.of, [some.start, some.stop]).tolist())
        images = (self.keys[some], self.width[some], self.height[some])
        return _Images(*images, self.boxes[rows], self.of[rows] - some.start)


def _batches(of: Int, count: int, draws: int) -> Iterator[tuple[slice, range]]:
    """Yield images and draws to judge in one call: about `_BOXES_AT_ONCE` boxes, at least one image and draw.

    of: int64 [m], the image of each box, ascending. count: the number of images.
    """
    first = np.searchsorted(of, np.arange(count + 1))
    cuts = np.flatnonzero(np.diff(first[:-1] // _BOXES_AT_ONCE)) + 1
    for start, stop in pairwise([0, *cuts.tolist(), count] if count else []):
        step = max(1, _BOXES_AT_ONCE // max(int(first[stop] - first[start]), 1))
        for number in range(0, draws, step):
            yield slice(start, stop), range(number, min(number + step, draws))


def _empty_draws(
    own: _Images, numbers: range, seed: int, detector: Detector, augmentation: Augmentation
) -> Int:
    """Count the draws in which each image has no foreground or cannot train at all: int64 [V]."""
    count = len(own.keys)
    drawn = [draw(augmentation, own.keys, own.width, own.height, number=d, seed=seed) for d in numbers]
    width, height = (np.concatenate([getattr(d, side) for d in drawn]) for side in ("width", "height"))
    first, of_image = distinct(np.column_stack([width, height]))
    boxes, image = [], []
    for place, one in enumerate(drawn):
        made, kept = augmented(own.boxes, own.of, one, augmentation.keep)
        boxes.append(made[kept])
        image.append(own.of[kept] + place * count)
    left, owner = np.concatenate(boxes), np.concatenate(image)
    # Sorted by area, boxes of one block are alike, and the engine can skip most levels for the whole block.
    order = np.argsort(np.prod(box_sizes(left), axis=1).astype(np.float32))
    left, owner = left[order], owner[order]
    clipped = Clipped(np.arange(len(left)), left, of_image[owner], width[first], height[first], of_image)
    placed = place_all(clipped, detector)
    judged = engines.judge(placed.boxes, detector)
    foreground = _among(owner[judged.foreground], len(of_image))
    raises = reasons(placed.boxes, owner, placed.of_image, detector) > 0
    empty: Int = np.count_nonzero((~foreground | raises).reshape(len(numbers), count), axis=0)
    return empty


def _among(image: Int, count: int) -> Bool:
    """Tell which of `count` images occur in `image`: bool [count]."""
    found = np.zeros(count, dtype=np.bool_)
    found[image] = True
    return found
