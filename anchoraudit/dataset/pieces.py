"""The contract of a format whose data sets can be read part by part, in bounded memory.

Such a format has `parts(detection, options, rows) -> Parts`. Each piece holds some of the images. Every part
of the data set that is read from one has the classes, splits and sources of the whole, so that class indices
and places are those of the whole.

Before any piece is read, all are indexed: which images and classes they name. An image that several pieces
name is left out of each of them, and read from all of them together by `gather`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Int
from anchoraudit.dataset.columns import Dataset
from anchoraudit.errors import AnchorauditError

Keys = npt.NDArray[np.uint64]  # hashes of the names of images, sorted, each once


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the files. It is small, so that it can be sent to another process.

    number: its place among all pieces, from 0. name: for messages. group: within a group of pieces, images
    of the same name are the same image. stamp: a text that is another one once the piece has other bytes, or
    is read otherwise; "" where nothing tells. where: what its format needs to find it.
    """

    number: int
    name: str
    group: int
    stamp: str
    where: Any


@dataclass(frozen=True, slots=True)
class Index:
    """What a piece names.

    keys: of its images. told: what the format wants to know of it, as plain values of JSON. files: uint64
    [n], for each of the keys that of the last part of its file name; None where there is one split only.
    splits: int64 [n], the split of each, an index into `split_names`.
    """

    keys: Keys
    told: Any
    files: npt.NDArray[np.uint64] | None = None
    splits: Int | None = None
    split_names: tuple[str, ...] = ()


class Parts(Protocol):
    """A data set in pieces. It is small, and can be sent to another process."""

    @property
    def pieces(self) -> Sequence[Piece]:
        """All pieces, in the order of the files."""
        ...

    def index(self, piece: Piece) -> Index:
        """Tell what a piece names. Raises AnchorauditError if it cannot be read."""
        ...

    def misfits(self, indices: Mapping[int, Any]) -> Mapping[int, AnchorauditError]:
        """Return why pieces do not fit to the others, such as other columns, by their numbers.

        indices: what was told of each piece that can be read, by its number.
        """
        ...

    def skeleton(self, indices: Mapping[int, Any]) -> Dataset:
        """Return the data set without its images and boxes: its classes, splits and sources.

        indices: what was told of each piece that is read, by its number. Raises AnchorauditError if a split
        is unknown.
        """
        ...

    def read(self, piece: Piece, skeleton: Dataset, apart: Keys) -> Dataset:
        """Read a piece, without the images whose keys are in `apart`.

        Raises AnchorauditError if it cannot be read.
        """
        ...

    def gather(self, pieces: Sequence[Piece], skeleton: Dataset, apart: Keys) -> Dataset:
        """Read the images whose keys are in `apart`, and nothing else, from all of these pieces.

        Raises AnchorauditError if a piece cannot be read.
        """
        ...


def keys_of(names: Sequence[str]) -> Keys:
    """Return the hash of each name: uint64 [n], in their order, the same on every machine.

    Two names have the same one with a probability of 2^-64, so that of a billion names hardly two do.
    """
    from pandas.util import hash_array

    if not names:
        return np.zeros(0, dtype=np.uint64)
    return hash_array(np.array(names, dtype=object), categorize=False)
