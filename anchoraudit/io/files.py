"""Files: reading regular ones only, and writing so that a killed run leaves the old or the new one, whole."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from anchoraudit.errors import AnchorauditError

_FLAGS = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_NOCTTY", "O_BINARY", "O_CLOEXEC"):  # not every system has all of them
    _FLAGS |= getattr(os, _flag, 0)
_LARGE = 1 << 30  # bytes from which on a file is held against the memory that there is
IN_AN_IMAGES_FILE = 1 << 28  # bytes that annotations of one image may have: a million boxes have fewer


def open_regular(path: str | Path) -> int:
    """Open a regular file for reading; return its descriptor, which the caller closes.

    A pipe or a device, which might never end or never begin, is not waited for. Raises OSError for those,
    for a folder, and for a name that no file can have.
    """
    return _opened(path)[0]


def read_bytes(path: str | Path, most: int | None = None) -> bytes:
    """Return all of a regular file.

    Raises OSError where `open_regular` does, and for a file of more than `most` bytes, if None for more than
    half of this machine's memory: what is read needs as much again to be understood.
    """
    handle, size = _opened(path)
    try:
        if size >= _LARGE or most is not None:
            most = _memory() // 2 if most is None else most
            if size > most:
                raise OSError(errno.EFBIG, f"its {size:,} bytes are too many (at most {most:,})")
        # One read is enough for most, and quicker than readall(): what is shorter than asked for ends there.
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
    """Return all of a file without which there is nothing to do; most: as in `read_bytes`.

    Raises AnchorauditError, with the system's reason and the remedy, if it cannot be read.
    """
    try:
        return read_bytes(path, most)
    except OSError as error:
        raise unreadable(path, error, remedy) from None


def unreadable(path: object, error: OSError, remedy: str = "Make it readable.") -> AnchorauditError:
    """What to raise for a file or folder that the system does not let us read, in its words."""
    reason = error.strerror or str(error) or "cannot be read"
    return AnchorauditError(f"cannot be read: {reason}", path=path, remedy=remedy)


def os_reason(path: str, error: OSError | None = None) -> str:
    """Say why `path` cannot be read, in the system's words; a folder or a pipe is named as such."""
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
    """Return the first bytes of a regular file, b"" where there is none or it cannot be read."""
    with contextlib.suppress(OSError), open(open_regular(path), "rb", 0) as file:
        return file.read(length)
    return b""


def _opened(path: str | Path) -> tuple[int, int]:
    """Descriptor and size of a regular file."""
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
    return handle, status.st_size


def _memory() -> int:
    """Bytes of memory of this machine, or more than any file has where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 1 << 62


@contextlib.contextmanager
def replacing(path: Path, *, own: bool = False) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` for writing, and rename it to `path` once all is written.

    A link is followed; a pipe or device is written to as it is. own: nobody named it, it is where this
    program keeps what it remembers: so whatever stands there is replaced itself, and nothing that it leads
    to is written to or waited for. On any error the temporary file goes and `path` stays as it was. Raises
    AnchorauditError if the file cannot be written.
    """
    try:
        target = path if own else Path(os.path.realpath(path))
    except ValueError as error:  # a zero byte in the name
        raise _unwritable(path, str(error)) from None
    try:
        mode = None if own else _mode(path)  # not the target's: /dev/stdout leads to a name that is no file
        if mode is not None and not stat.S_ISREG(mode):
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(21, "is a folder")
            with path.open("wb") as stream:
                yield stream
            return
        handle, name = tempfile.mkstemp(prefix=".anchoraudit-", suffix=".tmp", dir=target.parent)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb", buffering=1 << 20) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(stat.S_IMODE(mode) if mode is not None else 0o666 & ~_umask())
        temporary.replace(target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:  # of a descriptor: the disk is full
            raise _unwritable(path, error.strerror or str(error)) from None
        raise


def _unwritable(path: Path, reason: str) -> AnchorauditError:
    return AnchorauditError(
        f"cannot be written: {reason}", path=path, remedy="Choose another place for the output."
    )


def write_text(path: Path, text: str, *, own: bool = False) -> None:
    """Write `text` as UTF-8; own: as in `replacing`."""
    with replacing(path, own=own) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))


def name_parts(name: str) -> tuple[str, str]:
    """Take a file name of any system apart: the folders, "" without any, and the last part."""
    folder, _, base = name.replace("\\", "/").rpartition("/")
    return folder, base


def safe_join(folder: Path, name: str) -> Path | None:
    """`folder / name` if that is a file inside `folder`, else None."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if not name or "\0" in name or parts.is_absolute() or ".." in parts.parts:
        return None
    path = folder / parts
    try:
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None


def require_not_input(output: Path, inputs: Iterable[Path]) -> None:
    """Raise AnchorauditError if `output` is one of the files that were read."""
    if not output.exists():
        return
    for path in inputs:
        if path.exists() and path.samefile(output):
            raise AnchorauditError(
                "this is an input; inputs are never changed",
                path=output,
                remedy="Choose another name for the output.",
            )


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
