"""Image files on disk: which there are, and how large one is."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What torchvision, detectron2 and YOLOv5 load; a file of another kind is not taken for an image.
SUFFIXES = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".bmp",
        ".dib",
        ".gif",
        ".tif",
        ".tiff",
        ".webp",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".jp2",
        ".avif",
    ]
)


# No image has a longer side (the largest whole-slide scans have some 500,000 px): a declared size beyond
# it is a mistake, and would only cost memory.
LARGEST_SIDE = 10_000_000


def is_image_name(name: str) -> bool:
    """Tell whether a file is an image, by its suffix."""
    return os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122  a Path for each of 100,000 names is slow


def list_images(folder: Path) -> list[str]:
    """Names of the image files right in `folder`, sorted; [] if it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if is_image_name(entry.name))
    except OSError:
        return []


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Keep Pillow from warning and logging within the block: findings say what is wrong with an image."""
    import logging

    log = logging.getLogger("PIL")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)


def header_size(path: Path) -> tuple[int, int] | None:
    """Width and height as the image file's header declares them, None if it cannot be read.

    EXIF orientation is not applied: annotations refer to the stored pixels unless a tool says otherwise.
    """
    from PIL import Image  # heavy, and needed only where a size is missing

    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return None
        with quiet_pillow(), Image.open(path) as image:  # a huge one is no bomb: nothing is decoded
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
