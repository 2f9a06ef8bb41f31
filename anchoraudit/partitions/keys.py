"""The keys of images of all pieces: which images lie in several. On disk, so that memory does not grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

from anchoraudit.dataset.pieces import Keys

_AT_ONCE = 1 << 22  # keys that are compared at a time: 100 MB


class KeyStore:
    """Keys by number, such as those of each piece, in files of a folder that goes with the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counts: dict[int, int] = {}

    def put(self, piece: int, keys: Keys) -> None:
        """Keep keys: uint64, sorted, each once."""
        np.save(self._path(piece), keys)
        self._counts[piece] = len(keys)

    def twice(self, pieces: Sequence[int]) -> Keys:
        """Return the keys that several of these pieces have: uint64, sorted."""
        found = [_repeated(np.concatenate(some)) for some in self._in_ranges(pieces)]
        return np.concatenate([*found, np.zeros(0, dtype=np.uint64)])

    def in_both(self, some: Sequence[int], others: Sequence[int]) -> Keys:
        """Return the keys that are among those of `some` pieces and of `others`: uint64, sorted."""
        parts = zip(self._in_ranges(some), self._in_ranges(others), strict=True)
        found: list[Keys] = [
            np.intersect1d(np.concatenate(own), np.concatenate(other)) for own, other in parts
        ]
        return np.concatenate([*found, np.zeros(0, dtype=np.uint64)])

    def having(self, pieces: Sequence[int], keys: Keys) -> dict[int, str]:
        """Return those pieces that have any of these keys, each with a hash of those that it has."""
        own = {piece: found[np.isin(found, keys)] for piece in pieces for found in [self.of(piece)]}
        return {
            piece: sha256(found.astype("<u8").tobytes()).hexdigest()
            for piece, found in own.items()
            if len(found)
        }

    def _path(self, piece: int) -> Path:
        return self._folder / f"{piece}.npy"

    def of(self, piece: int) -> Keys:
        """Return what was kept under a number: uint64, sorted, each once."""
        keys: Keys = np.load(self._path(piece), mmap_mode="r")
        return keys

    def _in_ranges(self, pieces: Sequence[int]) -> Iterator[list[Keys]]:
        """Yield the keys of pieces range by range, in order, so many that they fit into memory."""
        ranges = max(sum(self._counts.values()) // _AT_ONCE + 1, 1)
        limits = [(2**64 * i // ranges) for i in range(1, ranges)]
        at = np.array(limits, dtype=np.uint64)
        ends = [np.append(np.searchsorted(self.of(each), at), self._counts[each]) for each in pieces]
        starts = [0] * len(pieces)
        for number in range(ranges):
            stops = [int(end[number]) for end in ends]
            yield [
                np.zeros(0, dtype=np.uint64),
                *(
                    self.of(piece)[start:stop]
                    for piece, start, stop in zip(pieces, starts, stops, strict=True)
                ),
            ]
            starts = stops


def _repeated(keys: Keys) -> Keys:
    keys = np.sort(keys)
    return np.unique(keys[1:][keys[1:] == keys[:-1]])
