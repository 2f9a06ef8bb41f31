"""Rows that come in any order, given back in their own, however many there are.

Some of them are in memory. When these become many, they are written in order to a file of their own. The
files are merged as they are read, a block of each at a time.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

_HELD = 1 << 14  # rows in memory
_BLOCK = 256  # rows of a file that are read at once
_FILES = 64  # that are open at once

Row = tuple[tuple[int, ...], Any]  # its place among all rows, which no other one has, and what it holds


class InOrder:
    """Rows in the order of their places.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     rows = InOrder(Path(folder), "rows")
    ...     rows.put([((2, 0), "c"), ((1, 9), "b")])
    ...     rows.put([((1, 0), "a")])
    ...     [value for _, value in rows]
    ['a', 'b', 'c']
    """

    def __init__(self, folder: Path, name: str) -> None:
        """Keep rows in files of a folder. name: what their names begin with."""
        self._folder, self._name = folder, name
        self._held: list[Row] = []
        self._files: list[Path] = []
        self._made = 0

    def put(self, rows: Sequence[Row]) -> None:
        """Add rows, in any order."""
        self._held += rows
        if len(self._held) > _HELD:
            self.spill()

    def spill(self) -> None:
        """Write what is in memory to a file."""
        if self._held:
            self._held.sort(key=_place)
            self._files.append(self._written(self._held))
            self._held = []

    def __iter__(self) -> Iterator[Row]:
        """Yield all rows in their order. Can be repeated."""
        while len(self._files) > _FILES:
            some, self._files = self._files[:_FILES], self._files[_FILES:]
            self._files.append(self._written(merge(*map(_read, some), key=_place)))
            for file in some:
                file.unlink()
        self._held.sort(key=_place)
        yield from merge(self._held, *map(_read, self._files), key=_place)

    def _written(self, rows: Iterable[Row]) -> Path:
        """Write rows, which are in order, to a new file."""
        path = self._folder / f"{self._name}-{self._made}.rows"
        self._made += 1
        write_blocks(path, rows)
        return path


def write_blocks(path: Path, rows: Iterable[Any]) -> None:
    """Write rows to a file of this run, for `read_blocks`."""
    every = iter(rows)
    with path.open("wb") as file:
        while block := list(islice(every, _BLOCK)):
            pickle.dump(block, file, pickle.HIGHEST_PROTOCOL)


def read_blocks(path: Path) -> Iterator[Any]:
    """Yield the rows of a file that `write_blocks` wrote in this run, some in memory at a time."""
    with path.open("rb") as file:
        while True:
            try:
                block = pickle.load(file)
            except EOFError:
                return
            yield from block


_read = read_blocks
_place = itemgetter(0)
