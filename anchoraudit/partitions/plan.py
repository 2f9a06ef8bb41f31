"""What must be known of all pieces before one is judged: their classes, and images that lie in several."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.pieces import Index, Parts, Piece
from anchoraudit.io.outputs import scratch_folder
from anchoraudit.partitions.engines import Engine, Failed, for_little
from anchoraudit.partitions.spread import Apart, Names

Progress = Callable[[str, int, int], None]


class KeepsIndices(Protocol):
    """What keeps the indices of pieces from run to run."""

    def get(self, piece: Piece) -> Index | None:
        """Return what is kept of a piece, if anything."""
        ...

    def put(self, piece: Piece, index: Index) -> None:
        """Keep what a piece names."""
        ...


@dataclass(frozen=True)
class Plan:
    """How a data set is audited in parts.

    parts: its pieces. skeleton: the data set without images and boxes. apart: images that are read together.
    failed: why pieces cannot be read, by their numbers. at_once: of how many images and boxes at
    most a part is judged as a whole.
    """

    parts: Parts
    skeleton: Dataset
    apart: Apart
    failed: Mapping[int, Failed]
    at_once: int = sys.maxsize

    @property
    def tasks(self) -> list[int]:
        """The numbers of the parts: of pieces, and last that of images that are read together."""
        last = [len(self.parts.pieces)] if len(self.apart.keys) else []
        return [*range(len(self.parts.pieces)), *last]

    def read(self, part: int) -> Dataset:
        """Read a part. Raises AnchorauditError if it cannot be read."""
        if part in self.failed:
            raise self.failed[part].error
        if part == len(self.parts.pieces):
            return self.parts.gather(self.pieces_of(part), self.skeleton, self.apart.keys)
        keys = self.apart.keys if part in self.apart.pieces else self.apart.keys[:0]
        return self.parts.read(self.parts.pieces[part], self.skeleton, keys)

    def pieces_of(self, part: int) -> Sequence[Piece]:
        """Return the pieces that a part is read from."""
        pieces = self.parts.pieces
        together = part == len(pieces)
        return [pieces[number] for number in self.apart.pieces] if together else [pieces[part]]

    def name_of(self, part: int) -> str:
        """Return the name of a part, for messages."""
        pieces = self.parts.pieces
        return "the images that are read together" if part == len(pieces) else pieces[part].name


def planned(
    parts: Parts, engine: Engine, progress: Progress | None = None, kept: KeepsIndices | None = None
) -> Plan:
    """Index all pieces, but those whose index is kept from an earlier run.

    Raises AnchorauditError if none can be read, if a split is unknown, or if too many images lie in several.
    """
    told: dict[int, Any] = {}
    failed: dict[int, Failed] = {}
    with scratch_folder() as folder:
        names = Names(folder)

        def look(pieces: Sequence[Piece], work: Callable[[Parts, Piece], Index]) -> None:
            for done, (number, found) in enumerate(_indices(work, parts, pieces, engine, kept), 1):
                if isinstance(found, Failed):
                    failed[number] = found
                    told.pop(number, None)
                else:
                    names.put(number, found)
                    told[number] = found.told
                if progress is not None:
                    progress("looking", done, len(pieces))

        look(parts.pieces, _ends_of)
        unclear = names.unclear([parts.pieces[number] for number in told])
        look([parts.pieces[number] for number in unclear], _index_of)  # none, if the table is sorted
        for number, error in parts.misfits(told).items():
            failed[number] = Failed.of(error)
            del told[number]
        if not told:
            raise failed[min(failed)].error  # the same one in every run
        apart = names.apart([parts.pieces[number] for number in sorted(told)])
    return Plan(parts, parts.skeleton(told), apart, dict(sorted(failed.items())))


def _indices(
    work: Callable[[Parts, Piece], Index],
    parts: Parts,
    pieces: Sequence[Piece],
    engine: Engine,
    kept: KeepsIndices | None,
) -> Iterator[tuple[int, Index | Failed]]:
    """Yield the number and the index of each of these pieces, in any order. work: how to get one."""
    missing = []
    for piece in pieces:
        found = None if kept is None else kept.get(piece)
        if found is None or not (found.is_whole or work is _ends_of):
            missing.append(piece)
        else:
            yield piece.number, found
    for at, index in for_little(engine).each(work, parts, missing) if missing else ():
        if kept is not None and not isinstance(index, Failed):
            kept.put(missing[at], index)
        yield missing[at].number, index


def _ends_of(parts: Parts, piece: Piece) -> Index:
    return parts.index(piece, ends=True)


def _index_of(parts: Parts, piece: Piece) -> Index:
    return parts.index(piece)
