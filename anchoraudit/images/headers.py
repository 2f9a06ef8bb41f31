"""Opens an image file once, and keeps all that its first page, its last bytes and its header tell.

Readers need its size, rules all the rest. Imports no NumPy, so that other processes read before it is loaded.
"""

from __future__ import annotations

import os
import zlib
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from anchoraudit.images import pillow
from anchoraudit.images.jpeg import plain_header
from anchoraudit.images.sizes import HEAD, LARGEST_SIDE, UNKNOWN, Size, size_of_file
from anchoraudit.io.files import open_with_status

_TAIL = 512  # bytes at the end of a file: enough for an end mark and a little padding behind it
_BEFORE_THE_END = 65536  # bytes searched next: cameras and phones rarely append more behind an image
_BLOCK = 1 << 20  # 1 MiB: bytes read at a time where a file is read in full
# JPEG: T.81, B.1.1.3, end of image. PNG: the whole IEND chunk, which always has these bytes.
_ENDS = {
    "JPEG": (b"\xff\xd9", "truncated: there is no end-of-image marker"),
    "MPO": (b"\xff\xd9", "truncated: there is no end-of-image marker"),
    "PNG": (b"\0\0\0\0IEND\xaeB`\x82", "truncated: there is no end chunk"),
}
# Different uncompressed images can have the same start and end, such as a black border. So their middle
# counts too.
_UNCOMPRESSED = frozenset(["BMP", "DIB", "PPM", "TIFF"])
# A row of `images.rows.ROW`: size, mtime, width, height, mark, orientation, read; nothing decoded or hashed.
_ROW = Struct("<qqiiIb?xxx16x")


class Header(NamedTuple):
    """What the header of one file tells.

    width, height: stored sides in pixels, 0 if unknown. orientation, mark: as in `images.rows.ROW`.
    problem: why the header cannot be used, "" if it can.
    size: as stored, and whether a loader that follows EXIF turns it by a quarter. UNKNOWN unless asked for.
    """

    width: int = 0
    height: int = 0
    orientation: int = 0
    mark: int = 0
    problem: str = ""
    size: Size = UNKNOWN


class HeaderReader:
    """Reads one header after another. Loads and configures Pillow when it is first needed."""

    def __init__(self, settings: ExitStack) -> None:
        """Pillow keeps its settings until the stack `settings` is closed."""
        self._settings = settings
        self._most_pixels: int | None = None
        self._pillow_is_set = False

    def read(self, file: int, length: int, path: str | None = None) -> Header:
        """Read the header of an open file of `length` bytes. Raises OSError if the disk fails.

        path: of the file; without it, `size` stays unknown.
        """
        head = os.read(file, HEAD)
        tail = head if length <= HEAD else _at(file, length - _TAIL, _TAIL)
        mark = zlib.crc32(tail, zlib.crc32(head))
        if not head:
            return Header(mark=mark, problem="empty file")
        plain = plain_header(head)
        if plain is not None:
            width, height, start = plain
            problem = ""
            # The mark of the end is nearly always there: no need to call what looks for it.
            if not (tail.endswith(b"\xff\xd9") and length - 2 >= start):
                problem = _end_problem("JPEG", file, length, tail, start)
            return Header(width, height, 0, mark, problem, (width, height, False))
        seen = self._with_pillow(file, head)
        size = UNKNOWN if path is None else self._size(seen, path)
        if isinstance(seen, str):
            return Header(mark=mark, problem=seen, size=size)
        width, height = seen.width, seen.height
        if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
            return Header(mark=mark, problem=f"an impossible size: {width} x {height} pixels", size=size)
        if seen.codec in _UNCOMPRESSED:
            mark = zlib.crc32(_at(file, length // 2, HEAD), mark)
        problem = _end_problem(seen.codec, file, length, tail, seen.start)
        return Header(width, height, seen.orientation, mark, problem, size)

    def set_pillow(self) -> None:
        """Make Pillow strict."""
        if not self._pillow_is_set:
            self._most_pixels = self._settings.enter_context(pillow.strict())
            self._pillow_is_set = True

    def _with_pillow(self, file: int, head: bytes) -> pillow.Seen | str:
        self.set_pillow()
        os.lseek(file, 0, os.SEEK_SET)
        return pillow.header(file, head)

    def _size(self, seen: pillow.Seen | str, path: str) -> Size:
        """Return the size as Pillow says it under the settings of the user, who may have set a limit."""
        if isinstance(seen, str) or seen.codec not in pillow.AT_ONCE:
            with pillow.most_pixels(self._most_pixels):
                return size_of_file(Path(path))
        width, height = seen.width, seen.height
        if self._most_pixels is not None and max(1, width) * max(1, height) > 2 * self._most_pixels:
            return UNKNOWN  # as PIL.Image.open, which raises DecompressionBombError
        return width, height, seen.turned


@dataclass(slots=True)
class Headers:
    """What the headers of F files tell, as plain bytes that are sent from process to process.

    table: F rows of `images.rows.ROW`. A file that could not be opened has a row that is not `read`.
    problem: by file, why the header cannot be used.
    sides: float64 [2 F], width and height as stored, before any turn, NaN if unknown.
    turned: F bytes, 1 where a loader that follows EXIF turns the image by a quarter.
    """

    table: bytearray = field(default_factory=bytearray)
    problem: dict[int, str] = field(default_factory=dict)
    sides: array[float] = field(default_factory=lambda: array("d"))
    turned: bytearray = field(default_factory=bytearray)

    def append(self, other: Headers) -> None:
        """Append those of further files."""
        count = len(self.turned)
        self.table += other.table
        self.problem.update((count + at, text) for at, text in other.problem.items())
        self.sides += other.sides
        self.turned += other.turned


def read_headers(paths: Sequence[str | None]) -> Headers:
    """Read the header of each file. None: there is no such file."""
    found = Headers()
    table, sides, turned = found.table, found.sides, found.turned
    with ExitStack() as settings:
        read = HeaderReader(settings).read
        for number, path in enumerate(paths):
            size, mtime, is_read, header = 0, 0, False, _NOTHING
            if path is not None:
                try:
                    file, status = open_with_status(path)
                    try:
                        size, mtime = status.st_size, status.st_mtime_ns % 2**63
                        header = read(file, size, path)
                        is_read = True
                    finally:
                        os.close(file)
                except (OSError, ValueError, MemoryError):  # who looks at it again says why
                    header = _NOTHING
            width, height, orientation, mark, problem, (x, y, is_turned) = header
            table += _ROW.pack(size, mtime, width, height, mark, orientation, is_read)
            sides.append(x)
            sides.append(y)
            turned.append(is_turned)
            if problem:
                found.problem[number] = problem
    return found


_NOTHING = Header()


def _at(file: int, offset: int, length: int) -> bytes:
    os.lseek(file, offset, os.SEEK_SET)
    return os.read(file, length)


def _end_problem(codec: str, file: int, length: int, tail: bytes, start: int) -> str:
    """Return what is wrong with the end of a file, "" if nothing is."""
    if codec not in _ENDS:
        return ""
    mark, words = _ENDS[codec]
    return "" if _ends(file, length, tail, start, mark) else words


def _ends(file: int, size: int, tail: bytes, start: int, end: bytes) -> bool:
    """Tell whether the end mark `end` occurs after `start`: at the very end, near it, or else anywhere.

    Anywhere, because a phone may append a film. Only after `start`, because a thumbnail in the header has an
    end mark of its own.
    """
    if tail.endswith(end) and size - len(end) >= start:
        return True
    return any(
        end in block
        for first in (max(start, size - _BEFORE_THE_END), start)
        for block in _overlapping(file, first, len(end) - 1)
    )


def _overlapping(file: int, offset: int, overlap: int) -> Iterator[bytes]:
    """Yield the file from `offset` on, in blocks that repeat the last `overlap` bytes of the block before."""
    kept = b""
    os.lseek(file, offset, os.SEEK_SET)
    while block := os.read(file, _BLOCK):
        yield kept + block
        kept = (kept + block)[-overlap:]
