"""Files and folders wherever they are: on this machine, or at an address."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, NamedTuple

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import files, folders
from anchoraudit.io.addresses import Address


class Status(NamedTuple):
    """size: in bytes. stamp: a text that is another one once the file has other bytes."""

    size: int
    stamp: str


class Inside(NamedTuple):
    """What is in a folder."""

    path: Path
    is_folder: bool


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
    """Return the files and folders in a folder that are not hidden, by name; [] if it cannot be listed.

    Raises AnchorauditError for an address without an answer.
    """
    if isinstance(folder, Address):
        from anchoraudit.io.remote import listed

        return [Inside(entry.address, entry.is_folder) for entry in listed(folder)]
    below = [folder / name for name in folders.names_in(folder)]
    kinds = [Inside(path, folders.is_folder(path)) for path in below]
    return [each for each in kinds if each.is_folder or folders.is_file(each.path)]


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
