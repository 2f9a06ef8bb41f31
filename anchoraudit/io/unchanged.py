"""Whether a file is still the one that was read before.

A file may be read twice: once to be judged, and once more to be copied. In between, another program may
replace it, or write to it. A `Reading` says which file, and which bytes, were read the first time; the second
time, they are compared.

What the system says of a file (`Stamp`) costs nothing, but does not tell everything: bytes of the same number
can be replaced, and the time set back. So what is to be written from is read within `recorded()`: there, the
SHA-256 of the bytes is part of each `Reading`, and decides alone. A file that was touched or copied, but has
the same bytes, is the same.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import files
from anchoraudit.io.addresses import is_address

_MAKE_READABLE = "Make the file readable."
_AGAIN = "Nothing was written. Run the command again when no other program writes to the file."
_AT_ONCE = 1 << 20  # bytes of a file that are hashed at a time


class Stamp(NamedTuple):
    """What the system says of a file. modified: in nanoseconds, as the file system keeps it."""

    device: int
    inode: int
    size: int
    modified: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        """Return the stamp of what `os.stat` or `os.fstat` returned."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Reading:
    """Which file was read.

    stamp: what the system said of it, before and after. None where that was not asked.
    pieces: where each piece of it ends, and the SHA-256 of the piece, in order; () unless recorded.
    """

    stamp: Stamp | None
    pieces: tuple[tuple[int, bytes], ...] = ()

    def has(self, data: bytes) -> bool:
        """Tell whether these are the bytes that were read. Only for a recorded reading."""
        from hashlib import sha256

        ends = [end for end, _ in self.pieces]
        view, starts = memoryview(data), [0, *ends[:-1]]
        return ends[-1] == len(data) and all(
            sha256(view[start:end]).digest() == digest
            for start, (end, digest) in zip(starts, self.pieces, strict=True)
        )


_RECORD: ContextVar[dict[str, Reading] | None] = ContextVar("record", default=None)
_LARGE: ContextVar[bool] = ContextVar("large", default=False)


@contextmanager
def recorded(*, large: bool = False) -> Iterator[dict[str, Reading]]:
    """Record the bytes of all annotation files that are read within the block, by their paths.

    The dict is filled by `note`, which the readers call. large: also by `note_large`.
    """
    record: dict[str, Reading] = {}
    tokens = _RECORD.set(record), _LARGE.set(large)
    try:
        yield record
    finally:
        _RECORD.reset(tokens[0])
        _LARGE.reset(tokens[1])


def is_recorded() -> bool:
    """Tell whether what is read now is recorded. A process started by a reader has to be told."""
    return _RECORD.get() is not None


def note(path: str | Path, reading: Reading | bytes) -> None:
    """Record how a file was read, or its bytes; nothing outside of `recorded()`.

    A file that is read twice must be the same both times. Raises AnchorauditError if it is not.
    """
    record = _RECORD.get()
    if record is None or is_address(path):  # nothing is copied from an address
        return
    if isinstance(reading, bytes):
        reading = of_bytes(reading)
    before = record.setdefault(os.fspath(path), reading)
    if before.pieces != reading.pieces:
        raise changed(path)


def note_large(path: str | Path) -> None:
    """Record a file of which a reader will read a part only, such as a Parquet file with pictures in it.

    All of it is hashed, which takes time, so nothing is done unless these are to be recorded, too. Raises
    AnchorauditError if it cannot be read.
    """
    if not _LARGE.get() or is_address(path):
        return
    from hashlib import file_digest

    try:
        with open(files.open_regular(path), "rb") as file:  # noqa: PTH123  a handle, not a path
            digest = file_digest(file, "sha256").digest()
            note(path, Reading(None, ((file.tell(), digest),)))
    except OSError as error:
        raise files.unreadable(path, error) from None


def of_bytes(data: bytes | bytearray | memoryview, stamp: Stamp | None = None) -> Reading:
    """Return the reading of a whole file of these bytes, with their SHA-256."""
    from hashlib import sha256  # slow to import, and not needed where nothing is recorded

    return Reading(stamp, ((len(data), sha256(data).digest()),))


def read_input(path: str | Path, *, remedy: str = _MAKE_READABLE) -> tuple[bytes, Reading]:
    """Return all of a file that the run cannot do without, and which file that was. Notes it.

    Raises AnchorauditError if it cannot be read, or if it changes meanwhile.
    """
    data, stamp = _read(path, remedy)
    reading = of_bytes(data, stamp) if is_recorded() else Reading(stamp)
    note(path, reading)
    return data, reading


def read_again(path: str | Path, before: Reading | None, *, remedy: str = _MAKE_READABLE) -> bytes:
    """Return all of a file that was read before. before: how; None where nobody knows.

    Raises AnchorauditError if it is not the same any more, or cannot be read.
    """
    try:
        data, stamp = _read(path, remedy)
    except AnchorauditError:
        if before is not None and not os.path.lexists(path):
            raise changed(path, "is gone") from None
        raise
    if before is not None and not (before.has(data) if before.pieces else before.stamp in (None, stamp)):
        raise changed(path)
    return data


def sha256_again(path: str | Path, before: Reading) -> str:
    """Return the SHA-256 of a file that was read and recorded before, in hexadecimal digits.

    Raises AnchorauditError if it is not the same any more, or cannot be read.
    """
    from hashlib import sha256

    whole, at = sha256(), 0
    try:
        with open(files.open_regular(path), "rb", 0) as file:  # noqa: PTH123  a handle, not a path
            for end, digest in before.pieces:
                piece = sha256()
                while at < end and (data := file.read(min(_AT_ONCE, end - at))):
                    piece.update(data)
                    whole.update(data)
                    at += len(data)
                if piece.digest() != digest:
                    raise changed(path)
            if file.read(1):
                raise changed(path)
    except FileNotFoundError:
        raise changed(path, "is gone") from None
    except OSError as error:
        raise files.unreadable(path, error) from None
    return whole.hexdigest()


def require_stamp(handle: int, stamp: Stamp) -> None:
    """Raise OSError unless an open file is still that of a stamp."""
    if Stamp.of(os.fstat(handle)) != stamp:
        raise OSError(errno.ESTALE, "it changed while it was read")


def changed(path: str | Path, how: str = "changed while it was read") -> AnchorauditError:
    """Return the error for a file that is another one than before."""
    if how != "changed while it was read":
        how = f"changed while it was read: it {how}"
    return AnchorauditError(how, path=path, remedy=_AGAIN)


def _read(path: str | Path, remedy: str) -> tuple[bytes, Stamp]:
    """Return all of a file, and its stamp, which is the same before and after.

    The file is held open meanwhile, so that no other one can get its inode.
    """
    try:
        handle = files.open_regular(path)
    except OSError as error:
        raise files.unreadable(path, error, remedy) from None
    try:
        stamp = Stamp.of(os.fstat(handle))
        data = files.read_input(path, remedy=remedy)
        try:
            require_stamp(handle, stamp)  # it was not written to
            same = Stamp.of(os.stat(path)) == stamp  # noqa: PTH116  it was not replaced
        except OSError:
            same = False
        # Files that a system makes up as they are read have no size.
        if not same or (stamp.size and len(data) != stamp.size):
            raise changed(path)
        return data, stamp
    finally:
        os.close(handle)
