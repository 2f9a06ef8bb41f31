"""Reads files into rows: the header, the whole image, or a hash of the bytes. Errors become problem texts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Literal

from anchoraudit.images import pillow
from anchoraudit.images.headers import HeaderReader
from anchoraudit.images.rows import Rows
from anchoraudit.io.files import open_with_status

What = Literal["header", "decode", "digest"]

_BLOCK = 1 << 20  # 1 MiB: bytes read at a time where a file is read in full
NOT_READ = "cannot be read: "


class Reader:
    """Reads one file after another. Loads and configures Pillow when it is first needed."""

    def __init__(self, what: What, settings: ExitStack) -> None:
        """Store what to read. Pillow keeps its settings until the stack `settings` is closed."""
        self.what = what
        self._headers = HeaderReader(settings)

    def read(self, path: str, rows: Rows, i: int) -> None:
        """Read the file `path` into row `i`, as far as it can be read."""
        row = rows.table[i]
        row["read"] = True
        try:
            file, status = open_with_status(path)
            try:
                if self.what != "digest":
                    self._header(file, status.st_size, rows, i)
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
        width, height, orientation, row["mark"], problem, _ = self._headers.read(file, size)
        if width:
            row["width"], row["height"], row["orientation"] = width, height, orientation
        if problem:
            rows.problem[i] = problem

    def _decode(self, file: int, rows: Rows, i: int) -> None:
        if rows.table[i]["width"]:
            self._headers.set_pillow()
            os.lseek(file, 0, os.SEEK_SET)
            problem, rows.table[i]["one_colour"] = pillow.decoded(file)
            if problem:
                rows.undecoded[i] = problem
        rows.table[i]["decoded"] = True


def read_many(paths: Sequence[str], what: What) -> Rows:
    """Read the files `paths` into one row each: "header", "decode" (header, image, hash) or "digest"."""
    rows = Rows.empty(len(paths))
    with ExitStack() as settings:
        reader = Reader(what, settings)
        for i, path in enumerate(paths):
            reader.read(path, rows, i)
    return rows


def _digest(file: int) -> bytes:
    from hashlib import blake2b  # slow to import

    os.lseek(file, 0, os.SEEK_SET)
    digest = blake2b(digest_size=16)
    while block := os.read(file, _BLOCK):
        digest.update(block)
    return digest.digest()
