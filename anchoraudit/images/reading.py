"""Reads files into rows: the header, the whole image, or a hash of the bytes. Errors become problem texts."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Literal

from anchoraudit.images import pillow
from anchoraudit.images.jpeg import plain_header
from anchoraudit.images.rows import Rows
from anchoraudit.images.sizes import HEAD, LARGEST_SIDE
from anchoraudit.io.files import open_regular

What = Literal["header", "decode", "digest"]

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
NOT_READ = "cannot be read: "


class Reader:
    """Reads one file after another. Loads and configures Pillow when it is first needed."""

    def __init__(self, what: What, settings: ExitStack) -> None:
        """Store what to read. Pillow keeps its settings until the stack `settings` is closed."""
        self.what = what
        self._settings = settings
        self._pillow_is_set = False

    def read(self, path: str, rows: Rows, i: int) -> None:
        """Read the file `path` into row `i`, as far as it can be read."""
        row = rows.table[i]
        row["read"] = True
        try:
            file = open_regular(path)
            try:
                if self.what != "digest":
                    self._header(file, os.fstat(file).st_size, rows, i)
                if self.what == "decode":
                    self._decode(file, rows, i)
                if self.what != "header":
                    row["digest"], row["hashed"] = _digest(file), True
            finally:
                os.close(file)
        except (OSError, ValueError) as error:
            rows.problem[i] = f"{NOT_READ}{getattr(error, 'strerror', None) or error}"
            rows.passing.add(i)
        except MemoryError:
            rows.undecoded[i] = "cannot be decoded: not enough memory"
            rows.passing.add(i)

    def _header(self, file: int, size: int, rows: Rows, i: int) -> None:
        row = rows.table[i]
        head = os.read(file, HEAD)
        tail = head if size <= HEAD else _at(file, size - _TAIL, _TAIL)
        row["mark"] = mark = zlib.crc32(tail, zlib.crc32(head))
        if not head:
            rows.problem[i] = "empty file"
            return
        plain = plain_header(head)
        if plain is not None:
            seen = pillow.Seen(plain[0], plain[1], 0, "JPEG", plain[2])
        else:
            found = self._with_pillow(file, head)
            if isinstance(found, str):
                rows.problem[i] = found
                return
            seen = found
        if not (0 < seen.width <= LARGEST_SIDE and 0 < seen.height <= LARGEST_SIDE):
            rows.problem[i] = f"an impossible size: {seen.width} x {seen.height} pixels"
            return
        row["width"], row["height"], row["orientation"] = seen.width, seen.height, seen.orientation
        if seen.codec in _UNCOMPRESSED:
            row["mark"] = zlib.crc32(_at(file, size // 2, HEAD), mark)
        if seen.codec in _ENDS:
            mark_of_end, words = _ENDS[seen.codec]
            if not _ends(file, size, tail, seen.start, mark_of_end):
                rows.problem[i] = words

    def _with_pillow(self, file: int, head: bytes) -> pillow.Seen | str:
        self._set_pillow()
        os.lseek(file, 0, os.SEEK_SET)
        return pillow.header(file, head)

    def _decode(self, file: int, rows: Rows, i: int) -> None:
        if rows.table[i]["width"]:
            self._set_pillow()
            os.lseek(file, 0, os.SEEK_SET)
            problem, rows.table[i]["one_colour"] = pillow.decoded(file)
            if problem:
                rows.undecoded[i] = problem
        rows.table[i]["decoded"] = True

    def _set_pillow(self) -> None:
        if not self._pillow_is_set:
            self._settings.enter_context(pillow.strict())
            self._pillow_is_set = True


def read_many(paths: Sequence[str], what: What) -> Rows:
    """Read the files `paths` into one row each: "header", "decode" (header, image, hash) or "digest"."""
    rows = Rows.empty(len(paths))
    with ExitStack() as settings:
        reader = Reader(what, settings)
        for i, path in enumerate(paths):
            reader.read(path, rows, i)
    return rows


def _at(file: int, offset: int, length: int) -> bytes:
    os.lseek(file, offset, os.SEEK_SET)
    return os.read(file, length)


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


def _digest(file: int) -> bytes:
    os.lseek(file, 0, os.SEEK_SET)
    digest = hashlib.blake2b(digest_size=16)
    while block := os.read(file, _BLOCK):
        digest.update(block)
    return digest.digest()
