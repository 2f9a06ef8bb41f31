"""Read a user's file as text, and those that it names; a special, huge, binary or empty file is an error."""

from __future__ import annotations

import os
from pathlib import Path

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import documents
from anchoraudit.io.folders import is_file


def read_text(path: Path) -> str:
    """Return the text of a file. Raises AnchorauditError if it cannot be read or is empty."""
    text = documents.read_text(path, "detector file")
    if not text.strip():
        raise AnchorauditError("empty file", path=path, remedy="Name a file that describes a detector.")
    return text


class Named:
    """The files that a file names, and those name, and so on: so many, and no more text than one may have.

    A file that names another one four times, which does the same, would be read 4, 16, 64 times.
    """

    MOST = 200

    def __init__(self) -> None:
        self._files, self._letters = self.MOST, documents.LARGEST

    @property
    def is_used_up(self) -> bool:
        """Tell whether no more file may be read."""
        return self._files <= 0 or self._letters <= 0

    def read(self, path: Path) -> str:
        """Return the text of a file.

        Raises AnchorauditError if it cannot be read, if it is empty, or if it is one too many.
        """
        if self.is_used_up:
            raise AnchorauditError(
                f"more than {self.MOST} files, or {documents.LARGEST:,} letters, are named by others",
                path=path,
                remedy="Name each file once, or give a config dumped in full.",
            )
        text = read_text(path)
        self._files -= 1
        self._letters -= len(text)
        return text


def named_file(folder: Path, name: str) -> tuple[Path, bool]:
    """Return the path of a file that a file in `folder` names, and whether there is such a file.

    `~` is the user's own folder, as in the frameworks; that of nobody stays as it is.
    """
    path = folder / os.path.expanduser(name)  # noqa: PTH111  Path.expanduser raises an error for nobody's
    return path, is_file(path)
