"""Names of what macOS and Jupyter leave behind in folders: no data, and never meant to be read.

Whoever lists a folder asks `is_left_behind`. What was passed over so is kept while `passed_over` is open, and
`told` says it in a note.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path, PurePath

_FOLDERS = ("__MACOSX", ".ipynb_checkpoints")
_passed_over: ContextVar[set[str] | None] = ContextVar("passed over", default=None)


def is_left_behind(folder: str | Path, name: str) -> bool:
    """Tell by its name whether a file or folder in `folder` is nothing but a trace of a program.

    `._a.jpg` has the resource fork of `a.jpg`, and `__MACOSX/` in archives holds such files;
    `.ipynb_checkpoints/` has copies of files that were opened in Jupyter.
    """
    if name[:1] not in "._" or not (name[:2] == "._" or name in _FOLDERS):  # nearly all names end here
        return False
    if (noted := _passed_over.get()) is not None:
        with suppress(OSError):  # the working directory does not exist any more
            noted.add(os.path.abspath(os.path.join(folder, name)))  # noqa: PTH100, PTH118  Path is slow
    return True


@contextmanager
def passed_over() -> Iterator[set[str]]:
    """Collect the paths of what is passed over in the block."""
    noted: set[str] = set()
    token = _passed_over.set(noted)
    try:
        yield noted
    finally:
        _passed_over.reset(token)


def told(paths: set[str]) -> list[str]:
    """Return a note on what was passed over; [] if that is nothing."""
    names = [PurePath(path).name for path in paths]
    counts = {"._* of macOS": sum(name[:2] == "._" for name in names)}
    counts |= {f"{folder}/": names.count(folder) for folder in _FOLDERS}
    said = [f"{count:,} {what}" for what, count in counts.items() if count]
    return [f"left out, as no part of the data: {', '.join(said)}"] if said else []
