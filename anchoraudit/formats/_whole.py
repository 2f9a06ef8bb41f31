"""A data set of a format that is only read whole, as the single piece of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.class_boxes import boxes_of_classes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.parts import of_images
from anchoraudit.dataset.pieces import Index, Keys, Piece
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import ReadOptions, read_files


@dataclass(frozen=True)
class WholeParts:
    """One piece, which is read with `read`. note: why it is only one, "" without one."""

    path: Path
    format: str
    options: ReadOptions
    note: str

    @property
    def pieces(self) -> Sequence[Piece]:
        """The piece. It has no stamp: it may be many files."""
        return [Piece(0, str(self.path), 0, "", None)]

    def index(self, piece: Piece, *, ends: bool = False) -> Index:
        """Tell nothing: there is no other piece."""
        del piece
        return Index(np.zeros(0, dtype=np.uint64), None)

    def misfits(self, indices: Mapping[int, Any]) -> Mapping[int, AnchorauditError]:
        """Return {}."""
        del indices
        return {}

    def skeleton(self, indices: Mapping[int, Any]) -> Dataset:
        """Read it, and leave out its images and boxes."""
        del indices
        nothing = of_images(self._read(), np.zeros(0, dtype=np.int64))
        return replace(nothing, findings=[], notes=[])

    def read(self, piece: Piece, skeleton: Dataset, apart: Keys) -> Dataset:
        """Read it."""
        del piece, skeleton, apart
        return self._read()

    def gather(self, pieces: Sequence[Piece], skeleton: Dataset, apart: Keys) -> Dataset:
        """Return no image: there is no other piece."""
        del pieces, apart
        return skeleton

    def together(self, dataset: Dataset) -> Int:
        """Keep all images together: nobody says what a loader makes of several."""
        return np.zeros(len(dataset.images), dtype=np.int64)

    def _read(self) -> Dataset:
        dataset = read_files(self.path, self.format, self.options)
        dataset.class_boxes = boxes_of_classes(dataset)
        if self.note:
            dataset.notes.append(self.note)
        return dataset
