"""Reads the sizes of images from their headers. No image is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, BinaryIO

from anchoraudit.images.jpeg import plain_header
from anchoraudit.images.pillow import is_turned, quiet_pillow
from anchoraudit.io.files import read_head

if TYPE_CHECKING:
    from anchoraudit.arrays import Float

# 20 times the longest side of the largest whole-slide scans (some 500,000 px). A larger declared size is a
# mistake, and would only cost memory.
LARGEST_SIDE = 10_000_000
HEAD = 4096  # bytes: one page of memory, in which most headers end
_THREADS = 8  # that wait for a slow disk at the same time
_FIRST = 33  # images that show how slow the disk is: 32, after one that also loads Pillow's parts
# Seconds an image. A header takes about 0.02 ms of work, so above 1 ms most of the time is spent waiting for
# the disk. Then threads help; otherwise they only hinder one another.
_SLOW = 1e-3
# Width and height in pixels as stored, and whether a loader that follows EXIF turns the image by a quarter.
Size = tuple[float, float, bool]
UNKNOWN: Size = (float("nan"), float("nan"), False)


def read_sizes(paths: Sequence[Path | None], *, upright: bool = False) -> tuple[Float, int]:
    """Return width and height of each image in pixels, [N, 2], NaN if unknown, and how many were turned.

    paths: None for an image that does not exist.
    upright: apply a JPEG's EXIF orientation, as OpenCV does, and so YOLOv5 and Ultralytics (exif_size).
    Otherwise sizes are as stored, which is what most annotations refer to.
    """
    import numpy as np  # readers import this module before NumPy

    read = partial(_read, upright=upright)
    with quiet_pillow():  # outside the threads, because they share Pillow's settings
        found = [read(path) for path in paths[:1]]
        begun = perf_counter()
        found += map(read, paths[1:_FIRST])
        rest = paths[_FIRST:]
        if rest and perf_counter() - begun > _SLOW * (_FIRST - 1):
            with ThreadPoolExecutor(_THREADS) as threads:
                found += threads.map(read, rest)
        else:
            found += map(read, rest)
    sizes = np.array([size for *size, _ in found], dtype=np.float64).reshape(-1, 2)
    return sizes, sum(turned for *_, turned in found)


def size_in(file: BinaryIO) -> tuple[float, float]:
    """Return width and height of the image in an open file, as stored: in pixels, NaN if it is none."""
    plain = plain_header(file.read(HEAD))
    if plain is not None:
        return plain[0], plain[1]
    from PIL import Image

    file.seek(0)
    try:
        with quiet_pillow(), Image.open(file) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return UNKNOWN[:2]


def _read(path: Path | None, *, upright: bool) -> Size:
    if path is None:
        return UNKNOWN
    plain = plain_header(read_head(path, HEAD))
    if plain is not None:  # a plain JPEG has no EXIF, so it is not turned
        return plain[0], plain[1], False
    width, height, turned = size_of_file(path)
    return (height, width, True) if turned and upright else (width, height, False)


def size_of_file(path: Path) -> Size:
    """Return what Pillow says of a file, UNKNOWN if it is no image, or too large for Pillow's own limit."""
    from PIL import Image  # slow to import, and most images do not need it

    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return UNKNOWN
        with Image.open(path) as image:
            width, height = image.size
            # As OpenCV, and so YOLOv5 and Ultralytics (exif_size), which read EXIF in a JPEG only.
            codec = image.format
            turned = codec == "JPEG" and "exif" in image.info and is_turned(image)
            return width, height, turned
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return UNKNOWN
