"""Reads regular files only: a pipe or a device could keep the program waiting for ever."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from anchoraudit.errors import AnchorauditError

_FLAGS = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_NOCTTY", "O_BINARY", "O_CLOEXEC"):  # not every system has all of them
    _FLAGS |= getattr(os, _flag, 0)
# 1 GiB. Only larger files are compared with the machine's memory: every machine can hold smaller ones.
_LARGE = 1 << 30
# Most bytes of an annotation file of one image: 256 MiB, room for a million boxes of 268 bytes, which is what
# an object of Pascal VOC takes.
IN_AN_IMAGES_FILE = 1 << 28


def open_regular(path: str | Path) -> int:
    """Open a regular file for reading and return its descriptor. The caller closes it.

    Pipes and devices are refused, because reading one can wait for ever.

    Raises OSError if the path is not a regular file, or if its name is not valid.
    """
    return open_with_status(path)[0]


def open_with_status(path: str | Path) -> tuple[int, os.stat_result]:
    """Open a regular file; return its descriptor, and what the system says of it.

    The caller closes it. Raises OSError as `open_regular` does.
    """
    try:
        handle = os.open(path, _FLAGS)
    except ValueError as error:  # a name with a zero byte in it
        raise OSError(errno.EINVAL, str(error)) from None
    try:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
    except BaseException:
        os.close(handle)
        raise
    return handle, status


def read_bytes(path: str | Path, most: int | None = None) -> bytes:
    """Return all of a regular file.

    most: the most bytes it may have; None for half of this machine's memory, because parsing the content
    needs as much memory again.

    Raises OSError as `open_regular` does, and if the file is too large.
    """
    handle, status = open_with_status(path)
    size = status.st_size
    try:
        if size >= _LARGE or most is not None:
            most = most_bytes() if most is None else most
            if size > most:
                raise OSError(errno.EFBIG, f"its {size:,} bytes are too many (at most {most:,})")
        # One read is enough for most files, and faster than readall(). It asks for one byte more than the
        # size: if exactly the size comes back, the file has ended.
        data = os.read(handle, size + 1) if size < _LARGE else b""
        if len(data) == size:
            return data
        with open(handle, "rb", 0, closefd=False) as file:
            rest = file.readall() or b""
        return data + rest if data else rest
    finally:
        os.close(handle)


def read_input(
    path: str | Path, most: int | None = None, *, remedy: str = "Make the file readable."
) -> bytes:
    """Return all of a file that the run cannot do without. most: as in `read_bytes`.

    Raises AnchorauditError, with the system's reason and the remedy, if it cannot be read.
    """
    try:
        return read_bytes(path, most)
    except OSError as error:
        raise unreadable(path, error, remedy) from None


def unreadable(path: object, error: OSError, remedy: str = "Make it readable.") -> AnchorauditError:
    """Return the error to raise for a file or folder that cannot be read, with the system's reason."""
    reason = reason_of(error) or "cannot be read"
    return AnchorauditError(f"cannot be read: {reason}", path=path, remedy=remedy)


def reason_of(error: Exception) -> str:
    """Return the system's reason for an error, and what it does not say: the working directory is gone."""
    if not isinstance(error, OSError):
        return str(error)
    if isinstance(error, FileNotFoundError) and not os.path.isabs(error.filename or ""):  # noqa: PTH117
        try:
            Path.cwd()
        except FileNotFoundError:
            return "the working directory does not exist any more; change to another one"
    return error.strerror or str(error)


def os_reason(path: str, error: OSError | None = None) -> str:
    """Say why `path` cannot be read: that it is a folder or a pipe, or else the system's reason."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except OSError as met:
        return f"cannot be opened: {met.strerror or met}"
    if stat.S_ISDIR(mode):
        return "cannot be read: it is a folder"
    if not stat.S_ISREG(mode):
        return "cannot be read: it is not a regular file"
    return f"cannot be read: {error.strerror or error}" if error else "cannot be read"


def read_head(path: str | Path, length: int) -> bytes:
    """Return the first `length` bytes of a regular file, b"" if it does not exist or cannot be read."""
    with contextlib.suppress(OSError), open(open_regular(path), "rb", 0) as file:
        return file.read(length)
    return b""


def size_of(path: str | Path) -> int:
    """Return how many bytes a file has, 0 if it does not exist."""
    with contextlib.suppress(OSError, ValueError):
        return os.stat(path).st_size  # noqa: PTH116
    return 0


def most_bytes() -> int:
    """Return how many bytes of a file fit: half of this machine's memory, for parsing needs as much again."""
    return _memory() // 2


def _memory() -> int:
    """Return this machine's memory in bytes. If the system does not say, more than any file has."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 1 << 62


def name_parts(name: str) -> tuple[str, str]:
    r"""Split a file name with `/` or `\` into its folders ("" if there are none) and its last part."""
    folder, _, base = name.replace("\\", "/").rpartition("/")
    return folder, base


def decode_names(data: bytes) -> str:
    """Return the text of a file that lists file names: UTF-16 if it has such a mark, else UTF-8.

    Bytes that are not UTF-8 are decoded as Python decodes them in file names, so that the names can be
    opened.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "surrogateescape")


def safe_join(folder: Path, name: str) -> Path | None:
    """Return `folder / name` if that is a file and `name` does not lead out of `folder`, else None."""
    posix = name.replace("\\", "/")
    if not name or "\0" in name or posix.startswith("/") or ".." in posix.split("/"):
        return None
    # A Path takes several times as long, and most names that are tried are not there.
    if not os.path.isfile(os.path.join(folder, os.path.normpath(posix))):  # noqa: PTH113, PTH118
        return None
    path = folder / PurePosixPath(posix)
    try:
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None


def require_not_input(output: Path, inputs: Iterable[Path]) -> None:
    """Raise AnchorauditError if `output` is one of `inputs`."""
    if not output.exists():
        return
    for path in inputs:
        if path.exists() and path.samefile(output):
            raise AnchorauditError(
                "this is an input; inputs are never changed",
                path=output,
                remedy="Choose another name for the output.",
            )
