"""Files and folders wherever they are: on this machine, or at an address."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from glob import glob
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, Protocol

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import files, folders, outputs
from anchoraudit.io.addresses import Address

_COPIED = 1 << 20  # bytes at a time


class Output(Protocol):
    """What bytes are written to."""

    def write(self, data: bytes | memoryview, /) -> int:
        """Write bytes."""
        ...


class Status(NamedTuple):
    """size: in bytes. stamp: a text that is another one once the file has other bytes."""

    size: int
    stamp: str


class Inside(NamedTuple):
    """What is in a folder. A link to a folder is one."""

    path: Path
    is_folder: bool
    is_link: bool = False


def is_file(path: Path) -> bool:
    """Tell whether there is a file. Raises AnchorauditError for an address without an answer."""
    if isinstance(path, Address):
        from anchoraudit.io.remote import look

        return (entry := look(path)) is not None and not entry.is_folder
    return folders.is_file(path)


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder. Raises AnchorauditError for an address without an answer."""
    if isinstance(path, Address):
        from anchoraudit.io.remote import look

        return (entry := look(path)) is not None and entry.is_folder
    return folders.is_folder(path)


def inside(folder: Path) -> list[Inside]:
    """Return what is in a folder, by name; [] if it cannot be listed.

    What is no folder may be a pipe, or a link to nothing: whoever reads it is told. At an address, hidden
    files and folders are left out.

    Raises AnchorauditError for an address without an answer.
    """
    if isinstance(folder, Address):
        from anchoraudit.io.remote import listed

        return [Inside(entry.address, entry.is_folder) for entry in listed(folder)]
    found = []
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        for entry in entries:
            is_dir = False
            with suppress(OSError):  # a loop of links
                is_dir = entry.is_dir()
            found.append((entry.name, is_dir, entry.is_symlink()))
    # To sort 100,000 paths takes seconds, their names a tenth of one.
    return [Inside(folder / name, is_dir, is_link) for name, is_dir, is_link in sorted(found)]


def is_pattern(path: Path) -> bool:
    """Tell whether a path has `*`, `?` or `[...]` in it, and is not the name of a file as it stands."""
    if isinstance(path, Address) and path.is_web:  # whose `?` and `[` have another meaning
        return False
    return any(sign in str(path) for sign in "*?[") and not (folders.is_file(path) or folders.is_folder(path))


def matching(pattern: Path) -> list[Path]:
    """Return the files and folders that a pattern matches, by name; `**` stands for any folders.

    Raises AnchorauditError for an address without an answer.
    """
    if isinstance(pattern, Address):
        from anchoraudit.io import remote

        return [*remote.matching(pattern)]
    with suppress(OSError, ValueError, re.error):
        return sorted(map(Path, glob(str(pattern), recursive=True)))  # noqa: PTH207  takes any pattern, also of a whole path
    return []


def folder_above(paths: Sequence[Path]) -> Path:
    """Return the deepest folder that all these paths are in.

    >>> folder_above([Path("a/b/1"), Path("a/c/2")]).as_posix()
    'a'
    """
    folder = paths[0].parent
    while not all(path.is_relative_to(folder) for path in paths):
        folder = folder.parent
    return folder


def status(path: Path) -> Status:
    """Return size and stamp of a file. Raises AnchorauditError if it is not there."""
    if isinstance(path, Address):
        from anchoraudit.io.remote import look

        if (entry := look(path)) is None:
            raise AnchorauditError("no such file", path=path, remedy="Check the address.")
        return Status(entry.size, entry.stamp)
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError as error:
        raise files.unreadable(path, error) from None
    return Status(found.st_size, f"{found.st_size}:{found.st_mtime_ns}")


def opened(path: Path) -> IO[bytes]:
    """Open a file for reading in any order; the caller closes it.

    Raises AnchorauditError if it cannot be opened; reading raises one too, at an address.
    """
    if isinstance(path, Address):
        from anchoraudit.io import remote

        return remote.opened(path)
    try:
        return open(files.open_regular(path), "rb")  # noqa: PTH123  a handle, not a path
    except OSError as error:
        raise files.unreadable(path, error) from None


def read_input(path: Path) -> bytes:
    """Return all of a file that the run cannot do without. Raises AnchorauditError if it cannot be read."""
    if isinstance(path, Address):
        with opened(path) as file:
            return file.read()
    return files.read_input(path)


def copy(path: Path, output: Output) -> None:
    """Write a file as it is to an output. Raises AnchorauditError if it cannot be read."""
    with opened(path) as source:
        while data := source.read(_COPIED):
            output.write(data)


def files_below(folder: Path) -> list[Path]:
    """Return all files below a folder, hidden ones too, and links; [] if there is no such folder.

    Raises AnchorauditError for an address without an answer.
    """
    if isinstance(folder, Address):
        from anchoraudit.io import remote

        return [*remote.files_below(folder)]
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def below(folder: Path, name: str) -> Path:
    """Return the path of what is in a folder. name: with / between the names of folders."""
    return folder.below(name) if isinstance(folder, Address) else folder / name


def exists(path: Path) -> bool:
    """Tell whether something has this name. Raises AnchorauditError for an address without an answer."""
    if isinstance(path, Address):
        from anchoraudit.io.remote import look

        return look(path) is not None
    return os.path.lexists(path)


def remove(file: Path) -> None:
    """Remove a file, if it is there. Raises AnchorauditError if it cannot be removed."""
    if isinstance(file, Address):
        from anchoraudit.io import remote

        remote.remove(file)
        return
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise outputs.unwritable(file, error) from None


@contextmanager
def written(path: Path, *, own: bool = True) -> Iterator[BinaryIO]:
    """Open a file for writing that becomes `path` at once when all is written, by itself.

    At an address it is uploaded from a file of this machine, whole. On any error `path` stays as it was.
    own: as in `outputs.replacing`.

    Raises AnchorauditError if the file cannot be written.
    """
    if not isinstance(path, Address):
        with outputs.replacing(path, own=own) as stream:
            yield stream
        return
    from anchoraudit.io import remote

    with outputs.scratch_folder() as folder:
        file = folder / "upload"
        try:
            with file.open("wb") as stream:
                yield stream
        except OSError as error:
            if error.filename not in (None, str(file)):
                raise
            raise outputs.unwritable(file, error) from None
        remote.upload(file, path)
