"""File names, and writing files so that a killed run leaves the old one or the new one, never a part."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from anchoraudit.errors import AnchorauditError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` for writing, and rename it to `path` once all is written.

    A link is followed; a pipe or device is written to as it is. On any error the temporary file goes and
    `path` stays as it was. Raises AnchorauditError if the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    try:
        mode = _mode(path)  # not the target's: /dev/stdout leads to a name that is no file
        if mode is not None and not stat.S_ISREG(mode):
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(21, "is a folder")
            with path.open("wb") as stream:
                yield stream
            return
        handle, name = tempfile.mkstemp(prefix=".anchoraudit-", suffix=".tmp", dir=target.parent)
    except OSError as error:
        raise AnchorauditError(
            f"cannot be written: {error.strerror}", path=path, remedy="Choose another place for the output."
        ) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb", buffering=1 << 20) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(stat.S_IMODE(mode) if mode is not None else 0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8."""
    with replacing(path) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))


def name_parts(name: str) -> tuple[str, str]:
    """Take a file name of any system apart: the folders, "" without any, and the last part."""
    folder, _, base = name.replace("\\", "/").rpartition("/")
    return folder, base


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
