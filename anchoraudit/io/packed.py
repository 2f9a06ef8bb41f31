"""Files that are compressed, as their names say: `boxes.csv.gz` is a `.csv` file.

They are read from their beginning only, for no place in them can be found without what is before it.
"""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Callable
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any, Self, cast

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import files, stores

if TYPE_CHECKING:
    from pathlib import Path

_READERS: dict[str, Callable[[IO[bytes]], Any]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".bz2": bz2.BZ2File,
}
SUFFIXES = (*_READERS,)
_GZIP = 16 + zlib.MAX_WBITS  # with the header and the checksum of a gzip file, and no name and no time
_AT_ONCE = 1 << 20  # bytes


def is_packed(path: PurePath) -> bool:
    """Tell whether a file is compressed, by its name.

    >>> is_packed(PurePath("boxes.csv.gz")), is_packed(PurePath("boxes.csv"))
    (True, False)
    """
    return path.suffix.lower() in _READERS


def suffix_of(path: PurePath) -> str:
    """Return the suffix of what is in a file, in lower case.

    >>> suffix_of(PurePath("boxes.CSV.gz")), suffix_of(PurePath("boxes.csv"))
    ('.csv', '.csv')
    """
    return PurePath(path.stem).suffix.lower() if is_packed(path) else path.suffix.lower()


def whole_suffix(path: PurePath) -> str:
    """Return the suffix of a file with that of its compression, in lower case.

    >>> whole_suffix(PurePath("boxes.csv.gz")), whole_suffix(PurePath("boxes.v2.csv"))
    ('.csv.gz', '.csv')
    """
    return suffix_of(path) + path.suffix.lower() * is_packed(path)


def opened(path: Path) -> IO[bytes]:
    """Open a file for reading what is in it; the caller closes it.

    Raises AnchorauditError if it cannot be opened; reading raises one too, if it is not what its name says,
    or is cut off.
    """
    file = stores.opened(path)
    if not is_packed(path):
        return file
    return cast("IO[bytes]", _Unpacked(path, file))


def read_input(path: Path) -> bytes:
    """Return all that is in a file.

    Raises AnchorauditError if it cannot be read, or does not fit into memory.
    """
    if not is_packed(path):
        return stores.read_input(path)
    most = files.most_bytes()
    found: list[bytes] = []
    count = 0
    with opened(path) as file:
        while data := file.read(_AT_ONCE):
            found.append(data)
            count += len(data)
            if count > most:
                raise AnchorauditError(
                    f"it holds more bytes than fit into memory (at most {most:,})",
                    path=path,
                    remedy="Write it as several files.",
                )
    return b"".join(found)


class _Unpacked:
    """What is in an open compressed file."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path, self._file = path, file
        self._reader = _READERS[path.suffix.lower()](file)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, b"" at the end."""
        try:
            data: bytes = self._reader.read(size)
        except (EOFError, OSError, zlib.error) as error:
            is_cut_off = isinstance(error, EOFError)
            reason = "it is cut off" if is_cut_off else files.reason_of(error)
            raise AnchorauditError(
                f"cannot be unpacked ({self._path.suffix}): {reason}",
                path=self._path,
                remedy="Copy or write the file again."
                if is_cut_off
                else "Give it the suffix of what it is, or write it again.",
            ) from None
        return data

    def seek(self, place: int) -> int:
        """Go to a place, which takes as long as to read all that is before it."""
        return int(self._reader.seek(place))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
        self._file.close()


class Packing:
    """Writes to an output as a file of this name is written: compressed, or as it is.

    The same bytes become the same file. Nothing at all becomes an empty file, and no compressed nothing.
    """

    def __init__(self, path: PurePath, output: stores.Output) -> None:
        self._output = output
        self._packer: Any = None
        self._suffix = path.suffix.lower() if is_packed(path) else ""

    def write(self, data: bytes | memoryview, /) -> int:
        """Write bytes."""
        if not self._suffix:
            return self._output.write(data)
        if len(data):
            if self._packer is None:
                of_gzip = self._suffix == ".gz"
                self._packer = zlib.compressobj(wbits=_GZIP) if of_gzip else bz2.BZ2Compressor()
            self._output.write(self._packer.compress(data))
        return len(data)

    def finish(self) -> None:
        """Write what is still to be written."""
        if self._packer is not None:
            self._output.write(self._packer.flush())
