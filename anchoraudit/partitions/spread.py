"""Images that must be read together: those of which several pieces have rows, and those of two splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import numpy as np

from anchoraudit.dataset.pieces import Index, Keys, Piece
from anchoraudit.errors import AnchorauditError
from anchoraudit.partitions.keys import KeyStore

# Images that are read together. With ten boxes each they take some 500 MB.
MOST_APART = 200_000
# The rule that compares the images of different splits whose files have the same name.
OF_SPLITS = "SET004"


@dataclass(frozen=True, slots=True)
class Apart:
    """Images that are left out of their pieces and read together.

    keys: uint64, sorted. pieces: the numbers of the pieces that have them, each with a hash of those that it
    has. not_checked: the rules that would need so many more images to be read together that they are not
    checked.
    """

    keys: Keys
    pieces: Mapping[int, str]
    not_checked: tuple[str, ...] = ()


@dataclass
class Names:
    """What all pieces name, in files of a folder that goes with the run, so that memory does not grow."""

    folder: Path
    _keys: KeyStore = field(init=False)
    _files: KeyStore = field(init=False)
    _of_split: dict[str, list[int]] = field(default_factory=dict)
    _ends: dict[int, tuple[str, str]] = field(default_factory=dict)
    _boundless: set[int] = field(default_factory=set)  # pieces whose ends are not known
    _partial: set[int] = field(default_factory=set)  # those of which no more than the ends is known

    def __post_init__(self) -> None:
        for name in ("keys", "files"):
            (self.folder / name).mkdir()
        self._keys, self._files = KeyStore(self.folder / "keys"), KeyStore(self.folder / "files")

    def put(self, piece: int, index: Index) -> None:
        """Keep what a piece names."""
        self._keys.put(piece, index.keys)
        (self._partial.discard if index.is_whole else self._partial.add)(piece)
        if index.ends is not None:
            self._ends[piece] = index.ends
        elif len(index.keys):
            self._boundless.add(piece)
        if index.files is None or index.splits is None:
            return
        np.save(self._by_image(piece), index.files)
        for code in np.unique(index.splits).tolist():
            numbers = self._of_split.setdefault(index.split_names[code], [])
            number = sum(map(len, self._of_split.values()))
            self._files.put(number, np.unique(index.files[index.splits == code]))
            numbers.append(number)

    def unclear(self, pieces: Sequence[Piece]) -> list[int]:
        """Return the pieces of which more names must be read: ends do not tell which others have them too.

        In a sorted table, a piece shares with the next one at most the name at which it ends.
        """
        found = []
        for own in _by_group(pieces):
            if not self._boundless.isdisjoint(own):
                found += own
                continue
            known = sorted((*self._ends[number], number) for number in own if number in self._ends)
            most, following = "", [first for first, _, _ in known[1:]]
            for (first, last, number), other in zip_longest(known, following):
                if first < most or (other is not None and other < last):
                    found.append(number)
                most = max(most, last)
        return sorted(self._partial.intersection(found))

    def apart(self, pieces: Sequence[Piece]) -> Apart:
        """Return the images that must be read together, of these pieces.

        Raises AnchorauditError if so many images are torn that they cannot be.
        """
        numbers = [piece.number for piece in pieces]
        keys = self._torn(pieces)
        named_twice = self._of_two_splits(numbers)
        too_many = len(named_twice) > MOST_APART
        if not too_many:
            keys = np.unique(np.concatenate([keys, named_twice]))
        having = self._keys.having(numbers, keys) if len(keys) else {}
        return Apart(keys, having, (OF_SPLITS,) if too_many else ())

    def _torn(self, pieces: Sequence[Piece]) -> Keys:
        torn = np.unique(np.concatenate([self._keys.twice(own) for own in _by_group(pieces)]))
        if len(torn) > MOST_APART:
            raise AnchorauditError(
                f"the rows of {len(torn):,} images lie in several parts each, such as of an unsorted table",
                remedy="Sort the table by image, for example with DuckDB: COPY (FROM 'in/*.parquet' ORDER BY "
                "image_id) TO 'sorted' (FORMAT parquet, PER_THREAD_OUTPUT). Or leave out --engine and "
                "--memory, if it fits into memory.",
            )
        return torn

    def _of_two_splits(self, pieces: Sequence[int]) -> Keys:
        """Return the keys of images whose files have the name of one in another split, too."""
        found: list[Keys] = [np.zeros(0, dtype=np.uint64)]
        before: list[int] = []
        for numbers in self._of_split.values():
            found.append(self._files.in_both(before, numbers))
            before += numbers
        files = np.unique(np.concatenate(found))
        if not len(files) or len(files) > MOST_APART:
            return files
        return np.unique(np.concatenate([found[0], *(self._of_files(piece, files) for piece in pieces)]))

    def _of_files(self, piece: int, files: Keys) -> Keys:
        if not self._by_image(piece).exists():
            return files[:0]
        own: Keys = self._keys.of(piece)[np.isin(np.load(self._by_image(piece)), files)]
        return own

    def _by_image(self, piece: int) -> Path:
        return self.folder / f"{piece}.npy"


def _by_group(pieces: Sequence[Piece]) -> list[list[int]]:
    """Return the numbers of pieces, by their groups."""
    groups: dict[int, list[int]] = {}
    for piece in pieces:
        groups.setdefault(piece.group, []).append(piece.number)
    return [*groups.values()]
