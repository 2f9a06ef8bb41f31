"""The contract of a format whose data sets can be read part by part, in bounded memory.

Such a format has `parts(detection, options, rows) -> Parts`. Each piece holds some of the images. Every part
of the data set that is read from one has the classes, splits and sources of the whole, so that class indices
and places are those of the whole.

Before any piece is read, all are indexed: which images and classes they name. An image that several pieces
name is left out of each of them, and read from all of them together by `gather`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

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
    splits: int64 [n], the split of each, an index into `split_names`. ends: the first and the last name, by
    code points; None where they are unknown. is_whole: `keys` has all names, and not these two only.
    """

    keys: Keys
    told: Any
    files: npt.NDArray[np.uint64] | None = None
    splits: Int | None = None
    split_names: tuple[str, ...] = ()
    ends: tuple[str, str] | None = None
    is_whole: bool = True


class Parts(Protocol):
    """A data set in pieces. It is small, and can be sent to another process."""

    @property
    def pieces(self) -> Sequence[Piece]:
        """All pieces, in the order of the files."""
        ...

    def index(self, piece: Piece, *, ends: bool = False) -> Index:
        """Tell what a piece names. Raises AnchorauditError if it cannot be read.

        ends: the first and the last name of its images will do, if they are known without reading all.
        """
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

    def together(self, dataset: Dataset) -> Int | Keys | None:
        """Tell which images of a part have to be judged together: those with the same number, [N].

        dataset: what `read` or `gather` returned. None if each image can be judged without the others.
        """
        ...


@dataclass(frozen=True, slots=True)
class PieceFile:
    """A file that pieces are of. name: its path below the data set, with /. pieces: their numbers."""

    name: str
    pieces: tuple[int, ...]


def _none() -> Int:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is left out where a file is written anew.

    images: names of images, of which nothing stays. boxes: int64, sorted, the entries in the file of further
    boxes. listed: int64, sorted, the entries of images, where the file has a list of them; their boxes are
    among `boxes` then.
    """

    images: frozenset[str] = frozenset()
    boxes: Int = field(default_factory=_none)
    listed: Int = field(default_factory=_none)

    @classmethod
    def of(cls, parts: Sequence[LeftOut]) -> LeftOut:
        """Leave out what any of them leaves out; nothing without any."""
        if not parts:
            return cls()
        return cls(
            frozenset().union(*(part.images for part in parts)),
            np.unique(np.concatenate([part.boxes for part in parts])),
            np.unique(np.concatenate([part.listed for part in parts])),
        )

    def __or__(self, other: LeftOut) -> LeftOut:
        return LeftOut.of([self, other])


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What became of a file: how many rows and images it had and has. A row of COCO is an annotation."""

    rows_in: int
    rows_out: int
    images_in: int
    images_out: int


class Output(Protocol):
    """What a file is written to."""

    def write(self, data: bytes | memoryview, /) -> int:
        """Write bytes."""
        ...


@runtime_checkable
class RewritableParts(Parts, Protocol):
    """A data set in pieces whose files can be written again without some of their images."""

    @property
    def root(self) -> Path:
        """The file, if the data set is one, or the folder that all files are below."""
        ...

    @property
    def outputs(self) -> Sequence[PieceFile]:
        """The files, each with its pieces."""
        ...

    def boxes_may_go(self, skeleton: Dataset) -> bool:
        """Tell whether single boxes can be left out. Otherwise their images have to go."""
        ...

    def places(self, dataset: Dataset) -> Int:
        """Return where the images of a part stand in the whole: int64 [N, 2], the file, and the place in it.

        dataset: what `read` or `gather` made. By them, images are in the order of the data set read whole.
        """
        ...

    def left_out(
        self, pieces: Sequence[Piece], dataset: Dataset, images: Int, boxes: Int
    ) -> dict[str, LeftOut]:
        """Return what has to be left out of which files, so that images and boxes go.

        dataset: what `read` or `gather` made of the pieces. images, boxes: int64, rows of it; boxes of images
        that stay, if `boxes_may_go`.
        """
        ...

    def rewrite(self, file: PieceFile, left_out: LeftOut, output: Output, edit: Any = None) -> Rewritten:
        """Write a file to `output`, without some images and boxes, and all else as it is.

        If nobody could read what would be left of it, nothing is written. edit: what replaces values in the
        entries that stay, as the format asks for it, where `has_entries`.

        Raises AnchorauditError if it is not the file any more that was read, or cannot be read.
        """
        ...
