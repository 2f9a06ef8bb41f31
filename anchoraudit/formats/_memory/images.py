"""Finds the image files that objects in memory name. They lie beside no file of annotations."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from anchoraudit.images.found import Found, find_images


def find_named(names: Sequence[str], folder: Path | None) -> Found:
    """Find images below `folder`, else below the working directory, or where absolute names lead.

    Absolute names become relative to the folder that they share.
    """
    if folder is None and names and all(name.startswith("/") for name in names):
        shared = os.path.commonpath([os.path.dirname(name) for name in names])  # noqa: PTH120
        return find_images([os.path.relpath(name, shared) for name in names], [Path(shared)])
    return find_images(names, [Path() if folder is None else folder])
