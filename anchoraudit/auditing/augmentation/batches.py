"""The images that depend on chance, and how many draws of them are judged in one call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, stable_argsort
from anchoraudit.auditing.augmentation.draws import Keys, keys_of
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import Labels
from anchoraudit.encoding.canvas import clip_all
from anchoraudit.errors import AnchorauditError

# Boxes judged in one call. At 2^18 the fixed cost of a call no longer shows, and each column takes 2 MB.
BOXES_AT_ONCE = 1 << 18


@dataclass(frozen=True, slots=True)
class Varying:
    """V images with usable boxes, and these boxes: float64 [m, 4]. Only they depend on chance.

    keys: from `draws.keys_of`. width, height: float64 [V]. of: int64 [m], the image of each box, ascending.
    images: int64 [V], their rows in the data set. rows: int64 [m], those of the boxes.
    """

    keys: Keys
    width: Float
    height: Float
    boxes: Float
    of: Int
    images: Int
    rows: Int

    @classmethod
    def of_dataset(cls, dataset: Dataset, labels: Labels) -> Varying:
        """Return the images with usable boxes."""
        images = dataset.images
        boxes = clip_all(dataset, np.flatnonzero(labels.usable))
        order = stable_argsort(dataset.boxes.image[boxes.rows])
        varying, of = np.unique(dataset.boxes.image[boxes.rows][order], return_inverse=True)
        return cls(
            keys_of((images.ids[i] for i in varying), (images.file_names[i] for i in varying)),
            images.width[varying],
            images.height[varying],
            boxes.boxes[order],
            of.reshape(-1),
            varying,
            boxes.rows[order],
        )

    def __len__(self) -> int:
        return len(self.keys)

    def boxes_of(self, some: slice) -> slice:
        """Return where the boxes of some images are."""
        return slice(*np.searchsorted(self.of, [some.start, some.stop]).tolist())

    def take(self, some: slice) -> Varying:
        """Return these images and their boxes."""
        rows = self.boxes_of(some)
        images = (self.keys[some], self.width[some], self.height[some])
        of = self.of[rows] - some.start
        return Varying(*images, self.boxes[rows], of, self.images[some], self.rows[rows])

    def batches(self, draws: int) -> Iterator[tuple[slice, range]]:
        """Yield images and draws to judge in one call: about `BOXES_AT_ONCE` boxes, at least one draw."""
        count = len(self)
        first = np.searchsorted(self.of, np.arange(count + 1))
        cuts = np.flatnonzero(np.diff(first[:-1] // BOXES_AT_ONCE)) + 1
        for start, stop in pairwise([0, *cuts.tolist(), count] if count else []):
            step = max(1, BOXES_AT_ONCE // max(int(first[stop] - first[start]), 1))
            for number in range(0, draws, step):
                yield slice(start, stop), range(number, min(number + step, draws))


def require_possible(draws: int, seed: int) -> None:
    """Raise AnchorauditError if `draws` is below 1 or `seed` is negative."""
    if draws < 1 or seed < 0:
        raise AnchorauditError(
            f"impossible numbers: {draws} draws with seed {seed}",
            remedy="Give at least 1 draw, and a seed of 0 or more.",
        )


def among(image: Int, count: int) -> Bool:
    """Tell which of `count` images occur in `image`: bool [count]."""
    found = np.zeros(count, dtype=np.bool_)
    found[image] = True
    return found
