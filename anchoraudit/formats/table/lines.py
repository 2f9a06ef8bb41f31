"""Files of lines in pieces: bytes that end where a line ends, with the number of the first line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import packed, stores

HEAD = 1 << 16  # bytes in which the columns of a file show
_BLOCK = 8 << 20  # bytes that are read at a time
_IN_CACHE = 1 << 18  # bytes that are looked at at a time
_BYTES_OF_ROW = 50  # of a box in a line, about: numbers with few digits and a short name
# Bytes of a line: room for a million objects of 268 bytes, as in an annotation file of one image.
LONGEST = 1 << 28


class Lines(NamedTuple):
    """Lines of a file.

    start, end: their bytes. first: the number of the first of them, from 0.
    """

    start: int
    end: int
    first: int


class Block(NamedTuple):
    """Whole lines of a file.

    first: the number of the first of them, from 0. end: that of the first line behind them.
    """

    data: bytes
    first: int
    end: int


NOTHING = Lines(0, 0, 0)


def blocks(path: Path, lines: Lines | None = None, size: int = _BLOCK) -> Iterator[Block]:
    """Yield lines of a file, some megabytes at a time.

    lines: which ones; None for all. Raises AnchorauditError if they cannot be read, or if one has no end.
    """
    with packed.opened(path) as file:
        left = None if lines is None else lines.end - lines.start
        first = 0 if lines is None else lines.first
        file.seek(0 if lines is None else lines.start)
        rest = [b""]
        while data := _read(file, size if left is None else min(size, left), path):
            left = None if left is None else left - len(data)
            cut = data.rfind(b"\n") + 1
            if not cut:
                rest.append(data)
                if len(rest) * size > LONGEST + size:
                    raise AnchorauditError(
                        f"the line has more than {LONGEST:,} bytes", path=path, place=f"line {first + 1}"
                    )
                continue
            whole = b"".join([*rest, memoryview(data)[:cut]])
            block = Block(whole, first, first + count_ends(whole))
            first, rest = block.end, [data[cut:]]
            yield block
        if last := b"".join(rest):
            yield Block(last, first, first + 1)


def bytes_of(path: Path, lines: Lines) -> bytes:
    """Return lines of a file. Raises AnchorauditError if they cannot be read."""
    with packed.opened(path) as file:
        file.seek(lines.start)
        return _read(file, lines.end - lines.start, path)


def count_ends(data: bytes) -> int:
    """Return how many lines end in some bytes, faster than `bytes.count` where they are many."""
    text = np.frombuffer(data, dtype=np.uint8)
    some = (text[start : start + _IN_CACHE] for start in range(0, len(text), _IN_CACHE))
    return sum(int(np.count_nonzero(each == ord("\n"))) for each in some)


def head_of(path: Path) -> bytes:
    """Return the first whole lines of a file, in which its columns show; all of a long first line."""
    return next(blocks(path, size=HEAD), Block(b"", 0, 0)).data


def cut(
    path: Path,
    rows: int,
    is_plain: Callable[[bytes], bool] | None = None,
    end_of: Callable[[bytes], int] | None = None,
) -> list[Lines]:
    """Cut a file into pieces of about `rows` boxes; [] if it is small, or must be read as a whole.

    A compressed file is one piece: whoever reads from its middle has to unpack all that is before it.

    is_plain: tells whether a row never goes on in the next of these lines. end_of: behind how many bytes of
    these lines a piece shall end, more than 0; behind all of them if None.

    Raises AnchorauditError if the file cannot be read.
    """
    about = rows * _BYTES_OF_ROW
    if packed.is_packed(path) or stores.status(path).size <= about:
        return []
    found: list[Lines] = []
    start = at = first = 0
    for block in blocks(path, size=min(about, 4 * _IN_CACHE)):
        if is_plain is not None and not is_plain(block.data):
            return []
        at += len(block.data)
        if at - start >= about:
            more = block.data[len(block.data) if end_of is None else end_of(block.data) :]
            found.append(Lines(start, at - len(more), first))
            start, first = at - len(more), block.end - count_ends(more)
    if at > start:
        found.append(Lines(start, at, first))
    return found if len(found) > 1 else []


def _read(file: IO[bytes], size: int, path: Path) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        from anchoraudit.io.files import unreadable

        raise unreadable(path, error) from None
