"""Boxes drawn at random by what they are, not by where they stand.

Each box has a key: a number that looks random, but follows from its coordinates, the size of its image and
the other boxes of that image. The boxes with the least keys are drawn. So the same ones are drawn in whatever
order the files have them, and those of a data set are among those of its parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Float, Int, for_each_block
from anchoraudit.encoding.canvas import Clipped, distinct

Key = npt.NDArray[np.uint64]

# Of splitmix64 (Steele, Lea and Flood, 2014): a step, and what mixes the bits of a number.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIXING = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_LAST = np.uint64(31)


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of n boxes: uint64 [n].

    box: of each by itself. image: of the image of each, with all its boxes.
    """

    box: Key
    image: Key

    @classmethod
    def of(cls, clipped: Clipped, image: Int) -> Self:
        """Return the keys of boxes. image: int64 [n], the image of each; all its boxes are there."""
        sizes = np.column_stack([clipped.width, clipped.height])
        of_size = _of_columns(np.zeros(len(sizes), dtype=np.uint64), sizes)
        box = np.empty(len(image), dtype=np.uint64)

        def work(block: slice) -> None:
            box[block] = _of_columns(of_size[clipped.of[block]], clipped.boxes[block])

        for_each_block(len(image), work)
        of_image = np.zeros(int(image.max(initial=-1)) + 1, dtype=np.uint64)
        np.add.at(of_image, image, box)  # in any order; it wraps around
        return cls(box, _mixed(of_image)[image])

    @property
    def even(self) -> Key:
        """Keys by which boxes are drawn, whatever image they are of."""
        return _mixed(self.box ^ self.image)

    def of_images(self, seed: int) -> Key:
        """Keys by which images are drawn, with their boxes. seed: which images."""
        return _mixed(self.image ^ _mixed(np.array([seed], dtype=np.uint64) + _STEP))


def numbered(images: Key) -> Int:
    """Return the numbers of images: int64 [n], ascending. Equal images are one.

    images: uint64 [n], their keys, in order.
    """
    return np.cumsum(np.append(False, images[1:] != images[:-1])[: len(images)])


def _of_columns(start: Key, columns: Float) -> Key:
    """Return a key for each row of columns [n, c]. start: uint64 [n], which the keys depend on, too."""
    keys = start
    for column in columns.T:
        keys = _mixed((keys + _STEP) ^ (column + 0.0).view(np.uint64))  # of two zeros, one
    return keys


def _mixed(keys: Key) -> Key:
    for shift, factor in _MIXING:
        keys = (keys ^ (keys >> np.uint64(shift))) * np.uint64(factor)
    return keys ^ (keys >> _LAST)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The boxes drawn of a data set, or of a part of it, by their keys: at most `most`.

    boxes: float64 [n, 4], clipped to their images. sizes: float64 [n, 2], width and height of the image of
    each. major, minor: uint64 [n], the keys by which they are in order.
    """

    most: int
    boxes: Float
    sizes: Float
    major: Key
    minor: Key

    @classmethod
    def of(cls, clipped: Clipped, major: Key, minor: Key, most: int) -> Self:
        """Draw boxes. major, minor: uint64 [n], their keys."""
        rows = least(major, minor, most)
        sizes = np.column_stack([clipped.width, clipped.height])[clipped.of[rows]]
        return cls(most, clipped.boxes[rows], sizes, major[rows], minor[rows])

    def __add__(self, other: Drawn) -> Drawn:
        """Return what is drawn of two parts together."""
        names = ("boxes", "sizes", "major", "minor")
        both = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in names}
        rows = least(both["major"], both["minor"], self.most)
        return Drawn(self.most, **{name: column[rows] for name, column in both.items()})

    def first(self, number: int) -> Drawn:
        """Return what would have been drawn of at most so many boxes."""
        return Drawn(
            number, self.boxes[:number], self.sizes[:number], self.major[:number], self.minor[:number]
        )

    @property
    def image(self) -> Int:
        """The image of each box, where images were drawn: int64 [n], ascending."""
        return numbered(self.major)

    @property
    def clipped(self) -> Clipped:
        """The boxes, to be placed on the input of a detector."""
        first, of = distinct(self.sizes)
        width, height = np.ascontiguousarray(self.sizes[first].T)
        return Clipped(np.arange(len(of)), self.boxes, of, width, height, np.arange(len(first)))


def least(major: Key, minor: Key, most: int) -> Int:
    """Return the rows with the least keys, in order: int64, at most `most`."""
    rows = np.arange(len(major))
    if len(rows) > most:
        rows = np.flatnonzero(major <= np.partition(major, most - 1)[most - 1])
    return rows[np.lexsort((minor[rows], major[rows]))][:most]
