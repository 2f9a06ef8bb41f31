"""What must be known of all pieces before one is judged: their classes, and images that lie in several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.pieces import Index, Keys, Parts, Piece
from anchoraudit.errors import AnchorauditError
from anchoraudit.partitions.engines import Engine, Failed
from anchoraudit.partitions.keys import KeyStore

# Images that lie in several pieces, and are read together. With ten boxes each they take some 500 MB.
MOST_APART = 200_000
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Plan:
    """How a data set is audited in parts.

    parts: its pieces. skeleton: the data set without images and boxes. pieces: the numbers of those that can
    be read. apart: the keys of images that lie in several, uint64, sorted. spread: the numbers of the pieces
    that have them. failed: why the others cannot be read, by their numbers.
    """

    parts: Parts
    skeleton: Dataset
    pieces: tuple[int, ...]
    apart: Keys
    spread: tuple[int, ...]
    failed: Mapping[int, Failed]

    @property
    def tasks(self) -> list[int]:
        """The numbers of the parts: of pieces, and last that of the images that lie in several."""
        last = [len(self.parts.pieces)] if len(self.apart) else []
        return [*range(len(self.parts.pieces)), *last]

    def read(self, part: int) -> Dataset:
        """Read a part. Raises AnchorauditError if it cannot be read."""
        if part in self.failed:
            raise self.failed[part].error
        if part == len(self.parts.pieces):
            pieces = [self.parts.pieces[number] for number in self.spread]
            return self.parts.gather(pieces, self.skeleton, self.apart)
        apart = self.apart if part in self.spread else self.apart[:0]
        return self.parts.read(self.parts.pieces[part], self.skeleton, apart)

    def name_of(self, part: int) -> str:
        """Return the name of a part, for messages."""
        pieces = self.parts.pieces
        return "the images that lie in several parts" if part == len(pieces) else pieces[part].name


def planned(parts: Parts, engine: Engine, progress: Progress | None = None) -> Plan:
    """Index all pieces.

    Raises AnchorauditError if none can be read, if a split is unknown, or if too many images lie in several.
    """
    told: dict[int, Any] = {}
    failed: dict[int, Failed] = {}
    with TemporaryDirectory(prefix="anchoraudit-") as folder:
        keys = KeyStore(Path(folder))
        for done, (number, found) in enumerate(engine.each(_index, parts, parts.pieces), 1):
            if isinstance(found, Failed):
                failed[number] = found
            else:
                keys.put(number, found.keys)
                told[number] = found.told
            if progress is not None:
                progress("looking", done, len(parts.pieces))
        for number, error in parts.misfits(told).items():
            failed[number] = Failed.of(error)
            del told[number]
        if not told:
            raise failed[min(failed)].error  # the same one in every run
        apart = _in_several(keys, [parts.pieces[number] for number in sorted(told)])
        spread = keys.having(sorted(told), apart) if len(apart) else []
    readable = tuple(sorted(told))
    return Plan(parts, parts.skeleton(told), readable, apart, tuple(spread), dict(sorted(failed.items())))


def _index(parts: Parts, piece: Piece) -> Index:
    return parts.index(piece)


def _in_several(keys: KeyStore, pieces: Sequence[Piece]) -> Keys:
    """Return the keys of images that lie in several pieces, of the same group or of others.

    Raises AnchorauditError if so many images are torn that they cannot be read together.
    """
    groups: dict[int, list[int]] = {}
    for piece in pieces:
        groups.setdefault(piece.group, []).append(piece.number)
    torn = np.concatenate([keys.twice(own) for own in groups.values()])
    if len(torn) > MOST_APART:
        raise AnchorauditError(
            f"the rows of {len(torn):,} images lie in several parts each, such as of an unsorted table",
            remedy="Sort the table by image, for example with DuckDB: COPY (FROM 'in/*.parquet' ORDER BY "
            "image_id) TO 'sorted' (FORMAT parquet, PER_THREAD_OUTPUT). Or leave out --engine and --memory, "
            "if it fits into memory.",
        )
    shared, before = [torn[:0]], list[int]()
    for own in groups.values():
        shared.append(keys.in_both(before, own))
        before += own
    named_twice = np.concatenate(shared)
    return np.unique(torn if len(named_twice) > MOST_APART else np.concatenate([torn, named_twice]))
