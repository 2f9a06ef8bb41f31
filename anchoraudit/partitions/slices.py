"""A part in slices, so that what is judged at a time takes no more memory in a large part than in others.

A part is what can be read at a time, such as a row group of Parquet, however large whoever wrote it has made
it. Judging takes several times as much memory as the boxes themselves. So a large part is read once, and
judged slice by slice: some of its images, each with all its boxes. What is counted of slices adds up to what
would be counted of the part, to the last byte.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.parts import divided
from anchoraudit.images.inspection import ImageFiles
from anchoraudit.io.memory import give_back
from anchoraudit.partitions.plan import Plan

Look = Callable[[Dataset], ImageFiles | None]


class Rows(NamedTuple):
    """The rows of a slice's images and boxes in its part: int64 [N] and [M], ascending."""

    images: Int
    boxes: Int

    def take(self, images: Int, boxes: Int) -> Rows:
        """Return those of some images and boxes of the slice."""
        return Rows(self.images[images], self.boxes[boxes])


class Slice(NamedTuple):
    """Some images of a part with all their boxes, or the part itself.

    dataset: it has the findings and notes of the whole part. files: what is known of the image files, "none"
    for nothing; None if nobody has looked. rows: None of the part itself. reads: here, what the reader found
    counts.
    """

    dataset: Dataset
    files: ImageFiles | str | None = None
    rows: Rows | None = None
    reads: bool = True


def sliced(dataset: Dataset, plan: Plan, look: Look | None = None) -> Iterator[Slice]:
    """Yield a part in slices; one that is not large, as it is.

    look: looks at image files, once for all of the part: which of them are copies, and which no image names,
    does not follow from a slice.
    """
    number = _numbers(dataset, plan)
    if number is None:
        yield Slice(dataset)
        return
    give_back()
    files = None if look is None else look(dataset)
    for at, (some, images, boxes) in enumerate(divided(dataset, number)):
        known = "none" if files is None else files.of_rows(images)
        yield Slice(some, known, Rows(images, boxes), reads=at == 0)
        gc.collect()  # an audit has cycles, in which much would stay


def _numbers(dataset: Dataset, plan: Plan) -> Int | None:
    """Return the slice that each image is in, from 0: int64 [N]. None where the part is not divided."""
    count = len(dataset.images)
    if max(len(dataset.boxes), count) <= plan.at_once:
        return None
    weight = np.bincount(dataset.boxes.image, minlength=count) + 1
    together = plan.parts.together(dataset)
    if together is not None:
        _, first, of = np.unique(together, return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=np.int64)  # in the order of the first image of each
        rank[np.argsort(first)] = np.arange(len(first))
        of = rank[of.reshape(-1)]
        weight = np.bincount(of, weight).astype(np.int64)
    before = np.cumsum(weight) - weight
    # The columns of the part take memory beside its slices. So these are smaller than a part.
    slices = -(-int(weight.sum()) // max(plan.at_once // 2, 1))
    number = before * slices // int(weight.sum())
    number = np.cumsum(np.append(False, number[1:] != number[:-1]))  # one may be of a single large image
    if not number[-1]:
        return None
    return number if together is None else number[of]
