"""Parts of a COCO file: where it can be cut, and the bytes of a part with what makes them valid JSON.

A cut is behind a comma between two objects. It may be in the wrong place: inside a string, a nested list or
another list. Those who cut have to notice.
"""

from __future__ import annotations

import re
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from anchoraudit.formats.coco import entries
from anchoraudit.io import unchanged
from anchoraudit.io.files import open_regular
from anchoraudit.io.unchanged import Stamp

# The share of the process that has more to do, where two processes take a part each.
_FIRST = 0.42
# So much is searched for a cut: nearly always the next few annotations have one. But an annotation may have
# a million bytes, a crowd of many polygons.
_WINDOWS = (16 * 1024, 1024 * 1024)
_BETWEEN_OBJECTS = re.compile(rb"\}\s*,\s*(?=\{)")
DECODE_ERRORS = (*entries.DECODE_ERRORS, MemoryError, OSError, EOFError)


class Stretch(NamedTuple):
    """Bytes `start` to `end` of the file of a stamp, with `before` and `behind` put around them."""

    path: Path
    stamp: Stamp
    start: int
    end: int
    before: bytes
    behind: bytes


def find_cut(path: Path, stamp: Stamp, start: int | None = None) -> int | None:
    """Return where the rest begins: behind a comma between two objects. None if none is found.

    start: from where on it is looked for; None for where two processes take as long.

    Raises OSError if the file cannot be read, or is not that of the stamp.
    """
    (cut,) = find_cuts(path, stamp, [int(stamp.size * _FIRST) if start is None else start])
    return cut


def find_cuts(path: Path, stamp: Stamp, starts: list[int]) -> list[int | None]:
    """Return for each of some places where the next cut is, None if none is found. Errors: as `find_cut`."""
    with open(open_regular(path), "rb", 0) as file:  # noqa: PTH123  no path
        unchanged.require_stamp(file.fileno(), stamp)
        return [_next_cut(file, start) for start in starts]


def _next_cut(file: FileIO, start: int) -> int | None:
    for window in _WINDOWS:
        file.seek(start)
        if (found := _BETWEEN_OBJECTS.search(file.read(window))) is not None:
            return start + found.end()
    return None


def read_part(stretch: Stretch) -> bytearray:
    """Return a part of a file, with what is put around it.

    Raises OSError or EOFError if the file cannot be read, or is not that of the stamp, before and after.
    """
    path, stamp, start, end, before, behind = stretch
    data = bytearray(len(before) + end - start + len(behind))
    data[: len(before)] = before
    data[len(data) - len(behind) :] = behind
    with open(open_regular(path), "rb", 0) as file, memoryview(data) as view:  # noqa: PTH123  no path
        unchanged.require_stamp(file.fileno(), stamp)
        read_into(file, start, view[len(before) : len(before) + end - start])
        unchanged.require_stamp(file.fileno(), stamp)
    return data


def read_into(file: FileIO, start: int, view: memoryview) -> None:
    """Fill a view with the bytes of a file from `start` on. Raises OSError; EOFError if there are fewer."""
    file.seek(start)
    at = 0
    while at < len(view):
        read = file.readinto(view[at:])
        if not read:
            raise EOFError("the file became shorter while it was read")
        at += read
